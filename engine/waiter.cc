#include "engine/waiter.h"

#include <cassert>
#include <utility>

#include "engine/executor.h"

namespace inlay {

bool WaitTable::remove(const KeyRef& key, Place& place, std::optional<uint16_t> needed_shard) {
  if (!place.standing_.has_value()) return false;
  const Queue::iterator standing = *std::exchange(place.standing_, std::nullopt);
  const auto row = rows_.find(name(standing->waiter->db(), key.bytes));
  assert(row != rows_.end() && "a Place refers to a waiter in the queue of its key");
  Queue& queue = row->second;
  queue.erase(standing);
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

// The first of the queue that takes what the key holds now, its wait ended; nobody if there is none.
WaitTable::Standing next_served(Engine& engine, const WaitTable::Queue& queue, Type type) {
  for (const WaitTable::Standing& standing : queue) {
    Waiter& waiter = *standing.waiter;
    if (waiter.type() == type && engine.end_wait(waiter, Waiter::State::kServed)) return standing;
  }
  return {};
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
  const auto [waiter, place] = next_served(engine, *queue, entry->type());
  if (waiter == nullptr) return false;
  shard.waiters().remove(key, *place, engine.needed_shard(*waiter));
  waiter->serve(tx, key);
  aftermath.after_locks([waiter = waiter] { waiter->wake(); });
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
