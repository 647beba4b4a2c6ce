// Passing errors on without exceptions.
#pragma once

#include <utility>

// Returns the error of a Status or of a StatusOr from the function around it; goes on if it is OK.
#define INLAY_TRY(expression)                                               \
  do {                                                                      \
    if (auto inlay_tried = (expression); !inlay_tried.ok())                 \
      return ::inlay::patterns_internal::status_of(std::move(inlay_tried)); \
  } while (false)

// The same, and gives the value of a StatusOr to a new variable: INLAY_ASSIGN(const int64_t n, view.llen(key));
#define INLAY_ASSIGN(declaration, expression) \
  INLAY_ASSIGN_TO(INLAY_JOINED(inlay_result_, __LINE__), declaration, expression)
#define INLAY_ASSIGN_TO(result, declaration, expression)                             \
  auto result = (expression);                                                        \
  if (!result.ok()) return ::inlay::patterns_internal::status_of(std::move(result)); \
  declaration = *std::move(result)
#define INLAY_JOINED(a, b) INLAY_JOINED_NOW(a, b)
#define INLAY_JOINED_NOW(a, b) a##b

#include "inlay/result.h"

namespace inlay::patterns_internal {

inline absl::Status status_of(absl::Status status) { return status; }
template <class T>
absl::Status status_of(absl::StatusOr<T>&& result) {
  return std::move(result).status();
}

}  // namespace inlay::patterns_internal
