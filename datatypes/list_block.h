// ListBlock: one run of elements of a long list, with a mark for every 16th; list.h draws it.
//
// A block is only a descriptor: it is copied freely, and whoever holds the list of them frees the memory. What needs no
// memory cannot fail; what finds no room says so and changes nothing.
//
// Thread safety: thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/datatypes/packed.h"

namespace inlay {

// Element's steps, with the common forms (integers up to 127, strings up to 63 bytes) read without a call.

/// Behind the element at `at`.
inline const char* skip_element(const char* at) {
  const auto head = static_cast<uint8_t>(*at);
  if (head < 0x80) return at + 1;
  if (head < 0xc0) return at + 1 + (head & 63u);
  return at + Element::encoded_bytes_at(at);
}
inline const char* skip_elements(const char* at, size_t count) {
  while (count-- > 0) at = skip_element(at);
  return at;
}
/// Reads the element at `at` and moves `at` behind it.
inline Element next_element(const char*& at) {
  const auto head = static_cast<uint8_t>(*at);
  if ((head & 0xc0) != 0x80) return Element::decode(at);
  const std::string_view bytes(at + 1, head & 63u);
  at += 1 + bytes.size();
  return Element(bytes);
}

/// An element to look for: compared as a whole form where it is short.
class ElementPattern {
 public:
  explicit ElementPattern(const Element& wanted) : wanted_(wanted), bytes_(wanted.encoded_bytes()) {
    if (bytes_ <= sizeof form_) wanted.encode(form_);
  }
  /// Whether the element at `at`, of `bytes` bytes, is the wanted one.
  bool matches(const char* at, size_t bytes) const;

 private:
  Element wanted_;
  size_t bytes_;
  char form_[72];
};

class ListBlock {
 public:
  static constexpr size_t kBytesMax = 4080;  // 4096 with what malloc adds.
  static constexpr size_t kBytesMin = 512;
  /// Elements of more bytes stand alone.
  static constexpr size_t kElementBytesMax = 1024;
  static constexpr size_t kGroup = 16;

  // A block starts with memory of its own; false if there is none.

  /// An empty block with room for `bytes`, up to kBytesMax.
  [[nodiscard]] static bool create(size_t bytes, ListBlock& block);
  /// A block of one long element.
  [[nodiscard]] static bool create_lone(const Element& element, ListBlock& block);
  /// A block of exactly the `count` elements that stand at `elements`.
  [[nodiscard]] static bool create_from(const char* elements, size_t bytes, size_t count, ListBlock& block);
  /// A block of exactly the elements from `index` on.
  [[nodiscard]] bool copy_from(size_t index, ListBlock& block) const;
  void release();
  size_t memory_usage() const;

  size_t count() const { return count_; }
  bool lone() const { return units_ == 0; }
  size_t capacity() const { return size_t{units_} * kUnit; }
  /// Bytes of the elements; of no meaning where there is one alone.
  size_t bytes() const { return size_t{end_} - begin_; }
  const char* first() const { return data_ + begin_; }
  const char* end() const { return data_ + end_; }
  /// Where the element with this index, below count(), stands.
  const char* locate(size_t index) const;
  /// Has the memory fetched where locate(index) will probably look.
  void prefetch(size_t index) const;
  /// The first index of the group in which this index is.
  size_t group_begin(size_t index) const { return index < head_ ? 0 : index - (index - head_) % kGroup; }
  /// Bytes that a block takes for `bytes` of `count` elements, if it is filled from the front.
  static size_t bytes_needed(size_t bytes, size_t count) { return bytes + kMark * ((count - 1) / kGroup); }

  // False if there is no room; a lone element leaves none.
  [[nodiscard]] bool push_back(const Element& element, size_t bytes);
  [[nodiscard]] bool push_front(const Element& element, size_t bytes);
  [[nodiscard]] bool insert(size_t index, const Element& element, size_t bytes);
  [[nodiscard]] bool replace(size_t index, const Element& element, size_t bytes);
  [[nodiscard]] bool append_all(const ListBlock& other);

  // These may leave the block empty.
  void pop_front(size_t count);
  void pop_back(size_t count);
  void erase(size_t index, size_t count);
  /// Removes up to `limit` matches from `index` on; returns how many there were.
  size_t remove(const ElementPattern& pattern, size_t index, size_t limit);

  /// Moves into memory with room for `bytes`; the room that is left goes before or behind the elements.
  [[nodiscard]] bool resize(size_t bytes, bool room_in_front);
  /// Gives back memory that a block filled by pushes will not use, if it is worth a move.
  void shrink();

  bool check_invariants() const;

 private:
  static constexpr size_t kMark = sizeof(uint16_t);
  static constexpr size_t kUnit = 16;
  /// Kept behind elements that are filled downward, for marks.
  static constexpr size_t kMarkRoom = 8 * kMark;

  size_t marks() const { return (size_t{count_} - head_ + kGroup - 1) / kGroup; }
  /// The mark of group `group` + 1.
  uint16_t& mark(size_t group) const {
    return reinterpret_cast<uint16_t*>(data_ + capacity())[-1 - static_cast<ptrdiff_t>(group)];
  }
  const char* group_start(size_t group) const { return data_ + (group == 0 ? begin_ : mark(group - 1)); }
  bool ends_with_full_group() const {
    return count_ == head_ ? count_ == kGroup : (count_ - head_) % kGroup == 0;
  }
  bool make_room(size_t front, size_t back, bool at_any_price);
  void slide_to(size_t begin);
  void shift_marks(ptrdiff_t delta, size_t from_group);
  void mark_from(size_t group);

  char* data_;
  uint16_t begin_;
  uint16_t end_;
  uint16_t count_;
  uint8_t head_;   // Elements of the first group.
  uint8_t units_;  // Of 16 bytes of memory; 0 for a lone element.
};
static_assert(sizeof(ListBlock) == 16);

}  // namespace inlay
