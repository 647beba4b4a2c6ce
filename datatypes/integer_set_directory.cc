// The directory of an IntegerSet of several blocks: chunks of descriptors.
#include <malloc.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>

#include "datatypes/integer_block.h"
#include "inlay/datatypes/integer_set.h"

namespace inlay {
namespace {

constexpr uint32_t kFirstCapacity = 8;

// An array resized to `count` elements, null when out of memory; `bytes` follows its usable size.
template <class T>
T* resized(T* array, size_t count, size_t& bytes) {
  const size_t before = malloc_usable_size(array);
  auto* fresh = static_cast<T*>(std::realloc(static_cast<void*>(array), count * sizeof(T)));
  if (fresh != nullptr) bytes += malloc_usable_size(fresh) - before;
  return fresh;
}

}  // namespace

// Turns the only block into a chunk of one; nothing where there is a directory already.
bool IntegerSet::make_directory() {
  if (chunk_count_ != 0) return true;
  auto* const chunks = resized<Chunk>(nullptr, 1, bytes_);
  auto* const blocks = resized<Descriptor>(nullptr, kFirstCapacity, bytes_);
  if (chunks == nullptr || blocks == nullptr) {
    bytes_ -= malloc_usable_size(chunks) + malloc_usable_size(blocks);
    std::free(chunks);
    std::free(blocks);
    return false;
  }
  assert((reinterpret_cast<uint64_t>(block_) >> 48) == 0 && "addresses have 48 bits");
  const IntegerBlock block(block_);
  blocks[0] = Descriptor(block.first(), block_, block.count());
  chunks[0] = {block.first(), blocks, block.count(), 1, kFirstCapacity};
  chunks_ = chunks;
  chunk_count_ = chunk_capacity_ = 1;
  block_ = nullptr;
  return true;
}

void IntegerSet::drop_directory_of_one() {
  if (chunk_count_ != 1 || chunks_[0].count != 1) return;
  block_ = chunks_[0].blocks[0].block();
  bytes_ -= malloc_usable_size(chunks_[0].blocks) + malloc_usable_size(chunks_);
  std::free(chunks_[0].blocks);
  std::free(chunks_);
  chunks_ = nullptr;
  chunk_count_ = chunk_capacity_ = 0;
}

// Room for one more descriptor in a chunk, by growing or splitting it.
bool IntegerSet::make_room_in(uint32_t index) {
  Chunk& chunk = chunks_[index];
  if (chunk.count < chunk.capacity) return true;
  if (chunk.count == kChunkBlocksMax) return split_chunk(index);
  const uint32_t capacity = 2 * chunk.capacity;
  auto* const blocks = resized(chunk.blocks, capacity, bytes_);
  if (blocks == nullptr) return false;
  chunk.blocks = blocks;
  chunk.capacity = capacity;
  return true;
}

bool IntegerSet::reserve_chunk() {
  if (chunk_count_ < chunk_capacity_) return true;
  const uint32_t capacity = chunk_capacity_ + std::max(chunk_capacity_ / 2, uint32_t{4});
  auto* const chunks = resized(chunks_, capacity, bytes_);
  if (chunks == nullptr) return false;
  chunks_ = chunks;
  chunk_capacity_ = capacity;
  return true;
}

// Moves the later descriptors of a full chunk to one of their own: half of them, but few where members come in order.
bool IntegerSet::split_chunk(uint32_t index) {
  if (!reserve_chunk()) return false;
  const bool last = index + 1 == chunk_count_;
  const uint32_t moved = last ? kChunkBlocksMax / 16 : kChunkBlocksMax / 2;
  auto* const blocks = resized<Descriptor>(nullptr, kChunkBlocksMax, bytes_);
  if (blocks == nullptr) return false;
  Chunk& chunk = chunks_[index];
  const Descriptor* const from = chunk.blocks + chunk.count - moved;
  std::copy(from, from + moved, blocks);
  size_t members = 0;
  for (uint32_t i = 0; i < moved; ++i) members += blocks[i].count();
  chunk.count -= moved;
  chunk.members -= members;
  Chunk* const at = chunks_ + index + 1;
  std::memmove(static_cast<void*>(at + 1), at, (chunk_count_ - index - 1) * sizeof *at);
  *at = {blocks[0].first, blocks, members, moved, kChunkBlocksMax};
  ++chunk_count_;
  return true;
}

// Gives back the room of a chunk that is mostly empty, if memory allows.
void IntegerSet::trim_chunk(uint32_t index) {
  Chunk& chunk = chunks_[index];
  if (chunk.capacity == kFirstCapacity || chunk.count > chunk.capacity / 4) return;
  auto* const blocks = resized(chunk.blocks, chunk.capacity / 2, bytes_);
  if (blocks == nullptr) return;
  chunk.blocks = blocks;
  chunk.capacity /= 2;
}

void IntegerSet::remove_chunk(uint32_t index) {
  bytes_ -= malloc_usable_size(chunks_[index].blocks);
  std::free(chunks_[index].blocks);
  Chunk* const at = chunks_ + index;
  --chunk_count_;
  std::memmove(static_cast<void*>(at), at + 1, (chunk_count_ - index) * sizeof *at);
}

}  // namespace inlay
