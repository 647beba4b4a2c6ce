// The directory of ListBlocks: branches of up to 128 descriptors.
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "datatypes/list_blocks.h"

namespace inlay {

// An empty branch, which the caller fills.
bool ListBlocks::insert_branch(size_t branch, size_t capacity) {
  if (branch_count_ == branch_capacity_) {
    const size_t wanted = branch_capacity_ == 0 ? 1 : branch_capacity_ * 2;
    const size_t before = branches_ == nullptr ? 0 : malloc_usable_size(branches_);
    void* moved = std::realloc(branches_, wanted * sizeof(Branch));
    if (moved == nullptr) return false;
    branches_ = static_cast<Branch*>(moved);
    branch_capacity_ = wanted;
    heap_bytes_ += malloc_usable_size(branches_) - before;
  }
  auto* blocks = static_cast<ListBlock*>(std::malloc(capacity * sizeof(ListBlock)));
  if (blocks == nullptr) return false;
  heap_bytes_ += malloc_usable_size(blocks);
  Branch* const at = branches_ + branch;
  std::memmove(at + 1, at, (branch_count_ - branch) * sizeof(Branch));
  *at = {blocks, 0, 0, static_cast<uint32_t>(capacity)};
  ++branch_count_;
  return true;
}

bool ListBlocks::resize_branch(Branch& branch, size_t capacity) {
  const size_t before = malloc_usable_size(branch.blocks);
  void* moved = std::realloc(branch.blocks, capacity * sizeof(ListBlock));
  if (moved == nullptr) return false;
  branch.blocks = static_cast<ListBlock*>(moved);
  branch.capacity = static_cast<uint32_t>(capacity);
  heap_bytes_ += malloc_usable_size(moved) - before;
  return true;
}

// Makes room for a block at `place` of a full branch, and moves the place to where it then is. Pushes open an empty
// branch at the end, so that branches are filled.
bool ListBlocks::split_branch(Place& place) {
  constexpr size_t kCapacityOfPushed = 16;
  if (place.block == 0) return insert_branch(place.branch, kCapacityOfPushed);
  if (place.block == kBranchBlocks) {
    if (!insert_branch(place.branch + 1, kCapacityOfPushed)) return false;
    place = {place.branch + 1, 0, 0};
    return true;
  }
  constexpr size_t kHalf = kBranchBlocks / 2;
  if (!insert_branch(place.branch + 1, kBranchBlocks)) return false;
  Branch& lower = branches_[place.branch];
  Branch& upper = branches_[place.branch + 1];
  std::memcpy(upper.blocks, lower.blocks + kHalf, kHalf * sizeof(ListBlock));
  upper.size = kHalf;
  for (size_t block = 0; block < kHalf; ++block) upper.elements += upper.blocks[block].count();
  lower.size = kHalf;
  lower.elements -= upper.elements;
  if (place.block > kHalf) place = {place.branch + 1, place.block - kHalf, 0};
  return true;
}

void ListBlocks::erase_branch(size_t branch) {
  Branch* const at = branches_ + branch;
  for (ListBlock* block = at->blocks; block != at->blocks + at->size; ++block) {
    heap_bytes_ -= block->memory_usage();
    block->release();
  }
  size_ -= at->elements;
  heap_bytes_ -= malloc_usable_size(at->blocks);
  std::free(at->blocks);
  --branch_count_;
  std::memmove(at, at + 1, (branch_count_ - branch) * sizeof(Branch));
}

// Joins the branch with a neighbour where both are small; else, and out of memory, they stay apart.
void ListBlocks::merge_branch(size_t branch) {
  constexpr size_t kBlocksOfMerged = kBranchBlocks / 2;
  if (branch + 1 == branch_count_) {
    if (branch == 0) return;
    --branch;
  }
  Branch& left = branches_[branch];
  Branch& right = branches_[branch + 1];
  const size_t size = size_t{left.size} + right.size;
  if (size > kBlocksOfMerged || (left.capacity < size && !resize_branch(left, kBlocksOfMerged))) return;
  std::memcpy(left.blocks + left.size, right.blocks, right.size * sizeof(ListBlock));
  left.size = static_cast<uint32_t>(size);
  left.elements += right.elements;
  size_ += right.elements;  // Erasing the branch takes them off.
  right.size = 0;
  erase_branch(branch + 1);
}

}  // namespace inlay
