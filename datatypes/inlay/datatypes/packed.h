// Packed: a short sequence of byte strings and integers in one contiguous block; Element: one of them.
//
// Use it for collections of up to a few dozen elements, where a table's pointers would outweigh the data and a walk over a
// few cache lines is as fast as hashing. Texts that spell a 64-bit integer are kept as one.
//
//   +------------+---------+---------+--   --+---------+
//   | count, u16 | element | element |  ...  | element |
//   +------------+---------+---------+--   --+---------+
//
//   element   0xxxxxxx                    the integer x, 0 to 127
//             10xxxxxx bytes              a string of x bytes, 0 to 63
//             11000www length bytes       a longer string; its length takes w = 1, 2 or 4 bytes
//             11010www integer            an integer of w + 1 bytes: 1, 2, 3, 4, 5, 6 or 8
//
// Numbers are little-endian. Every element has exactly one form, the shortest, so equal elements are equal bytes.
// Elements are found walking forward; whoever walks backward collects the positions first.
//
// Budget: 2 bytes, and 1 per string up to 63 bytes, 0 to 1 per integer over its significant bytes; a block that has
// grown keeps up to a quarter as room to grow on, one that has shrunk at most half of it.
//
// A Packed owns its block, or borrows one until the first change copies it.
//
// Invariants
//   1. size() is the number of elements that follow the count, the last of which ends where the block ends.
//   2. A string element never spells an integer, unless put in as bytes on purpose.
//
// Complexity: size, at and next O(1); all else O(bytes).
// Thread safety: thread-compatible.
// After: Redis's listpack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/datatypes/number.h"

namespace inlay {

/// A byte string or an integer, by reference: good while what it was read from stays unchanged.
class Element {
 public:
  /// These bytes, integer-like or not.
  explicit Element(std::string_view bytes) : bytes_(bytes) {}
  explicit Element(int64_t integer) : integer_(integer), is_integer_(true) {}
  /// An integer if `text` spells one canonically, else bytes.
  static Element parse(std::string_view text) {
    const auto integer = parse_int64(text);
    return integer.has_value() ? Element(*integer) : Element(text);
  }

  bool is_integer() const { return is_integer_; }
  int64_t integer() const { return integer_; }
  /// The bytes of an element that is no integer.
  std::string_view bytes() const { return bytes_; }

  /// The bytes; an integer is printed into `scratch`, of kInt64TextMax bytes.
  std::string_view text(char* scratch) const {
    return is_integer_ ? std::string_view(scratch, format_int64(integer_, scratch)) : bytes_;
  }
  std::string to_string() const {
    char scratch[kInt64TextMax];
    return std::string(text(scratch));
  }

  /// Equal in kind and value.
  friend bool operator==(const Element& a, const Element& b) {
    return a.is_integer_ == b.is_integer_ &&
           (a.is_integer_ ? a.integer_ == b.integer_ : a.bytes_ == b.bytes_);
  }

  // The form that the drawing above shows, for blocks of any make.

  /// Bytes that encode() writes.
  size_t encoded_bytes() const;
  char* encode(char* out) const;
  /// Reads the element at `at` and moves `at` behind it.
  static Element decode(const char*& at);
  /// Bytes of the encoded element at `at`.
  static size_t encoded_bytes_at(const char* at);
  /// Reads an element from foreign bytes: false, with `at` unchanged, unless a whole one in its shortest form stands before `end`.
  static bool decode_checked(const char*& at, const char* end, Element& element);

 private:
  std::string_view bytes_;
  int64_t integer_ = 0;
  bool is_integer_ = false;
};

class Packed {
 public:
  /// The offset of an element. Changes at or before it make it stale.
  using Position = uint32_t;
  static constexpr size_t kElementsMax = 65535;
  /// The longest block; callers keep well below it.
  static constexpr size_t kBytesMax = size_t{1} << 30;

  Packed() = default;
  ~Packed();
  Packed(Packed&& other) noexcept { swap(other); }
  Packed& operator=(Packed&& other) noexcept {
    Packed taken(std::move(other));
    swap(taken);
    return *this;
  }
  void swap(Packed& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
  }

  /// A sequence over a block that stays unchanged for as long as it is borrowed. `block` is a Packed's bytes().
  static Packed borrow(std::string_view block);
  /// Whether the block is still another's: nothing was changed since borrow().
  bool borrowed() const { return data_ != nullptr && capacity_ == 0; }
  /// Whether foreign bytes are a block; borrow() takes no others.
  static bool is_valid(std::string_view block);

  size_t size() const;
  bool empty() const { return size() == 0; }
  /// The whole block, the count included.
  std::string_view bytes() const;
  /// Bytes of the heap that it holds.
  size_t memory_usage() const;

  Position begin() const { return kHead; }
  Position end() const { return bytes_ == 0 ? kHead : bytes_; }
  Position next(Position at) const {
    return at + static_cast<Position>(Element::encoded_bytes_at(data_ + at));
  }
  Element at(Position at) const {
    const char* place = data_ + at;
    return Element::decode(place);
  }
  /// The position of the element with this index, end() past the last.
  Position nth(size_t index) const;
  /// The first element equal to `wanted` among those at begin(), begin() + stride, ...; end() if there is none.
  Position find(const Element& wanted, size_t stride = 1) const;

  // The changes. Those that return false are out of memory or of room (kElementsMax, kBytesMax) and have changed
  // nothing. Elements must not refer to this sequence's own block.

  /// Inserts elements before `at`, keeping their order.
  [[nodiscard]] bool insert(Position at, std::span<const Element> elements);
  [[nodiscard]] bool insert(Position at, const Element& element) {
    return insert(at, std::span(&element, 1));
  }
  [[nodiscard]] bool push_back(const Element& element) { return insert(end(), element); }
  [[nodiscard]] bool replace(Position at, const Element& element);
  /// Removes `count` elements from `at` on; false only if a borrowed block could not be copied.
  [[nodiscard]] bool erase(Position at, size_t count = 1);

  /// Copies a borrowed block, as the first change would.
  [[nodiscard]] bool own();

  bool check_invariants() const;

 private:
  static constexpr Position kHead = 2;

  bool make_room(Position at, size_t old_bytes, size_t new_bytes);
  void set_size(size_t size);

  char* data_ = nullptr;
  uint32_t bytes_ = 0;     // With the count; 0 without a block.
  uint32_t capacity_ = 0;  // 0: borrowed.
};

}  // namespace inlay
