#include "engine/lock.h"

#include <ctime>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace inlay {
namespace {

constexpr int kSpins = 100;
constexpr long kNapNanoseconds = 500'000;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Sleeps while `word` holds `expected`, at most kNapNanoseconds.
void sleep_on(std::atomic<uint32_t>& word, uint32_t expected) {
  const timespec nap{0, kNapNanoseconds};
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, expected, &nap, nullptr, 0);
#else
  (void)word, (void)expected;
  nanosleep(&nap, nullptr);
#endif
}

}  // namespace

void ShardLock::lock_slow() {
  for (int i = 0; i < kSpins; ++i) {
    relax();
    if (state_.load(std::memory_order_relaxed) == kFree && try_lock()) return;
  }
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  while (state_.exchange(kTaken, std::memory_order_acquire) != kFree) sleep_on(state_, kTaken);
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
}

void ShardLock::wake_one() {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&state_), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
#endif
}

}  // namespace inlay
