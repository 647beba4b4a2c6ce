// ZRANDMEMBER: who is drawn, how often, and how many at once.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {
namespace {

// A small sorted set and a large one.
class ZRandMemberTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    for (int i = 0; i < GetParam(); ++i) ASSERT_TRUE(store->zadd("z", i, i).ok());
  }
  std::unique_ptr<Store> store = Store::open({.seed = 7, .background = Background::kManual}).value();
};

INSTANTIATE_TEST_SUITE_P(Sizes, ZRandMemberTest, testing::Values(20, 200));

// Every member comes within five deviations of its share.
void expect_even(const std::map<std::string, int>& drawn, int members, int draws) {
  EXPECT_EQ(drawn.size(), static_cast<size_t>(members));
  const double share = static_cast<double>(draws) / members;
  for (const auto& [member, times] : drawn) EXPECT_NEAR(times, share, 5 * std::sqrt(share)) << member;
}

TEST_P(ZRandMemberTest, one_at_a_time_is_even) {
  std::map<std::string, int> drawn;
  const int draws = GetParam() * 200;
  for (int i = 0; i < draws; ++i) ++drawn[(*store->zrandmember("z"))->member];
  expect_even(drawn, GetParam(), draws);
}

TEST_P(ZRandMemberTest, repetitions_are_even) {
  std::map<std::string, int> drawn;
  const int draws = GetParam() * 200;
  const std::vector<ScoredMember> members = *store->zrandmember("z", -draws);
  for (const ScoredMember& each : members) {
    EXPECT_EQ(std::to_string(static_cast<int>(each.score)), each.member);
    ++drawn[each.member];
  }
  expect_even(drawn, GetParam(), draws);
}

TEST_P(ZRandMemberTest, distinct_members_are_distinct_and_even) {
  std::map<std::string, int> drawn;
  std::map<std::string, int> first;
  const int count = GetParam() / 4;
  const int rounds = GetParam() * 40;
  for (int i = 0; i < rounds; ++i) {
    const std::vector<ScoredMember> members = *store->zrandmember("z", count);
    std::set<std::string> distinct;
    for (const ScoredMember& each : members) distinct.insert(each.member);
    ASSERT_EQ(distinct.size(), static_cast<size_t>(count));
    for (const std::string& member : distinct) ++drawn[member];
    ++first[members[0].member];
  }
  expect_even(drawn, GetParam(), rounds * count);
  expect_even(first, GetParam(), rounds);  // The order is drawn as well.
}

TEST_P(ZRandMemberTest, all_are_given_once_when_more_are_wanted) {
  for (const int64_t count : {int64_t{GetParam()}, int64_t{GetParam()} + 1, INT64_MAX}) {
    EXPECT_EQ(*store->zrandmember("z", count), *store->zrange("z"));
  }
  EXPECT_TRUE(store->zrandmember("z", 0)->empty());
  EXPECT_FALSE(store->zrandmember("z", INT64_MIN).ok());
  EXPECT_EQ(kind_of(store->zrandmember("z", -(1 << 27) - 1).status()), ErrorKind::kOutOfMemory);
}

}  // namespace
}  // namespace inlay::test
