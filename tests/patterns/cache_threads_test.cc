// Cache with many threads: one load for all, waits that end, and nothing older than what a finished write has promised.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <latch>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "inlay/patterns/cache.h"
#include "tests/patterns/cache_world.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

void wait_until(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::yield();
}

template <class Body>
std::vector<std::jthread> threads(int count, Body body) {
  std::vector<std::jthread> all;
  for (int i = 0; i < count; ++i) all.emplace_back([=] { body(i); });
  return all;
}

// One thread loads until all others are known to wait for it; then they all get its outcome.
void ask_with_a_thousand(const Nullable<std::string>& outcome) {
  constexpr uint64_t kThreads = 1000;
  CacheWorld world;
  Cache<std::string> pages(*world.store, "page:");
  std::atomic<int> loads = 0, right = 0;
  const auto loader = [&] {
    ++loads;
    wait_until([&] { return pages.stats().waiting == kThreads - 1; });
    return outcome;
  };
  threads(kThreads, [&](int) { right += pages.get_or_load("a", loader) == outcome; });
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(right, static_cast<int>(kThreads));
  EXPECT_EQ(pages.stats().loads, 1u);
  EXPECT_EQ(pages.stats().misses, kThreads);
  EXPECT_EQ(pages.stats().waiting, 0u);
}

TEST(CacheThreads, a_thousand_that_ask_for_one_missing_key_cause_one_load) { ask_with_a_thousand("value"); }
TEST(CacheThreads, a_thousand_share_absence) { ask_with_a_thousand(std::nullopt); }
TEST(CacheThreads, a_thousand_share_a_failure) { ask_with_a_thousand(fails()); }

// Whenever they come: before the load, within it, or after it.
TEST(CacheThreads, threads_that_come_at_any_moment_cause_one_load_per_key) {
  CacheWorld world;
  Cache<std::string> pages(*world.store, "page:", {.ttl = kForever});
  constexpr int kKeys = 2000;
  constexpr int kThreads = 8;
  std::vector<std::atomic<int>> loads(kKeys);
  std::latch all_are_here(kThreads);
  threads(kThreads, [&](int) {
    all_are_here.arrive_and_wait();
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = std::to_string(i);
      const auto value = pages.get_or_load(key, [&] {
        ++loads[static_cast<size_t>(i)];
        return key;
      });
      EXPECT_EQ(*value, key);
    }
  });
  for (const auto& each : loads) EXPECT_EQ(each, 1);
}

TEST(CacheThreads, who_waits_too_long_gives_up_and_the_load_is_kept) {
  CacheWorld world;
  Cache<std::string> pages(*world.store, "page:", {.ttl = 1h, .jitter = 0, .load_timeout = 5s});
  std::atomic<bool> may_end = false;
  std::jthread leader([&] {
    const auto slow = [&] {
      wait_until([&] { return may_end.load(); });
      return std::string("late");
    };
    EXPECT_EQ(*pages.get_or_load("a", slow), "late");  // Its own load has no time-out.
  });
  wait_until([&] { return pages.stats().misses == 1; });
  {
    std::jthread waiter([&] {
      EXPECT_EQ(pages.get_or_load("a", must_not_load).status().code(), absl::StatusCode::kDeadlineExceeded);
    });
    wait_until([&] { return pages.stats().waiting == 1; });
    world.clock->advance(5s);
  }
  EXPECT_EQ(pages.stats().timeouts, 1u);
  may_end = true;
  leader.join();
  EXPECT_EQ(*pages.get("a"), "late");
}

TEST(CacheThreads, who_waits_too_long_is_served_a_value_that_may_stand_in) {
  CacheWorld world;
  Cache<std::string> pages(*world.store,
                           "page:", {.ttl = 10s, .jitter = 0, .stale_on_error = 1h, .load_timeout = 5s});
  ASSERT_TRUE(pages.put("a", "old").ok());
  world.clock->advance(20s);
  std::atomic<bool> may_end = false;
  std::jthread leader([&] {
    const auto slow = [&] {
      wait_until([&] { return may_end.load(); });
      return std::string("new");
    };
    EXPECT_EQ(*pages.get_or_load("a", slow), "new");
  });
  wait_until([&] { return pages.stats().misses == 1; });
  {
    std::jthread waiter([&] { EXPECT_EQ(*pages.get_or_load("a", must_not_load), "old"); });
    wait_until([&] { return pages.stats().waiting == 1; });
    world.clock->advance(5s);
  }
  may_end = true;
}

// Who asks after an invalidation must not be given what a load has read before it.
TEST(CacheThreads, caller_after_an_invalidation_does_not_join_the_load_from_before) {
  CacheWorld world;
  Cache<std::string> pages(*world.store, "page:");
  const auto old_loader = [&] {
    EXPECT_TRUE(pages.invalidate("a").ok());
    std::jthread([&] { EXPECT_EQ(*pages.get_or_load("a", [] { return std::string("new"); }), "new"); });
    return std::string("old");
  };
  EXPECT_EQ(*pages.get_or_load("a", old_loader), "old");
  EXPECT_EQ(*pages.get("a"), "new");
}

// Two loaders that ask for each other's key: one of them is refused, and both end.
TEST(CacheThreads, loaders_that_wait_for_each_other_are_refused) {
  CacheWorld world;
  Cache<std::string> pages(*world.store, "page:");
  std::atomic<int> inside = 0, refused = 0;
  threads(2, [&](int i) {
    const std::string mine(1, static_cast<char>('a' + i)), others(1, static_cast<char>('b' - i));
    const auto loader = [&]() -> Nullable<std::string> {
      ++inside;
      wait_until([&] { return inside == 2; });
      return pages.get_or_load(others, must_not_load);
    };
    const auto outcome = pages.get_or_load(mine, loader);
    refused += outcome.status().code() == absl::StatusCode::kFailedPrecondition;
  });
  // The one that was refused fails, and so does the other, which waited for it.
  EXPECT_EQ(refused, 2);
}

// The destructor waits for a reload that runs, and the store may end right after it.
TEST(CacheThreads, cache_ends_after_the_reload_that_runs) {
  CacheWorld world;
  std::atomic<bool> runs = false, may_end = false, ended = false;
  std::optional<Cache<std::string>> pages;
  pages.emplace(*world.store, "page:",
                CachePolicy{.ttl = 10s, .jitter = 0, .serve_stale = 1h, .executor = &world.executor});
  ASSERT_TRUE(pages->put("a", "old").ok());
  world.clock->advance(10s);
  const auto slow = [&] {
    runs = true;
    wait_until([&] { return may_end.load(); });
    ended = true;
    return std::string("new");
  };
  EXPECT_EQ(*pages->get_or_load("a", slow), "old");
  std::jthread executor([&] { world.executor.run(); });
  wait_until([&] { return runs.load(); });
  std::jthread opener([&] { may_end = true; });
  pages.reset();
  EXPECT_TRUE(ended);
  world.store.reset();
}

// A record whose rows are version numbers. `promised` is what a finished change has promised to all who ask later.
struct Row {
  std::atomic<int64_t> recorded{0};
  std::atomic<int64_t> promised{0};
  std::mutex one_writer;
};

constexpr int kRows = 8;
constexpr int kChanges = 1000;

// Runs `change(row, key, version)` from two threads and reads from four, through two caches over one prefix. No read may
// give a version below the one that was promised before it began.
void race(std::array<Row, kRows>& rows, Cache<int64_t>& one, Cache<int64_t>& two,
          const std::function<void(Row&, Key, int64_t, Cache<int64_t>&)>& change) {
  std::atomic<int> writing = 2;
  std::atomic<uint64_t> reads = 0;
  std::vector<std::jthread> writers = threads(2, [&](int writer) {
    for (int i = 0; i < kChanges; ++i) {
      Row& row = rows[static_cast<size_t>((i * 5 + writer) % kRows)];
      const std::string key = std::to_string((i * 5 + writer) % kRows);
      const std::lock_guard lock(row.one_writer);
      const int64_t version = row.recorded + 1;
      change(row, key, version, writer == 0 ? one : two);
      row.promised = version;
      // Reads go on between changes, however threads are scheduled.
      const uint64_t before = reads;
      wait_until([&] { return reads > before || testing::Test::HasFailure(); });
    }
    --writing;
  });
  std::vector<std::jthread> readers = threads(4, [&](int reader) {
    Cache<int64_t>& cache = reader % 2 == 0 ? one : two;
    for (int i = reader; writing > 0; ++i) {
      Row& row = rows[static_cast<size_t>(i % kRows)];
      const int64_t promised = row.promised;
      const auto read = cache.get_or_load(std::to_string(i % kRows), [&row] { return row.recorded.load(); });
      ASSERT_TRUE(read.ok()) << read.status();
      ASSERT_GE(**read, promised);
      ASSERT_LE(**read, row.recorded);
      ++reads;
    }
  });
  writers.clear();
  readers.clear();
  for (int i = 0; i < kRows; ++i) {
    for (Cache<int64_t>* cache : {&one, &two}) {
      const auto cached = cache->get(std::to_string(i));
      if (!is_nil(cached)) EXPECT_EQ(*cached, rows[static_cast<size_t>(i)].recorded.load());
    }
  }
}

TEST(CacheThreads, reads_see_what_was_recorded_before_an_invalidation) {
  CacheWorld world;
  std::array<Row, kRows> rows;
  Cache<int64_t> one(*world.store, "row:", {.ttl = kForever}), two(*world.store, "row:", {.ttl = kForever});
  race(rows, one, two, [](Row& row, Key key, int64_t version, Cache<int64_t>& cache) {
    row.recorded = version;
    EXPECT_TRUE(cache.invalidate(key).ok());
  });
}

// Runs tasks on a thread of its own; drops those that are left at its end.
class ThreadExecutor final : public CallbackExecutor {
 public:
  void post(absl::AnyInvocable<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (posted_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
      absl::AnyInvocable<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any posted_;
  std::deque<absl::AnyInvocable<void()>> tasks_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

// The same while entries fall due and turn stale all the time, and are reloaded in the background.
TEST(CacheThreads, reads_see_what_was_recorded_though_reloads_run_in_the_background) {
  CacheWorld world;
  std::array<Row, kRows> rows;
  ThreadExecutor executor;
  const CachePolicy policy{
      .ttl = 4ms, .jitter = 0.5, .refresh_ahead = 1ms, .serve_stale = 2ms, .executor = &executor};
  Cache<int64_t> one(*world.store, "row:", policy), two(*world.store, "row:", policy);
  race(rows, one, two, [&](Row& row, Key key, int64_t version, Cache<int64_t>& cache) {
    row.recorded = version;
    EXPECT_TRUE(cache.invalidate(key).ok());
    world.clock->advance(1ms);
  });
  EXPECT_GT(one.stats().stale_hits + two.stats().stale_hits, 0u);
}

TEST(CacheThreads, reads_see_what_was_written_through) {
  CacheWorld world;
  std::array<Row, kRows> rows;
  const StoreOfRecord<int64_t> record{.store = [&rows](Key key, const int64_t& version) {
    rows[static_cast<size_t>(key[0] - '0')].recorded = version;
    return absl::OkStatus();
  }};
  Cache<int64_t> one(*world.store, "row:", {.ttl = kForever}, record);
  Cache<int64_t> two(*world.store, "row:", {.ttl = kForever}, record);
  race(rows, one, two, [](Row&, Key key, int64_t version, Cache<int64_t>& cache) {
    EXPECT_TRUE(cache.put(key, version).ok());
  });
}

// Writers that overlap at will: once all is quiet, what is cached is what is recorded.
TEST(CacheThreads, overlapping_writes_leave_cache_and_record_equal) {
  for (int round = 0; round < 300; ++round) {
    CacheWorld world;
    std::atomic<int64_t> recorded = -1;
    const StoreOfRecord<int64_t> record{.store = [&](Key, const int64_t& version) {
      recorded = version;
      return absl::OkStatus();
    }};
    Cache<int64_t> one(*world.store, "row:", {}, record), two(*world.store, "row:", {}, record);
    threads(3, [&](int i) { EXPECT_TRUE((i % 2 == 0 ? one : two).put("k", i).ok()); });
    const auto cached = one.get("k");
    if (!is_nil(cached)) EXPECT_EQ(*cached, recorded.load());
  }
}

}  // namespace
}  // namespace inlay
