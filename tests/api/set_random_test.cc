// What a set draws by chance, and what watchers and large sets see of the set commands.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Store> open_store() {
  return Store::open({.shards = 4, .seed = 42, .background = Background::kManual}).value();
}

// "0" to "count - 1", half of them with a letter before, so that all forms are met.
std::vector<std::string> fill(Store& store, int count, bool mixed) {
  std::vector<std::string> members;
  for (int i = 0; i < count; ++i) {
    members.push_back(std::string(mixed && i % 2 == 0 ? "m" : "").append(std::to_string(i)));
    EXPECT_TRUE(*store.sadd("s", members.back()));
  }
  return members;
}

class SetRandom : public testing::TestWithParam<std::pair<int, bool>> {};

INSTANTIATE_TEST_SUITE_P(forms, SetRandom,
                         testing::Values(std::pair(1, true), std::pair(12, false), std::pair(12, true),
                                         std::pair(700, false), std::pair(700, true)));

// Every member is drawn equally often, within six deviations.
TEST_P(SetRandom, members_are_drawn_uniformly) {
  const auto store = open_store();
  const auto [count, mixed] = GetParam();
  const auto members = fill(*store, count, mixed);
  std::map<std::string, int> seen;
  for (int i = 0; i < 100 * count; ++i) ++seen[**store->srandmember("s")];
  const auto repeated = *store->srandmember("s", -100 * count);
  for (const std::string& member : repeated) ++seen[member];
  EXPECT_EQ(seen.size(), members.size());
  for (const auto& [member, times] : seen) EXPECT_NEAR(times, 200, 85) << member;
  EXPECT_EQ(*store->scard("s"), count);
}

TEST_P(SetRandom, counted_draws_are_distinct_members) {
  const auto store = open_store();
  const auto [count, mixed] = GetParam();
  fill(*store, count, mixed);
  for (const int wanted : {0, 1, 2, count / 2, count - 1, count, count + 10}) {
    const auto drawn = *store->srandmember("s", wanted);
    const std::set<std::string> distinct(drawn.begin(), drawn.end());
    EXPECT_EQ(distinct.size(), drawn.size());
    EXPECT_EQ(drawn.size(), static_cast<size_t>(std::min(wanted, count)));
    for (const std::string& member : distinct) EXPECT_TRUE(*store->sismember("s", member));
  }
}

// Popping one by one or many at a time takes each member once, and the key goes with the last.
TEST_P(SetRandom, pops_take_each_member_once) {
  const auto [count, mixed] = GetParam();
  for (const int step : {0, 1, 5}) {
    const auto store = open_store();
    const auto members = fill(*store, count, mixed);
    std::multiset<std::string> popped;
    while (*store->exists("s")) {
      if (step == 0) {
        popped.insert(**store->spop("s"));
      } else {
        const auto some = *store->spop("s", step);
        popped.insert(some.begin(), some.end());
      }
      ASSERT_TRUE(store->check_invariants().ok());
    }
    EXPECT_EQ(popped, std::multiset<std::string>(members.begin(), members.end()));
    EXPECT_FALSE((*store->spop("s")).has_value());
  }
}

// The first of many pops is each member equally often.
TEST(SetRandomPop, first_pop_is_uniform) {
  const auto store = open_store();
  std::map<std::string, int> seen;
  for (int round = 0; round < 2'000; ++round) {
    (void)store->sadd("s", {"a", 1, 2, "b", 3, "c", 4, "d", 5, 6});
    ++seen[**store->spop("s")];
  }
  EXPECT_EQ(seen.size(), 10u);
  for (const auto& [member, times] : seen) EXPECT_NEAR(times, 200, 85) << member;
}

TEST(SetRandomPop, absurd_numbers_of_repetitions_are_refused) {
  const auto store = open_store();
  (void)store->sadd("s", "a");
  EXPECT_EQ(store->srandmember("s", -INT64_MAX).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(store->srandmember("no", -INT64_MAX)->size(), 0u);
  EXPECT_EQ(store->srandmember("s", INT64_MAX)->size(), 1u);
}

// A set that was large and lost nearly all its strings is still drawn from at once.
TEST(SetRandomPop, few_left_of_many_are_drawn_quickly) {
  const auto store = open_store();
  for (int i = 0; i < 200'000; ++i) (void)store->sadd("s", std::string("m").append(std::to_string(i)));
  for (int i = 0; i < 199'990; ++i)
    ASSERT_TRUE(*store->srem("s", std::string("m").append(std::to_string(i))));
  EXPECT_LT(store->memory_usage("s")->value(), 200'000);
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(**store->srandmember("s"));
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_TRUE(store->check_invariants().ok());
}

TEST(SetStore, destination_may_be_a_source_of_any_form) {
  for (const bool mixed : {false, true}) {
    const auto store = open_store();
    fill(*store, 2'000, mixed);
    ASSERT_TRUE(*store->expire("s", 100s));
    EXPECT_EQ(*store->sunionstore("s", {"s", "s"}), 2'000);
    EXPECT_TRUE((*store->ttl("s"))->is_persistent());
    EXPECT_EQ(*store->sdiffstore("s", {"s", "no"}), 2'000);
    EXPECT_EQ(*store->sinterstore("s", {"s"}), 2'000);
    EXPECT_EQ(*store->sdiffstore("s", {"s", "s"}), 0);
    EXPECT_FALSE(*store->exists("s"));
    EXPECT_TRUE(store->check_invariants().ok());
  }
}

TEST(SetStore, failed_store_leaves_the_destination) {
  const auto store = open_store();
  (void)store->sadd("s", "a");
  (void)store->set("text", "v");
  EXPECT_EQ(store->sunionstore("s", {"s", "text"}).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*store->scard("s"), 1);
}

}  // namespace
}  // namespace inlay::test
