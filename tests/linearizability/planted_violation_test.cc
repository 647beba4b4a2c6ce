// A checker that accepts everything would pass every other test. Here clients lie about a real store, each in a way in
// which a real bug would: both checkers must say so, and must believe the same client when it does not lie.
#include <gtest/gtest.h>

#include <memory>

#include "tests/linearizability/linearizability.h"
#include "tests/linearizability/serializability.h"
#include "tests/linearizability/workload.h"

namespace inlay::test {
namespace {

// ------------------------------------------------------------------- the interleaving is forced, in a single thread

// A client under suspicion, and an honest one that comes once in the middle of the other's first operation.
class Scene {
 public:
  explicit Scene(Fault fault)
      : suspect_(*store_, suspect_recorder_, {.fault = fault, .between = [this] { intervene(); }}) {}

  Client& suspect() { return suspect_; }
  Client& honest() { return honest_; }
  void in_between(std::vector<Call> calls) { intervention_ = std::move(calls); }

  History history() {
    History all = suspect_recorder_.history();
    all.insert(all.end(), honest_recorder_.history().begin(), honest_recorder_.history().end());
    return all;
  }
  bool is_linearizable() { return check_linearizable(history()).linearizable; }
  std::string anomaly() { return check_serializable(history()).anomaly; }

 private:
  void intervene() {
    if (intervention_.empty()) return;
    const std::vector<Call> calls = std::exchange(intervention_, {});
    honest_.run(Way::kAtomically, calls);
  }

  std::unique_ptr<Store> store_ =
      Store::open({.shards = 4, .seed = 7, .background = Background::kManual}).value();
  Stamps stamps_{Stamps::Kind::kCounter};
  Recorder suspect_recorder_{stamps_, 0}, honest_recorder_{stamps_, 1};
  std::vector<Call> intervention_;
  Client honest_{*store_, honest_recorder_, {}};
  Client suspect_;
};

TEST(PlantedViolation, update_without_watch_loses_another_one) {
  for (Way way : {Way::kWatch, Way::kWatchedExec}) {
    for (Fault fault : {Fault::kNone, Fault::kUnwatched}) {
      Scene scene(fault);
      scene.in_between({{Verb::kIncrBy, {"n", "1"}}});
      scene.suspect().run(way, {{Verb::kGet, {"n"}}, {Verb::kSet, {"n", "10"}}});
      EXPECT_EQ(scene.is_linearizable(), fault == Fault::kNone) << name_of(way);
    }
  }
}

TEST(PlantedViolation, closure_in_two_halves_is_seen_half) {
  for (Way way : {Way::kMultiExec, Way::kAtomically, Way::kAtomicallyAll}) {
    for (Fault fault : {Fault::kNone, Fault::kSplit}) {
      Scene scene(fault);
      scene.in_between({{Verb::kMGet, {"a", "b"}}});
      scene.suspect().run(way, {{Verb::kSet, {"a", "1"}}, {Verb::kSet, {"b", "1"}}});
      EXPECT_EQ(scene.is_linearizable(), fault == Fault::kNone) << name_of(way);
    }
  }
}

TEST(PlantedViolation, remembered_read_is_stale) {
  for (Fault fault : {Fault::kNone, Fault::kCachedRead}) {
    Scene scene(fault);
    scene.suspect().run(Way::kTyped, {{Verb::kGet, {"k"}}});
    scene.honest().run(Way::kByName, {{Verb::kSet, {"k", "1"}}});
    for (int i = 0; i < 3; ++i) scene.suspect().run(Way::kTyped, {{Verb::kGet, {"k"}}});
    EXPECT_EQ(scene.is_linearizable(), fault == Fault::kNone);
  }
}

TEST(PlantedViolation, fractured_read_is_a_cycle) {
  for (Fault fault : {Fault::kNone, Fault::kSplit}) {
    Scene scene(fault);
    scene.in_between({{Verb::kRPush, {"x", "1"}}, {Verb::kAppend, {"y", "2,"}}});
    scene.suspect().run(Way::kAtomically, {{Verb::kLRange, {"x", "0", "-1"}}, {Verb::kGet, {"y"}}});
    scene.honest().run(Way::kTyped, {{Verb::kLRange, {"x", "0", "-1"}}, {Verb::kGet, {"y"}}});
    EXPECT_EQ(scene.anomaly(), fault == Fault::kNone ? "" : "G-single");
  }
}

TEST(PlantedViolation, write_skew_is_a_cycle) {
  for (Way way : {Way::kWatch, Way::kWatchedExec}) {
    for (Fault fault : {Fault::kNone, Fault::kUnwatched}) {
      Scene scene(fault);
      scene.in_between({{Verb::kLRange, {"y", "0", "-1"}}, {Verb::kRPush, {"x", "1"}}});
      scene.suspect().run(way, {{Verb::kLRange, {"x", "0", "-1"}}, {Verb::kRPush, {"y", "2"}}});
      scene.honest().run(Way::kAtomically,
                         {{Verb::kLRange, {"x", "0", "-1"}}, {Verb::kLRange, {"y", "0", "-1"}}});
      EXPECT_EQ(scene.anomaly(), fault == Fault::kNone ? "" : "G2") << name_of(way);
    }
  }
}

TEST(PlantedViolation, elements_of_a_refused_transaction_are_not_seen_but_what_it_did_would_be) {
  Scene scene(Fault::kNone);
  scene.in_between({{Verb::kRPush, {"x", "1"}}});
  scene.suspect().run(Way::kWatchedExec, {{Verb::kLRange, {"x", "0", "-1"}}, {Verb::kRPush, {"y", "2"}}});
  scene.honest().run(Way::kTyped, {{Verb::kLRange, {"y", "0", "-1"}}});
  History history = scene.history();
  ASSERT_FALSE(history.front().committed);
  EXPECT_EQ(check_serializable(history).anomaly, "");
  history.back().steps[0].answer = Reply::array({Reply::bulk("2")});
  EXPECT_EQ(check_serializable(history).anomaly, "G1a");
}

// --------------------------------------------------------------------------------- the interleaving is left to chance

constexpr uint64_t kSeedsMax = 40;

// All clients of a run lie. One run holds thousands of chances to be caught, so that forty runs without one would be a
// wonder; usually the first one tells.
template <class Check>
uint64_t seeds_until_caught(Fault fault, Check is_caught) {
  uint64_t seed = 1;
  while (seed <= kSeedsMax && !is_caught(WorkloadOptions{.seed = seed, .fault = fault})) ++seed;
  return seed;
}

bool mixed_calls_tell(const WorkloadOptions& options) {
  return !check_linearizable(run_mixed_calls(options).history).linearizable;
}
bool appends_tell(const WorkloadOptions& options) {
  return !check_serializable(run_appends(options).history).serializable;
}

TEST(PlantedViolation, search_catches_every_fault_in_a_run_of_many_threads) {
  EXPECT_LE(seeds_until_caught(Fault::kSplit, mixed_calls_tell), kSeedsMax);
  EXPECT_LE(seeds_until_caught(Fault::kUnwatched, mixed_calls_tell), kSeedsMax);
  EXPECT_LE(seeds_until_caught(Fault::kCachedRead, mixed_calls_tell), kSeedsMax);
}

TEST(PlantedViolation, cycle_test_catches_every_fault_in_a_run_of_many_threads) {
  EXPECT_LE(seeds_until_caught(Fault::kSplit, appends_tell), kSeedsMax);
  EXPECT_LE(seeds_until_caught(Fault::kUnwatched, appends_tell), kSeedsMax);
  EXPECT_LE(seeds_until_caught(Fault::kCachedRead, appends_tell), kSeedsMax);
}

}  // namespace
}  // namespace inlay::test
