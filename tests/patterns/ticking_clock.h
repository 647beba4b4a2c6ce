// TickingClock: time that passes whenever somebody looks, as it does between two commands of one closure.
#pragma once

#include <atomic>

#include "inlay/expiry/clock.h"

namespace inlay::test {

class TickingClock final : public Clock {
 public:
  explicit TickingClock(Duration tick) : tick_ns_(tick.count()) {}

  TimePoint now() const override {
    return TimePoint(Duration(ns_.fetch_add(tick_ns_, std::memory_order_relaxed)));
  }
  void set(TimePoint time) { ns_ = time.time_since_epoch().count(); }

 private:
  const Duration::rep tick_ns_;
  mutable std::atomic<Duration::rep> ns_{0};
};

}  // namespace inlay::test
