// MemoryGate: keeps a store within its limits.
//
//   limit  =  reserve  +  allowance of shard 0  +  allowance of shard 1  + ...          per resource
//
//   a call that writes:  admit()   under its shards' locks, before it runs: refused where memory is short and nothing
//                                  may be evicted
//                        settle()  under the same locks, after it ran: as long as the shard is over its allowance
//                                  1. takes a portion of the reserve, or of what other shards do not use,
//                                  2. takes from the share of others, if it has less than half of a fair one,
//                                  3. evicts: first what is dead, then whom the policy names, never what the call wrote,
//                                  4. takes from the share of others all the same, and for what is large before it evicts.
//
// Of what calls leave to be evicted, as a large value that takes the place of thousands of small ones does, each call
// pays kStepsMax entries and the background thread the rest: a shard may meanwhile be over its allowance by what one
// call has added. docs/design/memory.md tells why.
//
// Locks: other shards are only tried, never waited for, so the lock order does not matter to them.
// Thread safety: thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "absl/functional/function_ref.h"
#include "engine/aftermath.h"
#include "engine/shard_bound.h"

namespace inlay {

class Engine;
class Shard;
class ShardSetGuard;

/// What a store is to stay within; 0: no limit.
struct Limits {
  uint64_t max_memory = 0;  // Bytes.
  uint64_t max_entries = 0;
  uint64_t max_weight = 0;  // Of what `weigher` gives.
  Weigher weigher{};
  /// Null: noeviction.
  const PolicyInfo* policy = nullptr;
};

class MemoryGate {
 public:
  explicit MemoryGate(Engine& engine) : engine_(engine) {}
  MemoryGate(const MemoryGate&) = delete;
  MemoryGate& operator=(const MemoryGate&) = delete;

  /// Whether shards have bounds. Held steady by any one shard's lock.
  bool is_bounded() const { return bounded_.load(std::memory_order_relaxed); }
  Limits limits() const;
  /// Changes the limits as `change` says. What is over the new ones is evicted in steps, by later calls and the background thread. A new
  /// policy is told of all entries, each shard locked in turn: O(entries). No shard may be locked.
  void change_limits(absl::FunctionRef<void(Limits& limits)> change);

  /// A setting that is kept and means nothing to policies.
  int64_t samples() const { return samples_.load(std::memory_order_relaxed); }
  void set_samples(int64_t samples) { samples_.store(samples, std::memory_order_relaxed); }

  /// Before a call writes to a shard, or to all those of a guard, which `written` names the hashes of the keys of.
  /// False, with an error to be given, if it may grow what the store holds and there is no memory for it. From here on
  /// the shards are settled at the end of the call.
  bool admit(Shard& shard, Aftermath& aftermath, std::span<const uint64_t> written, bool grows);
  bool admit(const ShardSetGuard& guard, Aftermath& aftermath, std::span<const uint64_t> written, bool grows);
  /// At the end of a call, under its locks; `guard` where they are several.
  void end_call(const Aftermath::Settlement& settlement, Aftermath& aftermath, const ShardSetGuard* guard);
  /// Whether a write that grows a database would be refused now. Locks shards in turn.
  bool refuses_growth();

  /// Evicts what calls have left, in steps that hold a shard briefly. No shard may be locked.
  void pay_debts();
  /// Whether there is some left.
  bool has_debts() const { return has_debts_.load(std::memory_order_relaxed); }

 private:
  // Entries that a call evicts at most, unless it adds much to a shard that is over its allowance already.
  static constexpr size_t kStepsMax = 256;

  // What one settling works with.
  struct Work {
    Aftermath& aftermath;
    std::span<const uint64_t> pins;
    std::optional<int64_t> now_ms{};
    size_t steps = 0;
  };

  int64_t now_ms(Work& work);
  bool settle(Shard& shard, Work& work);
  bool relieve(Shard& shard, Resource resource, Work& work);
  bool borrow(ShardBound& bound, Resource resource);
  // Whose allowance may be taken: what is not used of it, what is more than fair, or any.
  enum class Claim : uint8_t { kIdle, kUnfair, kAny };
  bool take_from_others(Shard& shard, Resource resource, Claim claim, Work& work);
  static int64_t claimable(const ShardBound& donor, Resource resource, Claim claim);
  int64_t take_from(Shard& donor, Resource resource, int64_t amount, Work& work);
  size_t remove_dead(Shard& shard, Work& work);
  bool evict(Shard& shard, Work& work);
  void give_back(ShardBound& bound);
  bool may_be_idle(Shard& shard, Resource resource, Work& work);
  void note_idle(const ShardBound& bound, Resource resource);
  bool is_short(Shard& shard, Work& work);
  void note_debts();

  void apply(const Limits& limits);
  void install(const std::shared_ptr<const BoundRules>& rules);
  void divide(const std::shared_ptr<const BoundRules>& rules);
  void remove_all();

  std::atomic<bool>& idle_somewhere(Resource resource) {
    return idle_somewhere_[static_cast<size_t>(resource)];
  }
  std::atomic<int64_t>& reserve(Resource resource) { return reserves_[static_cast<size_t>(resource)]; }

  Engine& engine_;
  std::atomic<bool> bounded_{false};
  std::atomic<bool> has_debts_{false};
  // Relaxed: what is taken is taken once, and orders nothing.
  std::array<std::atomic<int64_t>, kResources.size()> reserves_{};
  // Whether it is worth looking for allowance that is not used.
  std::array<std::atomic<bool>, kResources.size()> idle_somewhere_{};
  std::atomic<int64_t> next_look_ms_{0};   // When to look for dead keys in other shards.
  std::atomic<bool> fits_nothing_{false};  // max_memory is less than what an empty store takes.
  std::atomic<uint32_t> next_donor_{0};
  std::atomic<int64_t> samples_{5};
  std::mutex change_mutex_;   // Held while limits change; taken before any shard's lock.
  mutable std::mutex mutex_;  // Guards what follows; taken after all others.
  Limits limits_{.policy = find_policy("noeviction")};
};

}  // namespace inlay
