#include "expiry/timer_segment.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace inlay {

TimerSegment::TimerSegment() {
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    heads_[slot] = {static_cast<uint16_t>(slot), static_cast<uint16_t>(slot)};
  }
}

TimerSegment::Reserve TimerSegment::reserve() {
  assert(!full());
  auto roomy = std::find_if(roomy_.begin(), roomy_.end(), [](uint64_t word) { return word != 0; });
  if (roomy == roomy_.end()) {
    add_chunk();
    return reserve();
  }
  uint32_t at = static_cast<uint32_t>((roomy - roomy_.begin()) * 64 + std::countr_zero(*roomy));
  auto& free = chunks_[at]->free;
  auto word = std::find_if(free.begin(), free.end(), [](uint64_t word) { return word != 0; });
  Reserve reserve{*word, kSlots + at * kChunkNodes + static_cast<uint32_t>(word - free.begin()) * 64};
  *word = 0;
  used_ += std::popcount(reserve.free);
  if (std::all_of(word, free.end(), [](uint64_t word) { return word == 0; }))
    *roomy &= ~(uint64_t{1} << at % 64);
  return reserve;
}

void TimerSegment::add_chunk() {
  auto vacant = std::find(chunks_.begin(), chunks_.end(), nullptr);
  if (vacant == chunks_.end()) vacant = chunks_.emplace(vacant);
  vacant->reset(new Chunk);
  ++chunk_count_;
  (*vacant)->free.fill(~uint64_t{0});
  uint32_t at = static_cast<uint32_t>(vacant - chunks_.begin());
  assert(at < kChunks);
  roomy_[at / 64] |= uint64_t{1} << at % 64;
}

void TimerSegment::note_room(uint32_t at) {
  const auto& free = chunks_[at]->free;
  bool empty = std::all_of(free.begin(), free.end(), [](uint64_t word) { return word == ~uint64_t{0}; });
  if (empty) {
    chunks_[at].reset();
    --chunk_count_;
  }
  uint64_t bit = uint64_t{1} << at % 64;
  roomy_[at / 64] = empty ? roomy_[at / 64] & ~bit : roomy_[at / 64] | bit;
}

bool TimerSegment::in_use(uint16_t index) const {
  if (index < kSlots || chunk_number(index) >= chunks_.size() || !chunks_[chunk_number(index)]) return false;
  return (chunk_of(index).free[index % kChunkNodes / 64] >> index % 64 & 1) == 0;
}

size_t TimerSegment::memory_usage() const {
  return sizeof(*this) + chunks_.capacity() * sizeof(chunks_[0]) + chunk_count_ * sizeof(Chunk);
}

absl::Status TimerSegment::check_invariants() const {
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    uint16_t at = static_cast<uint16_t>(slot);
    do {
      uint16_t next = link(at).next;
      if (next >= kSlots ? !in_use(next) : next != slot)
        return absl::InternalError("timer list leads astray");
      if (link(next).prev != at) return absl::InternalError("timer list does not lead back");
      at = next;
    } while (at != slot);
  }
  uint32_t used = 0;
  uint32_t chunks = 0;
  for (uint32_t i = 0; i < chunks_.size(); ++i) {
    bool roomy = roomy_[i / 64] >> i % 64 & 1;
    uint32_t free = 0;
    if (chunks_[i]) {
      ++chunks;
      for (uint64_t word : chunks_[i]->free) free += std::popcount(word);
      used += kChunkNodes - free;
    }
    if (roomy != (free > 0)) return absl::InternalError("chunk with a wrong roomy bit");
    if (free == kChunkNodes) return absl::InternalError("chunk kept without a timer");
  }
  if (chunks != chunk_count_) return absl::InternalError("segment with a wrong count of chunks");
  if (used != used_) return absl::InternalError("segment with a wrong count of timers");
  return absl::OkStatus();
}

}  // namespace inlay
