#include "datatypes/list_blocks.h"

#include <malloc.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

namespace inlay {
namespace {

// The item that holds the element `index` of `total`, looked for from the nearer end; leaves the index within it.
template <class Item, class Count>
size_t descend(const Item* items, size_t size, size_t total, size_t& index, Count count_of) {
  if (index < total / 2) {
    size_t item = 0;
    for (size_t count = count_of(items[0]); index >= count; count = count_of(items[++item])) index -= count;
    return item;
  }
  size_t behind = total - index;
  size_t item = size - 1;
  size_t count = count_of(items[item]);
  for (; behind > count; count = count_of(items[--item])) behind -= count;
  index = count - behind;
  return item;
}

}  // namespace

ListBlocks* ListBlocks::create() {
  void* memory = std::malloc(sizeof(ListBlocks));
  if (memory == nullptr) return nullptr;
  auto* blocks = new (memory) ListBlocks;
  blocks->heap_bytes_ = malloc_usable_size(memory);
  return blocks;
}

void ListBlocks::destroy(ListBlocks* blocks) {
  if (blocks == nullptr) return;
  blocks->~ListBlocks();
  std::free(blocks);
}

ListBlocks::~ListBlocks() {
  while (branch_count_ != 0) erase_branch(branch_count_ - 1);
  std::free(branches_);
}

ListBlocks::Place ListBlocks::locate(size_t index) const {
  assert(index < size_ && "an element that exists");
  const size_t branch = descend(branches_, branch_count_, size_, index,
                                [](const Branch& item) { return static_cast<size_t>(item.elements); });
  const Branch& in = branches_[branch];
  const size_t block =
      descend(in.blocks, in.size, in.elements, index, [](const ListBlock& item) { return item.count(); });
  return {branch, block, index};
}

Element ListBlocks::at(size_t index) const {
  const Place place = locate(index);
  const ListBlock& in = branches_[place.branch].blocks[place.block];
  // The ends are at hand.
  if (index != 0 && index + 1 != size_) in.prefetch(place.index);
  const char* at = in.locate(place.index);
  return next_element(at);
}

void ListBlocks::visit(size_t from, List::Direction direction,
                       absl::FunctionRef<bool(const Element&)> step) const {
  if (from >= size_) return;
  Place place = locate(from);
  if (direction == List::Direction::kForward) {
    for (; place.branch < branch_count_; ++place.branch, place.block = 0) {
      const Branch& branch = branches_[place.branch];
      for (; place.block < branch.size; ++place.block, place.index = 0) {
        const ListBlock& block = branch.blocks[place.block];
        const char* at = block.locate(place.index);
        for (size_t left = block.count() - place.index; left > 0; --left) {
          if (!step(next_element(at))) return;
        }
      }
    }
    return;
  }
  for (;;) {
    const ListBlock& block = branches_[place.branch].blocks[place.block];
    const char* starts[ListBlock::kGroup];
    // A group at a time, up to the one that holds the block's first element.
    for (size_t end = place.index + 1; end > 0;) {
      const size_t begin = block.group_begin(end - 1);
      const char* at = block.locate(begin);
      for (size_t i = begin; i < end; ++i, at = skip_element(at)) starts[i - begin] = at;
      while (end > begin) {
        const char* start = starts[--end - begin];
        if (!step(next_element(start))) return;
      }
    }
    if (place.block == 0) {
      if (place.branch == 0) return;
      place.block = branches_[--place.branch].size;
    }
    --place.block;
    place.index = branches_[place.branch].blocks[place.block].count() - 1;
  }
}

void ListBlocks::add(size_t branch, ptrdiff_t elements) {
  branches_[branch].elements += static_cast<uint64_t>(elements);
  size_ += static_cast<size_t>(elements);
}

// Short lists open small blocks.
size_t ListBlocks::capacity_of_next_block(size_t bytes) const {
  return std::clamp(heap_bytes_ / 4, std::max(bytes, ListBlock::kBytesMin), ListBlock::kBytesMax);
}

bool ListBlocks::resize(ListBlock& block, size_t bytes, bool room_in_front) {
  const size_t before = block.memory_usage();
  if (!block.resize(bytes, room_in_front)) return false;
  heap_bytes_ += block.memory_usage() - before;
  return true;
}

// Gives a block that is not of full size yet room for an element of `bytes`; false if it cannot have it.
bool ListBlocks::grow(ListBlock& block, size_t bytes, bool at_front) {
  constexpr size_t kRoomForMarks = 32;
  if (block.lone()) return false;
  const size_t needed = ListBlock::bytes_needed(block.bytes(), block.count()) + bytes + kRoomForMarks;
  if (block.capacity() == ListBlock::kBytesMax || needed > ListBlock::kBytesMax) return false;
  return resize(block, std::clamp(block.capacity() * 3 / 2, needed, ListBlock::kBytesMax), at_front);
}

bool ListBlocks::push_back(const Element& element) {
  const size_t bytes = element.encoded_bytes();
  Place end{branch_count_, 0, 0};
  if (branch_count_ != 0) {
    Branch& branch = branches_[branch_count_ - 1];
    ListBlock& last = branch.blocks[branch.size - 1];
    if (bytes <= ListBlock::kElementBytesMax) {
      if (last.push_back(element, bytes) || (grow(last, bytes, false) && last.push_back(element, bytes))) {
        add(branch_count_ - 1, 1);
        return true;
      }
    }
    end = {branch_count_ - 1, branch.size, 0};
  }
  if (bytes > ListBlock::kElementBytesMax) return insert_lone(end, element);
  ListBlock fresh;
  if (!ListBlock::create(capacity_of_next_block(bytes), fresh)) return false;
  if (!fresh.push_back(element, bytes) || !insert_block(end, fresh)) {
    fresh.release();
    return false;
  }
  if (end.block != 0) shrink(branches_[end.branch].blocks[end.block - 1]);
  return true;
}

bool ListBlocks::push_front(const Element& element) {
  const size_t bytes = element.encoded_bytes();
  Place begin{0, 0, 0};
  if (bytes > ListBlock::kElementBytesMax) return insert_lone(begin, element);
  if (branch_count_ != 0) {
    ListBlock& first = branches_[0].blocks[0];
    if (first.push_front(element, bytes) || (grow(first, bytes, true) && first.push_front(element, bytes))) {
      add(0, 1);
      return true;
    }
  }
  constexpr size_t kRoomForMarks = 32;
  ListBlock fresh;
  if (!ListBlock::create(capacity_of_next_block(bytes + kRoomForMarks), fresh)) return false;
  if (!fresh.push_front(element, bytes) || !insert_block(begin, fresh)) {
    fresh.release();
    return false;
  }
  if (branches_[0].size > 1) shrink(branches_[0].blocks[1]);
  return true;
}

void ListBlocks::shrink(ListBlock& block) {
  heap_bytes_ -= block.memory_usage();
  block.shrink();
  heap_bytes_ += block.memory_usage();
}

bool ListBlocks::fill(const char* elements, size_t bytes, size_t count) {
  assert(size_ == 0);
  Place begin{0, 0, 0};
  ListBlock fresh;
  if (!ListBlock::create_from(elements, bytes, count, fresh)) return false;
  if (insert_block(begin, fresh)) return true;
  fresh.release();
  return false;
}

bool ListBlocks::copy_to(ListBlocks& empty) const {
  for (const Branch* branch = branches_; branch != branches_ + branch_count_; ++branch) {
    for (const ListBlock* block = branch->blocks; block != branch->blocks + branch->size; ++block) {
      ListBlock copy;
      if (!block->copy_from(0, copy)) return false;
      Place end{empty.branch_count_, 0, 0};
      if (end.branch != 0) end = {end.branch - 1, empty.branches_[end.branch - 1].size, 0};
      if (!empty.insert_block(end, copy)) {
        copy.release();
        return false;
      }
    }
  }
  return true;
}

bool ListBlocks::set(size_t index, const Element& element) {
  const Place place = locate(index);
  ListBlock& in = block(place);
  const size_t bytes = element.encoded_bytes();
  if (in.replace(place.index, element, bytes)) return true;
  if (in.lone() && bytes > ListBlock::kElementBytesMax) {
    ListBlock fresh;
    if (!ListBlock::create_lone(element, fresh)) return false;
    heap_bytes_ += fresh.memory_usage() - in.memory_usage();
    in.release();
    in = fresh;
    return true;
  }
  if (!insert(index, element)) return false;
  erase(index + 1, 1);
  return true;
}

bool ListBlocks::insert(size_t index, const Element& element) {
  if (index == 0) return push_front(element);
  if (index == size_) return push_back(element);
  const size_t bytes = element.encoded_bytes();
  if (bytes > ListBlock::kElementBytesMax) return insert_lone(locate(index), element);
  for (;;) {
    Place place = locate(index);
    if (place.index == 0) {
      // The end of the block before does as well, and the one at hand may be a lone element's.
      place = locate(index - 1);
      ++place.index;
    }
    ListBlock& in = block(place);
    if (in.insert(place.index, element, bytes) ||
        (grow(in, bytes, false) && in.insert(place.index, element, bytes))) {
      add(place.branch, 1);
      return true;
    }
    if (in.count() == 1) {
      // Only a lone element leaves no room for another.
      ListBlock fresh;
      if (!ListBlock::create(capacity_of_next_block(bytes), fresh)) return false;
      place = {place.branch, place.block + 1, 0};
      if (fresh.push_back(element, bytes) && insert_block(place, fresh)) return true;
      fresh.release();
      return false;
    }
    Place middle{place.branch, place.block, in.count() / 2};
    if (!split(middle)) return false;
  }
}

// Inserts a block of one element, splitting the block that the place is in the middle of.
bool ListBlocks::insert_lone(Place place, const Element& element) {
  ListBlock lone;
  if (!ListBlock::create_lone(element, lone)) return false;
  if ((place.index == 0 || split(place)) && insert_block(place, lone)) return true;
  lone.release();
  return false;
}

// Gives the elements from `place` on a block of their own, and moves the place there.
bool ListBlocks::split(Place& place) {
  ListBlock upper;
  if (!block(place).copy_from(place.index, upper)) return false;
  Place behind{place.branch, place.block + 1, 0};
  if (!insert_block(behind, upper)) {
    upper.release();
    return false;
  }
  Place lower = behind;
  if (lower.block == 0) lower.block = branches_[--lower.branch].size;
  --lower.block;
  block(lower).pop_back(upper.count());
  add(lower.branch, -static_cast<ptrdiff_t>(upper.count()));
  place = behind;
  return true;
}

void ListBlocks::erase(size_t index, size_t count) {
  const bool in_the_middle = index != 0 && index + count != size_;
  while (count != 0) {
    const Place place = locate(index);
    const Branch& branch = branches_[place.branch];
    size_t erased = 0;
    if (place.block == 0 && place.index == 0 && count >= branch.elements) {
      erased = branch.elements;
      erase_branch(place.branch);
    } else {
      ListBlock& in = block(place);
      erased = std::min(count, in.count() - place.index);
      in.erase(place.index, erased);
      add(place.branch, -static_cast<ptrdiff_t>(erased));
      if (in.count() == 0) erase_block(place);
    }
    count -= erased;
  }
  if (in_the_middle) merge_around(index);
}

void ListBlocks::pop_front() {
  ListBlock& first = branches_[0].blocks[0];
  first.pop_front(1);
  add(0, -1);
  if (first.count() == 0) erase_block({0, 0, 0});
}

void ListBlocks::pop_back() {
  const size_t branch = branch_count_ - 1;
  const size_t block = branches_[branch].size - 1;
  ListBlock& last = branches_[branch].blocks[block];
  last.pop_back(1);
  add(branch, -1);
  if (last.count() == 0) erase_block({branch, block, 0});
}

size_t ListBlocks::remove(const Element& wanted, size_t from, size_t limit) {
  const ElementPattern pattern(wanted);
  size_t removed = 0;
  for (size_t next = from; next < size_ && removed < limit;) {
    const Place place = locate(next);
    ListBlock& in = block(place);
    const size_t looked_at = in.count() - place.index;
    const size_t gone = in.remove(pattern, place.index, limit - removed);
    next += looked_at - gone;
    if (gone == 0) continue;
    removed += gone;
    add(place.branch, -static_cast<ptrdiff_t>(gone));
    if (in.count() == 0) erase_block(place);
    if (next != 0 && next <= size_) merge_around(next - 1);
  }
  return removed;
}

bool ListBlocks::insert_block(Place& place, const ListBlock& block) {
  if (place.branch == branch_count_) {
    if (!insert_branch(place.branch, 2)) return false;
  } else if (Branch& branch = branches_[place.branch]; branch.size == branch.capacity) {
    if (branch.capacity < kBranchBlocks
            ? !resize_branch(branch, std::min<size_t>(kBranchBlocks, size_t{branch.capacity} * 2))
            : !split_branch(place)) {
      return false;
    }
  }
  Branch& branch = branches_[place.branch];
  ListBlock* const at = branch.blocks + place.block;
  std::memmove(at + 1, at, (branch.size - place.block) * sizeof(ListBlock));
  *at = block;
  ++branch.size;
  heap_bytes_ += block.memory_usage();
  add(place.branch, static_cast<ptrdiff_t>(block.count()));
  return true;
}

void ListBlocks::erase_block(const Place& place) {
  Branch& branch = branches_[place.branch];
  ListBlock* const at = branch.blocks + place.block;
  heap_bytes_ -= at->memory_usage();
  add(place.branch, -static_cast<ptrdiff_t>(at->count()));
  at->release();
  --branch.size;
  std::memmove(at, at + 1, (branch.size - place.block) * sizeof(ListBlock));
  if (branch.size == 0) {
    erase_branch(place.branch);
  } else {
    merge_branch(place.branch);
  }
}

// Merges the block of this element with its neighbours, where the three are small enough.
void ListBlocks::merge_around(size_t index) {
  if (index >= size_) return;
  const Place place = locate(index);
  if (merge_with_next(place) || place.block == 0) return;
  (void)merge_with_next({place.branch, place.block - 1, 0});
}

// Never fails for want of memory: then the blocks just stay apart.
bool ListBlocks::merge_with_next(const Place& place) {
  constexpr size_t kRoomForMarks = 32;
  Branch& branch = branches_[place.branch];
  if (place.block + 1 >= branch.size) return false;
  ListBlock& left = branch.blocks[place.block];
  const ListBlock& right = branch.blocks[place.block + 1];
  if (left.lone() || right.lone()) return false;
  const size_t needed =
      ListBlock::bytes_needed(left.bytes() + right.bytes(), left.count() + right.count()) + kRoomForMarks;
  if (needed > ListBlock::kBytesMax * 3 / 4) return false;
  if (!left.append_all(right) && !(resize(left, needed, false) && left.append_all(right))) return false;
  add(place.branch, static_cast<ptrdiff_t>(right.count()));
  erase_block({place.branch, place.block + 1, 0});
  return true;
}

bool ListBlocks::check_invariants() const {
  size_t bytes = malloc_usable_size(const_cast<ListBlocks*>(this));
  if (branches_ != nullptr) bytes += malloc_usable_size(branches_);
  size_t elements = 0;
  for (const Branch* branch = branches_; branch != branches_ + branch_count_; ++branch) {
    if (branch->size == 0 || branch->size > branch->capacity || branch->capacity > kBranchBlocks)
      return false;
    bytes += malloc_usable_size(branch->blocks);
    size_t in_branch = 0;
    for (const ListBlock* block = branch->blocks; block != branch->blocks + branch->size; ++block) {
      if (!block->check_invariants()) return false;
      bytes += block->memory_usage();
      in_branch += block->count();
    }
    if (in_branch != branch->elements) return false;
    elements += in_branch;
  }
  return elements == size_ && size_ != 0 && bytes == heap_bytes_;
}

}  // namespace inlay
