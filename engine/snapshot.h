// SnapshotTx: what a command sees that reads many keys as they were at one instant, without holding their locks together.
//
//   key    lock, read, note changes(), unlock
//   key    lock, read, note changes(), unlock
//   ...                                           <- the instant: every key still is what was read
//   look again: where changes() has moved on, the key is read again, and so is the next instant found
//
// Sixteen locks held at once, each waited for while others are held, make callers wait for one another in chains: with 16
// threads such a call did half of what it did with one. Held one at a time, they scale.
//
// Why it is one instant: a shard counts its changes under its lock, so a count that stands still says that no call that
// changed the shard has ended since the key was read. One that is under way holds its locks, and nobody has seen
// anything of it; it comes after the instant.
//
// Under locks that the caller holds (HeldLocks) it simply reads.
//
// Thread safety: used by one thread, within one call.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "absl/container/inlined_vector.h"
#include "engine/executor.h"

namespace inlay {

class SnapshotTx {
 public:
  enum class Locks { kHeld, kTaken };

  /// By default the shards of all keys are locked already; with kTaken they are locked here, one at a time.
  SnapshotTx(Engine& engine, int db, Aftermath& aftermath, Locks locks = Locks::kHeld)
      : engine_(engine), db_(db), aftermath_(aftermath), locks_(locks) {}
  SnapshotTx(const SnapshotTx&) = delete;
  SnapshotTx& operator=(const SnapshotTx&) = delete;

  /// Calls look(i, entry) for every key, with its live entry or null, as ReadTx::find() gives it. Where a key changes
  /// meanwhile, look is called again for it; the last call counts.
  template <class Look>
  void find_each(std::span<const KeyRef> keys, Look&& look) {
    read_each<&ReadTx::find>(keys, look);
  }
  /// The same as ReadTx::peek(): accesses are neither counted nor stamped.
  template <class Look>
  void peek_each(std::span<const KeyRef> keys, Look&& look) {
    read_each<&ReadTx::peek>(keys, look);
  }

 private:
  // So often it goes after changes; then it takes all locks.
  static constexpr int kRounds = 4;
  using Counts = absl::InlinedVector<uint64_t, 32>;

  template <auto Read, class Look>
  void read_each(std::span<const KeyRef> keys, Look& look) {
    if (locks_ == Locks::kHeld) {
      ReadTx tx(engine_, db_, aftermath_);
      for (size_t i = 0; i < keys.size(); ++i) look(i, (tx.*Read)(keys[i]));
      return;
    }
    Counts counts(keys.size());
    prefetch_keys(engine_, db_, keys);
    for (size_t i = 0; i < keys.size(); ++i) counts[i] = read_one<Read>(keys, i, look);
    if (keys.size() < 2) return;
    for (int round = 1; round < kRounds; ++round) {
      if (!read_changed(keys, counts, look)) return;
    }
    read_changed_together(keys, counts, look);
  }

  // Returns the shard's count of changes.
  template <auto Read, class Look>
  uint64_t read_one(std::span<const KeyRef> keys, size_t i, Look& look) {
    Shard& shard = engine_.shard_of(keys[i]);
    ShardLockGuard guard(shard.lock());
    CommitScope commit(engine_, aftermath_);
    ReadTx tx(engine_, db_, aftermath_, &shard);
    look(i, (tx.*Read)(keys[i]));
    return shard.changes();
  }

  bool is_changed(const KeyRef& key, uint64_t count) const {
    return engine_.shard_of(key).changes() != count;
  }

  // Reads again what is in shards that have changed; whether there was any. No access is counted twice.
  template <class Look>
  bool read_changed(std::span<const KeyRef> keys, Counts& counts, Look& look) {
    bool any = false;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!is_changed(keys[i], counts[i])) [[likely]]
        continue;
      any = true;
      counts[i] = read_one<&ReadTx::peek>(keys, i, look);
    }
    return any;
  }

  template <class Look>
  [[gnu::noinline]] void read_changed_together(std::span<const KeyRef> keys, const Counts& counts,
                                               Look& look) {
    absl::InlinedVector<uint64_t, 32> hashes;
    for (const KeyRef& key : keys) hashes.push_back(key.hash);
    ShardSetGuard guard(engine_, hashes, Access::kRead);
    CommitScope commit(engine_, aftermath_, &guard);
    ReadTx tx(engine_, db_, aftermath_);
    for (size_t i = 0; i < keys.size(); ++i) {
      if (is_changed(keys[i], counts[i])) look(i, tx.peek(keys[i]));
    }
  }

  Engine& engine_;
  const int db_;
  Aftermath& aftermath_;
  const Locks locks_;
};

}  // namespace inlay
