// ListBlocks: the blocks of a long list under their directory of counts; list.h draws it.
//
// It decides where blocks are opened, grown, split, merged and freed, and keeps the counts and the bytes.
//
// Thread safety: thread-compatible.
#pragma once

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>

#include "datatypes/list_block.h"
#include "inlay/datatypes/list.h"

namespace inlay {

class ListBlocks {
 public:
  /// An empty one on the heap; null if out of memory.
  static ListBlocks* create();
  static void destroy(ListBlocks* blocks);

  size_t size() const { return size_; }
  size_t memory_usage() const { return heap_bytes_; }
  Element at(size_t index) const;
  void visit(size_t from, List::Direction direction, absl::FunctionRef<bool(const Element&)> step) const;

  // False: out of memory, and nothing changed.
  [[nodiscard]] bool push_front(const Element& element);
  [[nodiscard]] bool push_back(const Element& element);
  [[nodiscard]] bool set(size_t index, const Element& element);
  [[nodiscard]] bool insert(size_t index, const Element& element);
  /// Appends `count` encoded elements, to an empty list, as one block.
  [[nodiscard]] bool fill(const char* elements, size_t bytes, size_t count);
  [[nodiscard]] bool copy_to(ListBlocks& empty) const;

  void erase(size_t index, size_t count);
  void pop_front();
  void pop_back();
  size_t remove(const Element& wanted, size_t from, size_t limit);

  bool check_invariants() const;

 private:
  static constexpr size_t kBranchBlocks = 128;
  struct Branch {
    ListBlock* blocks;
    uint64_t elements;
    uint32_t size;
    uint32_t capacity;
  };
  /// An element, or with index 0 and block == size the place behind a branch's last block.
  struct Place {
    size_t branch;
    size_t block;
    size_t index;
  };

  ListBlocks() = default;
  ~ListBlocks();

  Place locate(size_t index) const;
  ListBlock& block(const Place& place) { return branches_[place.branch].blocks[place.block]; }
  void add(size_t branch, ptrdiff_t elements);
  size_t capacity_of_next_block(size_t bytes) const;
  bool resize(ListBlock& block, size_t bytes, bool room_in_front);
  bool grow(ListBlock& block, size_t bytes, bool at_front);
  void shrink(ListBlock& block);
  bool split(Place& place);
  bool insert_lone(Place place, const Element& element);

  bool insert_block(Place& place, const ListBlock& block);
  void erase_block(const Place& place);
  void merge_around(size_t index);
  bool merge_with_next(const Place& place);

  // The directory.
  bool insert_branch(size_t branch, size_t capacity);
  bool resize_branch(Branch& branch, size_t capacity);
  bool split_branch(Place& place);
  void erase_branch(size_t branch);
  void merge_branch(size_t branch);

  Branch* branches_ = nullptr;
  size_t branch_count_ = 0;
  size_t branch_capacity_ = 0;
  size_t size_ = 0;
  size_t heap_bytes_ = 0;
};

}  // namespace inlay
