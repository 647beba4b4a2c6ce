#include "engine/executor.h"

#include <bit>

namespace inlay {

template <class Visit>
void ShardSetGuard::for_each_shard(Visit&& visit) const {
  for (size_t word = 0; word * kWordBits < engine_.shard_count(); ++word) {
    for (uint64_t rest = shards_[word]; rest != 0; rest &= rest - 1)
      visit(engine_.shard(word * kWordBits + static_cast<size_t>(std::countr_zero(rest))));
  }
}

ShardSetGuard::ShardSetGuard(Engine& engine, std::span<const uint64_t> hashes, Access access)
    : engine_(engine) {
  for (const uint64_t hash : hashes) add(engine.shard_index(hash));
  lock_all();
  // Waiters come and go only under their shards' locks, so what is found now holds until the end.
  while (access == Access::kWrite && add_shards_of_waiters()) lock_all();
}

ShardSetGuard::ShardSetGuard(Engine& engine) : engine_(engine) {
  for (size_t shard = 0; shard < engine.shard_count(); ++shard) add(shard);
  lock_all();
}

ShardSetGuard::~ShardSetGuard() { unlock_all(); }

bool ShardSetGuard::holds(uint64_t hash) const {
  const size_t shard = engine_.shard_index(hash);
  return (shards_[shard / kWordBits] >> shard % kWordBits & 1) != 0;
}

void ShardSetGuard::for_each(absl::FunctionRef<void(Shard&)> visit) const { for_each_shard(visit); }

void ShardSetGuard::add(size_t shard) { shards_[shard / kWordBits] |= uint64_t{1} << shard % kWordBits; }

// Clang's analysis cannot follow a set of locks chosen at run time.
void ShardSetGuard::lock_all() {
  for_each_shard([](Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().lock(); });
}

void ShardSetGuard::unlock_all() {
  for_each_shard([](Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().unlock(); });
}

// If waiters need shards that are not locked, adds those, with all unlocked, and returns true.
bool ShardSetGuard::add_shards_of_waiters() {
  ShardBits wanted = shards_;
  bool any = false;
  for_each_shard([&](Shard& shard) {
    if (!shard.serving_needs_more_shards()) return;
    any = true;
    shard.waiters().for_each_needed_shard(
        [&](uint16_t needed) { wanted[needed / kWordBits] |= uint64_t{1} << needed % kWordBits; });
  });
  if (!any || wanted == shards_) return false;
  unlock_all();
  shards_ = wanted;
  return true;
}

void hand_on_events(Engine& engine, Aftermath& aftermath) {
  std::vector<QueuedEvent> events = aftermath.take_events();
  if (events.empty()) return;
  engine.events().append(std::move(events));
  aftermath.after_locks([hub = &engine.events()] { hub->deliver(); });
}

void finish_call(Engine& engine, Aftermath& aftermath, const ShardSetGuard* guard) {
  const std::optional<Aftermath::Settlement> settlement = aftermath.take_settlement();
  if (aftermath.has_business()) serve_waiters(engine, aftermath);
  if (settlement.has_value()) engine.memory().end_call(*settlement, aftermath, guard);
  if (aftermath.has_business()) hand_on_events(engine, aftermath);
}

namespace {

uint64_t hash_of(uint64_t hash) { return hash; }
uint64_t hash_of(const KeyRef& key) { return key.hash; }

// Where the lock is taken something else happens to the shard, which has its memory at hand: then there is less to fetch.
template <class Prefetch>
void with_lock_if_free(Engine& engine, int db, uint64_t hash, Prefetch prefetch) {
  Shard& shard = engine.shard(engine.shard_index(hash));
  if (!shard.lock().try_lock()) return;
  prefetch(shard.index(engine.physical(db)), shard.placed(hash));
  shard.lock().unlock();
}

template <class Key>
void prefetch_in_stages(Engine& engine, int db, std::span<const Key> keys) {
  constexpr size_t kTooFew = 2;
  if (keys.size() <= kTooFew) return;
  for (const Key& key : keys) engine.shard(engine.shard_index(hash_of(key))).prefetch();
  for (const Key& key : keys) {
    with_lock_if_free(engine, db, hash_of(key),
                      [](TagIndex& index, uint64_t placed) { index.prefetch_tags(placed); });
  }
  for (const Key& key : keys) {
    with_lock_if_free(engine, db, hash_of(key),
                      [](TagIndex& index, uint64_t placed) { index.prefetch_record(placed); });
  }
}

}  // namespace

void prefetch_keys(Engine& engine, int db, std::span<const uint64_t> hashes) {
  prefetch_in_stages(engine, db, hashes);
}
void prefetch_keys(Engine& engine, int db, std::span<const KeyRef> keys) {
  prefetch_in_stages(engine, db, keys);
}

}  // namespace inlay
