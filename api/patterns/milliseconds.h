// Durations as the cache keeps them.
#pragma once

#include <chrono>
#include <cstdint>

#include "inlay/expiry/clock.h"

namespace inlay::internal {

/// In whole milliseconds, rounded up.
inline int64_t ms_of(Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

}  // namespace inlay::internal
