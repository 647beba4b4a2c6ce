#include "engine/eviction/name_queue.h"

namespace inlay {

NameQueue::Chunk* NameQueue::add_chunk() {
  auto* chunk = new Chunk;
  chunk->newer = nullptr;
  chunk->stamp = next_stamp_;
  chunk->begin = chunk->end = 0;
  next_stamp_ = (next_stamp_ + 1) & ((1u << kStampBits) - 1);
  (newest_ == nullptr ? oldest_ : newest_->newer) = chunk;
  newest_ = chunk;
  ++chunks_;
  return chunk;
}

void NameQueue::free_oldest() {
  Chunk* gone = oldest_;
  oldest_ = gone->newer;
  if (oldest_ == nullptr) newest_ = nullptr;
  if (swept_ == gone) swept_ = oldest_;
  --chunks_;
  delete gone;
}

void NameQueue::clear() {
  while (oldest_ != nullptr) free_oldest();
  size_ = 0;
}

void NameQueue::close_gap(Chunk* chunk, absl::FunctionRef<bool(const Item&)> is_stale) {
  uint8_t kept = 0;
  for (size_t i = chunk->begin; i < chunk->end; ++i) {
    const ResidentName name = chunk->at(i);
    if (!is_stale({name, chunk->stamp})) chunk->set(kept++, name);
  }
  size_ -= chunk->size() - kept;
  chunk->begin = 0;
  chunk->end = kept;
}

void NameQueue::take_from_newer(Chunk* chunk, absl::FunctionRef<void(const Item&)> restamp) {
  Chunk* newer = chunk->newer;
  while (chunk->end < kChunkNames && newer->size() > 0) {
    const ResidentName name = newer->at(newer->begin++);
    chunk->set(chunk->end++, name);
    restamp({name, chunk->stamp});
  }
  if (newer->size() > 0) return;
  chunk->newer = newer->newer;
  --chunks_;
  delete newer;
}

void NameQueue::sweep_chunk(absl::FunctionRef<bool(const Item&)> is_stale,
                            absl::FunctionRef<void(const Item&)> restamp) {
  if (swept_ == nullptr) {
    if (oldest_ == newest_) return;
    swept_ = oldest_;
    close_gap(swept_, is_stale);
  } else if (Chunk* newer = swept_->newer; newer == newest_ || newer == nullptr) {
    swept_ = nullptr;
  } else {
    close_gap(newer, is_stale);
    take_from_newer(swept_, restamp);
    if (swept_->newer == newer) swept_ = newer;
  }
  drop_empty_oldest();
}

bool NameQueue::check_invariants() const {
  size_t names = 0;
  size_t chunks = 0;
  const Chunk* last = nullptr;
  for (const Chunk* chunk = oldest_; chunk != nullptr; chunk = chunk->newer) {
    if (chunk->begin > chunk->end || chunk->end > kChunkNames) return false;
    names += chunk->size();
    ++chunks;
    last = chunk;
  }
  if (oldest_ != nullptr && oldest_ != newest_ && oldest_->size() == 0) return false;
  return last == newest_ && names == size_ && chunks == chunks_;
}

}  // namespace inlay
