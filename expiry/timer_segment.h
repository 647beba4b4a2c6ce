// Up to 64 768 timers, and the lists that tie them together: the storage under TimerWheel.
//
// A segment is small enough for 16 bits to name anything in it. That is what makes a timer 16 bytes, with
// both links of a doubly linked list, a deadline and a payload:
//
//      0        2        4                 8                                 16
//     +--------+--------+-----------------+----------+-----------------------+
//     |  next  |  prev  |   deadline,     | deadline,|       payload,        |     TimerNode
//     | 16 bit | 16 bit |  low 32 bits    | high 12  |       52 bits         |
//     +--------+--------+-----------------+----------+-----------------------+
//
// Indexes below kSlots name the heads of the lists, one list per slot of the wheel. The others name nodes,
// 256 to a chunk:
//
//       0 .. 767        768 .. 1023   1024 .. 1279   1280 .. 1535            (index)
//     +-------------+  +-----------+ +-----------+  +-----------+
//     | list heads  |  | free bits | | free bits |  | free bits |  ...  chunks: allocated one by one,
//     | next | prev |  | 256 nodes | | 256 nodes |  | 256 nodes |       never moved, given back
//     +-------------+  +-----------+ +-----------+  +-----------+       when empty
//
// Lists are circular and run through their heads, so that linking and unlinking never ask where they are.
// Free nodes are found by their bits, lowest chunk first: timers that are scheduled one after the other lie
// side by side, whatever was released before in which order.
//
// Bytes: 16.1 per timer (a node and its free bit), 3.2 kB for the heads, and a chunk of 4.1 kB that is partly
// empty.
//
// Invariants:
//   1. Going `next` from a head comes back to it over nodes in use, and `prev` is the way back.
//   2. A chunk's bit in `roomy_` is set if and only if one of the chunk's nodes is free.
//   3. No chunk is entirely free.
//
// Complexity: O(1), but for reserve(), which looks through a bit per chunk.
// Thread safety: owned by its wheel.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "expiry/timer_slots.h"

namespace inlay {

/// The neighbours in a slot's circular list, as indexes into the segment.
struct TimerLink {
  uint16_t next;
  uint16_t prev;
};

struct TimerNode {
  static constexpr int kDeadlineBits = TimerSlot::kDeadlineBits;
  static constexpr int kPayloadBits = 52;
  static constexpr uint64_t kDeadlineMask = (uint64_t{1} << kDeadlineBits) - 1;
  static constexpr uint64_t kPayloadMask = (uint64_t{1} << kPayloadBits) - 1;

  uint64_t payload() const { return high_and_payload & kPayloadMask; }
  uint64_t deadline_bits() const { return high_and_payload >> kPayloadBits << 32 | deadline_low; }

  /// These keep the low bits of what they are given.
  void set(uint64_t deadline, uint64_t payload) {
    deadline_low = static_cast<uint32_t>(deadline);
    high_and_payload = deadline >> 32 << kPayloadBits | (payload & kPayloadMask);
  }
  void set_deadline_bits(uint64_t deadline) { set(deadline, high_and_payload); }
  void set_payload(uint64_t payload) { set(deadline_bits(), payload); }

  /// An outlier is in no list: its deadline is in a heap, at the position that takes the place of the links.
  bool is_outlier() const {
    return deadline_low == static_cast<uint32_t>(kDeadlineMask) &&
           high_and_payload >> kPayloadBits == kDeadlineMask >> 32;
  }
  uint32_t heap_position() const { return uint32_t{link.next} << 16 | link.prev; }
  void make_outlier(uint32_t position) {
    set_deadline_bits(kDeadlineMask);
    link = {static_cast<uint16_t>(position >> 16), static_cast<uint16_t>(position)};
  }

  TimerLink link;
  uint32_t deadline_low;
  uint64_t high_and_payload;
};
static_assert(sizeof(TimerNode) == 16, "the byte budget of a timer");

class TimerSegment {
 public:
  static constexpr uint32_t kSlots = TimerSlot::kCount;
  static constexpr uint32_t kChunkNodes = 256;
  static constexpr uint32_t kChunks = (65536 - kSlots) / kChunkNodes;

  TimerSegment();

  uint32_t used() const { return used_; }
  bool full() const { return used_ == kChunks * kChunkNodes; }

  /// Free nodes, at most 64, set aside for the caller: they count as used.
  struct Reserve {
    uint64_t free = 0;  // Bit i stands for the index first + i.
    uint32_t first = 0;
  };
  /// The segment must not be full.
  Reserve reserve();

  /// Gives back a node that is in no list.
  void release(uint16_t index) {
    assert(in_use(index) && "a timer is released once");
    uint64_t& free = chunk_of(index).free[index % kChunkNodes / 64];
    bool had_room = free != 0;
    free |= uint64_t{1} << index % 64;
    --used_;
    if (!had_room || free == ~uint64_t{0}) [[unlikely]]
      note_room(chunk_number(index));
  }
  bool in_use(uint16_t index) const;
  /// Nodes that there is memory for, or was: their indexes begin at kSlots.
  uint32_t places() const { return static_cast<uint32_t>(chunks_.size()) * kChunkNodes; }

  TimerNode& node(uint16_t index) { return chunk_of(index).nodes[index % kChunkNodes]; }
  const TimerNode& node(uint16_t index) const { return chunk_of(index).nodes[index % kChunkNodes]; }

  bool slot_empty(uint32_t slot) const { return heads_[slot].next == slot; }
  /// The first timer of a slot's list, or the slot itself if the list is empty.
  uint16_t front(uint32_t slot) const { return heads_[slot].next; }

  void push_back(uint32_t slot, uint16_t index) {
    TimerLink& head = heads_[slot];
    node(index).link = {static_cast<uint16_t>(slot), head.prev};
    link(head.prev).next = index;
    head.prev = index;
  }

  /// Unlinks and returns the first timer of a list that is not empty.
  uint16_t pop_front(uint32_t slot) {
    uint16_t index = heads_[slot].next;
    uint16_t next = node(index).link.next;
    heads_[slot].next = next;
    link(next).prev = static_cast<uint16_t>(slot);
    __builtin_prefetch(&link(next), 1);
    return index;
  }

  void unlink(uint16_t index) {
    TimerLink at = node(index).link;
    link(at.next).prev = at.prev;
    link(at.prev).next = at.next;
  }

  /// Prefetches what unlink() and release() touch first. Inlined by force: g++ 12 takes a function that does
  /// nothing but prefetch for one without effect, and drops the call.
  [[gnu::always_inline]] void prefetch(uint16_t index) const {
    __builtin_prefetch(&node(index), 1);
    __builtin_prefetch(&chunk_of(index).free[index % kChunkNodes / 64], 1);
  }

  size_t memory_usage() const;
  absl::Status check_invariants() const;

 private:
  struct Chunk {
    std::array<uint64_t, kChunkNodes / 64> free;
    std::array<TimerNode, kChunkNodes> nodes;
  };

  static uint32_t chunk_number(uint16_t index) { return index / kChunkNodes - kSlots / kChunkNodes; }
  Chunk& chunk_of(uint16_t index) { return *chunks_[chunk_number(index)]; }
  const Chunk& chunk_of(uint16_t index) const { return *chunks_[chunk_number(index)]; }
  TimerLink& link(uint16_t index) { return index < kSlots ? heads_[index] : node(index).link; }
  const TimerLink& link(uint16_t index) const { return index < kSlots ? heads_[index] : node(index).link; }

  void add_chunk();
  void note_room(uint32_t at);

  std::array<TimerLink, kSlots> heads_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::array<uint64_t, (kChunks + 63) / 64> roomy_{};
  uint32_t used_ = 0;
  uint32_t chunk_count_ = 0;  // Of those that are there.
};

}  // namespace inlay
