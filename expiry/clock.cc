#include "inlay/expiry/clock.h"

namespace inlay {

Clock::~Clock() = default;

TimePoint SystemClock::now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

ManualClock::ManualClock(TimePoint start) : ns_(start.time_since_epoch().count()) {}

TimePoint ManualClock::now() const { return TimePoint(Duration(ns_.load(std::memory_order_acquire))); }

void ManualClock::advance(Duration step) { ns_.fetch_add(step.count(), std::memory_order_acq_rel); }

void ManualClock::set(TimePoint time) {
  ns_.store(time.time_since_epoch().count(), std::memory_order_release);
}

std::shared_ptr<Clock> system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace inlay
