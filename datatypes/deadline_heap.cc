#include "datatypes/deadline_heap.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>

namespace inlay {
namespace {

// realloc() that keeps `bytes` the sum of what the allocator gave. Null when memory is exhausted.
template <class T>
T* resize(T* old, size_t count, size_t* bytes) {
  const size_t before = malloc_usable_size(old);
  auto* fresh = static_cast<T*>(std::realloc(static_cast<void*>(old), count * sizeof(T)));
  if (fresh != nullptr) *bytes += malloc_usable_size(fresh) - before;
  return fresh;
}

}  // namespace

DeadlineHeap::~DeadlineHeap() {
  for (size_t i = 0; i < chunk_count_; ++i) std::free(chunks_[i]);
  std::free(chunks_);
}

// Makes sure that the entry after the last has a place.
bool DeadlineHeap::make_room() {
  if (size_ < first_room_ || (first_room_ == kChunk && size_ < chunk_count_ * kChunk)) return true;
  const bool grows_first = first_room_ != 0 && first_room_ < kChunk;
  if (!grows_first && chunk_count_ == chunk_room_) {
    const size_t room = std::max<size_t>(1, chunk_room_ * 2);
    Entry** fresh = resize(chunks_, room, &bytes_);
    if (fresh == nullptr) return false;
    chunks_ = fresh;
    chunk_room_ = room;
  }
  const size_t room = grows_first ? first_room_ * 2 : first_room_ == 0 ? kFirstChunkMin : kChunk;
  Entry* chunk = resize(grows_first ? chunks_[0] : nullptr, room, &bytes_);
  if (chunk == nullptr) return false;
  chunks_[grows_first ? 0 : chunk_count_++] = chunk;
  if (chunk_count_ == 1) first_room_ = room;
  return true;
}

// Frees the last chunk when two are empty, so that going back and forth over an edge costs nothing; the last entry's too.
void DeadlineHeap::drop_room() {
  while (chunk_count_ > 2 && size_ <= (chunk_count_ - 2) * kChunk) {
    Entry* const last = chunks_[--chunk_count_];
    bytes_ -= malloc_usable_size(last);
    std::free(last);
  }
  if (size_ != 0) return;
  for (size_t i = 0; i < chunk_count_; ++i) std::free(chunks_[i]);
  std::free(chunks_);
  chunks_ = nullptr;
  chunk_count_ = chunk_room_ = first_room_ = bytes_ = 0;
}

void DeadlineHeap::put(Position at, const Entry& moved) {
  entry(at) = moved;
  set_position(slab_->at(moved.ref), at);
}

// Places `moved`, for which the place `at` is free, where the order wants it.
void DeadlineHeap::sift(Position at, Entry moved) {
  const int64_t deadline = moved.deadline();
  for (; at != 0; at = static_cast<Position>((at - 1) / kArity)) {
    const Entry& parent = entry((at - 1) / kArity);
    if (parent.deadline() <= deadline) break;
    put(at, parent);
  }
  for (size_t child; (child = size_t{at} * kArity + 1) < size_;) {
    const size_t end = std::min(child + kArity, size_);
    size_t least = child;
    while (++child < end) {
      if (entry(child).deadline() < entry(least).deadline()) least = child;
    }
    if (entry(least).deadline() >= deadline) break;
    put(at, entry(least));
    at = static_cast<Position>(least);
  }
  put(at, moved);
}

bool DeadlineHeap::insert(void* block, int64_t deadline) {
  if (!make_room()) return false;
  Entry added{0, 0, slab_->ref_of(block)};
  added.set_deadline(deadline);
  sift(static_cast<Position>(size_++), added);
  return true;
}

void DeadlineHeap::erase(Position at) {
  set_position(block(at), kNowhere);
  const Entry last = entry(--size_);
  if (at != size_) sift(at, last);
  drop_room();
}

void DeadlineHeap::update(Position at, int64_t deadline) {
  Entry moved = entry(at);
  moved.set_deadline(deadline);
  sift(at, moved);
}

void DeadlineHeap::rename(Position at, void* block) {
  entry(at).ref = slab_->ref_of(block);
  set_position(block, at);
}

bool DeadlineHeap::check_invariants() const {
  for (size_t i = 0; i < size_; ++i) {
    if (position_of(block(static_cast<Position>(i))) != i) return false;
    if (i != 0 && entry((i - 1) / kArity).deadline() > entry(i).deadline()) return false;
  }
  size_t bytes = malloc_usable_size(chunks_);
  for (size_t i = 0; i < chunk_count_; ++i) bytes += malloc_usable_size(chunks_[i]);
  return bytes == bytes_;
}

}  // namespace inlay
