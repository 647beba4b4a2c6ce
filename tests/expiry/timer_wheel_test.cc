#include "inlay/expiry/timer_wheel.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/expiry/timer_wheel_model.h"

namespace inlay {
namespace {

using Fired = std::vector<std::pair<int64_t, uint64_t>>;  // Deadline and payload.

constexpr int64_t kNow = 1'700'000'000'123;
constexpr int64_t kHour = 3'600'000;
constexpr size_t kAll = SIZE_MAX;

Fired advance(TimerWheel& wheel, int64_t now_ms, size_t limit = kAll) {
  Fired fired;
  wheel.advance(now_ms, limit,
                [&](uint64_t payload, int64_t deadline_ms) { fired.emplace_back(deadline_ms, payload); });
  EXPECT_TRUE(wheel.check_invariants().ok()) << wheel.check_invariants();
  return fired;
}

TEST(TimerWheel, timer_fires_when_time_reaches_its_deadline) {
  TimerWheel wheel(kNow);
  TimerWheel::Handle timer = wheel.schedule(kNow + 1000, 7);
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_EQ(wheel.deadline(timer), kNow + 1000);
  EXPECT_EQ(wheel.payload(timer), 7u);
  EXPECT_EQ(advance(wheel, kNow + 999), Fired{});
  EXPECT_EQ(advance(wheel, kNow + 1000), (Fired{{kNow + 1000, 7}}));
  EXPECT_TRUE(wheel.empty());
}

TEST(TimerWheel, timers_fire_in_order_of_deadline) {
  TimerWheel wheel(kNow);
  Fired expected;
  for (int64_t delay : {0, 1, 255, 256, 257, 65535, 65536, 70'000, 4'200'000, 300'000'000}) {
    expected.emplace_back(kNow + delay, static_cast<uint64_t>(delay));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    auto [deadline_ms, payload] = expected[i * 7 % expected.size()];
    wheel.schedule(deadline_ms, payload);
  }
  EXPECT_EQ(advance(wheel, kNow + 300'000'000), expected);
}

TEST(TimerWheel, empty_wheel_allocates_nothing) {
  TimerWheel wheel(kNow);
  EXPECT_EQ(wheel.memory_usage(), 0u);
  EXPECT_EQ(wheel.next_deadline_bound(), INT64_MAX);
  EXPECT_EQ(advance(wheel, kNow + kHour), Fired{});
  EXPECT_EQ(advance(wheel, INT64_MAX), Fired{});
  EXPECT_EQ(wheel.memory_usage(), 0u);
}

TEST(TimerWheel, past_deadline_fires_at_next_advance_in_order) {
  TimerWheel wheel(kNow);
  wheel.schedule(kNow, 1);
  wheel.schedule(kNow - 1, 2);
  wheel.schedule(INT64_MIN, 3);
  wheel.schedule(-5, 4);
  EXPECT_EQ(wheel.next_deadline_bound(), INT64_MIN);
  EXPECT_EQ(advance(wheel, kNow), (Fired{{INT64_MIN, 3}, {-5, 4}, {kNow - 1, 2}, {kNow, 1}}));
}

TEST(TimerWheel, farthest_deadline_fires_at_the_end_of_time) {
  TimerWheel wheel(kNow);
  TimerWheel::Handle timer = wheel.schedule(INT64_MAX, 1);
  EXPECT_EQ(wheel.deadline(timer), INT64_MAX);
  EXPECT_EQ(advance(wheel, INT64_MAX - 1), Fired{});
  EXPECT_EQ(advance(wheel, INT64_MAX), (Fired{{INT64_MAX, 1}}));
}

TEST(TimerWheel, reschedule_moves_the_deadline_either_way) {
  TimerWheel wheel(kNow);
  TimerWheel::Handle later = wheel.schedule(kNow + 10, 1);
  TimerWheel::Handle sooner = wheel.schedule(kNow + kHour, 2);
  wheel.reschedule(later, kNow + kHour);
  wheel.reschedule(sooner, kNow + 10);
  EXPECT_EQ(wheel.deadline(later), kNow + kHour);
  EXPECT_EQ(wheel.deadline(sooner), kNow + 10);
  EXPECT_EQ(advance(wheel, kNow + 10), (Fired{{kNow + 10, 2}}));
  EXPECT_EQ(advance(wheel, kNow + kHour), (Fired{{kNow + kHour, 1}}));
}

// Edits are put off; those of one timer must still be made in the order in which they were asked for.
TEST(TimerWheel, last_of_many_reschedules_holds) {
  TimerWheel wheel(kNow);
  TimerWheel::Handle timer = wheel.schedule(kNow + kHour, 1);
  for (int64_t deadline_ms :
       {kNow + 5, INT64_MAX, kNow + 70'000, kNow - 1, kNow + 300, kNow + 2 * kHour, kNow + 400}) {
    wheel.reschedule(timer, deadline_ms);
    EXPECT_EQ(wheel.deadline(timer), deadline_ms);
  }
  EXPECT_EQ(advance(wheel, kNow + 399), Fired{});
  EXPECT_EQ(advance(wheel, kNow + 400), (Fired{{kNow + 400, 1}}));
}

TEST(TimerWheel, cancelled_timer_does_not_fire) {
  TimerWheel wheel(kNow);
  TimerWheel::Handle timer = wheel.schedule(kNow + 5, 1);
  wheel.schedule(kNow + 5, 2);
  TimerWheel::Handle outlier = wheel.schedule(kNow - 5, 3);
  wheel.cancel(timer);
  wheel.reschedule(outlier, kNow - 6);
  wheel.cancel(outlier);
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_TRUE(wheel.check_invariants().ok());
  EXPECT_EQ(advance(wheel, kNow + 5), (Fired{{kNow + 5, 2}}));
}

TEST(TimerWheel, payload_keeps_its_low_bits) {
  TimerWheel wheel(kNow);
  constexpr uint64_t kMax = (uint64_t{1} << TimerWheel::kPayloadBits) - 1;
  TimerWheel::Handle timer = wheel.schedule(kNow + (int64_t{1} << 43), kMax);
  EXPECT_EQ(wheel.payload(timer), kMax);
  wheel.set_payload(timer, UINT64_MAX - 1);
  EXPECT_EQ(wheel.payload(timer), kMax - 1);
  EXPECT_EQ(wheel.deadline(timer), kNow + (int64_t{1} << 43));
}

TEST(TimerWheel, limit_stops_and_next_call_goes_on) {
  TimerWheel wheel(kNow);
  for (uint64_t i = 0; i < 5; ++i) wheel.schedule(kNow + 10 + static_cast<int64_t>(i), i);
  EXPECT_EQ(advance(wheel, kNow + 100, 0), Fired{});
  EXPECT_EQ(advance(wheel, kNow + 100, 2).size(), 2u);
  EXPECT_LE(wheel.next_deadline_bound(), kNow + 100);
  EXPECT_EQ(advance(wheel, kNow + 100, 2), (Fired{{kNow + 12, 2}, {kNow + 13, 3}}));
  EXPECT_EQ(advance(wheel, kNow + 100, 2), (Fired{{kNow + 14, 4}}));
  EXPECT_EQ(wheel.next_deadline_bound(), INT64_MAX);
}

// A call does not empty a crowded slot in one go: it makes its moves, says that there is more to do, and
// stops.
TEST(TimerWheel, crowded_slot_is_emptied_in_bounded_steps) {
  constexpr size_t kTimers = 20'000;
  constexpr size_t kLimit = 10;
  TimerWheel wheel(0);
  for (size_t i = 0; i < kTimers; ++i) wheel.schedule(100'000, i);
  size_t idle_calls = 0;
  while (wheel.advance(100'000, kLimit, [](uint64_t, int64_t) {}) == 0) {
    ++idle_calls;
    ASSERT_LE(wheel.next_deadline_bound(), 100'000);
  }
  ASSERT_TRUE(wheel.check_invariants().ok());
  EXPECT_GE(idle_calls, kTimers / (kLimit * TimerWheel::kMovesPerFiring));
  size_t calls = idle_calls + 1;
  while (!wheel.empty()) {
    EXPECT_EQ(wheel.advance(100'000, kLimit, [](uint64_t, int64_t) {}), kLimit);
    ++calls;
  }
  EXPECT_LE(calls, kTimers / kLimit * 2);
}

TEST(TimerWheel, timers_scheduled_while_a_slot_is_emptied_keep_their_order) {
  TimerWheel wheel(0);
  for (uint64_t i = 0; i < 100; ++i) wheel.schedule(70'000 + static_cast<int64_t>(i), i);
  EXPECT_EQ(advance(wheel, 70'050, 1), Fired{});
  wheel.schedule(70'000, 1000);
  wheel.schedule(69'000, 1001);
  wheel.schedule(70'099, 1002);
  Fired fired;
  while (wheel.next_deadline_bound() <= 70'200) {
    for (auto timer : advance(wheel, 70'200, 1)) fired.push_back(timer);
  }
  EXPECT_EQ(fired.size(), 103u);
  EXPECT_EQ(fired.front().second, 1001u);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end(), [](auto a, auto b) { return a.first < b.first; }));
}

TEST(TimerWheel, clock_going_back_fires_nothing_early) {
  TimerWheel wheel(kNow);
  wheel.schedule(kNow + 50, 1);
  EXPECT_EQ(advance(wheel, kNow + kHour), (Fired{{kNow + 50, 1}}));
  EXPECT_EQ(advance(wheel, kNow), Fired{});
  wheel.schedule(kNow + 30, 2);
  wheel.schedule(kNow + 20, 3);
  wheel.schedule(kNow + kHour + 10, 4);
  EXPECT_EQ(wheel.next_deadline_bound(), kNow + 20);
  EXPECT_EQ(advance(wheel, kNow + 19), Fired{});
  EXPECT_EQ(advance(wheel, kNow + 20), (Fired{{kNow + 20, 3}}));
  EXPECT_EQ(advance(wheel, kNow + kHour), (Fired{{kNow + 30, 2}}));
  EXPECT_EQ(advance(wheel, kNow + kHour + 10), (Fired{{kNow + kHour + 10, 4}}));
}

TEST(TimerWheel, fire_may_change_the_wheel) {
  TimerWheel wheel(kNow);
  TimerWheel::Handle cancelled = wheel.schedule(kNow + 1, 10);
  TimerWheel::Handle moved = wheel.schedule(kNow + 2, 11);
  wheel.schedule(kNow, 12);
  Fired fired;
  wheel.advance(kNow + 5, kAll, [&](uint64_t payload, int64_t deadline_ms) {
    fired.emplace_back(deadline_ms, payload);
    if (payload == 12) {
      wheel.cancel(cancelled);
      wheel.reschedule(moved, kNow + 6);
      wheel.schedule(kNow + 3, 13);
      wheel.schedule(kNow - 3, 14);
    }
  });
  EXPECT_EQ(fired, (Fired{{kNow, 12}, {kNow - 3, 14}, {kNow + 3, 13}}));
  EXPECT_EQ(advance(wheel, kNow + 6), (Fired{{kNow + 6, 11}}));
}

TEST(TimerWheel, timer_that_renews_itself_is_held_by_the_limit) {
  TimerWheel wheel(kNow);
  wheel.schedule(kNow, 1);
  auto renew = [&](uint64_t payload, int64_t deadline_ms) { wheel.schedule(deadline_ms, payload); };
  EXPECT_EQ(wheel.advance(kNow, 100, renew), 100u);
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_EQ(advance(wheel, kNow), (Fired{{kNow, 1}}));
}

TEST(TimerWheel, memory_is_used_again_and_given_back) {
  TimerWheel wheel(kNow);
  std::vector<TimerWheel::Handle> timers(100'000);
  auto fill = [&] {
    for (size_t i = 0; i < timers.size(); ++i)
      timers[i] = wheel.schedule(kNow + 1 + static_cast<int64_t>(i), i);
  };
  fill();
  size_t full = wheel.memory_usage();
  EXPECT_LT(full, timers.size() * 17);
  std::shuffle(timers.begin(), timers.end(), std::mt19937_64(1));
  for (TimerWheel::Handle timer : timers) wheel.cancel(timer);
  advance(wheel, kNow);
  EXPECT_LT(wheel.memory_usage(), full / 10);
  fill();
  EXPECT_EQ(wheel.memory_usage(), full);
  EXPECT_EQ(advance(wheel, kNow + kHour).size(), timers.size());
  EXPECT_LT(wheel.memory_usage(), full / 10);
}

// More timers than one segment holds, or more than 64 of them do: the order is that of a sort, whatever the
// seed.
void expect_order_of_a_sort(size_t count, uint64_t seed) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  TimerWheel wheel(kNow);
  std::vector<int64_t> deadlines;
  std::vector<TimerWheel::Handle> timers;
  for (size_t i = 0; i < count; ++i) {
    deadlines.push_back(kNow + static_cast<int64_t>(random() % kHour));
    timers.push_back(wheel.schedule(deadlines[i], i));
  }
  for (size_t i = 0; i < count; i += 3) {
    deadlines[i] = kNow + static_cast<int64_t>(random() % kHour);
    wheel.reschedule(timers[i], deadlines[i]);
  }
  ASSERT_TRUE(wheel.check_invariants().ok()) << wheel.check_invariants();
  int64_t last_ms = kNow;
  size_t fired = 0;
  for (int64_t now_ms = kNow; !wheel.empty(); now_ms += 100'000) {
    wheel.advance(now_ms, kAll, [&](uint64_t payload, int64_t deadline_ms) {
      ASSERT_EQ(deadline_ms, deadlines[payload]);
      ASSERT_LE(last_ms, deadline_ms);
      ASSERT_LE(deadline_ms, now_ms);
      last_ms = deadline_ms;
      ++fired;
    });
    ASSERT_GT(wheel.next_deadline_bound(), now_ms);
  }
  EXPECT_EQ(fired, count);
  EXPECT_TRUE(wheel.check_invariants().ok()) << wheel.check_invariants();
}

TEST(TimerWheel, order_holds_across_segments) { expect_order_of_a_sort(200'000, 1); }
TEST(TimerWheel, order_holds_across_more_than_64_segments) { expect_order_of_a_sort(64'768 * 66, 2); }

TEST(TimerWheel, same_calls_give_the_same_order_of_ties) {
  auto run = [] {
    std::mt19937_64 random(3);
    TimerWheel wheel(kNow);
    std::vector<TimerWheel::Handle> timers;
    for (uint64_t i = 0; i < 100'000; ++i) {
      timers.push_back(wheel.schedule(kNow + static_cast<int64_t>(random() % 500), i));
    }
    for (uint64_t i = 0; i < 50'000; ++i) {
      wheel.reschedule(timers[random() % timers.size()], kNow + static_cast<int64_t>(random() % 500));
    }
    return advance(wheel, kNow + 500);
  };
  EXPECT_EQ(run(), run());
}

// Draws give different pending timers, and over many draws all of them.
TEST(TimerWheel, samples_reach_every_pending_timer) {
  TimerWheel wheel(kNow);
  std::array<uint64_t, 6> payloads{};
  EXPECT_EQ(wheel.sample(0, 100, payloads), 0u);
  std::vector<TimerWheel::Handle> timers;
  for (uint64_t i = 0; i < 3000; ++i)
    timers.push_back(wheel.schedule(kNow + static_cast<int64_t>(i % 700), i));
  // A past deadline makes an outlier of every tenth; every third is cancelled.
  for (uint64_t i = 0; i < 3000; ++i) {
    if (i % 10 == 0) wheel.reschedule(timers[i], kNow - 1);
    if (i % 3 == 0) wheel.cancel(timers[i]);
  }
  std::vector<int> drawn(3000);
  std::mt19937_64 random(7);
  for (int i = 0; i < 40'000; ++i) {
    const size_t found = wheel.sample(random(), 64, payloads);
    for (size_t j = 0; j < found; ++j) {
      ASSERT_LT(payloads[j], 3000u);
      ++drawn[payloads[j]];
      for (size_t k = 0; k < j; ++k) ASSERT_NE(payloads[j], payloads[k]);
    }
  }
  for (size_t i = 0; i < 3000; ++i) EXPECT_EQ(drawn[i] > 0, i % 3 != 0) << i;
}

// Whatever is scheduled, moved, cancelled and advanced, at whichever times, with callbacks that do the same:
// the wheel fires what a std::multimap holds, in the multimap's order, and never more than the limit.
RC_GTEST_PROP(TimerWheelProperty, wheel_agrees_with_a_multimap, ()) {
  using Op = std::tuple<uint8_t, uint8_t, uint64_t>;
  auto start_ms =
      *rc::gen::element<int64_t>(0, kNow, -kNow, (int64_t{1} << 44) - 100, INT64_MIN, INT64_MAX - 1000);
  auto ops = *rc::gen::scale(
      5, rc::gen::container<std::vector<Op>>(rc::gen::tuple(
             rc::gen::arbitrary<uint8_t>(), rc::gen::resize(100, rc::gen::arbitrary<uint8_t>()),
             rc::gen::resize(100, rc::gen::arbitrary<uint64_t>()))));
  testing::TimerWheelModel model(start_ms);
  for (auto [kind, scale, value] : ops) {
    absl::Status status = model.apply({kind, scale, value});
    if (!status.ok()) RC_FAIL(std::string(status.message()));
  }
  absl::Status status = model.finish();
  if (!status.ok()) RC_FAIL(std::string(status.message()));
}

}  // namespace
}  // namespace inlay
