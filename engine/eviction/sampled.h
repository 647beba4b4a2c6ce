// Sampled policies: each looks at a few residents at a time and gives up the one that it would miss least.
//
// They keep nothing per resident but the access byte. A pool carries the best candidates of earlier looks over to the
// next eviction, so that a few fresh ones a time come close to looking at all: kFresh new ones, kPool kept.
//
//   SampledLru      the stamp that has not been renewed for longest
//   SampledLfu      the lowest faded frequency (Redis's counter)
//   NearestDeadline the earliest deadline
//   RandomVictim    any
//
// Each exists for all residents and for those with a deadline alone.
//
// Invariants
//   1. The pool is in rising order of rank, so that the best candidate stands last.
//   2. A candidate is only a name: before it is given up, it is found again and must still rank as it did.
//
// Complexity: victim() looks at kFresh fresh residents and, rarely more than one, pooled ones.
// Thread safety: thread-compatible (owned by its shard).
// After: Redis 3.0's eviction pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/eviction/policy.h"

namespace inlay {

class SampledPolicy : public Policy {
 public:
  void on_insert(const Resident& resident, ResidentName name, uint64_t weight) override;
  void on_remove(ResidentName, uint8_t, uint64_t) override { --residents_; }
  void on_resize(uint8_t, uint64_t, uint64_t) override {}
  void clear() override;
  Resident victim() override;
  void set_capacity(uint64_t) override {}
  size_t memory_usage() const override { return sizeof(*this); }
  bool check_invariants() const override;

 protected:
  SampledPolicy(const PolicyContext& context, bool only_volatile);

  /// How little a resident would be missed.
  virtual uint64_t rank(const Resident& resident) = 0;
  /// The access byte of a new resident.
  virtual uint8_t first_access() { return 0; }

  Residents& view() { return context_.residents; }
  HitMark& mark() { return context_.mark; }
  /// Residents reported and not gone.
  uint64_t residents() const { return residents_; }

 private:
  static constexpr size_t kFresh = 6;
  static constexpr size_t kPool = 16;

  struct Candidate {
    uint64_t rank;
    ResidentName name;
  };

  size_t look(std::span<Resident> out);
  void pool(const Resident& resident);
  Resident best_of_pool();

  PolicyContext context_;
  const bool only_volatile_;
  uint64_t residents_ = 0;
  // Known ahead, so that what they lead to can be fetched ahead: the next look's, and the one's after it.
  uint64_t draw_;
  uint64_t later_draw_;
  std::array<Candidate, kPool> pool_;
  size_t pooled_ = 0;
};

class SampledLru final : public SampledPolicy {
 public:
  SampledLru(const PolicyContext& context, bool only_volatile);
  void on_insert(const Resident& resident, ResidentName name, uint64_t weight) override;
  Resident victim() override;

 private:
  uint64_t rank(const Resident& resident) override;
  uint8_t first_access() override { return mark().stamp; }

  // The stamp moves on each time this share of the residents has come.
  static constexpr uint64_t kStampsPerTurnover = 48;
  // How far insertions may take the stamp ahead of evictions: 256 would make the oldest residents look young.
  static constexpr unsigned kUnevictedStampsMax = 192;

  uint64_t stamp_ = kUnevictedStampsMax;  // HitMark's is its lowest byte.
  uint64_t inserts_ = 0;                  // Since the stamp moved,
  uint64_t evictions_ = 0;                // and since one was credited.
  unsigned unevicted_stamps_ = 0;
};

class SampledLfu final : public SampledPolicy {
 public:
  SampledLfu(const PolicyContext& context, bool only_volatile);

 private:
  uint64_t rank(const Resident& resident) override;
  uint8_t first_access() override { return HitMark::kNewFrequency; }
};

class NearestDeadline final : public SampledPolicy {
 public:
  explicit NearestDeadline(const PolicyContext& context) : SampledPolicy(context, true) {}

 private:
  uint64_t rank(const Resident& resident) override {
    return ~static_cast<uint64_t>(view().deadline_ms(resident));
  }
};

/// Keeps no pool: the first it sees will do.
class RandomVictim final : public Policy {
 public:
  RandomVictim(const PolicyContext& context, bool only_volatile);
  void on_insert(const Resident& resident, ResidentName, uint64_t) override { *resident.access = 0; }
  void on_remove(ResidentName, uint8_t, uint64_t) override {}
  void on_resize(uint8_t, uint64_t, uint64_t) override {}
  void clear() override {}
  Resident victim() override;
  void set_capacity(uint64_t) override {}
  size_t memory_usage() const override { return sizeof(*this); }
  bool check_invariants() const override { return true; }

 private:
  PolicyContext context_;
  const bool only_volatile_;
  uint64_t draw_;
  uint64_t later_draw_;
};

}  // namespace inlay
