// WatchTable: versions of the keys that somebody watches, and of no others.
//
// A shard has a table only while a key in it is watched, so a store without watchers pays one branch per write.
//
// Invariants
//   1. A row exists exactly while its watcher count is above 0.
//   2. A row's version grows with every change of its key: write, removal, expiry, flush.
//
// Complexity: O(1) expected. Thread safety: owned by its shard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace inlay {

class WatchTable {
 public:
  /// Adds a watcher of the key and returns its version now.
  uint64_t watch(int db, std::string_view key) {
    const auto [row, is_new] = rows_.try_emplace(name(db, key));
    if (is_new) name_bytes_ += bytes_of(row->first);
    ++row->second.watchers;
    return row->second.version;
  }

  /// Removes a watcher added by watch().
  void unwatch(int db, std::string_view key) {
    const auto row = rows_.find(name(db, key));
    if (row == rows_.end() || --row->second.watchers != 0) return;
    name_bytes_ -= bytes_of(row->first);
    rows_.erase(row);
  }

  /// The version of a watched key.
  uint64_t version(int db, std::string_view key) const {
    const auto row = rows_.find(name(db, key));
    return row == rows_.end() ? 0 : row->second.version;
  }

  /// Notes that the key changed. Nothing happens unless it is watched.
  void changed(int db, std::string_view key) {
    const auto row = rows_.find(name(db, key));
    if (row != rows_.end()) row->second.version = ++clock_;
  }

  /// Visits every watched key: visit(int db, std::string_view key).
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [name, row] : rows_) visit(static_cast<int>(name[0]), std::string_view(name).substr(1));
  }

  bool empty() const { return rows_.empty(); }
  /// Bytes of the table. O(1).
  size_t memory_usage() const { return rows_.capacity() * (sizeof(*rows_.begin()) + 1) + name_bytes_; }

 private:
  struct Row {
    uint64_t version = 0;
    uint32_t watchers = 0;
  };

  // What a name has beyond the row.
  static size_t bytes_of(const std::string& name) {
    return name.capacity() > std::string().capacity() ? name.capacity() + 1 : 0;
  }
  static std::string name(int db, std::string_view key) {
    std::string name(1, static_cast<char>(db));
    return name.append(key);
  }

  absl::flat_hash_map<std::string, Row> rows_;
  uint64_t clock_ = 0;
  size_t name_bytes_ = 0;
};

}  // namespace inlay
