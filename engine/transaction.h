// ReadTx, WriteTx, KeyspaceTx: what a command sees of the engine while its locks are held.
//
// A command never locks and never frees: the executor opens one of these over locked shards, and closing it does
// once what every command needs (bodies freed after the locks, watchers told, background thread woken).
//
// Thread safety: used by one thread, within one call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/engine.h"

namespace inlay {

/// What becomes of a key's deadline when its value is replaced.
enum class OldDeadline { kDrop, kKeep };

class ReadTx {
 public:
  ReadTx(Engine& engine, int db, Graveyard& graveyard) : engine_(engine), db_(db), graveyard_(graveyard) {}
  ReadTx(const ReadTx&) = delete;
  ReadTx& operator=(const ReadTx&) = delete;

  /// The live entry of `key`, or null; counts a hit or a miss and stamps the access. A dead key is removed.
  const Entry* find(const KeyRef& key) {
    Shard& shard = engine_.shard_of(key);
    Entry* entry = live_entry(shard, key);
    if (entry == nullptr) {
      ++shard.stats().misses;
      return nullptr;
    }
    ++shard.stats().hits;
    stamp(entry);
    return entry;
  }
  /// The same without counting or stamping.
  const Entry* peek(const KeyRef& key) { return live_entry(engine_.shard_of(key), key); }

  /// The deadline in Unix milliseconds of an entry of `key`, if it has one.
  std::optional<int64_t> deadline_ms(const KeyRef& key, const Entry* entry) {
    if (!entry->has_timer()) return std::nullopt;
    return engine_.shard_of(key).deadline(entry);
  }

  /// The time, read once per transaction.
  int64_t now_ms() {
    if (!now_ms_.has_value()) {
      now_ms_ = engine_.now_ms();
      engine_.refresh_seen_s(*now_ms_);
    }
    return *now_ms_;
  }

  int db() const { return db_; }
  Engine& engine() { return engine_; }

 protected:
  int physical_db() const { return engine_.physical(db_); }

  // Inlined by force: every read begins here.
  [[gnu::always_inline]] Entry* live_entry(Shard& shard, const KeyRef& key) {
    shard.assert_held();
    Entry* entry = shard.find_entry(physical_db(), key);
    if (entry != nullptr && entry->has_timer()) [[unlikely]]
      return live(shard, physical_db(), key).entry;
    return entry;
  }

  Found live(Shard& shard, int physical_db, const KeyRef& key) {
    shard.assert_held();
    const Found found = shard.find(physical_db, key);
    if (found && found.entry->has_timer() && shard.deadline(found.entry) <= now_ms()) [[unlikely]] {
      reap(shard, physical_db, key, found);
      return {};
    }
    return found;
  }

  void stamp(Entry* entry) {
    const uint32_t second = engine_.seen_s();
    if (entry->seen_s() != second) entry->set_seen_s(second);
  }

  Engine& engine_;
  int db_;
  Graveyard& graveyard_;
  std::optional<int64_t> now_ms_;

 private:
  void reap(Shard& shard, int physical_db, const KeyRef& key, Found found);
};

class WriteTx : public ReadTx {
 public:
  using ReadTx::ReadTx;

  /// The live entry of `key` in this or another database, for changing it. A dead one is removed first.
  Found find_mutable(const KeyRef& key) { return find_mutable(key, db_); }
  Found find_mutable(const KeyRef& key, int db) {
    return live(engine_.shard_of(key), engine_.physical(db), key);
  }

  // The changes. `found` is what find_mutable() gave for `key` just before, and stays good afterwards. Those that
  // return false are out of memory and have changed nothing.

  /// Sets a string, creating the key or replacing a value of any type.
  [[nodiscard]] bool put_string(const KeyRef& key, Found& found, Bytes value, OldDeadline old);
  [[nodiscard]] bool put_integer(const KeyRef& key, Found& found, int64_t value, OldDeadline old);
  /// Like put_string, but bytes that spell an integer stay bytes, as Redis keeps the results of some commands.
  [[nodiscard]] bool put_bytes(const KeyRef& key, Found& found, Bytes value, OldDeadline old);
  /// Makes the string at least `size` bytes long, filling up with zero bytes and creating the key where needed, and
  /// returns its bytes for writing. Null out of memory.
  [[nodiscard]] char* grow_string(const KeyRef& key, Found& found, size_t size);
  /// Removes an existing key.
  void erase(const KeyRef& key, Found& found) { erase(key, found, db_); }
  void erase(const KeyRef& key, Found& found, int db);
  /// Sets the deadline of an existing key.
  [[nodiscard]] bool set_deadline(const KeyRef& key, Found& found, int64_t deadline_ms);
  /// Removes the deadline of an existing key that has one.
  [[nodiscard]] bool clear_deadline(const KeyRef& key, Found& found);
  /// Copies value and deadline of an existing key to a key of any database that must be absent.
  [[nodiscard]] bool copy(const KeyRef& from, const Found& source, const KeyRef& to, int to_db);
  /// Moves value and deadline of an existing key to another one, which must be absent.
  [[nodiscard]] bool move(const KeyRef& from, Found& source, const KeyRef& to, int to_db);

 private:
  Entry* make_room(const KeyRef& key, Found& found, Entry::Shape shape, OldDeadline old);
  void changed(const KeyRef& key, int db) { engine_.shard_of(key).changed(engine_.physical(db), key.bytes); }
  bool take_place(const KeyRef& to, int to_db, const Entry* source, StringBody* body,
                  std::optional<int64_t> deadline);
};

/// The keyspace as a whole. Locks one shard at a time, or all of them for as long as a Lockout lives.
class KeyspaceTx {
 public:
  KeyspaceTx(Engine& engine, int db) : engine_(engine), db_(db) {}
  KeyspaceTx(const KeyspaceTx&) = delete;
  KeyspaceTx& operator=(const KeyspaceTx&) = delete;

  Engine& engine() { return engine_; }
  int db() const { return db_; }

  /// Live keys and dead ones not yet removed, in one database.
  uint64_t size(int db);
  /// Visits the live keys of this database in one atomic view of it; dead ones are removed.
  void for_each(absl::FunctionRef<void(const KeyRef& key, const Entry* entry)> visit);
  /// Visits live keys from `cursor` on until `count` have been; returns the cursor to go on from, 0 at the end.
  uint64_t scan(uint64_t cursor, size_t count,
                absl::FunctionRef<void(std::string_view key, const Entry* entry)> visit);
  /// A live key drawn uniformly, or nothing. Dead ones met on the way are removed.
  std::optional<std::string> random_key();
  /// Empties one database, or all when `db` is negative, at one instant.
  void flush(int db);
  void swap(int a, int b);
  /// Sums over all shards.
  ShardStats stats();
  void reset_stats();
  uint64_t bytes();
  /// Keys of one database that have a deadline.
  uint64_t timers(int db);
  /// A hash of every live key, its value and its deadline, the same whatever the order of insertion.
  uint64_t digest();

 private:
  class Lockout;

  Engine& engine_;
  int db_;
};

}  // namespace inlay
