// A set of deadlines: schedule, move and cancel in constant time, fire in order.
//
// For many timers (up to four billion) of which most are moved or cancelled before they fire, such as the
// TTLs of a keyspace, sessions or time-outs. A millisecond is the finest step. For a handful of timers a
// std::set does as well.
//
//   inlay::TimerWheel wheel(to_unix_ms(clock->now()));
//   auto timer = wheel.schedule(deadline_ms, reinterpret_cast<uintptr_t>(entry));
//   wheel.reschedule(timer, later_ms);
//   wheel.advance(to_unix_ms(clock->now()), 20, [](uint64_t payload, int64_t deadline_ms) { ... });
//
// It is a hierarchical timing wheel. Timers hang in lists, one list per slot; a slot covers a stretch of time
// that is short when it is near and long when it is far. When time reaches a slot that is longer than a
// millisecond, the slot's timers move on to finer slots. A bitmap knows which slots have timers, so that time
// may jump over the others:
//
//                 now
//      level 0     |.|.|x|.|.|x|x|.| ... 1 ms each, to the end of the running 256 ms
//      level 1       |  .  |  x  |  .  | ... 256 ms each, to the end of the running 66 s
//      level 2                |      x      |      .      | ... 66 s each
//       ...                                                       levels 3 to 6: 70 min, 3 d, 199 d, 17 y
//      outliers    a heap for the deadlines that were past when they were set, and for those centuries away
//
// A timer is a node of 16 bytes: both links of its list, its deadline and its payload.
// docs/design/timer_wheel.md tells how that is possible, and why a timer whose deadline moves away is not
// touched at all but for its deadline.
//
// Bytes: 16.2 per timer at a million; 8 kB for the first timer of a wheel; 32 for a wheel that never had a
// timer. The memory of timers that are gone is used again, and given back 4 kB at a time.
//
// Invariants:
//   1. Every pending timer is in the list of one slot or in the heap.
//   2. The slot of a timer starts at or before its deadline, and not before now; but for the slot that
//      advance() has begun to empty.
//   3. Every slot that has timers is in the bitmap.
//   4. next_deadline_bound() is at or before every deadline and every slot in the bitmap.
//   5. There is no slot timer before now: it would be an outlier.
//
// Thread safety: owned by its shard; nothing here is locked, and const methods alone may run at the same
// time.
//
// After G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"

namespace inlay {

class TimerWheel {
 public:
  /// Names a pending timer, from schedule() until it fires or is cancelled; afterwards another timer may get
  /// the name.
  using Handle = uint32_t;
  /// No timer has this name.
  static constexpr Handle kNoTimer = 0;
  /// Payloads keep this many low bits and lose the rest: a 48-bit pointer and a 4-bit number fit.
  static constexpr int kPayloadBits = 52;
  /// advance() moves at most so many timers to finer slots per timer that it may fire.
  static constexpr size_t kMovesPerFiring = 8;

  /// An empty wheel, whose time is `now_ms`. Allocates nothing.
  explicit TimerWheel(int64_t now_ms);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  /// Adds a timer. Any deadline will do: one that is past fires at the next advance(). O(1) for deadlines
  /// from the latest time given to advance() to the year 2527; O(log n) in the number of timers outside of
  /// that span.
  Handle schedule(int64_t deadline_ms, uint64_t payload);

  /// Gives a pending timer another deadline. Complexity as for schedule(). A later deadline costs the least:
  /// the timer stays where it is, and the wheel finds out when it comes across it.
  void reschedule(Handle timer, int64_t deadline_ms);

  /// Removes a pending timer. O(1); O(log n) for a timer outside of the span of schedule(). Its memory is
  /// free for others by the next advance() that has something to do, or after 64 more changes.
  void cancel(Handle timer);

  /// What a pending timer was given. O(1).
  int64_t deadline(Handle timer) const;
  uint64_t payload(Handle timer) const;
  void set_payload(Handle timer, uint64_t payload);

  /// Sets the wheel's time and calls `fire(payload, deadline_ms)` for the timers whose deadline is not after
  /// `now_ms`, at most `limit` of them, earliest first. Returns their number.
  ///
  /// Timers of one deadline fire in an order that depends on nothing but the calls made before.
  ///
  /// `fire` runs after its timer is gone, and may schedule, reschedule and cancel others; a timer that it
  /// schedules for no later than `now_ms` fires in the same call, if `limit` allows. It must not advance or
  /// destroy the wheel.
  ///
  /// The work of one call is bounded, for the caller may hold a lock: at most `limit` firings and `limit` *
  /// kMovesPerFiring moves to finer slots. So a call may stop with timers still due, because of either bound:
  /// then `next_deadline_bound() <= now_ms`, and the next call goes on from there. The moves suffice
  /// for `limit` firings per call in the long run: a timer moves at most six times on its way, and at most
  /// once more for each time that it was rescheduled.
  ///
  /// A `now_ms` before that of an earlier call does no harm: it fires what is due by `now_ms` and no more.
  ///
  /// Constant time when nothing is due, however long ago the last call was; else O(1) per firing, per move
  /// and per slot whose timers were all cancelled.
  template <class Fire>
  size_t advance(int64_t now_ms, size_t limit, Fire&& fire) {
    if (now_ms < bound_ms_) {
      // All slots with timers are still ahead, so time may go there without looking at them.
      if (now_ms > now_ms_) now_ms_ = now_ms;
      return 0;
    }
    Pass pass(now_ms, limit);
    size_t fired = 0;
    while (fired < limit && next_due(pass)) {
      ++fired;
      fire(pass.payload, pass.deadline_ms);
    }
    return fired;
  }

  /// Fills `payloads` from the front with those of different pending timers that stand together at a place that `draw`,
  /// a uniform number, chooses; returns how many. Looks at `looks` places at most, so it may find none though there are
  /// some. O(looks).
  size_t sample(uint64_t draw, size_t looks, std::span<uint64_t> payloads) const;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// No pending timer has a deadline before this; INT64_MAX if there is no timer. It may be too early by the
  /// length of the earliest timer's slot, and by any amount after a cancel() or reschedule(), until the next
  /// advance(). O(1).
  int64_t next_deadline_bound() const { return empty() ? INT64_MAX : bound_ms_; }

  /// Bytes allocated, without the wheel itself. O(1 + n / 64 768).
  size_t memory_usage() const;

  /// Internal error if one of the invariants above does not hold. O(n).
  absl::Status check_invariants() const;

 private:
  struct Edit;
  struct State;

  // One call of advance(): what it may still do, and the timer that it is about to fire.
  struct Pass {
    Pass(int64_t now, size_t limit)
        : now_ms(now), moves_left(limit > SIZE_MAX / kMovesPerFiring ? SIZE_MAX : limit * kMovesPerFiring) {}

    int64_t now_ms;
    size_t moves_left;
    uint32_t group = 0;  // Of segments, the one served last.
    uint64_t payload = 0;
    int64_t deadline_ms = 0;
  };

  bool has_slot(int64_t deadline_ms) const;
  int64_t deadline_from_bits(uint64_t bits) const;
  bool is_pending(Handle timer) const;

  void make_state();
  int64_t link(Handle timer, int64_t deadline_ms);
  void enter(Handle timer, int64_t deadline_ms);
  void leave(Handle timer);
  void postpone(const Edit& edit);
  void make_edits();
  void move(Handle timer, int64_t deadline_ms);

  bool next_due(Pass& pass);
  int64_t next_slot_ms() const;
  bool open_slot(int64_t now_ms);
  void close_group(uint32_t group);
  bool drain(Pass& pass);
  void take(Handle timer, int64_t deadline_ms, Pass& pass);

  absl::Status check_slot(uint32_t slot, size_t& timers) const;

  std::unique_ptr<State> state_;  // Null until the first timer.
  int64_t now_ms_;
  int64_t bound_ms_ = INT64_MAX;
  size_t size_ = 0;
};

}  // namespace inlay
