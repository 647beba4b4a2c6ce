// Eight threads write to stores with limits while another one watches that they are kept.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "inlay/store.h"

namespace inlay {
namespace {

constexpr size_t kThreads = 8;
constexpr size_t kShards = 8;

std::string numbered(std::string_view prefix, size_t number) {
  return std::string(prefix).append(std::to_string(number));
}

// Runs `write(thread, i)` on every thread, and `look()` on this one until they are done.
template <class Write, class Look>
void write_and_look(size_t writes, Write&& write, Look&& look) {
  std::atomic<size_t> running{kThreads};
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t i = 0; i < writes; ++i) write(thread, i);
      --running;
    });
  }
  do {
    look();
  } while (running > 0);
  for (std::thread& thread : threads) thread.join();
}

// At every observation there are at most as many keys as allowed and one per shard.
TEST(LimitsStress, entries_stay_within_the_limit) {
  for (const std::string policy : {"allkeys-a3", "allkeys-lru", "allkeys-lfu", "allkeys-random"}) {
    constexpr int64_t kLimit = 4000;
    const auto store =
        Store::open({.shards = kShards, .seed = 3, .max_entries = kLimit, .eviction = policy}).value();
    int64_t most = 0;
    std::atomic<size_t> lost{0};
    write_and_look(
        6000,
        [&](size_t thread, size_t i) {
          const std::string key = numbered(numbered("key:", thread).append(":"), i);
          ASSERT_TRUE(store->set(key, "value").ok());
          // Other threads' writes may have pushed it out since, but seldom.
          lost += !store->get(key).value().has_value();
          (void)store->get(numbered("key:0:", i));
          if (i % 16 == 0) (void)store->del(numbered("key:1:", i));
        },
        [&] { most = std::max(most, store->dbsize().value()); });
    EXPECT_LE(most, kLimit + static_cast<int64_t>(kShards)) << policy;
    EXPECT_GE(store->dbsize().value(), kLimit * 9 / 10) << policy;
    EXPECT_LT(lost.load(), kThreads * 6000 / 20) << policy;
    EXPECT_TRUE(store->check_invariants().ok()) << policy;
  }
}

TEST(LimitsStress, bytes_stay_within_the_limit_while_it_changes) {
  constexpr uint64_t kLimit = 2 << 20;
  constexpr size_t kValue = 2000;
  const auto store = Store::open({.shards = kShards, .seed = 3, .max_memory = kLimit}).value();
  uint64_t most = 0;
  write_and_look(
      6000,
      [&](size_t thread, size_t i) {
        const std::string key = numbered("key:", (thread * 6000 + i * 31) % 20'000);
        if (i % 5 == 0) {
          ASSERT_TRUE(store->rpush(numbered("list:", i % 50), key).ok());
        } else {
          ASSERT_TRUE(store->set(key, std::string(i * 37 % kValue, 'v')).ok());
        }
        if (thread == 0 && i == 3000) {
          ASSERT_TRUE(store->set_limits({.max_memory = kLimit, .eviction = "allkeys-lru"}).ok());
        }
      },
      [&] { most = std::max(most, store->stats().bytes); });
  // The shards are looked at in turn, so what moves from one to the next meanwhile may count twice.
  EXPECT_LE(most, kLimit + kShards * 4 * kValue + kLimit / 10);
  store->maintain();
  EXPECT_LE(store->stats().bytes, kLimit);
  EXPECT_TRUE(store->check_invariants().ok());
}

TEST(LimitsStress, refused_writes_leave_the_store_within_the_limit) {
  constexpr int64_t kLimit = 2000;
  const auto store =
      Store::open({.shards = kShards, .seed = 3, .max_entries = kLimit, .eviction = "noeviction"}).value();
  std::atomic<size_t> refused{0};
  int64_t most = 0;
  write_and_look(
      3000,
      [&](size_t thread, size_t i) {
        const std::string key = numbered(numbered("key:", thread).append(":"), i);
        if (!store->set(key, "value").ok()) ++refused;
        if (i % 10 == 9) (void)store->del(key);
      },
      [&] { most = std::max(most, store->dbsize().value()); });
  EXPECT_GT(refused.load(), 0u);
  EXPECT_LE(most, kLimit + static_cast<int64_t>(kShards));
  EXPECT_TRUE(store->check_invariants().ok());
}

}  // namespace
}  // namespace inlay
