// Ghosts: short memories of names that were evicted, and of where from, 2 bytes each.
//
//   set  | newest | ... | oldest |   16 fingerprints, half a cache line; a name's hash chooses the set
//
// A set is a small queue: putting pushes its oldest out. With as many places as the memory is to be long, a ghost is
// forgotten after about that many others, give or take a quarter.
//
// Two names are mistaken for one another once in some 2,000 look-ups of a full set: a fingerprint has 15 bits, and one bit
// tells the kind.
//
// Invariants
//   1. Empty places are 0, and no fingerprint is.
//   2. In a set, no empty place stands before a ghost.
//   3. count() is how many there are of a kind.
//
// Complexity: O(1): one cache line. resize O(1) but for the allocation, which is not touched before it is used.
// Thread safety: thread-compatible (owned by its policy).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "engine/eviction/policy.h"

namespace inlay {

class Ghosts {
 public:
  enum class Kind : uint8_t { kNone, kFirst, kSecond };

  /// Makes room for so many, and forgets all. Out of memory it has room for none.
  void resize(size_t ghosts);
  /// How many there is room for.
  size_t capacity() const { return sets_ * kWays; }

  /// How many of a kind are remembered.
  size_t count(Kind kind) const { return counts_[kind == Kind::kSecond]; }

  void put(ResidentName name, Kind kind);
  /// What a name was put as, and forgets it; kNone if it is not remembered.
  Kind take(ResidentName name);
  void prefetch(ResidentName name) const;
  void clear() { resize(capacity()); }

  size_t memory_usage() const { return sets_ * sizeof(Set); }
  bool check_invariants() const;

 private:
  static constexpr size_t kWays = 16;
  struct Set {
    uint16_t ghosts[kWays];  // 15 bits of fingerprint, the lowest bit set for kSecond.
  };
  struct Place {
    Set* set;
    uint16_t fingerprint;
  };
  struct Free {
    void operator()(Set* sets) const { std::free(sets); }
  };

  Place place(ResidentName name) const;
  size_t& count_of(uint16_t ghost) { return counts_[ghost & 1]; }

  std::unique_ptr<Set[], Free> table_;
  size_t sets_ = 0;
  size_t counts_[2] = {};  // Of kFirst and kSecond.
};

}  // namespace inlay
