// List: a sequence of byte strings and integers, quick at both ends and at any index.
//
// Use it for queues, logs and timelines of any length. A short list is one Packed, which a store can keep inside a larger
// record and read in place with borrow(). A longer one is a sequence of blocks of up to 4 KiB, and their directory:
//
//   branches   +--------+--------+--   each: blocks of up to 128 descriptors, how many elements they hold
//                  |
//   blocks     +---+----+--------+--   each, 16 bytes: memory, begin, end, elements, elements of the first group
//                  |
//   memory     [ free | group 0 | group 1 | ... | group n | free | mark n | ... | mark 1 ]
//
// A group is 16 elements in Packed's form (the first and the last may be shorter), and its mark the 2-byte offset where
// it starts. So an index costs two short sums, a mark and at most 15 steps; elements need no trailing length, since going
// backward collects one group's offsets at a time. Pushing and popping move only `begin` and `end`: a block that was
// opened at the front is filled downward. Blocks grow by halves while the list is short, are filled up by pushes,
// are split and merged by changes in the middle. An element over 1 KiB has a block of its own, without a mark.
//
// Budget: 1 byte per string up to 63 bytes, 1/8 for marks, and 32 bytes per full block: a 10-byte item takes 11.25 bytes
// in a long list (Redis 7.0 12.05), an 8-byte item 9 in a short one.
//
// Invariants
//   1. A list is packed or has blocks; packed, it holds up to kPackedBytesMax bytes and kPackedElementsMax elements.
//   2. No block and no branch is empty; a branch's count is the sum of its blocks' counts.
//   3. A block's elements fill begin to end; the mark of each group but the first is where it starts.
//   4. A group has 16 elements, or 1 to 16 if it is the first or the last.
//   5. An element with more than 1 KiB in its form stands alone in a block.
//
// Complexity, for n elements in b = n / 370 blocks or so: push and pop O(1); at O(b / 256), of adjacent 16 bytes, halved
// from the nearer end; set, insert, erase as at, and O(4 KiB); visit as at, and O(1) a step; remove O(n).
// The slowest push moves one block of 4 KiB, or the 24-byte branches.
// Thread safety: thread-compatible.
// After: Redis's quicklist and listpack; counted B-trees of fixed height; the skip blocks of Lucene's postings.
#pragma once

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "inlay/datatypes/packed.h"

namespace inlay {

class ListBlocks;

class List {
 public:
  enum class Direction { kForward, kBackward };
  static constexpr size_t kPackedBytesMax = 480;
  static constexpr size_t kPackedElementsMax = 128;

  List() = default;
  ~List();
  List(List&& other) noexcept { swap(other); }
  List& operator=(List&& other) noexcept {
    List taken(std::move(other));
    swap(taken);
    return *this;
  }
  void swap(List& other) noexcept {
    packed_.swap(other.packed_);
    std::swap(blocks_, other.blocks_);
  }

  /// A short list over packed_bytes() that stay unchanged for as long as they are borrowed; the first change copies them.
  static List borrow(std::string_view block);
  /// Whether the bytes are still another's: nothing was changed since borrow().
  bool borrowed() const { return packed_.borrowed(); }
  /// Whether the whole list is packed_bytes().
  bool is_packed() const { return blocks_ == nullptr; }
  std::string_view packed_bytes() const { return packed_.bytes(); }

  size_t size() const;
  bool empty() const { return size() == 0; }
  /// Bytes of the heap beyond sizeof(List), by the allocator's count. O(1).
  size_t memory_usage() const;

  /// The element with this index, which is below size(). Good until the next change, as all elements read here.
  Element at(size_t index) const;
  Element front() const { return at(0); }
  Element back() const { return at(size() - 1); }

  /// Calls `step` for the elements from index `from` on, to the end or back to the start, until it returns false.
  /// O(1) a step.
  void visit(size_t from, Direction direction, absl::FunctionRef<bool(const Element&)> step) const;

  // The changes. Those that return false are out of memory and have changed nothing. Elements must not refer to this
  // list's own bytes; texts that spell an integer are kept as one.

  [[nodiscard]] bool push_front(const Element& element);
  [[nodiscard]] bool push_front(std::string_view text) { return push_front(Element::parse(text)); }
  [[nodiscard]] bool push_back(const Element& element);
  [[nodiscard]] bool push_back(std::string_view text) { return push_back(Element::parse(text)); }
  /// Replaces the element with this index, which is below size().
  [[nodiscard]] bool set(size_t index, const Element& element);
  [[nodiscard]] bool set(size_t index, std::string_view text) { return set(index, Element::parse(text)); }
  /// Inserts before the element with this index; at size() it appends.
  [[nodiscard]] bool insert(size_t index, const Element& element);
  [[nodiscard]] bool insert(size_t index, std::string_view text) {
    return insert(index, Element::parse(text));
  }

  // These need memory only to copy a borrowed list, and fail only then.

  [[nodiscard]] bool pop_front();
  [[nodiscard]] bool pop_back();
  /// Removes `count` elements from `index` on; all of them exist. Frees whole blocks at once.
  [[nodiscard]] bool erase(size_t index, size_t count);
  /// Keeps only the `count` elements from `index` on; all of them exist.
  [[nodiscard]] bool trim(size_t index, size_t count);
  /// Removes the first `limit` elements equal to `wanted` as seen in `direction`; returns how many there were. O(size).
  std::optional<size_t> remove(const Element& wanted, size_t limit, Direction direction);

  /// Makes `empty` a list of the same elements; false, with `empty` unchanged, if out of memory.
  [[nodiscard]] bool copy_to(List& empty) const;

  bool check_invariants() const;

 private:
  const char* packed_place(size_t index) const;
  Packed::Position packed_position(size_t index) const;
  bool fits_packed(const Element& element) const;
  bool make_blocks();
  void settle(bool shorter);

  Packed packed_;                 // Empty if there are blocks.
  ListBlocks* blocks_ = nullptr;  // Never empty.
};

}  // namespace inlay
