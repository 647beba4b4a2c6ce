// Cache, on one thread and a clock that stands still.
#include "inlay/patterns/cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/patterns/cache_world.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

class CacheTest : public testing::Test {
 protected:
  // Without jitter, so that ends are exact.
  Cache<std::string> cache(CachePolicy policy) {
    policy.seed = 1;
    return Cache<std::string>(*world_.store, "page:", policy);
  }

  CacheWorld world_;
  Store& store_ = *world_.store;
  ManualClock& clock_ = *world_.clock;
  int calls_ = 0;
};

using CachePut = CacheTest;
using CacheLoad = CacheTest;
using CacheNegative = CacheTest;
using CacheEntry = CacheTest;
using CacheInvalidate = CacheTest;

std::string numbered(std::string prefix, int number) { return prefix.append(std::to_string(number)); }

TEST_F(CachePut, value_is_found_until_its_end_and_no_longer) {
  Cache<std::string> pages = cache({.ttl = 10s, .jitter = 0});
  EXPECT_TRUE(is_nil(pages.get("a")));
  ASSERT_TRUE(pages.put("a", "one").ok());
  EXPECT_EQ(*pages.get("a"), "one");
  clock_.advance(10s - 1ms);
  EXPECT_EQ(*pages.get("a"), "one");
  clock_.advance(1ms);
  EXPECT_TRUE(is_nil(pages.get("a")));
  EXPECT_EQ(pages.stats().hits, 2u);
  EXPECT_EQ(pages.stats().misses, 2u);
}

TEST_F(CachePut, ttl_of_its_own_goes_before_the_policys) {
  Cache<std::string> pages = cache({.ttl = 10s, .jitter = 0});
  ASSERT_TRUE(pages.put("short", "s", 1s).ok());
  ASSERT_TRUE(pages.put("endless", "e", kForever).ok());
  clock_.advance(1s);
  EXPECT_TRUE(is_nil(pages.get("short")));
  clock_.advance(24h * 10'000);
  EXPECT_EQ(*pages.get("endless"), "e");
}

TEST_F(CachePut, ttl_that_is_not_positive_is_refused_and_changes_nothing) {
  Cache<std::string> pages = cache({.ttl = 10s, .jitter = 0});
  ASSERT_TRUE(pages.put("a", "one").ok());
  for (const Duration ttl : {Duration(0s), Duration(-1s)})
    EXPECT_EQ(pages.put("a", "two", ttl).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*pages.get("a"), "one");
}

TEST_F(CachePut, jitter_spreads_the_ends_and_only_shortens) {
  Cache<std::string> pages = cache({.ttl = 10min, .jitter = 0.5});
  std::set<int64_t> ends;
  for (int i = 0; i < 200; ++i) {
    const std::string key = numbered("k", i);
    ASSERT_TRUE(pages.put(key, "v").ok());
    const Ttl left = **store_.ttl("page:" + key);
    EXPECT_GT(left.ms(), 5 * 60'000 - 1);
    EXPECT_LE(left.ms(), 10 * 60'000);
    ends.insert(left.ms() / 30'000);
  }
  EXPECT_GE(ends.size(), 10u);  // All ten slots of half a minute between the two.
}

TEST_F(CachePut, a_seed_makes_two_runs_equal) {
  uint64_t digests[2];
  for (uint64_t& digest : digests) {
    CacheWorld world;
    Cache<std::string> pages(*world.store, "page:", {.seed = 7});
    ASSERT_TRUE(pages.put("a", "one").ok());
    ASSERT_TRUE(pages.get_or_load("b", [] { return std::string("two"); }).ok());
    digest = world.store->digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
}

TEST_F(CacheEntry, header_is_ten_bytes) {
  Cache<std::string> pages = cache({});
  ASSERT_TRUE(pages.put("a", "12345").ok());
  EXPECT_EQ(*store_.strlen("page:a"), 15);
  Cache<uint64_t> numbers(store_, "n:");
  ASSERT_TRUE(numbers.put("a", 5).ok());
  EXPECT_EQ(*store_.strlen("n:a"), 18);
  EXPECT_EQ(*numbers.get("a"), 5u);
}

TEST_F(CacheEntry, keys_and_values_may_be_any_bytes_of_any_length) {
  Cache<std::string> pages = cache({});
  for (const size_t size : {0u, 1u, 119u, 120u, 5000u, 100'000u}) {
    const std::string key(size, '\0'), value(size, '\xff');
    ASSERT_TRUE(pages.put(key, value).ok());
    EXPECT_EQ(*pages.get(key), value) << size;
  }
}

TEST_F(CacheEntry, what_no_cache_wrote_is_an_error_and_stays) {
  Cache<std::string> pages = cache({});
  ASSERT_TRUE(store_.set("page:text", "a text that is long enough").ok());
  ASSERT_TRUE(store_.set("page:short", "1").ok());
  ASSERT_TRUE(store_.rpush("page:list", {"x"}).ok());
  for (const Key key : {"text", "short"}) {
    EXPECT_EQ(pages.get(key).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(pages.get_or_load(key, must_not_load).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(kind_of(pages.get("list").status()), ErrorKind::kWrongType);
  EXPECT_EQ(kind_of(pages.get_or_load("list", must_not_load).status()), ErrorKind::kWrongType);
  EXPECT_EQ(kind_of(pages.invalidate("list")), ErrorKind::kWrongType);
  EXPECT_EQ(*store_.get("page:text"), "a text that is long enough");
  // A put replaces it.
  for (const Key key : {"text", "short", "list"}) {
    ASSERT_TRUE(pages.put(key, "v").ok());
    EXPECT_EQ(*pages.get(key), "v");
  }
}

TEST_F(CacheEntry, value_that_the_codec_refuses_is_loaded_anew) {
  Cache<std::string> texts = cache({});
  Cache<uint64_t> numbers(store_, "page:");
  ASSERT_TRUE(texts.put("a", "no number").ok());
  EXPECT_EQ(numbers.get("a").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(*numbers.get_or_load("a", [] { return uint64_t{7}; }), 7u);
  EXPECT_EQ(*numbers.get("a"), 7u);
}

struct Profile {
  std::string name;
  int age = 0;
  friend bool operator==(const Profile&, const Profile&) = default;
};

}  // namespace

template <>
struct Codec<Profile> {
  static void encode(const Profile& profile, std::string& out) {
    out += std::to_string(profile.age) + ' ' + profile.name;
  }
  static Result<Profile> decode(Bytes bytes) {
    const size_t space = bytes.find(' ');
    if (space == Bytes::npos) return absl::DataLossError("no profile");
    return Profile{std::string(bytes.substr(space + 1)), std::stoi(std::string(bytes.substr(0, space)))};
  }
};

namespace {

TEST_F(CacheEntry, a_codec_of_the_programs_own_is_used) {
  Cache<Profile> profiles(store_, "profile:");
  const Profile ann{"Ann", 36};
  ASSERT_TRUE(profiles.put("ann", ann).ok());
  EXPECT_EQ(*profiles.get("ann"), ann);
  EXPECT_EQ(store_.get("profile:ann").value()->substr(10), "36 Ann");
}

TEST_F(CacheLoad, miss_loads_once_and_then_hits) {
  Cache<std::string> pages = cache({.ttl = 10s, .jitter = 0});
  EXPECT_EQ(*pages.get_or_load("a", counted("one", calls_)), "one");
  EXPECT_EQ(*pages.get_or_load("a", must_not_load), "one");
  EXPECT_EQ(*pages.get("a"), "one");
  clock_.advance(10s);
  EXPECT_EQ(*pages.get_or_load("a", counted("two", calls_)), "two");
  EXPECT_EQ(calls_, 2);
  const CacheStats stats = pages.stats();
  EXPECT_EQ(stats.hits, 2u);
  EXPECT_EQ(stats.misses, 2u);
  EXPECT_EQ(stats.loads, 2u);
  EXPECT_EQ(stats.load_failures, 0u);
  EXPECT_EQ(stats.loads_dropped, 0u);
}

TEST_F(CacheLoad, error_is_returned_and_nothing_is_kept) {
  Cache<std::string> pages = cache({.negative_ttl = 10s});
  EXPECT_EQ(pages.get_or_load("a", fails).status(), fails().status());
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(*pages.get_or_load("a", counted("one", calls_)), "one");
  EXPECT_EQ(pages.stats().load_failures, 1u);
}

TEST_F(CacheLoad, age_counts_from_the_beginning_of_the_load) {
  Cache<std::string> pages = cache({.ttl = 10s, .jitter = 0});
  const auto slow = [&] {
    clock_.advance(4s);
    return std::string("one");
  };
  EXPECT_EQ(*pages.get_or_load("a", slow), "one");
  EXPECT_EQ(pages.stats().load_time, 4s);
  clock_.advance(6s - 1ms);
  EXPECT_EQ(*pages.get("a"), "one");
  clock_.advance(1ms);
  EXPECT_TRUE(is_nil(pages.get("a")));
}

TEST_F(CacheLoad, what_took_longer_than_its_ttl_is_returned_and_not_kept) {
  Cache<std::string> pages = cache({.ttl = 3s, .jitter = 0});
  EXPECT_EQ(*pages.get_or_load("a",
                               [&] {
                                 clock_.advance(3s);
                                 return std::string("late");
                               }),
            "late");
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(pages.stats().loads_dropped, 1u);
}

TEST_F(CacheLoad, loader_may_put_other_keys_and_load_them) {
  Cache<std::string> pages = cache({});
  const auto outer = [&]() -> Nullable<std::string> {
    Nullable<std::string> inner = pages.get_or_load("b", [] { return std::string("inner"); });
    if (!inner.ok()) return inner;
    return "outer of " + **inner;
  };
  EXPECT_EQ(*pages.get_or_load("a", outer), "outer of inner");
  EXPECT_EQ(*pages.get("b"), "inner");
}

TEST_F(CacheLoad, loader_that_asks_for_its_own_key_gets_an_error) {
  Cache<std::string> pages = cache({});
  const auto recursive = [&] { return pages.get_or_load("a", must_not_load); };
  EXPECT_EQ(pages.get_or_load("a", recursive).status().code(), absl::StatusCode::kFailedPrecondition);
  // Not even when it has removed what it loads for.
  const auto sly = [&] {
    EXPECT_TRUE(pages.invalidate("a").ok());
    return pages.get_or_load("a", must_not_load);
  };
  EXPECT_EQ(pages.get_or_load("a", sly).status().code(), absl::StatusCode::kFailedPrecondition);
  // Nor by way of another key.
  const auto round_about = [&] { return pages.get_or_load("b", recursive); };
  EXPECT_EQ(pages.get_or_load("a", round_about).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(*pages.get_or_load("a", counted("one", calls_)), "one");
}

TEST_F(CacheLoad, loader_that_throws_leaves_the_key_as_if_it_had_failed) {
  Cache<std::string> pages = cache({});
  const auto throws = []() -> Nullable<std::string> { throw std::runtime_error("thrown"); };
  EXPECT_THROW(pages.get_or_load("a", throws).IgnoreError(), std::runtime_error);
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(*pages.get_or_load("a", counted("one", calls_)), "one");
}

// A load loses to whatever happens to its key meanwhile: its caller gets the value, the cache does not.
TEST_F(CacheLoad, value_that_was_overtaken_is_returned_and_not_kept) {
  Cache<std::string> pages = cache({});
  Cache<std::string> other(store_, "page:");
  struct Case {
    const char* name;
    std::function<void()> overtake;
    std::optional<std::string> left;
  };
  const std::vector<Case> cases = {
      {"put", [&] { EXPECT_TRUE(pages.put("a", "newer").ok()); }, "newer"},
      {"put by another cache", [&] { EXPECT_TRUE(other.put("a", "newer").ok()); }, "newer"},
      {"invalidate", [&] { EXPECT_TRUE(pages.invalidate("a").ok()); }, std::nullopt},
      {"invalidate by another cache", [&] { EXPECT_TRUE(other.invalidate("a").ok()); }, std::nullopt},
      {"invalidate_prefix", [&] { EXPECT_EQ(pages.invalidate_prefix(""), 1); }, std::nullopt},
      {"DEL", [&] { EXPECT_TRUE(*store_.del("page:a")); }, std::nullopt},
      {"FLUSHALL", [&] { store_.flushall(); }, std::nullopt},
      {"put and invalidate",
       [&] {
         EXPECT_TRUE(pages.put("a", "newer").ok());
         EXPECT_TRUE(pages.invalidate("a").ok());
       },
       std::nullopt},
  };
  for (const Case& each : cases) {
    for (const bool fails_at_last : {false, true}) {
      store_.flushall();
      const Nullable<std::string> loaded = pages.get_or_load("a", [&]() -> Nullable<std::string> {
        each.overtake();
        if (fails_at_last) return fails();
        return "older";
      });
      EXPECT_EQ(loaded.ok(), !fails_at_last) << each.name;
      if (loaded.ok()) EXPECT_EQ(*loaded, "older") << each.name;
      EXPECT_EQ(*pages.get("a"), each.left) << each.name;
    }
  }
  EXPECT_EQ(pages.stats().loads_dropped, cases.size());
}

// The same where the load is to replace an entry: what was written meanwhile differs from it, though it says the same.
TEST_F(CacheLoad, reload_loses_to_a_put_of_an_equal_value) {
  Cache<std::string> pages = cache({.ttl = 10s, .jitter = 0, .stale_on_error = 1min});
  ASSERT_TRUE(pages.put("a", "same").ok());
  clock_.advance(20s);
  const auto loader = [&] {
    EXPECT_TRUE(pages.put("a", "same").ok());
    return std::string("older");
  };
  EXPECT_EQ(*pages.get_or_load("a", loader), "older");
  EXPECT_EQ(*pages.get("a"), "same");
}

TEST_F(CacheNegative, absence_is_remembered_for_its_own_time) {
  Cache<std::string> pages = cache({.ttl = 10min, .jitter = 0, .negative_ttl = 5s});
  EXPECT_TRUE(is_nil(pages.get_or_load("a", finds_none)));
  EXPECT_TRUE(is_nil(pages.get_or_load("a", must_not_load)));
  EXPECT_TRUE(is_nil(pages.get("a")));
  EXPECT_EQ(pages.stats().hits, 2u);
  clock_.advance(5s);
  EXPECT_EQ(*pages.get_or_load("a", counted("now", calls_)), "now");
}

TEST_F(CacheNegative, without_a_time_absence_is_not_kept) {
  Cache<std::string> pages = cache({});
  EXPECT_TRUE(is_nil(pages.get_or_load("a", finds_none)));
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(*pages.get_or_load("a", counted("one", calls_)), "one");
}

TEST_F(CacheNegative, put_ends_absence) {
  Cache<std::string> pages = cache({.negative_ttl = 1h});
  EXPECT_TRUE(is_nil(pages.get_or_load("a", finds_none)));
  ASSERT_TRUE(pages.put("a", "one").ok());
  EXPECT_EQ(*pages.get_or_load("a", must_not_load), "one");
}

TEST_F(CacheNegative, absence_replaces_a_value_that_has_gone_stale) {
  Cache<std::string> pages = cache({.ttl = 1s, .jitter = 0, .stale_on_error = 1h});
  ASSERT_TRUE(pages.put("a", "one").ok());
  clock_.advance(2s);
  EXPECT_TRUE(is_nil(pages.get_or_load("a", finds_none)));
  // The stale value may not stand in any more: the record has answered.
  EXPECT_EQ(pages.get_or_load("a", fails).status(), fails().status());
}

TEST_F(CacheInvalidate, key_is_gone_and_its_absence_is_fine) {
  Cache<std::string> pages = cache({});
  ASSERT_TRUE(pages.put("a", "one").ok());
  EXPECT_TRUE(pages.invalidate("a").ok());
  EXPECT_TRUE(is_nil(pages.get("a")));
  EXPECT_TRUE(pages.invalidate("a").ok());
}

TEST_F(CacheInvalidate, prefix_takes_all_that_begins_so_and_nothing_else) {
  Cache<std::string> pages(store_, "p*[x]?\\:");
  for (int i = 0; i < 2500; ++i) {
    ASSERT_TRUE(pages.put(numbered("blog/", i), "v").ok());
    ASSERT_TRUE(pages.put(numbered("shop/", i), "v").ok());
  }
  ASSERT_TRUE(store_.set("pax?\\:blog/1", "matches if the prefix were a glob").ok());
  ASSERT_TRUE(store_.rpush("p*[x]?\\:list", {"no entry"}).ok());
  EXPECT_EQ(pages.invalidate_prefix("blog/"), 2500);
  EXPECT_EQ(*store_.dbsize(), 2502);
  EXPECT_EQ(pages.invalidate_prefix("*"), 0);
  EXPECT_EQ(pages.invalidate_prefix(""), 2500);
  EXPECT_EQ(*store_.dbsize(), 2);
}

TEST_F(CacheEntry, caches_over_two_prefixes_and_two_databases_do_not_meet) {
  Cache<std::string> a(store_, "a:"), b(store_, "b:"), elsewhere(*store_.database(1), "a:");
  ASSERT_TRUE(a.put("k", "a").ok());
  ASSERT_TRUE(b.put("k", "b").ok());
  ASSERT_TRUE(elsewhere.put("k", "1").ok());
  EXPECT_EQ(*a.get("k"), "a");
  EXPECT_EQ(*b.get("k"), "b");
  EXPECT_EQ(*elsewhere.get("k"), "1");
  EXPECT_TRUE(a.invalidate("k").ok());
  EXPECT_EQ(*b.get("k"), "b");
  EXPECT_EQ(*elsewhere.get("k"), "1");
}

}  // namespace
}  // namespace inlay
