// How a Cache behaves, and what it tells of itself. See inlay/patterns/cache.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "inlay/callback_executor.h"
#include "inlay/types.h"

namespace inlay {

/// All times are by the store's clock. A value's age counts from the moment its load, or its put, began.
///
///       fresh                    |  stale: served while one caller reloads   |
///   ----+-----------+------------+-------------------------------------------+------------> age
///       0           |  due       ttl (less jitter)                           ttl + serve_stale
///                   ttl - refresh_ahead
struct CachePolicy {
  /// How long a value is fresh. kForever: until it is replaced or invalidated.
  Duration ttl = std::chrono::hours(1);
  /// Each entry lives shorter by its own random share of this part of its ttl, so that what was loaded together does not
  /// end together. 0 to 1.
  double jitter = 0.1;
  /// The first hit this long before the end starts a reload through `executor`, and is served the old value. Needs an
  /// executor: without one no hit reloads, since a hit should not pay for a load.
  Duration refresh_ahead{};
  /// For this long after its end, a value is served while it is being reloaded: through `executor`, or where there is
  /// none by the first caller, who waits for it alone.
  Duration serve_stale{};
  /// For this long after its end, a value is served when loading another fails or takes longer than load_timeout.
  Duration stale_on_error{};
  /// How long "there is none" is remembered, so that keys which do not exist do not reach the loader each time. Zero: it
  /// is not remembered.
  Duration negative_ttl{};
  /// How long a caller waits for a load that another caller makes, before it gets DeadlineExceeded. The load goes on, and
  /// its result is kept. The time is looked at every few milliseconds.
  Duration load_timeout = kForever;
  /// Runs reloads in the background. Must outlive the cache; may drop tasks.
  CallbackExecutor* executor = nullptr;
  /// Rules every random choice, for tests. Unset: a random one. Caches that share a prefix need different seeds, for by
  /// them they tell each other's writes from their own.
  std::optional<uint64_t> seed{};
};

/// Counts since the cache was made. Each is exact; together they are not of one instant.
struct CacheStats {
  /// Calls that found a fresh entry, remembered absence included.
  uint64_t hits = 0;
  /// Calls that were given a value past its end.
  uint64_t stale_hits = 0;
  /// Calls that found nothing to serve at once. One whose load failed, and that was given a stale value, counts there too.
  uint64_t misses = 0;
  /// Calls of a loader that ended, those that failed included.
  uint64_t loads = 0;
  uint64_t load_failures = 0;
  /// Loads whose value was not kept: something newer was put, or the key invalidated, while they ran; or their value was
  /// past its end when it came.
  uint64_t loads_dropped = 0;
  /// Callers that gave up waiting.
  uint64_t timeouts = 0;
  /// Time spent in loaders.
  Duration load_time{};
  /// Callers that wait for a load at this moment.
  uint64_t waiting = 0;
  friend bool operator==(const CacheStats&, const CacheStats&) = default;
};

}  // namespace inlay
