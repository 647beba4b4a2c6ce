// Stores with limits: what they keep, what they refuse, what they tell.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Store> open(Options options) {
  options.seed = options.seed.value_or(7);
  options.background = Background::kManual;
  return Store::open(std::move(options)).value();
}

std::string numbered(std::string_view prefix, size_t number) {
  return std::string(prefix).append(std::to_string(number));
}

uint64_t keys_of(const Store& store) { return store.stats().keys; }

std::string call(Store& store, const std::vector<std::string_view>& argv) {
  return Session(store).execute(argv).resp2().to_string();
}

class EveryPolicy : public ::testing::TestWithParam<std::string> {};

// Under any policy that may evict any key, what was just set is there, and there are never more keys than allowed.
TEST_P(EveryPolicy, set_that_returned_ok_is_readable_at_once) {
  for (const size_t shards : {1, 8}) {
    const auto store = open({.shards = shards, .max_entries = 40, .eviction = GetParam()});
    for (size_t i = 0; i < 3000; ++i) {
      const std::string key = numbered("key:", i * 7919 % 500);
      // Volatile policies need keys with a deadline.
      ASSERT_TRUE(store->set(key, numbered("value:", i), 1h).ok());
      ASSERT_EQ(store->get(key).value(), numbered("value:", i)) << GetParam();
      ASSERT_LE(store->dbsize().value(), 40) << GetParam();
    }
    EXPECT_GT(store->stats().evicted, 0u);
    EXPECT_TRUE(store->check_invariants().ok()) << GetParam();
  }
}

// Bytes never pass the limit by more than an entry, whatever their sizes.
TEST_P(EveryPolicy, bytes_stay_within_the_limit) {
  constexpr uint64_t kLimit = 400'000;
  constexpr size_t kLargest = 3000;
  const auto store = open({.shards = 4, .max_memory = kLimit, .eviction = GetParam()});
  for (size_t i = 0; i < 4000; ++i) {
    const std::string value(1 + i * 613 % kLargest, 'v');
    ASSERT_TRUE(store->set(numbered("key:", i), value, 1h).ok()) << GetParam() << ' ' << i;
    // What the index and the timers take comes in lumps.
    ASSERT_LE(store->stats().bytes, kLimit + 4 * kLargest) << GetParam() << ' ' << i;
  }
  EXPECT_GT(keys_of(*store), 20u);
  EXPECT_TRUE(store->check_invariants().ok()) << GetParam();
}

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const std::string_view name : eviction_policies()) {
    if (name != "noeviction") names.emplace_back(name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Policies, EveryPolicy, ::testing::ValuesIn(policy_names()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Limits, cache_holds_exactly_as_many_as_allowed_before_it_evicts) {
  for (const size_t shards : {0, 1, 16}) {
    const auto store = open({.shards = shards, .max_entries = 5000});
    for (size_t i = 0; i < 5000; ++i) ASSERT_TRUE(store->set(numbered("key:", i), "value").ok());
    EXPECT_EQ(keys_of(*store), 5000u);
    EXPECT_EQ(store->stats().evicted, 0u);
    ASSERT_TRUE(store->set("one more", "value").ok());
    EXPECT_EQ(keys_of(*store), 5000u);
    EXPECT_EQ(store->stats().evicted, 1u);
  }
}

TEST(Limits, noeviction_refuses_what_grows_and_serves_the_rest) {
  const auto store = open({.shards = 4, .max_entries = 100, .eviction = "noeviction"});
  ASSERT_TRUE(store->rpush("list", "element").ok());
  absl::Status refused;
  size_t stored = 0;
  for (; refused.ok() && stored < 1000; ++stored) refused = store->set(numbered("key:", stored), "value");
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(kind_of(refused), ErrorKind::kOutOfMemory);
  EXPECT_EQ(redis_error_text(refused), "OOM command not allowed when used memory > 'maxmemory'.");
  // One over the limit per shard at most.
  EXPECT_GE(keys_of(*store), 100u);
  EXPECT_LE(keys_of(*store), 104u);
  EXPECT_EQ(store->get("key:0").value(), "value");
  EXPECT_EQ(store->lpop("list").value(), "element");
  EXPECT_TRUE(store->expire("key:0", 1h).value());
  for (size_t i = 0; i < 50; ++i) (void)store->del(numbered("key:", i));
  EXPECT_TRUE(store->set("again", "value").ok());
  EXPECT_EQ(store->stats().evicted, 0u);
}

// The whole limit can be used, however the keys spread over the shards.
TEST(Limits, refused_only_once_the_common_reserve_is_used) {
  const auto store = open({.shards = 64, .max_entries = 6400, .eviction = "noeviction"});
  size_t stored = 0;
  while (stored < 10'000 && store->set(numbered("key:", stored), "value").ok()) ++stored;
  EXPECT_GE(stored, 6400u);
  EXPECT_LE(stored, 6400u + 64);
}

TEST(Limits, volatile_policy_without_deadlines_refuses) {
  const auto store = open({.shards = 4, .max_entries = 50, .eviction = "volatile-ttl"});
  absl::Status status;
  for (size_t i = 0; i < 1000 && status.ok(); ++i) status = store->set(numbered("key:", i), "value");
  EXPECT_EQ(kind_of(status), ErrorKind::kOutOfMemory);
  // One key that may go makes room, in whatever shard it is.
  ASSERT_TRUE(store->expire("key:3", 1h).value());
  ASSERT_TRUE(store->expire("key:4", 2h).value());
  size_t admitted = 0;
  for (size_t i = 0; i < 8; ++i) admitted += store->set(numbered("new:", i), "value").ok();
  EXPECT_GE(admitted, 1u);
  EXPECT_FALSE(store->exists("key:3").value());
  EXPECT_TRUE(store->check_invariants().ok());
}

TEST(Limits, dead_keys_go_before_live_ones) {
  for (const std::string& policy : policy_names()) {
    const auto clock = std::make_shared<ManualClock>();
    const auto store = open({.shards = 4, .clock = clock, .max_entries = 200, .eviction = policy});
    for (size_t i = 0; i < 100; ++i) ASSERT_TRUE(store->set(numbered("brief:", i), "value", 1s).ok());
    for (size_t i = 0; i < 100; ++i) ASSERT_TRUE(store->set(numbered("long:", i), "value", 1h).ok());
    clock->advance(2s);
    for (size_t i = 0; i < 100; ++i) ASSERT_TRUE(store->set(numbered("new:", i), "value", 1h).ok());
    for (size_t i = 0; i < 100; ++i) EXPECT_TRUE(store->exists(numbered("long:", i)).value()) << policy;
    EXPECT_EQ(store->stats().evicted, 0u) << policy;
    EXPECT_EQ(store->stats().expired, 100u) << policy;
  }
}

TEST(Limits, evictions_are_told_with_their_cause_outside_locks) {
  const auto store = open({.shards = 2, .max_entries = 20});
  std::vector<std::string> removed, evicted;
  const auto removals = store->on_removal([&](const RemovalEvent& event) {
    EXPECT_EQ(event.cause, Cause::kEvicted);
    EXPECT_EQ(event.type, "string");
    removed.emplace_back(event.key);
    // Nothing is locked: the store may be called.
    EXPECT_FALSE(store->exists(event.key).value());
  });
  const auto events = store->on_key_event([&](const KeyEvent& event) {
    if (event.name == "evicted") evicted.emplace_back(event.key);
  });
  for (size_t i = 0; i < 100; ++i) ASSERT_TRUE(store->set(numbered("key:", i), "value").ok());
  EXPECT_EQ(removed.size(), 80u);
  EXPECT_EQ(evicted, removed);
  EXPECT_EQ(store->stats().evicted, 80u);
}

TEST(Limits, watch_fails_when_its_key_is_evicted) {
  const auto store = open({.shards = 1, .max_entries = 4, .eviction = "allkeys-random"});
  ASSERT_TRUE(store->set("watched", "value").ok());
  Session session(*store);
  const auto run = [&](std::vector<std::string_view> argv) { return session.execute(argv).resp2(); };
  run({"WATCH", "watched"});
  for (size_t i = 0; store->exists("watched").value(); ++i)
    ASSERT_TRUE(store->set(numbered("key:", i), "value").ok());
  run({"MULTI"});
  run({"GET", "watched"});
  EXPECT_TRUE(run({"EXEC"}).is_nil());
}

TEST(Limits, shrinking_evicts_step_by_step) {
  const auto store = open({.shards = 1, .max_entries = 20'000});
  for (size_t i = 0; i < 20'000; ++i) ASSERT_TRUE(store->set(numbered("key:", i), "value").ok());
  ASSERT_TRUE(store->set_limits({.max_entries = 1000}).ok());
  // Nothing happens at once; a write pays for some.
  EXPECT_EQ(keys_of(*store), 20'000u);
  ASSERT_TRUE(store->set("another", "value").ok());
  EXPECT_LT(keys_of(*store), 20'000u);
  EXPECT_GT(keys_of(*store), 19'000u);
  store->maintain();
  EXPECT_EQ(keys_of(*store), 1000u);
  EXPECT_EQ(store->get("another").value(), "value");
  ASSERT_TRUE(store->set_limits({}).ok());
  for (size_t i = 0; i < 3000; ++i) ASSERT_TRUE(store->set(numbered("key:", i), "value").ok());
  EXPECT_GT(keys_of(*store), 3000u);
  EXPECT_TRUE(store->check_invariants().ok());
}

// One shard holds nothing but what its policy takes, more than its part of the limit: the other one's key has to go.
TEST(Limits, what_a_shard_cannot_evict_another_one_does) {
  const auto store = open({.shards = 2, .seed = 1, .databases = 3});
  const uint64_t empty = store->stats().bytes;
  ASSERT_TRUE(store->set_limits({.eviction = "allkeys-lru"}).ok());
  ASSERT_TRUE(store->setrange("a", 3000, "x").ok());
  ASSERT_TRUE(store->setrange("b", 3000, "x").ok());
  ASSERT_TRUE(store->rpush("1", {"2", "3"}).ok());
  ASSERT_TRUE(store->set_limits({.max_memory = empty + 100'000, .eviction = "allkeys-lru"}).ok());
  ASSERT_TRUE(store->set_limits({.max_memory = empty + 1000, .eviction = "allkeys-lru"}).ok());
  store->maintain();
  EXPECT_TRUE(store->stats().bytes <= empty + 1000 || keys_of(*store) == 0)
      << store->stats().bytes - empty << " bytes, " << keys_of(*store) << " keys";
  EXPECT_TRUE(store->check_invariants().ok());
}

TEST(Limits, policy_changes_while_keys_are_there) {
  const auto store = open({.shards = 4, .max_entries = 300});
  for (const std::string& policy : policy_names()) {
    ASSERT_TRUE(store->set_limits({.max_entries = 300, .eviction = policy}).ok());
    for (size_t i = 0; i < 1000; ++i) ASSERT_TRUE(store->set(numbered("key:", i), "value", 1h).ok());
    EXPECT_LE(keys_of(*store), 300u) << policy;
    EXPECT_TRUE(store->check_invariants().ok()) << policy;
  }
  EXPECT_EQ(store->set_limits({.eviction = "no such"}).code(), absl::StatusCode::kInvalidArgument);
}

TEST(Limits, value_larger_than_the_limit_is_an_error) {
  const auto store = open({.shards = 4, .max_memory = 1 << 20});
  ASSERT_TRUE(store->set("small", "value").ok());
  const std::string large(2 << 20, 'x');
  const absl::Status refused = store->set("large", large);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(redis_error_text(refused), "OOM value is larger than 'maxmemory'.");
  EXPECT_EQ(kind_of(store->append("large", large).status()), ErrorKind::kOutOfMemory);
  EXPECT_EQ(store->get("small").value(), "value");
}

// A value as large as many small ones is there at once, and what it takes the place of goes in steps.
TEST(Limits, large_value_is_paid_for_in_steps) {
  constexpr uint64_t kLimit = 16 << 20;
  const auto store = open({.shards = 1, .max_memory = kLimit});
  const std::string small(64, 's');
  for (size_t i = 0; store->stats().evicted == 0; ++i)
    ASSERT_TRUE(store->set(numbered("key:", i), small).ok());
  const uint64_t before = store->stats().evicted;
  const std::string large(1 << 20, 'L');
  ASSERT_TRUE(store->set("large", large).ok());
  EXPECT_LT(store->stats().evicted - before, 1000u);
  EXPECT_LE(store->stats().bytes, kLimit + large.size() + 4096);
  store->maintain();
  EXPECT_LE(store->stats().bytes, kLimit);
  EXPECT_EQ(store->strlen("large").value(), 1 << 20);
}

TEST(Limits, value_larger_than_a_shards_part_finds_room) {
  const auto store = open({.shards = 16, .max_memory = 4 << 20});
  for (size_t i = 0; i < 50'000; ++i) ASSERT_TRUE(store->set(numbered("key:", i), std::string(64, 's')).ok());
  const std::string large(2 << 20, 'L');
  ASSERT_TRUE(store->set("large", large).ok());
  for (size_t i = 0; i < 5; ++i) store->maintain();
  EXPECT_EQ(store->strlen("large").value(), 2 << 20);
  EXPECT_LE(store->stats().bytes, uint64_t{4 << 20});
}

TEST(Limits, weigher_rules_what_fits) {
  const auto store = open({.shards = 2, .max_weight = 1000, .weigher = [](Key key, uint64_t) {
                             return key.starts_with("heavy") ? 100 : 1;
                           }});
  for (size_t i = 0; i < 500; ++i) ASSERT_TRUE(store->set(numbered("light:", i), "value").ok());
  EXPECT_EQ(keys_of(*store), 500u);
  for (size_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(store->set(numbered("heavy:", i), "value").ok());
    uint64_t weight = 0;
    for (const std::string& key : store->scan()) weight += key.starts_with("heavy") ? 100 : 1;
    ASSERT_LE(weight, 1000u + 200);
  }
  EXPECT_TRUE(store->check_invariants().ok());
  EXPECT_EQ(Store::open({.max_weight = 5}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Limits, flush_leaves_room_at_once) {
  const auto store = open({.shards = 4, .max_memory = 1 << 20});
  auto other = store->database(1).value();
  for (size_t i = 0; i < 2000; ++i) {
    ASSERT_TRUE(store->set(numbered("key:", i), std::string(100, 'v')).ok());
    ASSERT_TRUE(other.set(numbered("key:", i), std::string(100, 'v')).ok());
  }
  const uint64_t evicted = store->stats().evicted;
  ASSERT_EQ(call(*store, {"FLUSHDB"}), call(*store, {"SELECT", "0"}));
  EXPECT_TRUE(store->check_invariants().ok());
  ASSERT_TRUE(store->set("key", "value").ok());
  EXPECT_EQ(store->stats().evicted, evicted);
  store->flushall();
  EXPECT_TRUE(store->check_invariants().ok());
  EXPECT_EQ(keys_of(*store), 0u);
}

TEST(Limits, calls_of_many_keys_are_kept_within_limits) {
  const auto store = open({.shards = 8, .max_entries = 200});
  for (size_t i = 0; i < 200; ++i) {
    const std::string a = numbered("a:", i), b = numbered("b:", i), c = numbered("c:", i);
    ASSERT_TRUE(store->mset({{a, "1"}, {b, "2"}, {c, "3"}}).ok());
    for (const std::string& key : {a, b, c}) ASSERT_TRUE(store->exists(key).value());
    ASSERT_LE(store->dbsize().value(), 200);
    auto pipeline = store->pipeline();
    pipeline.set(numbered("p:", i), "1");
    pipeline.set(numbered("q:", i), "2");
    ASSERT_TRUE(pipeline.exec().ok());
    ASSERT_TRUE(store->exists(numbered("p:", i)).value());
    store->atomically_all([&](View& view) { ASSERT_TRUE(view.set(numbered("v:", i), "1").ok()); });
    ASSERT_TRUE(store->exists(numbered("v:", i)).value());
    ASSERT_LE(store->dbsize().value(), 200);
  }
}

TEST(Limits, info_and_config_tell_of_them) {
  const auto store = open({.shards = 2, .max_memory = 1 << 20, .eviction = "allkeys-lru"});
  EXPECT_EQ(call(*store, {"CONFIG", "GET", "maxmemory"}), call(*store, {"CONFIG", "GET", "MAXMEMORY"}));
  const std::string memory = call(*store, {"INFO", "memory"});
  EXPECT_NE(memory.find("maxmemory:1048576"), std::string::npos) << memory;
  EXPECT_NE(memory.find("maxmemory_human:1.00M"), std::string::npos) << memory;
  EXPECT_NE(memory.find("maxmemory_policy:allkeys-lru"), std::string::npos) << memory;
  for (size_t i = 0; store->stats().evicted == 0; ++i)
    ASSERT_TRUE(store->set(numbered("key:", i), std::string(300, 'v')).ok());
  const uint64_t before = store->stats().evicted;
  const std::string stats = call(*store, {"INFO", "stats"});
  const size_t at = stats.find("evicted_keys:");
  ASSERT_NE(at, std::string::npos) << stats;
  const uint64_t told = std::stoull(stats.substr(at + std::string_view("evicted_keys:").size()));
  EXPECT_GE(told, before);
  EXPECT_LE(told, store->stats().evicted);
}

TEST(Limits, memory_use_adds_up) {
  const auto store = open({.shards = 2, .max_entries = 10'000});
  ASSERT_TRUE(store->set("string", std::string(1000, 'v'), 1h).ok());
  ASSERT_TRUE(store->rpush("list", "element").ok());
  for (size_t i = 0; i < 1000; ++i) ASSERT_TRUE(store->hset("hash", {{numbered("field:", i), "v"}}).ok());
  Session session(*store);
  session.execute({"WATCH", "a key with a name of more than fifteen bytes"});
  const auto subscriber = store->subscriber();
  ASSERT_TRUE(subscriber->subscribe({"news"}).ok());
  ASSERT_TRUE(store->publish("news", std::string(5000, 'm')).ok());
  const MemoryUse use = store->memory_use();
  uint64_t sum = use.index + use.timers + use.observers + use.eviction + use.messages + use.fixed;
  for (const MemoryUse::PerType& type : use.types) sum += type.bytes;
  EXPECT_EQ(sum, store->stats().bytes);
  EXPECT_GT(use.messages, 5000u);
  EXPECT_GT(use.observers, 40u);
  EXPECT_GT(use.timers, 0u);
  EXPECT_GT(use.eviction, 0u);
  EXPECT_EQ(use.types[0].type, "string");
  EXPECT_EQ(use.types[0].keys, 1u);
  EXPECT_GT(use.types[0].bytes, 1000u);
}

// CONFIG SET inside EXEC, where all shards are locked.
TEST(Limits, config_set_in_a_transaction_takes_effect_after_it) {
  const auto store = open({.shards = 4});
  Session session(*store);
  session.execute({"MULTI"});
  session.execute({"CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"});
  session.execute({"SET", "key", "value"});
  const Reply done = session.execute({"EXEC"});
  ASSERT_EQ(done.items().size(), 2u);
  EXPECT_EQ(done.items()[1].text(), "OK");
  EXPECT_EQ(kind_of(store->set("key", "value")), ErrorKind::kOutOfMemory);
}

}  // namespace
}  // namespace inlay
