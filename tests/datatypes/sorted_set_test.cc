#include "inlay/datatypes/sorted_set.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inlay {
namespace {

using Put = SortedSet::Put;
using Erased = SortedSet::Erased;
using Order = SortedSet::Order;
using Range = SortedSet::Range;
using LexBound = SortedSet::LexBound;
using Elements = std::vector<std::pair<std::string, double>>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Never packed, Redis's limits, and limits beyond what a block is good for.
constexpr SortedSet::Limits kLarge{0, 0};
constexpr SortedSet::Limits kDefault{};
constexpr SortedSet::Limits kFew{8, 16};
constexpr SortedSet::Limits kWide{1 << 20, 1 << 20};

Elements elements(const SortedSet& set, Range ranks, Order order = Order::kAscending) {
  Elements found;
  set.visit(ranks, order, [&](std::string_view member, double score) { found.emplace_back(member, score); });
  return found;
}

Elements all(const SortedSet& set) { return elements(set, {0, set.size()}); }

// A sorted set beside the std containers that say what it should hold.
class Pair {
 public:
  explicit Pair(SortedSet::Limits limits) : limits(limits) {}

  void put(const std::string& member, double score) {
    const auto it = scores.find(member);
    const Put expected = it == scores.end() ? Put::kAdded : it->second == score ? Put::kSame : Put::kUpdated;
    if (it != scores.end()) order.erase({it->second, member});
    scores[member] = score;
    order.emplace(score, member);
    ASSERT_EQ(set.put(member, score, limits), expected);
  }

  void erase(const std::string& member) {
    const auto it = scores.find(member);
    ASSERT_EQ(set.erase(member), it == scores.end() ? Erased::kAbsent : Erased::kErased);
    if (it == scores.end()) return;
    order.erase({it->second, member});
    scores.erase(it);
  }

  void erase(Range ranks) {
    ASSERT_TRUE(set.erase(ranks));
    const auto first = std::next(order.begin(), static_cast<ptrdiff_t>(ranks.first));
    const auto last = std::next(first, static_cast<ptrdiff_t>(ranks.size()));
    for (auto it = first; it != last; ++it) scores.erase(it->second);
    order.erase(first, last);
  }

  Elements expected() const {
    Elements expected;
    for (const auto& [score, member] : order) expected.emplace_back(member, score);
    return expected;
  }

  bool agree() const {
    if (set.size() != scores.size() || !set.check_invariants() || all(set) != expected()) return false;
    Elements backward = elements(set, {0, set.size()}, Order::kDescending);
    std::reverse(backward.begin(), backward.end());
    return backward == expected();
  }

  bool agree_on(const std::string& member) const {
    const auto it = scores.find(member);
    if (it == scores.end()) return !set.score(member) && !set.rank(member) && !set.contains(member);
    const auto before = std::distance(order.begin(), order.find({it->second, member}));
    double score = 0;
    return set.score(member) == it->second && set.rank(member) == static_cast<size_t>(before) &&
           set.rank(member, &score) == static_cast<size_t>(before) && score == it->second;
  }

  Range score_range(SortedSet::ScoreBound min, SortedSet::ScoreBound max) const {
    const auto inside = [&](double score) {
      return (min.open ? score > min.score : score >= min.score) &&
             (max.open ? score < max.score : score <= max.score);
    };
    Range range;
    for (const auto& [score, member] : order) {
      if (inside(score)) ++range.last;
      if (range.last == range.first && !inside(score)) range = {range.first + 1, range.first + 1};
    }
    return range.empty() ? Range{} : range;
  }

  PagePool pages;
  SortedSet::Limits limits;
  SortedSet set{pages, 42};
  std::map<std::string, double> scores;
  std::set<std::pair<double, std::string>> order;
};

// Every case of these runs on a packed set, a large one, and ones that change over.
class SortedSetTest : public testing::TestWithParam<SortedSet::Limits> {
 protected:
  Pair pair{GetParam()};
  SortedSet& set = pair.set;
};

INSTANTIATE_TEST_SUITE_P(Limits, SortedSetTest, testing::Values(kLarge, kDefault, kFew, kWide));

TEST_P(SortedSetTest, empty_set_answers_nothing) {
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.memory_usage(), 0u);
  EXPECT_FALSE(set.score("a"));
  EXPECT_FALSE(set.rank("a"));
  EXPECT_EQ(set.erase("a"), Erased::kAbsent);
  EXPECT_TRUE(set.score_range({-kInfinity}, {kInfinity}).empty());
  EXPECT_TRUE(set.lex_range({LexBound::Kind::kLeast}, {LexBound::Kind::kGreatest}).empty());
  EXPECT_TRUE(set.erase(Range{}));
  set.sample([] { return uint64_t{7}; }, [](std::string_view, double) { FAIL(); });
  EXPECT_TRUE(pair.agree());
}

TEST_P(SortedSetTest, elements_stand_by_score_then_bytes) {
  for (const char* member : {"b", "", "a", "ab", "B", "\xff"}) pair.put(member, 1);
  pair.put("last", 2);
  pair.put("first", -1);
  const Elements expected{{"first", -1}, {"", 1},  {"B", 1},    {"a", 1},
                          {"ab", 1},     {"b", 1}, {"\xff", 1}, {"last", 2}};
  EXPECT_EQ(all(set), expected);
  EXPECT_EQ(set.rank("ab"), 4u);
  EXPECT_TRUE(pair.agree());
}

TEST_P(SortedSetTest, integer_like_members_are_distinct_bytes) {
  const char* const members[] = {"7",
                                 "007",
                                 "+7",
                                 "-0",
                                 "0",
                                 "-7",
                                 "9223372036854775807",
                                 "-9223372036854775808",
                                 "9223372036854775808",
                                 "12345678",
                                 "1e3"};
  for (const char* member : members) pair.put(member, 1);
  for (const char* member : members) EXPECT_TRUE(pair.agree_on(member)) << member;
  EXPECT_TRUE(pair.agree());
}

TEST_P(SortedSetTest, scores_of_every_kind_read_back) {
  const double scores[] = {0,
                           1,
                           -1,
                           0.1,
                           -2.5,
                           127,
                           128,
                           1e15,
                           9007199254740993.0,
                           1e18,
                           -9.3e18,
                           1e300,
                           5e-324,
                           kInfinity,
                           -kInfinity,
                           9223372036854775808.0,
                           -9223372036854775808.0};
  std::string member = "m";
  for (const double score : scores) pair.put(member += 'x', score);
  EXPECT_TRUE(pair.agree());
  for (const auto& [name, score] : pair.scores) EXPECT_TRUE(pair.agree_on(name));
}

TEST_P(SortedSetTest, negative_zero_is_zero) {
  pair.put("a", 0);
  EXPECT_EQ(set.put("a", -0.0, GetParam()), Put::kSame);
  EXPECT_EQ(set.put("b", -0.0, GetParam()), Put::kAdded);
  EXPECT_FALSE(std::signbit(*set.score("b")));
  EXPECT_EQ(set.score_range({-0.0}, {-0.0}), (Range{0, 2}));
  EXPECT_TRUE(set.check_invariants());
}

TEST_P(SortedSetTest, long_members_come_and_go) {
  const std::string megabyte(1 << 20, 'm');
  pair.put(megabyte, 2);
  pair.put(megabyte + "2", 1);
  pair.put("short", 1.5);
  pair.put(std::string(500, 's'), 3);
  pair.put(std::string(501, 's'), 3);
  EXPECT_GE(set.memory_usage(), size_t{2} << 20);
  EXPECT_TRUE(pair.agree());
  EXPECT_TRUE(pair.agree_on(megabyte));
  pair.put(megabyte, -2);
  pair.erase(megabyte + "2");
  EXPECT_LT(set.memory_usage(), size_t{3} << 19);
  EXPECT_TRUE(pair.agree());
}

TEST_P(SortedSetTest, bounds_are_open_or_closed) {
  for (int i = 0; i < 300; ++i) pair.put(std::to_string(i), i / 3);
  for (const double min : {-1.0, 0.0, 33.0, 33.5, 99.0, 100.0, -kInfinity, kInfinity}) {
    for (const double max : {-1.0, 0.0, 33.0, 40.5, 99.0, kInfinity}) {
      for (const bool min_open : {false, true}) {
        for (const bool max_open : {false, true}) {
          const Range found = set.score_range({min, min_open}, {max, max_open});
          const Range expected = pair.score_range({min, min_open}, {max, max_open});
          EXPECT_EQ(found.size(), expected.size()) << min << ' ' << max;
          if (!found.empty()) EXPECT_EQ(found, expected) << min << ' ' << max;
        }
      }
    }
  }
}

TEST_P(SortedSetTest, lex_bounds_are_open_or_closed) {
  using Kind = LexBound::Kind;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    for (char second = 'a'; second <= 'z'; ++second) pair.put({letter, second}, 0);
  }
  const size_t count = size_t{26} * 26;
  const auto range = [&](LexBound min, LexBound max) { return set.lex_range(min, max); };
  EXPECT_EQ(range({Kind::kLeast}, {Kind::kGreatest}), (Range{0, count}));
  EXPECT_TRUE(range({Kind::kGreatest}, {Kind::kLeast}).empty());
  EXPECT_TRUE(range({Kind::kGreatest}, {Kind::kGreatest}).empty());
  EXPECT_TRUE(range({Kind::kLeast}, {Kind::kLeast}).empty());
  EXPECT_EQ(range({Kind::kClosed, "bb"}, {Kind::kClosed, "bd"}), (Range{27, 30}));
  EXPECT_EQ(range({Kind::kOpen, "bb"}, {Kind::kOpen, "bd"}), (Range{28, 29}));
  EXPECT_EQ(range({Kind::kOpen, "b"}, {Kind::kClosed, "c"}), (Range{26, 52}));
  EXPECT_EQ(range({Kind::kClosed, ""}, {Kind::kOpen, "ab"}), (Range{0, 1}));
  EXPECT_TRUE(range({Kind::kOpen, "bb"}, {Kind::kOpen, "bb"}).empty());
  EXPECT_TRUE(range({Kind::kClosed, "x"}, {Kind::kClosed, "b"}).empty());
  EXPECT_EQ(range({Kind::kClosed, "zz"}, {Kind::kGreatest}), (Range{count - 1, count}));
}

TEST_P(SortedSetTest, ranges_are_walked_both_ways) {
  for (int i = 0; i < 500; ++i) pair.put(std::to_string(i), i);
  for (const Range ranks :
       {Range{0, 1}, Range{0, 500}, Range{499, 500}, Range{100, 217}, Range{36, 72}, Range{3, 3}}) {
    const Elements up = elements(set, ranks);
    Elements down = elements(set, ranks, Order::kDescending);
    ASSERT_EQ(up.size(), ranks.size());
    for (size_t i = 0; i < up.size(); ++i) EXPECT_EQ(up[i].second, static_cast<double>(ranks.first + i));
    std::reverse(down.begin(), down.end());
    EXPECT_EQ(up, down);
  }
}

TEST_P(SortedSetTest, ranges_are_erased) {
  for (int i = 0; i < 1000; ++i) pair.put(std::to_string(i), i * 37 % 400);
  for (const Range ranks : {Range{0, 1}, Range{998, 999}, Range{100, 600}, Range{0, 36}, Range{400, 462}}) {
    pair.erase(ranks);
    ASSERT_TRUE(pair.agree());
  }
  pair.erase(Range{0, set.size()});
  EXPECT_TRUE(set.empty());
  EXPECT_TRUE(pair.agree());
  pair.put("again", 1);
  EXPECT_TRUE(pair.agree());
}

TEST_P(SortedSetTest, a_scan_meets_every_element_that_stays) {
  for (int i = 0; i < 2000; ++i) pair.put(std::to_string(i), i);
  std::set<std::string> seen;
  uint32_t cursor = 0;
  int step = 0;
  do {
    cursor = set.scan(cursor, 10, [&](std::string_view member, double score) {
      EXPECT_EQ(std::to_string(static_cast<int>(score)), member);
      seen.emplace(member);
    });
    pair.put(std::to_string(10000 + step), 10000 + step);
    if (step < 500) pair.erase(std::to_string(step * 2));
    ++step;
  } while (cursor != 0);
  for (int i = 1; i < 2000; i += 2) EXPECT_TRUE(seen.contains(std::to_string(i))) << i;
}

TEST_P(SortedSetTest, samples_reach_all_elements_alike) {
  for (int i = 0; i < 50; ++i) pair.put(std::to_string(i), i);
  std::mt19937_64 random(7);
  std::map<std::string, int> drawn;
  for (int i = 0; i < 5000; ++i) {
    set.sample([&] { return random(); },
               [&](std::string_view member, double) { ++drawn[std::string(member)]; });
  }
  ASSERT_EQ(drawn.size(), 50u);
  for (const auto& [member, times] : drawn) {
    EXPECT_GT(times, 50) << member;
    EXPECT_LT(times, 200) << member;
  }
}

TEST_P(SortedSetTest, a_copy_is_deep) {
  for (int i = 0; i < 300; ++i) pair.put(std::to_string(i), i % 17);
  PagePool pages;
  SortedSet copy(pages, 99);
  ASSERT_TRUE(set.copy_to(copy));
  EXPECT_EQ(copy.is_small(), set.is_small());
  pair.erase(Range{0, 300});
  EXPECT_EQ(copy.size(), 300u);
  EXPECT_TRUE(copy.check_invariants());
  EXPECT_EQ(copy.score("20"), 3.0);
}

TEST_P(SortedSetTest, moves_leave_an_empty_set) {
  for (int i = 0; i < 300; ++i) pair.put(std::to_string(i), i);
  SortedSet taken(std::move(set));
  EXPECT_EQ(taken.size(), 300u);
  EXPECT_TRUE(taken.check_invariants());
  set = std::move(taken);
  EXPECT_TRUE(pair.agree());
}

TEST(SortedSet, outgrows_its_entries) {
  Pair pair(kDefault);
  for (int i = 0; i < 128; ++i) pair.put(std::to_string(i), i);
  EXPECT_TRUE(pair.set.is_small() && pair.set.is_packed());
  pair.put("5", 7);  // An update adds nothing.
  EXPECT_TRUE(pair.set.is_small());
  pair.put("128", 128);
  EXPECT_FALSE(pair.set.is_small() || pair.set.is_packed());
  EXPECT_TRUE(pair.agree());
  for (int i = 0; i < 128; ++i) pair.erase(std::to_string(i));
  EXPECT_FALSE(pair.set.is_small());  // For good.
  EXPECT_TRUE(pair.agree());
}

TEST(SortedSet, outgrows_its_member_length) {
  Pair pair(kDefault);
  pair.put(std::string(64, 'a'), 1);
  EXPECT_TRUE(pair.set.is_small());
  pair.put(std::string(65, 'a'), 1);
  EXPECT_FALSE(pair.set.is_small());
  EXPECT_TRUE(pair.agree());
}

TEST(SortedSet, is_small_within_wide_limits_though_not_packed) {
  Pair pair(kWide);
  for (int i = 0; i < 1000; ++i) pair.put(std::to_string(i), i);
  EXPECT_TRUE(pair.set.is_small());
  EXPECT_FALSE(pair.set.is_packed());
  pair.limits = kDefault;
  pair.put("1", 2);
  EXPECT_TRUE(pair.set.is_small());
  pair.put("one more", 2);
  EXPECT_FALSE(pair.set.is_small());
}

TEST(SortedSet, borrowed_block_is_copied_by_the_first_change) {
  Pair pair(kDefault);
  for (int i = 0; i < 20; ++i) pair.put(std::to_string(i), i);
  const std::string block(pair.set.packed_bytes());
  const auto borrowed = [&] { return SortedSet::borrow(pair.pages, 1, block); };

  SortedSet read = borrowed();
  EXPECT_EQ(all(read), pair.expected());
  EXPECT_EQ(read.put("3", 3, kDefault), Put::kSame);
  EXPECT_EQ(read.erase("absent"), Erased::kAbsent);
  EXPECT_TRUE(read.borrowed());
  EXPECT_EQ(read.memory_usage(), 0u);

  SortedSet rescored = borrowed();
  EXPECT_EQ(rescored.put("3", 100, kDefault), Put::kUpdated);
  EXPECT_FALSE(rescored.borrowed());
  EXPECT_EQ(rescored.rank("3"), 19u);
  SortedSet erased = borrowed();
  EXPECT_EQ(erased.erase("3"), Erased::kErased);
  EXPECT_FALSE(erased.borrowed());
  SortedSet grown = borrowed();
  EXPECT_EQ(grown.put(std::string(100, 'x'), 1, kDefault), Put::kAdded);
  EXPECT_FALSE(grown.borrowed());
  EXPECT_TRUE(rescored.check_invariants() && erased.check_invariants() && grown.check_invariants());
  EXPECT_EQ(block, pair.set.packed_bytes());
}

TEST(SortedSet, memory_usage_is_what_was_taken) {
  PagePool pages;
  SortedSet set(pages, 1);
  const size_t heap_before = mallinfo2().uordblks + mallinfo2().hblkhd;
  std::string member;
  for (int i = 0; i < 20000; ++i) {
    member.assign("member:");
    member.append(std::to_string(i));
    ASSERT_EQ(set.put(member, i * 7919 % 20011, kDefault), Put::kAdded);
  }
  const size_t heap = mallinfo2().uordblks + mallinfo2().hblkhd - heap_before;
  const size_t taken = heap + pages.pages_in_use() * PagePool::kPageSize + pages.table_bytes_in_use();
  const auto told = static_cast<double>(set.memory_usage());
  if (heap > 0)
    EXPECT_NEAR(told / static_cast<double>(taken), 1, 0.03);  // A sanitizer's malloc counts nothing.
  EXPECT_LT(told / 20000, 64);
  ASSERT_TRUE(set.erase(Range{0, 20000}));
  EXPECT_EQ(set.memory_usage(), 0u);
  EXPECT_EQ(pages.pages_in_use(), 0u);
}

// Puts, erasures by member and by rank, from small through large: the set is always the model, in its order.
RC_GTEST_PROP(SortedSet, agrees_with_a_model, ()) {
  Pair pair(*rc::gen::element(kLarge, kDefault, kFew, kWide));
  const int names = *rc::gen::element(10, 100, 1000);
  const int scores = *rc::gen::element(1, 3, 1000);
  const auto draws = *rc::gen::container<std::vector<uint32_t>>(rc::gen::arbitrary<uint32_t>());
  for (const uint32_t draw : draws) {
    const auto member = [&](uint32_t i) {
      return std::to_string((draw * 31 + i * 7919) % static_cast<uint32_t>(names));
    };
    const auto score = [&](uint32_t i) {
      const auto whole = static_cast<double>((draw + i * 104729) % static_cast<uint32_t>(scores));
      return draw % 3 == 0 ? whole / 4 : whole;
    };
    const size_t size = pair.set.size();
    switch (draw % 8) {
      case 0: pair.erase(member(0)); break;
      case 1:
        for (uint32_t i = 0; i < 40; ++i) pair.put(member(i), score(i));
        break;
      case 2:
        if (size > 0) pair.erase(Range{draw % size, std::min<size_t>(size, draw % size + draw % 50)});
        break;
      default: pair.put(member(1), score(1));
    }
    RC_ASSERT(pair.agree());
    RC_ASSERT(pair.agree_on(member(1)) && pair.agree_on(member(2)));
    const bool open = draw % 2 == 0;
    const Range found = pair.set.score_range({score(3), open}, {score(4), !open});
    RC_ASSERT(found.size() == pair.score_range({score(3), open}, {score(4), !open}).size());
  }
}

}  // namespace
}  // namespace inlay
