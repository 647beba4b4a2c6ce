// Cache: reloads ahead of the end and after it, in the background and not, and what stands in for a failed load.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "inlay/patterns/cache.h"
#include "tests/patterns/cache_world.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

class CacheStaleTest : public testing::Test {
 protected:
  Cache<std::string> cache(CachePolicy policy) {
    policy.ttl = 10s;
    policy.jitter = 0;
    return Cache<std::string>(*world_.store, "page:", policy);
  }

  CacheWorld world_;
  ManualClock& clock_ = *world_.clock;
  ManualExecutor& executor_ = world_.executor;
  int calls_ = 0;
};

using CacheRefreshAhead = CacheStaleTest;
using CacheServeStale = CacheStaleTest;
using CacheStaleOnError = CacheStaleTest;

TEST_F(CacheRefreshAhead, hit_near_the_end_starts_one_reload_and_is_served) {
  Cache<std::string> pages = cache({.refresh_ahead = 3s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(7s - 1ms);
  EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "one");
  EXPECT_EQ(executor_.size(), 0u);
  clock_.advance(1ms);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "one");
  EXPECT_EQ(executor_.size(), 1u);
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(*pages.get("a"), "two");
  // It has a full life again.
  clock_.advance(7s - 1ms);
  EXPECT_EQ(*pages.get_or_load("a", must_not_load), "two");
  EXPECT_EQ(executor_.size(), 0u);
  EXPECT_EQ(pages.stats().hits, 6u);
  EXPECT_EQ(pages.stats().misses, 0u);
}

TEST_F(CacheRefreshAhead, without_an_executor_no_hit_reloads) {
  Cache<std::string> pages = cache({.refresh_ahead = 3s});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(10s - 1ms);
  EXPECT_EQ(*pages.get_or_load("a", must_not_load), "one");
  clock_.advance(1ms);
  EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "two");
}

TEST_F(CacheRefreshAhead, failed_reload_leaves_the_value_to_its_end) {
  Cache<std::string> pages = cache({.refresh_ahead = 3s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(8s);
  EXPECT_EQ(*pages.get_or_load("a", fails), "one");
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(pages.stats().load_failures, 1u);
  EXPECT_EQ(*pages.get("a"), "one");
  clock_.advance(2s);
  EXPECT_TRUE(is_nil(pages.get("a")));
  EXPECT_EQ(pages.get_or_load("a", fails).status(), fails().status());
}

TEST_F(CacheRefreshAhead, reload_that_ends_after_the_end_is_kept) {
  Cache<std::string> pages = cache({.refresh_ahead = 3s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(9s);
  const auto slow = [this] {
    clock_.advance(3s);
    return std::string("two");
  };
  EXPECT_EQ(*pages.get_or_load("a", slow), "one");
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(*pages.get("a"), "two");
}

TEST_F(CacheRefreshAhead, reload_loses_to_an_invalidation) {
  Cache<std::string> pages = cache({.refresh_ahead = 3s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(8s);
  const auto overtaken = [&pages] {
    EXPECT_TRUE(pages.invalidate("a").ok());
    return std::string("two");
  };
  EXPECT_EQ(*pages.get_or_load("a", overtaken), "one");
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_TRUE(is_nil(pages.get("a")));
  EXPECT_EQ(pages.stats().loads_dropped, 1u);
}

TEST_F(CacheRefreshAhead, dropped_task_lets_the_next_hit_try_again) {
  Cache<std::string> pages = cache({.refresh_ahead = 3s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(8s);
  EXPECT_EQ(*pages.get_or_load("a", must_not_load), "one");
  executor_.drop();
  EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "one");
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(*pages.get("a"), "two");
}

// An executor may run on the very thread that asks: to wait for it would be to wait for ever.
TEST_F(CacheRefreshAhead, caller_that_needs_the_result_runs_a_load_that_is_only_queued) {
  Cache<std::string> pages = cache({.refresh_ahead = 3s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(8s);
  EXPECT_EQ(*pages.get_or_load("a", counted("queued", calls_)), "one");
  clock_.advance(2s);
  EXPECT_EQ(*pages.get_or_load("a", counted("now", calls_)), "now");
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(*pages.get("a"), "now");
}

TEST_F(CacheRefreshAhead, task_that_outlives_cache_and_store_does_nothing) {
  {
    auto store = Store::open({.clock = world_.clock, .background = Background::kManual}).value();
    Cache<std::string> pages(*store,
                             "page:", {.ttl = 10s, .jitter = 0, .refresh_ahead = 3s, .executor = &executor_});
    ASSERT_TRUE(pages.put("a", "one").ok());
    clock_.advance(8s);
    EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "one");
  }
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(calls_, 0);
}

TEST_F(CacheRefreshAhead, reading_through_reloads_from_the_record) {
  int loads = 0;
  CachePolicy policy{.ttl = 10s, .jitter = 0, .refresh_ahead = 3s, .executor = &executor_};
  Cache<std::string> pages(*world_.store, "page:", policy, {.load = [&](Key key) -> Nullable<std::string> {
    ++loads;
    return std::string(key).append("!");
  }});
  EXPECT_EQ(*pages.get_or_load("a"), "a!");
  clock_.advance(8s);
  {
    const std::string key_of_the_caller = "a";
    EXPECT_EQ(*pages.get_or_load(key_of_the_caller), "a!");
  }
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(loads, 2);
}

TEST_F(CacheServeStale, with_an_executor_nobody_waits_for_the_reload) {
  Cache<std::string> pages = cache({.serve_stale = 5s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(15s - 1ms);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "one");
  EXPECT_TRUE(is_nil(pages.get("a")));  // Which cannot reload.
  EXPECT_EQ(executor_.run(), 1u);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(*pages.get("a"), "two");
  EXPECT_EQ(pages.stats().stale_hits, 3u);
}

TEST_F(CacheServeStale, its_time_over_the_value_is_gone) {
  Cache<std::string> pages = cache({.serve_stale = 5s, .executor = &executor_});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(15s);
  EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "two");
  EXPECT_EQ(executor_.size(), 0u);
}

TEST_F(CacheServeStale, without_an_executor_one_caller_reloads_and_the_others_are_served) {
  Cache<std::string> pages = cache({.serve_stale = 5s});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(12s);
  const auto loader = [&] {
    // While this load runs:
    std::thread([&] { EXPECT_EQ(*pages.get_or_load("a", must_not_load), "one"); }).join();
    return std::string("two");
  };
  EXPECT_EQ(*pages.get_or_load("a", loader), "two");
  EXPECT_EQ(*pages.get("a"), "two");
  EXPECT_EQ(pages.stats().stale_hits, 1u);
  EXPECT_EQ(pages.stats().misses, 1u);
}

TEST_F(CacheStaleOnError, value_stands_in_for_a_failed_load_until_its_time_is_over) {
  Cache<std::string> pages = cache({.stale_on_error = 1min});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(10s);
  EXPECT_EQ(*pages.get_or_load("a", fails), "one");
  EXPECT_TRUE(is_nil(pages.get("a")));
  EXPECT_EQ(pages.stats().stale_hits, 1u);
  EXPECT_EQ(pages.stats().load_failures, 1u);
  clock_.advance(1min - 1ms);
  EXPECT_EQ(*pages.get_or_load("a", fails), "one");
  clock_.advance(1ms);
  EXPECT_EQ(pages.get_or_load("a", fails).status(), fails().status());
}

TEST_F(CacheStaleOnError, load_that_succeeds_is_what_is_served) {
  Cache<std::string> pages = cache({.stale_on_error = 1min});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(10s);
  EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "two");
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(pages.stats().stale_hits, 0u);
}

TEST_F(CacheStaleOnError, invalidated_value_never_stands_in) {
  Cache<std::string> pages = cache({.stale_on_error = 1min});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(10s);
  ASSERT_TRUE(pages.invalidate("a").ok());
  EXPECT_EQ(pages.get_or_load("a", fails).status(), fails().status());
}

}  // namespace
}  // namespace inlay
