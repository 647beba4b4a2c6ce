// WakeList: waiting for something that a closure over several keys decides, without polling.
//
//   waiter                                         whoever changes something
//   atomically: nothing there -> join,             atomically: push the job -> wake_one
//               sleep_until(next event)                        lease it until T -> event_at(T)
//   sleep: BLPOP wake, up to the next event
//   atomically: look again ... -> leave
//
//   <name>:waiters   hash   count = waiters between join and leave; horizon = no waiter sleeps beyond this (unix ms)
//   <name>:wake      list   a token per waiter to be woken
//
// Both keys are gone when nobody waits, so a call that finds no waiters costs one look-up.
//
// Why no wake-up is lost: a waiter joins in the closure that found nothing, so whoever changes something later sees it
// and leaves a token, which waits in the list if the waiter has not yet come to sleep.
// Why no event is slept through: waiters sleep until the next event that they saw. One that will come before the horizon
// wakes them all, so that they look again.
//
// Invariants
//   1. The number of waiters that sleep is 0 or the list holds no token.
//   2. A waiter that sleeps wakes at the horizon or before, or at a deadline of its own, after which it leaves.
//
// Thread safety: immutable; the methods on a View are atomic with the closure around them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>

#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay::patterns_internal {

/// No event is known.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

/// Milliseconds since the Unix epoch, rounded towards the future: for deadlines that must not come early.
int64_t to_unix_ms_ceil(TimePoint time);
/// `now + span`, TimePoint::max() where that cannot be represented.
TimePoint time_after(TimePoint now, Duration span);
/// How long from `now` to `unix_ms`, kForever for kNever, zero for the past.
Duration time_until(TimePoint now, int64_t unix_ms);

class WakeList {
 public:
  static constexpr Bytes kLook = "look";

  /// The names of its two keys, which every closure that uses it declares, and which must outlive it.
  WakeList(Key waiters, Key wake) : waiters_(waiters), wake_(wake) {}

  /// How many wait.
  Result<int64_t> count(View& view) const;
  absl::Status join(View& view) const;
  /// Returns how many remain. The last one takes the tokens that nobody has taken with it.
  Result<int64_t> leave(View& view) const;
  /// To be called by a waiter before it sleeps, with the next event that it knows of.
  absl::Status sleep_until(View& view, int64_t event_unix_ms) const;

  /// Leaves a token for the waiter that has slept longest, or next comes to sleep; not more than there are waiters.
  absl::Status wake_one(View& view) const;
  /// Wakes everybody if somebody would sleep through an event at this time.
  absl::Status event_at(View& view, int64_t unix_ms) const;
  /// Leaves `token` whatever is there already. To be called only while somebody waits.
  absl::Status hand_over(View& view, Bytes token) const { return view.rpush(wake_, token).status(); }
  /// Takes one such token back if nobody has taken it.
  Result<bool> take_back(View& view, Bytes token) const;

  /// Sleeps until there is a token, which it takes; nil after `timeout`. Without locks, of course.
  Nullable<std::string> sleep(const Database& db, Duration timeout, const std::stop_token& stop) const;

 private:
  Key waiters_;
  Key wake_;
};

}  // namespace inlay::patterns_internal
