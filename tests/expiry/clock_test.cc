#include "inlay/expiry/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

namespace inlay {
namespace {

using namespace std::chrono_literals;

TEST(Clock, unix_ms_rounds_towards_the_past) {
  EXPECT_EQ(to_unix_ms(TimePoint{}), 0);
  EXPECT_EQ(to_unix_ms(TimePoint(999'999ns)), 0);
  EXPECT_EQ(to_unix_ms(TimePoint(1'000'000ns)), 1);
  EXPECT_EQ(to_unix_ms(TimePoint(-1ns)), -1);
  EXPECT_EQ(to_unix_ms(TimePoint(-1'000'000ns)), -1);
  EXPECT_EQ(to_unix_ms(TimePoint(-1'000'001ns)), -2);
}

TEST(Clock, unix_ms_beyond_what_nanoseconds_hold_saturates) {
  EXPECT_EQ(from_unix_ms(1234), TimePoint(1234ms));
  EXPECT_EQ(from_unix_ms(INT64_MAX), TimePoint::max());
  EXPECT_EQ(from_unix_ms(INT64_MIN), TimePoint::min());
  constexpr int64_t kLast = INT64_MAX / 1'000'000;
  EXPECT_EQ(to_unix_ms(from_unix_ms(kLast)), kLast);
  EXPECT_EQ(from_unix_ms(kLast + 1), TimePoint::max());
}

// Every millisecond that a TimePoint holds comes back unchanged.
RC_GTEST_PROP(ClockProperty, unix_ms_round_trip, ()) {
  auto ms = *rc::gen::inRange<int64_t>(INT64_MIN / 1'000'000, INT64_MAX / 1'000'000 + 1);
  RC_ASSERT(to_unix_ms(from_unix_ms(ms)) == ms);
}

TEST(SystemClock, tells_the_time_of_std_chrono) {
  std::shared_ptr<Clock> clock = system_clock();
  int64_t before = to_unix_ms(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
  int64_t virtual_call = to_unix_ms(clock->now());
  int64_t direct_call = SystemClock::unix_ms();
  int64_t after = to_unix_ms(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
  // Someone may set the computer's clock while this runs, but hardly by a minute.
  for (int64_t ms : {virtual_call, direct_call}) {
    EXPECT_GE(ms, before - 60'000);
    EXPECT_LE(ms, after + 60'000);
  }
}

TEST(ManualClock, moves_only_when_told) {
  ManualClock clock(from_unix_ms(1000));
  EXPECT_EQ(to_unix_ms(clock.now()), 1000);
  EXPECT_EQ(to_unix_ms(clock.now()), 1000);
  clock.advance(11s);
  EXPECT_EQ(to_unix_ms(clock.now()), 12'000);
  clock.advance(-2s);
  EXPECT_EQ(to_unix_ms(clock.now()), 10'000);
  clock.set(from_unix_ms(-5));
  EXPECT_EQ(to_unix_ms(clock.now()), -5);
}

TEST(ManualClock, starts_at_the_epoch) { EXPECT_EQ(ManualClock().now(), TimePoint{}); }

TEST(ManualClock, may_be_moved_by_many_threads) {
  ManualClock clock;
  auto move = [&clock] {
    for (int i = 0; i < 10'000; ++i) clock.advance(1ns);
  };
  std::thread other(move);
  move();
  other.join();
  EXPECT_EQ(clock.now(), TimePoint(20us));
}

}  // namespace
}  // namespace inlay
