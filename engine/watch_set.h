// WatchSet: the keys that one client watches, as WATCH means it.
//
// Each has a row in its shard's WatchTable from add() to clear(), so that every change of the key is told from every
// other. A key that is dead when it is added counts as absent: that it goes is no change.
//
// Thread safety: used by one thread; locks for itself, but for changed().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/aftermath.h"
#include "engine/engine.h"
#include "engine/key.h"

namespace inlay {

class WatchSet {
 public:
  explicit WatchSet(Engine& engine) : engine_(engine) {}
  ~WatchSet() { clear(); }
  WatchSet(const WatchSet&) = delete;
  WatchSet& operator=(const WatchSet&) = delete;

  /// Watches a key of a database from now on. O(keys watched).
  void add(int db, const KeyRef& key);
  /// Watches nothing any more.
  void clear();

  bool empty() const { return keys_.empty(); }
  /// visit(uint64_t hash) for each.
  template <class Visit>
  void for_each_hash(Visit&& visit) const {
    for (const Watched& watched : keys_) visit(watched.hash);
  }

  /// Whether a key has changed since it was added; one whose time has come counts. Their shards must be locked.
  bool changed(Aftermath& aftermath);

 private:
  struct Watched {
    int db;
    int physical_db;
    std::string key;
    uint64_t hash;
    uint64_t version;

    KeyRef ref() const { return {key, hash}; }
  };

  Engine& engine_;
  std::vector<Watched> keys_;
};

}  // namespace inlay
