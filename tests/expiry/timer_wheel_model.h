// A TimerWheel beside a std::multimap that must agree with it, and operations on both made from arbitrary
// numbers. The property test and the fuzz target share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "inlay/expiry/timer_wheel.h"

namespace inlay::testing {

/// One operation; every combination of values means something.
struct TimerOp {
  uint8_t kind;
  uint8_t scale;
  uint64_t value;
};

class TimerWheelModel {
 public:
  explicit TimerWheelModel(int64_t now_ms) : now_ms_(now_ms), wheel_(now_ms) {}

  absl::Status apply(const TimerOp& op) {
    switch (op.kind % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: schedule(time(op)); break;
      case 5:
      case 6:
      case 7: reschedule(op.value, time(op)); break;
      case 8:
      case 9: cancel(op.value); break;
      case 10: change_payload(op.value); break;
      case 11:
      case 12:
      case 13:
      case 14: advance(time(op), op.value % 4 == 0 ? op.value % 7 : SIZE_MAX); break;
      case 15: advance(now_ms_, op.value % 3 + 1); break;
    }
    check();
    return status_;
  }

  /// Fires what is left, through the end of time.
  absl::Status finish() {
    for (int64_t now_ms : {now_ms_, INT64_MAX}) {
      advance(now_ms, SIZE_MAX);
      check();
    }
    if (!wheel_.empty()) fail("timers left at the end of time");
    return status_;
  }

 private:
  struct Timer {
    TimerWheel::Handle handle;
    uint64_t payload;
  };
  using Timers = std::multimap<int64_t, Timer>;  // By deadline.

  void fail(const std::string& what) {
    if (status_.ok()) status_ = absl::InternalError(what);
  }

  // Times near and far from the present, on both sides of it; around the boundaries of slots; and the
  // extremes.
  int64_t time(const TimerOp& op) const {
    static constexpr int64_t kExtremes[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    static constexpr int kBits[] = {2, 9, 12, 17, 23, 33, 46};
    uint64_t now = static_cast<uint64_t>(now_ms_);
    switch (op.scale % 16) {
      case 15: return kExtremes[op.value % std::size(kExtremes)];
      case 14: return static_cast<int64_t>(op.value);
      case 13:
        return static_cast<int64_t>((now | ((uint64_t{1} << op.value % 63) - 1)) + op.value / 64 % 3 - 1);
    }
    uint64_t distance = op.value & ((uint64_t{1} << kBits[op.scale % std::size(kBits)]) - 1);
    return static_cast<int64_t>(op.scale >= 192 ? now - distance : now + distance);
  }

  Timers::iterator pick(uint64_t value) { return std::next(timers_.begin(), value % timers_.size()); }

  void schedule(int64_t deadline_ms) {
    uint64_t payload = ++serial_ & 0xF'FFFF'FFFF'FFFF;
    TimerWheel::Handle handle = wheel_.schedule(deadline_ms, payload);
    if (handle == TimerWheel::kNoTimer) fail("schedule gave no handle");
    timers_.emplace(deadline_ms, Timer{handle, payload});
  }

  void reschedule(uint64_t value, int64_t deadline_ms) {
    if (timers_.empty()) return;
    auto it = pick(value);
    Timer timer = it->second;
    timers_.erase(it);
    timers_.emplace(deadline_ms, timer);
    wheel_.reschedule(timer.handle, deadline_ms);
    if (wheel_.deadline(timer.handle) != deadline_ms) fail("reschedule did not set the deadline");
  }

  void cancel(uint64_t value) {
    if (timers_.empty()) return;
    auto it = pick(value);
    wheel_.cancel(it->second.handle);
    timers_.erase(it);
  }

  void change_payload(uint64_t value) {
    if (timers_.empty()) return;
    auto it = pick(value);
    it->second.payload = ++serial_;
    wheel_.set_payload(it->second.handle, it->second.payload);
  }

  void advance(int64_t now_ms, size_t limit) {
    now_ms_ = now_ms;
    size_t fired = 0;
    size_t returned = wheel_.advance(now_ms, limit, [&](uint64_t payload, int64_t deadline_ms) {
      ++fired;
      on_fire(payload, deadline_ms);
    });
    if (returned != fired) fail("advance miscounted");
    if (fired > limit) fail("advance fired more than its limit");
    bool due = !timers_.empty() && timers_.begin()->first <= now_ms;
    if (limit == SIZE_MAX && due) fail("a due timer did not fire");
    if (due && wheel_.next_deadline_bound() > now_ms) fail("advance stopped early without a sign");
  }

  // The timer that fires is one of those with the earliest deadline, and some callbacks change the wheel.
  void on_fire(uint64_t payload, int64_t deadline_ms) {
    if (deadline_ms > now_ms_) fail("a timer fired before its time");
    if (timers_.empty() || timers_.begin()->first != deadline_ms) return fail("a timer fired out of order");
    auto [begin, end] = timers_.equal_range(deadline_ms);
    auto it = begin;
    while (it != end && it->second.payload != payload) ++it;
    if (it == end) return fail("a timer fired with a foreign payload");
    timers_.erase(it);
    switch (payload % 32) {
      case 0: schedule(now_ms_ < INT64_MAX ? now_ms_ + 1 : now_ms_); break;
      case 1: schedule(deadline_ms); break;
      case 2: schedule(deadline_ms > INT64_MIN ? deadline_ms - 1 : deadline_ms); break;
      case 3: cancel(payload); break;
      case 4: reschedule(payload, deadline_ms); break;
      case 5: reschedule(payload, now_ms_); break;
    }
  }

  void check() {
    if (absl::Status status = wheel_.check_invariants(); !status.ok()) fail(std::string(status.message()));
    if (wheel_.size() != timers_.size() || wheel_.empty() != timers_.empty()) fail("wrong size");
    int64_t earliest_ms = timers_.empty() ? INT64_MAX : timers_.begin()->first;
    if (wheel_.next_deadline_bound() > earliest_ms) fail("a deadline before the bound");
    if (timers_.empty() && wheel_.next_deadline_bound() != INT64_MAX) fail("a bound without a timer");
    for (const auto& [deadline_ms, timer] : timers_) {
      if (wheel_.deadline(timer.handle) != deadline_ms) fail("wrong deadline");
      if (wheel_.payload(timer.handle) != timer.payload) fail("wrong payload");
    }
  }

  absl::Status status_;
  int64_t now_ms_;
  TimerWheel wheel_;
  Timers timers_;
  uint64_t serial_ = 0;
};

}  // namespace inlay::testing
