// A shard beside the std map that says what it should hold; for tests of the shard.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/hash.h"
#include "engine/shard.h"

namespace inlay {

class ShardModel {
 public:
  static constexpr int kDatabases = 2;
  static constexpr uint64_t kSeed = 11;

  struct Value {
    std::string bytes;
    std::optional<int64_t> deadline_ms;
  };

  static KeyRef ref(std::string_view key) { return {key, hash_bytes(key, kSeed)}; }

  /// The shape of a string as the engine would keep it.
  static Entry::Shape shape_of(std::string_view key, std::string_view value) {
    Entry::Shape shape{.key_bytes = static_cast<uint32_t>(key.size()), .value_bytes = 8};
    if (parse_int64(value)) {
      shape.encoding = Encoding::kInteger;
    } else {
      shape.value_bytes = static_cast<uint32_t>(value.size());
      if (shape.block_bytes() > kSlabBlockMax) {
        shape.encoding = Encoding::kBody;
        shape.value_bytes = 8;
      }
    }
    return shape;
  }

  Found find(int db, std::string_view key) { return shard.find(db, ref(key)); }

  bool put(int db, const std::string& key, const std::string& value) {
    const Entry::Shape shape = shape_of(key, value);
    StringBody* body = nullptr;
    if (shape.encoding == Encoding::kBody) {
      body = Shard::allocate_body(value.size(), value.size());
      if (body == nullptr) return false;
      value.copy(body->data(), value.size());
    }
    Graveyard graveyard;
    Entry* entry = room_for(db, key, shape, graveyard);
    if (entry == nullptr) {
      if (body != nullptr) graveyard.bury(body);
      return false;
    }
    switch (entry->encoding()) {
      case Encoding::kInline: value.copy(entry->inline_data(), value.size()); break;
      case Encoding::kInteger: entry->set_integer(*parse_int64(value)); break;
      case Encoding::kBody: shard.attach_body(entry, body); break;
    }
    shard.changed(db, key);
    model[{db, key}].bytes = value;
    return true;
  }

  void erase(int db, const std::string& key) {
    const Found found = find(db, key);
    model.erase({db, key});
    if (!found) return;
    Graveyard graveyard;
    shard.changed(db, key);
    shard.erase(db, ref(key), found, graveyard);
  }

  bool set_deadline(int db, const std::string& key, int64_t deadline_ms) {
    Found found = find(db, key);
    if (!found) return true;
    if (!shard.set_deadline(db, found, deadline_ms)) return false;
    model[{db, key}].deadline_ms = deadline_ms;
    return true;
  }

  bool clear_deadline(int db, const std::string& key) {
    Found found = find(db, key);
    if (!found || !found.entry->has_timer()) return true;
    if (!shard.clear_deadline(db, found)) return false;
    model[{db, key}].deadline_ms.reset();
    return true;
  }

  /// Removes what is due from both and returns whether they removed the same number.
  bool expire(int64_t now_ms) {
    Graveyard graveyard;
    const size_t due = std::erase_if(
        model, [&](const auto& row) { return row.second.deadline_ms && *row.second.deadline_ms <= now_ms; });
    size_t expired = 0;
    while (const size_t more = shard.expire(now_ms, 10, graveyard)) expired += more;
    return expired == due;
  }

  void flush(int db) {
    Graveyard graveyard;
    TagIndex detached = shard.detach(db);
    while (!shard.free_some(detached, 3, graveyard)) {
    }
    std::erase_if(model, [&](const auto& row) { return row.first.first == db; });
  }

  bool agrees_on(int db, const std::string& key) {
    const Found found = find(db, key);
    const auto row = model.find({db, key});
    if (!found) return row == model.end();
    if (row == model.end()) return false;
    char scratch[kInt64TextMax];
    const std::optional<int64_t> deadline =
        found.entry->has_timer() ? std::optional(shard.deadline(found.entry)) : std::nullopt;
    return found.entry->key() == key && found.entry->string_value(scratch) == row->second.bytes &&
           deadline == row->second.deadline_ms;
  }

  bool agrees() {
    size_t timers = 0;
    for (const auto& [name, value] : model) {
      if (!agrees_on(name.first, name.second)) return false;
      timers += value.deadline_ms.has_value();
    }
    size_t size = 0;
    for (int db = 0; db < kDatabases; ++db) size += shard.index(db).size();
    return size == model.size() && shard.timers() == timers && shard.check_invariants();
  }

  /// What entries with their values, and the indexes, occupy.
  size_t bytes_without_timers() {
    size_t bytes = 0;
    for (const auto& [name, value] : model) bytes += shard.bytes_of(find(name.first, name.second).entry);
    for (int db = 0; db < kDatabases; ++db) bytes += shard.index(db).memory_usage();
    return bytes;
  }

  PagePool pages;
  Shard shard{Shard::Config{.pages = &pages,
                            .hash_seed = kSeed,
                            .random_seed = 3,
                            .shard_bits = 10,

                            .now_ms = 0}};
  std::map<std::pair<int, std::string>, Value> model;

 private:
  Entry* room_for(int db, const std::string& key, Entry::Shape shape, Graveyard& graveyard) {
    Found found = find(db, key);
    if (!found) return shard.insert(db, ref(key), shape, 0);
    shape.has_timer = found.entry->has_timer();
    return shard.reshape(db, found, shape, graveyard);
  }
};

}  // namespace inlay
