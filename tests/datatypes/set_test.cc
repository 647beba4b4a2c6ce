#include "inlay/datatypes/set.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace inlay {
namespace {

constexpr uint64_t kSeed = 7;
constexpr SetLimits kLimits;

uint64_t mix(uint64_t z) {
  z = (z + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

struct Random {
  mutable uint64_t state = 1;  // A FunctionRef calls through const.
  uint64_t operator()() const { return state = mix(state); }
};

std::string name(const char* prefix, uint64_t i) { return std::string(prefix).append(std::to_string(i)); }

std::multiset<std::string> members_of(const Set& set) {
  std::multiset<std::string> members;
  set.for_each([&](const Element& member) {
    members.insert(member.to_string());
    return true;
  });
  return members;
}

class SetTest : public testing::Test {
 protected:
  Set fresh() { return Set(pages_, kSeed); }
  Set filled(const std::vector<std::string>& members) {
    Set set = fresh();
    for (const std::string& member : members) (void)set.insert(member, kLimits);
    return set;
  }
  /// Members "0", "1", ... then "m0", "m1", ...
  Set filled(uint64_t integers, uint64_t strings) {
    Set set = fresh();
    for (uint64_t i = 0; i < integers; ++i) (void)set.insert(std::to_string(i), kLimits);
    for (uint64_t i = 0; i < strings; ++i) (void)set.insert(name("m", i), kLimits);
    return set;
  }

  PagePool pages_;
};

// Members that reach every form: integers near and far, texts that almost are integers, short strings and a few long ones.
rc::Gen<std::string> any_member() {
  using rc::gen::element;
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange(-300, 300), [](int i) { return std::to_string(i); }),
      rc::gen::map(rc::gen::arbitrary<int64_t>(), [](int64_t i) { return std::to_string(i); }),
      element<std::string>("", "007", "+1", "-0", "1.0", " 1", "9223372036854775807", "9223372036854775808",
                           "-9223372036854775808", std::string("a\0b", 3)),
      rc::gen::map(rc::gen::inRange(0, 300), [](int i) { return name("member:", static_cast<uint64_t>(i)); }),
      rc::gen::map(rc::gen::inRange(60, 600),
                   [](int i) { return std::string(static_cast<size_t>(i), 'x'); }));
}

// A set beside a std::set and Redis's rule for the encoding.
struct Model {
  std::set<std::string> members;
  bool was_table = false;

  bool insert(const std::string& member, const SetLimits& limits) {
    if (!members.insert(member).second) return false;
    was_table = was_table || !parse_int64(member).has_value() || members.size() > limits.intset_entries;
    return true;
  }
};

// Whatever is inserted and erased, through every form and with a small set now and then taken from its block, the set
// holds what a std::set holds and reports what Redis would.
RC_GTEST_PROP(Set, random_operations_agree_with_std_set, ()) {
  PagePool pages;
  const SetLimits limits{.intset_entries = *rc::gen::element<size_t>(0, 8, 512)};
  const auto texts = *rc::gen::container<std::vector<std::string>>(any_member());
  Set set(pages, kSeed);
  Model model;
  std::string block;
  uint64_t random = texts.size();
  for (const std::string& text : texts) {
    random = mix(random);
    if (random % 4 == 0 && set.is_packed() && !set.empty()) {
      block = set.packed_bytes();
      RC_ASSERT(Set::is_valid(block));
      set = Set::borrow(pages, kSeed, block);
    }
    const Insertion done = set.insert(text, limits);
    RC_ASSERT(done == (model.insert(text, limits) ? Insertion::kAdded : Insertion::kPresent));
    RC_ASSERT(set.contains(text));
    const std::string& victim = texts[mix(random) % texts.size()];
    if (random % 3 == 0) {
      const Removal gone = set.erase(victim);
      RC_ASSERT(gone == (model.members.erase(victim) != 0 ? Removal::kRemoved : Removal::kAbsent));
      RC_ASSERT(!set.contains(victim));
    }
    RC_ASSERT(set.check_invariants());
    RC_ASSERT(set.size() == model.members.size());
    if (set.empty()) {
      model.was_table = false;
      set.clear();
    }
    RC_ASSERT((set.encoding() == Set::Encoding::kHashtable) == model.was_table);
  }
  RC_ASSERT(members_of(set) == std::multiset<std::string>(model.members.begin(), model.members.end()));
  Set copy(pages, kSeed + 1);
  RC_ASSERT(set.copy_to(copy) && copy.check_invariants() && copy.encoding() == set.encoding());
  RC_ASSERT(members_of(copy) == members_of(set));
}

// The same at sizes that reach the split form, and back to few members.
TEST_F(SetTest, long_run_agrees_with_std_set) {
  for (const unsigned strings : {0u, 1u, 30u, 100u}) {
    SCOPED_TRACE(strings);
    Set set = fresh();
    Model model;
    uint64_t random = strings;
    for (int step = 0; step < 24'000; ++step) {
      random = mix(random);
      const uint64_t id = (random >> 32) % 2'000;
      const bool inserts = random % 100 < (step / 6'000 % 2 == 0 ? 85u : 5u);
      const std::string member = name(mix(id) % 100 < strings ? "member:" : "", id * id);
      if (inserts) {
        ASSERT_EQ(set.insert(member, kLimits) == Insertion::kAdded, model.insert(member, kLimits));
      } else {
        ASSERT_EQ(set.erase(member) == Removal::kRemoved, model.members.erase(member) != 0);
      }
      ASSERT_EQ(set.size(), model.members.size());
      if (step % 1'000 == 0) ASSERT_TRUE(set.check_invariants());
    }
    EXPECT_EQ(members_of(set), std::multiset<std::string>(model.members.begin(), model.members.end()));
    EXPECT_EQ(set.encoding() == Set::Encoding::kHashtable, model.was_table);
    EXPECT_TRUE(set.check_invariants());
  }
}

TEST_F(SetTest, members_are_bytes) {
  Set set = filled({"1", "01", "+1", "1.0", "1", "-0", ""});
  EXPECT_EQ(set.size(), 6u);
  for (const char* member : {"1", "01", "+1", "1.0", "-0", ""}) EXPECT_TRUE(set.contains(member)) << member;
  EXPECT_FALSE(set.contains("0"));
  EXPECT_FALSE(set.contains("001"));
}

TEST_F(SetTest, encoding_follows_redis) {
  Set set = filled(512, 0);
  EXPECT_EQ(set.encoding(), Set::Encoding::kIntset);
  EXPECT_EQ(set.insert("5", kLimits), Insertion::kPresent);
  EXPECT_EQ(set.encoding(), Set::Encoding::kIntset);
  EXPECT_EQ(set.insert("512", kLimits), Insertion::kAdded);
  EXPECT_EQ(set.encoding(), Set::Encoding::kHashtable);
  for (uint64_t i = 3; i <= 512; ++i) ASSERT_EQ(set.erase(std::to_string(i)), Removal::kRemoved);
  // A set that was a table once stays one, through its block as well.
  EXPECT_EQ(set.encoding(), Set::Encoding::kHashtable);
  ASSERT_TRUE(set.is_packed());
  const std::string block(set.packed_bytes());
  EXPECT_EQ(Set::borrow(pages_, kSeed, block).encoding(), Set::Encoding::kHashtable);
  EXPECT_TRUE(set.check_invariants());
}

TEST_F(SetTest, a_set_that_lost_its_strings_stays_a_hashtable) {
  for (const uint64_t integers : {2u, 300u, 2'000u}) {
    Set set = filled(integers, 1);
    ASSERT_EQ(set.erase("m0"), Removal::kRemoved);
    EXPECT_EQ(set.encoding(), Set::Encoding::kHashtable);
    EXPECT_TRUE(set.check_invariants());
    if (!set.is_packed()) continue;
    const std::string block(set.packed_bytes());
    EXPECT_EQ(Set::borrow(pages_, kSeed, block).encoding(), Set::Encoding::kHashtable);
  }
}

TEST_F(SetTest, packed_set_holds_128_short_strings) {
  Set set = filled(0, 128);
  EXPECT_TRUE(set.is_packed());
  EXPECT_EQ(set.insert("one more", kLimits), Insertion::kAdded);
  EXPECT_FALSE(set.is_packed());
  EXPECT_EQ(set.size(), 129u);
  EXPECT_TRUE(set.check_invariants());
  Set longer = filled({"a"});
  EXPECT_EQ(longer.insert(std::string(65, 'x'), kLimits), Insertion::kAdded);
  EXPECT_FALSE(longer.is_packed());
  EXPECT_TRUE(longer.contains("a"));
  EXPECT_TRUE(longer.check_invariants());
}

TEST_F(SetTest, long_members_are_held_and_freed) {
  Set set = fresh();
  const std::string large(1 << 20, 'y');
  for (const size_t length : {254u, 255u, 506u, 507u, 508u, 4'000u}) {
    ASSERT_EQ(set.insert(std::string(length, 'x'), kLimits), Insertion::kAdded);
  }
  ASSERT_EQ(set.insert(large, kLimits), Insertion::kAdded);
  EXPECT_EQ(set.insert(large, kLimits), Insertion::kPresent);
  EXPECT_GE(set.memory_usage(), large.size());
  EXPECT_TRUE(set.check_invariants());
  EXPECT_EQ(set.erase(large), Removal::kRemoved);
  EXPECT_LT(set.memory_usage(), large.size());
  Set moved = std::move(set);
  EXPECT_TRUE(moved.check_invariants());
  EXPECT_EQ(moved.size(), 6u);
}

TEST_F(SetTest, a_string_among_many_integers_moves_none_of_them) {
  Set set = filled(100'000, 0);
  const size_t before = set.memory_usage();
  ASSERT_EQ(set.insert("not a number", kLimits), Insertion::kAdded);
  EXPECT_LT(set.memory_usage(), before + 10'000);
  EXPECT_TRUE(set.contains("not a number") && set.contains("99999"));
  ASSERT_EQ(set.erase("not a number"), Removal::kRemoved);
  EXPECT_EQ(set.memory_usage(), before);
}

TEST_F(SetTest, string_added_to_borrowed_integers_ends_the_loan) {
  const Set source = filled(300, 0);
  const std::string block(source.packed_bytes());
  Set set = Set::borrow(pages_, kSeed, block);
  EXPECT_TRUE(set.borrowed());
  EXPECT_EQ(set.insert("text", kLimits), Insertion::kAdded);
  EXPECT_FALSE(set.borrowed());
  EXPECT_EQ(set.size(), 301u);
  EXPECT_EQ(Set::borrow(pages_, kSeed, block).encoding(), Set::Encoding::kIntset);
}

TEST_F(SetTest, batch_look_up_agrees_with_single_ones) {
  for (const auto& [integers, strings] : {std::pair{3u, 0u}, {3u, 3u}, {2'000u, 2'000u}, {0u, 500u}}) {
    const Set set = filled(integers, strings);
    std::vector<std::string> texts;
    for (uint64_t i = 0; i < 100; ++i) {
      texts.push_back(name(i % 2 == 0 ? "" : "m", i * 41 % 3'000));
      if (i % 10 == 0) texts.push_back(texts.back());
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    std::array<bool, 200> found;
    set.contains_each(views, found.data());
    for (size_t i = 0; i < views.size(); ++i) EXPECT_EQ(found[i], set.contains(views[i])) << views[i];
  }
}

// A scan during which other members come and go visits every member that stays exactly once.
TEST_F(SetTest, scan_visits_stable_members_once) {
  for (const size_t count : {1u, 10u, 1'000u}) {
    Set set = filled(3'000, 3'000);
    for (int64_t i = 0; i < 100; ++i) {
      (void)set.insert(std::to_string(INT64_MIN + i), kLimits);
      (void)set.insert(std::to_string(INT64_MAX - i), kLimits);
    }
    const std::multiset<std::string> stable = members_of(set);
    std::map<std::string, int> seen;
    uint64_t cursor = 0;
    uint64_t step = 0;
    do {
      cursor = set.scan(cursor, count, [&](const Element& member) { ++seen[member.to_string()]; });
      for (uint64_t i = 0; i < 5; ++i, ++step) {
        // Others come and go among a bounded number of values, so that the scan ends.
        const uint64_t id = mix(step) % 5'000;
        const bool inserts = mix(step + 1) % 2 == 0;
        for (const std::string& other : {name("other", id), std::to_string(1'000'000 + id)}) {
          inserts ? (void)set.insert(other, kLimits) : (void)set.erase(other);
        }
      }
    } while (cursor != 0);
    for (const std::string& member : stable) ASSERT_EQ(seen[member], 1) << member;
  }
}

TEST_F(SetTest, scan_of_one_block_is_whole) {
  for (const auto& [integers, strings] : {std::pair{500u, 0u}, {20u, 20u}}) {
    const Set set = filled(integers, strings);
    std::multiset<std::string> seen;
    EXPECT_EQ(set.scan(0, 1, [&](const Element& member) { seen.insert(member.to_string()); }), 0u);
    EXPECT_EQ(seen, members_of(set));
  }
}

TEST_F(SetTest, samples_are_uniform) {
  for (const auto& [integers, strings] : {std::pair{20u, 0u}, {10u, 10u}, {600u, 200u}}) {
    const Set set = filled(integers, strings);
    Random random;
    std::map<std::string, int> seen;
    const int draws = 200 * static_cast<int>(set.size());
    for (int i = 0; i < draws; ++i) ++seen[set.sample(random).to_string()];
    EXPECT_EQ(seen.size(), set.size());
    // Six deviations of a count of mean 200.
    for (const auto& [member, times] : seen) EXPECT_NEAR(times, 200, 85) << member;
  }
}

TEST_F(SetTest, distinct_samples_are_distinct_and_uniform) {
  for (const auto& [integers, strings] : {std::pair{20u, 0u}, {30u, 30u}, {300u, 300u}}) {
    const Set set = filled(integers, strings);
    Random random;
    for (const size_t count :
         {size_t{0}, size_t{1}, set.size() / 8, set.size() / 2, set.size(), set.size() + 5}) {
      std::map<std::string, int> seen;
      for (int round = 0; round < 200; ++round) {
        std::set<std::string> drawn;
        set.sample_distinct(count, random, [&](const Element& member) {
          EXPECT_TRUE(drawn.insert(member.to_string()).second);
          ++seen[member.to_string()];
        });
        ASSERT_EQ(drawn.size(), std::min(count, set.size()));
      }
      const double mean =
          200.0 * static_cast<double>(std::min(count, set.size())) / static_cast<double>(set.size());
      for (const auto& [member, times] : seen) EXPECT_NEAR(times, mean, 6 * 15) << member;
    }
  }
}

std::multiset<std::string> result_of(bool (*operation)(std::span<const Set* const>, Set::Visit),
                                     std::span<const Set* const> sets) {
  std::multiset<std::string> result;
  EXPECT_TRUE(operation(sets, [&](const Element& member) {
    result.insert(member.to_string());
    return true;
  }));
  return result;
}

// Over sets in all combinations of forms, algebra gives what it gives over std sets.
TEST_F(SetTest, algebra_agrees_with_std_sets) {
  struct Shape {
    uint64_t integers, strings, step;
  };
  const Shape shapes[] = {{0, 0, 1},     {5, 0, 2},     {0, 5, 2},      {40, 40, 3},
                          {400, 0, 1},   {0, 400, 1},   {3'000, 0, 2},  {900, 900, 3},
                          {2'000, 1, 5}, {1, 2'000, 5}, {30'000, 0, 7}, {100, 10'000, 1}};
  std::vector<Set> sets;
  for (const Shape& shape : shapes) {
    Set set = fresh();
    for (uint64_t i = 0; i < shape.integers; ++i) (void)set.insert(std::to_string(i * shape.step), kLimits);
    for (uint64_t i = 0; i < shape.strings; ++i) (void)set.insert(name("m", i * shape.step), kLimits);
    sets.push_back(std::move(set));
  }
  for (const Set& a : sets) {
    for (const Set& b : sets) {
      const Set& c = sets[9];
      const std::array<const Set*, 3> three{&a, &b, &c};
      for (const size_t count : {1u, 2u, 3u}) {
        const auto operands = std::span(three).first(count);
        std::set<std::string> in_all, in_any, in_first;
        for (const std::string& member : members_of(a)) {
          const auto has = [&](const Set* set) { return set->contains(member); };
          if (std::all_of(operands.begin(), operands.end(), has)) in_all.insert(member);
          if (std::none_of(operands.begin() + 1, operands.end(), has)) in_first.insert(member);
        }
        for (const Set* set : operands) {
          for (const std::string& member : members_of(*set)) in_any.insert(member);
        }
        const auto multi = [](const std::set<std::string>& set) {
          return std::multiset<std::string>(set.begin(), set.end());
        };
        ASSERT_EQ(result_of(Set::intersect, operands), multi(in_all));
        ASSERT_EQ(result_of(Set::unite, operands), multi(in_any));
        ASSERT_EQ(result_of(Set::subtract, operands), multi(in_first));
      }
    }
  }
}

TEST_F(SetTest, algebra_stops_when_told) {
  const Set a = filled(2'000, 2'000);
  const std::array<const Set*, 2> sets{&a, &a};
  for (const size_t limit : {1u, 1'000u, 2'001u, 3'999u}) {
    size_t visited = 0;
    EXPECT_FALSE(Set::intersect(sets, [&](const Element&) { return ++visited < limit; }));
    EXPECT_EQ(visited, limit);
  }
}

TEST_F(SetTest, a_million_members_stay_within_budget) {
  Set strings = fresh();
  Set integers = fresh();
  for (uint64_t i = 0; i < 1'000'000; ++i) {
    std::string member = std::to_string(mix(i) % 1'000'000'000'000);
    member.insert(0, 12 - member.size(), 'm');
    (void)strings.insert(member, kLimits);
    (void)integers.insert(std::to_string(mix(i) % 10'000'000), kLimits);
  }
  EXPECT_LT(static_cast<double>(strings.memory_usage()) / static_cast<double>(strings.size()), 28);
  EXPECT_LT(static_cast<double>(integers.memory_usage()) / static_cast<double>(integers.size()), 6);
  RecordProperty("bytes_per_string", std::to_string(strings.memory_usage() / strings.size()));
}

}  // namespace
}  // namespace inlay
