#include "engine/shard.h"

#include <malloc.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <utility>

#include "absl/container/inlined_vector.h"

namespace inlay {

namespace {

// Fields of one hash that one firing of its timer removes at most.
constexpr size_t kFieldsPerFiring = 64;
// Entries are aligned to 8, so their addresses leave room for it.
constexpr uint64_t kFieldTimerBit = 1;

template <size_t... i>
std::array<TagIndex, sizeof...(i)> make_indexes(const Slab& slab, std::index_sequence<i...>) {
  return {((void)i, TagIndex(slab))...};
}

}  // namespace

Shard::Shard(const Config& config)
    : changes_and_bits_(config.shard_bits),
      indexes_(make_indexes(slab_, std::make_index_sequence<kDatabasesMax>())),
      slab_(*config.pages),
      wheel_(config.now_ms),
      pages_(config.pages),
      random_(config.random_seed),
      hash_seed_(config.hash_seed) {}

Shard::~Shard() {
  bound_.reset();
  // The slab gives its pages back whole; only what malloc holds must be freed entry by entry.
  if (slab_.bytes() == 0) return;
  Graveyard graveyard;
  for (int db = 0; db < kDatabasesMax; ++db) {
    index(db).for_each([&](void* record) {
      auto* entry = static_cast<Entry*>(record);
      if (entry->encoding() == Encoding::kBody || entry->block_bytes() > kSlabBlockMax) {
        free_entry(entry, graveyard);
      }
    });
  }
}

uint64_t Shard::hash_of(const void* record) const {
  return placed(key_hash(static_cast<const Entry*>(record)->key()));
}

uint64_t Shard::timer_payload(const Entry* entry, int db) {
  return reinterpret_cast<uint64_t>(entry) | static_cast<uint64_t>(db) << 48;
}

uint64_t Shard::field_timer_payload(const Entry* entry, int db) {
  return timer_payload(entry, db) | kFieldTimerBit;
}

Entry* Shard::allocate_entry(const Entry::Shape& shape, std::string_view key, uint32_t seen_s) {
  void* block = slab_.allocate(shape.block_bytes());
  return block == nullptr ? nullptr : Entry::create(block, shape, key, seen_s);
}

StringBody* Shard::allocate_body(size_t size, size_t capacity) {
  auto* body = static_cast<StringBody*>(std::malloc(sizeof(StringBody) + capacity));
  if (body == nullptr) return nullptr;
  body->size = size;
  body->capacity = malloc_usable_size(body) - sizeof(StringBody);
  return body;
}

void Shard::attach_body(Entry* entry, StringBody* body) {
  entry->set_body(body);
  const size_t added = malloc_usable_size(body);
  body_bytes_ += added;
  if (bound_ != nullptr) bound_->resized(entry, bytes_of(entry) - added, bytes_of(entry));
}

StringBody* Shard::detach_body(Entry* entry) {
  const size_t before = bound_ == nullptr ? 0 : bytes_of(entry);
  StringBody* body = take_body(entry);
  if (bound_ != nullptr) bound_->resized(entry, before, bytes_of(entry));
  return body;
}

StringBody* Shard::take_body(Entry* entry) {
  auto* body = entry->body<StringBody>();
  entry->set_body<StringBody>(nullptr);
  if (body != nullptr) body_bytes_ -= malloc_usable_size(body);
  return body;
}

Container* Shard::detach_container(Entry* entry) {
  const size_t before = bound_ == nullptr ? 0 : bytes_of(entry);
  Container* container = take_container(entry);
  if (bound_ != nullptr) bound_->resized(entry, before, bytes_of(entry));
  return container;
}

Container* Shard::take_container(Entry* entry) {
  auto* container = entry->body<Container>();
  if (container == nullptr) return nullptr;
  entry->set_body<Container>(nullptr);
  body_bytes_ -= container->bytes();
  if (container->field_timer != TimerWheel::kNoTimer) {
    wheel_.cancel(container->field_timer);
    container->field_timer = TimerWheel::kNoTimer;
    --field_timers_;
  }
  return container;
}

bool Shard::attach_container(int db, Entry* entry, Container* container) {
  entry->set_body(container);
  return container_changed(db, entry, 0);
}

bool Shard::container_changed(int db, Entry* entry, size_t bytes_before) {
  const size_t added = entry->body<Container>()->bytes() - bytes_before;
  body_bytes_ += added;
  if (bound_ != nullptr) bound_->resized(entry, bytes_of(entry) - added, bytes_of(entry));
  return set_field_timer(db, entry);
}

bool Shard::set_field_timer(int db, Entry* entry) {
  auto* container = entry->body<Container>();
  const int64_t deadline = container->next_deadline();
  entry->set_has_field_deadlines(deadline != Container::kNoDeadline);
  TimerWheel::Handle& timer = container->field_timer;
  if (deadline == Container::kNoDeadline) {
    if (timer == TimerWheel::kNoTimer) return false;
    wheel_.cancel(timer);
    timer = TimerWheel::kNoTimer;
    --field_timers_;
    return false;
  }
  if (timer == TimerWheel::kNoTimer) {
    timer = wheel_.schedule(deadline, field_timer_payload(entry, db));
    note_timer();
    ++field_timers_;
    return true;
  }
  if (wheel_.deadline(timer) != deadline) wheel_.reschedule(timer, deadline);
  return false;
}

void Shard::retarget_field_timer(int db, Entry* entry) {
  if (entry->type() == Type::kString || entry->encoding() != Encoding::kBody) return;
  const auto* container = entry->body<Container>();
  if (container != nullptr && container->field_timer != TimerWheel::kNoTimer)
    wheel_.set_payload(container->field_timer, field_timer_payload(entry, db));
}

bool Shard::rewrite_inline(Entry* entry, std::string_view block) {
  Entry::Shape shape = entry->shape();
  const size_t bytes_now = shape.block_bytes();
  const bool wide_now = shape.wide();
  shape.value_bytes = static_cast<uint32_t>(block.size());
  if (bytes_now > kSlabBlockMax || shape.block_bytes() > kSlabBlockMax) return false;
  if (shape.wide() != wide_now || Slab::rounded(shape.block_bytes()) != Slab::rounded(bytes_now))
    return false;
  entry->resize_inline(shape.value_bytes);
  block.copy(entry->inline_data(), block.size());
  return true;
}

void Shard::free_entry(Entry* entry, Graveyard& graveyard) {
  if (entry->encoding() == Encoding::kBody) {
    if (entry->type() == Type::kString) {
      if (StringBody* body = take_body(entry)) graveyard.bury(body);
    } else if (Container* container = take_container(entry)) {
      graveyard.bury(container);
    }
  }
  if (entry->has_timer() && entry->timer() != TimerWheel::kNoTimer) wheel_.cancel(entry->timer());
  slab_.deallocate(entry, entry->block_bytes());
}

Entry* Shard::insert(int db, const KeyRef& key, Entry::Shape shape, uint32_t seen_s) {
  shape.key_bytes = static_cast<uint32_t>(key.bytes.size());
  Entry* entry = allocate_entry(shape, key.bytes, seen_s);
  if (entry == nullptr) return nullptr;
  if (shape.has_timer) entry->set_timer(TimerWheel::kNoTimer);
  const auto hash_record = [this](const void* record) { return hash_of(record); };
  const size_t index_before = index(db).memory_usage();
  if (!index(db).insert(placed(key.hash), entry, hash_record)) {
    slab_.deallocate(entry, shape.block_bytes());
    return nullptr;
  }
  index_bytes_ += index(db).memory_usage() - index_before;
  if (bound_ != nullptr) [[unlikely]]
    bound_->inserted(db, key.hash, entry);
  return entry;
}

Entry* Shard::reshape(int db, Found& found, Entry::Shape shape, Graveyard& graveyard) {
  Entry* old = found.entry;
  shape.key_bytes = static_cast<uint32_t>(old->key().size());
  Entry* entry = allocate_entry(shape, old->key(), old->seen_s());
  if (entry == nullptr) return nullptr;
  entry->access() = old->access();
  if (bound_ != nullptr) bound_->resized(entry, bytes_of(old), block_bytes_of(entry));
  if (old->has_timer()) {
    if (shape.has_timer) {
      entry->set_timer(old->timer());
      wheel_.set_payload(old->timer(), timer_payload(entry, db));
    } else {
      wheel_.cancel(old->timer());
      --timers_[static_cast<size_t>(db)];
    }
    old->set_timer(TimerWheel::kNoTimer);
  } else if (shape.has_timer) {
    entry->set_timer(TimerWheel::kNoTimer);
  }
  index(db).replace(found.slot, entry);
  free_entry(old, graveyard);
  found.entry = entry;
  return entry;
}

void Shard::erase(int db, const KeyRef& key, Found found, Graveyard& graveyard) {
  if (found.entry->has_timer()) --timers_[static_cast<size_t>(db)];
  if (bound_ != nullptr) [[unlikely]]
    bound_->erased(db, key.hash, found.entry);
  const size_t index_before = index(db).memory_usage();
  index(db).erase(found.slot, placed(key.hash));
  index_bytes_ += index(db).memory_usage() - index_before;
  free_entry(found.entry, graveyard);
}

void Shard::evict(const Victim& victim, Graveyard& graveyard) {
  TagIndex::Slot slot = victim.slot;
  if (!slot) {
    slot = index(victim.db).find(placed(victim.hash),
                                 [&](const void* record) { return record == victim.entry; });
  }
  assert(slot.record() == victim.entry && "a victim is an entry of its shard");
  bound_->set_leaving(victim.entry);
  erase(victim.db, {victim.entry->key(), victim.hash}, Found{victim.entry, slot}, graveyard);
  bound_->set_leaving(nullptr);
}

void Shard::sample_timers(uint64_t draw, size_t most,
                          absl::FunctionRef<void(int db, Entry* entry)> visit) const {
  // So that a wheel most of whose timers are gone finds some now and then.
  constexpr size_t kLooks = 128;
  std::array<uint64_t, 64> payloads;
  const size_t found =
      wheel_.sample(draw, kLooks, std::span(payloads).first(std::min(most, payloads.size())));
  for (const uint64_t payload : std::span(payloads).first(found)) {
    if ((payload & kFieldTimerBit) != 0) continue;
    auto* entry = reinterpret_cast<Entry*>(payload & ((uint64_t{1} << 48) - 1));
    const int db = static_cast<int>(payload >> 48);
    // A database that was flushed may still be being freed.
    const bool is_there = index(db).find_record(placed(key_hash(entry->key())),
                                                [&](const void* record) { return record == entry; });
    if (is_there) visit(db, entry);
  }
}

namespace {

// Copies the value words of one shape of an entry to another that differs in has_timer alone.
void copy_value(const Entry* from, Entry* to) {
  switch (from->encoding()) {
    case Encoding::kInline:
      std::memcpy(to->inline_data(), from->inline_value().data(), from->inline_value().size());
      return;
    case Encoding::kInteger: return to->set_integer(from->integer());
    case Encoding::kBody: return to->set_body(from->body<void>());
  }
}

}  // namespace

bool Shard::set_has_timer(int db, Found& found, bool has_timer) {
  Entry* old = found.entry;
  Entry::Shape shape = old->shape();
  shape.has_timer = has_timer;
  Entry* entry = allocate_entry(shape, old->key(), old->seen_s());
  if (entry == nullptr) return false;
  entry->access() = old->access();
  copy_value(old, entry);
  if (bound_ != nullptr) bound_->resized(entry, bytes_of(old), bytes_of(entry));
  retarget_field_timer(db, entry);
  index(db).replace(found.slot, entry);
  slab_.deallocate(old, old->block_bytes());
  found.entry = entry;
  return true;
}

bool Shard::set_deadline(int db, Found& found, int64_t deadline_ms) {
  if (!found.entry->has_timer()) {
    if (!set_has_timer(db, found, true)) return false;
    found.entry->set_timer(TimerWheel::kNoTimer);
  }
  start_timer(db, found.entry, deadline_ms);
  return true;
}

void Shard::start_timer(int db, Entry* entry, int64_t deadline_ms) {
  if (entry->timer() != TimerWheel::kNoTimer) return wheel_.reschedule(entry->timer(), deadline_ms);
  entry->set_timer(wheel_.schedule(deadline_ms, timer_payload(entry, db)));
  note_timer();
  ++timers_[static_cast<size_t>(db)];
}

bool Shard::clear_deadline(int db, Found& found) {
  const TimerWheel::Handle timer = found.entry->timer();
  if (!set_has_timer(db, found, false)) return false;
  wheel_.cancel(timer);
  --timers_[static_cast<size_t>(db)];
  return true;
}

size_t Shard::expire(int64_t now_ms, size_t limit, Graveyard& graveyard, std::vector<Expired>* expired) {
  return wheel_.advance(now_ms, limit, [&](uint64_t payload, int64_t) {
    const uint64_t address = payload & ((uint64_t{1} << 48) - 1);
    auto* entry = reinterpret_cast<Entry*>(address & ~kFieldTimerBit);
    const int db = static_cast<int>(payload >> 48);
    const bool of_fields = (payload & kFieldTimerBit) != 0;
    // The wheel has released it.
    if (of_fields) {
      entry->body<Container>()->field_timer = TimerWheel::kNoTimer;
      --field_timers_;
    } else {
      entry->set_timer(TimerWheel::kNoTimer);
    }
    const KeyRef key{entry->key(), hash_bytes(entry->key(), hash_seed_)};
    const TagIndex::Slot slot =
        index(db).find(placed(key.hash), [&](const void* record) { return record == entry; });
    if (!slot) return;  // The database was flushed; free_some() will free the entry.
    changed(db, key.bytes);
    const bool removed = !of_fields || expire_some_fields(db, entry, now_ms, kFieldsPerFiring);
    if (expired != nullptr)
      expired->push_back({std::string(key.bytes), db, entry->type(), of_fields, removed});
    if (!removed) return;
    if (!of_fields) ++stats_.expired;
    erase(db, key, Found{entry, slot}, graveyard);
  });
}

bool Shard::expire_some_fields(int db, Entry* entry, int64_t now_ms, size_t limit) {
  auto* container = entry->body<Container>();
  const size_t bytes_before = container->bytes();
  container->expire(now_ms, limit);
  (void)container_changed(db, entry, bytes_before);
  return container->empty();
}

TagIndex Shard::detach(int db) {
  count_change();
  if (has_watches()) {
    observers_->watches.for_each([&](int watched_db, std::string_view key) {
      if (watched_db == db && find(db, KeyRef{key, hash_bytes(key, hash_seed_)})) changed(db, key);
    });
  }
  if (bound_ != nullptr) bound_->detaching(db);
  timers_[static_cast<size_t>(db)] = 0;
  index_bytes_ -= index(db).memory_usage();
  return std::move(index(db));
}

bool Shard::free_some(TagIndex& detached, size_t limit, Graveyard& graveyard) {
  while (!detached.empty()) {
    absl::InlinedVector<Entry*, 64> batch;
    const auto hash_record = [this](const void* record) { return hash_of(record); };
    detached.scan(0, limit, hash_record, [&](void* record) { batch.push_back(static_cast<Entry*>(record)); });
    for (Entry* entry : batch) {
      if (bound_ != nullptr) bound_->freed_detached(bytes_of(entry));
      const uint64_t hash = hash_of(entry);
      const TagIndex::Slot slot = detached.find(hash, [&](const void* record) { return record == entry; });
      detached.erase(slot, hash);
      free_entry(entry, graveyard);
    }
    if (batch.size() >= limit) break;
  }
  return detached.empty();
}

size_t Shard::bytes_of(const Entry* entry) const {
  size_t bytes = slab_.occupied(entry, entry->block_bytes());
  if (entry->encoding() != Encoding::kBody || entry->body<void>() == nullptr) return bytes;
  return bytes + (entry->type() == Type::kString ? malloc_usable_size(entry->body<StringBody>())
                                                 : entry->body<Container>()->bytes());
}

size_t Shard::bytes() const {
  return entry_bytes() + index_bytes_ + timer_bytes() + observer_bytes() + bound_bytes();
}

size_t Shard::observer_bytes() const {
  if (observers_ == nullptr) return 0;
  return sizeof(Observers) + observers_->watches.memory_usage() + observers_->waiters.memory_usage();
}

bool Shard::check_invariants() const {
  bool ok = slab_.check_invariants() && wheel_.check_invariants().ok();
  size_t entry_bytes = 0;
  size_t timers = 0;
  size_t field_timers = 0;
  const auto check_container = [&](const Container* container, const Entry* entry, int db) {
    ok = ok && !container->empty() && container->check_invariants();
    const bool has_timer = container->field_timer != TimerWheel::kNoTimer;
    ok = ok && has_timer == (container->next_deadline() != Container::kNoDeadline);
    ok = ok && has_timer == entry->has_field_deadlines();
    if (!has_timer) return;
    ++field_timers;
    ok = ok && wheel_.payload(container->field_timer) == field_timer_payload(entry, db);
    ok = ok && wheel_.deadline(container->field_timer) == container->next_deadline();
  };
  for (int db = 0; db < kDatabasesMax; ++db) {
    size_t timers_here = 0;
    ok = ok && index(db).check_invariants([this](const void* record) { return hash_of(record); });
    index(db).for_each([&](void* record) {
      const auto* entry = static_cast<const Entry*>(record);
      entry_bytes += bytes_of(entry);
      if (entry->type() != Type::kString && entry->encoding() == Encoding::kBody)
        check_container(entry->body<Container>(), entry, db);
      if (!entry->has_timer()) return;
      ++timers_here;
      ok = ok && wheel_.payload(entry->timer()) == timer_payload(entry, db);
    });
    ok = ok && timers_here == timers_[static_cast<size_t>(db)];
    timers += timers_here;
  }
  size_t index_bytes = 0;
  for (int db = 0; db < kDatabasesMax; ++db) index_bytes += index(db).memory_usage();
  ok = ok && index_bytes == index_bytes_ && (bound_ == nullptr || bound_->check_invariants());
  return ok && timers + field_timers == wheel_.size() && field_timers == field_timers_ &&
         entry_bytes == slab_.bytes() + body_bytes_;
}

}  // namespace inlay
