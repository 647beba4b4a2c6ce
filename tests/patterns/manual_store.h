// ManualStore: a store whose time and chance are the test's.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>

#include "inlay/store.h"

namespace inlay::test {

struct ManualStore {
  /// Moves time on, and does what is due then.
  void pass(Duration time) {
    clock->advance(time);
    store->maintain();
  }
  TimePoint now() const { return clock->now(); }
  bool lives_forever(Key key) {
    const auto ttl = store->ttl(key).value();
    return ttl.has_value() && ttl->is_persistent();
  }
  /// Makes a call on a thread of its own; returns once it waits.
  template <class Call>
  auto waiting(Call call) {
    const uint64_t before = store->stats().blocked_waiters;
    auto outcome = std::async(std::launch::async, std::move(call));
    EXPECT_TRUE(store->wait_for_blocked(before + 1));
    return outcome;
  }

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::unique_ptr<Store> store =
      Store::open({.shards = 8, .clock = clock, .seed = 7, .background = Background::kManual}).value();
};

}  // namespace inlay::test
