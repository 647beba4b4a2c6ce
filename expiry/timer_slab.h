// All timers of a wheel, by handle: segments, one after the other.
//
// A handle's upper half is the segment, its lower half the index in it. No timer has index 0, so no handle is
// 0. Growing adds a chunk of 256 timers, now and then a segment; nothing is ever copied but the table of
// pointers to segments (8 bytes per 64 768 timers). Lower segments are filled first.
//
// Thread safety: owned by its wheel.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "expiry/timer_segment.h"
#include "expiry/timer_slots.h"

namespace inlay {

class TimerSlab {
 public:
  using Handle = uint32_t;

  static Handle handle(uint32_t segment, uint16_t index) { return segment << 16 | index; }
  static uint32_t segment_number(Handle timer) { return timer >> 16; }
  static uint16_t index_of(Handle timer) { return static_cast<uint16_t>(timer); }
  TimerSegment& segment_of(Handle timer) { return *segments_[segment_number(timer)]; }
  const TimerSegment& segment_of(Handle timer) const { return *segments_[segment_number(timer)]; }
  TimerNode& node(Handle timer) { return segment_of(timer).node(index_of(timer)); }
  const TimerNode& node(Handle timer) const { return segment_of(timer).node(index_of(timer)); }

  Handle allocate() {
    if (reserve_.free == 0) refill();
    uint32_t bit = std::countr_zero(reserve_.free);
    reserve_.free &= reserve_.free - 1;
    return reserve_.first + bit;
  }
  /// Gives back a timer that is in no list and not in the heap.
  void release(Handle timer) {
    TimerSegment& segment = segment_of(timer);
    if (segment.full()) [[unlikely]]
      lowest_room_ = std::min(lowest_room_, segment_number(timer));
    segment.release(index_of(timer));
  }
  bool in_use(Handle timer) const;
  size_t used() const;

  uint32_t segments() const { return static_cast<uint32_t>(segments_.size()); }
  TimerSegment& segment(uint32_t i) { return *segments_[i]; }
  const TimerSegment& segment(uint32_t i) const { return *segments_[i]; }

  /// Of the segments `from`, `from` + 64, `from` + 128 and so on, the first that has timers in `slot`;
  /// segments() or more if none has.
  uint32_t next_in_group(uint32_t from, uint32_t slot) const {
    while (from < segments() && segments_[from]->slot_empty(slot)) from += OccupiedSlots::kGroups;
    return from;
  }

  size_t memory_usage() const;
  absl::Status check_invariants() const;

 private:
  void refill();

  std::vector<std::unique_ptr<TimerSegment>> segments_;
  TimerSegment::Reserve reserve_;  // What allocate() takes from; `first` is a whole handle.
  uint32_t lowest_room_ = 0;       // All segments below it are full.
};

}  // namespace inlay
