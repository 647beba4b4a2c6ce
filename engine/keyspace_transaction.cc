// KeyspaceTx: the calls that look at more than their keys.
#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "engine/executor.h"
#include "engine/transaction.h"

namespace inlay {
namespace {

// SCAN cursors: a mark, so that numbers from elsewhere end a scan; the shard's number; the place in its hash order.
constexpr uint64_t kCursorMark = 0x1a;
constexpr unsigned kMarkShift = 48;
constexpr unsigned kShardShift = 32;
// Entries of a flushed database freed per hold of a shard's lock.
constexpr size_t kFreeBatch = 256;

}  // namespace

// Holds every shard's lock, taken in index order.
class KeyspaceTx::Lockout {
 public:
  explicit Lockout(Engine& engine) : engine_(engine) {
    for (size_t i = 0; i < engine_.shard_count(); ++i) lock(engine_.shard(i));
  }
  ~Lockout() {
    for (size_t i = 0; i < engine_.shard_count(); ++i) unlock(engine_.shard(i));
  }
  Lockout(const Lockout&) = delete;
  Lockout& operator=(const Lockout&) = delete;

 private:
  // The analysis cannot follow a loop over locks.
  static void lock(Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().lock(); }
  static void unlock(Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().unlock(); }

  Engine& engine_;
};

uint64_t KeyspaceTx::size(int db) {
  Lockout lockout(engine_);
  uint64_t size = 0;
  for (size_t i = 0; i < engine_.shard_count(); ++i)
    size += engine_.shard(i).index(engine_.physical(db)).size();
  return size;
}

void KeyspaceTx::for_each(absl::FunctionRef<void(const KeyRef&, const Entry*)> visit) {
  Aftermath aftermath;
  Lockout lockout(engine_);
  CommitScope commit(engine_, aftermath);
  ReadTx tx(engine_, db_, aftermath);
  std::vector<std::string> doubtful;  // Looked at when the index may change.
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    Shard& shard = engine_.shard(i);
    shard.index(engine_.physical(db_)).for_each([&](void* record) {
      const auto* entry = static_cast<const Entry*>(record);
      if (tx.is_doubtful(shard, entry)) {
        doubtful.emplace_back(entry->key());
      } else {
        visit(engine_.key(entry->key()), entry);
      }
    });
  }
  for (const std::string& name : doubtful) {
    const KeyRef key = engine_.key(name);
    if (const Entry* entry = tx.peek(key)) visit(key, entry);
  }
}

uint64_t KeyspaceTx::scan(uint64_t cursor, size_t count,
                          absl::FunctionRef<void(std::string_view, const Entry*)> visit) {
  if (cursor != 0 && cursor >> kMarkShift != kCursorMark) return 0;
  size_t visited = 0;
  uint64_t shard_index = (cursor >> kShardShift) & 0xffff;
  auto place = static_cast<uint32_t>(cursor);
  while (shard_index < engine_.shard_count()) {
    Aftermath aftermath;
    Shard& shard = engine_.shard(shard_index);
    ShardLockGuard lock(shard.lock());
    CommitScope commit(engine_, aftermath);
    ReadTx tx(engine_, db_, aftermath);
    std::vector<std::string> doubtful;  // Looked at when the index may change.
    place = shard.scan(engine_.physical(db_), place, count - visited, [&](void* record) {
      const auto* entry = static_cast<const Entry*>(record);
      ++visited;
      if (tx.is_doubtful(shard, entry)) {
        doubtful.emplace_back(entry->key());
      } else {
        visit(entry->key(), entry);
      }
    });
    for (const std::string& name : doubtful) {
      if (const Entry* entry = tx.peek(engine_.key(name))) visit(name, entry);
    }
    if (place == 0) ++shard_index;
    if (visited >= count) break;
  }
  if (shard_index >= engine_.shard_count()) return 0;
  return kCursorMark << kMarkShift | shard_index << kShardShift | place;
}

std::optional<std::string> KeyspaceTx::random_key() {
  Aftermath aftermath;
  Lockout lockout(engine_);
  CommitScope commit(engine_, aftermath);
  ReadTx tx(engine_, db_, aftermath);
  const int db = engine_.physical(db_);
  Random& random = engine_.shard(0).random();
  for (;;) {
    uint64_t total = 0;
    for (size_t i = 0; i < engine_.shard_count(); ++i) total += engine_.shard(i).index(db).size();
    if (total == 0) return std::nullopt;
    uint64_t rank = random.below(total);
    size_t i = 0;
    for (; rank >= engine_.shard(i).index(db).size(); ++i) rank -= engine_.shard(i).index(db).size();
    const auto* entry =
        static_cast<const Entry*>(engine_.shard(i).index(db).sample([&] { return random(); }));
    std::string key(entry->key());
    // A dead key is removed by the look, so the loop ends.
    if (tx.peek(engine_.key(key)) != nullptr) return key;
  }
}

void KeyspaceTx::locked(std::span<const KeyRef> keys, bool all, absl::FunctionRef<void(WriteTx&)> body) {
  Aftermath aftermath;
  const auto run = [&] {
    CommitScope commit(engine_, aftermath);
    WriteTx tx(engine_, db_, aftermath);
    body(tx);
  };
  if (all) {
    Lockout lockout(engine_);
    return run();
  }
  std::vector<uint64_t> hashes;
  for (const KeyRef& key : keys) hashes.push_back(key.hash);
  ShardSetGuard guard(engine_, hashes, Access::kWrite);
  run();
}

namespace {

// What a flush takes along, told before it goes.
void tell_flushed(const Engine& engine, const Shard& shard, int physical, Aftermath& aftermath) {
  shard.index(physical).for_each([&](const void* record) {
    const auto* entry = static_cast<const Entry*>(record);
    aftermath.event({.type = entry->type(),
                     .cause = Cause::kFlushed,
                     .db = engine.logical(physical),
                     .key = std::string(entry->key())});
  });
}

}  // namespace

void KeyspaceTx::flush(int db) {
  struct Detached {
    size_t shard;
    TagIndex entries;
  };
  std::vector<Detached> detached;
  {
    Aftermath aftermath;
    Lockout lockout(engine_);
    CommitScope commit(engine_, aftermath);
    for (size_t i = 0; i < engine_.shard_count(); ++i) {
      for (int physical = 0; physical < engine_.databases(); ++physical) {
        if (db >= 0 && physical != engine_.physical(db)) continue;
        if (engine_.events().wants_removals()) tell_flushed(engine_, engine_.shard(i), physical, aftermath);
        TagIndex entries = engine_.shard(i).detach(physical);
        if (!entries.empty()) detached.push_back({i, std::move(entries)});
      }
    }
  }
  for (Detached& part : detached) {
    for (bool done = false; !done;) {
      Graveyard graveyard;
      Shard& shard = engine_.shard(part.shard);
      ShardLockGuard lock(shard.lock());
      done = shard.free_some(part.entries, kFreeBatch, graveyard);
    }
  }
}

void KeyspaceTx::swap(int a, int b) {
  Aftermath aftermath;
  Lockout lockout(engine_);
  CommitScope commit(engine_, aftermath);
  engine_.swap_databases(a, b);
  // A watched key's database now holds other contents: every watch on either side sees a change.
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    Shard& shard = engine_.shard(i);
    if (shard.has_waiters()) {
      shard.waiters().for_each_key([&](int db, std::string_view key) {
        if (db == a || db == b) aftermath.ready(db, engine_.key(key));
      });
    }
    if (!shard.has_watches()) continue;
    std::vector<std::pair<int, std::string>> watched;
    shard.watches().for_each([&](int db, std::string_view key) { watched.emplace_back(db, key); });
    for (const auto& [db, key] : watched) {
      if (db == engine_.physical(a) || db == engine_.physical(b)) shard.changed(db, key);
    }
  }
}

ShardStats KeyspaceTx::stats() {
  ShardStats sum;
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    ShardLockGuard lock(engine_.shard(i).lock());
    const ShardStats& stats = engine_.shard(i).stats();
    sum.hits += stats.hits;
    sum.misses += stats.misses;
    sum.expired += stats.expired;
  }
  return sum;
}

void KeyspaceTx::reset_stats() {
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    ShardLockGuard lock(engine_.shard(i).lock());
    engine_.shard(i).stats() = {};
  }
}

uint64_t KeyspaceTx::bytes() {
  uint64_t bytes = 0;
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    ShardLockGuard lock(engine_.shard(i).lock());
    bytes += engine_.shard(i).bytes();
  }
  return bytes;
}

uint64_t KeyspaceTx::timers(int db) {
  uint64_t timers = 0;
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    ShardLockGuard lock(engine_.shard(i).lock());
    timers += engine_.shard(i).timers(engine_.physical(db));
  }
  return timers;
}

namespace {

uint64_t digest_of(const List& list, uint64_t seed) {
  list.visit(0, List::Direction::kForward, [&](const Element& element) {
    char scratch[kInt64TextMax];
    seed = hash_bytes(element.text(scratch), seed);
    return true;
  });
  return seed;
}

uint64_t digest_of(const Set& set, uint64_t seed) {
  uint64_t sum = 0;
  set.for_each([&](const Element& member) {
    char scratch[kInt64TextMax];
    sum += hash_bytes(member.text(scratch), seed);
    return true;
  });
  return sum;
}

uint64_t digest_of(const SortedSet& set, uint64_t seed) {
  uint64_t sum = 0;
  set.for_each([&](std::string_view member, double score) {
    sum += hash_bytes(member, seed ^ std::bit_cast<uint64_t>(score));
  });
  return sum;
}

uint64_t digest_of(const Hash& hash, uint64_t seed) {
  uint64_t sum = 0;
  hash.for_each([&](const Element& field, const Element& value) {
    char scratch[kInt64TextMax];
    const std::string_view name = field.text(scratch);
    char value_scratch[kInt64TextMax];
    uint64_t one = hash_bytes(value.text(value_scratch), hash_bytes(name, seed));
    if (hash.has_deadlines()) one += static_cast<uint64_t>(hash.deadline(name).value_or(0));
    sum += one;
  });
  return sum;
}

// Hashes contents alone, whatever form they are held in. The type is part of it.
uint64_t digest_of(ContainerContext context, const Entry* entry, uint64_t seed) {
  seed += static_cast<uint64_t>(entry->type());
  return visit_container(context, entry, [&](const auto& container) { return digest_of(container, seed); });
}

}  // namespace

uint64_t KeyspaceTx::digest() {
  uint64_t digest = 0;
  const int own_db = db_;
  for (db_ = 0; db_ < engine_.databases(); ++db_) {
    for_each([&](const KeyRef& key, const Entry* entry) {
      char scratch[kInt64TextMax];
      // A sum, so that the order of keys does not matter; each part is hashed with the one before as its seed.
      uint64_t hash = hash_bytes(key.bytes, static_cast<uint64_t>(db_));
      hash = entry->type() == Type::kString
                 ? hash_bytes(entry->string_value(scratch), hash)
                 : digest_of(engine_.shard_of(key).container_context(), entry, hash);
      if (entry->has_timer())
        hash += 0x9e3779b97f4a7c15 * static_cast<uint64_t>(engine_.shard_of(key).deadline(entry));
      digest += hash;
    });
  }
  db_ = own_db;
  return digest;
}

}  // namespace inlay
