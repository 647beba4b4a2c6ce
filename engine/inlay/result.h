// Results: error, nil or value, kept apart.
//
// A missing key gives nil for scalar look-ups, an empty container for collection reads, 0 for counters and
// lengths. A Status error means misuse, a limit or an abort; it carries an ErrorKind and Redis's own text.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace inlay {

/// The outcome of a command that answers only "OK".
struct Ok {
  friend bool operator==(Ok, Ok) = default;
};

namespace internal {
template <class T>
struct ResultOf {
  using type = absl::StatusOr<T>;
};
template <>
struct ResultOf<Ok> {
  using type = absl::Status;
};
}  // namespace internal

/// error | value. Result<Ok> is plain absl::Status.
template <class T>
using Result = typename internal::ResultOf<T>::type;
/// error | nil | value.
template <class T>
using Nullable = absl::StatusOr<std::optional<T>>;

/// True when the call succeeded and found nothing.
template <class T>
bool is_nil(const absl::StatusOr<std::optional<T>>& result) {
  return result.ok() && !result->has_value();
}

/// The value, or `fallback` for nil and for an error.
template <class T, class U>
T value_or(absl::StatusOr<std::optional<T>> result, U&& fallback) {
  return result.ok() && result->has_value() ? **std::move(result) : static_cast<T>(std::forward<U>(fallback));
}

/// Turns nil into a NotFound error.
template <class T>
absl::StatusOr<T> require(absl::StatusOr<std::optional<T>> result) {
  if (!result.ok()) return std::move(result).status();
  if (!result->has_value()) return absl::NotFoundError("nil");
  return **std::move(result);
}

enum class ErrorKind : unsigned char {
  kNone,
  kWrongType,
  kNotInteger,
  kNotFloat,
  kOverflow,
  kOutOfRange,
  kSyntax,
  kNoSuchKey,
  kBusyKey,
  kNaN,
  kOutOfMemory,
  kExecAborted,
  kWatchFailed,
  kClosed,
  kUnsupported,
  kOther,
};

/// What went wrong; kNone for an OK status, kOther for an error that Inlay did not make.
ErrorKind kind_of(const absl::Status& status);

/// The error as Redis words it, such as "WRONGTYPE Operation against a key holding the wrong kind of value".
/// Empty for an OK status.
std::string redis_error_text(const absl::Status& status);

}  // namespace inlay
