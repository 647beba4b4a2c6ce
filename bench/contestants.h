// The stores that are compared, each behind the same few calls, written as a careful user of each would write them.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>
#include <immintrin.h>
#include <tbb/concurrent_hash_map.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "inlay/datatypes/number.h"
#include "inlay/store.h"

namespace inlay::bench {

inline absl::string_view to_absl(std::string_view text) { return {text.data(), text.size()}; }

/// Adds 1 to the number that `text` spells and returns the sum.
inline int64_t add_one(std::string& text) {
  const int64_t sum = parse_int64(text).value_or(0) + 1;
  char digits[kInt64TextMax];
  text.assign(digits, format_int64(sum, digits));
  return sum;
}

/// 1024 hash maps, each behind a spin lock. One hash per call chooses the map and the place in it.
class SpinMap {
 public:
  static constexpr const char* kName = "spin_map";

  std::optional<std::string> get(std::string_view key) {
    const size_t hash = absl::Hash<absl::string_view>()(to_absl(key));
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.lock);
    const auto it = shard.map.find(to_absl(key), hash);
    if (it == shard.map.end()) return std::nullopt;
    return it->second;
  }

  template <class Look>
  bool visit(std::string_view key, Look&& look) {
    const size_t hash = absl::Hash<absl::string_view>()(to_absl(key));
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.lock);
    const auto it = shard.map.find(to_absl(key), hash);
    if (it == shard.map.end()) return false;
    look(std::string_view(it->second));
    return true;
  }

  void set(std::string_view key, std::string_view value) {
    const size_t hash = absl::Hash<absl::string_view>()(to_absl(key));
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.lock);
    const auto it = shard.map.find(to_absl(key), hash);
    if (it != shard.map.end()) {
      it->second = value;
    } else {
      shard.map.emplace(key, value);
    }
  }

  void insert(std::string_view key, std::string_view value) {
    Shard& shard = shard_of(absl::Hash<absl::string_view>()(to_absl(key)));
    std::lock_guard lock(shard.lock);
    shard.map.emplace(key, value);
  }

  int64_t incr(std::string_view key) {
    const size_t hash = absl::Hash<absl::string_view>()(to_absl(key));
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.lock);
    const auto it = shard.map.find(to_absl(key), hash);
    if (it != shard.map.end()) return add_one(it->second);
    shard.map.emplace(key, "1");
    return 1;
  }

  size_t size() const {
    size_t size = 0;
    for (size_t i = 0; i < kShards; ++i) size += shards_[i].map.size();
    return size;
  }

 private:
  class SpinLock {
   public:
    void lock() {
      for (int spins = 0; taken_.exchange(true, std::memory_order_acquire); ++spins) {
        while (taken_.load(std::memory_order_relaxed)) {
          _mm_pause();
          if (++spins % 1'000 == 0) std::this_thread::yield();
        }
      }
    }
    void unlock() { taken_.store(false, std::memory_order_release); }

   private:
    std::atomic<bool> taken_{false};
  };

  struct alignas(64) Shard {
    SpinLock lock;
    absl::flat_hash_map<std::string, std::string> map;
  };
  static constexpr size_t kShards = 1024;

  // The map looks at the lower bits of the hash, so the upper ones choose the shard.
  Shard& shard_of(size_t hash) { return shards_[hash >> 54]; }

  std::unique_ptr<Shard[]> shards_{new Shard[kShards]};
};

/// TBB's concurrent_hash_map, with look-up by string_view and the same hash.
class TbbMap {
 public:
  static constexpr const char* kName = "tbb";

  std::optional<std::string> get(std::string_view key) {
    Map::const_accessor entry;
    if (!map_.find(entry, key)) return std::nullopt;
    return entry->second;
  }

  template <class Look>
  bool visit(std::string_view key, Look&& look) {
    Map::const_accessor entry;
    if (!map_.find(entry, key)) return false;
    look(std::string_view(entry->second));
    return true;
  }

  void set(std::string_view key, std::string_view value) {
    Map::accessor entry;
    if (!map_.find(entry, key)) map_.insert(entry, std::string(key));
    entry->second = value;
  }

  void insert(std::string_view key, std::string_view value) {
    map_.insert(Map::value_type(std::string(key), std::string(value)));
  }

  int64_t incr(std::string_view key) {
    Map::accessor entry;
    if (!map_.find(entry, key)) map_.insert(entry, std::string(key));
    return add_one(entry->second);
  }

  size_t size() const { return map_.size(); }

 private:
  struct HashCompare {
    using is_transparent = void;
    size_t hash(std::string_view key) const { return absl::Hash<absl::string_view>()(to_absl(key)); }
    bool equal(std::string_view a, std::string_view b) const { return a == b; }
  };
  using Map = tbb::concurrent_hash_map<std::string, std::string, HashCompare>;

  Map map_;
};

/// Inlay with its default options.
class InlayMap {
 public:
  static constexpr const char* kName = "inlay";

  auto get(std::string_view key) { return store_->get(key); }

  template <class Look>
  bool visit(std::string_view key, Look&& look) {
    return store_->visit(key, look).value();
  }

  void set(std::string_view key, std::string_view value) { (void)store_->set(key, value); }
  void insert(std::string_view key, std::string_view value) { (void)store_->set(key, value); }
  int64_t incr(std::string_view key) { return store_->incr(key).value(); }
  size_t size() const { return store_->stats().keys; }

  Store& store() { return *store_; }

 private:
  std::unique_ptr<Store> store_ = Store::open().value();
};

/// The value that get() returned, or nothing.
inline std::optional<std::string_view> bytes_of(const std::optional<std::string>& value) { return value; }
inline std::optional<std::string_view> bytes_of(const Nullable<std::string>& value) {
  return value.ok() ? bytes_of(*value) : std::nullopt;
}

}  // namespace inlay::bench
