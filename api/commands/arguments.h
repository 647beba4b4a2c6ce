// Parameter types that say, in a command's signature, how its argument is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "inlay/types.h"

namespace inlay {

enum class TimeUnit : uint8_t { kSeconds, kMilliseconds };

/// A deadline as one integer argument: EXPIRE takes a span in seconds, PEXPIREAT an instant in milliseconds.
template <TimeUnit unit, bool absolute>
struct TimeArgument {
  Expiry expiry = Expiry::after_ms(0);
};
using Seconds = TimeArgument<TimeUnit::kSeconds, false>;
using Milliseconds = TimeArgument<TimeUnit::kMilliseconds, false>;
using UnixSeconds = TimeArgument<TimeUnit::kSeconds, true>;
using UnixMilliseconds = TimeArgument<TimeUnit::kMilliseconds, true>;

/// A float argument that the command judges only after it has looked at the key.
struct LateFloat {
  long double value = 0;
  bool valid = false;
};

/// The same for an integer.
struct LateInteger {
  int64_t value = 0;
  bool valid = false;
};

/// A database number.
struct DbNumber {
  int64_t value = 0;
};
/// The database numbers of SWAPDB, each with its own error text.
struct FirstDb {
  int64_t value = 0;
};
struct SecondDb {
  int64_t value = 0;
};

struct Cursor {
  uint64_t value = 0;
};

/// The number of elements to sample in MEMORY USAGE.
struct MemoryUsageOptions {
  int64_t samples = 5;
  friend bool operator==(const MemoryUsageOptions&, const MemoryUsageOptions&) = default;
};

/// LcsOptions as read by name: a malformed option is refused only after the keys' types.
struct LcsArguments {
  LcsOptions options;
  enum class Fault : uint8_t { kNone, kSyntax, kNotInteger } fault = Fault::kNone;
};

/// How many elements SPOP and its like take: not negative. One, by itself, where it is left out.
struct PopCount {
  std::optional<int64_t> count{};
};

/// Draws that may repeat make replies of any size; one of more than this takes gigabytes, and is refused.
inline constexpr int64_t kDrawsMax = int64_t{1} << 27;

/// ElementScanOptions as read by name: malformed ones are refused only once the key's type was looked at.
struct ElementScanArguments {
  ElementScanOptions options{};
  absl::Status fault{};
};

/// SortOptions as read by name.
struct SortArguments {
  SortOptions options;
  std::optional<std::string> store;
};
/// The same for SORT_RO, which stores nothing.
struct SortReadArguments {
  SortOptions options;
};

/// SYNC or ASYNC of a flush; both free outside the instant of the flush.
struct FlushMode {
  bool async = false;
};

}  // namespace inlay
