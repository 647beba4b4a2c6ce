#include "inlay/datatypes/list.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

// Lets a sanitizer's malloc refuse as the common one does.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace inlay {
namespace {

using Direction = List::Direction;
using Model = std::vector<std::string>;

Model contents(const List& list) {
  Model texts;
  list.visit(0, Direction::kForward, [&](const Element& element) {
    texts.push_back(element.to_string());
    return true;
  });
  return texts;
}

List list_of(const Model& texts) {
  List list;
  for (const std::string& text : texts) EXPECT_TRUE(list.push_back(text));
  return list;
}

Model numbered(size_t count, std::string_view prefix) {
  Model texts(count);
  for (size_t i = 0; i < count; ++i) texts[i].append(prefix).append(std::to_string(i));
  return texts;
}

TEST(ListTest, both_ends_push_and_pop) {
  List list;
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(list.push_back("b"));
  EXPECT_TRUE(list.push_back("c"));
  EXPECT_TRUE(list.push_front("a"));
  EXPECT_EQ(contents(list), Model({"a", "b", "c"}));
  EXPECT_EQ(list.front().to_string(), "a");
  EXPECT_EQ(list.back().to_string(), "c");
  EXPECT_TRUE(list.pop_front());
  EXPECT_TRUE(list.pop_back());
  EXPECT_EQ(contents(list), Model({"b"}));
  EXPECT_TRUE(list.pop_back());
  EXPECT_TRUE(list.empty());
}

TEST(ListTest, texts_come_back_as_they_went_in) {
  const Model texts = {"",
                       "007",
                       "+1",
                       "-0",
                       "0",
                       "-1",
                       "127",
                       "128",
                       std::to_string(std::numeric_limits<int64_t>::min()),
                       std::to_string(std::numeric_limits<int64_t>::max()),
                       "9223372036854775808",
                       std::string("\0\xff", 2),
                       std::string(63, 'x'),
                       std::string(64, 'x'),
                       std::string(300, 'x'),
                       std::string(1020, 'x'),
                       std::string(1024, 'x'),
                       std::string(1 << 20, 'x'),
                       "same",
                       "same"};
  for (const size_t repeat : {1, 40}) {
    List list;
    Model wanted;
    for (size_t i = 0; i < repeat; ++i) {
      for (const std::string& text : texts) ASSERT_TRUE(list.push_back(text));
      wanted.insert(wanted.end(), texts.begin(), texts.end());
    }
    EXPECT_TRUE(list.check_invariants());
    EXPECT_EQ(contents(list), wanted);
  }
}

TEST(ListTest, short_list_is_one_block_that_can_be_borrowed) {
  const List list = list_of(Model(10, "8 bytes!"));
  ASSERT_TRUE(list.is_packed());
  EXPECT_EQ(list.packed_bytes().size(), 92u);
  const std::string block(list.packed_bytes());
  List borrowed = List::borrow(block);
  EXPECT_TRUE(borrowed.borrowed());
  EXPECT_EQ(borrowed.memory_usage(), 0u);
  EXPECT_EQ(contents(borrowed), contents(list));
  EXPECT_TRUE(borrowed.push_back("x"));
  EXPECT_FALSE(borrowed.borrowed());
  EXPECT_EQ(borrowed.size(), 11u);
  EXPECT_EQ(block, list.packed_bytes());
}

TEST(ListTest, list_that_outgrows_its_block_stays_the_same_list) {
  for (const bool at_front : {false, true}) {
    List list;
    Model model;
    for (int i = 0; i < 5000; ++i) {
      const std::string text = std::to_string(i).append(i % 3 == 0 ? "" : "abc");
      ASSERT_TRUE(at_front ? list.push_front(text) : list.push_back(text));
      model.insert(at_front ? model.begin() : model.end(), text);
      ASSERT_EQ(list.is_packed(), list.packed_bytes().size() > 2);
      if (i % 50 == 0) ASSERT_TRUE(list.check_invariants()) << i;
    }
    EXPECT_FALSE(list.is_packed());
    EXPECT_TRUE(list.check_invariants());
    EXPECT_EQ(contents(list), model);
    for (size_t i = 0; i < model.size(); i += 7) ASSERT_EQ(list.at(i).to_string(), model[i]);
  }
}

TEST(ListTest, visit_goes_both_ways_from_anywhere) {
  for (const size_t size : {5, 100, 3000}) {
    const Model model = numbered(size, "item:");
    const List list = list_of(model);
    for (size_t from = 0; from < size; from += size / 5) {
      size_t next = from;
      list.visit(from, Direction::kForward, [&](const Element& element) {
        EXPECT_EQ(element.to_string(), model[next]);
        ++next;
        return true;
      });
      EXPECT_EQ(next, size);
      next = from + 1;
      list.visit(from, Direction::kBackward, [&](const Element& element) {
        EXPECT_EQ(element.to_string(), model[--next]);
        return true;
      });
      EXPECT_EQ(next, 0u);
    }
    size_t steps = 0;
    list.visit(size - 1, Direction::kBackward, [&](const Element&) { return ++steps < 3; });
    EXPECT_EQ(steps, 3u);
    list.visit(size, Direction::kForward, [](const Element&) {
      ADD_FAILURE();
      return false;
    });
  }
}

TEST(ListTest, queue_of_constant_length_keeps_its_memory) {
  for (const size_t length : {5, 300, 5000}) {
    List list = list_of(numbered(length, "job:"));
    size_t most = 0;
    for (size_t i = 0; i < 20000; ++i) {
      ASSERT_TRUE(list.push_back("job:12345"));
      ASSERT_TRUE(list.pop_front());
      if (i > 10000) most = std::max(most, list.memory_usage());
    }
    EXPECT_TRUE(list.check_invariants());
    EXPECT_LE(most, length * 12 + 8192);
  }
}

TEST(ListTest, million_items_of_10_bytes_take_11_25_bytes_each) {
  for (const bool at_front : {false, true}) {
    List list;
    for (int i = 0; i < 1000000; ++i) {
      const std::string text = std::string("item").append(std::to_string(1000000 + i).substr(1));
      ASSERT_TRUE(at_front ? list.push_front(text) : list.push_back(text));
    }
    // With the 8 bytes that malloc keeps for each block.
    const double held = static_cast<double>(list.memory_usage()) + 8.0 * 1000000 / 365;
    EXPECT_LE(held / 1000000, at_front ? 11.35 : 11.25);
    EXPECT_TRUE(list.check_invariants());
    EXPECT_EQ(list.at(at_front ? 0 : 999999).to_string(), "item999999");
    EXPECT_TRUE(list.trim(499990, 20));
    EXPECT_EQ(list.size(), 20u);
    EXPECT_TRUE(list.is_packed());
    EXPECT_EQ(list.front().to_string(), at_front ? "item500009" : "item499990");
  }
}

TEST(ListTest, memory_usage_is_what_malloc_gave) {
  List list;
  EXPECT_EQ(list.memory_usage(), 0u);
  ASSERT_TRUE(list.push_back("a"));
  EXPECT_EQ(list.memory_usage(), malloc_usable_size(const_cast<char*>(list.packed_bytes().data())));
  // Blocks are counted again by check_invariants.
  const size_t before = list.memory_usage();
  ASSERT_TRUE(list.push_back(std::string(1 << 20, 'x')));
  EXPECT_GE(list.memory_usage(), before + (1 << 20));
  EXPECT_TRUE(list.check_invariants());
  ASSERT_TRUE(list.pop_back());
  ASSERT_TRUE(list.pop_back());
  EXPECT_EQ(list.memory_usage(), 0u);
}

TEST(ListTest, change_that_memory_refuses_changes_nothing) {
  const Element endless(std::string_view("never read", size_t{1} << 62));
  for (const size_t size : {0, 20, 3000}) {
    const Model model = numbered(size, "item:");
    List list = list_of(model);
    EXPECT_FALSE(list.push_back(endless));
    EXPECT_FALSE(list.push_front(endless));
    EXPECT_FALSE(list.insert(size / 2, endless));
    if (size != 0) EXPECT_FALSE(list.set(size / 2, endless));
    EXPECT_EQ(contents(list), model);
    EXPECT_TRUE(list.check_invariants());
  }
}

TEST(ListTest, remove_takes_the_first_matches_of_its_direction) {
  for (const size_t filler : {0, 50, 700}) {
    for (const size_t limit : {1, 3, 1000}) {
      for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
        Model model;
        for (int i = 0; i < 4; ++i) {
          model.push_back("wanted");
          for (size_t j = 0; j < filler; ++j) model.push_back(std::to_string(j));
        }
        List list = list_of(model);
        EXPECT_EQ(list.remove(Element::parse("wanted"), limit, direction), std::min<size_t>(limit, 4));
        if (direction == Direction::kBackward) std::reverse(model.begin(), model.end());
        for (size_t left = limit, i = 0; i < model.size() && left > 0;) {
          if (model[i] != "wanted") {
            ++i;
            continue;
          }
          model.erase(model.begin() + static_cast<ptrdiff_t>(i));
          --left;
        }
        if (direction == Direction::kBackward) std::reverse(model.begin(), model.end());
        EXPECT_EQ(contents(list), model);
        EXPECT_TRUE(list.check_invariants());
      }
    }
  }
}

TEST(ListTest, removing_all_leaves_an_empty_list) {
  List list = list_of(Model(3000, "x"));
  EXPECT_EQ(list.remove(Element::parse("y"), 10000, Direction::kForward), 0u);
  EXPECT_EQ(list.remove(Element::parse("x"), 10000, Direction::kBackward), 3000u);
  EXPECT_TRUE(list.empty() && list.is_packed() && list.check_invariants());
}

TEST(ListTest, inserts_in_the_middle_split_blocks_and_erases_merge_them) {
  List list = list_of(numbered(2000, "item:"));
  for (int i = 0; i < 20000; ++i) ASSERT_TRUE(list.insert(1000, "inserted"));
  EXPECT_TRUE(list.check_invariants());
  EXPECT_EQ(list.at(999).to_string(), "item:999");
  EXPECT_EQ(list.at(21000).to_string(), "item:1000");
  // Half-full blocks at worst.
  EXPECT_LE(list.memory_usage(), 22000u * 9 * 2 + 8192);
  for (size_t i = 21999; i > 0; --i) {
    if (i % 10 != 0) ASSERT_TRUE(list.erase(i, 1));
  }
  EXPECT_EQ(list.size(), 2200u);
  EXPECT_TRUE(list.check_invariants());
  EXPECT_LE(list.memory_usage(), 2200u * 9 * 4);
}

TEST(ListTest, copy_holds_the_same_and_is_apart) {
  for (const size_t size : {0, 20, 60000}) {
    List list = list_of(numbered(size, "item:"));
    if (size > 100) ASSERT_TRUE(list.insert(size / 2, std::string(5000, 'x')));
    List copy;
    ASSERT_TRUE(list.copy_to(copy));
    EXPECT_TRUE(copy.check_invariants());
    EXPECT_EQ(contents(copy), contents(list));
    EXPECT_FALSE(copy.borrowed());
    ASSERT_TRUE(copy.push_front("only here"));
    EXPECT_EQ(copy.size(), list.size() + 1);
    List moved = std::move(copy);
    EXPECT_EQ(moved.front().to_string(), "only here");
  }
}

// The same operations on a List and on a vector give the same sequence, whatever the lengths of the elements.
class ListModel {
 public:
  explicit ListModel(uint64_t seed) : state_(seed) {}

  void step(size_t size_wanted, size_t element_bytes) {
    const bool grow = model_.size() < size_wanted;
    switch (random(12)) {
      case 0:
      case 1: return push(element_bytes, grow ? 1 + random(60) : 1, false);
      case 2:
      case 3: return push(element_bytes, grow ? 1 + random(60) : 1, true);
      case 4: return pop(1 + random(grow ? 3 : 40), false);
      case 5: return pop(1 + random(grow ? 3 : 40), true);
      case 6:
      case 7: return insert(element_bytes, grow ? 1 + random(20) : 1);
      case 8: return set(element_bytes);
      case 9: return erase(grow ? 5 : 200);
      case 10: return remove(element_bytes);
      default: return grow ? insert(element_bytes, 1 + random(20)) : trim();
    }
  }

  void check() {
    RC_ASSERT(list_.check_invariants());
    RC_ASSERT(list_.size() == model_.size());
    RC_ASSERT(contents(list_) == model_);
    if (model_.empty()) return;
    const size_t index = random(model_.size());
    RC_ASSERT(list_.at(index).to_string() == model_[index]);
    size_t next = index + 1;
    list_.visit(index, Direction::kBackward, [&](const Element& element) {
      RC_ASSERT(element.to_string() == model_[--next]);
      return true;
    });
    RC_ASSERT(next == 0u);
    if (list_.is_packed()) {
      // Read the next changes off a block that is another's.
      block_.assign(list_.packed_bytes());
      list_ = List::borrow(block_);
    }
  }

 private:
  size_t random(size_t bound) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return (state_ >> 33) % bound;
  }
  std::string element(size_t bytes) {
    switch (random(8)) {
      case 0: return std::to_string(random(300));
      case 1: return std::to_string(-static_cast<int64_t>(random(1u << 31)));
      case 2: return std::string(random(3), 'd');
      case 3: return random(20) == 0 ? std::string(random(4000), 'l') : "d";
      default: return std::string(1 + random(bytes), static_cast<char>('a' + random(26)));
    }
  }
  auto place(size_t index) { return model_.begin() + static_cast<ptrdiff_t>(index); }

  void push(size_t bytes, size_t count, bool front) {
    while (count-- > 0) {
      const std::string text = element(bytes);
      RC_ASSERT((front ? list_.push_front(text) : list_.push_back(text)));
      model_.insert(front ? model_.begin() : model_.end(), text);
    }
  }
  void pop(size_t count, bool front) {
    while (count-- > 0 && !model_.empty()) {
      RC_ASSERT((front ? list_.front() : list_.back()).to_string() ==
                (front ? model_.front() : model_.back()));
      RC_ASSERT((front ? list_.pop_front() : list_.pop_back()));
      model_.erase(front ? model_.begin() : model_.end() - 1);
    }
  }
  void insert(size_t bytes, size_t count) {
    size_t index = random(model_.size() + 1);
    while (count-- > 0) {
      const std::string text = element(bytes);
      RC_ASSERT(list_.insert(index, text));
      model_.insert(place(index), text);
      index += random(2);
    }
  }
  void set(size_t bytes) {
    for (int i = 0; i < 10 && !model_.empty(); ++i) {
      const size_t index = random(model_.size());
      const std::string text = element(bytes);
      RC_ASSERT(list_.set(index, text));
      model_[index] = text;
    }
  }
  void erase(size_t most) {
    if (model_.empty()) return;
    const size_t index = random(model_.size());
    const size_t count = std::min(random(most + 1), model_.size() - index);
    RC_ASSERT(list_.erase(index, count));
    model_.erase(place(index), place(index + count));
  }
  void trim() {
    if (random(4) != 0) return;
    const size_t index = random(model_.size() + 1);
    const size_t count = random(model_.size() - index + 1);
    RC_ASSERT(list_.trim(index, count));
    model_.erase(place(index + count), model_.end());
    model_.erase(model_.begin(), place(index));
  }
  void remove(size_t bytes) {
    const std::string wanted =
        model_.empty() || random(4) == 0 ? element(bytes) : model_[random(model_.size())];
    const size_t limit = 1 + random(random(2) == 0 ? 3 : 1000);
    const bool forward = random(2) == 0;
    Model kept;
    size_t removed = 0;
    if (!forward) std::reverse(model_.begin(), model_.end());
    for (std::string& text : model_) {
      if (text == wanted && removed < limit) {
        ++removed;
      } else {
        kept.push_back(std::move(text));
      }
    }
    model_ = std::move(kept);
    if (!forward) std::reverse(model_.begin(), model_.end());
    RC_ASSERT(list_.remove(Element::parse(wanted), limit,
                           forward ? Direction::kForward : Direction::kBackward) == removed);
  }

  uint64_t state_;
  std::string block_;
  List list_;
  Model model_;
};

RC_GTEST_PROP(ListModelTest, short_list_is_a_vector, (uint64_t seed)) {
  ListModel model(seed);
  for (int i = 0; i < 60; ++i) {
    model.step(40, 12);
    model.check();
  }
}

RC_GTEST_PROP(ListModelTest, long_list_is_a_vector, (uint64_t seed)) {
  ListModel model(seed);
  for (int i = 0; i < 120; ++i) {
    model.step(1500, 14);
    model.check();
  }
}

RC_GTEST_PROP(ListModelTest, list_of_long_elements_is_a_vector, (uint64_t seed)) {
  ListModel model(seed);
  for (int i = 0; i < 80; ++i) {
    model.step(300, 1500);
    model.check();
  }
}

// Wide enough for several branches.
RC_GTEST_PROP(ListModelTest, list_of_many_blocks_is_a_vector, (uint64_t seed)) {
  ListModel model(seed);
  for (int i = 0; i < 15; ++i) {
    for (int j = 0; j < 40; ++j) model.step(2500, 900);
    model.check();
  }
}

}  // namespace
}  // namespace inlay
