// A3: adaptive S3-FIFO. The policy for caches.
//
//         one or two hits: another round each
//               +-------+
//               v       |
//   new -----> small queue ---- three hits or more ----> main queue <---+
//                |  5 to 90 % of the capacity,            |    |        | another round
//                |  its target                            |    +--------+ for each hit
//                v evicted                                v evicted
//            ghosts of small                          ghosts of main
//                | asked for again: into main,            | asked for again: into main,
//                | and the target grows                   | and the target shrinks
//
// Most keys are asked for once. A small first-in first-out queue lets those go soon, so that a scan cannot flush what is
// used; the main queue gives another round for each hit, up to three. How long a newcomer may wait to be asked for
// again is what the ghosts teach.
//
// A hit counts to 3 in the access byte and moves nothing. An eviction takes the oldest names, which are known ahead, so
// that what they lead to has been fetched by then.
//
//   access byte   | stamp of its queue's chunk, 5 | in main | hits, 2 |
//
// Budget: 5.4 bytes for a name and 2.4 for ghosts: 7.8 a resident, and a chunk or two.
//
// Invariants
//   1. A resident is named in the queue that its byte tells, in a chunk of the stamp that its byte tells; but for those
//      few that share their name with another.
//   2. The weights of both queues are the sums over their residents; stale names weigh nothing.
//   3. target() is between 5 and 90 % of the capacity, but at least 1.
//
// Complexity: O(1). victim() looks at kLooksMax residents at most and then takes the next, whatever its hits; it passes
// over 256 stale names at most and then takes any.
// Thread safety: thread-compatible (owned by its shard).
// After: Yang et al., "FIFO queues are all you need for cache eviction" (SOSP 2023); Megiddo and Modha, "ARC" (FAST 2003),
// for the adaptation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/eviction/ghosts.h"
#include "engine/eviction/name_queue.h"
#include "engine/eviction/policy.h"

namespace inlay {

class A3 final : public Policy {
 public:
  explicit A3(const PolicyContext& context);

  void expect(ResidentName name) override {
    small_.ghosts.prefetch(name);
    main_.ghosts.prefetch(name);
  }
  void on_insert(const Resident& resident, ResidentName name, uint64_t weight) override;
  void on_remove(ResidentName name, uint8_t access, uint64_t weight) override;
  void on_resize(uint8_t access, uint64_t before, uint64_t after) override;
  void clear() override;
  Resident victim() override;
  void set_capacity(uint64_t weight) override;
  size_t memory_usage() const override;
  bool check_invariants() const override;

  /// What the small queue should weigh.
  uint64_t target() const { return whole_target_; }
  uint64_t small_weight() const { return small_.weight; }

 private:
  static constexpr uint8_t kHits = 3;
  static constexpr uint8_t kMainBit = 4;
  static constexpr unsigned kStampShift = 3;
  static_assert(kStampShift + NameQueue::kStampBits == 8);

  struct Queue {
    NameQueue names;
    Ghosts ghosts;  // Of what was evicted from here.
    uint64_t weight = 0;
    uint64_t residents = 0;
    uint8_t bit;  // In the byte of its residents.
    unsigned inserts_to_sweep = 0;
  };

  Queue& queue_of(uint8_t access) { return (access & kMainBit) != 0 ? main_ : small_; }
  static bool is_of(const Queue& queue, uint8_t access, uint8_t stamp) {
    return (access & ~kHits) == (stamp << kStampShift | queue.bit);
  }
  void enqueue(Queue& queue, const Resident& resident, ResidentName name, uint8_t hits);
  void transfer(Queue& from, Queue& to, uint64_t weight);
  // A ghost of `missed` was asked for: its queue is too short.
  void learn(const Queue& missed, const Queue& other, uint64_t weight);
  void set_target(double target);
  // To be called when the shard is full, so that the residents tell how many entries the capacity is.
  void fit_ghosts_if_due() {
    if (small_.residents + main_.residents - fitting_residents_ > fitting_span_) [[unlikely]]
      fit_ghosts();
  }
  void fit_ghosts();
  void sweep_if_stale(Queue& queue);
  Resident next(Queue& queue, ResidentName& name);
  // Any resident: where too many stale names stand in a row, and where nobody has a name that is found. Of two that share
  // a name, one is found again and the other is not.
  Resident stray();

  PolicyContext context_;
  Queue small_;
  Queue main_;
  uint64_t capacity_ = 0;  // Not yet told.
  double target_ = 1;
  // What follows from it, so that evictions compare whole numbers.
  uint64_t whole_target_ = 1;
  bool small_has_rounds_ = false;
  // The ghosts fit as long as there are from this many residents to so many more.
  uint64_t fitting_residents_ = 0;
  uint64_t fitting_span_ = 0;
  double gain_ = 1;  // How far one ghost moves the target.
};

}  // namespace inlay
