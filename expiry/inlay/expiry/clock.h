// Where Inlay gets the time from.
//
// Nothing in Inlay fetches the time on its own: a clock is passed in, so that a test can hold time still,
// move it by hand and never sleep. Programs use the system clock; tests use a ManualClock.
//
//   auto clock = std::make_shared<inlay::ManualClock>();
//   clock->advance(11s);
//
// The layers below the public API count in whole milliseconds since the Unix epoch, as Redis does;
// `to_unix_ms` and `from_unix_ms` are the only places where the two units meet.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace inlay {

using Duration = std::chrono::nanoseconds;
/// A point of civil time. It reaches from the year 1677 to 2262, which is what 64 bits of nanoseconds hold.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Milliseconds since the Unix epoch, rounded towards the past: a deadline is reached when `to_unix_ms(now)`
/// is not below it.
constexpr int64_t to_unix_ms(TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

/// The time `ms` milliseconds after the Unix epoch. What TimePoint cannot hold becomes TimePoint::min() or
/// TimePoint::max().
constexpr TimePoint from_unix_ms(int64_t ms) {
  constexpr int64_t kNsPerMs = 1'000'000;
  if (ms > INT64_MAX / kNsPerMs) return TimePoint::max();
  if (ms < INT64_MIN / kNsPerMs) return TimePoint::min();
  return TimePoint(Duration(ms * kNsPerMs));
}

/// A source of the time. Implementations are thread-safe.
/// Time may stand still and may go backwards; whoever reads a clock must bear both.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock();

  virtual TimePoint now() const = 0;
};

/// The computer's own clock: std::chrono::system_clock. Immutable.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override;

  /// What `to_unix_ms(SystemClock().now())` gives, without a virtual call: for code that has checked once
  /// that its clock is the system's and then reads it on every operation. About 20 ns.
  static int64_t unix_ms() {
    using std::chrono::system_clock;
    return std::chrono::floor<std::chrono::milliseconds>(system_clock::now()).time_since_epoch().count();
  }
};

/// A clock that moves only when told to. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start = TimePoint{});

  TimePoint now() const override;
  /// Moves time by `step`, which may be negative.
  void advance(Duration step);
  /// Moves time to `time`, which may lie in the past.
  void set(TimePoint time);

 private:
  // A thread that sees a new time also sees what was written before the clock was moved: writes release,
  // reads acquire.
  std::atomic<Duration::rep> ns_;
};

/// A SystemClock for whoever needs a Clock to share. Each call makes a new one; they all tell the same time.
std::shared_ptr<Clock> system_clock();

}  // namespace inlay
