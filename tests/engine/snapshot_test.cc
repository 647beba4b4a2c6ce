// SnapshotTx: many keys as they were at one instant, though each is read under its own lock.
#include "engine/snapshot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/held_locks.h"
#include "inlay/expiry/clock.h"

namespace inlay {
namespace {

using Values = std::vector<std::string>;

absl::Status set_all(WriteTx& tx, std::span<const KeyRef> keys, Bytes value) {
  for (const KeyRef& key : keys) {
    Found found = tx.find_mutable(key);
    EXPECT_TRUE(tx.put_string(key, found, value, OldDeadline::kDrop));
  }
  return absl::OkStatus();
}

absl::Status set_expiring(WriteTx& tx, const KeyRef& key, Bytes value, int64_t deadline_ms) {
  Found found = tx.find_mutable(key);
  EXPECT_TRUE(tx.put_string(key, found, value, OldDeadline::kDrop));
  EXPECT_TRUE(tx.set_deadline(key, found, deadline_ms));
  return absl::OkStatus();
}

std::string text_of(const Entry* entry) {
  char scratch[kInt64TextMax];
  return std::string(entry == nullptr ? "none" : entry->string_value(scratch));
}

Result<Values> read_all(SnapshotTx& tx, std::span<const KeyRef> keys) {
  Values values(keys.size());
  tx.find_each(keys, [&](size_t i, const Entry* entry) { values[i] = text_of(entry); });
  return values;
}

class Snapshot : public testing::Test {
 protected:
  // A name of a key in the shard with this index.
  std::string name_in(size_t shard) {
    for (int i = 0;; ++i) {
      std::string name = std::string("k").append(std::to_string(i));
      if (engine_.shard_index(engine_.key(name).hash) == shard) return name;
    }
  }
  void set(const Values& names, const std::string& value) {
    EXPECT_TRUE((executor_.run<set_all>(0, names, Bytes(value)).ok()));
  }
  // On another thread, as the caller's may hold a lock.
  void set_elsewhere(const Values& names, const std::string& value) {
    std::thread([&] { set(names, value); }).join();
  }
  uint64_t hits() {
    uint64_t sum = 0;
    for (size_t i = 0; i < engine_.shard_count(); ++i) sum += engine_.shard(i).stats().hits;
    return sum;
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(from_unix_ms(1'000'000));
  Engine engine_{
      Engine::Options{.shards = 4, .databases = 1, .clock = clock_, .seed = 7, .background = false}};
  Executor executor_{engine_};
  const Values names_{name_in(3), name_in(0), name_in(2)};
  const KeyRef keys_[3]{engine_.key(names_[0]), engine_.key(names_[1]), engine_.key(names_[2])};
};

TEST_F(Snapshot, reads_what_is_there) {
  set({names_[0], names_[2]}, "v");
  EXPECT_EQ(*executor_.run<read_all>(0, names_), (Values{"v", "none", "v"}));
  EXPECT_EQ(*executor_.run<read_all>(0, Values{}), Values{});
  EXPECT_EQ(*executor_.run<read_all>(0, Values{names_[0], names_[0]}), (Values{"v", "v"}));
}

// A call that changes a key already read and one still to be read: both or neither of its changes must be seen.
TEST_F(Snapshot, reads_again_what_changed_after_it_was_read) {
  set(names_, "old");
  const uint64_t hits_before = hits();
  Aftermath aftermath;
  SnapshotTx tx(engine_, 0, aftermath, SnapshotTx::Locks::kTaken);
  Values values(3);
  int calls = 0;
  tx.find_each(keys_, [&](size_t i, const Entry* entry) {
    values[i] = text_of(entry);
    if (++calls == 2) set_elsewhere({names_[0], names_[2]}, "new");  // While the second key's lock is held.
  });
  EXPECT_EQ(values, (Values{"new", "old", "new"}));
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(hits() - hits_before, 3u) << "an access is counted once";
}

// The planted opposite: without the second look the same reader sees half of the change.
TEST_F(Snapshot, one_key_after_the_other_would_see_half_of_a_change) {
  set(names_, "old");
  Values values;
  for (const std::string& name : names_) {
    if (values.size() == 1) set({names_[0], names_[2]}, "new");
    values.push_back(executor_.run<read_all>(0, Values{name})->front());
  }
  EXPECT_EQ(values, (Values{"old", "old", "new"}));
}

TEST_F(Snapshot, takes_all_locks_when_it_cannot_catch_up) {
  set(names_, "0");
  Aftermath aftermath;
  SnapshotTx tx(engine_, 0, aftermath, SnapshotTx::Locks::kTaken);
  Values values(3);
  int changes = 0;
  int calls_under_all = 0;
  tx.find_each(keys_, [&](size_t i, const Entry* entry) {
    values[i] = text_of(entry);
    // Another key of a shard that is not locked right now, if there is one.
    for (const size_t other : {size_t{0}, size_t{1}, size_t{2}}) {
      if (engine_.shard_of(keys_[other]).lock().is_locked()) continue;
      set_elsewhere({names_[other]}, std::to_string(++changes));
      return;
    }
    ++calls_under_all;
  });
  EXPECT_GT(changes, 3);
  EXPECT_GE(calls_under_all, 1);
  EXPECT_EQ(values, *executor_.run<read_all>(0, names_));
}

TEST_F(Snapshot, a_key_dies_for_all_reads_or_none) {
  EXPECT_TRUE((executor_.run<set_expiring>(0, names_[0], Bytes("v"), int64_t{1'000'010}).ok()));
  EXPECT_TRUE((executor_.run<set_expiring>(0, names_[2], Bytes("v"), int64_t{1'000'010}).ok()));
  Aftermath aftermath;
  SnapshotTx tx(engine_, 0, aftermath, SnapshotTx::Locks::kTaken);
  Values values(3);
  tx.find_each(keys_, [&](size_t i, const Entry* entry) {
    values[i] = text_of(entry);
    if (i == 1) clock_->advance(std::chrono::seconds(1));
  });
  EXPECT_EQ(values, (Values{"v", "none", "v"}));
  EXPECT_EQ(*executor_.run<read_all>(0, names_), (Values{"none", "none", "none"}));
}

TEST_F(Snapshot, under_held_locks_it_takes_none) {
  set(names_, "v");
  const std::vector<uint64_t> hashes{keys_[0].hash, keys_[1].hash, keys_[2].hash};
  HeldLocks held(engine_, hashes, Access::kRead);
  EXPECT_EQ(*held.run<read_all>(0, names_), (Values{"v", "v", "v"}));
}

// Writers keep all keys equal; no reader may ever see two that differ.
TEST_F(Snapshot, readers_never_see_half_of_a_write) {
  set(names_, "0");
  std::atomic<bool> ends{false};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; !ends.load(std::memory_order_relaxed); ++i) set(names_, std::to_string(i * 2 + writer));
    });
  }
  std::vector<std::thread> readers;
  std::atomic<int> torn{0};
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const Values seen = *executor_.run<read_all>(0, names_);
        torn += seen[0] != seen[1] || seen[1] != seen[2];
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  ends.store(true);
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(torn.load(), 0);
}

}  // namespace
}  // namespace inlay
