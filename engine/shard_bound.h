// ShardBound: what one shard of a store with limits keeps to stay within them.
//
//   Shard ── inserted, erased, resized ──> ShardBound ──> Policy      who is to go
//                                            │
//                                            +── shares: allowance | used | slack, per resource
//
// A store without limits has none: its shards hold a null pointer, and nothing of this is ever touched. What is limited
// are resources: bytes, entries, and what a program weighs. A shard may use its allowance of each; the allowances of all
// shards and the reserve of the store add up to the limit. See memory_gate.h for who takes from whom, and when.
//
// Invariants
//   1. The policy knows exactly the entries of the shard's indexes, each at its present weight.
//   2. entries() is the size of all indexes; weight() the sum of what the program weighed them at.
//   3. After a call a shard is over its allowance by at most what one call has added, unless nothing may be evicted.
//
// Thread safety: owned by its shard, but for the published figures, which anybody may read.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "engine/entry.h"
#include "engine/eviction/policy.h"
#include "inlay/datatypes/tag_index.h"

namespace inlay {

class Engine;
class Shard;

enum class Resource : uint8_t { kBytes, kEntries, kWeight };
inline constexpr std::array kResources{Resource::kBytes, Resource::kEntries, Resource::kWeight};

/// What a program counts an entry as that occupies so many bytes, key and value together.
using Weigher = std::function<uint64_t(std::string_view key, uint64_t bytes)>;

/// What all shards of a store are bound by. Immutable.
class BoundRules {
 public:
  /// A limit per resource, in the order of Resource; 0: none.
  using PerResource = std::array<uint64_t, kResources.size()>;
  BoundRules(const PolicyInfo* policy, const PerResource& limits, Weigher weigher, size_t shards);

  const PolicyInfo* policy() const { return policy_; }
  const Weigher& weigher() const { return weigher_; }
  bool evicts() const { return policy_->make != nullptr; }
  /// The resources that have limits.
  std::span<const Resource> limited() const { return {limited_.data(), limited_count_}; }
  size_t shards() const { return shards_; }
  int64_t limit(Resource resource) const { return limits_[static_cast<size_t>(resource)]; }
  /// What policies weigh entries by: the finest that is limited.
  Resource measure() const { return measure_; }
  /// What a shard would have if all had the same.
  int64_t fair_share(Resource resource) const { return fair_shares_[static_cast<size_t>(resource)]; }
  /// What changes hands at a time.
  int64_t portion(Resource resource) const { return fair_share(resource) / 16 + 1; }

 private:
  const PolicyInfo* const policy_;
  const Weigher weigher_;
  std::array<int64_t, kResources.size()> limits_{};
  std::array<int64_t, kResources.size()> fair_shares_{};
  std::array<Resource, kResources.size()> limited_{};
  size_t limited_count_ = 0;
  const size_t shards_;
  Resource measure_;
};

/// The entry that is to go, and what is known of it from having been chosen. Valid until the shard changes.
struct Victim {
  int db = 0;
  Entry* entry = nullptr;
  uint64_t hash = 0;      // Of its key.
  TagIndex::Slot slot{};  // Empty where it was not found by its hash.
  explicit operator bool() const { return entry != nullptr; }
};

class ShardBound final : public Residents {
 public:
  /// Takes over what the shard holds. O(entries).
  ShardBound(const Engine& engine, Shard& shard, std::shared_ptr<const BoundRules> rules);

  const BoundRules& rules() const { return *rules_; }
  /// Other limits, with the same policy and measure.
  void set_rules(std::shared_ptr<const BoundRules> rules) { rules_ = std::move(rules); }

  /// Fetches ahead what an entry's coming needs, by the hash of its key.
  void expect(int db, uint64_t hash) {
    if (policy_ != nullptr) policy_->expect(name_of(db, hash));
  }
  // What the shard tells. An entry that comes or goes, by the hash of its key. A new one has no value yet.
  void inserted(int db, uint64_t hash, Entry* entry);
  void erased(int db, uint64_t hash, Entry* entry);
  void resized(const Entry* entry, size_t bytes_before, size_t bytes_after) {
    if (policy_ != nullptr && measure_ == Resource::kBytes && bytes_before != bytes_after)
      policy_->on_resize(entry->access(), bytes_before, bytes_after);
  }
  /// All entries of a database are about to be taken out, to be freed later.
  void detaching(int db);
  void freed_detached(size_t bytes) { detached_bytes_ -= bytes < detached_bytes_ ? bytes : detached_bytes_; }
  /// Notes a hit in the entry's access byte. To be called before the entry's second is renewed.
  void hit(Entry* entry, uint32_t second);
  const HitMark& mark() const { return mark_; }
  /// Weighs the entries of keys with this hash again.
  void weigh(uint64_t hash);

  /// The entry that is to go, to be evicted at once, none of `pins`; none where nothing may.
  Victim victim(std::span<const uint64_t> pins);
  /// To be called around the removal of a victim: the policy has forgotten it already.
  void set_leaving(const Entry* entry) { leaving_ = entry; }

  size_t entries() const { return entries_; }
  uint64_t weight() const { return weight_; }
  /// Bytes of the policy and of the weights.
  size_t overhead() const;

  // Shares.
  /// What was used when it was last measured.
  int64_t used(Resource resource) const { return share(resource).used.load(std::memory_order_relaxed); }
  /// Measures what is used of all that is limited.
  void measure();
  int64_t allowance(Resource resource) const {
    return share(resource).allowance.load(std::memory_order_relaxed);
  }
  void grant(Resource resource, int64_t more);
  /// Sets all allowances; what is over them is let be until it can be evicted in steps.
  void set_allowance(Resource resource, int64_t allowance);
  /// Sets them to those of the bound that it is to replace.
  void take_over_allowances(const ShardBound& old);
  int64_t over(Resource resource) const { return used(resource) - allowance(resource); }
  /// The resource that is over its allowance; null if none is.
  const Resource* owed() const {
    for (const Resource& resource : rules_->limited()) {
      if (over(resource) > 0) return &resource;
    }
    return nullptr;
  }
  /// Measure what is used when a call begins and when it ends: the latter tells whether that is all there is to do, as
  /// nothing is over its allowance and nothing became less.
  void begin_call();
  bool ends_quietly();
  /// Lets be what is over the allowance now, to be evicted in steps.
  void let_be(Resource resource);
  /// Whether it is over its allowances by no more than calls may leave for later ones.
  bool is_over_by_slack() const;
  /// To be called when nothing is owed.
  void forget_slack();

  bool check_invariants() const;

  // Residents, for the policy.
  Resident find(ResidentName name) override;
  void prefetch_place(ResidentName name) override;
  void prefetch_record(ResidentName name) override;
  size_t sample(uint64_t draw, std::span<Resident> out) override;
  size_t sample_volatile(uint64_t draw, std::span<Resident> out) override;
  void prefetch_sample_place(uint64_t draw) override;
  void prefetch_sample_records(uint64_t draw) override;
  ResidentName name(const Resident& resident) override;
  uint64_t weight(const Resident& resident) override;
  int64_t deadline_ms(const Resident& resident) override;
  uint32_t idle_minutes(const Resident& resident) override;
  bool is_pinned(const Resident& resident) override;
  size_t size() override { return entries_; }

 private:
  // The two atomics are read by other shards' threads as hints: relaxed, as who acts on them looks again under the lock.
  struct Share {
    std::atomic<int64_t> allowance{INT64_MAX / 2};  // Until it is told one, it lets the shard be.
    std::atomic<int64_t> used{0};
    int64_t at_begin = 0;
    int64_t slack = 0;  // What may be over the allowance: as much as one call has added.
  };
  Share& share(Resource resource) { return shares_[static_cast<size_t>(resource)]; }
  const Share& share(Resource resource) const { return shares_[static_cast<size_t>(resource)]; }

  int64_t measured(Resource resource) const;
  static Resident resident(int db, Entry* entry) { return {entry, db, &entry->access()}; }
  static Entry* entry_of(const Resident& resident) { return static_cast<Entry*>(resident.record); }
  ResidentName name_of(int db, uint64_t hash) const;
  uint64_t hash_of(const Entry* entry) const;
  // The hash of the key of an entry that the policy is looking at: computed once for each.
  uint64_t hash_of_looked_at(Entry* entry);
  int drawn_database(uint64_t draw) const;
  void adopt(int db);

  const Engine& engine_;
  Shard& shard_;
  std::shared_ptr<const BoundRules> rules_;
  const Resource measure_;
  HitMark mark_;
  size_t entries_ = 0;
  uint64_t weight_ = 0;
  size_t detached_bytes_ = 0;  // Of entries of flushed databases that are not yet freed.
  std::array<Share, kResources.size()> shares_;
  absl::flat_hash_map<ResidentName, uint64_t> weights_;  // Where the program weighs.
  // While a victim is chosen: who may not be, and the entry that was last looked at.
  std::span<const uint64_t> pins_;
  Victim looked_at_;
  const Entry* leaving_ = nullptr;
  std::unique_ptr<Policy> policy_;  // Null: evicts nothing. Refers to all the rest.
};

}  // namespace inlay
