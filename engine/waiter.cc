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
  heap_bytes_ -= kNodeBytes;
  if (queue.empty()) {
    heap_bytes_ -= bytes_of(row->first);
    rows_.erase(row);
  }
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

// Serves one waiter of the key; false if nobody is left whom it could serve.
bool serve_one(Engine& engine, Aftermath& aftermath, int db, const KeyRef& key) {
  Shard& shard = engine.shard_of(key);
  if (!shard.has_waiters()) return false;
  const WaitTable::Queue* queue = shard.waiters().find(db, key.bytes);
  if (queue == nullptr) return false;
  LeanTx tx(engine, db, aftermath);
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return false;
  const std::shared_ptr<Waiter> waiter = next_served(engine, *queue, entry->type());
  if (waiter == nullptr) return false;
  shard.waiters().remove(key, waiter.get(), engine.needed_shard(*waiter));
  waiter->serve(tx, key);
  aftermath.after_locks([waiter] { waiter->wake(); });
  return true;
}

void serve_key(Engine& engine, Aftermath& aftermath, const ReadyKey& ready) {
  while (serve_one(engine, aftermath, ready.db, ready.ref())) {
  }
  // So that a waiter that stood here alone need not come back for it.
  engine.shard_of(ready.ref()).drop_idle_observers();
}

}  // namespace

void serve_waiters(Engine& engine, Aftermath& aftermath) {
  // Serving may make other keys ready, whose turn comes after those before them.
  for (ReadyKey key; aftermath.take_ready(key);) serve_key(engine, aftermath, key);
}

}  // namespace inlay
