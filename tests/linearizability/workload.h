// Workloads: seeded threads that meet on a few keys, and the history of what they did.
//
// A run is made of bursts: all threads start one together, and it ends when the last one has finished, an instant at
// which nothing runs. A seed fixes what each thread asks for; how the threads interleave is the machine's affair, so that
// a failure need not come again at once. Its report is made to be understood without.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tests/linearizability/client.h"
#include "tests/linearizability/history.h"

namespace inlay::test {

struct WorkloadOptions {
  uint64_t seed = 1;
  int threads = 4;
  int bursts = 8;
  /// Calls, pipelines or transactions of one thread in one burst.
  int rounds = 24;
  size_t shards = 8;
  Stamps::Kind stamps = Stamps::Kind::kCounter;
  Fault fault = Fault::kNone;
};
/// For the report of a failure.
std::string to_string(const WorkloadOptions& options);

struct WorkloadRun {
  History history;
  /// Of the store, afterwards.
  absl::Status invariants;
};

/// Strings, lists and a hash on keys of their own, groups of keys that multi-key calls join, and keys with deadlines while
/// the clock is moved: for check_linearizable().
WorkloadRun run_mixed_calls(const WorkloadOptions& options);

/// Appends and reads of lists and strings by transactions across keys, and at last a read of them all: for
/// check_serializable().
WorkloadRun run_appends(const WorkloadOptions& options);

}  // namespace inlay::test
