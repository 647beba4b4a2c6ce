#include "engine/executor.h"

#include <bit>

namespace inlay {

// Clang's analysis cannot follow a set of locks chosen at run time.
ShardSetGuard::ShardSetGuard(Engine& engine, std::span<const uint64_t> hashes) ABSL_NO_THREAD_SAFETY_ANALYSIS
    : engine_(engine) {
  for (const uint64_t hash : hashes) {
    const size_t shard = engine.shard_index(hash);
    shards_[shard / kWordBits] |= uint64_t{1} << shard % kWordBits;
  }
  for_each_shard([](Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().lock(); });
}

ShardSetGuard::~ShardSetGuard() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  for_each_shard([](Shard& shard) ABSL_NO_THREAD_SAFETY_ANALYSIS { shard.lock().unlock(); });
}

template <class Visit>
void ShardSetGuard::for_each_shard(Visit&& visit) const {
  for (size_t word = 0; word * kWordBits < engine_.shard_count(); ++word) {
    for (uint64_t rest = shards_[word]; rest != 0; rest &= rest - 1)
      visit(engine_.shard(word * kWordBits + static_cast<size_t>(std::countr_zero(rest))));
  }
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
