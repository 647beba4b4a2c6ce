#include "engine/shard.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "tests/engine/shard_model.h"

namespace inlay {
namespace {

// A value of every kind in turn: short, integer, long in the entry, wide, and one with a body of its own.
std::string value_of(unsigned number) {
  switch (number % 5) {
    case 0: return "v" + std::to_string(number);
    case 1: return std::to_string(number);
    case 2: return std::string(200 + number % 50, 'a');
    case 3: return std::string(300, 'b');
    default: return std::string(2'000 + number % 1'000, 'c');
  }
}

enum class Step : uint8_t { kPut, kPutOther, kErase, kDeadline, kPersist, kExpire, kFlush, kCount };

// Whatever is put, erased, given deadlines, expired and flushed, the shard holds what a map holds.
RC_GTEST_PROP(Shard, random_operations_agree_with_map,
              (const std::vector<std::tuple<uint8_t, uint8_t, uint16_t>>& operations)) {
  ShardModel pair;
  int64_t now_ms = 0;
  for (const auto& [kind, key_number, number] : operations) {
    const int db = number % ShardModel::kDatabases;
    const std::string key = "key:" + std::to_string(key_number % 30);
    switch (static_cast<Step>(kind % static_cast<unsigned>(Step::kCount))) {
      case Step::kPut:
      case Step::kPutOther: RC_ASSERT(pair.put(db, key, value_of(number))); break;
      case Step::kErase: pair.erase(db, key); break;
      case Step::kDeadline: RC_ASSERT(pair.set_deadline(db, key, now_ms + number % 500)); break;
      case Step::kPersist: RC_ASSERT(pair.clear_deadline(db, key)); break;
      case Step::kExpire: RC_ASSERT(pair.expire(now_ms += number % 300)); break;
      case Step::kFlush:
        if (number % 8 == 0) pair.flush(db);
        break;
      case Step::kCount: break;
    }
    RC_ASSERT(pair.agrees_on(db, key));
    RC_ASSERT(pair.shard.check_invariants());
  }
  RC_ASSERT(pair.agrees());
}

TEST(Shard, bytes_are_exact) {
  ShardModel pair;
  const size_t empty = pair.shard.bytes();
  pair.put(0, "user:000000000001", std::string(32, 'v'));
  EXPECT_EQ(pair.shard.bytes(), empty + 56 + PagePool::table_bytes(16 * 7 + 8));
  for (unsigned i = 0; i < 5'000; ++i)
    pair.put(static_cast<int>(i) % 2, "key" + std::to_string(i), value_of(i));
  EXPECT_EQ(pair.shard.bytes(), empty + pair.bytes_without_timers());
  for (unsigned i = 0; i < 5'000; i += 3) pair.erase(static_cast<int>(i) % 2, "key" + std::to_string(i));
  EXPECT_EQ(pair.shard.bytes(), empty + pair.bytes_without_timers());
  pair.flush(0);
  pair.flush(1);
  EXPECT_EQ(pair.shard.bytes(), empty);
  EXPECT_TRUE(pair.agrees());
}

TEST(Shard, deadline_adds_its_handle_and_a_timer) {
  ShardModel pair;
  pair.put(0, "user:000000000001", std::string(32, 'v'));
  const size_t before = pair.shard.bytes();
  pair.set_deadline(0, "user:000000000001", 1'000);
  EXPECT_EQ(pair.shard.bytes_of(pair.find(0, "user:000000000001").entry), 64u);
  EXPECT_GT(pair.shard.bytes(), before + 8);
  EXPECT_EQ(pair.shard.timers(), 1u);
  pair.clear_deadline(0, "user:000000000001");
  EXPECT_EQ(pair.shard.bytes_of(pair.find(0, "user:000000000001").entry), 56u);
  EXPECT_EQ(pair.shard.timers(), 0u);
  EXPECT_TRUE(pair.agrees());
}

TEST(Shard, reshape_keeps_the_deadline_and_the_place) {
  ShardModel pair;
  for (unsigned kind = 0; kind < 5; ++kind) {
    pair.put(0, "k", value_of(kind));
    if (kind == 0) pair.set_deadline(0, "k", 5'000);
    EXPECT_EQ(pair.shard.deadline(pair.find(0, "k").entry), 5'000);
    EXPECT_TRUE(pair.agrees());
  }
  EXPECT_TRUE(pair.expire(4'999));
  EXPECT_TRUE(pair.find(0, "k"));
  EXPECT_TRUE(pair.expire(5'000));
  EXPECT_FALSE(pair.find(0, "k"));
}

TEST(Shard, detached_body_survives_its_entry) {
  ShardModel pair;
  const std::string value(3'000, 'x');
  pair.put(0, "from", value);
  StringBody* body = pair.shard.detach_body(pair.find(0, "from").entry);
  pair.erase(0, "from");
  EXPECT_EQ(std::string_view(body->data(), body->size), value);
  EXPECT_GE(body->capacity, body->size);

  Graveyard graveyard;
  Entry* entry = pair.shard.insert(0, ShardModel::ref("to"), ShardModel::shape_of("to", value), 0);
  pair.shard.attach_body(entry, body);
  pair.model[{0, "to"}].bytes = value;
  EXPECT_TRUE(pair.agrees());
}

TEST(Shard, expire_stops_at_its_limit_and_goes_on) {
  ShardModel pair;
  for (int i = 0; i < 100; ++i) {
    pair.put(0, std::to_string(i) + "k", "v");
    pair.set_deadline(0, std::to_string(i) + "k", 100 + i % 7);
  }
  Graveyard graveyard;
  EXPECT_EQ(pair.shard.expire(99, 1'000, graveyard), 0u);
  EXPECT_EQ(pair.shard.expire(1'000, 30, graveyard), 30u);
  EXPECT_EQ(pair.shard.index(0).size(), 70u);
  EXPECT_EQ(pair.shard.stats().expired, 30u);
  EXPECT_TRUE(pair.shard.check_invariants());
  size_t rest = 0;
  while (const size_t more = pair.shard.expire(1'000, 30, graveyard)) rest += more;
  EXPECT_EQ(rest, 70u);
  EXPECT_TRUE(pair.shard.check_invariants());
  EXPECT_EQ(pair.shard.next_deadline_bound(), INT64_MAX);
}

TEST(Shard, next_deadline_bound_never_lies_after_the_first_deadline) {
  ShardModel pair;
  EXPECT_EQ(pair.shard.next_deadline_bound(), INT64_MAX);
  for (const int64_t deadline : {90'000, 70'000, 5'000, 60'000}) {
    const std::string key = std::to_string(deadline) + "k";
    pair.put(0, key, "v");
    pair.set_deadline(0, key, deadline);
  }
  EXPECT_LE(pair.shard.next_deadline_bound(), 5'000);
  pair.expire(5'000);
  EXPECT_LE(pair.shard.next_deadline_bound(), 60'000);
}

// A flush hides a database at once; its entries and their timers go in steps, among which deadlines may come.
TEST(Shard, detached_database_is_freed_in_steps_while_its_deadlines_come) {
  ShardModel pair;
  const size_t empty = pair.shard.bytes();
  for (int i = 0; i < 100; ++i) {
    const std::string key = std::to_string(i) + "k";
    pair.put(1, key, value_of(static_cast<unsigned>(i)));
    if (i % 2 == 0) pair.set_deadline(1, key, 100);
  }
  TagIndex detached = pair.shard.detach(1);
  EXPECT_EQ(pair.shard.index(1).size(), 0u);
  EXPECT_FALSE(pair.find(1, "1k"));

  Graveyard graveyard;
  EXPECT_FALSE(pair.shard.free_some(detached, 10, graveyard));
  EXPECT_LE(detached.size(), 90u);
  // A new key of a flushed name is another key.
  Entry* fresh = pair.shard.insert(1, ShardModel::ref("0k"), ShardModel::shape_of("0k", "v"), 0);
  *fresh->inline_data() = 'v';
  while (pair.shard.expire(200, 1'000, graveyard) != 0) {
  }
  EXPECT_EQ(pair.shard.stats().expired, 0u);
  EXPECT_EQ(pair.shard.timers(), 0u);
  while (!pair.shard.free_some(detached, 10, graveyard)) {
  }
  EXPECT_EQ(pair.find(1, "0k").entry, fresh);
  pair.model.clear();
  pair.model[{1, "0k"}].bytes = "v";
  EXPECT_TRUE(pair.agrees());
  pair.erase(1, "0k");
  EXPECT_LT(pair.shard.bytes(), empty + 10'000);
}

TEST(Shard, watchers_learn_of_expiry_and_flush_of_live_keys_alone) {
  ShardModel pair;
  EXPECT_FALSE(pair.shard.has_watches());
  pair.put(0, "dies", "v");
  pair.set_deadline(0, "dies", 10);
  pair.put(0, "flushed", "v");
  pair.put(1, "flushed", "v");
  WatchTable& watches = pair.shard.watches();
  const uint64_t dies = watches.watch(0, "dies");
  const uint64_t flushed = watches.watch(0, "flushed");
  const uint64_t elsewhere = watches.watch(1, "flushed");
  const uint64_t absent = watches.watch(0, "absent");
  EXPECT_TRUE(pair.shard.has_watches());

  EXPECT_TRUE(pair.expire(10));
  EXPECT_GT(watches.version(0, "dies"), dies);
  EXPECT_EQ(watches.version(0, "flushed"), flushed);
  pair.flush(0);
  EXPECT_GT(watches.version(0, "flushed"), flushed);
  EXPECT_EQ(watches.version(1, "flushed"), elsewhere);
  EXPECT_EQ(watches.version(0, "absent"), absent);

  pair.shard.drop_idle_observers();
  EXPECT_TRUE(pair.shard.has_watches());
  for (const char* key : {"dies", "flushed", "absent"}) watches.unwatch(0, key);
  watches.unwatch(1, "flushed");
  pair.shard.drop_idle_observers();
  EXPECT_FALSE(pair.shard.has_watches());
}

TEST(Shard, databases_do_not_mix) {
  ShardModel pair;
  pair.put(0, "k", "zero");
  pair.put(1, "k", "one");
  EXPECT_TRUE(pair.agrees());
  pair.erase(0, "k");
  EXPECT_TRUE(pair.agrees());
  EXPECT_EQ(pair.find(1, "k").entry->inline_value(), "one");
}

TEST(Shard, destructor_frees_what_is_left) {
  ShardModel pair;  // AddressSanitizer looks for what it leaves.
  for (unsigned i = 0; i < 1'000; ++i) {
    const std::string key = (i % 10 == 0 ? std::string(600, 'k') : "key") + std::to_string(i);
    pair.put(0, key, value_of(i));
    if (i % 3 == 0) pair.set_deadline(0, key, 1'000 + i);
  }
  EXPECT_TRUE(pair.agrees());
}

}  // namespace
}  // namespace inlay
