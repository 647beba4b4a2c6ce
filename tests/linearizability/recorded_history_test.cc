// Real histories: threads that mix single calls typed and by name, calls on many keys, pipelines, MULTI/EXEC with and
// without WATCH, watched transactions and closures on a few keys, and the two checkers' word on each.
//
// A failure prints its seed and the report. INLAY_SEED=<n> begins with another seed, INLAY_RUNS=<n> makes more of them:
//   INLAY_RUNS=10000 ./recorded_history_test
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/linearizability/linearizability.h"
#include "tests/linearizability/serializability.h"
#include "tests/linearizability/workload.h"

namespace inlay::test {
namespace {

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr uint64_t kRuns = 40;

// One shard, where all keys share a lock; a few; more shards than keys.
WorkloadOptions options_of(uint64_t seed) {
  constexpr size_t kShards[] = {1, 4, 64};
  return {.seed = seed,
          .threads = seed % 4 < 2 ? 4 : 8,
          .shards = kShards[seed % 3],
          .stamps = seed % 5 < 2 ? Stamps::Kind::kCounter : Stamps::Kind::kClock};
}

struct Tally {
  size_t operations = 0;
  size_t overlapping = 0;  // With operations of other threads.
  size_t looks = 0;        // Of the search.
};

// Runs `check` on many seeds, and demands that threads did meet.
template <class Check>
void for_each_seed(Check check) {
  const uint64_t first = from_environment("INLAY_SEED", 1), runs = from_environment("INLAY_RUNS", kRuns);
  Tally tally;
  for (uint64_t seed = first; seed < first + runs && !testing::Test::HasFailure(); ++seed) {
    const WorkloadOptions options = options_of(seed);
    SCOPED_TRACE(to_string(options));
    const History history = check(options, tally);
    tally.operations += history.size();
    tally.overlapping += count_overlapping(history);
  }
  std::printf("%zu operations, %zu of them overlapping, %zu looks of the search\n", tally.operations,
              tally.overlapping, tally.looks);
  EXPECT_GT(tally.overlapping, 0u);
}

TEST(RecordedHistory, mixed_calls_are_linearizable) {
  for_each_seed([](const WorkloadOptions& options, Tally& tally) {
    WorkloadRun run = run_mixed_calls(options);
    EXPECT_TRUE(run.invariants.ok()) << run.invariants;
    const LinearizabilityVerdict verdict = check_linearizable(run.history);
    tally.looks += verdict.configurations;
    EXPECT_TRUE(verdict.linearizable) << verdict.report;
    return std::move(run.history);
  });
}

TEST(RecordedHistory, transactions_are_strictly_serializable) {
  for_each_seed([](const WorkloadOptions& options, Tally&) {
    WorkloadRun run = run_appends(options);
    EXPECT_TRUE(run.invariants.ok()) << run.invariants;
    const SerializabilityVerdict verdict = check_serializable(run.history);
    EXPECT_TRUE(verdict.serializable) << verdict.anomaly << ": " << verdict.report;
    return std::move(run.history);
  });
}

// The same histories by the other method: it also knows what RPUSH and APPEND have to answer.
TEST(RecordedHistory, transactions_are_linearizable_as_a_whole) {
  for_each_seed([](WorkloadOptions options, Tally& tally) {
    options.bursts = 2;
    WorkloadRun run = run_appends(options);
    const LinearizabilityVerdict verdict = check_linearizable(run.history);
    tally.looks += verdict.configurations;
    EXPECT_TRUE(verdict.linearizable) << verdict.report;
    return std::move(run.history);
  });
}

}  // namespace
}  // namespace inlay::test
