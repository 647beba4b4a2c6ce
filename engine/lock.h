// ShardLock: one word that spins briefly and then parks.
//
// Uncontended it costs one atomic exchange to take and one plain store to release. A thread that finds it
// taken spins for about a microsecond, then sleeps on a futex. Releasing looks for sleepers after its store,
// and a processor may order that look before the store, so a wake can be missed; a sleeper therefore never
// sleeps longer than kNap and then looks again. That trade keeps the release of an uncontended lock free of
// a second atomic read-modify-write.
//
// Thread safety: thread-safe. Not recursive, not fair.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"

namespace inlay {

class ABSL_LOCKABLE ShardLock {
 public:
  ShardLock() = default;
  ShardLock(const ShardLock&) = delete;
  ShardLock& operator=(const ShardLock&) = delete;

  // Both inlined by force: every call takes a lock.
  [[gnu::always_inline]] void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    // Acquire pairs with the release in unlock(): what the last holder wrote is seen.
    if (state_.exchange(kTaken, std::memory_order_acquire) != kFree) [[unlikely]]
      lock_slow();
  }

  bool try_lock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    return state_.exchange(kTaken, std::memory_order_acquire) == kFree;
  }

  [[gnu::always_inline]] void unlock() ABSL_UNLOCK_FUNCTION() {
    state_.store(kFree, std::memory_order_release);
    // Relaxed: a missed sleeper wakes by itself, see above.
    if (sleepers_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      wake_one();
  }

  /// True while some thread holds the lock; for assertions.
  bool is_locked() const { return state_.load(std::memory_order_relaxed) != kFree; }
  /// Whether some thread sleeps until the lock is free; for tests.
  bool is_slept_for() const { return sleepers_.load(std::memory_order_acquire) != 0; }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kTaken = 1;

  // Takes the lock by way of try_lock() in a loop, which the analysis cannot follow.
  void lock_slow() ABSL_NO_THREAD_SAFETY_ANALYSIS;
  void wake_one();

  std::atomic<uint32_t> state_{kFree};
  std::atomic<uint32_t> sleepers_{0};
};

class ABSL_SCOPED_LOCKABLE ShardLockGuard {
 public:
  [[gnu::always_inline]] explicit ShardLockGuard(ShardLock& lock) ABSL_EXCLUSIVE_LOCK_FUNCTION(lock)
      : lock_(lock) {
    lock.lock();
  }
  [[gnu::always_inline]] ~ShardLockGuard() ABSL_UNLOCK_FUNCTION() { lock_.unlock(); }
  ShardLockGuard(const ShardLockGuard&) = delete;
  ShardLockGuard& operator=(const ShardLockGuard&) = delete;

 private:
  ShardLock& lock_;
};

}  // namespace inlay
