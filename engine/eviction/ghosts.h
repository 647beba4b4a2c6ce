// Ghosts: a short memory of names that were evicted, 2 bytes each.
//
//   set  | newest | ... | oldest |   16 fingerprints, half a cache line; a name's hash chooses the set
//
// A set is a small queue: putting pushes its oldest out. With as many places as the memory is to be long, a ghost is
// forgotten after about that many others, give or take a quarter.
//
// A name is mistaken for another one, whose set is full, once in some 4,000 look-ups: a fingerprint has 16 bits.
//
// Invariants
//   1. Empty places are 0, those of ghosts that were taken kTaken, and no fingerprint is either.
//   2. In a set, no empty place stands before one that is not.
//   3. size() is how many there are.
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
  /// Makes room for so many, and forgets all. Out of memory it has room for none.
  void resize(size_t ghosts);
  /// How many there is room for.
  size_t capacity() const { return sets_ * kWays; }

  /// How many are remembered.
  size_t size() const { return size_; }

  void put(ResidentName name);
  /// Whether a name is remembered; and forgets it.
  bool take(ResidentName name);
  void prefetch(ResidentName name) const;
  void clear() { resize(capacity()); }

  size_t memory_usage() const { return sets_ * sizeof(Set); }
  bool check_invariants() const;

 private:
  static constexpr size_t kWays = 16;
  static constexpr uint16_t kTaken = 1;
  struct Set {
    uint16_t ghosts[kWays];
  };
  struct Place {
    Set* set;
    uint16_t fingerprint;
  };
  struct Free {
    void operator()(Set* sets) const { std::free(sets); }
  };

  Place place(ResidentName name) const;

  std::unique_ptr<Set[], Free> table_;
  size_t sets_ = 0;
  size_t size_ = 0;
};

}  // namespace inlay
