// IntegerBlock: up to 512 distinct integers, sorted, in one run of bytes; the leaf of an IntegerSet.
//
//   +------+-----------+--------+--------+--   --+--------+
//   | head | base, i64 | offset | offset |  ...  | offset |
//   +------+-----------+--------+--------+--   --+--------+
//
//   head      1 m ww 00cccccccccc, 16 bits: m a mark for the owner's use, offsets of 1 << w bytes, c of them
//   base      the smallest member; every member is base + its offset, so that the first offset is 0
//
// Numbers are little-endian and stand unaligned. The head's top bit tells a block from a Packed of under 32768 elements.
//
// Invariants
//   1. There are 1 to kMembersMax offsets, of which the first is 0 and each exceeds the one before.
//   2. The base plus the last offset is an int64_t.
//
// Complexity: rank O(log members); insert and erase move the bytes behind the place, 4 KiB at most.
// Thread safety: thread-compatible. Private to the datatypes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace inlay {

/// Reads a block; writes it in place where no room is needed.
class IntegerBlock {
 public:
  static constexpr size_t kMembersMax = 512;
  static constexpr size_t kHead = 10;
  static constexpr uint16_t kIntegerForm = 1 << 15;
  static constexpr uint16_t kMark = 1 << 14;

  explicit IntegerBlock(char* data) : data_(data) {}

  /// Bytes of a block of sorted members.
  static size_t bytes_for(std::span<const int64_t> members) {
    return kHead + (members.size() << width_log2_for(range_of(members.front(), members.back())));
  }
  /// Writes a block of sorted members to `out`.
  static void write(std::span<const int64_t> members, bool mark, char* out);
  static bool is_valid(std::string_view block);

  size_t count() const { return head() & kCountMask; }
  size_t bytes() const { return kHead + (count() << width_log2()); }
  bool mark() const { return (head() & kMark) != 0; }
  void set_mark() { set_head(head() | kMark); }
  int64_t first() const {
    int64_t base;
    std::memcpy(&base, data_ + sizeof(uint16_t), sizeof base);
    return base;
  }
  int64_t last() const { return at(count() - 1); }
  int64_t at(size_t index) const;

  /// How many members are smaller than `value`.
  size_t rank(int64_t value) const;
  bool contains(int64_t value) const {
    const size_t place = rank(value);
    return place < count() && at(place) == value;
  }
  /// Writes all members, in order.
  void read(int64_t* out) const;
  /// Moves those of the sorted `values` that are members (or that are not) to `out`, which may be where the
  /// values stand or before, and returns how many.
  size_t filter(std::span<const int64_t> values, bool members, int64_t* out) const;

  /// Bytes that the block has with `value` as a further member.
  size_t bytes_with(int64_t value) const;
  /// Whether a further member needs wider offsets.
  bool widens_with(int64_t value) const { return width_log2_with(value) != width_log2(); }
  /// Inserts the absent `value` at its rank. Not for a value that widens the block; there is room for one more.
  void insert(size_t rank, int64_t value);
  /// Removes a member of several.
  void erase(size_t index);
  /// Keeps the first `count` members, one at least.
  void truncate(size_t count) { set_count(count); }

 private:
  static constexpr uint16_t kCountMask = 0x3ff;
  static constexpr unsigned kWidthShift = 12;

  static uint64_t range_of(int64_t low, int64_t high) {
    return static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  }
  static unsigned width_log2_for(uint64_t offset) {
    return offset <= 0xff ? 0 : offset <= 0xffff ? 1 : offset <= 0xffffffff ? 2 : 3;
  }
  unsigned width_log2_with(int64_t value) const;
  unsigned width_log2() const { return head() >> kWidthShift & 3; }
  uint16_t head() const {
    uint16_t head;
    std::memcpy(&head, data_, sizeof head);
    return head;
  }
  void set_head(unsigned head) {
    const auto bits = static_cast<uint16_t>(head);
    std::memcpy(data_, &bits, sizeof bits);
  }
  void set_count(size_t count) { set_head((head() & ~unsigned{kCountMask}) | static_cast<unsigned>(count)); }
  void set_first(int64_t base) { std::memcpy(data_ + sizeof(uint16_t), &base, sizeof base); }
  char* offsets() const { return data_ + kHead; }

  char* data_;
};

}  // namespace inlay
