// Traces: the keys that a real program asked its cache for, as zstd-compressed little-endian 64-bit numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inlay/result.h"

namespace inlay::shell {

struct Trace {
  std::vector<uint64_t> keys;
  uint64_t unique_keys = 0;
};

/// Reads a trace; of a longer one the first `requests_max` requests. Errors: the file cannot be read, is not zstd,
/// is damaged or ends too early, or does not hold whole 64-bit numbers. Memory: 8 bytes a request.
Result<Trace> read_trace(const std::string& path, uint64_t requests_max);

}  // namespace inlay::shell
