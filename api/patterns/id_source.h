// IdSource: names that nobody can guess.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "inlay/result.h"

namespace inlay::patterns_internal {

inline constexpr size_t kIdSize = 32;

/// Makes ids of 128 bits, written as 32 lower-case hexadecimal digits. Without a seed they come from the operating
/// system's cryptographic source; with one they are a fixed sequence, for tests. Thread-safe.
class IdSource {
 public:
  explicit IdSource(std::optional<uint64_t> seed) : is_seeded_(seed.has_value()), next_(seed.value_or(0)) {}

  /// Errors: Unavailable where the system has no randomness to give.
  Result<std::string> next();

 private:
  const bool is_seeded_;
  std::atomic<uint64_t> next_;  // State of the seeded sequence; relaxed, as nothing else hangs on it.
};

/// Whether this is what an IdSource makes.
bool is_id(std::string_view text);

}  // namespace inlay::patterns_internal
