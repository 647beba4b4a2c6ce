// Leaderboards against a sorted vector.
#include "inlay/patterns/leaderboard.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/patterns/manual_store.h"

namespace inlay::test {
namespace {

using Standings = std::vector<Standing>;

TEST(Leaderboard, equal_scores_share_a_rank) {
  ManualStore s;
  Leaderboard board(*s.store, "b");
  Leaderboard dense(*s.store, "d", {.ranking = Ranking::kDense});
  for (Leaderboard* each : {&board, &dense}) {
    for (const auto& [member, score] : {std::pair("ann", 30), {"bob", 20}, {"cid", 20}, {"dot", 10}})
      EXPECT_TRUE(each->set(member, score).value());
  }
  EXPECT_EQ(board.top(9).value(),
            (Standings{{"ann", 30, 1}, {"cid", 20, 2}, {"bob", 20, 2}, {"dot", 10, 4}}));
  EXPECT_EQ(dense.top(9).value(),
            (Standings{{"ann", 30, 1}, {"cid", 20, 2}, {"bob", 20, 2}, {"dot", 10, 3}}));
  EXPECT_EQ(board.find("dot").value(), (Standing{"dot", 10, 4}));
  EXPECT_EQ(dense.find("dot").value(), (Standing{"dot", 10, 3}));
  EXPECT_EQ(board.page(2, 2).value(), (Standings{{"bob", 20, 2}, {"dot", 10, 4}})) << "also on a later page";
  EXPECT_EQ(board.around("bob", 1).value(), (Standings{{"cid", 20, 2}, {"bob", 20, 2}, {"dot", 10, 4}}));
  EXPECT_EQ(board.count().value(), 4);
}

TEST(Leaderboard, lowest_may_be_first) {
  ManualStore s;
  Leaderboard board(*s.store, "b", {.order = Order::kLowestFirst});
  EXPECT_TRUE(board.set_best("ann", 61.5).value());
  EXPECT_TRUE(board.set_best("bob", 60).value());
  EXPECT_FALSE(board.set_best("bob", 62).value()) << "a slower lap changes nothing";
  EXPECT_TRUE(board.set_best("ann", 59).value());
  EXPECT_FALSE(board.set_best("ann", 59).value()) << "equal is not better";
  EXPECT_EQ(board.top(2).value(), (Standings{{"ann", 59, 1}, {"bob", 60, 2}}));
}

TEST(Leaderboard, absent_board_is_empty) {
  ManualStore s;
  Leaderboard board(*s.store, "b", {.ranking = Ranking::kDense});
  EXPECT_EQ(board.count().value(), 0);
  EXPECT_TRUE(board.top(3)->empty());
  EXPECT_TRUE(board.around("ann", 3)->empty());
  EXPECT_TRUE(is_nil(board.find("ann")));
  EXPECT_FALSE(board.remove("ann").value());
  EXPECT_TRUE(board.clear().ok());
}

TEST(Leaderboard, bounds_are_kept) {
  ManualStore s;
  Leaderboard board(*s.store, "b");
  ASSERT_TRUE(board.set("ann", 1).ok());
  EXPECT_TRUE(board.top(0)->empty());
  EXPECT_TRUE(board.top(-1)->empty());
  EXPECT_TRUE(board.page(1, 5)->empty());
  EXPECT_EQ(board.page(0, INT64_MAX)->size(), 1u);
  EXPECT_TRUE(board.page(INT64_MAX, INT64_MAX)->empty());
  EXPECT_EQ(board.around("ann", INT64_MAX)->size(), 1u);
  EXPECT_EQ(board.page(-1, 5).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(board.around("ann", -1).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Leaderboard, score_that_is_no_number_is_refused_and_changes_nothing) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const Ranking ranking : {Ranking::kCompetition, Ranking::kDense}) {
    ManualStore s;
    Leaderboard board(*s.store, "b", {.ranking = ranking});
    ASSERT_TRUE(board.set("ann", kInfinity).ok());
    const uint64_t before = s.store->digest();
    EXPECT_EQ(board.set("ann", kNaN).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(board.set("bob", kNaN).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(board.set_best("bob", kNaN).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(board.add("ann", -kInfinity).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(s.store->digest(), before);
  }
}

// What a board should answer, from a plain map.
class Model {
 public:
  explicit Model(LeaderboardOptions options) : options_(options) {}

  std::map<std::string, double> scores;

  bool is_better(double a, double b) const { return options_.order == Order::kHighestFirst ? a > b : a < b; }
  Standings all() const {
    Standings all;
    for (const auto& [member, score] : scores) {
      std::set<double> better;
      int64_t members = 0;
      for (const auto& [other, theirs] : scores) {
        if (!is_better(theirs, score)) continue;
        ++members;
        better.insert(theirs);
      }
      const bool is_dense = options_.ranking == Ranking::kDense;
      all.push_back({member, score, 1 + (is_dense ? static_cast<int64_t>(better.size()) : members)});
    }
    std::sort(all.begin(), all.end(), [&](const Standing& a, const Standing& b) {
      if (a.score != b.score) return is_better(a.score, b.score);
      return options_.order == Order::kHighestFirst ? a.member > b.member : a.member < b.member;
    });
    return all;
  }
  static Standings slice(const Standings& all, int64_t first, int64_t last) {
    Standings slice;
    for (int64_t i = std::max<int64_t>(first, 0); i <= last && i < static_cast<int64_t>(all.size()); ++i)
      slice.push_back(all[static_cast<size_t>(i)]);
    return slice;
  }

 private:
  LeaderboardOptions options_;
};

RC_GTEST_PROP(Leaderboard, agrees_with_a_model, ()) {
  const LeaderboardOptions options{
      .order = *rc::gen::element(Order::kHighestFirst, Order::kLowestFirst),
      .ranking = *rc::gen::element(Ranking::kCompetition, Ranking::kDense),
  };
  ManualStore s;
  Leaderboard board(*s.store, "b", options);
  Model model(options);
  const int steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) {
    const std::string member(1, static_cast<char>('a' + *rc::gen::inRange(0, 12)));
    const double score = *rc::gen::element(-1.5, -0.0, 0.0, 1.0, 1.0 / 3, 2.0, 1e300);
    const bool is_new = !model.scores.contains(member);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        RC_ASSERT(board.set(member, score).value() == is_new);
        model.scores[member] = score;
        break;
      case 1: {
        const bool is_best = is_new || model.is_better(score, model.scores[member]);
        RC_ASSERT(board.set_best(member, score).value() == is_best);
        if (is_best) model.scores[member] = score;
        break;
      }
      case 2:
        model.scores[member] += score;
        RC_ASSERT(board.add(member, score).value() == model.scores[member]);
        break;
      case 3:
        RC_ASSERT(board.remove(member).value() == !is_new);
        model.scores.erase(member);
        break;
    }
    const Standings all = model.all();
    RC_ASSERT(board.count().value() == static_cast<int64_t>(all.size()));
    RC_ASSERT(board.top(100).value() == all);
    const int64_t offset = *rc::gen::inRange(0, 12);
    const int64_t count = *rc::gen::inRange(0, 6);
    RC_ASSERT(board.page(offset, count).value() == Model::slice(all, offset, offset + count - 1));
    const auto place =
        std::find_if(all.begin(), all.end(), [&](const Standing& each) { return each.member == member; });
    const auto found = board.find(member).value();
    RC_ASSERT(found.has_value() == (place != all.end()));
    if (found.has_value()) {
      RC_ASSERT(*found == *place);
      RC_ASSERT(board.around(member, count).value() ==
                Model::slice(all, place - all.begin() - count, place - all.begin() + count));
    }
    std::set<double> distinct;
    for (const Standing& each : all) distinct.insert(each.score);
    const size_t kept = options.ranking == Ranking::kDense ? distinct.size() : 0;
    RC_ASSERT(s.store->zcard("b:scores").value() == static_cast<int64_t>(kept));
  }
  RC_ASSERT(board.clear().ok());
  RC_ASSERT(s.store->dbsize().value() == 0);
}

// The board changes while others look: in every page the ranks follow from its scores, and a member is on its own page.
TEST(LeaderboardThreads, pages_are_of_one_instant) {
  auto store = Store::open({.shards = 8}).value();
  Leaderboard board(*store, "b", {.ranking = Ranking::kDense});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(board.set(std::to_string(i), i).ok());
  std::atomic<bool> is_over{false};
  std::jthread writer([&] {
    for (int i = 0; i < 3000; ++i) {
      EXPECT_TRUE(board.add(std::to_string(i % 5), 1 + i % 3).ok());
      EXPECT_TRUE(board.set_best(std::to_string((i + 1) % 5), i).ok());
    }
    is_over = true;
  });
  while (!is_over) {
    const Standings near = board.around("2", 1).value();
    EXPECT_TRUE(
        std::any_of(near.begin(), near.end(), [](const Standing& each) { return each.member == "2"; }));
    const Standings all = board.top(5).value();
    EXPECT_EQ(all.size(), 5u);
    for (size_t i = 0; i < all.size(); ++i) {
      const int64_t expected = i == 0 ? 1 : all[i - 1].rank + (all[i].score != all[i - 1].score);
      EXPECT_EQ(all[i].rank, expected);
    }
  }
}

}  // namespace
}  // namespace inlay::test
