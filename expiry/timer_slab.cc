#include "expiry/timer_slab.h"

namespace inlay {

void TimerSlab::refill() {
  while (lowest_room_ < segments_.size() && segments_[lowest_room_]->full()) ++lowest_room_;
  assert(lowest_room_ < 65536 && "a wheel holds at most 4 billion timers");
  if (lowest_room_ == segments_.size()) segments_.push_back(std::make_unique<TimerSegment>());
  reserve_ = segments_[lowest_room_]->reserve();
  reserve_.first |= lowest_room_ << 16;
}

bool TimerSlab::in_use(Handle timer) const {
  uint32_t bit = timer - reserve_.first;
  if (bit < 64 && (reserve_.free >> bit & 1) != 0) return false;
  return segment_number(timer) < segments_.size() && segment_of(timer).in_use(index_of(timer));
}

size_t TimerSlab::used() const {
  size_t used = 0;
  for (const auto& segment : segments_) used += segment->used();
  return used - std::popcount(reserve_.free);
}

size_t TimerSlab::memory_usage() const {
  size_t bytes = segments_.capacity() * sizeof(segments_[0]);
  for (const auto& segment : segments_) bytes += segment->memory_usage();
  return bytes;
}

absl::Status TimerSlab::check_invariants() const {
  for (uint32_t i = 0; i < segments_.size(); ++i) {
    if (i < lowest_room_ && !segments_[i]->full())
      return absl::InternalError("room in a segment taken to be full");
    if (absl::Status status = segments_[i]->check_invariants(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace inlay
