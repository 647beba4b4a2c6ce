// Rate limiters: may this caller do that now? Decided and recorded in one step.
//
//   inlay::SlidingWindowLog limiter(*store, "login:", {.limit = 5, .window = 1min});
//   const auto decision = limiter.allow(user).value();
//   if (!decision.allowed) return too_many_requests(decision.retry_after);
//
//   limiter               what never happens                                  memory per caller   cost
//   FixedWindow           more than limit in one of a caller's own windows    a number            least
//   SlidingWindowCounter  the same; about limit in any window                 three numbers       least
//   SlidingWindowLog      more than limit in any window                       ~11 B x limit       O(log limit + n)
//   TokenBucket           more than burst + t x rate in any time t            a number            least
//
// All of them:
//   - Look, decide and record under one lock, so no two calls take the same last place.
//   - A refused call leaves no trace: who keeps knocking gets in as soon as who waits.
//   - The key has a deadline from the step that makes it on, and goes by itself once it says nothing any more.
//   - Time is the store's clock. Where it is set back, a limiter is stricter for as long, never laxer.
//   - `n` counts as n calls, all or none. More than could ever be allowed is an InvalidArgument error, not a refusal: no
//     waiting would help. So are n below 1, and options that make no sense, which every call refuses.
//   - A key of another kind under the name is WRONGTYPE, or FailedPrecondition where it is a string of something else.
//
// Thread-safe; small values to copy. The store must outlive them. All who share a limiter must give it equal options.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay {

struct RateDecision {
  bool allowed = false;
  /// How many more calls would be allowed at this moment, after this one.
  int64_t remaining = 0;
  /// Zero if allowed, else how long until the same call will be, if nobody else comes first.
  Duration retry_after{};
  friend bool operator==(const RateDecision&, const RateDecision&) = default;
};

struct WindowOptions {
  /// Calls in a window; at least 1.
  int64_t limit = 0;
  /// At least a millisecond, at most ten years.
  Duration window{};
};

/// Counts the calls of a caller in windows of its own: the first call opens one, and the first after its end the next.
/// The cheapest, and the laxest: about a window's edge 2 x limit may pass within a short time.
///
/// `<prefix><caller>` is a string, the count; it dies with the window.
class FixedWindow {
 public:
  FixedWindow(Database db, std::string prefix, WindowOptions options)
      : db_(db), prefix_(std::move(prefix)), options_(options) {}

  /// O(1).
  Result<RateDecision> allow(std::string_view caller, int64_t n = 1) const;
  /// Forgets a caller; false if there was nothing to forget. O(1).
  Result<bool> reset(std::string_view caller) const;

 private:
  Database db_;
  std::string prefix_;
  WindowOptions options_;
};

/// Remembers when each call was: exact over every window, at the price of memory. A call counts for exactly `window`,
/// to the nanosecond.
///
/// `<prefix><caller>` is a list of times, in nanoseconds since the Unix epoch, oldest first; it dies with the last one.
class SlidingWindowLog {
 public:
  SlidingWindowLog(Database db, std::string prefix, WindowOptions options)
      : db_(db), prefix_(std::move(prefix)), options_(options) {}

  /// O(log limit + n + calls that went out of the window).
  Result<RateDecision> allow(std::string_view caller, int64_t n = 1) const;
  /// Forgets a caller; false if there was nothing to forget. O(calls in the window).
  Result<bool> reset(std::string_view caller) const;

 private:
  Database db_;
  std::string prefix_;
  WindowOptions options_;
};

/// Counts in fixed windows, and takes the window before for spread evenly: of its calls as many still count as its part
/// that a window ending now would cover. Never more than limit in a window of the clock's grid; over any other window as
/// exact as the calls before are even, and at worst, all of them just before the edge, below 2 x limit.
///
/// `<prefix><caller>` is a string of three numbers: the window's number since the epoch, its count, and the count of the
/// window before; it dies when the next window ends.
class SlidingWindowCounter {
 public:
  SlidingWindowCounter(Database db, std::string prefix, WindowOptions options)
      : db_(db), prefix_(std::move(prefix)), options_(options) {}

  /// O(1).
  Result<RateDecision> allow(std::string_view caller, int64_t n = 1) const;
  /// Forgets a caller; false if there was nothing to forget. O(1).
  Result<bool> reset(std::string_view caller) const;

 private:
  Database db_;
  std::string prefix_;
  WindowOptions options_;
};

struct TokenBucketOptions {
  /// How many tokens come back ...
  int64_t tokens = 0;
  /// ... in this time, one by one. A token's time is rounded up to a nanosecond, and must be at least one.
  Duration per{};
  /// How many the bucket holds; to fill it must not take longer than ten years.
  int64_t burst = 0;
};

/// A bucket of `burst` tokens, full at first, that fills steadily; a call takes one token, or n. Keeps a single time, by
/// the generic cell rate algorithm (GCRA, ITU-T I.371): when the bucket will be full again.
///
/// `<prefix><caller>` is a string, that time in nanoseconds since the Unix epoch, at which it dies.
class TokenBucket {
 public:
  TokenBucket(Database db, std::string prefix, TokenBucketOptions options)
      : db_(db), prefix_(std::move(prefix)), options_(options) {}

  /// O(1).
  Result<RateDecision> allow(std::string_view caller, int64_t n = 1) const;
  /// Fills a caller's bucket; false if it was full. O(1).
  Result<bool> reset(std::string_view caller) const;

 private:
  Database db_;
  std::string prefix_;
  TokenBucketOptions options_;
};

}  // namespace inlay
