// Policy: which resident a full shard gives up.
//
//        shard ---- on_insert, on_remove, on_resize, victim ----> policy
//          |                                                        |
//          | hits: HitMark writes the access byte                   | find, sample, weight, deadline, ...
//          v                                                        v
//        entries <------------------------------------------- Residents (the shard's view of itself)
//
// A policy never owns entries and never learns of hits: a hit writes at most the one access byte that every entry has
// for its policy, by the rule that the policy has put into the shard's HitMark. What a policy keeps beside that byte
// are names, which stay good while entries move from block to block.
//
// The contract
//   1. One policy object serves one shard, all its databases, under the shard's lock.
//   2. The access byte of a new entry is the policy's to set, in on_insert(). It moves along when an entry changes its
//      block, and nobody but the policy and its HitMark writes it.
//   3. The shard reports every resident once with on_insert() and once with on_remove(), whatever removes it, but for
//      two ways to go: a resident that victim() has returned is gone for the policy already, and clear() forgets all.
//   4. victim() returns a resident that the shard evicts at once: nothing else happens to the shard in between.
//   5. A weight that changes is reported with on_resize() before the next call of another kind. Weights are above 0.
//   6. A policy that is to take over from another is told of all residents with on_insert() first, in any order. Without a
//      policy the shard's HitMark is HitMark{}.
//   7. The shard decides when it is full. The capacity it tells is what the policy sizes its parts by.
//
// Cost: every call is O(1) but clear(); victim() looks at no more than kLooksMax residents. Nothing allocates on a hit.
// Budget: at most 12 bytes a resident in all, the access byte aside.
// Thread safety: thread-compatible (owned by its shard).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/eviction/hit_mark.h"
#include "engine/random.h"

namespace inlay {

/// Finds a resident again. The shard makes names from database and hash: at most 40 bits, uniform in the lowest 32, and
/// two residents of a shard share one but rarely.
using ResidentName = uint64_t;
inline constexpr unsigned kResidentNameBits = 40;

/// A resident as a policy sees it. Valid until the shard changes.
struct Resident {
  void* record = nullptr;     // The shard's own business, as is
  int db = 0;                 // its physical database.
  uint8_t* access = nullptr;  // The byte that is the policy's.
  explicit operator bool() const { return record != nullptr; }
};

/// What a shard lets its policy see of itself. Thread-compatible.
class Residents {
 public:
  virtual ~Residents() = default;

  /// The resident of this name, or none. Of several, any.
  virtual Resident find(ResidentName name) = 0;
  /// Fetches ahead of find() what the look-up reads; prefetch_record() should come some look-ups after
  /// prefetch_place(), and find() some after that. A name that is no longer good does no harm.
  virtual void prefetch_place(ResidentName name) = 0;
  virtual void prefetch_record(ResidentName name) = 0;

  /// Fills `out` from the front with different residents, those that stand together at a place that `draw`, a uniform
  /// number, chooses. Hashes decide who stands together, so they are as good as drawn one by one. Returns how many:
  /// fewer than asked for if the shard holds fewer (or by a whim, but never none while it holds one).
  virtual size_t sample(uint64_t draw, std::span<Resident> out) = 0;
  /// The same among those with a deadline. These may be few among many: gives up after a bounded search, so that it
  /// may return none though there are some, but not when asked again and again with fresh draws.
  virtual size_t sample_volatile(uint64_t draw, std::span<Resident> out) = 0;

  /// The same two stages ahead of sample() with the same draw.
  virtual void prefetch_sample_place(uint64_t draw) = 0;
  virtual void prefetch_sample_records(uint64_t draw) = 0;

  virtual ResidentName name(const Resident& resident) = 0;
  virtual uint64_t weight(const Resident& resident) = 0;
  /// In Unix milliseconds; INT64_MAX if it has none.
  virtual int64_t deadline_ms(const Resident& resident) = 0;
  /// Minutes since its last access, for frequencies that fade.
  virtual uint32_t idle_minutes(const Resident& resident) = 0;
  /// Whether the call that needs the room works on this resident, so that it must stay. Asked last, of the one that
  /// is about to be returned.
  virtual bool is_pinned(const Resident& resident) = 0;
  /// Residents in all.
  virtual size_t size() = 0;
};

/// What a policy works with; all of it outlives the policy.
struct PolicyContext {
  Residents& residents;
  HitMark& mark;
  Random& random;
};

class Policy {
 public:
  /// Residents that one call of victim() looks at, at most.
  static constexpr size_t kLooksMax = 256;

  virtual ~Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  /// A resident of this name may come soon: fetches ahead what on_insert() reads.
  virtual void expect(ResidentName) {}
  /// A resident has come. `name` is its name.
  virtual void on_insert(const Resident& resident, ResidentName name, uint64_t weight) = 0;
  /// A resident goes or has gone; `access` was its byte.
  virtual void on_remove(ResidentName name, uint8_t access, uint64_t weight) = 0;
  /// A resident, whose byte is `access`, weighs something else now.
  virtual void on_resize(uint8_t access, uint64_t before, uint64_t after) = 0;
  /// All residents have gone at once. O(memory_usage()).
  virtual void clear() = 0;

  /// The resident to evict now. None if the policy may evict none: there is none, all those it saw are pinned, or none
  /// has a deadline under a volatile policy.
  virtual Resident victim() = 0;

  /// How much the shard may hold, in units of weight. May change at any time.
  virtual void set_capacity(uint64_t weight) = 0;

  /// Bytes of the object and all that it has allocated.
  virtual size_t memory_usage() const = 0;
  /// What can be told without the residents, in O(memory_usage()).
  virtual bool check_invariants() const = 0;

 protected:
  Policy() = default;
};

/// A row of the table of policies.
struct PolicyInfo {
  const char* name;  // As maxmemory-policy and the tools spell it.
  const char* summary;
  bool only_volatile;  // Evicts only residents with a deadline.
  std::unique_ptr<Policy> (*make)(
      const PolicyContext&);  // Null for noeviction: then nothing is ever evicted.
};

/// All policies, Redis's by their names.
std::span<const PolicyInfo> policies();
/// The row of this name, or null.
const PolicyInfo* find_policy(std::string_view name);
/// The row for a cache whose owner has not chosen.
const PolicyInfo& default_cache_policy();

}  // namespace inlay
