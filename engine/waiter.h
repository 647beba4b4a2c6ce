// Waiter: a call that waits for a key to hold a container; WaitTable: who waits in one shard.
//
//   shard 3  WaitTable  (0, "jobs")  -> waiter A -> waiter B          each queue in order of arrival
//   shard 9  WaitTable  (0, "mail")  -> waiter A                      one waiter may stand in many queues
//
// A call that has to wait puts its waiter into the queue of each of its keys, under the locks of all their shards. A
// call that changes such a key serves the waiters at its end, before it releases its locks: so a waiter sees the state
// after the whole command or transaction, and nobody comes between.
//
// Serving a waiter that moves elements elsewhere (BLMOVE) needs the lock of its destination's shard too. Who writes to
// a shard therefore locks, besides its own shards, those that waiters registered there may need: see ShardSetGuard.
//
// Invariants
//   1. A waiter ends once: whoever makes end() return true decides how.
//   2. A waiter stands in a queue only while it waits, or until the thread that it belongs to has taken it out.
//   3. needed_shards() holds the destination's shard of every waiter in the table that has one, as often as it stands.
//   4. A Place and what stands in the queue refer to each other, or the Place refers to nothing.
//
// Complexity: add, remove O(1) expected, whatever the order in which waiters leave. Thread safety: a WaitTable and all
// its Places are owned by its shard; a Waiter's state is atomic.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/entry.h"
#include "engine/key.h"

namespace inlay {

class LeanTx;

class Waiter {
 public:
  enum class State : uint8_t { kWaiting, kServed, kTimedOut, kCancelled };

  /// `type` is what a key must hold to serve it; `destination` the hash of another key that serving it may change.
  Waiter(int db, Type type, std::optional<uint64_t> destination)
      : db_(db), type_(type), destination_(destination) {}
  virtual ~Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  int db() const { return db_; }
  Type type() const { return type_; }
  std::optional<uint64_t> destination() const { return destination_; }

  /// Takes what it waits for from `key`, which holds a container of type(). Called once, after end(State::kServed),
  /// with the shards of key and destination locked. What it
  /// took is seen by whoever was woken after it.
  virtual void serve(LeanTx& tx, const KeyRef& key) = 0;
  /// Called once, without locks, after it was served or its wait was ended by another thread than its own.
  virtual void wake() = 0;

  State state() const { return state_.load(std::memory_order_acquire); }
  /// Ends the wait; true for the one caller who did.
  bool end(State how) {
    State waiting = State::kWaiting;
    return state_.compare_exchange_strong(waiting, how, std::memory_order_acq_rel);
  }

 private:
  const int db_;
  const Type type_;
  const std::optional<uint64_t> destination_;
  std::atomic<State> state_{State::kWaiting};
};

class WaitTable {
 public:
  class Place;
  /// A waiter in a queue.
  struct Standing {
    std::shared_ptr<Waiter> waiter;
    Place* place = nullptr;
  };
  using Queue = std::list<Standing>;
  /// Where a waiter stands in one queue, if it does. Stays where it is in memory while the waiter stands there.
  class Place {
   private:
    friend class WaitTable;
    std::optional<Queue::iterator> standing_;
  };

  /// Puts a waiter at the end of a key's queue, as `place` will say. `needed_shard`: that of its destination, if it has one.
  void add(const KeyRef& key, std::shared_ptr<Waiter> waiter, Place& place,
           std::optional<uint16_t> needed_shard) {
    if (needed_shard.has_value()) ++needed_shards_[*needed_shard];
    const auto [row, is_new] = rows_.try_emplace(name(waiter->db(), key.bytes));
    if (is_new) heap_bytes_ += bytes_of(row->first);
    heap_bytes_ += kNodeBytes;
    place.standing_ = row->second.insert(row->second.end(), {std::move(waiter), &place});
  }

  /// Takes out of a key's queue whoever stands at `place`; false if nobody does.
  bool remove(const KeyRef& key, Place& place, std::optional<uint16_t> needed_shard);

  /// The waiters of a key in order of arrival; null if there are none.
  const Queue* find(int db, std::string_view key) const {
    const auto row = rows_.find(name(db, key));
    return row == rows_.end() ? nullptr : &row->second;
  }

  /// Visits every key that somebody waits for: visit(int db, std::string_view key).
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    for (const auto& [name, queue] : rows_)
      visit(static_cast<int>(name[0]), std::string_view(name).substr(1));
  }

  bool empty() const { return rows_.empty(); }
  /// Bytes of the table, without the waiters themselves. O(1).
  size_t memory_usage() const {
    return heap_bytes_ + rows_.capacity() * (sizeof(*rows_.begin()) + 1) +
           needed_shards_.capacity() * (sizeof(*needed_shards_.begin()) + 1);
  }
  /// Whether serving may need locks of other shards.
  bool needs_more_shards() const { return !needed_shards_.empty(); }
  /// Visits those shards: visit(uint16_t).
  template <class Visit>
  void for_each_needed_shard(Visit&& visit) const {
    for (const auto& [shard, waiters] : needed_shards_) visit(shard);
  }

 private:
  static std::string name(int db, std::string_view key) {
    std::string name(1, static_cast<char>(db));
    return name.append(key);
  }

  // Of a queue: two links and what it holds, as malloc rounds it.
  static constexpr size_t kNodeBytes = 40;
  // What a name has beyond the row.
  static size_t bytes_of(const std::string& name) {
    return name.capacity() > std::string().capacity() ? name.capacity() + 1 : 0;
  }

  size_t heap_bytes_ = 0;                         // Of names and queues.
  absl::flat_hash_map<std::string, Queue> rows_;  // A row exactly while its queue holds somebody.
  absl::flat_hash_map<uint16_t, uint32_t> needed_shards_;
};

}  // namespace inlay
