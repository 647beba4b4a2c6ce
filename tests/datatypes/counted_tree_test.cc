#include "datatypes/counted_tree.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inlay {
namespace {

using Tie = CountedTree::Bound::Tie;

std::string name_of(size_t number) {
  std::string name = std::to_string(number);
  return name.insert(0, 6 - name.size(), '0');
}

// A tree beside the std set that says what it should hold.
class Pair {
 public:
  void insert(double score, const std::string& name) {
    if (blocks_.contains(name)) return;
    void* block = members_.allocate(MemberBlock::block_bytes(name.size()));
    MemberBlock* const member = MemberBlock::create(block, score, name);
    blocks_[name] = member;
    model.emplace(score, name);
    ASSERT_TRUE(tree.insert(member, score));
  }

  void move(const std::string& name, double to) {
    const auto it = blocks_.find(name);
    if (it == blocks_.end() || it->second->score() == to) return;
    ASSERT_TRUE(tree.move(it->second, it->second->score(), to));
    model.erase({it->second->score(), name});
    model.emplace(to, name);
    it->second->set_score(to);
  }

  void erase(const std::string& name) {
    const auto it = blocks_.find(name);
    if (it == blocks_.end()) return;
    tree.erase(it->second, it->second->score());
    model.erase({it->second->score(), name});
    drop(it->second);
  }

  void erase_run(size_t rank, size_t count) {
    tree.erase_run(rank, count, [&](MemberBlock* member) { drop(member); });
    const auto first = std::next(model.begin(), static_cast<ptrdiff_t>(rank));
    model.erase(first, std::next(first, static_cast<ptrdiff_t>(count)));
  }

  size_t rank(const std::string& name) const { return tree.rank(blocks_.at(name)); }

  bool agree() const {
    if (tree.size() != model.size() || !tree.check_invariants()) return false;
    size_t rank = 0;
    auto it = model.begin();
    bool same = true;
    tree.visit_up(0, tree.size(), [&](const MemberBlock* member, double score) {
      same = same && it->first == score && it->second == member->bytes() && tree.at(rank) == member &&
             tree.rank(member) == rank;
      ++it;
      ++rank;
    });
    auto back = model.rbegin();
    tree.visit_down(tree.size() - 1, tree.size(), [&](const MemberBlock* member, double score) {
      same = same && back->first == score && back->second == member->bytes();
      ++back;
    });
    return same;
  }

  std::set<std::pair<double, std::string>> model;

 private:
  void drop(MemberBlock* member) {
    blocks_.erase(std::string(member->bytes()));
    members_.deallocate(member, member->block_bytes());
  }

  PagePool pages_;
  Slab members_{pages_};
  std::map<std::string, MemberBlock*> blocks_;

 public:
  CountedTree tree{members_, pages_};
};

TEST(CountedTree, empty_tree_has_nothing_before_a_bound) {
  const Pair pair;
  EXPECT_EQ(pair.tree.size(), 0u);
  EXPECT_EQ(pair.tree.count_before({1, Tie::kLast}), 0u);
  EXPECT_EQ(pair.tree.memory_usage(), 0u);
  EXPECT_TRUE(pair.agree());
}

TEST(CountedTree, ascending_load_fills_its_leaves) {
  Pair pair;
  for (size_t i = 0; i < 20000; ++i) pair.insert(static_cast<double>(i), name_of(i));
  EXPECT_TRUE(pair.agree());
  EXPECT_LT(pair.tree.memory_usage(), 20000u * 14);
}

TEST(CountedTree, descending_load_fills_its_leaves) {
  Pair pair;
  for (size_t i = 20000; i-- > 0;) pair.insert(static_cast<double>(i), name_of(i));
  EXPECT_TRUE(pair.agree());
  EXPECT_LT(pair.tree.memory_usage(), 20000u * 14);
}

TEST(CountedTree, random_load_fills_its_leaves_by_three_quarters) {
  Pair pair;
  for (size_t i = 0; i < 20000; ++i)
    pair.insert(static_cast<double>(i * 0x9e3779b97f4a7c15 >> 40), name_of(i));
  EXPECT_TRUE(pair.agree());
  EXPECT_LT(pair.tree.memory_usage(), 20000u * 18);
}

TEST(CountedTree, equal_scores_are_ordered_by_bytes) {
  Pair pair;
  constexpr size_t kCount = 20000;
  for (size_t i = 0; i < kCount; ++i) pair.insert(1, name_of(i * 7919 % kCount));
  EXPECT_TRUE(pair.agree());
  EXPECT_EQ(pair.tree.count_before({1, Tie::kFirst}), 0u);
  EXPECT_EQ(pair.tree.count_before({1, Tie::kLast}), kCount);
  for (size_t i = 0; i < kCount; i += 37) {
    EXPECT_EQ(pair.rank(name_of(i)), i);
    EXPECT_EQ(pair.tree.count_before({0, Tie::kAt, true, name_of(i)}), i);
    EXPECT_EQ(pair.tree.count_before({0, Tie::kPast, true, name_of(i)}), i + 1);
  }
}

TEST(CountedTree, runs_across_leaves_are_erased) {
  Pair pair;
  for (size_t i = 0; i < 5000; ++i) pair.insert(static_cast<double>(i), name_of(i));
  pair.erase_run(1000, 3000);
  EXPECT_TRUE(pair.agree());
  pair.erase_run(0, 10);
  pair.erase_run(pair.tree.size() - 10, 10);
  EXPECT_TRUE(pair.agree());
  pair.erase_run(0, pair.tree.size());
  EXPECT_TRUE(pair.agree());
  pair.insert(1, "again");
  EXPECT_TRUE(pair.agree());
}

// Whatever is inserted, moved and erased, one by one and in runs, the tree holds what the set holds, in its order.
RC_GTEST_PROP(CountedTree, agrees_with_a_set, ()) {
  Pair pair;
  const auto scores = *rc::gen::inRange(1, 2000);
  const int steps = *rc::gen::inRange(1, 40);
  size_t fresh = 0;
  for (int step = 0; step < steps; ++step) {
    const auto draw = *rc::gen::inRange<size_t>(0, 1 << 20);
    const auto score = [&](size_t i) {
      return static_cast<double>((i * 2654435761u + draw) % static_cast<size_t>(scores));
    };
    switch (draw % 5) {
      case 0:
      case 1:
        for (size_t i = 0; i < 200; ++i, ++fresh) pair.insert(score(i), name_of(fresh));
        break;
      case 2:
        for (size_t i = 0; i < 100; ++i) pair.move(name_of((draw + i * 31) % (fresh + 1)), score(i));
        break;
      case 3:
        for (size_t i = 0; i < 150; ++i) pair.erase(name_of((draw + i) % (fresh + 1)));
        break;
      default: {
        const size_t size = pair.tree.size();
        if (size == 0) break;
        const size_t rank = draw % size;
        pair.erase_run(rank, std::min<size_t>(size - rank, draw % 300));
      }
    }
    RC_ASSERT(pair.agree());
    const double bound = score(7);
    const auto& model = pair.model;
    const auto before = [&](auto it) { return static_cast<size_t>(std::distance(model.begin(), it)); };
    RC_ASSERT(pair.tree.count_before({bound, Tie::kFirst}) == before(model.lower_bound({bound, ""})));
    RC_ASSERT(pair.tree.count_before({bound, Tie::kLast}) == before(model.lower_bound({bound, "~"})));
    const std::string name = name_of(draw % (fresh + 1));
    RC_ASSERT(pair.tree.count_before({bound, Tie::kAt, false, name}) ==
              before(model.lower_bound({bound, name})));
    RC_ASSERT(pair.tree.count_before({bound, Tie::kPast, false, name}) ==
              before(model.upper_bound({bound, name})));
  }
}

}  // namespace
}  // namespace inlay
