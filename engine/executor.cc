#include "engine/executor.h"

namespace inlay {

// Clang's analysis cannot follow a set of locks chosen at run time.
ShardSetGuard::ShardSetGuard(Engine& engine, std::span<const uint64_t> hashes) ABSL_NO_THREAD_SAFETY_ANALYSIS
    : engine_(engine) {
  for (const uint64_t hash : hashes) shards_.push_back(static_cast<uint16_t>(engine.shard_index(hash)));
  std::sort(shards_.begin(), shards_.end());
  shards_.erase(std::unique(shards_.begin(), shards_.end()), shards_.end());
  for (const uint16_t shard : shards_) engine_.shard(shard).lock().lock();
}

ShardSetGuard::~ShardSetGuard() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  for (const uint16_t shard : shards_) engine_.shard(shard).lock().unlock();
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
