// KeyspaceTx: the calls that look at more than their keys.
#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "engine/broker.h"
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

// Holds every shard's lock, taken in index order, and ends what was done meanwhile; nothing of it where the caller of
// the whole transaction does.
class KeyspaceTx::Lockout {
 public:
  explicit Lockout(KeyspaceTx& tx) : engine_(tx.engine_), held_(tx.held_) {
    if (held_ != nullptr) return;
    for (size_t i = 0; i < engine_.shard_count(); ++i) lock(engine_.shard(i));
  }
  ~Lockout() {
    if (held_ != nullptr) return;
    if (own_.has_business()) finish_call(engine_, own_);
    for (size_t i = 0; i < engine_.shard_count(); ++i) unlock(engine_.shard(i));
  }
  Lockout(const Lockout&) = delete;
  Lockout& operator=(const Lockout&) = delete;

  Aftermath& aftermath() { return held_ != nullptr ? *held_ : own_; }

 private:
  // The analysis cannot follow a loop over locks.
  static void lock(Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().lock(); }
  static void unlock(Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().unlock(); }

  Engine& engine_;
  Aftermath* held_;
  Aftermath own_;  // Comes after the locks, which the destructor's body releases.
};

// The same for one shard, in which nothing but reads and the removal of dead keys is done.
class KeyspaceTx::ShardSection {
 public:
  ShardSection(const KeyspaceTx& tx, Shard& shard) : engine_(tx.engine_), held_(tx.held_) {
    if (held_ == nullptr) guard_.emplace(shard.lock());
  }
  ~ShardSection() {
    if (own_.has_business()) finish_call(engine_, own_);
  }
  ShardSection(const ShardSection&) = delete;
  ShardSection& operator=(const ShardSection&) = delete;

  Aftermath& aftermath() { return held_ != nullptr ? *held_ : own_; }

 private:
  Engine& engine_;
  Aftermath* held_;
  Aftermath own_;
  std::optional<ShardLockGuard> guard_;
};

uint64_t KeyspaceTx::size(int db) {
  Lockout lockout(*this);
  uint64_t size = 0;
  for (size_t i = 0; i < engine_.shard_count(); ++i)
    size += engine_.shard(i).index(engine_.physical(db)).size();
  return size;
}

void KeyspaceTx::for_each(absl::FunctionRef<void(const KeyRef&, const Entry*)> visit) {
  Lockout lockout(*this);
  ReadTx tx(engine_, db_, lockout.aftermath());
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
    Shard& shard = engine_.shard(shard_index);
    ShardSection section(*this, shard);
    ReadTx tx(engine_, db_, section.aftermath());
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
  Lockout lockout(*this);
  ReadTx tx(engine_, db_, lockout.aftermath());
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

bool KeyspaceTx::locked(std::span<const KeyRef> keys, bool all, bool grows,
                        absl::FunctionRef<void(WriteTx&)> body) {
  const auto run = [&](Aftermath& aftermath) {
    WriteTx tx(engine_, db_, aftermath);
    body(tx);
    return true;
  };
  // Who holds the locks has asked for the memory.
  if (held_ != nullptr) return run(*held_);
  Aftermath aftermath;
  absl::InlinedVector<uint64_t, 8> hashes;
  for (const KeyRef& key : keys) hashes.push_back(key.hash);
  std::optional<ShardSetGuard> guard;
  all ? guard.emplace(engine_) : guard.emplace(engine_, hashes, Access::kWrite);
  CommitScope commit(engine_, aftermath, &*guard);
  if (engine_.memory().is_bounded() && !engine_.memory().admit(*guard, aftermath, hashes, grows))
    return false;
  return run(aftermath);
}

void KeyspaceTx::change_limits(std::function<void(Limits&)> change) {
  if (held_ == nullptr) return engine_.memory().change_limits(change);
  held_->after_locks(
      [memory = &engine_.memory(), change = std::move(change)] { memory->change_limits(change); });
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

// What one shard held of a flushed database.
struct Detached {
  size_t shard;
  TagIndex entries;
};

// No lock may be held.
void free_entries(Engine& engine, std::vector<Detached> parts) {
  for (Detached& part : parts) {
    for (bool done = false; !done;) {
      Graveyard graveyard;
      Shard& shard = engine.shard(part.shard);
      ShardLockGuard lock(shard.lock());
      done = shard.free_some(part.entries, kFreeBatch, graveyard);
    }
  }
}

}  // namespace

void KeyspaceTx::flush(int db) {
  Lockout lockout(*this);
  std::vector<Detached> detached;
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    for (int physical = 0; physical < engine_.databases(); ++physical) {
      if (db >= 0 && physical != engine_.physical(db)) continue;
      if (engine_.events().wants_removals())
        tell_flushed(engine_, engine_.shard(i), physical, lockout.aftermath());
      TagIndex entries = engine_.shard(i).detach(physical);
      if (!entries.empty()) detached.push_back({i, std::move(entries)});
    }
  }
  if (detached.empty()) return;
  // The instant of the flush is short, however much there is to free.
  lockout.aftermath().after_locks([engine = &engine_, parts = std::move(detached)]() mutable {
    free_entries(*engine, std::move(parts));
  });
}

void KeyspaceTx::swap(int a, int b) {
  Lockout lockout(*this);
  engine_.swap_databases(a, b);
  // A watched key's database now holds other contents: every watch on either side sees a change.
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    Shard& shard = engine_.shard(i);
    shard.count_change();
    if (shard.has_waiters()) {
      shard.waiters().for_each_key([&](int db, std::string_view key) {
        if (db == a || db == b) lockout.aftermath().ready(db, engine_.key(key));
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
    ShardSection section(*this, engine_.shard(i));
    const ShardStats& stats = engine_.shard(i).stats();
    sum.hits += stats.hits;
    sum.misses += stats.misses;
    sum.expired += stats.expired;
    sum.evicted += stats.evicted;
  }
  return sum;
}

void KeyspaceTx::reset_stats() {
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    ShardSection section(*this, engine_.shard(i));
    engine_.shard(i).stats() = {};
  }
}

uint64_t KeyspaceTx::bytes() {
  uint64_t bytes = engine_.fixed_bytes() + engine_.broker().queued_bytes();
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    ShardSection section(*this, engine_.shard(i));
    bytes += engine_.shard(i).bytes();
  }
  return bytes;
}

MemoryReport KeyspaceTx::memory_report() {
  MemoryReport report;
  report.fixed = engine_.fixed_bytes();
  report.messages = engine_.broker().queued_bytes();
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    const ShardSection section(*this, engine_.shard(i));
    const Shard& shard = engine_.shard(i);
    for (int db = 0; db < kDatabasesMax; ++db) {
      shard.index(db).for_each([&](const void* record) {
        const auto* entry = static_cast<const Entry*>(record);
        MemoryReport::PerType& type = report.types[static_cast<size_t>(entry->type())];
        ++type.keys;
        type.bytes += shard.bytes_of(entry);
      });
    }
    report.index += shard.index_bytes();
    report.timers += shard.timer_bytes();
    report.observers += shard.observer_bytes();
    report.eviction += shard.bound_bytes();
    report.page_slack += shard.page_slack();
  }
  return report;
}

uint64_t KeyspaceTx::timers(int db) {
  uint64_t timers = 0;
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    ShardSection section(*this, engine_.shard(i));
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
