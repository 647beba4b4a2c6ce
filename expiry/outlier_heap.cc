#include "expiry/outlier_heap.h"

#include <tuple>

namespace inlay {
namespace {

bool before(const OutlierHeap::Item& a, const OutlierHeap::Item& b) {
  return std::tie(a.deadline_ms, a.timer) < std::tie(b.deadline_ms, b.timer);
}

}  // namespace

void OutlierHeap::insert(TimerSlab& slab, TimerSlab::Handle timer, int64_t deadline_ms) {
  items_.emplace_back();
  sift_up(slab, items_.size() - 1, {deadline_ms, timer});
}

void OutlierHeap::erase(TimerSlab& slab, TimerSlab::Handle timer) {
  size_t hole = slab.node(timer).heap_position();
  Item last = items_.back();
  items_.pop_back();
  if (hole == items_.size()) return;
  if (hole > 0 && before(last, items_[(hole - 1) / 2])) {
    sift_up(slab, hole, last);
  } else {
    sift_down(slab, hole, last);
  }
}

void OutlierHeap::put(TimerSlab& slab, size_t position, Item item) {
  items_[position] = item;
  slab.node(item.timer).make_outlier(static_cast<uint32_t>(position));
}

void OutlierHeap::sift_up(TimerSlab& slab, size_t position, Item item) {
  while (position > 0) {
    size_t parent = (position - 1) / 2;
    if (!before(item, items_[parent])) break;
    put(slab, position, items_[parent]);
    position = parent;
  }
  put(slab, position, item);
}

void OutlierHeap::sift_down(TimerSlab& slab, size_t position, Item item) {
  for (;;) {
    size_t child = 2 * position + 1;
    if (child >= items_.size()) break;
    if (child + 1 < items_.size() && before(items_[child + 1], items_[child])) ++child;
    if (!before(items_[child], item)) break;
    put(slab, position, items_[child]);
    position = child;
  }
  put(slab, position, item);
}

absl::Status OutlierHeap::check_invariants(const TimerSlab& slab) const {
  for (size_t i = 0; i < items_.size(); ++i) {
    if (i > 0 && before(items_[i], items_[(i - 1) / 2]))
      return absl::InternalError("outlier before its parent");
    if (!slab.in_use(items_[i].timer)) return absl::InternalError("outlier without a timer");
    const TimerNode& node = slab.node(items_[i].timer);
    if (!node.is_outlier() || node.heap_position() != i)
      return absl::InternalError("outlier with a wrong position");
  }
  return absl::OkStatus();
}

}  // namespace inlay
