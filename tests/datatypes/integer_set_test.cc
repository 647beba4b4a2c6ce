#include "inlay/datatypes/integer_set.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace inlay {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

uint64_t mix(uint64_t z) {
  z = (z + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::vector<int64_t> members_of(const IntegerSet& set) {
  std::vector<int64_t> members;
  set.visit_from(kMin, [&](int64_t member) {
    members.push_back(member);
    return true;
  });
  return members;
}

std::vector<int64_t> members_by_runs(const IntegerSet& set) {
  std::vector<int64_t> members;
  set.visit_runs([&](std::span<int64_t> run) {
    members.insert(members.end(), run.begin(), run.end());
    return true;
  });
  return members;
}

bool agree(const IntegerSet& set, const std::set<int64_t>& model) {
  const std::vector<int64_t> expected(model.begin(), model.end());
  return set.check_invariants() && set.size() == model.size() && members_of(set) == expected &&
         members_by_runs(set) == expected;
}

// Values that meet every width of offset: close together, far apart, and at both ends of the integers.
rc::Gen<int64_t> any_value() {
  return rc::gen::oneOf(rc::gen::inRange<int64_t>(-20, 300), rc::gen::inRange<int64_t>(0, 70'000),
                        rc::gen::inRange<int64_t>(-(int64_t{1} << 33), int64_t{1} << 33),
                        rc::gen::arbitrary<int64_t>(), rc::gen::element(kMin, kMin + 1, kMax - 1, kMax));
}

// Whatever is inserted and erased, in whatever order, the set holds what a std::set holds.
RC_GTEST_PROP(IntegerSet, random_operations_agree_with_std_set, ()) {
  IntegerSet set;
  std::set<int64_t> model;
  const auto values = *rc::gen::container<std::vector<int64_t>>(any_value());
  for (const int64_t value : values) {
    const Insertion done = set.insert(value);
    RC_ASSERT(done == (model.insert(value).second ? Insertion::kAdded : Insertion::kPresent));
    RC_ASSERT(set.contains(value) && set.check_invariants());
    if (value % 3 != 0) continue;
    const int64_t victim = values[mix(static_cast<uint64_t>(value)) % values.size()];
    const Removal gone = set.erase(victim);
    RC_ASSERT(gone == (model.erase(victim) != 0 ? Removal::kRemoved : Removal::kAbsent));
    RC_ASSERT(!set.contains(victim) && set.check_invariants());
  }
  RC_ASSERT(agree(set, model));
}

// The same at sizes where blocks split and merge and the directory grows and shrinks, for members of several spacings.
TEST(IntegerSet, long_run_agrees_with_std_set) {
  for (const int64_t range : {int64_t{60'000}, int64_t{1} << 31, kMax}) {
    SCOPED_TRACE(range);
    IntegerSet set;
    std::set<int64_t> model;
    uint64_t random = 1;
    for (int step = 0; step < 160'000; ++step) {
      random = mix(random);
      const bool inserts = random % 100 < (step / 40'000 % 2 == 0 ? 90u : 10u);
      int64_t value = static_cast<int64_t>(random >> 8) % range - range / 2;
      if (!inserts && !model.empty()) {
        const auto near = model.lower_bound(value);
        value = near == model.end() ? *model.begin() : *near;
      }
      if (inserts) {
        ASSERT_EQ(set.insert(value) == Insertion::kAdded, model.insert(value).second);
      } else {
        ASSERT_EQ(set.erase(value) == Removal::kRemoved, model.erase(value) != 0);
      }
      if (step % 8'000 == 0) ASSERT_TRUE(agree(set, model)) << "step " << step;
    }
    ASSERT_TRUE(agree(set, model));
    while (!model.empty()) {
      ASSERT_EQ(set.erase(*model.begin()), Removal::kRemoved);
      model.erase(model.begin());
    }
    EXPECT_TRUE(agree(set, model));
    EXPECT_EQ(set.memory_usage(), 0u);
  }
}

TEST(IntegerSet, both_ends_of_the_integers_are_members) {
  IntegerSet set;
  for (const int64_t value : {int64_t{0}, kMax, kMin, int64_t{-1}, kMax - 1, kMin + 1}) {
    EXPECT_EQ(set.insert(value), Insertion::kAdded);
    EXPECT_EQ(set.insert(value), Insertion::kPresent);
  }
  EXPECT_EQ(members_of(set), (std::vector<int64_t>{kMin, kMin + 1, -1, 0, kMax - 1, kMax}));
  EXPECT_TRUE(set.check_invariants());
  EXPECT_EQ(set.erase(kMin), Removal::kRemoved);
  EXPECT_EQ(set.erase(kMin), Removal::kAbsent);
  EXPECT_EQ(set.at(0), kMin + 1);
  EXPECT_EQ(set.at(4), kMax);
}

TEST(IntegerSet, members_in_order_fill_their_blocks) {
  for (const int64_t direction : {1, -1}) {
    IntegerSet set;
    for (int64_t i = 0; i < 200'000; ++i) ASSERT_EQ(set.insert(direction * i), Insertion::kAdded);
    EXPECT_TRUE(set.check_invariants());
    EXPECT_LT(set.memory_usage(), 3u * set.size());
  }
}

TEST(IntegerSet, a_distant_member_widens_few_others) {
  IntegerSet set;
  for (int64_t i = 0; i < 500; ++i) ASSERT_EQ(set.insert(i), Insertion::kAdded);
  const size_t before = set.memory_usage();
  ASSERT_EQ(set.insert(kMax), Insertion::kAdded);
  ASSERT_EQ(set.insert(kMin), Insertion::kAdded);
  EXPECT_LT(set.memory_usage(), before + 400);
  EXPECT_TRUE(set.check_invariants());
}

TEST(IntegerSet, positions_follow_the_order) {
  IntegerSet set;
  for (int64_t i = 0; i < 100'000; ++i) ASSERT_EQ(set.insert(i * 7919 % 100'003), Insertion::kAdded);
  const std::vector<int64_t> members = members_of(set);
  ASSERT_TRUE(std::is_sorted(members.begin(), members.end()));
  for (size_t i = 0; i < members.size(); i += 17) ASSERT_EQ(set.at(i), members[i]);
  for (size_t i = 0; i < members.size(); i += 9'973) {
    std::vector<int64_t> rest;
    set.visit_from(members[i] - 1, [&](int64_t member) {
      rest.push_back(member);
      return rest.size() < 3;
    });
    const size_t first = i > 0 && members[i - 1] == members[i] - 1 ? i - 1 : i;
    ASSERT_EQ(rest.front(), members[first]);
  }
}

// filter() gives what looking up each value gives.
RC_GTEST_PROP(IntegerSet, filter_agrees_with_contains, ()) {
  const int64_t spacing = *rc::gen::element<int64_t>(1, 3, 1'000, int64_t{1} << 40);
  const size_t size = *rc::gen::element<size_t>(0, 5, 700, 5'000);
  IntegerSet set;
  for (size_t i = 0; i < size; ++i) {
    (void)set.insert(static_cast<int64_t>(mix(i) % (2 * size)) * spacing - 100);
  }
  const size_t count = *rc::gen::element<size_t>(0, 1, 30, 512);
  std::set<int64_t> values{kMin, kMax};
  for (size_t i = 0; i < count; ++i) {
    values.insert(static_cast<int64_t>(mix(i * 31 + size) % (2 * size + 9)) * spacing - 120);
  }
  for (const bool members : {true, false}) {
    std::vector<int64_t> kept(values.begin(), values.end());
    kept.resize(set.filter(kept, members));
    std::vector<int64_t> expected;
    for (const int64_t value : values) {
      if (set.contains(value) == members) expected.push_back(value);
    }
    RC_ASSERT(kept == expected);
  }
}

TEST(IntegerSet, borrowed_block_is_read_in_place_until_changed) {
  IntegerSet set;
  for (const int64_t value : {5, -3, 70'000}) ASSERT_EQ(set.insert(value), Insertion::kAdded);
  set.mark();
  const std::string block(set.packed_bytes());
  const std::string original = block;
  IntegerSet borrowed = IntegerSet::borrow(block);
  EXPECT_TRUE(borrowed.borrowed() && borrowed.marked() && borrowed.is_packed());
  EXPECT_EQ(borrowed.memory_usage(), 0u);
  EXPECT_EQ(members_of(borrowed), members_of(set));
  EXPECT_EQ(borrowed.insert(5), Insertion::kPresent);
  EXPECT_EQ(borrowed.erase(6), Removal::kAbsent);
  EXPECT_TRUE(borrowed.borrowed());
  EXPECT_EQ(borrowed.insert(6), Insertion::kAdded);
  EXPECT_FALSE(borrowed.borrowed());
  EXPECT_TRUE(borrowed.marked());
  EXPECT_EQ(block, original);
  IntegerSet emptied = IntegerSet::borrow(block);
  for (const int64_t value : {5, -3, 70'000}) ASSERT_EQ(emptied.erase(value), Removal::kRemoved);
  EXPECT_TRUE(emptied.empty() && emptied.check_invariants() && emptied.packed_bytes().empty());
  EXPECT_EQ(block, original);
}

TEST(IntegerSet, only_whole_sorted_blocks_are_valid) {
  IntegerSet set;
  for (int64_t i = 0; i < 20; ++i) ASSERT_EQ(set.insert(i * i), Insertion::kAdded);
  const std::string block(set.packed_bytes());
  EXPECT_TRUE(IntegerSet::is_valid(block));
  EXPECT_FALSE(IntegerSet::is_valid({}));
  for (size_t size = 1; size < block.size(); ++size)
    EXPECT_FALSE(IntegerSet::is_valid(block.substr(0, size)));
  std::string swapped = block;
  std::swap(swapped[12], swapped[13]);
  EXPECT_FALSE(IntegerSet::is_valid(swapped));
}

TEST(IntegerSet, copy_is_equal_and_apart) {
  for (const int64_t size : {0, 3, 400, 100'000}) {
    IntegerSet set;
    for (int64_t i = 0; i < size; ++i)
      (void)set.insert(static_cast<int64_t>(mix(static_cast<uint64_t>(i)) >> 40));
    IntegerSet copy;
    ASSERT_TRUE(set.copy_to(copy));
    EXPECT_TRUE(copy.check_invariants());
    EXPECT_EQ(members_of(copy), members_of(set));
    (void)copy.insert(-1);
    EXPECT_FALSE(set.contains(-1));
    IntegerSet moved = std::move(set);
    EXPECT_TRUE(set.empty() && set.check_invariants());  // NOLINT: a moved-from set is empty.
    EXPECT_EQ(moved.size() + 1, copy.size());
  }
}

}  // namespace
}  // namespace inlay
