// Hash: a map from fields to values, both byte strings, any field of which may have a deadline.
//
// Small: one Packed block, which can stand inside its owner's record. Large, or once a field has a deadline: a table of
// single blocks that hold field and value together, with a slab of its own, so that it can be moved in O(1) and freed
// in O(pages).
//
//   packed    | count | field | value | field | value | ..
//
//   table     TagIndex --+--> | field | value |
//                        +--> | 0xff | position | field | value |
//                                         |
//             DeadlineHeap  | deadline, block | deadline, block | ..     earliest first
//
// Texts that spell a 64-bit integer are kept as one, fields and values alike.
//
// Budget, per pair of 12-byte field and 12-byte value: packed 26 bytes; table 42 (blocks 33, index 9 to 11), 34 with an
// integer for a value. A table has about 500 bytes of its own, and pages in 1 KiB steps. A deadline costs
// 17 bytes; a hash in which no field has one pays nothing for them.
//
// Invariants
//   1. Fields are distinct.
//   2. Deadlines stand in tables only. A table never turns packed again.
//   3. encoding() is what Redis says of a hash with the same history and limits; only there may "listpack" stand for
//      a table: one with deadlines, or one too long for a packed block though the limits allow it.
//
// Complexity: packed O(bytes); table: look-ups and changes O(1) expected, deadlines O(log of their number). No change
// pays for the whole of a large hash: the slowest insert of a million stays under 1 ms.
// Thread safety: thread-compatible.
// After: Redis's t_hash.c, for what encoding() says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "inlay/datatypes/packed.h"
#include "inlay/datatypes/slab.h"

namespace inlay {

class FieldTable;

/// Up to where a hash is a "listpack": Redis's hash-max-listpack-entries and hash-max-listpack-value.
struct HashLimits {
  size_t packed_entries = 128;
  /// Of the text of a field or a value.
  size_t packed_value_bytes = 64;
};

class Hash {
 public:
  /// The next_deadline() of a hash without any.
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

  enum class Encoding {
    kListpack,
    kListpackEx,  ///< A listpack in which some field has a deadline; Redis 7.4's name.
    kHashtable,
  };
  enum class Put { kAdded, kReplaced, kOutOfMemory };
  enum class Erase { kAbsent, kErased, kOutOfMemory };
  enum class Deadline { kAbsent, kSet, kOutOfMemory };
  struct Pair {
    Element field;
    Element value;
  };
  using Visit = absl::FunctionRef<void(const Element& field, const Element& value)>;

  /// An empty hash. `pages` must outlive it; `seed` makes hashing unpredictable.
  Hash(PagePool& pages, uint64_t seed);
  ~Hash();
  Hash(Hash&& other) noexcept;
  Hash& operator=(Hash&& other) noexcept;

  /// A hash over a packed_bytes() that stays unchanged for as long as it is borrowed; the first change copies it.
  static Hash borrow(PagePool& pages, uint64_t seed, std::string_view block);
  bool borrowed() const { return table_ == nullptr && packed_.borrowed(); }
  bool is_packed() const { return table_ == nullptr; }
  /// The whole hash as one block; only of one that is_packed().
  std::string_view packed_bytes() const { return packed_.bytes(); }
  Encoding encoding() const;

  size_t size() const;
  bool empty() const { return size() == 0; }
  /// Bytes of the heap beyond this object, as the allocators round them. O(1).
  size_t memory_usage() const;

  /// The value of a field. What it refers to is good until the next change, here and below.
  std::optional<Element> find(std::string_view field) const;
  bool contains(std::string_view field) const { return find(field).has_value(); }
  /// Looks up many fields, for which a table's memory is fetched ahead; visits them in their order.
  void find_each(std::span<const std::string_view> fields,
                 absl::FunctionRef<void(size_t index, const std::optional<Element>& value)> visit) const;

  /// Sets a field, and takes its deadline away unless it is to be kept. `value` must not refer into this hash.
  [[nodiscard]] Put put(std::string_view field, const Element& value, const HashLimits& limits,
                        bool keep_deadline = false);
  [[nodiscard]] Put put(std::string_view field, std::string_view value, const HashLimits& limits,
                        bool keep_deadline = false) {
    return put(field, Element::parse(value), limits, keep_deadline);
  }
  /// Out of memory only where a borrowed block must be copied.
  [[nodiscard]] Erase erase(std::string_view field);

  /// Visits every field, packed ones in the order in which they were added. `visit` must not change the hash.
  void for_each(Visit visit) const;
  /// Visits in steps of about `count` fields: starts with cursor 0 and goes on with the cursor returned until that is
  /// 0. A field present throughout is visited at least once. A packed hash is visited whole.
  uint32_t scan(uint32_t cursor, size_t count, Visit visit) const;
  /// A pair drawn uniformly; `random()` yields uniform 64-bit numbers. Nothing when empty.
  std::optional<Pair> sample(absl::FunctionRef<uint64_t()> random) const;

  /// Makes `empty`, of any pages and seed, hold the same, deadlines and encoding() included. False, with `empty` to
  /// be dropped, when memory is exhausted.
  [[nodiscard]] bool copy_to(Hash& empty) const;

  // Deadlines, in Unix milliseconds. Nothing happens at a deadline by itself: the owner calls expire().

  /// Gives a field a deadline, in place of any it has.
  [[nodiscard]] Deadline set_deadline(std::string_view field, int64_t deadline_ms);
  /// Takes a field's deadline away; false if there is no such field or no deadline.
  bool clear_deadline(std::string_view field);
  /// Nothing for an absent field and for one without a deadline.
  std::optional<int64_t> deadline(std::string_view field) const;
  bool has_deadlines() const { return next_deadline() != kNone; }
  /// The earliest deadline. O(1).
  int64_t next_deadline() const;
  /// Removes up to `limit` fields whose deadline is at or before `now_ms`, earliest first, telling each to `expired`
  /// just before. Returns how many it removed.
  size_t expire(int64_t now_ms, size_t limit, absl::FunctionRef<void(const Element& field)> expired);

  bool check_invariants() const;

 private:
  // The longest packed form, whatever the limits say: a walk over more is slower than a table.
  static constexpr size_t kPackedFieldsMax = 512;
  static constexpr size_t kPackedBytesMax = 32 << 10;

  bool make_table();
  bool put_packed(Packed::Position at, const Element& field, const Element& value);

  PagePool* pages_;
  uint64_t seed_;
  Packed packed_;
  std::unique_ptr<FieldTable> table_;
  bool listpack_ = true;  // What encoding() says.
};

}  // namespace inlay
