#include "api/scope.h"

#include <algorithm>

namespace inlay::internal {

WatchedKeys::WatchedKeys(StoreCore& core, int db, std::span<const Key> keys) : core_(core), db_(db) {
  for (const Key key : keys) marks_.push_back({core.engine.key(key), 0});
}

bool WatchedKeys::covers(const KeyRef& key) const {
  return std::ranges::any_of(
      marks_, [&](const Mark& mark) { return mark.key.hash == key.hash && mark.key.bytes == key.bytes; });
}

// The shard's count after the key, if its time has come, was removed. The shard must be locked.
uint64_t WatchedKeys::changes_now(const KeyRef& key, Aftermath& aftermath) {
  Shard& shard = core_.engine.shard_of(key);
  if (shard.timers() != 0) (void)ReadTx(core_.engine, db_, aftermath).peek(key);
  return shard.changes();
}

bool WatchedKeys::begin() {
  if (has_begun_) {
    if (!watches_.has_value()) watches_.emplace(core_.engine);
    watches_->clear();
    for (const Mark& mark : marks_) watches_->add(db_, mark.key);
    return true;
  }
  has_begun_ = true;
  for (Mark& mark : marks_) {
    Shard& shard = core_.engine.shard_of(mark.key);
    // Where no key can be dead, without the lock: what the closure reads it reads later, under it.
    mark.changes = shard.changes();
    if (!shard.has_had_timers()) continue;
    Aftermath aftermath;
    ShardLockGuard guard(shard.lock());
    mark.changes = changes_now(mark.key, aftermath);
  }
  return false;
}

bool WatchedKeys::changed(Aftermath& aftermath) {
  if (watches_.has_value()) return watches_->changed(aftermath);
  return std::ranges::any_of(
      marks_, [&](const Mark& mark) { return changes_now(mark.key, aftermath) != mark.changes; });
}

bool WatchedKeys::commit(Batch* batch) {
  absl::InlinedVector<uint64_t, 16> hashes;
  for (const Mark& mark : marks_) hashes.push_back(mark.key.hash);
  if (batch != nullptr) batch->for_each_hash([&](uint64_t hash) { hashes.push_back(hash); });
  std::optional<HeldLocks> held;
  if (batch != nullptr && batch->needs_keyspace()) {
    held.emplace(core_.engine);
  } else {
    const bool writes = batch != nullptr && batch->writes();
    held.emplace(core_.engine, hashes, writes ? Access::kWrite : Access::kRead);
  }
  if (changed(held->aftermath())) return false;
  if (batch != nullptr) batch->run_all(*held);
  return true;
}

}  // namespace inlay::internal
