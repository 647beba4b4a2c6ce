#include "engine/lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace inlay {
namespace {

// A lock and what it guards, which is no atomic: ThreadSanitizer watches it.
struct Counter {
  ShardLock lock;
  uint64_t value ABSL_GUARDED_BY(lock) = 0;
};

void run_threads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(ShardLock, is_taken_and_released) {
  ShardLock lock;
  EXPECT_FALSE(lock.is_locked());
  lock.lock();
  EXPECT_TRUE(lock.is_locked());
  lock.unlock();
  // Written so that the analysis of locks follows it.
  if (lock.try_lock()) {
    EXPECT_TRUE(lock.is_locked());
    lock.unlock();
  } else {
    ADD_FAILURE() << "a free lock was not taken";
  }
  {
    ShardLockGuard guard(lock);
    EXPECT_TRUE(lock.is_locked());
  }
  EXPECT_FALSE(lock.is_locked());
}

TEST(ShardLock, try_lock_of_a_taken_lock_fails) {
  ShardLock lock;
  ShardLockGuard guard(lock);
  std::thread([&] {
    if (lock.try_lock()) {
      ADD_FAILURE() << "two holders";
      lock.unlock();
    }
  }).join();
  EXPECT_TRUE(lock.is_locked());
}

TEST(ShardLock, few_threads_exclude_each_other) {
  Counter counter;
  run_threads(2, [&](int) {
    for (int i = 0; i < 200'000; ++i) {
      ShardLockGuard guard(counter.lock);
      ++counter.value;
    }
  });
  ShardLockGuard guard(counter.lock);
  EXPECT_EQ(counter.value, 400'000u);
}

// Many more threads than cores: holders are preempted, so waiters park and must all come to their turn.
TEST(ShardLock, many_threads_exclude_each_other) {
  Counter counter;
  run_threads(32, [&](int) {
    for (int i = 0; i < 2'000; ++i) {
      ShardLockGuard guard(counter.lock);
      ++counter.value;
    }
  });
  ShardLockGuard guard(counter.lock);
  EXPECT_EQ(counter.value, 64'000u);
}

TEST(ShardLock, parked_threads_wake_when_a_long_holder_releases) {
  Counter counter;
  std::atomic<int> started{0};
  std::vector<std::thread> waiters;
  counter.lock.lock();
  for (int i = 0; i < 8; ++i) {
    waiters.emplace_back([&] {
      started.fetch_add(1);
      ShardLockGuard guard(counter.lock);
      ++counter.value;
    });
  }
  while (started.load() != 8) std::this_thread::yield();
  // Long enough that the waiters have spun their fill and sleep.
  for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
  EXPECT_EQ(counter.value, 0u);
  counter.lock.unlock();
  for (std::thread& waiter : waiters) waiter.join();
  ShardLockGuard guard(counter.lock);
  EXPECT_EQ(counter.value, 8u);
}

TEST(ShardLock, try_lock_contenders_exclude_each_other) {
  Counter counter;
  std::atomic<uint64_t> taken{0};
  run_threads(4, [&](int) {
    for (int i = 0; i < 50'000; ++i) {
      if (!counter.lock.try_lock()) continue;
      ++counter.value;
      counter.lock.unlock();
      taken.fetch_add(1, std::memory_order_relaxed);
    }
  });
  ShardLockGuard guard(counter.lock);
  EXPECT_EQ(counter.value, taken.load());
}

}  // namespace
}  // namespace inlay
