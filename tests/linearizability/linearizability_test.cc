// The search itself: what it must accept, what it must not, and that it agrees with trying every order.
#include "tests/linearizability/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/linearizability/keyspace_model.h"

namespace inlay::test {
namespace {

Reply number(int64_t value) { return Reply::integer(value); }
Reply text(const char* value) { return Reply::bulk(value); }

Operation single(int thread, uint64_t called, uint64_t answered, Verb verb, std::vector<std::string> words,
                 Reply answer) {
  Operation operation{thread, Way::kTyped, called, answered, true, {}};
  operation.steps.push_back({Call{verb, std::move(words)}, std::move(answer)});
  return operation;
}

bool accepts(const History& history) { return check_linearizable(history).linearizable; }

TEST(Linearizability, one_thread_is_accepted_if_every_answer_is_right) {
  EXPECT_TRUE(accepts({}));
  EXPECT_TRUE(accepts({single(0, 1, 2, Verb::kSet, {"x", "1"}, Reply::ok()),
                       single(0, 3, 4, Verb::kIncrBy, {"x", "2"}, number(3)),
                       single(0, 5, 6, Verb::kGet, {"x"}, text("3"))}));
  EXPECT_FALSE(accepts({single(0, 1, 2, Verb::kSet, {"x", "1"}, Reply::ok()),
                        single(0, 3, 4, Verb::kGet, {"x"}, Reply::nil())}));
}

TEST(Linearizability, writes_that_overlap_may_come_in_either_order) {
  for (const char* last : {"1", "2"}) {
    EXPECT_TRUE(accepts({single(0, 1, 5, Verb::kSet, {"x", "1"}, Reply::ok()),
                         single(1, 2, 6, Verb::kSet, {"x", "2"}, Reply::ok()),
                         single(0, 7, 8, Verb::kGet, {"x"}, text(last))}));
  }
}

TEST(Linearizability, stale_read_is_rejected) {
  EXPECT_FALSE(accepts({single(0, 1, 2, Verb::kSet, {"x", "1"}, Reply::ok()),
                        single(1, 3, 4, Verb::kGet, {"x"}, Reply::nil())}));
  // While the write has yet to answer, either is right; equal stamps are overlap.
  EXPECT_TRUE(accepts({single(0, 1, 3, Verb::kSet, {"x", "1"}, Reply::ok()),
                       single(1, 3, 4, Verb::kGet, {"x"}, Reply::nil())}));
}

TEST(Linearizability, what_one_reader_has_seen_the_next_one_cannot_miss) {
  EXPECT_FALSE(accepts({single(0, 1, 9, Verb::kSet, {"x", "1"}, Reply::ok()),
                        single(1, 2, 3, Verb::kGet, {"x"}, text("1")),
                        single(2, 4, 5, Verb::kGet, {"x"}, Reply::nil())}));
}

TEST(Linearizability, lost_update_is_rejected) {
  EXPECT_FALSE(accepts({single(0, 1, 5, Verb::kIncrBy, {"x", "1"}, number(1)),
                        single(1, 2, 6, Verb::kIncrBy, {"x", "1"}, number(1))}));
  EXPECT_TRUE(accepts({single(0, 1, 5, Verb::kIncrBy, {"x", "1"}, number(2)),
                       single(1, 2, 6, Verb::kIncrBy, {"x", "1"}, number(1))}));
}

TEST(Linearizability, lost_append_is_rejected) {
  EXPECT_FALSE(accepts({single(0, 1, 5, Verb::kRPush, {"l", "a"}, number(1)),
                        single(1, 2, 6, Verb::kRPush, {"l", "b"}, number(2)),
                        single(0, 7, 8, Verb::kLRange, {"l", "0", "-1"}, Reply::array({text("b")}))}));
}

TEST(Linearizability, element_popped_twice_is_rejected) {
  EXPECT_FALSE(accepts({single(0, 1, 2, Verb::kLPush, {"l", "a"}, number(1)),
                        single(0, 3, 6, Verb::kLPop, {"l"}, text("a")),
                        single(1, 4, 7, Verb::kRPop, {"l"}, text("a"))}));
}

TEST(Linearizability, two_conditional_sets_cannot_both_win) {
  EXPECT_FALSE(accepts({single(0, 1, 5, Verb::kSet, {"x", "1", "NX"}, Reply::ok()),
                        single(1, 2, 6, Verb::kSetNx, {"x", "2"}, number(1))}));
  EXPECT_TRUE(accepts({single(0, 1, 5, Verb::kSet, {"x", "1", "NX"}, Reply::nil()),
                       single(1, 2, 6, Verb::kSetNx, {"x", "2"}, number(1))}));
}

TEST(Linearizability, calls_of_a_pipeline_keep_their_order_though_their_stamps_are_equal) {
  EXPECT_TRUE(accepts(
      {single(0, 1, 2, Verb::kSet, {"x", "1"}, Reply::ok()), single(0, 1, 2, Verb::kGet, {"x"}, text("1"))}));
  EXPECT_FALSE(accepts(
      {single(0, 1, 2, Verb::kGet, {"x"}, text("1")), single(0, 1, 2, Verb::kSet, {"x", "1"}, Reply::ok())}));
}

TEST(Linearizability, fractured_read_of_two_keys_is_rejected) {
  const auto history = [](const Reply& a, const Reply& b) {
    return History{single(0, 1, 9, Verb::kMSet, {"a", "1", "b", "1"}, Reply::ok()),
                   single(1, 2, 8, Verb::kMGet, {"a", "b"}, Reply::array({a, b}))};
  };
  EXPECT_TRUE(accepts(history(text("1"), text("1"))));
  EXPECT_TRUE(accepts(history(Reply::nil(), Reply::nil())));
  EXPECT_FALSE(accepts(history(text("1"), Reply::nil())));
}

TEST(Linearizability, transaction_takes_effect_at_one_instant) {
  Operation transfer{0, Way::kMultiExec, 1, 9, true, {}};
  transfer.steps = {{Call{Verb::kIncrBy, {"a", "1"}}, number(1)},
                    {Call{Verb::kIncrBy, {"a", "1"}}, number(2)}};
  EXPECT_TRUE(accepts({transfer, single(1, 2, 8, Verb::kGet, {"a"}, text("2"))}));
  EXPECT_FALSE(accepts({transfer, single(1, 2, 8, Verb::kGet, {"a"}, text("1"))}));
  transfer.committed = false;
  EXPECT_FALSE(accepts({transfer, single(1, 2, 8, Verb::kGet, {"a"}, text("2"))})) << "of a refused one";
}

TEST(Linearizability, keys_die_when_the_clock_is_moved) {
  const History before{single(0, 1, 2, Verb::kSet, {"e", "1", "PX", "5"}, Reply::ok()),
                       single(1, 3, 6, Verb::kTick, {"5"}, Reply::ok())};
  const auto then = [&](uint64_t called, Reply answer) {
    History history = before;
    history.push_back(single(0, called, called + 3, Verb::kGet, {"e"}, std::move(answer)));
    return accepts(history);
  };
  EXPECT_TRUE(then(4, text("1")));
  EXPECT_TRUE(then(4, Reply::nil()));
  EXPECT_FALSE(then(7, text("1")));
}

TEST(Linearizability, report_tells_what_would_have_been_right) {
  const std::string report = check_linearizable({single(0, 1, 2, Verb::kSet, {"x", "1"}, Reply::ok()),
                                                 single(3, 3, 4, Verb::kGet, {"x"}, text("7"))})
                                 .report;
  EXPECT_NE(report.find("thread 3, typed, 3..4: GET x -> \"7\""), std::string::npos) << report;
  EXPECT_NE(report.find("should have answered: \"1\""), std::string::npos) << report;
}

TEST(Linearizability, search_over_its_limit_is_not_taken_for_an_answer) {
  History history;
  for (int thread = 0; thread < 6; ++thread)
    history.push_back(single(thread, 1, 9, Verb::kRPush, {"l", std::to_string(thread)}, number(thread + 1)));
  EXPECT_TRUE(accepts(history));
  const LinearizabilityVerdict verdict = check_linearizable(history, 3);
  EXPECT_FALSE(verdict.linearizable);
  EXPECT_NE(verdict.report.find("undecided"), std::string::npos);
}

// ------------------------------------------------------------------------------------------ against every order

Call random_call(std::mt19937& random) {
  const std::string key = random() % 3 == 0 ? "y" : "x", value = std::to_string(random() % 3);
  switch (random() % 7) {
    case 0: return {Verb::kSet, {key, value}};
    case 1: return {Verb::kIncrBy, {key, "1"}};
    case 2: return {Verb::kDel, {key}};
    case 3: return {Verb::kMGet, {"x", "y"}};
    case 4: return {Verb::kGetSet, {key, value}};
    case 5: return {Verb::kRename, {"x", "y"}};
    default: return {Verb::kGet, {key}};
  }
}

// Some operations of three threads, executed in one order and called in another, so that about half cannot be explained.
History random_history(std::mt19937& random, size_t size) {
  History history;
  std::vector<uint64_t> time(3, 0);
  for (size_t i = 0; i < size; ++i) {
    Operation operation{.thread = static_cast<int>(random() % 3), .steps = {}};
    uint64_t& now = time[static_cast<size_t>(operation.thread)];
    operation.called = now += 1 + random() % 5;
    operation.answered = now += 1 + random() % 8;
    for (size_t steps = 1 + random() % 2; steps > 0; --steps)
      operation.steps.push_back({random_call(random), {}});
    history.push_back(std::move(operation));
  }
  std::vector<size_t> order(size);
  for (size_t i = 0; i < size; ++i) order[i] = i;
  std::vector<uint64_t> instant;
  for (const Operation& operation : history) instant.push_back(operation.called + random() % 16);
  std::ranges::sort(order, {}, [&](size_t i) { return instant[i]; });
  KeyspaceModel model;
  for (size_t i : order)
    for (Step& step : history[i].steps) step.answer = model.apply(step.call);
  return history;
}

bool is_explained_by(const History& history, const std::vector<size_t>& order) {
  KeyspaceModel model;
  for (size_t i = 0; i < order.size(); ++i) {
    const Operation& operation = history[order[i]];
    for (size_t k = i + 1; k < order.size(); ++k) {
      const Operation& later = history[order[k]];
      if (later.answered < operation.called) return false;
      if (later.thread == operation.thread && order[k] < order[i]) return false;
    }
    for (const Step& step : operation.steps)
      if (model.apply(step.call) != step.answer) return false;
  }
  return true;
}

// For every history: the search finds an order if and only if there is one among all permutations.
TEST(LinearizabilityProperty, search_agrees_with_trying_every_order) {
  size_t good = 0, bad = 0;
  for (unsigned seed = 1; seed <= 600; ++seed) {
    std::mt19937 random(seed);
    const History history = random_history(random, 2 + random() % 5);
    std::vector<size_t> order(history.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    bool is_explained = false;
    do {
      is_explained = is_explained_by(history, order);
    } while (!is_explained && std::ranges::next_permutation(order).found);
    const LinearizabilityVerdict verdict = check_linearizable(history);
    ASSERT_EQ(verdict.linearizable, is_explained) << "seed " << seed << "\n" << verdict.report;
    ++(is_explained ? good : bad);
  }
  EXPECT_GT(good, 100u);
  EXPECT_GT(bad, 100u);
}

}  // namespace
}  // namespace inlay::test
