// The timers that have no slot in the wheel: a binary heap of deadlines.
//
// Outliers are timers whose deadline was already past, by the wheel's time, when they were scheduled (the
// clock went back, or the caller was late), and those centuries away. Both are rare and may come in any
// order, so a heap serves: O(log n) to add and remove, 16 bytes each. An outlier stays in the heap until it
// fires, is cancelled or is rescheduled.
//
// Invariants:
//   1. No item is before its parent, by deadline and then by handle.
//   2. The node of each item says that it is an outlier, and at which position of the heap.
//
// Thread safety: owned by its wheel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "expiry/timer_slab.h"

namespace inlay {

class OutlierHeap {
 public:
  struct Item {
    int64_t deadline_ms;
    TimerSlab::Handle timer;
  };

  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const Item& earliest() const { return items_.front(); }

  /// The deadline of `node`, which is an outlier.
  int64_t deadline(const TimerNode& node) const { return items_[node.heap_position()].deadline_ms; }

  /// Adds a timer and makes its node an outlier.
  void insert(TimerSlab& slab, TimerSlab::Handle timer, int64_t deadline_ms);
  /// Removes a timer that is in the heap. Its node holds no deadline afterwards.
  void erase(TimerSlab& slab, TimerSlab::Handle timer);

  size_t memory_usage() const { return items_.capacity() * sizeof(Item); }
  absl::Status check_invariants(const TimerSlab& slab) const;

 private:
  void put(TimerSlab& slab, size_t position, Item item);
  void sift_up(TimerSlab& slab, size_t position, Item item);
  void sift_down(TimerSlab& slab, size_t position, Item item);

  std::vector<Item> items_;
};

}  // namespace inlay
