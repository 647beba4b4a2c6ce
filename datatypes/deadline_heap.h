// DeadlineHeap: the blocks of a Slab that have a deadline, earliest first.
//
//   entries   0 | 1 2 3 4 | 5 6 7 8 | 9 ..     a 4-ary heap: the parent of i is (i - 1) / 4
//   entry     deadline, 8 | the block's Slab::Ref, 4
//   block     +----+-------------+-- --+
//             |    | position, 4 |     |       where the block's entry stands, so that it can be erased or moved
//             +----+-------------+-- --+
//                  kPositionOffset
//
// Entries stand in chunks of 1024, the first of which grows from 8 by doubling: no insert moves more than one chunk.
//
// Budget: 12 bytes per deadline and 4 in its block; 8 per chunk.
//
// Invariants
//   1. No entry's deadline is before its parent's.
//   2. The block of the entry at i says i.
//
// Complexity: insert O(1) expected, earliest O(1), erase and update O(log n).
// Thread safety: thread-compatible.
// After: Johnson, "Priority queues with update and finding minimum spanning trees" (IPL 1975).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "inlay/datatypes/slab.h"

namespace inlay {

class DeadlineHeap {
 public:
  using Position = uint32_t;
  static constexpr Position kNowhere = ~Position{0};
  static constexpr size_t kPositionOffset = 1;

  /// A heap of blocks of `slab`, which must outlive it.
  explicit DeadlineHeap(const Slab& slab) : slab_(&slab) {}
  ~DeadlineHeap();
  DeadlineHeap(const DeadlineHeap&) = delete;
  DeadlineHeap& operator=(const DeadlineHeap&) = delete;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Bytes of the heap that the entries take.
  size_t memory_usage() const { return bytes_; }

  int64_t deadline(Position at) const { return entry(at).deadline(); }
  void* block(Position at) const { return slab_->at(entry(at).ref); }

  /// Adds a block; false, with nothing changed, when memory is exhausted.
  [[nodiscard]] bool insert(void* block, int64_t deadline);
  /// Removes an entry; its block then says kNowhere.
  void erase(Position at);
  void update(Position at, int64_t deadline);
  /// Names another block in the entry.
  void rename(Position at, void* block);

  bool check_invariants() const;

  static Position position_of(const void* block) {
    Position at;
    std::memcpy(&at, static_cast<const char*>(block) + kPositionOffset, sizeof at);
    return at;
  }
  static void set_position(void* block, Position at) {
    std::memcpy(static_cast<char*>(block) + kPositionOffset, &at, sizeof at);
  }

 private:
  static constexpr size_t kArity = 4;
  static constexpr size_t kChunk = 1024;
  static constexpr size_t kFirstChunkMin = 8;

  struct Entry {
    uint32_t low, high;
    Slab::Ref ref;
    int64_t deadline() const { return static_cast<int64_t>(uint64_t{high} << 32 | low); }
    void set_deadline(int64_t deadline) {
      low = static_cast<uint32_t>(deadline);
      high = static_cast<uint32_t>(static_cast<uint64_t>(deadline) >> 32);
    }
  };
  static_assert(sizeof(Entry) == 12);

  Entry& entry(size_t at) const { return chunks_[at / kChunk][at % kChunk]; }
  bool make_room();
  void drop_room();
  void sift(Position at, Entry moved);
  void put(Position at, const Entry& moved);

  const Slab* slab_;
  Entry** chunks_ = nullptr;
  size_t size_ = 0;
  size_t chunk_count_ = 0;
  size_t chunk_room_ = 0;  // Of chunks_.
  size_t first_room_ = 0;  // Of the first chunk.
  size_t bytes_ = 0;
};

}  // namespace inlay
