#include "engine/watch_set.h"

#include <algorithm>

#include "engine/transaction.h"

namespace inlay {

void WatchSet::add(int db, const KeyRef& key) {
  const bool known = std::ranges::any_of(
      keys_, [&](const Watched& watched) { return watched.db == db && watched.key == key.bytes; });
  if (known) return;
  Aftermath aftermath;
  Shard& shard = engine_.shard_of(key);
  ShardLockGuard guard(shard.lock());
  // Removes it if it is dead.
  (void)ReadTx(engine_, db, aftermath).peek(key);
  const int physical_db = engine_.physical(db);
  const uint64_t version = shard.watches().watch(physical_db, key.bytes);
  keys_.push_back({db, physical_db, std::string(key.bytes), key.hash, version});
}

void WatchSet::clear() {
  for (const Watched& watched : keys_) {
    Shard& shard = engine_.shard_of(watched.ref());
    ShardLockGuard guard(shard.lock());
    shard.watches().unwatch(watched.physical_db, watched.key);
    shard.drop_idle_observers();
  }
  keys_.clear();
}

bool WatchSet::changed(Aftermath& aftermath) {
  return std::ranges::any_of(keys_, [&](const Watched& watched) {
    // An exchange of databases has moved the version on already.
    (void)ReadTx(engine_, watched.db, aftermath).peek(watched.ref());
    return engine_.shard_of(watched.ref()).watches().version(watched.physical_db, watched.key) !=
           watched.version;
  });
}

}  // namespace inlay
