// Traces: the keys that a real program asked its cache for, as zstd-compressed little-endian 64-bit numbers; and such with
// sizes, in which a 32-bit number of bytes stands behind each key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inlay/result.h"

namespace inlay::shell {

struct Trace {
  std::vector<uint64_t> keys;
  std::vector<uint32_t> sizes;  // One a request, or none.
  uint64_t unique_keys = 0;
};

/// Reads a trace, one with sizes if "u64u32" is part of its name; of a longer one the first `requests_max` requests.
/// Errors: the file cannot be read, is not zstd, is damaged or ends too early, or does not hold whole records. Memory: 8 or
/// 12 bytes a request.
Result<Trace> read_trace(const std::string& path, uint64_t requests_max);

}  // namespace inlay::shell
