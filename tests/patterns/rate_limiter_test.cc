// Rate limiters against naive models that remember every call, and under threads.
#include "inlay/patterns/rate_limiter.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/patterns/manual_store.h"
#include "tests/patterns/ticking_clock.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr RateDecision allowed(int64_t remaining) { return {.allowed = true, .remaining = remaining}; }
constexpr RateDecision refused(int64_t remaining, Duration retry_after) {
  return {.allowed = false, .remaining = remaining, .retry_after = retry_after};
}

// ------------------------------------------------------------------------------------------- examples

TEST(FixedWindow, counts_from_a_callers_first_call_on) {
  ManualStore s;
  const FixedWindow limiter(*s.store, "api:", {.limit = 3, .window = 10s});
  EXPECT_EQ(limiter.allow("ann").value(), allowed(2));
  s.pass(4s);
  EXPECT_EQ(limiter.allow("ann", 2).value(), allowed(0));
  EXPECT_EQ(limiter.allow("ann").value(), refused(0, 6s));
  EXPECT_EQ(limiter.allow("bob").value(), allowed(2)) << "each has a window of his own";
  EXPECT_EQ(s.store->get("api:ann").value(), "3");
  s.pass(6s);
  EXPECT_EQ(limiter.allow("ann").value(), allowed(2));
}

TEST(SlidingWindowLog, call_counts_for_exactly_a_window) {
  ManualStore s;
  const SlidingWindowLog limiter(*s.store, "api:", {.limit = 2, .window = 10s});
  EXPECT_EQ(limiter.allow("ann").value(), allowed(1));
  s.pass(9s);
  EXPECT_EQ(limiter.allow("ann").value(), allowed(0));
  s.pass(1s - 1ns);
  EXPECT_EQ(limiter.allow("ann").value(), refused(0, 1ns));
  EXPECT_EQ(limiter.allow("ann", 2).value(), refused(0, 9s + 1ns)) << "two must go for two to come";
  s.pass(1ns);
  EXPECT_EQ(limiter.allow("ann").value(), allowed(0));
  EXPECT_EQ(s.store->lrange("api:ann").value(), (std::vector<std::string>{"9000000000", "10000000000"}));
}

TEST(SlidingWindowCounter, calls_of_the_window_before_fade) {
  ManualStore s;
  const SlidingWindowCounter limiter(*s.store, "api:", {.limit = 10, .window = 10s});
  EXPECT_EQ(limiter.allow("ann", 10).value(), allowed(0));
  EXPECT_EQ(limiter.allow("ann").value(), refused(0, 11s)) << "a tenth of the next window";
  s.pass(15s);
  EXPECT_EQ(limiter.allow("ann", 5).value(), allowed(0)) << "half of the ten still count";
  EXPECT_EQ(s.store->get("api:ann").value(), "1 5 10");
  EXPECT_EQ(limiter.allow("ann").value(), refused(0, 1s));
}

TEST(TokenBucket, gives_its_burst_and_then_its_rate) {
  ManualStore s;
  const TokenBucket limiter(*s.store, "api:", {.tokens = 2, .per = 1s, .burst = 4});
  EXPECT_EQ(limiter.allow("ann", 3).value(), allowed(1));
  EXPECT_EQ(limiter.allow("ann").value(), allowed(0));
  EXPECT_EQ(limiter.allow("ann").value(), refused(0, 500ms));
  s.pass(1s);
  EXPECT_EQ(limiter.allow("ann", 3).value(), refused(2, 500ms));
  EXPECT_EQ(limiter.allow("ann", 2).value(), allowed(0));
  s.pass(2s);
  EXPECT_EQ(s.store->dbsize().value(), 0) << "a full bucket needs no key";
  EXPECT_EQ(limiter.allow("ann", 4).value(), allowed(0));
}

// ------------------------------------------------------------------------------------------- all of them

// One limiter of each kind, all of 4 calls in 10 s.
struct Limiters {
  explicit Limiters(Store& store)
      : fixed(store, "k:", {.limit = 4, .window = 10s}),
        log(store, "k:", {.limit = 4, .window = 10s}),
        counter(store, "k:", {.limit = 4, .window = 10s}),
        bucket(store, "k:", {.tokens = 4, .per = 10s, .burst = 4}) {}
  FixedWindow fixed;
  SlidingWindowLog log;
  SlidingWindowCounter counter;
  TokenBucket bucket;
};

template <class Check>
void for_each_limiter(Check check) {
  const auto with = [&](const char* name, auto Limiters::*member) {
    SCOPED_TRACE(name);
    ManualStore s;
    const Limiters limiters(*s.store);
    check(s, limiters.*member);
  };
  with("fixed window", &Limiters::fixed);
  with("log", &Limiters::log);
  with("counter", &Limiters::counter);
  with("bucket", &Limiters::bucket);
}

TEST(RateLimiters, refused_call_leaves_no_trace) {
  for_each_limiter([](ManualStore& s, const auto& limiter) {
    ASSERT_TRUE(limiter.allow("ann", 3)->allowed);
    s.clock->advance(1s);
    const uint64_t before = s.store->digest();
    const auto deadline = s.store->expiretime("k:ann").value();
    for (int i = 0; i < 100; ++i) ASSERT_FALSE(limiter.allow("ann", 3)->allowed);
    EXPECT_EQ(s.store->digest(), before);
    EXPECT_EQ(s.store->expiretime("k:ann").value(), deadline);
  });
}

TEST(RateLimiters, misuse_is_an_error) {
  for_each_limiter([](ManualStore& s, const auto& limiter) {
    EXPECT_EQ(limiter.allow("ann", 0).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(limiter.allow("ann", -1).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(limiter.allow("ann", 5).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(s.store->dbsize().value(), 0);
    ASSERT_TRUE(s.store->sadd("k:set", {"x"}).ok());
    EXPECT_EQ(kind_of(limiter.allow("set").status()), ErrorKind::kWrongType);
  });
  ManualStore s;
  const auto code = [](const auto& limiter) { return limiter.allow("x").status().code(); };
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code(FixedWindow(*s.store, "", {.limit = 0, .window = 1s})), kBad);
  EXPECT_EQ(code(SlidingWindowLog(*s.store, "", {.limit = 1, .window = 1us})), kBad);
  EXPECT_EQ(code(SlidingWindowCounter(*s.store, "", {.limit = 1, .window = kForever})), kBad);
  EXPECT_EQ(code(TokenBucket(*s.store, "", {.tokens = 0, .per = 1s, .burst = 1})), kBad);
  EXPECT_EQ(code(TokenBucket(*s.store, "", {.tokens = 1, .per = 1s, .burst = INT64_MAX})), kBad);
  EXPECT_EQ(code(TokenBucket(*s.store, "", {.tokens = 10, .per = 9ns, .burst = 1})), kBad);
}

TEST(RateLimiters, string_of_something_else_is_an_error) {
  ManualStore s;
  const Limiters limiters(*s.store);
  ASSERT_TRUE(s.store->set("k:ann", "hello", 1h).ok());
  const auto code = [](const auto& limiter) { return limiter.allow("ann").status().code(); };
  EXPECT_EQ(code(limiters.fixed), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(limiters.counter), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(limiters.bucket), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(s.store->get("k:ann").value(), "hello");
}

TEST(RateLimiters, reset_forgets) {
  for_each_limiter([](ManualStore&, const auto& limiter) {
    EXPECT_FALSE(limiter.reset("ann").value());
    ASSERT_TRUE(limiter.allow("ann", 4)->allowed);
    EXPECT_TRUE(limiter.reset("ann").value());
    EXPECT_TRUE(limiter.allow("ann", 4)->allowed);
  });
}

TEST(RateLimiters, clock_set_back_never_allows_more) {
  for_each_limiter([](ManualStore& s, const auto& limiter) {
    s.clock->advance(1h);
    ASSERT_TRUE(limiter.allow("ann", 4)->allowed);
    s.clock->advance(-5s);
    EXPECT_FALSE(limiter.allow("ann")->allowed);
    s.clock->advance(5s);
    EXPECT_FALSE(limiter.allow("ann")->allowed);
  });
}

// The window's end falls between any two commands of a step, sooner or later.
TEST(RateLimiters, no_key_ever_lacks_a_deadline) {
  for (const Duration tick : {70us, 300us, 1100us, 2900us}) {
    auto store =
        Store::open({.clock = std::make_shared<TickingClock>(tick), .background = Background::kManual})
            .value();
    const WindowOptions window{.limit = 3, .window = 7ms};
    const FixedWindow fixed(*store, "fixed:", window);
    const SlidingWindowLog log(*store, "log:", window);
    const SlidingWindowCounter counter(*store, "counter:", window);
    const TokenBucket bucket(*store, "bucket:", {.tokens = 3, .per = 7ms, .burst = 3});
    for (int i = 0; i < 1000; ++i) {
      const int64_t n = 1 + i % 3;
      ASSERT_TRUE(fixed.allow("a", n).ok() && log.allow("a", n).ok());
      ASSERT_TRUE(counter.allow("a", n).ok() && bucket.allow("a", n).ok());
      const auto keys = store->keys("*").value();
      for (const std::string& key : keys) {
        const auto deadline = store->expiretime(key).value();
        ASSERT_FALSE(deadline.has_value() && deadline->is_never()) << key << " at call " << i;
      }
    }
  }
}

// The log, whose only call leaves the window now, dies at each moment of the step that adds another call to it.
TEST(SlidingWindowLog, log_that_dies_within_a_step_loses_no_call) {
  for (int ticks = 0; ticks < 30; ++ticks) {
    const auto clock = std::make_shared<TickingClock>(100us);
    auto store = Store::open({.clock = clock, .background = Background::kManual}).value();
    const SlidingWindowLog log(*store, "log:", {.limit = 2, .window = 1s});
    ASSERT_TRUE(log.allow("a").value().allowed);
    clock->set(store->expiretime("log:a").value()->at() - ticks * 100us);
    ASSERT_TRUE(log.allow("a").value().allowed);
    const auto ttl = store->ttl("log:a").value();
    ASSERT_TRUE(ttl.has_value()) << "forgotten " << ticks << " ticks before the end";
    EXPECT_GT(ttl->remaining(), 900ms);
    // Deadlines are whole milliseconds, and the step's own instant is before the one that the log has read.
    EXPECT_LE(ttl->remaining(), 1001ms);
  }
}

// ------------------------------------------------------------------------------------------- models

// Every call that was allowed: (when, how many).
struct Call {
  int64_t at_ns;
  int64_t n;
};

struct Model {
  std::vector<Call> calls;
  int64_t count(int64_t from_ns, int64_t to_ns) const {
    int64_t sum = 0;
    for (const Call& each : calls) sum += each.at_ns >= from_ns && each.at_ns < to_ns ? each.n : 0;
    return sum;
  }
};

struct Numbers {
  int64_t limit;
  int64_t window_ns;
};

int64_t log_remaining(const Model& model, const Numbers& p, int64_t now) {
  return p.limit - model.count(now - p.window_ns + 1, now + 1);
}

// Windows of the caller's own; a window ends at a whole millisecond.
int64_t fixed_remaining(const Model& model, const Numbers& p, int64_t now) {
  int64_t end = INT64_MIN;
  int64_t sum = 0;
  for (const Call& each : model.calls) {
    if (each.at_ns >= end) {
      sum = 0;
      end = (each.at_ns + p.window_ns + 999'999) / 1'000'000 * 1'000'000;
    }
    sum += each.n;
  }
  return now >= end ? p.limit : p.limit - sum;
}

// By exact fractions: the weight of the window before is its uncovered part.
int64_t counter_remaining(const Model& model, const Numbers& p, int64_t now) {
  const int64_t start = now / p.window_ns * p.window_ns;
  const int64_t before = model.count(start - p.window_ns, start);
  const int64_t current = model.count(start, now + 1);
  const int64_t weight = p.window_ns - (now - start);
  // The greatest r with (r + current) * window + before * weight <= limit * window.
  int64_t r = p.limit - current;
  while (r > 0 && (r + current - p.limit) * p.window_ns + before * weight > 0) --r;
  return r;
}

// The bucket as a level that rises with time, in nanoseconds of filling.
int64_t bucket_remaining(const Model& model, const Numbers& p, int64_t now) {
  const int64_t token = (p.window_ns + p.limit - 1) / p.limit;
  const int64_t full = token * p.limit;
  int64_t level = full;
  int64_t at = 0;
  for (const Call& each : model.calls) {
    level = std::min(full, level + each.at_ns - at) - each.n * token;
    at = each.at_ns;
  }
  return std::min(full, level + now - at) / token;
}

// Plays random calls at random times. A call is allowed exactly if the model has that many left; a refused one would be
// refused until just before its retry_after, and allowed then; the key always has a deadline, and is gone in the end.
template <class Limiter>
void agrees_with_model(const Limiter& limiter, ManualStore& s, const Numbers& p,
                       int64_t (*remaining)(const Model&, const Numbers&, int64_t)) {
  Model model;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    const int64_t far =
        *rc::gen::element<int64_t>(1, p.window_ns / (2 * p.limit), p.window_ns / 2, 3 * p.window_ns);
    s.clock->advance(Duration(*rc::gen::inRange<int64_t>(0, far + 1)));
    const int64_t n = *rc::gen::inRange<int64_t>(1, p.limit + 1);
    const int64_t now = s.now().time_since_epoch().count();
    const int64_t left = remaining(model, p, now);
    const RateDecision decision = limiter.allow("a", n).value();
    RC_ASSERT(decision.allowed == (n <= left));
    if (decision.allowed) model.calls.push_back({now, n});
    RC_ASSERT(decision.remaining == remaining(model, p, now));
    RC_ASSERT(!s.lives_forever("k:a"));
    if (decision.allowed) {
      RC_ASSERT(decision.retry_after == Duration::zero());
      continue;
    }
    // On copies of the key, in a future that then never was.
    for (const bool is_time : {false, true}) {
      const TimePoint present = s.now();
      RC_ASSERT(s.store->copy("k:a", "k:probe", {.replace = true}).value());
      s.clock->advance(decision.retry_after - (is_time ? 0ns : 1ns));
      RC_ASSERT(limiter.allow("probe", n).value().allowed == is_time);
      s.clock->set(present);
    }
    RC_ASSERT(s.store->del("k:probe").ok());
  }
  s.pass(Duration(3 * p.window_ns) + 1ms);
  RC_ASSERT(s.store->dbsize().value() == 0);
}

// Windows and limits that divide and that do not.
Numbers random_numbers() {
  return {.limit = *rc::gen::inRange<int64_t>(1, 12),
          .window_ns = *rc::gen::element<int64_t>(1'000'000, 7'000'003, 1'000'000'000)};
}

RC_GTEST_PROP(FixedWindow, agrees_with_a_model, ()) {
  ManualStore s;
  const Numbers p = random_numbers();
  agrees_with_model(FixedWindow(*s.store, "k:", {.limit = p.limit, .window = Duration(p.window_ns)}), s, p,
                    fixed_remaining);
}
RC_GTEST_PROP(SlidingWindowLog, agrees_with_a_model, ()) {
  ManualStore s;
  const Numbers p = random_numbers();
  agrees_with_model(SlidingWindowLog(*s.store, "k:", {.limit = p.limit, .window = Duration(p.window_ns)}), s,
                    p, log_remaining);
}
RC_GTEST_PROP(SlidingWindowCounter, agrees_with_a_model, ()) {
  ManualStore s;
  const Numbers p = random_numbers();
  agrees_with_model(SlidingWindowCounter(*s.store, "k:", {.limit = p.limit, .window = Duration(p.window_ns)}),
                    s, p, counter_remaining);
}
RC_GTEST_PROP(TokenBucket, agrees_with_a_model, ()) {
  ManualStore s;
  const Numbers p = random_numbers();
  const TokenBucketOptions options{.tokens = p.limit, .per = Duration(p.window_ns), .burst = p.limit};
  agrees_with_model(TokenBucket(*s.store, "k:", options), s, p, bucket_remaining);
}

// ------------------------------------------------------------------------------------------- threads

constexpr int kThreads = 4;
constexpr int kPhases = 60;
constexpr Duration kPhase = 100ms;

// Threads hammer one caller while time stands; then it moves on by a phase. How many were allowed in each phase.
template <class Limiter>
std::vector<int64_t> hammered(const Limiter& limiter, ManualStore& s) {
  std::vector<std::atomic<int64_t>> counts(kPhases);
  int phase = 0;
  std::barrier barrier(kThreads, [&]() noexcept {
    s.clock->advance(kPhase);
    ++phase;
  });
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int p = 0; p < kPhases; ++p) {
        for (int i = 0; i < 12; ++i) {
          const int64_t n = 1 + (i + t) % 2;
          if (limiter.allow("a", n).value().allowed) counts[static_cast<size_t>(p)] += n;
        }
        barrier.arrive_and_wait();
      }
    });
  }
  threads.clear();
  EXPECT_EQ(phase, kPhases);
  return {counts.begin(), counts.end()};
}

int64_t most_in(const std::vector<int64_t>& counts, size_t phases) {
  int64_t most = 0;
  for (size_t i = 0; i + phases <= counts.size(); ++i)
    most = std::max(most, std::accumulate(counts.begin() + static_cast<int64_t>(i),
                                          counts.begin() + static_cast<int64_t>(i + phases), int64_t{0}));
  return most;
}

TEST(RateLimiters, never_more_than_the_limit_under_threads) {
  const WindowOptions options{.limit = 20, .window = 10 * kPhase};
  {
    ManualStore s;
    const auto counts = hammered(SlidingWindowLog(*s.store, "k:", options), s);
    EXPECT_EQ(most_in(counts, 10), 20) << "never more in any window, and all that there is";
  }
  {
    ManualStore s;
    const auto counts =
        hammered(TokenBucket(*s.store, "k:", {.tokens = 20, .per = 10 * kPhase, .burst = 7}), s);
    for (size_t phases = 1; phases < counts.size(); ++phases)
      EXPECT_LE(most_in(counts, phases), 7 + 2 * static_cast<int64_t>(phases - 1));
    EXPECT_EQ(most_in(counts, counts.size()), 7 + 2 * (kPhases - 1));
  }
  for (const bool is_fixed : {true, false}) {
    ManualStore s;
    const auto counts = is_fixed ? hammered(FixedWindow(*s.store, "k:", options), s)
                                 : hammered(SlidingWindowCounter(*s.store, "k:", options), s);
    // Somebody calls in every phase, so the windows of the caller's own are those of the grid, too.
    for (size_t first = 0; first < counts.size(); first += 10) {
      const int64_t in_window =
          std::accumulate(counts.begin() + static_cast<int64_t>(first),
                          counts.begin() + static_cast<int64_t>(first + 10), int64_t{0});
      EXPECT_LE(in_window, 20);
      if (is_fixed) EXPECT_EQ(in_window, 20);
    }
    EXPECT_LT(most_in(counts, 10), 40);
  }
}

}  // namespace
}  // namespace inlay::test
