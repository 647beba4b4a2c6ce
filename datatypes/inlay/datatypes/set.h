// Set: distinct byte strings, with integers kept as integers.
//
// Use it for a collection of members asked for by value: it picks the cheapest of three forms, and members keep
// theirs bytes exactly: "1", "01", "+1" and "1.0" are four members, of which only the first is an integer.
//
//   integers   every member spells a 64-bit integer            IntegerSet: sorted, 2 to 9 bytes per member
//   packed     up to 128 members of up to 64 bytes,            Packed: one block, walked from its start
//              2 KiB in all, at least one no integer
//   split      everything else                                 IntegerSet for the integers + a hash table for the others
//
//                 a string arrives, small             grows over 128, or a long string
//   integers  ------------------------------> packed ----------------------------------> split
//       |                 a string arrives, large                                          ^ |
//       +----------------------------------------------------------------------------------+ | its last string goes
//       <------------------------------------------------------------------------------------+
//
// Only small sets change form as a whole, so that no insert pays for more than a few hundred members.
//
// What encoding() reports is Redis's name for the set, whatever the form: "intset" while all members were integers and
// never more than the limit, "hashtable" from then on.
//
// A set that is one block, of integers or packed, can stand in another's memory: see packed_bytes() and borrow().
//
// Budget: 88 bytes; an integer 2 to 9 bytes (see integer_set.h); a packed string 1 byte over its own; a member of the
// table 9 to 11 over its own, rounded up to 8, about 26 for one of 12 bytes; the table itself 0.5 KiB.
//
// Invariants
//   1. An integer's text is never a member of the table.
//   2. At most one of packed_ and table_ holds members, and with packed_ integers_ does not.
//   3. A set that holds a string was a table; a one-block integer set's block is marked exactly if the set was one.
//   4. size() is the sum of the parts' sizes, memory_usage() that of their heap bytes.
//
// Complexity: contains, insert, erase, sample O(length) expected for strings, O(log size) for integers.
// Thread safety: thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "inlay/datatypes/integer_set.h"
#include "inlay/datatypes/packed.h"
#include "inlay/datatypes/slab.h"

namespace inlay {

class MemberTable;

/// Redis's set-max-intset-entries.
struct SetLimits {
  size_t intset_entries = 512;
};

class Set {
 public:
  /// The names of OBJECT ENCODING.
  enum class Encoding : uint8_t { kIntset, kHashtable };
  using Random = absl::FunctionRef<uint64_t()>;
  /// Called for each member until it returns false.
  using Visit = absl::FunctionRef<bool(const Element&)>;

  static constexpr size_t kPackedMembersMax = 128;
  static constexpr size_t kPackedMemberBytesMax = 64;
  static constexpr size_t kPackedBytesMax = 2048;

  /// An empty set. `pages` must outlive it; `seed` rules the hash.
  Set(PagePool& pages, uint64_t seed);
  ~Set();
  Set(Set&& other) noexcept;
  Set& operator=(Set&& other) noexcept;
  void swap(Set& other) noexcept;

  /// A small set read in place, until the first change copies it. `block` is a set's packed_bytes(), and unchanged as long
  /// as it is borrowed.
  static Set borrow(PagePool& pages, uint64_t seed, std::string_view block);
  /// Whether nothing was changed since borrow().
  bool borrowed() const { return integers_.borrowed() || packed_.borrowed(); }
  /// Whether foreign bytes are a set's packed_bytes().
  static bool is_valid(std::string_view block);
  /// Whether the whole set is one block.
  bool is_packed() const { return table_ == nullptr && integers_.is_packed(); }
  std::string_view packed_bytes() const;

  size_t size() const;
  bool empty() const { return size() == 0; }
  /// Bytes of the heap held beyond sizeof(Set). O(1).
  size_t memory_usage() const;
  Encoding encoding() const { return was_table_ ? Encoding::kHashtable : Encoding::kIntset; }
  /// Whether every member is an integer. A packed set that has lost its strings may say no.
  bool only_integers() const { return table_ == nullptr && packed_.empty(); }

  bool contains(std::string_view member) const { return contains(Element::parse(member)); }
  bool contains(const Element& member) const;
  /// Writes for each member whether it is in the set; the memory of several is fetched at once.
  void contains_each(std::span<const std::string_view> members, bool* found) const;

  // The changes; out of memory, they change nothing. An Element of bytes must not spell an integer. Members may not
  // refer to the set's own memory, but for the one to erase.

  [[nodiscard]] Insertion insert(std::string_view member, const SetLimits& limits) {
    return insert(Element::parse(member), limits);
  }
  [[nodiscard]] Insertion insert(const Element& member, const SetLimits& limits);
  [[nodiscard]] Removal erase(std::string_view member) { return erase(Element::parse(member)); }
  [[nodiscard]] Removal erase(const Element& member);
  void clear();
  /// Makes `empty` an equal set of the same encoding; false when out of memory, with `empty` still so.
  [[nodiscard]] bool copy_to(Set& empty) const;

  /// Visits all members: integers in order, then strings. False if `visit` stopped it.
  bool for_each(Visit visit) const;

  /// Visits members in steps of about `count` and returns the cursor to go on from, 0 at the end; begins at 0. One
  /// block is visited whole. A member present throughout a scan is visited, and once, however the set changes; twice only if
  /// its removed table is made anew.
  uint64_t scan(uint64_t cursor, size_t count, absl::FunctionRef<void(const Element&)> visit) const;

  /// A member drawn uniformly; `random()` yields uniform 64-bit numbers. The set is not empty.
  Element sample(Random random) const;
  /// Visits `count` distinct members drawn uniformly, all if there are no more, in no random order. O(count)
  /// expected, or O(size) for a large part of the set.
  void sample_distinct(size_t count, Random random, absl::FunctionRef<void(const Element&)> visit) const;

  // Algebra over two or more sets; `visit` gets each member of the result once and may stop early, which gives false.
  // Sets of one seed or of several, the same set twice, in any forms.

  /// Members that all sets have. Quickest with the smallest first.
  static bool intersect(std::span<const Set* const> sets, Visit visit);
  /// Members that any set has. Looks each up in the sets before it.
  static bool unite(std::span<const Set* const> sets, Visit visit);
  /// Members that the first set alone has.
  static bool subtract(std::span<const Set* const> sets, Visit visit);

  bool check_invariants() const;

 private:
  static bool fits_packed(const Element& member);
  Insertion insert_packed(const Element& member);
  Insertion insert_text(std::string_view text);
  bool pack_integers(const Element& member);
  bool unpack();
  [[nodiscard]] bool make_table(std::unique_ptr<MemberTable>& table) const;
  void drop_table_if_empty();
  void note_table() {
    was_table_ = true;
    integers_.mark();
  }

  bool visit_parts(absl::FunctionRef<bool(std::span<int64_t>)> integers,
                   absl::FunctionRef<bool(std::span<std::string_view>)> texts) const;
  size_t filter(std::span<int64_t> sorted, bool members) const;
  size_t filter(std::span<std::string_view> texts, bool members) const;
  static bool visit_filtered(const Set& driver, std::span<const Set* const> others, bool members,
                             Visit visit);

  PagePool* pages_;
  uint64_t seed_;
  IntegerSet integers_;
  Packed packed_;
  std::unique_ptr<MemberTable> table_;
  bool was_table_ = false;
};

}  // namespace inlay
