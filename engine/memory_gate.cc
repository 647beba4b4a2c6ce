#include "engine/memory_gate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/executor.h"

namespace inlay {
namespace {

// Written keys that are kept from being evicted by their own call: the last ones.
constexpr size_t kPinsMax = 64;
// Dead entries removed at a time.
constexpr size_t kDeadBatch = 16;
// Portions that a shard keeps of allowance that it does not use.
constexpr int64_t kPortionsKept = 2;
// How often dead keys are looked for in other shards.
constexpr int64_t kLookEveryMs = 10;

std::span<const uint64_t> pins_of(std::span<const uint64_t> written) {
  return written.size() <= kPinsMax ? written : written.last(kPinsMax);
}

// Takes up to `most` of a counter that must not fall below 0; returns how much.
int64_t take(std::atomic<int64_t>& counter, int64_t most) {
  int64_t left = counter.load(std::memory_order_relaxed);
  while (left > 0) {
    const int64_t taken = std::min(left, most);
    if (counter.compare_exchange_weak(left, left - taken, std::memory_order_relaxed)) return taken;
  }
  return 0;
}

// Tells those who listen. Out of line, as mostly nobody does.
[[gnu::noinline]] void tell_evicted(Engine& engine, int physical_db, const Entry* entry,
                                    Aftermath& aftermath) {
  const EventHub& events = engine.events();
  if (events.wants(EventClass::kEvicted)) {
    aftermath.event({.name = "evicted",
                     .event_class = EventClass::kEvicted,
                     .db = engine.logical(physical_db),
                     .key = std::string(entry->key())});
  }
  if (events.wants_removals()) {
    aftermath.event({.type = entry->type(),
                     .cause = Cause::kEvicted,
                     .db = engine.logical(physical_db),
                     .key = std::string(entry->key())});
  }
}

}  // namespace

Limits MemoryGate::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

bool MemoryGate::admit(Shard& shard, Aftermath& aftermath, std::span<const uint64_t> written, bool grows) {
  aftermath.settle_later(&shard, written);
  shard.bound()->begin_call();
  const bool has_room = !fits_nothing_.load(std::memory_order_relaxed) && shard.bound()->owed() == nullptr;
  if (has_room || !grows) return true;
  Work work{aftermath, pins_of(written)};
  return !is_short(shard, work);
}

bool MemoryGate::admit(const ShardSetGuard& guard, Aftermath& aftermath, std::span<const uint64_t> written,
                       bool grows) {
  aftermath.settle_later(nullptr, written);
  bool any_short = false;
  guard.for_each([&](Shard& shard) {
    shard.bound()->begin_call();
    Work work{aftermath, pins_of(written)};
    any_short = any_short || (grows && is_short(shard, work));
  });
  return !any_short;
}

// Whether nothing more may come: what is over the allowance cannot be made to fit. Out of line, as mostly there is room.
[[gnu::noinline]] bool MemoryGate::is_short(Shard& shard, Work& work) {
  if (fits_nothing_.load(std::memory_order_relaxed)) {
    (void)settle(shard, work);
    return true;
  }
  if (shard.bound()->owed() == nullptr || settle(shard, work)) return false;
  // What the call is about to write may go before it does.
  work.pins = {};
  return !settle(shard, work);
}

bool MemoryGate::refuses_growth() {
  if (!is_bounded()) return false;
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    Aftermath aftermath;
    Shard& shard = engine_.shard(i);
    ShardLockGuard lock(shard.lock());
    if (shard.bound() == nullptr) return false;
    shard.bound()->measure();
    Work work{aftermath, {}};
    const bool is_short = this->is_short(shard, work);
    finish_call(engine_, aftermath);
    if (is_short) return true;
  }
  return false;
}

void MemoryGate::end_call(const Aftermath::Settlement& settlement, Aftermath& aftermath,
                          const ShardSetGuard* guard) {
  const auto settle_one = [&](Shard& shard) {
    ShardBound& bound = *shard.bound();
    if (bound.rules().measure() == Resource::kWeight) {
      for (const uint64_t hash : settlement.written) {
        if (&engine_.shard(engine_.shard_index(hash)) == &shard) bound.weigh(hash);
      }
    }
    if (bound.ends_quietly()) return;
    Work work{aftermath, pins_of(settlement.written)};
    // What was written may not go now, but it may for the next who looks.
    if (!settle(shard, work) && bound.rules().evicts() && !work.pins.empty()) note_debts();
  };
  if (settlement.shard != nullptr) {
    settle_one(*settlement.shard);
  } else if (guard != nullptr) {
    guard->for_each(settle_one);
  }
}

// Brings a shard back within its allowances, as far as this call has to. False if that cannot be done.
bool MemoryGate::settle(Shard& shard, Work& work) {
  ShardBound& bound = *shard.bound();
  while (const Resource* owed = bound.owed()) {
    if (work.steps >= kStepsMax && bound.is_over_by_slack()) {
      note_debts();
      return true;
    }
    if (!relieve(shard, *owed, work)) return false;
  }
  bound.forget_slack();
  give_back(bound);
  return true;
}

// One step towards owing nothing.
bool MemoryGate::relieve(Shard& shard, Resource resource, Work& work) {
  ShardBound& bound = *shard.bound();
  if (reserve(resource).load(std::memory_order_relaxed) > 0 && borrow(bound, resource)) return true;
  if (shard.timers() != 0 && remove_dead(shard, work) != 0) return true;
  if (may_be_idle(shard, resource, work)) {
    if (take_from_others(shard, resource, Claim::kIdle, work)) return true;
    idle_somewhere(resource).store(false, std::memory_order_relaxed);
    if (work.now_ms.has_value()) next_look_ms_.store(*work.now_ms + kLookEveryMs, std::memory_order_relaxed);
  }
  const int64_t fair_share = bound.rules().fair_share(resource);
  if (bound.allowance(resource) < fair_share / 2 && take_from_others(shard, resource, Claim::kUnfair, work))
    return true;
  // What is large is all shards' burden.
  if (bound.over(resource) > fair_share / 2 && take_from_others(shard, resource, Claim::kAny, work))
    return true;
  return evict(shard, work) || take_from_others(shard, resource, Claim::kAny, work);
}

// Whether it is worth looking for what other shards do not use. Dead keys, which none of them may have noticed, are looked
// for now and then by shards that have deadlines themselves.
bool MemoryGate::may_be_idle(Shard& shard, Resource resource, Work& work) {
  if (idle_somewhere(resource).load(std::memory_order_relaxed)) return true;
  if (shard.timers() == 0) return false;
  return now_ms(work) >= next_look_ms_.load(std::memory_order_relaxed);
}

int64_t MemoryGate::now_ms(Work& work) {
  if (!work.now_ms.has_value()) work.now_ms = engine_.now_ms();
  return *work.now_ms;
}

// The less is left, the less at a time, so that at the end no shard holds what others need.
bool MemoryGate::borrow(ShardBound& bound, Resource resource) {
  const int64_t left = reserve(resource).load(std::memory_order_relaxed);
  if (left <= 0) return false;
  const int64_t portion = left / static_cast<int64_t>(4 * bound.rules().shards());
  const int64_t taken = take(reserve(resource), std::max(portion, bound.over(resource)));
  if (taken > 0) bound.grant(resource, taken);
  return taken > 0;
}

void MemoryGate::give_back(ShardBound& bound) {
  for (const Resource resource : bound.rules().limited()) {
    const int64_t idle = -bound.over(resource);
    if (idle <= 0) continue;
    const int64_t portion = bound.rules().portion(resource);
    if (idle > kPortionsKept * portion) {
      bound.grant(resource, portion - idle);
      reserve(resource).fetch_add(idle - portion, std::memory_order_relaxed);
    } else {
      note_idle(bound, resource);
    }
  }
}

// Bytes come in lumps: a little of them is always idle.
void MemoryGate::note_idle(const ShardBound& bound, Resource resource) {
  const int64_t notable = resource == Resource::kEntries ? 1 : bound.rules().portion(resource) / 4 + 1;
  std::atomic<bool>& idle_somewhere = this->idle_somewhere(resource);
  if (-bound.over(resource) >= notable && !idle_somewhere.load(std::memory_order_relaxed))
    idle_somewhere.store(true, std::memory_order_relaxed);
}

// What a donor may be asked for; evicting ones can make room for it, unless they are about that for others.
int64_t MemoryGate::claimable(const ShardBound& donor, Resource resource, Claim claim) {
  const BoundRules& rules = donor.rules();
  const int64_t idle = std::max<int64_t>(-donor.over(resource), 0);
  const int64_t portion = rules.portion(resource);
  if (claim == Claim::kIdle || !rules.evicts() || donor.over(resource) > portion) return idle;
  const int64_t least = claim == Claim::kUnfair ? rules.fair_share(resource) : 0;
  return std::max(idle, std::min(portion, donor.allowance(resource) - least));
}

// Takes allowance from the first shard that has some to give and is not in use by another thread.
// The analysis cannot follow locks that are only tried.
bool MemoryGate::take_from_others(Shard& shard, Resource resource, Claim claim,
                                  Work& work) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  ShardBound& bound = *shard.bound();
  const int64_t wanted = claim == Claim::kIdle
                             ? bound.over(resource)
                             : std::max(bound.rules().portion(resource), bound.over(resource));
  const uint32_t first = next_donor_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    Shard& donor = engine_.shard((first + i) % engine_.shard_count());
    if (&donor == &shard || !donor.lock().try_lock()) continue;
    int64_t taken = 0;
    if (ShardBound* other = donor.bound()) {
      other->measure();
      (void)remove_dead(donor, work);
      const int64_t amount = std::min(claimable(*other, resource, claim), wanted);
      if (amount > 0) taken = take_from(donor, resource, amount, work);
      // While nobody else can tell of the donor's keys.
      hand_on_events(engine_, work.aftermath);
    }
    donor.lock().unlock();
    if (taken <= 0) continue;
    bound.grant(resource, taken);
    return true;
  }
  return false;
}

// Lowers the donor's allowance and evicts what is over it; returns by how much that worked.
int64_t MemoryGate::take_from(Shard& donor, Resource resource, int64_t amount, Work& work) {
  ShardBound& bound = *donor.bound();
  const int64_t over_before = std::max<int64_t>(bound.over(resource), 0);
  bound.grant(resource, -amount);
  Work own{work.aftermath, {}, work.now_ms};
  while (bound.over(resource) > over_before && own.steps < kStepsMax && evict(donor, own)) {
  }
  work.steps += own.steps;
  const int64_t failed = std::clamp<int64_t>(bound.over(resource) - over_before, 0, amount);
  if (failed > 0) bound.grant(resource, failed);
  return amount - failed;
}

// Removes some entries whose time has come; returns how many.
size_t MemoryGate::remove_dead(Shard& shard, Work& work) {
  if (shard.timers() == 0 || shard.next_deadline_bound() > now_ms(work)) return 0;
  // What the call has told so far comes first.
  hand_on_events(engine_, work.aftermath);
  const size_t dead = engine_.expire_some(shard, now_ms(work), kDeadBatch, work.aftermath);
  shard.bound()->measure();
  work.steps += dead;
  return dead;
}

bool MemoryGate::evict(Shard& shard, Work& work) {
  const Victim victim = shard.bound()->victim(work.pins);
  if (!victim) return false;
  if (engine_.events().wants(EventClass::kEvicted) || engine_.events().wants_removals()) [[unlikely]]
    tell_evicted(engine_, victim.db, victim.entry, work.aftermath);
  ++shard.stats().evicted;
  shard.changed(victim.db, victim.entry->key());
  shard.evict(victim, work.aftermath.graveyard());
  shard.bound()->measure();
  ++work.steps;
  return true;
}

void MemoryGate::note_debts() {
  if (has_debts_.load(std::memory_order_relaxed)) return;
  has_debts_.store(true, std::memory_order_relaxed);
  engine_.debts_added();
}

void MemoryGate::pay_debts() {
  if (!has_debts_.exchange(false, std::memory_order_relaxed)) return;
  // A shard may be over its allowance with nothing left to evict: then it takes from others, once they have paid theirs.
  for (bool again = true; again;) {
    bool any_stuck = false;
    size_t steps = 0;
    for (size_t i = 0; i < engine_.shard_count(); ++i) {
      for (bool more = true; more;) {
        Aftermath aftermath;
        Shard& shard = engine_.shard(i);
        ShardLockGuard lock(shard.lock());
        if (shard.bound() == nullptr) return;
        shard.bound()->measure();
        Work work{aftermath, {}};
        const bool stuck = !settle(shard, work);
        more = !stuck && shard.bound()->owed() != nullptr;
        any_stuck = any_stuck || stuck;
        steps += work.steps;
        finish_call(engine_, aftermath);
      }
    }
    again = any_stuck && steps > 0;
  }
}

void MemoryGate::change_limits(absl::FunctionRef<void(Limits&)> change) {
  const std::lock_guard changing(change_mutex_);
  Limits limits = this->limits();
  change(limits);
  if (limits.policy == nullptr) limits.policy = find_policy("noeviction");
  if (!limits.weigher) limits.max_weight = 0;
  {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
  }
  engine_.bound_string_bytes(limits.max_memory);
  apply(limits);
}

void MemoryGate::apply(const Limits& limits) {
  // What an empty store takes is no shard's to use.
  const uint64_t fixed = engine_.fixed_bytes();
  const uint64_t bytes = limits.max_memory == 0 ? 0 : std::max(limits.max_memory, fixed + 1) - fixed;
  const auto rules = std::make_shared<const BoundRules>(
      limits.policy, BoundRules::PerResource{bytes, limits.max_entries, limits.max_weight}, limits.weigher,
      engine_.shard_count());
  fits_nothing_.store(limits.max_memory != 0 && limits.max_memory <= fixed, std::memory_order_relaxed);
  // Policies keep count of hits even where nothing is limited yet, as Redis's do.
  if (!rules->evicts() && rules->limited().empty()) return remove_all();
  install(rules);
  divide(rules);
  has_debts_.store(true, std::memory_order_relaxed);
  engine_.debts_added();
}

// Gives every shard a bound with these rules, which keeps the allowances that it has, if any, for now.
void MemoryGate::install(const std::shared_ptr<const BoundRules>& rules) {
  for (size_t i = 0; i < engine_.shard_count(); ++i) {
    Shard& shard = engine_.shard(i);
    std::unique_ptr<ShardBound> old;
    ShardLockGuard lock(shard.lock());
    const ShardBound* now = shard.bound();
    const bool stays = now != nullptr && now->rules().policy() == rules->policy() &&
                       now->rules().measure() == rules->measure() && !rules->weigher();
    if (stays) continue;
    auto bound = std::make_unique<ShardBound>(engine_, shard, rules);
    if (now != nullptr) bound->take_over_allowances(*now);
    old = shard.set_bound(std::move(bound));
  }
}

// Divides the limits among the shards, at one instant: each keeps what it uses, or the like part of it.
void MemoryGate::divide(const std::shared_ptr<const BoundRules>& rules) {
  const ShardSetGuard all(engine_);
  all.for_each([&](Shard& shard) {
    shard.bound()->set_rules(rules);
    shard.bound()->measure();
  });
  for (const Resource resource : rules->limited()) {
    int64_t used = 0;
    all.for_each([&](Shard& shard) { used += shard.bound()->used(resource); });
    const int64_t limit = rules->limit(resource);
    const double part = used > limit ? static_cast<double>(limit) / static_cast<double>(used) : 1;
    int64_t left = limit;
    all.for_each([&](Shard& shard) {
      ShardBound& bound = *shard.bound();
      const auto share = static_cast<int64_t>(static_cast<double>(bound.used(resource)) * part);
      bound.set_allowance(resource, std::min(share, left));
      left -= std::min(share, left);
      bound.let_be(resource);
    });
    reserve(resource).store(left, std::memory_order_relaxed);
    idle_somewhere(resource).store(true, std::memory_order_relaxed);
  }
  bounded_.store(true, std::memory_order_relaxed);
  engine_.set_hit_mark(engine_.shard(0).bound()->mark());
}

void MemoryGate::remove_all() {
  std::vector<std::unique_ptr<ShardBound>> old;  // Freed after the locks.
  const ShardSetGuard all(engine_);
  all.for_each([&](Shard& shard) { old.push_back(shard.set_bound(nullptr)); });
  bounded_.store(false, std::memory_order_relaxed);
  has_debts_.store(false, std::memory_order_relaxed);
  engine_.set_hit_mark({});
}

}  // namespace inlay
