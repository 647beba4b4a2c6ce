// Shard: one lock and everything it guards, a slice of every database.
//
//   Shard  +------+---------------------+------+-------+--------+-------+-----------+-------+
//          | lock | index per database  | slab | wheel | random | stats | observers | bound |
//          +------+---------+-----------+--^---+---^---+--------+-------+-----------+-------+
//                           |              |       |
//                           +-> entries ---+       +-- timers: (entry address, database, for the key or its fields)
//
// A shard keeps keys, values and deadlines consistent with one another; what commands mean is not its business.
//
// Invariants
//   1. Every record of an index is a live entry of this shard's slab whose key hashes to this shard.
//   2. An entry has a timer exactly when has_timer() is set; the timer's payload is its address and database. A
//      container has a field timer exactly while a field has a deadline, for the earliest.
//   3. bytes() is the sum of what entries, bodies, indexes, timers and observers occupy.
//   4. With a bound, it was told of every entry that came, went, or occupies something else than before.
//
// Thread safety: every member but the lock and changes() is guarded by the lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/aftermath.h"
#include "engine/container.h"
#include "engine/entry.h"
#include "engine/hash.h"
#include "engine/key.h"
#include "engine/lock.h"
#include "engine/random.h"
#include "engine/shard_bound.h"
#include "engine/waiter.h"
#include "engine/watch.h"
#include "inlay/datatypes/slab.h"
#include "inlay/datatypes/tag_index.h"
#include "inlay/expiry/timer_wheel.h"

namespace inlay {

inline constexpr int kDatabasesMax = 16;

struct ShardStats {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t expired = 0;
  uint64_t evicted = 0;
};

/// A key's entry and where it stands, or neither. Valid until the next change to the shard's same database.
struct Found {
  Entry* entry = nullptr;
  TagIndex::Slot slot;
  explicit operator bool() const { return entry != nullptr; }
};

/// A key that went because its time had come, or that of fields of it.
struct Expired {
  std::string key;
  int physical_db;
  Type type;
  bool of_fields;  // Fields of it expired,
  bool removed;    // and it went.
};

class alignas(64) Shard {
 public:
  struct Config {
    PagePool* pages;
    uint64_t hash_seed;
    uint64_t random_seed;
    unsigned shard_bits;  // How many top bits of a key's hash chose the shard.
    int64_t now_ms;
  };

  explicit Shard(const Config& config);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Starts to fetch what taking the lock and looking up a key of the first database touch.
  void prefetch() const {
    __builtin_prefetch(&lock_, 1);
    __builtin_prefetch(&indexes_[0] + 1);  // Where the first one ends.
  }
  ShardLock& lock() ABSL_LOCK_RETURNED(lock_) { return lock_; }
  void assert_held() const ABSL_ASSERT_EXCLUSIVE_LOCK(lock_) { assert(lock_.is_locked()); }

  // Both inlined by force, the whole way down: out of line they would spill what the caller has in registers.
  [[gnu::always_inline]] Found find(int db, const KeyRef& key) const {
    const TagIndex::Slot slot = index(db).find(placed(key.hash), HasKey{key.bytes});
    return slot ? Found{static_cast<Entry*>(slot.record()), slot} : Found{};
  }
  /// The entry alone, for reading.
  [[gnu::always_inline]] Entry* find_entry(int db, const KeyRef& key) const {
    return static_cast<Entry*>(index(db).find_record(placed(key.hash), HasKey{key.bytes}));
  }

  /// Adds an entry for an absent key; its value is left to be set, and with has_timer start_timer() to be called. Null, with
  /// nothing changed, out of memory.
  Entry* insert(int db, const KeyRef& key, Entry::Shape shape, uint32_t seen_s);
  /// Puts another packed block in the place of an entry's, if the entry's own block has the room; else false.
  bool rewrite_inline(Entry* entry, std::string_view block);
  /// Gives an entry another block with this shape, whose key must be the entry's own; the value is left to be set, with a
  /// has_timer that the entry lacked start_timer() to be called, and the old one's body is buried. Without has_timer the
  /// deadline goes. Null, with nothing changed, out of memory.
  Entry* reshape(int db, Found& found, Entry::Shape shape, Graveyard& graveyard);
  /// Removes an entry with its timer and value.
  void erase(int db, const KeyRef& key, Found found, Graveyard& graveyard);
  /// Removes a victim of the bound's.
  void evict(const Victim& victim, Graveyard& graveyard);
  /// Takes an entry's value out (so that it is not buried) before erase() or reshape().
  StringBody* detach_body(Entry* entry);
  void attach_body(Entry* entry, StringBody* body);
  /// The same for containers, whose field timer comes and goes with them: attaching returns whether one was added.
  Container* detach_container(Entry* entry);
  bool attach_container(int db, Entry* entry, Container* container);
  /// To be called after a container that an entry holds has changed: notes what it occupies now, which was
  /// `bytes_before`, and sets its field timer. Returns whether a timer was added.
  bool container_changed(int db, Entry* entry, size_t bytes_before);
  /// The two halves of it.
  void adjust_body_bytes(const Entry* entry, size_t added) {
    body_bytes_ += added;
    if (bound_ != nullptr) [[unlikely]]
      bound_->resized(entry, bytes_of(entry) - added, bytes_of(entry));
  }
  bool set_field_timer(int db, Entry* entry);
  /// Removes up to `limit` dead fields of a container that an entry holds; true if none is left.
  bool expire_some_fields(int db, Entry* entry, int64_t now_ms, size_t limit);
  ContainerContext container_context() { return {*pages_, hash_seed_}; }
  /// Memory for a string of `size` bytes with room for `capacity`; null out of memory.
  static StringBody* allocate_body(size_t size, size_t capacity);

  /// The deadline in Unix milliseconds of an entry that has one.
  int64_t deadline(const Entry* entry) const { return wheel_.deadline(entry->timer()); }
  /// Sets or moves the deadline. False, with nothing changed, out of memory.
  bool set_deadline(int db, Found& found, int64_t deadline_ms);
  /// The same for an entry of which has_timer holds, whose deadline may not have been set yet.
  void start_timer(int db, Entry* entry, int64_t deadline_ms);
  /// Removes the deadline; false, with nothing changed, out of memory. The entry must have one.
  bool clear_deadline(int db, Found& found);

  /// Removes up to `limit` entries whose deadline has come; returns how many.
  /// `expired`, if given, gets what was removed, in order.
  size_t expire(int64_t now_ms, size_t limit, Graveyard& graveyard, std::vector<Expired>* expired = nullptr);
  int64_t next_deadline_bound() const { return wheel_.next_deadline_bound(); }
  size_t timers() const { return wheel_.size(); }
  /// Entries of one database that have a deadline.
  size_t timers(int db) const { return timers_[static_cast<size_t>(db)]; }

  /// TagIndex::scan over one database.
  uint32_t scan(int db, uint32_t cursor, size_t count, absl::FunctionRef<void(void* record)> visit) const {
    return index(db).scan(
        cursor, count, [this](const void* record) { return hash_of(record); }, visit);
  }

  TagIndex& index(int db) { return indexes_[static_cast<size_t>(db)]; }
  const TagIndex& index(int db) const { return indexes_[static_cast<size_t>(db)]; }
  uint64_t placed(uint64_t hash) const { return hash << (changes_and_bits() & kShardBits); }

  /// Takes a whole database out, leaving it empty. Free the result with free_some().
  TagIndex detach(int db);
  /// Frees at least `limit` entries of a detached database, or all; true when none is left.
  bool free_some(TagIndex& detached, size_t limit, Graveyard& graveyard);

  /// Notes that a key changed, for whoever watches it.
  void changed(int db, std::string_view key) {
    count_change();
    if (observers_ != nullptr) [[unlikely]]
      observers_->watches.changed(db, key);
  }
  /// A number that every change of a key of this shard moves on: while it stands still, all keys are what they were. May
  /// be read without the lock.
  uint64_t changes() const { return changes_and_bits() / kOneChange; }
  /// Whether a key or field of this shard has ever had a deadline: without, none can be dead. May be read without the lock.
  bool has_had_timers() const { return (changes_and_bits() & kHasHadTimers) != 0; }
  void count_change() {
    // Relaxed, and not one atomic step: it is written under the lock, whose order its readers rely on.
    changes_and_bits_.store(changes_and_bits() + kOneChange, std::memory_order_relaxed);
  }
  /// Whether anybody watches a key of this shard or waits for one: a branch is all it costs those without.
  bool is_observed() const { return observers_ != nullptr; }
  bool has_watches() const { return observers_ != nullptr && !observers_->watches.empty(); }
  WatchTable& watches() { return observers().watches; }
  bool has_waiters() const { return observers_ != nullptr && !observers_->waiters.empty(); }
  WaitTable& waiters() { return observers().waiters; }
  /// Whether serving waiters may take locks of other shards.
  bool serving_needs_more_shards() const {
    return observers_ != nullptr && observers_->waiters.needs_more_shards();
  }
  /// Forgets tables that are empty.
  void drop_idle_observers() {
    if (observers_ != nullptr && observers_->watches.empty() && observers_->waiters.empty())
      observers_.reset();
  }

  /// What keeps it within the limits of its store; null where there are none.
  ShardBound* bound() { return bound_.get(); }
  bool is_bounded() const { return bound_ != nullptr; }
  /// Returns the one before, to be freed without the lock.
  std::unique_ptr<ShardBound> set_bound(std::unique_ptr<ShardBound> bound) {
    return std::exchange(bound_, std::move(bound));
  }
  /// Visits up to `most` entries with deadlines, drawn by a uniform number. May find none though there are some.
  void sample_timers(uint64_t draw, size_t most, absl::FunctionRef<void(int db, Entry* entry)> visit) const;

  Random& random() { return random_; }
  ShardStats& stats() { return stats_; }

  /// Bytes of entries, value bodies, indexes, timers, observers, and what the bound needs. O(1 + timers / 64 768).
  size_t bytes() const;
  /// Those of entries and value bodies alone.
  size_t entry_bytes() const { return slab_.bytes() + body_bytes_; }
  /// What the slab's pages hold beyond its blocks.
  size_t page_slack() const { return slab_.page_bytes() + slab_.large_bytes() - slab_.bytes(); }
  /// What one entry and its value occupy.
  size_t bytes_of(const Entry* entry) const;
  /// What its block alone does.
  size_t block_bytes_of(const Entry* entry) const { return slab_.occupied(entry, entry->block_bytes()); }
  uint64_t key_hash(std::string_view key) const { return hash_bytes(key, hash_seed_); }
  /// The parts of bytes() that no entry has.
  size_t index_bytes() const { return index_bytes_; }
  size_t timer_bytes() const { return wheel_.memory_usage(); }
  size_t observer_bytes() const;
  size_t bound_bytes() const { return bound_ == nullptr ? 0 : sizeof(ShardBound) + bound_->overhead(); }

  bool check_invariants() const;

 private:
  struct HasKey {
    // Most blocks end within 64 bytes and so within one cache line of here.
    static constexpr size_t kAhead = 56;

    std::string_view key;
    [[gnu::always_inline]] bool operator()(const void* record) const {
      // The value often ends in the next cache line, whose address would otherwise be known only after the header.
      __builtin_prefetch(static_cast<const char*>(record) + kAhead);
      return static_cast<const Entry*>(record)->has_key(key);
    }
  };

  struct Observers {
    WatchTable watches;
    WaitTable waiters;
  };
  Observers& observers() {
    if (observers_ == nullptr) observers_ = std::make_unique<Observers>();
    return *observers_;
  }

  uint64_t hash_of(const void* record) const;
  Entry* allocate_entry(const Entry::Shape& shape, std::string_view key, uint32_t seen_s);
  void free_entry(Entry* entry, Graveyard& graveyard);
  // detach_body() and detach_container(), without telling the bound.
  StringBody* take_body(Entry* entry);
  Container* take_container(Entry* entry);
  // Gives an entry a block that differs in has_timer alone; the timer's handle is left to be set.
  bool set_has_timer(int db, Found& found, bool has_timer);
  static uint64_t timer_payload(const Entry* entry, int db);
  static uint64_t field_timer_payload(const Entry* entry, int db);
  // The entry has moved to another block.
  void retarget_field_timer(int db, Entry* entry);

  // To be called with every timer that is scheduled.
  void note_timer() {
    changes_and_bits_.store(changes_and_bits() | kHasHadTimers, std::memory_order_relaxed);
  }

  static constexpr uint64_t kShardBits = 63;
  static constexpr uint64_t kHasHadTimers = 64;
  static constexpr uint64_t kOneChange = 256;
  uint64_t changes_and_bits() const { return changes_and_bits_.load(std::memory_order_relaxed); }

  // The lock, and what every call needs next, in one cache line.
  ShardLock lock_;
  // The shard bits and kHasHadTimers, below 56 bits of the count: at a billion a second it lasts two years before a number comes again.
  std::atomic<uint64_t> changes_and_bits_;
  std::unique_ptr<ShardBound> bound_;
  ShardStats stats_;
  std::array<TagIndex, kDatabasesMax> indexes_;  // By physical database.
  Slab slab_;
  TimerWheel wheel_;
  std::array<size_t, kDatabasesMax> timers_{};  // By physical database.
  size_t body_bytes_ = 0;
  size_t index_bytes_ = 0;
  size_t field_timers_ = 0;
  PagePool* pages_;
  std::unique_ptr<Observers> observers_;  // Only while there are any.
  Random random_;
  uint64_t hash_seed_;
};

}  // namespace inlay
