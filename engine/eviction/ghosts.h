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

#include <algorithm>
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
  void prefetch(ResidentName name) const {
    if (sets_ != 0) __builtin_prefetch(place(name).set, 1);
  }
  void clear() { resize(capacity()); }

  size_t memory_usage() const { return sets_ == 0 ? 0 : (sets_ + 1) * sizeof(Set); }
  bool check_invariants() const;

 private:
  static constexpr size_t kWays = 16;
  static constexpr uint16_t kTaken = 1;
  struct alignas(32) Set {
    uint16_t ghosts[kWays];
    // One bit per place that holds it.
    uint32_t match(uint16_t fingerprint) const;
  };
  struct Place {
    Set* set;
    uint16_t fingerprint;
  };
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  Place place(ResidentName name) const {
    const uint64_t hash = name * 0x9e3779b97f4a7c15;
    // The set by the top 32 bits; the fingerprint from bits that those do not tell.
    const auto fingerprint = static_cast<uint16_t>(hash >> 16);
    return {&table_[((hash >> 32) * sets_) >> 32], std::max<uint16_t>(fingerprint, kTaken + 1)};
  }

  std::unique_ptr<void, Free> memory_;
  Set* table_ = nullptr;  // In it.
  size_t sets_ = 0;
  size_t size_ = 0;
};

}  // namespace inlay
