#include "engine/eviction/sampled.h"

#include <algorithm>

namespace inlay {
namespace {

// Looks before a policy takes it that there is nothing to evict.
constexpr size_t kTries = 8;

size_t sample(Residents& residents, bool only_volatile, uint64_t draw, std::span<Resident> out) {
  return only_volatile ? residents.sample_volatile(draw, out) : residents.sample(draw, out);
}

// Moves the two draws on, and fetches what they lead to.
void draw_next(const PolicyContext& context, bool only_volatile, uint64_t& draw, uint64_t& later_draw) {
  draw = later_draw;
  later_draw = context.random();
  if (only_volatile) return;  // Who has a deadline is known only after a look at the records.
  context.residents.prefetch_sample_records(draw);
  context.residents.prefetch_sample_place(later_draw);
}

}  // namespace

SampledPolicy::SampledPolicy(const PolicyContext& context, bool only_volatile)
    : context_(context),
      only_volatile_(only_volatile),
      draw_(context.random()),
      later_draw_(context.random()) {
  context_.mark = HitMark{};
}

void SampledPolicy::on_insert(const Resident& resident, ResidentName, uint64_t) {
  *resident.access = first_access();
  ++residents_;
}

void SampledPolicy::clear() {
  residents_ = 0;
  pooled_ = 0;
}

size_t SampledPolicy::look(std::span<Resident> out) {
  return sample(context_.residents, only_volatile_, draw_, out);
}

void SampledPolicy::pool(const Resident& resident) {
  const uint64_t rank = this->rank(resident);
  if (pooled_ == kPool && rank <= pool_[0].rank) return;
  const Candidate candidate{rank, context_.residents.name(resident)};
  const auto begin = pool_.begin();
  auto end = begin + static_cast<ptrdiff_t>(pooled_);
  if (std::any_of(begin, end, [&](const Candidate& c) { return c.name == candidate.name; })) return;
  auto at = std::find_if(begin, end, [&](const Candidate& c) { return c.rank >= candidate.rank; });
  if (pooled_ == kPool) {
    std::move(begin + 1, at, begin);
    --at;
  } else {
    std::move_backward(at, end, end + 1);
    ++pooled_;
  }
  *at = candidate;
}

Resident SampledPolicy::best_of_pool() {
  while (pooled_ > 0) {
    const Candidate candidate = pool_[--pooled_];
    const Resident resident = context_.residents.find(candidate.name);
    // Used since, or another of the same name: it takes part again when it is seen again.
    if (!resident || rank(resident) < candidate.rank) continue;
    if (only_volatile_ && context_.residents.deadline_ms(resident) == INT64_MAX) continue;
    if (!context_.residents.is_pinned(resident)) return resident;
  }
  return {};
}

Resident SampledPolicy::victim() {
  Resident chosen;
  for (size_t tries = 0; tries < kTries && !chosen; ++tries) {
    std::array<Resident, kFresh> fresh;
    const size_t seen = look(fresh);
    for (size_t i = 0; i < seen; ++i) pool(fresh[i]);
    chosen = best_of_pool();
    draw_next(context_, only_volatile_, draw_, later_draw_);
  }
  if (chosen) --residents_;
  return chosen;
}

bool SampledPolicy::check_invariants() const {
  if (pooled_ > kPool) return false;
  return std::is_sorted(pool_.begin(), pool_.begin() + static_cast<ptrdiff_t>(pooled_),
                        [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
}

SampledLru::SampledLru(const PolicyContext& context, bool only_volatile)
    : SampledPolicy(context, only_volatile) {
  mark() = {HitMark::Rule::kStamp, static_cast<uint8_t>(stamp_)};
}

void SampledLru::on_insert(const Resident& resident, ResidentName name, uint64_t weight) {
  if (unevicted_stamps_ < kUnevictedStampsMax && ++inserts_ * kStampsPerTurnover > residents()) {
    inserts_ = 0;
    ++unevicted_stamps_;
    mark().stamp = static_cast<uint8_t>(++stamp_);
  }
  SampledPolicy::on_insert(resident, name, weight);
}

Resident SampledLru::victim() {
  if (++evictions_ * kStampsPerTurnover > residents()) {
    evictions_ = 0;
    if (unevicted_stamps_ > 0) --unevicted_stamps_;
  }
  return SampledPolicy::victim();
}

uint64_t SampledLru::rank(const Resident& resident) {
  // Of the whole number whose lowest byte the stamp is, so that ranks of different times compare.
  return ~(stamp_ - static_cast<uint8_t>(mark().stamp - *resident.access));
}

SampledLfu::SampledLfu(const PolicyContext& context, bool only_volatile)
    : SampledPolicy(context, only_volatile) {
  mark() = {HitMark::Rule::kFrequency, 0};
}

uint64_t SampledLfu::rank(const Resident& resident) {
  return UINT8_MAX - HitMark::faded(*resident.access, view().idle_minutes(resident));
}

RandomVictim::RandomVictim(const PolicyContext& context, bool only_volatile)
    : context_(context),
      only_volatile_(only_volatile),
      draw_(context.random()),
      later_draw_(context.random()) {
  context_.mark = HitMark{};
}

Resident RandomVictim::victim() {
  for (size_t tries = 0; tries < kTries; ++tries) {
    std::array<Resident, 2> fresh;  // Two, in case the first is pinned.
    const size_t seen = sample(context_.residents, only_volatile_, draw_, fresh);
    draw_next(context_, only_volatile_, draw_, later_draw_);
    for (size_t i = 0; i < seen; ++i) {
      if (!context_.residents.is_pinned(fresh[i])) return fresh[i];
    }
  }
  return {};
}

}  // namespace inlay
