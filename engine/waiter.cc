#include "engine/waiter.h"

#include <algorithm>

#include "engine/executor.h"

namespace inlay {

bool WaitTable::remove(const KeyRef& key, const Waiter* waiter, std::optional<uint16_t> needed_shard) {
  const auto row = rows_.find(name(waiter->db(), key.bytes));
  if (row == rows_.end()) return false;
  Queue& queue = row->second;
  const auto place =
      std::find_if(queue.begin(), queue.end(), [&](const auto& it) { return it.get() == waiter; });
  if (place == queue.end()) return false;
  queue.erase(place);
  if (queue.empty()) rows_.erase(row);
  if (needed_shard.has_value()) {
    const auto needed = needed_shards_.find(*needed_shard);
    if (--needed->second == 0) needed_shards_.erase(needed);
  }
  return true;
}

namespace {

// The first waiter of the key that takes what the key holds now, its wait ended; null if there is none.
std::shared_ptr<Waiter> next_served(Engine& engine, const WaitTable::Queue& queue, Type type) {
  for (const std::shared_ptr<Waiter>& waiter : queue) {
    if (waiter->type() == type && engine.end_wait(*waiter, Waiter::State::kServed)) return waiter;
  }
  return nullptr;
}

void serve_key(Engine& engine, Aftermath& aftermath, const ReadyKey& ready) {
  const KeyRef key = ready.ref();
  Shard& shard = engine.shard_of(key);
  while (shard.has_waiters()) {
    const WaitTable::Queue* queue = shard.waiters().find(ready.db, key.bytes);
    if (queue == nullptr) return;
    WriteTx tx(engine, ready.db, aftermath);
    const Entry* entry = tx.peek(key);
    if (entry == nullptr) return;
    const std::shared_ptr<Waiter> waiter = next_served(engine, *queue, entry->type());
    if (waiter == nullptr) return;
    shard.waiters().remove(key, waiter.get(), engine.needed_shard(*waiter));
    waiter->serve(tx, key);
    aftermath.after_locks([waiter] { waiter->wake(); });
  }
}

}  // namespace

void serve_waiters(Engine& engine, Aftermath& aftermath) {
  // Serving may make other keys ready, whose turn comes after those before them.
  for (ReadyKey key; aftermath.take_ready(key);) serve_key(engine, aftermath, key);
}

}  // namespace inlay
