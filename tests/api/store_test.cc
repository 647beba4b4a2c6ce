// What only the typed door has: opening, zero-copy reads, ranges, limits, the background thread.
#include "inlay/store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ranges>
#include <set>
#include <string>
#include <thread>

#include "inlay/session.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

static_assert(std::ranges::input_range<ScanRange<std::string>>);

std::string numbered(std::string prefix, int number) { return prefix.append(std::to_string(number)); }

std::unique_ptr<Store> deterministic_store(std::shared_ptr<Clock> clock = std::make_shared<ManualClock>()) {
  return Store::open({.clock = std::move(clock), .seed = 7, .background = Background::kManual}).value();
}

TEST(Open, options_out_of_range_are_refused) {
  for (const size_t shards : {3u, 2048u}) EXPECT_FALSE(Store::open({.shards = shards}).ok()) << shards;
  for (const int databases : {0, -1, 17})
    EXPECT_FALSE(Store::open({.databases = databases}).ok()) << databases;
  for (const size_t shards : {1u, 1024u}) EXPECT_TRUE(Store::open({.shards = shards}).ok()) << shards;
}

TEST(Open, many_stores_live_side_by_side) {
  auto a = Store::open().value();
  auto b = Store::open().value();
  ASSERT_TRUE(a->set("k", "a").ok());
  ASSERT_TRUE(b->set("k", "b").ok());
  EXPECT_EQ(a->get("k").value(), "a");
  EXPECT_EQ(b->get("k").value(), "b");
}

TEST(Database, numbers_out_of_range_are_refused) {
  auto store = Store::open({.background = Background::kManual, .databases = 2}).value();
  ASSERT_TRUE(store->database(1).ok());
  EXPECT_FALSE(store->database(2).ok());
  EXPECT_FALSE(store->database(-1).ok());
  EXPECT_EQ(store->swapdb(0, 2).code(), absl::StatusCode::kOutOfRange);
  Database other = store->database(1).value();
  ASSERT_TRUE(other.set("k", "1").ok());
  EXPECT_TRUE(is_nil(store->get("k")));
  ASSERT_TRUE(store->swapdb(0, 1).ok());
  EXPECT_EQ(store->get("k").value(), "1");
}

TEST(Visit, sees_the_bytes_of_every_encoding) {
  auto store = deterministic_store();
  for (const std::string& value :
       {std::string("x"), std::string("-42"), std::string(), std::string(100'000, 'y')}) {
    ASSERT_TRUE(store->set("k", value).ok());
    std::string seen = "?";
    EXPECT_TRUE(store->visit("k", [&](Bytes bytes) { seen = bytes; }).value());
    EXPECT_EQ(seen, value);
  }
  EXPECT_FALSE(store->visit("absent", [](Bytes) { FAIL(); }).value());
}

TEST(GetInto, copies_what_fits_and_tells_the_whole_length) {
  auto store = deterministic_store();
  ASSERT_TRUE(store->set("k", "hello").ok());
  char buffer[3] = {};
  EXPECT_EQ(store->get_into("k", buffer).value(), 5u);
  EXPECT_EQ(std::string_view(buffer, 3), "hel");
  EXPECT_TRUE(is_nil(store->get_into("absent", buffer)));
}

TEST(Scan, a_range_over_a_growing_store_holds_every_stable_key_once) {
  auto store = deterministic_store();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(store->set(numbered("stable:", i), i).ok());
  std::multiset<std::string> seen;
  int added = 0;
  for (const std::string& key : store->scan({.match = "stable:*", .count = 7})) {
    seen.insert(key);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(store->set(numbered("new:", added++), i).ok());
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 1000u);
}

TEST(Limits, a_string_over_the_limit_is_refused_and_changes_nothing) {
  auto store = deterministic_store();
  Session session(*store);
  ASSERT_EQ(session.execute({"CONFIG", "SET", "proto-max-bulk-len", "1mb"}), Reply::ok());
  const std::string full(1 << 20, 'x');
  const std::string over((1 << 20) + 1, 'x');
  ASSERT_TRUE(store->set("k", full).ok());
  const std::string text = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
  EXPECT_EQ(redis_error_text(store->append("k", "y").status()), text);
  EXPECT_EQ(redis_error_text(store->setrange("k", 1 << 20, "y").status()), text);
  EXPECT_EQ(redis_error_text(store->setrange("k", INT64_MAX, "y").status()), text);
  EXPECT_EQ(redis_error_text(store->set("k", over)), text);
  EXPECT_EQ(redis_error_text(store->mset({{"a", "1"}, {"k", over}})), text);
  EXPECT_FALSE(store->exists("a").value());
  EXPECT_EQ(store->setrange("k", (1 << 20) - 1, "z").value(), 1 << 20);
  EXPECT_EQ(store->strlen("k").value(), 1 << 20);
  EXPECT_TRUE(store->check_invariants().ok());
}

TEST(Errors, carry_kind_code_and_text) {
  auto store = deterministic_store();
  ASSERT_TRUE(store->set("k", "abc").ok());
  const absl::Status not_integer = store->incr("k").status();
  EXPECT_EQ(kind_of(not_integer), ErrorKind::kNotInteger);
  EXPECT_EQ(not_integer.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(kind_of(store->rename("absent", "k")), ErrorKind::kNoSuchKey);
  EXPECT_EQ(store->rename("absent", "k").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(redis_error_text(store->set("k", "v", 0s)), "ERR invalid expire time in 'set' command");
  EXPECT_EQ(kind_of(absl::OkStatus()), ErrorKind::kNone);
  EXPECT_EQ(redis_error_text(absl::OkStatus()), "");
}

TEST(Arg, numbers_are_written_as_redis_writes_them) {
  auto store = deterministic_store();
  ASSERT_TRUE(store->set("n", 5).ok());
  ASSERT_TRUE(store->set("f", 0.1).ok());
  EXPECT_EQ(store->get("n").value(), "5");
  EXPECT_EQ(store->get("f").value(), "0.1");
  EXPECT_EQ(store->incr("n", 2).value(), 7);
}

TEST(Idletime, counts_seconds_of_the_stores_clock) {
  auto clock = std::make_shared<ManualClock>(TimePoint(1000h));
  auto store = deterministic_store(clock);
  ASSERT_TRUE(store->set("k", "v").ok());
  clock->advance(100s);
  EXPECT_EQ(store->object_idletime("k").value(), 100s);
  ASSERT_TRUE(store->get("k").ok());
  EXPECT_EQ(store->object_idletime("k").value(), 0s);
}

// A deadline is met with nobody touching the key, while the store's own thread runs.
TEST(Now, is_the_time_of_the_stores_clock) {
  auto clock = std::make_shared<ManualClock>(TimePoint(5s));
  const auto store = deterministic_store(clock);
  EXPECT_EQ(store->now(), TimePoint(5s));
  clock->advance(1ns);
  EXPECT_EQ(store->database(3)->now(), TimePoint(5s + 1ns));

  const auto of_the_computer = Store::open().value();
  const TimePoint before = std::chrono::system_clock::now();
  const TimePoint now = of_the_computer->now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, TimePoint(std::chrono::system_clock::now()));
}

TEST(Background, a_thread_removes_keys_at_their_deadline) {
  auto clock = std::make_shared<ManualClock>(TimePoint(1000h));
  auto store = Store::open({.clock = clock}).value();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store->set(numbered("k", i), i, 10s).ok());
  ASSERT_TRUE(store->set("stays", 1).ok());
  EXPECT_EQ(store->dbsize().value(), 101);
  clock->advance(10s);
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (store->dbsize().value() != 1 && std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  EXPECT_EQ(store->dbsize().value(), 1);
  EXPECT_EQ(store->stats().expired, 100u);
}

TEST(Background, a_store_with_deadlines_pending_closes_at_once) {
  for (int i = 0; i < 50; ++i) {
    auto store = Store::open().value();
    ASSERT_TRUE(store->set("k", i, 1h).ok());
  }
}

}  // namespace
}  // namespace inlay
