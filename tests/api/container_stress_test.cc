// Many threads on the same lists, hashes, sets and sorted sets: what one call does is seen whole, and nothing is lost.
// Run under ThreadSanitizer by ./dev tsan.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 8;
constexpr int kRounds = 16000;

using Random = std::minstd_rand;

std::string numbered(const char* name, unsigned number) {
  return std::string(name).append(std::to_string(number));
}

class ContainerStress : public testing::Test {
 protected:
  // Every thread calls `work` kRounds times with a random source of its own.
  void run(const std::function<void(Random& random)>& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&work, i] {
        Random random(static_cast<unsigned>(i + 1));
        for (int round = 0; round < kRounds; ++round) work(random);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(store_->check_invariants().ok());
  }

  std::unique_ptr<Store> store_ = Store::open({.shards = 4}).value();
};

// Lists grow into blocks and shrink to nothing meanwhile.
TEST_F(ContainerStress, elements_moved_between_lists_are_neither_lost_nor_doubled) {
  constexpr int64_t kTokens = 600;
  for (int64_t token = 0; token < kTokens; ++token) ASSERT_TRUE(store_->rpush("list:0", token).ok());
  run([&](Random& random) {
    const std::string from = numbered("list:", random() % 5);
    const std::string to = numbered("list:", random() % 5);
    ASSERT_TRUE(store_
                    ->lmove(from, to, random() % 2 ? End::kLeft : End::kRight,
                            random() % 2 ? End::kLeft : End::kRight)
                    .ok());
    if (random() % 16 == 0) {
      int64_t length = *store_->llen(from);
      EXPECT_LE(length, kTokens);
    }
  });
  std::vector<bool> seen(kTokens);
  for (unsigned i = 0; i < 5; ++i) {
    const std::vector<std::string> tokens = store_->lrange(numbered("list:", i)).value();
    for (const std::string& token : tokens) {
      const auto place = static_cast<size_t>(std::stoll(token));
      EXPECT_FALSE(seen[place]) << token;
      seen[place] = true;
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), kTokens);
}

TEST_F(ContainerStress, members_moved_between_sets_are_always_in_exactly_one) {
  constexpr unsigned kMembers = 300;
  for (unsigned i = 0; i < kMembers; ++i)
    ASSERT_TRUE(store_->sadd("set:0", numbered(i % 2 ? "" : "m", i)).ok());
  run([&](Random& random) {
    const unsigned i = random() % kMembers;
    ASSERT_TRUE(store_
                    ->smove(numbered("set:", random() % 3), numbered("set:", random() % 3),
                            numbered(i % 2 ? "" : "m", i))
                    .ok());
    // All three are read at one instant.
    if (random() % 64 == 0) EXPECT_EQ(store_->sunion({"set:0", "set:1", "set:2"})->size(), kMembers);
    if (random() % 64 == 0) EXPECT_EQ(*store_->sintercard({"set:0", "set:1"}), 0);
  });
  int64_t members = 0;
  for (unsigned i = 0; i < 3; ++i) members += *store_->scard(numbered("set:", i));
  EXPECT_EQ(members, kMembers);
}

TEST_F(ContainerStress, sums_of_fields_and_scores_are_exact) {
  run([&](Random& random) {
    const std::string name = numbered("member:", random() % 200);
    ASSERT_TRUE(store_->hincrby("hash", name, 1).ok());
    ASSERT_TRUE(store_->zincrby("board", 1, name).ok());
  });
  int64_t fields = 0;
  const std::vector<std::string> values = store_->hvals("hash").value();
  for (const std::string& value : values) fields += std::stoll(value);
  double scores = 0;
  const std::vector<ScoredMember> board = store_->zrange("board").value();
  for (const ScoredMember& element : board) scores += element.score;
  EXPECT_EQ(fields, int64_t{kThreads} * kRounds);
  EXPECT_EQ(scores, 1.0 * kThreads * kRounds);
}

// Beside the thread that expires them.
TEST_F(ContainerStress, keys_of_every_type_come_move_and_go) {
  run([&](Random& random) {
    const std::string key = numbered("key:", random() % 8);
    const std::string other = numbered("key:", random() % 8);
    const std::string name = numbered("name:", random() % 300);
    // Errors of type are part of the game.
    switch (random() % 16) {
      case 0: (void)store_->del({key}); break;
      case 1: (void)store_->rename(key, other); break;
      case 2: (void)store_->copy(key, other, {.replace = true}); break;
      case 3: (void)store_->expire(key, 3ms); break;
      case 4: (void)store_->hexpire(key, 2ms, {name}); break;
      case 5: (void)store_->rpush(key, {name, "x", 7}); break;
      case 6: (void)store_->lpop(key, 20); break;
      case 7: (void)store_->sadd(key, {name, 1, 2, 3}); break;
      case 8: (void)store_->sunionstore(key, {key, other}); break;
      case 9: (void)store_->zadd(key, 1.5, name); break;
      case 10: (void)store_->spop(key, 5); break;
      case 11: (void)store_->hset(key, {{name, "v"}, {"f", 1}}); break;
      case 12: (void)store_->sort_store(key, other, {.alpha = true}); break;
      case 13:
        for (unsigned i = 0; i < 150; ++i) (void)store_->hset(key, numbered("f", i), "v");
        break;
      case 14: (void)store_->hgetall(key); break;
      default: (void)store_->smembers(other); break;
    }
  });
  EXPECT_TRUE(store_->check_invariants().ok());
  store_->flushall();
  EXPECT_EQ(store_->stats().keys, 0u);
}

}  // namespace
}  // namespace inlay::test
