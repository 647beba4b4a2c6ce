// NameQueue: a first-in first-out queue of names that may go stale, 5 bytes a name.
//
//   oldest chunk ----------> chunk ----------> newest chunk
//   | stamp 7 | names, 64 |  | stamp 8 | ... |  | stamp 9 | ...   |
//
// Nobody tells the queue when the resident behind a name has gone: names go stale. A chunk has a stamp, which the owner
// writes into the resident's access byte when it queues it; a name whose resident bears another stamp is an older
// mention of it, and stale as well. Who pops, finds the resident and compares, and passes over the stale.
//
// Where many entries are deleted rather than evicted, stale names would pile up: sweep_chunk() works through the queue by
// and by, drops them, and joins chunks that are partly empty.
//
// Budget: 5.4 bytes a name in full chunks; at most two are not full, but for those that sweeps have yet to reach.
//
// Invariants
//   1. The oldest chunk holds a name, unless the queue is empty.
//   2. size() is the number of names in all chunks.
//   3. Only the newest chunk gains names, but for those that the sweep moves to it from its successor.
//
// Complexity: push, pop O(1); sweep_chunk O(kChunkNames).
// Thread safety: thread-compatible (owned by its policy).
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/functional/function_ref.h"
#include "engine/eviction/policy.h"

namespace inlay {

class NameQueue {
 public:
  static constexpr unsigned kStampBits = 5;
  static constexpr size_t kChunkNames = 64;

  struct Item {
    ResidentName name;
    uint8_t stamp;
  };

  NameQueue() = default;
  ~NameQueue() { clear(); }
  NameQueue(const NameQueue&) = delete;
  NameQueue& operator=(const NameQueue&) = delete;

  /// Queues a name and returns the stamp that it goes by.
  uint8_t push(ResidentName name);
  /// Takes the oldest. The queue must not be empty.
  Item pop();
  /// The name that stands `ahead` places behind the oldest, if it is near enough to be known cheaply, else the oldest.
  /// The queue must not be empty.
  ResidentName peek(size_t ahead) const;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear();

  /// Goes on with the sweep, from the oldest chunk to the newest and over again, by one chunk. `is_stale` decides;
  /// `restamp` is called for a name that now goes by another stamp.
  void sweep_chunk(absl::FunctionRef<bool(const Item&)> is_stale,
                   absl::FunctionRef<void(const Item&)> restamp);

  size_t memory_usage() const { return chunks_ * sizeof(Chunk); }
  bool check_invariants() const;

 private:
  static constexpr size_t kNameBytes = kResidentNameBits / 8;

  struct Chunk {
    Chunk* newer;
    uint8_t stamp;
    uint8_t begin;
    uint8_t end;
    // A name is read and written as eight bytes, of which the last three belong to whatever follows.
    uint8_t names[kChunkNames * kNameBytes + 5];

    size_t size() const { return size_t{end} - begin; }
    ResidentName at(size_t i) const;
    void set(size_t i, ResidentName name);
  };
  static_assert(sizeof(Chunk) == 336);

  Chunk* add_chunk();
  void free_oldest();
  void drop_empty_oldest();
  void close_gap(Chunk* chunk, absl::FunctionRef<bool(const Item&)> is_stale);
  void take_from_newer(Chunk* chunk, absl::FunctionRef<void(const Item&)> restamp);

  Chunk* oldest_ = nullptr;
  Chunk* newest_ = nullptr;
  Chunk* swept_ = nullptr;  // Where the sweep goes on; null: at the oldest.
  size_t size_ = 0;
  size_t chunks_ = 0;
  uint8_t next_stamp_ = 0;
};

// In line, as every eviction goes through them several times.
inline ResidentName NameQueue::Chunk::at(size_t i) const {
  uint64_t word;
  std::memcpy(&word, names + i * kNameBytes, sizeof word);
  return word & ((uint64_t{1} << kResidentNameBits) - 1);
}

inline void NameQueue::Chunk::set(size_t i, ResidentName name) {
  std::memcpy(names + i * kNameBytes, &name, kNameBytes);
}

inline void NameQueue::drop_empty_oldest() {
  while (oldest_ != newest_ && oldest_->size() == 0) free_oldest();
}

inline uint8_t NameQueue::push(ResidentName name) {
  assert(name >> kResidentNameBits == 0);
  Chunk* chunk = newest_;
  if (chunk == nullptr || chunk->end == kChunkNames) chunk = add_chunk();
  chunk->set(chunk->end++, name);
  ++size_;
  drop_empty_oldest();
  return chunk->stamp;
}

inline NameQueue::Item NameQueue::pop() {
  assert(!empty());
  const Item item{oldest_->at(oldest_->begin++), oldest_->stamp};
  --size_;
  drop_empty_oldest();
  return item;
}

inline ResidentName NameQueue::peek(size_t ahead) const {
  assert(!empty());
  const Chunk* chunk = oldest_;
  if (ahead >= chunk->size() && chunk->newer != nullptr) {
    ahead -= chunk->size();
    chunk = chunk->newer;
  }
  return ahead < chunk->size() ? chunk->at(chunk->begin + ahead) : oldest_->at(oldest_->begin);
}

}  // namespace inlay
