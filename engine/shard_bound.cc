#include "engine/shard_bound.h"

#include <algorithm>
#include <array>

#include "engine/engine.h"
#include "engine/hash.h"
#include "engine/shard.h"

namespace inlay {
namespace {

// A name is, from the top: 4 bits of database, the 28 top bits of the placed hash, and its 8 bits that an index has as
// tags: enough for the index to find the place again.
constexpr unsigned kDatabaseShift = 36;
constexpr unsigned kTagBits = 8;
constexpr unsigned kTagShift = 16;
constexpr unsigned kTopShift = 36;
static_assert(kDatabaseShift + 4 == kResidentNameBits && kDatabasesMax <= 16);

ResidentName name_of_placed(int db, uint64_t placed) {
  return static_cast<uint64_t>(db) << kDatabaseShift | placed >> kTopShift << kTagBits |
         (placed >> kTagShift & 0xff);
}
int database_of(ResidentName name) { return static_cast<int>(name >> kDatabaseShift & 0xf); }
// As much of the placed hash as a name holds.
uint64_t placed_of(ResidentName name) { return (name >> kTagBits) << kTopShift | (name & 0xff) << kTagShift; }

}  // namespace

BoundRules::BoundRules(const PolicyInfo* policy, const PerResource& limits, Weigher weigher, size_t shards)
    : policy_(policy), weigher_(std::move(weigher)), shards_(shards), measure_(Resource::kEntries) {
  for (const Resource resource : kResources) {
    const auto i = static_cast<size_t>(resource);
    if (limits[i] == 0) continue;
    limits_[i] = static_cast<int64_t>(std::min<uint64_t>(limits[i], INT64_MAX / 2));
    fair_shares_[i] = limits_[i] / static_cast<int64_t>(shards);
    limited_[limited_count_++] = resource;
  }
  if (limit(Resource::kBytes) != 0) measure_ = Resource::kBytes;
  if (limit(Resource::kWeight) != 0) measure_ = Resource::kWeight;
}

ShardBound::ShardBound(const Engine& engine, Shard& shard, std::shared_ptr<const BoundRules> rules)
    : engine_(engine), shard_(shard), rules_(std::move(rules)), measure_(rules_->measure()) {
  if (rules_->evicts()) policy_ = rules_->policy()->make({*this, mark_, shard_.random()});
  for (int db = 0; db < kDatabasesMax; ++db) adopt(db);
}

void ShardBound::adopt(int db) {
  shard_.index(db).for_each([&](void* record) {
    auto* entry = static_cast<Entry*>(record);
    const uint64_t hash = hash_of(entry);
    inserted(db, hash, entry);
    resized(entry, shard_.block_bytes_of(entry), shard_.bytes_of(entry));
    if (measure_ == Resource::kWeight) weigh(hash);
  });
}

uint64_t ShardBound::hash_of(const Entry* entry) const { return shard_.key_hash(entry->key()); }

ResidentName ShardBound::name_of(int db, uint64_t hash) const {
  return name_of_placed(db, shard_.placed(hash));
}

void ShardBound::inserted(int db, uint64_t hash, Entry* entry) {
  ++entries_;
  const ResidentName name = name_of(db, hash);
  uint64_t weight = 1;
  if (measure_ == Resource::kBytes) weight = shard_.block_bytes_of(entry);
  if (measure_ == Resource::kWeight) {
    weight_ += weight;
    weights_[name] += weight;  // Two entries may share a name.
  }
  if (policy_ != nullptr) policy_->on_insert(resident(db, entry), name, weight);
}

void ShardBound::erased(int db, uint64_t hash, Entry* entry) {
  --entries_;
  if (entry == leaving_ && measure_ != Resource::kWeight) return;
  const ResidentName name = name_of(db, hash);
  const uint64_t weight = this->weight(resident(db, entry));
  if (policy_ != nullptr && entry != leaving_) policy_->on_remove(name, entry->access(), weight);
  if (measure_ == Resource::kWeight && weights_.erase(name) != 0) weight_ -= weight;
}

void ShardBound::weigh(uint64_t hash) {
  if (measure_ != Resource::kWeight) return;
  for (int db = 0; db < kDatabasesMax; ++db) {
    if (shard_.index(db).empty()) continue;
    const Resident resident = find(name_of(db, hash));
    if (!resident) continue;
    const Entry* entry = entry_of(resident);
    uint64_t& weight = weights_[name_of(db, hash)];
    const uint64_t now = std::max<uint64_t>(1, rules_->weigher()(entry->key(), shard_.bytes_of(entry)));
    if (policy_ != nullptr && now != weight) policy_->on_resize(entry->access(), weight, now);
    weight_ += now - weight;
    weight = now;
  }
}

void ShardBound::detaching(int db) {
  const TagIndex& index = shard_.index(db);
  if (index.size() == entries_) {
    // All that there is.
    detached_bytes_ = shard_.entry_bytes();
    entries_ = 0;
    weight_ = 0;
    weights_.clear();
    if (policy_ != nullptr) policy_->clear();
    return;
  }
  index.for_each([&](void* record) {
    auto* entry = static_cast<Entry*>(record);
    detached_bytes_ += shard_.bytes_of(entry);
    erased(db, hash_of(entry), entry);
  });
}

void ShardBound::hit(Entry* entry, uint32_t second) {
  mark_.apply(entry->access(), shard_.random(), [&] { return ((second - entry->seen_s()) & 0xffffff) / 60; });
}

Victim ShardBound::victim(std::span<const uint64_t> pins) {
  if (policy_ == nullptr || entries_ == 0) return {};
  pins_ = pins;
  looked_at_ = {};
  const Resident chosen = policy_->victim();
  pins_ = {};
  if (!chosen) return {};
  (void)hash_of_looked_at(entry_of(chosen));
  looked_at_.db = chosen.db;
  return looked_at_;
}

uint64_t ShardBound::hash_of_looked_at(Entry* entry) {
  if (looked_at_.entry != entry) looked_at_ = {.entry = entry, .hash = hash_of(entry)};
  return looked_at_.hash;
}

size_t ShardBound::overhead() const {
  const size_t weights = weights_.capacity() * (sizeof(ResidentName) + sizeof(uint64_t) + 1);
  return weights + (policy_ == nullptr ? 0 : policy_->memory_usage());
}

int64_t ShardBound::measured(Resource resource) const {
  switch (resource) {
    case Resource::kBytes: return static_cast<int64_t>(shard_.bytes() - detached_bytes_);
    case Resource::kEntries: return static_cast<int64_t>(entries_);
    case Resource::kWeight: return static_cast<int64_t>(weight_);
  }
  return 0;
}

void ShardBound::measure() {
  for (const Resource resource : rules_->limited())
    share(resource).used.store(measured(resource), std::memory_order_relaxed);
}

void ShardBound::grant(Resource resource, int64_t more) {
  set_allowance(resource, allowance(resource) + more);
}

void ShardBound::set_allowance(Resource resource, int64_t allowance) {
  share(resource).allowance.store(allowance, std::memory_order_relaxed);
  if (policy_ == nullptr || resource != measure_) return;
  // Of bytes, what the index and the like take is not the entries'.
  int64_t capacity = allowance;
  if (resource == Resource::kBytes)
    capacity -= measured(resource) - static_cast<int64_t>(shard_.entry_bytes() - detached_bytes_);
  policy_->set_capacity(static_cast<uint64_t>(std::max<int64_t>(capacity, 1)));
}

void ShardBound::take_over_allowances(const ShardBound& old) {
  measure();
  for (const Resource resource : old.rules_->limited()) {
    set_allowance(resource, old.allowance(resource));
    let_be(resource);
  }
}

void ShardBound::begin_call() {
  for (const Resource resource : rules_->limited()) {
    Share& share = this->share(resource);
    share.at_begin = measured(resource);
    share.used.store(share.at_begin, std::memory_order_relaxed);
  }
}

bool ShardBound::ends_quietly() {
  bool quiet = true;
  for (const Resource resource : rules_->limited()) {
    Share& share = this->share(resource);
    const int64_t used = measured(resource);
    share.used.store(used, std::memory_order_relaxed);
    const bool is_over = used > allowance(resource);
    share.slack = is_over ? std::max(share.slack, used - share.at_begin) : 0;
    quiet = quiet && !is_over && used >= share.at_begin;
  }
  return quiet;
}

void ShardBound::let_be(Resource resource) { share(resource).slack = std::max<int64_t>(over(resource), 0); }

bool ShardBound::is_over_by_slack() const {
  return std::ranges::all_of(rules_->limited(),
                             [&](Resource resource) { return over(resource) <= share(resource).slack; });
}

void ShardBound::forget_slack() {
  for (const Resource resource : rules_->limited()) share(resource).slack = 0;
}

bool ShardBound::check_invariants() const {
  size_t entries = 0;
  for (int db = 0; db < kDatabasesMax; ++db) entries += shard_.index(db).size();
  uint64_t weight = 0;
  for (const auto& [name, each] : weights_) weight += each;
  return entries == entries_ && weight == weight_ && (policy_ == nullptr || policy_->check_invariants());
}

Resident ShardBound::find(ResidentName name) {
  const int db = database_of(name);
  uint64_t hash = 0;
  const TagIndex::Slot slot = shard_.index(db).find(placed_of(name), [&](const void* candidate) {
    hash = hash_of(static_cast<const Entry*>(candidate));
    return name_of(db, hash) == name;
  });
  if (!slot) return {};
  auto* entry = static_cast<Entry*>(slot.record());
  looked_at_ = {.db = db, .entry = entry, .hash = hash, .slot = slot};
  return resident(db, entry);
}

void ShardBound::prefetch_place(ResidentName name) {
  shard_.index(database_of(name)).prefetch_tags(placed_of(name));
}

void ShardBound::prefetch_record(ResidentName name) {
  // The first that could be it, as most often it is. Whoever is evicted is also freed, which begins at the head of its
  // page.
  (void)shard_.index(database_of(name)).find_record(placed_of(name), [](const void* candidate) {
    const auto* block = static_cast<const char*>(candidate);
    __builtin_prefetch(block);
    __builtin_prefetch(block + 63);
    __builtin_prefetch(block - reinterpret_cast<uintptr_t>(block) % PagePool::kPageSize);
    return true;
  });
}

// Uniform over the entries, from bits of the draw that the index does not use.
int ShardBound::drawn_database(uint64_t draw) const {
  uint64_t rank = (draw >> 16 & UINT32_MAX) * entries_ >> 32;
  for (int db = 0; db < kDatabasesMax; ++db) {
    const size_t size = shard_.index(db).size();
    if (rank < size) return db;
    rank -= size;
  }
  return 0;
}

size_t ShardBound::sample(uint64_t draw, std::span<Resident> out) {
  if (entries_ == 0) return 0;
  std::array<void*, Policy::kLooksMax> records;
  const int db = drawn_database(draw);
  const size_t wanted = std::min(out.size(), records.size());
  const size_t found = shard_.index(db).sample_run(draw, std::span(records).first(wanted));
  for (size_t i = 0; i < found; ++i) out[i] = resident(db, static_cast<Entry*>(records[i]));
  return found;
}

void ShardBound::prefetch_sample_place(uint64_t draw) {
  if (entries_ != 0) shard_.index(drawn_database(draw)).prefetch_sample_place(draw);
}

void ShardBound::prefetch_sample_records(uint64_t draw) {
  if (entries_ != 0) shard_.index(drawn_database(draw)).prefetch_sample_records(draw);
}

size_t ShardBound::sample_volatile(uint64_t draw, std::span<Resident> out) {
  size_t found = 0;
  shard_.sample_timers(draw, std::min(out.size(), Policy::kLooksMax),
                       [&](int db, Entry* entry) { out[found++] = resident(db, entry); });
  return found;
}

ResidentName ShardBound::name(const Resident& resident) {
  return name_of(resident.db, hash_of(entry_of(resident)));
}

uint64_t ShardBound::weight(const Resident& resident) {
  switch (measure_) {
    case Resource::kBytes: return shard_.bytes_of(entry_of(resident));
    case Resource::kEntries: return 1;
    case Resource::kWeight: {
      const auto weight = weights_.find(name(resident));
      return weight == weights_.end() ? 1 : weight->second;
    }
  }
  return 1;
}

int64_t ShardBound::deadline_ms(const Resident& resident) {
  const Entry* entry = entry_of(resident);
  return entry->has_timer() ? shard_.deadline(entry) : INT64_MAX;
}

uint32_t ShardBound::idle_minutes(const Resident& resident) {
  return ((engine_.seen_s() - entry_of(resident)->seen_s()) & 0xffffff) / 60;
}

bool ShardBound::is_pinned(const Resident& resident) {
  if (pins_.empty()) return false;
  const uint64_t hash = hash_of_looked_at(entry_of(resident));
  return std::ranges::find(pins_, hash) != pins_.end();
}

}  // namespace inlay
