// "inlay replay --policy": miss ratios of several policies at several sizes, side by side.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/shell/replay_model.h"
#include "api/shell/trace.h"

namespace inlay::shell {

/// One column of the table.
struct CacheSize {
  std::string label;
  uint64_t capacity = 0;  // In units of weight.
};

/// One cell.
struct Replayed {
  uint64_t requests = 0;
  uint64_t misses = 0;
  uint64_t bytes_requested = 0;  // By weight.
  uint64_t bytes_missed = 0;
  size_t metadata = 0;
  double seconds = 0;
};

struct CurveOptions {
  std::string policies;      // Names, separated by commas; "all" for all.
  std::string fractions;     // Of all keys, or of all their bytes.
  std::string entries;       // Capacities.
  std::string bytes;         // Capacities, which make sizes count.
  bool weigh_bytes = false;  // Sizes count for fractions too.
  bool csv = false;
  uint64_t value_size = 1;
  unsigned shards = 1;
  double requests_per_second = 1000;
  uint64_t seed = 1;
};

/// What the user asked for, or what is wrong with it.
Result<std::vector<std::string>> chosen_policies(const CurveOptions& options);
Result<std::vector<CacheSize>> chosen_sizes(const CurveOptions& options, const Workload& workload);

/// Replays and prints; returns the exit status.
int print_curves(const CurveOptions& options, const Trace& trace);

}  // namespace inlay::shell
