#include "engine/executor.h"

namespace inlay {

ShardSetGuard::ShardSetGuard(Engine& engine, std::span<const uint64_t> hashes, Access access)
    : engine_(engine) {
  for (const uint64_t hash : hashes) shards_.push_back(static_cast<uint16_t>(engine.shard_index(hash)));
  std::sort(shards_.begin(), shards_.end());
  shards_.erase(std::unique(shards_.begin(), shards_.end()), shards_.end());
  lock_all();
  // Waiters come and go only under their shards' locks, so what is found now holds until the end.
  while (access == Access::kWrite && add_shards_of_waiters()) lock_all();
}

ShardSetGuard::~ShardSetGuard() { unlock_all(); }

bool ShardSetGuard::holds(uint64_t hash) const {
  return std::binary_search(shards_.begin(), shards_.end(), static_cast<uint16_t>(engine_.shard_index(hash)));
}

// Clang's analysis cannot follow a set of locks chosen at run time.
void ShardSetGuard::lock_all() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  for (const uint16_t shard : shards_) engine_.shard(shard).lock().lock();
}

void ShardSetGuard::unlock_all() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  for (const uint16_t shard : shards_) engine_.shard(shard).lock().unlock();
}

// If waiters need shards that are not locked, adds those, with all unlocked, and returns true.
bool ShardSetGuard::add_shards_of_waiters() {
  absl::InlinedVector<uint16_t, 32> wanted = shards_;
  for (const uint16_t shard : shards_) {
    if (!engine_.shard(shard).serving_needs_more_shards()) continue;
    engine_.shard(shard).waiters().for_each_needed_shard([&](uint16_t needed) { wanted.push_back(needed); });
  }
  if (wanted.size() == shards_.size()) return false;
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (wanted.size() == shards_.size()) return false;
  unlock_all();
  shards_ = std::move(wanted);
  return true;
}

void finish_call(Engine& engine, Aftermath& aftermath) {
  serve_waiters(engine, aftermath);
  std::vector<QueuedEvent> events = aftermath.take_events();
  if (events.empty()) return;
  engine.events().append(std::move(events));
  aftermath.after_locks([hub = &engine.events()] { hub->deliver(); });
}

void prefetch_keys(Engine& engine, int db, std::span<const uint64_t> hashes) {
  const int physical = engine.physical(db);
  for (const uint64_t hash : hashes) {
    Shard& shard = engine.shard(engine.shard_index(hash));
    shard.index(physical).prefetch_tags(shard.placed(hash));
  }
  for (const uint64_t hash : hashes) {
    Shard& shard = engine.shard(engine.shard_index(hash));
    shard.index(physical).prefetch_record(shard.placed(hash));
  }
}

}  // namespace inlay
