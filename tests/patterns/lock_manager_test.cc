// Locks: who holds, who waits, what ends either, and what fencing numbers promise.
#include "inlay/patterns/lock_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/patterns/manual_store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

class LockManagerTest : public testing::Test, public ManualStore {
 protected:
  // What a thread that waits for the lock gets: its number, "nil", or why not.
  auto waiter(Duration ttl, Duration wait = kForever, std::stop_token stop = {}) {
    return waiting(
        [this, ttl, wait, stop]() -> Nullable<Lock> { return locks_.acquire("r", ttl, wait, stop); });
  }
  std::vector<std::string> keys() {
    auto keys = store->keys("*").value();
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  LockManager locks_{*store, {.seed = 1}};
};

TEST_F(LockManagerTest, one_at_a_time) {
  auto first = locks_.try_acquire("r", 10s).value();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->resource(), "r");
  EXPECT_EQ(first->fencing_number(), 1);
  EXPECT_TRUE(first->is_held().value());
  EXPECT_TRUE(is_nil(locks_.try_acquire("r", 10s)));
  EXPECT_TRUE(locks_.try_acquire("other", 10s)->has_value());
  EXPECT_TRUE(first->release().value());
  EXPECT_FALSE(first->is_held().value());
  EXPECT_FALSE(first->release().value()) << "once";
  EXPECT_EQ((**locks_.try_acquire("r", 10s)).fencing_number(), 2);
}

TEST_F(LockManagerTest, lock_is_released_at_the_end_of_its_scope_or_when_overwritten) {
  { const auto lock = locks_.try_acquire("r", 10s).value(); }
  auto lock = *std::move(locks_.try_acquire("r", 10s)).value();
  Lock moved = std::move(lock);
  EXPECT_TRUE(moved.is_held().value());
  EXPECT_FALSE(lock.is_held().value());  // NOLINT: what it says after a move is tested.
  moved = *std::move(locks_.try_acquire("s", 10s)).value();
  EXPECT_EQ(moved.resource(), "s");
  EXPECT_TRUE(locks_.try_acquire("r", 10s)->has_value());
}

TEST_F(LockManagerTest, keys_are_a_lock_with_a_deadline_and_a_counter) {
  const auto lock = locks_.try_acquire("r", 10s).value();
  EXPECT_EQ(keys(), (std::vector<std::string>{"lock:fence:r", "lock:held:r"}));
  EXPECT_EQ(store->ttl("lock:held:r").value()->remaining(), 10s);
}

TEST_F(LockManagerTest, holder_whose_time_ran_out_can_do_nothing_to_the_next) {
  auto slow = *std::move(locks_.try_acquire("r", 10s)).value();
  pass(10s);
  EXPECT_FALSE(slow.is_held().value());
  EXPECT_FALSE(slow.extend(10s).value()) << "a lock that ended is not brought back";
  auto next = *std::move(locks_.try_acquire("r", 10s)).value();
  EXPECT_GT(next.fencing_number(), slow.fencing_number());
  EXPECT_FALSE(slow.extend(10s).value());
  EXPECT_FALSE(slow.release().value());
  EXPECT_TRUE(next.is_held().value());
}

TEST_F(LockManagerTest, another_manager_and_a_flush_make_no_second_holder) {
  auto old = *std::move(locks_.try_acquire("r", 10s)).value();
  store->flushall();
  auto next = *std::move(locks_.try_acquire("r", 10s)).value();
  EXPECT_FALSE(old.release().value()) << "the tokens differ though the numbers began anew";
  const LockManager others(*store);
  EXPECT_TRUE(is_nil(others.try_acquire("r", 10s)));
  EXPECT_TRUE(next.release().value());
  EXPECT_TRUE(others.try_acquire("r", 10s)->has_value());
}

TEST_F(LockManagerTest, extension_counts_from_now_and_may_shorten) {
  auto lock = *std::move(locks_.try_acquire("r", 10s)).value();
  pass(9s);
  EXPECT_TRUE(lock.extend(10s).value());
  pass(9s);
  EXPECT_TRUE(lock.is_held().value());
  EXPECT_TRUE(lock.extend(500ms).value());
  pass(500ms);
  EXPECT_FALSE(lock.is_held().value());
}

TEST_F(LockManagerTest, misuse_is_an_error) {
  for (const Duration bad : {Duration::zero(), Duration(-1s), kForever}) {
    EXPECT_EQ(locks_.try_acquire("r", bad).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(locks_.acquire("r", bad, 1s).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(keys().empty());
  auto lock = *std::move(locks_.try_acquire("r", 10s)).value();
  EXPECT_EQ(lock.extend(Duration::zero()).status().code(), absl::StatusCode::kInvalidArgument);
}

// ------------------------------------------------------------------------------------------- waiting

TEST_F(LockManagerTest, waiter_wakes_when_the_lock_is_released) {
  auto first = *std::move(locks_.try_acquire("r", 10s)).value();
  auto next = waiter(10s);
  EXPECT_TRUE(first.release().value());
  EXPECT_EQ((**next.get()).fencing_number(), 2);
  EXPECT_EQ(keys(), std::vector<std::string>{"lock:fence:r"}) << "released again, and nobody waits";
}

TEST_F(LockManagerTest, waiter_wakes_when_the_holders_time_runs_out) {
  const auto crashed = locks_.try_acquire("r", 10s).value();
  auto next = waiter(10s);
  pass(10s);
  auto lock = next.get().value();
  ASSERT_TRUE(lock.has_value());
  EXPECT_EQ(lock->fencing_number(), 2);
}

TEST_F(LockManagerTest, waiter_sleeps_on_when_the_lock_is_extended) {
  auto first = *std::move(locks_.try_acquire("r", 10s)).value();
  auto next = waiter(10s);
  EXPECT_TRUE(first.extend(30s).value());
  // It looks when the old time is over, and joins again for the new one.
  pass(10s);
  EXPECT_TRUE(store->wait_for_blocked(1));
  EXPECT_TRUE(first.is_held().value());
  pass(20s);
  EXPECT_EQ((**next.get()).fencing_number(), 2);
}

TEST_F(LockManagerTest, waiter_notices_that_the_lock_ends_earlier_than_it_did) {
  auto first = *std::move(locks_.try_acquire("r", 1h)).value();
  auto next = waiter(10s);
  EXPECT_TRUE(first.extend(5s).value());
  // Woken to look again, it sleeps until the new end.
  EXPECT_TRUE(store->wait_for_blocked(1));
  pass(5s);
  EXPECT_EQ((**next.get()).fencing_number(), 2);
}

TEST_F(LockManagerTest, waiter_out_of_time_gets_nil_and_leaves_nothing_behind) {
  auto first = *std::move(locks_.try_acquire("r", 1h)).value();
  auto next = waiter(10s, 5s);
  pass(5s);
  EXPECT_TRUE(is_nil(next.get()));
  EXPECT_EQ(keys(), (std::vector<std::string>{"lock:fence:r", "lock:held:r"}));
}

TEST_F(LockManagerTest, stopped_waiter_is_cancelled_and_leaves_nothing_behind) {
  auto first = *std::move(locks_.try_acquire("r", 1h)).value();
  std::stop_source stop;
  auto next = waiter(10s, kForever, stop.get_token());
  stop.request_stop();
  EXPECT_EQ(next.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(keys(), (std::vector<std::string>{"lock:fence:r", "lock:held:r"}));
}

TEST_F(LockManagerTest, closing_the_store_cancels_waiters) {
  auto first = *std::move(locks_.try_acquire("r", 1h)).value();
  auto next = waiter(10s);
  store->close();
  EXPECT_EQ(next.get().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(LockManagerTest, released_lock_goes_to_whoever_waits_longest_and_to_no_newcomer) {
  auto lock = *std::move(locks_.try_acquire("r", 1h)).value();
  std::vector<std::future<Nullable<Lock>>> line;
  for (int i = 0; i < 3; ++i) line.push_back(waiter(1h));
  for (auto& each : line) {
    ASSERT_TRUE(lock.release().value());
    EXPECT_TRUE(is_nil(locks_.try_acquire("r", 1h))) << "kept for the first in line, or his already";
    auto got = each.get().value();
    ASSERT_TRUE(got.has_value());
    lock = *std::move(got);
  }
  EXPECT_EQ(lock.fencing_number(), 4);
}

// The second one fell asleep for an hour, but the first one's ten seconds are over before that.
TEST_F(LockManagerTest, waiter_is_told_of_a_new_holder_with_less_time) {
  auto first = *std::move(locks_.try_acquire("r", 1h)).value();
  auto crashes = waiter(10s);
  auto next = waiter(10s);
  EXPECT_TRUE(first.release().value());
  const auto crashed = crashes.get().value();
  ASSERT_TRUE(crashed.has_value());
  EXPECT_TRUE(store->wait_for_blocked(1));
  pass(10s);
  EXPECT_EQ((**next.get()).fencing_number(), 3);
}

// The first in line is woken and fails: it is the next one's turn, and after the last one the lock is free.
TEST_F(LockManagerTest, waiter_that_fails_when_woken_passes_the_lock_on) {
  auto first = *std::move(locks_.try_acquire("r", 1h)).value();
  auto second = waiter(1h);
  auto third = waiter(1h);
  ASSERT_TRUE(store->set("lock:fence:r", "no number").ok());
  EXPECT_TRUE(first.release().value());
  EXPECT_EQ(kind_of(second.get().status()), ErrorKind::kNotInteger);
  EXPECT_EQ(kind_of(third.get().status()), ErrorKind::kNotInteger);
  EXPECT_EQ(keys(), std::vector<std::string>{"lock:fence:r"});
}

TEST_F(LockManagerTest, holder_that_never_wakes_keeps_a_released_lock_for_a_second_only) {
  // What a program leaves that ended between being woken and taking the lock.
  ASSERT_TRUE(store->set("lock:held:r", "reserved", 1s).ok());
  EXPECT_TRUE(is_nil(locks_.try_acquire("r", 10s)));
  pass(1s);
  EXPECT_TRUE(locks_.try_acquire("r", 10s)->has_value());
}

// ------------------------------------------------------------------------------------------- threads

// Threads take a few locks for long and hold them properly, or for a moment and never come back. Those that hold
// properly are alone inside, see numbers that only rise, and no number is given twice.
TEST(LockManagerThreads, holders_are_alone_and_numbers_rise) {
  constexpr int kThreads = 6;
  constexpr int kRounds = 400;
  auto store = Store::open({.shards = 8}).value();
  const LockManager locks(*store);
  struct Resource {
    std::string name;
    std::atomic<int> inside{0};
    int64_t last_seen = 0;  // Guarded by the lock itself.
    std::mutex mutex;
    std::vector<int64_t> numbers;
  };
  std::array<Resource, 2> resources;
  resources[0].name = "a";
  resources[1].name = "b";
  std::atomic<int> held{0}, lost{0}, timed_out{0};
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(t + 1);
      for (int i = 0; i < kRounds; ++i) {
        Resource& resource = resources[random() % 2];
        const bool crashes = random() % 20 == 0;
        const Duration wait = random() % 8 == 0 ? Duration(200us) : Duration(30s);
        auto lock = locks.acquire(resource.name, crashes ? Duration(2ms) : Duration(60s), wait).value();
        if (!lock.has_value()) {
          ++timed_out;
          continue;
        }
        {
          const std::lock_guard guard(resource.mutex);
          resource.numbers.push_back(lock->fencing_number());
        }
        if (crashes) {
          // Its time runs out while nobody releases it.
          while (lock->is_held().value()) std::this_thread::yield();
          EXPECT_FALSE(lock->release().value());
          ++lost;
          continue;
        }
        EXPECT_EQ(++resource.inside, 1);
        EXPECT_GT(lock->fencing_number(), resource.last_seen);
        resource.last_seen = lock->fencing_number();
        --resource.inside;
        EXPECT_TRUE(lock->release().value());
        ++held;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(held + lost + timed_out, kThreads * kRounds);
  EXPECT_GT(held, 0);
  EXPECT_GT(lost, 0);
  for (Resource& resource : resources) {
    std::sort(resource.numbers.begin(), resource.numbers.end());
    EXPECT_EQ(std::adjacent_find(resource.numbers.begin(), resource.numbers.end()), resource.numbers.end());
  }
  store->maintain();
  EXPECT_EQ(store->dbsize().value(), 2) << "the two counters";
  EXPECT_TRUE(store->check_invariants().ok());
}

}  // namespace
}  // namespace inlay::test
