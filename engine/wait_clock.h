// WaitClock: when the time-out of a waiting thread has come, by its store's clock.
//
//   the system's clock              a plain timed wait
//   a clock of the program's        the waiter looks at it every few milliseconds
//   the same, nothing in the        only tick() ends waits: time stands still between two calls of maintain(), so
//   background                      that a test which moves the clock knows what happens when
//
// Thread safety: thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "inlay/expiry/clock.h"

namespace inlay {

class WaitClock {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// Null: the system's clock. `by_hand`: nothing but tick() lets time pass.
  WaitClock(std::shared_ptr<Clock> clock, bool by_hand)
      : clock_(std::move(clock)), by_hand_(by_hand && clock_ != nullptr) {}

  /// The instant `timeout` from now, on this clock.
  Duration deadline_after(Duration timeout) const {
    const Duration now = read();
    return timeout > Duration::max() - std::max(now, Duration::zero()) ? Duration::max() : now + timeout;
  }

  bool has_passed(Duration deadline) const {
    if (deadline == Duration::max()) return false;
    // Relaxed: who waits is woken after the tick, by way of a lock.
    return (by_hand_ ? Duration(ticked_.load(std::memory_order_relaxed)) : read()) >= deadline;
  }

  /// Until when a thread with this deadline may sleep before it looks again.
  SteadyTime sleep_until(Duration deadline) const {
    constexpr auto kLook = std::chrono::milliseconds(5);
    if (deadline == Duration::max() || by_hand_) return SteadyTime::max();
    if (clock_ == nullptr) return SteadyTime(std::chrono::duration_cast<SteadyTime::duration>(deadline));
    return std::chrono::steady_clock::now() + kLook;
  }

  /// Lets time pass up to now; waiters must be woken.
  void tick() { ticked_.store(read().count(), std::memory_order_relaxed); }
  /// Whether waiters depend on tick().
  bool is_by_hand() const { return by_hand_; }

 private:
  Duration read() const {
    if (clock_ == nullptr) return std::chrono::steady_clock::now().time_since_epoch();
    return clock_->now().time_since_epoch();
  }

  std::shared_ptr<Clock> clock_;
  bool by_hand_;
  std::atomic<Duration::rep> ticked_{Duration::min().count()};
};

}  // namespace inlay
