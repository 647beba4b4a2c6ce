// Clocks that jump: back and forth, by hours and by centuries, to the ends of time.
//
// A deadline is a point of time, whatever the clock does: a key is gone once it was looked at, or maintained, at or after its
// deadline, and lives as long as that has not happened.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kYearMs = int64_t{365} * 24 * 3600 * 1000;
constexpr int64_t kStartMs = 50 * kYearMs;

struct World {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(kStartMs));
  std::unique_ptr<Store> store =
      Store::open({.shards = 2, .clock = clock, .background = Background::kManual}).value();

  void jump_to(int64_t ms) { clock->set(from_unix_ms(ms)); }
  bool lives(std::string_view key) const { return store->exists(key).value(); }
  bool is_sound() const { return store->check_invariants().ok(); }
};

TEST(ClockJump, deadlines_stay_where_they_are_when_time_goes_back) {
  World w;
  ASSERT_TRUE(w.store->set("k", "v", 10s).ok());
  ASSERT_TRUE(w.store->hset("h", "field", "v").ok());
  ASSERT_TRUE(w.store->hexpire("h", 10s, {"field"}).ok());
  w.jump_to(kStartMs - 3'600'000);
  EXPECT_EQ(w.store->maintain(), 0u);
  EXPECT_TRUE(w.lives("k") && w.lives("h"));
  EXPECT_EQ(Session(*w.store).execute({"PTTL", "k"}), Reply::integer(3'610'000));
  w.jump_to(kStartMs + 9'999);
  EXPECT_EQ(w.store->maintain(), 0u);
  EXPECT_TRUE(w.lives("k") && w.lives("h"));
  w.jump_to(kStartMs + 10'000);
  EXPECT_FALSE(w.lives("k"));
  w.store->maintain();
  EXPECT_FALSE(w.lives("h"));
  EXPECT_TRUE(w.is_sound());
}

TEST(ClockJump, what_has_died_stays_dead_and_what_nobody_saw_die_lives_on) {
  World w;
  ASSERT_TRUE(w.store->set("seen", "v", 10s).ok());
  ASSERT_TRUE(w.store->set("unseen", "v", 10s).ok());
  w.jump_to(kStartMs + kYearMs);
  EXPECT_FALSE(w.lives("seen"));
  w.jump_to(kStartMs);
  EXPECT_FALSE(w.lives("seen"));
  EXPECT_TRUE(w.lives("unseen"));
  EXPECT_TRUE(w.is_sound());
}

TEST(ClockJump, to_the_ends_of_time) {
  World w;
  for (const TimePoint time : {TimePoint::max(), TimePoint::min(), TimePoint{}, TimePoint::max() - 1ms}) {
    w.clock->set(time);
    w.store->maintain();
    ASSERT_TRUE(w.store->set("plain", "v").ok());
    // A deadline may lie beyond what can be told; then it is refused, and nothing is lost.
    (void)w.store->set("short", "v", 1ms);
    (void)w.store->set("long", "v", 24h * 365 * 200);
    (void)w.store->expire("plain", 24h * 365 * 200);
    (void)w.store->persist("plain");
    EXPECT_EQ(w.store->get("plain")->value_or("gone"), "v");
    EXPECT_TRUE(w.is_sound());
  }
  w.jump_to(kStartMs);
  w.store->maintain();
  ASSERT_TRUE(w.store->set("after", "v", 1s).ok());
  w.jump_to(kStartMs + 1'000);
  w.store->maintain();
  EXPECT_FALSE(w.lives("after"));
  EXPECT_TRUE(w.lives("plain"));
}

TEST(ClockJump, a_wait_ends_at_its_time_however_the_clock_gets_there) {
  World w;
  std::optional<Reply> reply;
  std::thread waiter([&] { reply = Session(*w.store).execute({"BLPOP", "queue", "10"}); });
  ASSERT_TRUE(w.store->wait_for_blocked(1));
  w.jump_to(kStartMs - kYearMs);
  w.store->maintain();
  EXPECT_EQ(w.store->stats().blocked_waiters, 1u);
  w.jump_to(kStartMs + 9'999);
  w.store->maintain();
  EXPECT_EQ(w.store->stats().blocked_waiters, 1u);
  w.jump_to(kStartMs + kYearMs);
  w.store->maintain();
  waiter.join();
  EXPECT_TRUE(reply->is_nil());
}

enum class Step { kSet, kSetForever, kJump, kStepBack, kGet, kMaintain };

RC_GTEST_PROP(ClockJump, random_jumps_agree_with_a_model, ()) {
  World w;
  std::map<std::string, std::optional<int64_t>> model;
  int64_t now = kStartMs;
  const auto is_dead = [&](const auto& entry) { return entry.second.has_value() && *entry.second <= now; };
  const auto count = *rc::gen::inRange(1, 200);
  for (int i = 0; i < count; ++i) {
    const auto step = *rc::gen::element(Step::kSet, Step::kSetForever, Step::kJump, Step::kStepBack,
                                        Step::kGet, Step::kMaintain);
    const std::string key = std::string("k").append(std::to_string(*rc::gen::inRange(0, 20)));
    // From a millisecond to a century, each order of magnitude as often.
    const auto span = *rc::gen::resize(100, rc::gen::inRange<int64_t>(1, 10)) *
                      static_cast<int64_t>(std::pow(10, *rc::gen::inRange(0, 12)));
    switch (step) {
      case Step::kSet:
        RC_ASSERT(w.store->set(key, "v", std::chrono::milliseconds(span)).ok());
        model[key] = now + span;
        break;
      case Step::kSetForever:
        RC_ASSERT(w.store->set(key, "v").ok());
        model[key] = std::nullopt;
        break;
      case Step::kJump: w.jump_to(now += span); break;
      case Step::kStepBack: w.jump_to(now -= span); break;
      case Step::kGet:
        if (const auto found = model.find(key); found != model.end() && is_dead(*found)) model.erase(found);
        RC_ASSERT(w.lives(key) == model.contains(key));
        break;
      case Step::kMaintain:
        RC_ASSERT(w.store->maintain() == std::erase_if(model, is_dead));
        RC_ASSERT(static_cast<size_t>(w.store->dbsize().value()) == model.size());
        break;
    }
    // Beyond this, deadlines would be past the end of time.
    if (now > kStartMs + 100 * kYearMs || now < 0) w.jump_to(now = kStartMs);
  }
  RC_ASSERT(w.is_sound());
}

}  // namespace
}  // namespace inlay::test
