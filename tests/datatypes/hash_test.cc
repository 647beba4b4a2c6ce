#include "inlay/datatypes/hash.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace inlay {
namespace {

using Encoding = Hash::Encoding;
using Put = Hash::Put;

constexpr uint64_t kSeed = 42;
constexpr HashLimits kDefaults;
constexpr HashLimits kAlwaysTable{.packed_entries = 0};
constexpr HashLimits kWithoutLimit{.packed_entries = ~size_t{0}, .packed_value_bytes = ~size_t{0}};

std::string numbered(std::string prefix, int64_t number) { return prefix.append(std::to_string(number)); }

struct Value {
  std::string text;
  std::optional<int64_t> deadline;
  bool operator==(const Value& other) const { return text == other.text && deadline == other.deadline; }
};
using Model = std::map<std::string, Value>;

Model contents(const Hash& hash) {
  Model out;
  hash.for_each([&](const Element& field, const Element& value) {
    const std::string name = field.to_string();
    EXPECT_TRUE(out.emplace(name, Value{value.to_string(), hash.deadline(name)}).second) << "twice: " << name;
  });
  return out;
}

int64_t earliest(const Model& model) {
  int64_t next = Hash::kNone;
  for (const auto& [field, value] : model) next = std::min(next, value.deadline.value_or(Hash::kNone));
  return next;
}

// A Hash beside the std map that says what it should hold, and what encoding() should say.
class Pair {
 public:
  explicit Pair(HashLimits limits) : limits_(limits) {}

  void put(const std::string& field, const std::string& value, bool keep) {
    const bool added = !model.contains(field);
    RC_ASSERT(hash.put(field, value, limits_, keep) == (added ? Put::kAdded : Put::kReplaced));
    Value& slot = model[field];
    slot.text = value;
    if (!keep) slot.deadline.reset();
    listpack = listpack && field.size() <= limits_.packed_value_bytes &&
               value.size() <= limits_.packed_value_bytes && model.size() <= limits_.packed_entries;
  }
  void erase(const std::string& field) {
    RC_ASSERT(hash.erase(field) == (model.erase(field) != 0 ? Hash::Erase::kErased : Hash::Erase::kAbsent));
  }
  void set_deadline(const std::string& field, int64_t deadline) {
    const auto it = model.find(field);
    RC_ASSERT(hash.set_deadline(field, deadline) ==
              (it != model.end() ? Hash::Deadline::kSet : Hash::Deadline::kAbsent));
    if (it != model.end()) it->second.deadline = deadline;
  }
  void clear_deadline(const std::string& field) {
    const auto it = model.find(field);
    const bool had = it != model.end() && it->second.deadline.has_value();
    RC_ASSERT(hash.clear_deadline(field) == had);
    if (had) it->second.deadline.reset();
  }
  void expire(int64_t now, size_t limit) {
    size_t told = 0;
    int64_t last = std::numeric_limits<int64_t>::min();
    const size_t removed = hash.expire(now, limit, [&](const Element& field) {
      const auto it = model.find(field.to_string());
      RC_ASSERT(it != model.end() && it->second.deadline.has_value());
      RC_ASSERT(*it->second.deadline <= now && *it->second.deadline >= last);
      last = *it->second.deadline;
      model.erase(it);
      ++told;
    });
    RC_ASSERT(removed == told && removed <= limit);
    if (removed < limit) RC_ASSERT(earliest(model) > now);
  }
  void copy() {
    Hash other(pages, kSeed + 1);
    RC_ASSERT(hash.copy_to(other));
    RC_ASSERT(other.encoding() == hash.encoding());
    hash = std::move(other);
  }
  // The same hash, read from its block.
  void borrow() {
    if (!hash.is_packed()) return;
    lent = std::make_unique<std::string>(hash.packed_bytes());
    hash = Hash::borrow(pages, kSeed, *lent);
    before = *lent;
  }

  void check() const {
    RC_ASSERT(hash.check_invariants());
    RC_ASSERT(hash.size() == model.size() && hash.empty() == model.empty());
    RC_ASSERT(contents(hash) == model);
    RC_ASSERT(hash.next_deadline() == earliest(model));
    RC_ASSERT(hash.encoding() == (!listpack              ? Encoding::kHashtable
                                  : hash.has_deadlines() ? Encoding::kListpackEx
                                                         : Encoding::kListpack));
    if (lent != nullptr) RC_ASSERT(*lent == before);
  }

  PagePool pages;
  std::unique_ptr<std::string> lent;
  std::string before;
  Hash hash{pages, kSeed};
  Model model;
  bool listpack = true;

 private:
  HashLimits limits_;
};

// A field or a value: a few of each kind, so that they meet again.
std::string some_text() {
  static const std::vector<std::string> kTexts = [] {
    std::vector<std::string> texts = {"",
                                      "a",
                                      "007",
                                      "+1",
                                      "-0",
                                      "0",
                                      "127",
                                      "128",
                                      "-1",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "10.5",
                                      "b"};
    for (const size_t length : {16, 17, 63, 64, 65, 255, 256, 500, 520, 600, 5'000})
      texts.emplace_back(length, 'x');
    return texts;
  }();
  return *rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange<size_t>(0, kTexts.size()), [](size_t i) { return kTexts[i]; }),
      rc::gen::map(rc::gen::inRange(0, 20), [](int i) { return numbered("field:", i); }));
}

void run_random_operations(const HashLimits& limits, bool deadlines) {
  Pair pair(limits);
  const int steps = *rc::gen::inRange(0, 80);
  for (int step = 0; step < steps; ++step) {
    const std::string field = some_text();
    switch (*rc::gen::inRange(0, deadlines ? 10 : 6)) {
      case 0:
      case 1:
      case 2: pair.put(field, some_text(), *rc::gen::arbitrary<bool>()); break;
      case 3: pair.erase(field); break;
      case 4: pair.copy(); break;
      case 5: pair.borrow(); break;
      case 6:
      case 7: pair.set_deadline(field, *rc::gen::inRange(-50, 50)); break;
      case 8: pair.clear_deadline(field); break;
      default: pair.expire(*rc::gen::inRange(-60, 60), *rc::gen::inRange<size_t>(0, 4));
    }
    RC_ASSERT(pair.hash.contains(field) == pair.model.contains(field));
    pair.check();
  }
}

// Whatever the changes and the limits, a hash holds what a map holds, in every form and across conversions.
RC_GTEST_PROP(Hash, random_operations_agree_with_map, (bool deadlines)) {
  const HashLimits choices[] = {
      kDefaults, kAlwaysTable, kWithoutLimit, {.packed_entries = 5}, {.packed_value_bytes = 16}};
  run_random_operations(choices[*rc::gen::inRange<size_t>(0, std::size(choices))], deadlines);
}

// The same at the size of several segments, chunks of deadlines and conversions by number.
TEST(Hash, long_run_with_deadlines_agrees_with_map) {
  PagePool pages;
  Hash hash(pages, kSeed);
  Model model;
  uint64_t random = 1;
  for (int step = 0; step < 60'000; ++step) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const std::string field = numbered("field:", static_cast<int64_t>(random >> 40) % 4'000);
    const uint64_t what = random >> 33 & 15;
    if (what < 7) {
      const std::string value(random >> 20 & 63, 'v');
      ASSERT_NE(hash.put(field, value, kDefaults, what < 3), Put::kOutOfMemory);
      Value& slot = model[field];
      slot.text = value;
      if (what >= 3) slot.deadline.reset();
    } else if (what < 12) {
      const auto deadline = static_cast<int64_t>(random >> 24 & 0xfff);
      if (hash.set_deadline(field, deadline) == Hash::Deadline::kSet) model.at(field).deadline = deadline;
    } else if (what < 14) {
      EXPECT_EQ(hash.erase(field) == Hash::Erase::kErased, model.erase(field) == 1);
    } else {
      const int64_t now = hash.next_deadline();
      ASSERT_EQ(now, earliest(model));
      hash.expire(now, 3, [&](const Element& due) { EXPECT_EQ(model.erase(due.to_string()), 1u); });
    }
    if (step % 10'000 == 0) ASSERT_EQ(contents(hash), model);
  }
  EXPECT_EQ(contents(hash), model);
  EXPECT_TRUE(hash.check_invariants());
  EXPECT_GT(model.size(), 1'000u);
  hash.expire(1 << 20, ~size_t{0}, [](const Element&) {});
  EXPECT_FALSE(hash.has_deadlines());
  EXPECT_TRUE(hash.check_invariants());
}

TEST(Hash, empty_hash_holds_nothing_and_costs_nothing) {
  PagePool pages;
  Hash hash(pages, kSeed);
  EXPECT_TRUE(hash.empty());
  EXPECT_TRUE(hash.is_packed());
  EXPECT_EQ(hash.memory_usage(), 0u);
  EXPECT_EQ(hash.encoding(), Encoding::kListpack);
  EXPECT_FALSE(hash.find("a").has_value());
  EXPECT_EQ(hash.erase("a"), Hash::Erase::kAbsent);
  EXPECT_EQ(hash.set_deadline("a", 1), Hash::Deadline::kAbsent);
  EXPECT_TRUE(hash.is_packed());
  EXPECT_FALSE(hash.sample([] { return uint64_t{0}; }).has_value());
  EXPECT_EQ(hash.scan(0, 10, [](const Element&, const Element&) { FAIL(); }), 0u);
  EXPECT_EQ(hash.next_deadline(), Hash::kNone);
}

TEST(Hash, texts_are_kept_as_they_are_and_integers_are_numbers) {
  for (const HashLimits& limits : {kDefaults, kAlwaysTable}) {
    PagePool pages;
    Hash hash(pages, kSeed);
    const std::string megabyte(1 << 20, 'm');
    for (const std::string& text :
         {std::string(), std::string("007"), std::string("+1"), std::string("-0"), std::string("a\0b", 3),
          std::string("9223372036854775807"), std::string("-9223372036854775808"),
          std::string("9223372036854775808"), megabyte}) {
      ASSERT_EQ(hash.put(text, text, limits), Put::kAdded);
      ASSERT_EQ(hash.put(text, text, limits), Put::kReplaced);
      EXPECT_EQ(hash.find(text)->to_string(), text);
    }
    ASSERT_EQ(hash.put("n", Element(int64_t{-7}), limits), Put::kAdded);
    EXPECT_EQ(hash.find("n")->integer(), -7);
    EXPECT_EQ(hash.find("9223372036854775807")->integer(), std::numeric_limits<int64_t>::max());
    EXPECT_FALSE(hash.find("007")->is_integer());
    EXPECT_TRUE(hash.check_invariants());
  }
}

TEST(Hash, encoding_turns_over_where_redis_says) {
  PagePool pages;
  Hash hash(pages, kSeed);
  for (int i = 0; i < 128; ++i) ASSERT_EQ(hash.put(numbered("f", i), "v", kDefaults), Put::kAdded);
  EXPECT_EQ(hash.encoding(), Encoding::kListpack);
  EXPECT_TRUE(hash.is_packed());
  ASSERT_EQ(hash.put("f0", std::string(64, 'v'), kDefaults), Put::kReplaced);
  EXPECT_EQ(hash.encoding(), Encoding::kListpack);
  ASSERT_EQ(hash.put("more", "v", kDefaults), Put::kAdded);
  EXPECT_EQ(hash.encoding(), Encoding::kHashtable);
  // There is no way back.
  for (int i = 0; i < 128; ++i) ASSERT_EQ(hash.erase(numbered("f", i)), Hash::Erase::kErased);
  EXPECT_EQ(hash.encoding(), Encoding::kHashtable);
  EXPECT_EQ(hash.size(), 1u);

  for (const auto& [field, value] : {std::pair(65, 1), std::pair(1, 65)}) {
    Hash other(pages, kSeed);
    ASSERT_EQ(other.put(std::string(static_cast<size_t>(field), 'f'),
                        std::string(static_cast<size_t>(value), 'v'), kDefaults),
              Put::kAdded);
    EXPECT_EQ(other.encoding(), Encoding::kHashtable);
  }
  // The text of an integer counts, and lowered limits count from the next put on.
  Hash numbers(pages, kSeed);
  ASSERT_EQ(numbers.put("a", "123456", {.packed_value_bytes = 6}), Put::kAdded);
  ASSERT_EQ(numbers.put("b", "1", kDefaults), Put::kAdded);
  EXPECT_EQ(numbers.encoding(), Encoding::kListpack);
  ASSERT_EQ(numbers.put("a", "1", {.packed_entries = 1}), Put::kReplaced);
  EXPECT_EQ(numbers.encoding(), Encoding::kHashtable);
}

TEST(Hash, listpack_too_long_for_a_block_is_a_table_that_keeps_its_name) {
  PagePool pages;
  Hash hash(pages, kSeed);
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(hash.put(numbered("f", i), "v", kWithoutLimit), Put::kAdded);
  EXPECT_FALSE(hash.is_packed());
  EXPECT_EQ(hash.encoding(), Encoding::kListpack);
  ASSERT_EQ(hash.put("more", "v", kDefaults), Put::kAdded);
  EXPECT_EQ(hash.encoding(), Encoding::kHashtable);
}

TEST(Hash, small_hash_with_deadline_is_a_listpackex) {
  PagePool pages;
  Hash hash(pages, kSeed);
  ASSERT_EQ(hash.put("a", "1", kDefaults), Put::kAdded);
  ASSERT_EQ(hash.put("b", "2", kDefaults), Put::kAdded);
  ASSERT_EQ(hash.set_deadline("a", 1'000), Hash::Deadline::kSet);
  EXPECT_EQ(hash.encoding(), Encoding::kListpackEx);
  EXPECT_FALSE(hash.is_packed());
  EXPECT_EQ(hash.deadline("a"), 1'000);
  EXPECT_EQ(hash.deadline("b"), std::nullopt);
  ASSERT_EQ(hash.set_deadline("b", 500), Hash::Deadline::kSet);
  EXPECT_EQ(hash.next_deadline(), 500);
  ASSERT_EQ(hash.put("b", "3", kDefaults, true), Put::kReplaced);
  EXPECT_EQ(hash.deadline("b"), 500);
  ASSERT_EQ(hash.put("b", "3", kDefaults), Put::kReplaced);
  EXPECT_EQ(hash.deadline("b"), std::nullopt);
  std::vector<std::string> expired;
  EXPECT_EQ(hash.expire(999, 10, [&](const Element& field) { expired.push_back(field.to_string()); }), 0u);
  EXPECT_EQ(hash.expire(1'000, 10, [&](const Element& field) { expired.push_back(field.to_string()); }), 1u);
  EXPECT_EQ(expired, std::vector<std::string>{"a"});
  EXPECT_FALSE(hash.has_deadlines());
  EXPECT_EQ(hash.encoding(), Encoding::kListpack);
}

TEST(Hash, fields_expire_earliest_first_and_up_to_the_limit) {
  PagePool pages;
  Hash hash(pages, kSeed);
  for (int64_t i = 0; i < 5'000; ++i) {
    ASSERT_EQ(hash.put(numbered("f", i), "v", kDefaults), Put::kAdded);
    ASSERT_EQ(hash.set_deadline(numbered("f", i), i * 7'919 % 5'000), Hash::Deadline::kSet);
  }
  EXPECT_TRUE(hash.check_invariants());
  int64_t next = 0;
  const auto in_order = [&](const Element& field) { EXPECT_EQ(hash.deadline(field.to_string()), next++); };
  EXPECT_EQ(hash.expire(10'000, 7, in_order), 7u);
  EXPECT_EQ(hash.expire(99, 1'000, in_order), 93u);
  EXPECT_TRUE(hash.check_invariants());
  EXPECT_EQ(hash.expire(10'000, 10'000, in_order), 4'900u);
  EXPECT_TRUE(hash.empty());
  EXPECT_TRUE(hash.check_invariants());
}

TEST(Hash, borrowed_hash_is_copied_by_the_first_change) {
  PagePool pages;
  Hash owner(pages, kSeed);
  ASSERT_EQ(owner.put("a", "1", kDefaults), Put::kAdded);
  const std::string block(owner.packed_bytes());
  Hash hash = Hash::borrow(pages, kSeed, block);
  EXPECT_TRUE(hash.borrowed());
  EXPECT_EQ(hash.memory_usage(), 0u);
  EXPECT_EQ(hash.find("a")->integer(), 1);
  EXPECT_EQ(hash.erase("b"), Hash::Erase::kAbsent);
  EXPECT_TRUE(hash.borrowed());
  ASSERT_EQ(hash.put("a", "2", kDefaults), Put::kReplaced);
  EXPECT_FALSE(hash.borrowed());
  EXPECT_EQ(block, owner.packed_bytes());
}

TEST(Hash, find_each_agrees_with_find) {
  for (const HashLimits& limits : {kDefaults, kAlwaysTable}) {
    PagePool pages;
    Hash hash(pages, kSeed);
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i) {
      names.push_back(numbered("f", i));
      if (i % 3 != 0) ASSERT_EQ(hash.put(names.back(), numbered("", i), limits), Put::kAdded);
    }
    const std::vector<std::string_view> fields(names.begin(), names.end());
    size_t visits = 0;
    hash.find_each(fields, [&](size_t index, const std::optional<Element>& value) {
      EXPECT_EQ(index, visits++);
      EXPECT_EQ(value, hash.find(fields[index]));
      EXPECT_EQ(value.has_value(), index % 3 != 0);
    });
    EXPECT_EQ(visits, fields.size());
  }
}

TEST(Hash, scan_visits_every_field_that_stays) {
  PagePool pages;
  Hash hash(pages, kSeed);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(hash.put(numbered("stays", i), "v", kDefaults), Put::kAdded);
  std::multiset<std::string> seen;
  uint32_t cursor = 0;
  int round = 0;
  do {
    cursor = hash.scan(cursor, 10, [&](const Element& field, const Element& value) {
      EXPECT_EQ(value.to_string(), "v");
      seen.insert(field.to_string());
    });
    // The table grows and shrinks meanwhile.
    for (int i = 0; i < 50; ++i)
      ASSERT_NE(hash.put(numbered("other", round * 50 + i), "v", kDefaults), Put::kOutOfMemory);
    for (int i = 0; i < 40; ++i)
      ASSERT_EQ(hash.erase(numbered("other", round * 50 + i)), Hash::Erase::kErased);
    ++round;
  } while (cursor != 0);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(seen.count(numbered("stays", i)), 1u) << i;
}

TEST(Hash, sample_draws_every_field_about_as_often) {
  for (const HashLimits& limits : {kDefaults, kAlwaysTable}) {
    PagePool pages;
    Hash hash(pages, kSeed);
    for (int i = 0; i < 20; ++i) ASSERT_EQ(hash.put(numbered("", i), numbered("v", i), limits), Put::kAdded);
    uint64_t state = 1;
    const auto random = [&] {
      state = state * 6364136223846793005u + 1442695040888963407u;
      return (state ^ state >> 29) * 0xbf58476d1ce4e5b9u;
    };
    std::map<int64_t, int> drawn;
    for (int i = 0; i < 20'000; ++i) {
      const auto pair = hash.sample(random);
      ++drawn[pair->field.integer()];
      EXPECT_EQ(pair->value.to_string(), numbered("v", pair->field.integer()));
    }
    for (int i = 0; i < 20; ++i) EXPECT_NEAR(drawn[i], 1'000, 200) << i;
  }
}

TEST(Hash, large_hash_keeps_the_budget) {
  PagePool pages;
  Hash hash(pages, kSeed);
  char field[16];
  for (int i = 0; i < 200'000; ++i) {
    std::snprintf(field, sizeof field, "field:%06d", i);
    ASSERT_EQ(hash.put(std::string_view(field, 12), "value:000000", kDefaults), Put::kAdded);
  }
  EXPECT_LE(hash.memory_usage(), 200'000u * 44);
  EXPECT_GE(hash.memory_usage(), 200'000u * 40);
  // Replacing with as many bytes costs nothing.
  const size_t before = hash.memory_usage();
  for (int i = 0; i < 200'000; ++i) {
    std::snprintf(field, sizeof field, "field:%06d", i);
    ASSERT_EQ(hash.put(std::string_view(field, 12), "value:111111", kDefaults), Put::kReplaced);
  }
  EXPECT_EQ(hash.memory_usage(), before);
}

TEST(Hash, small_hashes_keep_the_budget) {
  PagePool pages;
  Hash hash(pages, kSeed);
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(hash.put(numbered("field:00000", i), "value:000000", kDefaults), Put::kAdded);
  EXPECT_EQ(hash.packed_bytes().size(), 2u + 5 * 26);
  EXPECT_EQ(hash.memory_usage(), malloc_usable_size(const_cast<char*>(hash.packed_bytes().data())));
}

TEST(Hash, large_values_are_counted_and_freed) {
  PagePool pages;
  Hash hash(pages, kSeed);
  const std::string megabyte(1 << 20, 'm');
  ASSERT_EQ(hash.put("a", "small", kAlwaysTable), Put::kAdded);
  const size_t small = hash.memory_usage();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(hash.put(numbered("f", i), megabyte, kAlwaysTable), Put::kAdded);
  EXPECT_GE(hash.memory_usage(), small + 3 * megabyte.size());
  EXPECT_TRUE(hash.check_invariants());
  ASSERT_EQ(hash.put("f0", megabyte.substr(1), kAlwaysTable), Put::kReplaced);  // In place.
  ASSERT_EQ(hash.put("f1", "small", kAlwaysTable), Put::kReplaced);
  ASSERT_EQ(hash.erase("f2"), Hash::Erase::kErased);
  EXPECT_TRUE(hash.check_invariants());
  EXPECT_LE(hash.memory_usage(), small + megabyte.size() + 3 * PagePool::kPageSize);
  Hash moved = std::move(hash);
  EXPECT_EQ(moved.find("f0")->bytes().size(), megabyte.size() - 1);
}

// Runs in a child whose address space ends a few megabytes on: calls that fail have changed nothing.
[[noreturn]] void run_out_of_memory() {
  PagePool pages;
  Hash hash(pages, kSeed);
  const std::string value(400, 'v');
  int fields = 0;
  const auto put = [&] { return hash.put(numbered("f", fields), value, kDefaults); };
  for (; fields < 1'000; ++fields) {
    if (put() != Put::kAdded) std::_Exit(2);
  }
  long mapped_pages = 0;
  std::FILE* statm = std::fopen("/proc/self/statm", "r");
  if (statm == nullptr || std::fscanf(statm, "%ld", &mapped_pages) != 1) std::_Exit(3);
  const rlimit limit{static_cast<rlim_t>(mapped_pages) * 4096 + (8 << 20), RLIM_INFINITY};
  if (setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(4);
  while (put() == Put::kAdded) {
    if (++fields > 1'000'000) std::_Exit(5);
  }
  const auto whole = [&] {
    if (hash.size() != static_cast<size_t>(fields) || !hash.check_invariants()) return false;
    for (int i = 0; i < fields; ++i) {
      if (hash.find(numbered("f", i)) != Element(value)) return false;
    }
    return true;
  };
  if (!whole()) std::_Exit(6);
  // A larger value and a deadline need another block.
  int refused = 0;
  for (int i = 0; i < fields; ++i) {
    refused += hash.put(numbered("f", i), value + value, kDefaults) == Put::kOutOfMemory;
    if (refused == 0) std::_Exit(7);
    refused += hash.set_deadline(numbered("f", i), i) == Hash::Deadline::kOutOfMemory;
  }
  if (refused < fields || !whole()) std::_Exit(8);
  if (hash.erase("f0") != Hash::Erase::kErased || hash.put("f0", value, kDefaults) != Put::kAdded)
    std::_Exit(9);
  std::_Exit(whole() ? 0 : 10);
}

TEST(HashDeathTest, changes_that_run_out_of_memory_change_nothing) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers map more than any limit";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "sanitizers map more than any limit";
#endif
#endif
  EXPECT_EXIT(run_out_of_memory(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace inlay
