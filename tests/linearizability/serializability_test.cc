// The cycle test itself: the anomalies of the literature, each by its name, and that it agrees with the search.
#include "tests/linearizability/serializability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/linearizability/dependency_graph.h"
#include "tests/linearizability/keyspace_model.h"
#include "tests/linearizability/linearizability.h"

namespace inlay::test {
namespace {

Step push(std::string key, std::string element) {
  return {Call{Verb::kRPush, {std::move(key), std::move(element)}}, Reply::integer(0)};
}
Step read(std::string key, std::vector<std::string> elements) {
  Reply::Items items;
  for (std::string& element : elements) items.push_back(Reply::bulk(std::move(element)));
  return {Call{Verb::kLRange, {std::move(key), "0", "-1"}}, Reply::array(std::move(items))};
}

// Each in a thread of its own; all at the same time unless they are told theirs.
struct Histories {
  History history;
  Histories& add(std::vector<Step> steps, uint64_t called = 1, uint64_t answered = 100) {
    const auto thread = static_cast<int>(history.size());
    history.push_back({thread, Way::kAtomically, called, answered, true, std::move(steps)});
    return *this;
  }
  Histories& refused() {
    history.back().committed = false;
    return *this;
  }
  std::string anomaly() const {
    const SerializabilityVerdict verdict = check_serializable(history);
    EXPECT_EQ(verdict.serializable, verdict.anomaly.empty());
    EXPECT_EQ(verdict.serializable, verdict.report.empty());
    return verdict.anomaly;
  }
};

TEST(Serializability, good_histories_are_accepted) {
  EXPECT_EQ(Histories().anomaly(), "");
  EXPECT_EQ(Histories()
                .add({push("x", "1"), read("x", {"1"}), push("y", "2")})
                .add({read("x", {"1"}), read("y", {"2"}), push("x", "3")})
                .add({read("x", {}), read("y", {})})
                .add({read("x", {"1", "3"})})
                .anomaly(),
            "");
}

TEST(Serializability, texts_are_read_like_lists) {
  const auto append = [](const char* bytes) {
    return Step{Call{Verb::kAppend, {"t", bytes}}, Reply::integer(0)};
  };
  const auto get = [](const char* bytes) { return Step{Call{Verb::kGet, {"t"}}, Reply::bulk(bytes)}; };
  const Step mget{Call{Verb::kMGet, {"t", "u"}}, Reply::array({Reply::bulk("1,"), Reply::nil()})};
  EXPECT_EQ(Histories().add({append("1,")}).add({append("2,")}).add({mget}).add({get("1,2,")}).anomaly(), "");
  EXPECT_EQ(Histories().add({append("1,")}).add({append("2,")}).add({get("2,")}).add({get("1,2,")}).anomaly(),
            "order");
}

TEST(Serializability, dirty_write_is_G0) {
  EXPECT_EQ(Histories()
                .add({push("x", "1"), push("y", "1y")})
                .add({push("x", "2"), push("y", "2y")})
                .add({read("x", {"1", "2"})})
                .add({read("y", {"2y", "1y"})})
                .anomaly(),
            "G0");
}

TEST(Serializability, read_of_a_refused_transaction_is_G1a) {
  EXPECT_EQ(Histories().add({push("x", "1")}).refused().add({read("x", {"1"})}).anomaly(), "G1a");
  EXPECT_EQ(Histories().add({push("x", "1")}).refused().add({read("x", {})}).anomaly(), "");
}

TEST(Serializability, circular_information_is_G1c) {
  EXPECT_EQ(
      Histories().add({push("x", "1"), read("y", {"2"})}).add({push("y", "2"), read("x", {"1"})}).anomaly(),
      "G1c");
}

TEST(Serializability, read_within_another_transaction_is_a_cycle) {
  EXPECT_EQ(Histories()
                .add({push("x", "1"), push("x", "2")})
                .add({read("x", {"1"})})
                .add({read("x", {"1", "2"})})
                .anomaly(),
            "G-single");
}

TEST(Serializability, lost_update_is_G_single) {
  EXPECT_EQ(Histories()
                .add({read("x", {}), push("x", "1")})
                .add({read("x", {}), push("x", "2")})
                .add({read("x", {"1", "2"})})
                .anomaly(),
            "G-single");
}

TEST(Serializability, fractured_read_is_G_single) {
  EXPECT_EQ(Histories()
                .add({push("x", "1"), push("y", "1y")})
                .add({read("x", {"1"}), read("y", {})})
                .add({read("y", {"1y"})})
                .anomaly(),
            "G-single");
}

TEST(Serializability, write_skew_is_G2) {
  EXPECT_EQ(Histories()
                .add({read("x", {}), push("y", "1")})
                .add({read("y", {}), push("x", "2")})
                .add({read("x", {"2"}), read("y", {"1"})})
                .anomaly(),
            "G2");
}

TEST(Serializability, stale_read_is_a_violation_of_real_time) {
  EXPECT_EQ(Histories()
                .add({push("x", "1")}, 1, 2)
                .add({read("x", {})}, 3, 4)
                .add({read("x", {"1"})}, 5, 6)
                .anomaly(),
            "real-time");
  EXPECT_EQ(Histories()
                .add({push("x", "1")}, 1, 3)
                .add({read("x", {})}, 3, 4)
                .add({read("x", {"1"})}, 5, 6)
                .anomaly(),
            "");
}

TEST(Serializability, program_order_binds_where_stamps_do_not) {
  Histories pipeline;
  pipeline.add({push("x", "1")}).add({read("x", {})}).add({read("x", {"1"})}, 200, 300);
  EXPECT_EQ(pipeline.anomaly(), "");
  pipeline.history[1].thread = pipeline.history[0].thread;
  EXPECT_EQ(pipeline.anomaly(), "real-time");
}

TEST(Serializability, append_that_is_never_seen_is_lost) {
  EXPECT_EQ(Histories()
                .add({push("x", "1")}, 1, 2)
                .add({push("x", "2")}, 3, 4)
                .add({read("x", {"2"})}, 5, 6)
                .anomaly(),
            "lost append");
  EXPECT_EQ(Histories().add({push("x", "1")}, 1, 2).add({read("x", {})}, 1, 4).anomaly(), "");
}

TEST(Serializability, lists_that_cannot_be_are_told_at_once) {
  EXPECT_EQ(Histories().add({read("x", {"1"})}).anomaly(), "garbage");
  EXPECT_EQ(Histories().add({push("y", "1")}).add({read("x", {"1"})}).anomaly(), "garbage");
  EXPECT_EQ(Histories().add({push("x", "1")}).add({read("x", {"1", "1"})}).anomaly(), "duplicate");
  EXPECT_EQ(Histories()
                .add({push("x", "1")})
                .add({push("x", "2")})
                .add({read("x", {"1", "2"})})
                .add({read("x", {"2", "1"})})
                .anomaly(),
            "order");
}

TEST(Serializability, transaction_sees_its_own_appends_from_then_on) {
  EXPECT_EQ(Histories().add({push("x", "1"), read("x", {})}).anomaly(), "internal");
  EXPECT_EQ(Histories().add({read("x", {"1"}), push("x", "1")}).anomaly(), "internal");
}

TEST(Serializability, report_names_transactions_and_reasons) {
  const std::string report = check_serializable(Histories()
                                                    .add({read("x", {}), push("y", "1")})
                                                    .add({read("y", {}), push("x", "2")})
                                                    .add({read("x", {"2"}), read("y", {"1"})})
                                                    .history)
                                 .report;
  EXPECT_NE(report.find("rw x: does not see 2"), std::string::npos) << report;
  EXPECT_NE(report.find("rw y: does not see 1"), std::string::npos) << report;
}

TEST(DependencyGraph, short_cycle_is_found_in_a_long_graph) {
  constexpr size_t kNodes = 100'000;  // Deeper than a recursion could go.
  DependencyGraph graph(kNodes);
  for (size_t i = 0; i + 1 < kNodes; ++i) graph.add({i, i + 1, EdgeKind::kWriteWrite, {}});
  EXPECT_FALSE(graph.find_cycle(EdgeKind::kThen).has_value());
  graph.add({kNodes - 1, kNodes - 3, EdgeKind::kReadWrite, {}});
  graph.add({7, 7, EdgeKind::kWriteWrite, {}});
  EXPECT_FALSE(graph.find_cycle(EdgeKind::kWriteRead).has_value());
  EXPECT_EQ(graph.find_cycle(EdgeKind::kReadWrite)->size(), 3u);
}

// ------------------------------------------------------------------------------------------- against the search

// Transactions run on a model, now and then in two halves with others between, and a last one that reads everything.
History random_history(std::mt19937& random, int size) {
  struct Half {
    size_t operation;
    size_t first, last;
    uint64_t instant;
  };
  History history;
  std::vector<Half> halves;
  int drawn = 0;
  for (int i = 0; i < size; ++i) {
    Operation operation{.thread = i % 3, .steps = {}};
    const uint64_t before = i < 3 ? 0 : history[static_cast<size_t>(i) - 3].answered;
    operation.called = before + 1 + random() % 4;
    operation.answered = operation.called + 2 + random() % 8;
    for (size_t steps = 2 + random() % 2; steps > 0; --steps) {
      const std::string key = random() % 2 == 0 ? "x" : "y";
      if (random() % 2 == 0) {
        operation.steps.push_back({Call{Verb::kLRange, {key, "0", "-1"}}, {}});
      } else {
        operation.steps.push_back({Call{Verb::kRPush, {key, std::to_string(++drawn)}}, {}});
      }
    }
    const size_t count = operation.steps.size(), cut = random() % 3 == 0 ? 1 : count;
    const uint64_t span = operation.answered - operation.called + (random() % 8 == 0 ? 4 : 0);
    const uint64_t instant = operation.called + random() % span;
    halves.push_back({history.size(), 0, cut, instant});
    if (cut < count) halves.push_back({history.size(), cut, count, instant + 1 + random() % 3});
    history.push_back(std::move(operation));
  }
  history.push_back({3, Way::kTyped, 1000, 1001, true, {}});
  for (const char* key : {"x", "y"})
    history.back().steps.push_back({Call{Verb::kLRange, {key, "0", "-1"}}, {}});
  halves.push_back({history.size() - 1, 0, 2, 1000});
  std::ranges::stable_sort(halves, {}, &Half::instant);
  KeyspaceModel model;
  for (const Half& half : halves) {
    for (size_t i = half.first; i < half.last; ++i) {
      Step& step = history[half.operation].steps[i];
      step.answer = model.apply(step.call);
    }
  }
  return history;
}

// For every history that ends with a read of everything, the two methods, which share nothing but the history, agree.
TEST(SerializabilityProperty, cycle_test_agrees_with_the_search) {
  size_t good = 0, bad = 0;
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    std::mt19937 random(seed);
    const History history = random_history(random, 3 + static_cast<int>(random() % 8));
    const LinearizabilityVerdict search = check_linearizable(history);
    const SerializabilityVerdict cycle = check_serializable(history);
    ASSERT_EQ(cycle.serializable, search.linearizable) << "seed " << seed << "\n"
                                                       << cycle.anomaly << "\n"
                                                       << cycle.report << search.report;
    ++(cycle.serializable ? good : bad);
  }
  EXPECT_GT(good, 300u);
  EXPECT_GT(bad, 300u);
}

}  // namespace
}  // namespace inlay::test
