// MemberTable: a hash table of byte strings; the part of a large Set that holds what is no integer.
//
//   TagIndex  -->  +--------+-------+      +-----+--------------+-------+
//                  | length | bytes |  or  | 255 | length, u32  | bytes |     one block of the table's own Slab
//                  +--------+-------+      +-----+--------------+-------+
//
// Budget: 1 byte over the member's own up to 254 (5 above), rounded up to 8, and 8 to 10 in the index: about 26 for 12 bytes.
//
// Invariants
//   1. Every record stands in the index under the hash of its bytes; no two have equal bytes.
//   2. large_bytes_ is what records over kSlabBlockMax occupy beyond the Slab's pages.
//
// Complexity: O(length) expected. Thread safety: thread-compatible. Private to the datatypes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "inlay/datatypes/integer_set.h"
#include "inlay/datatypes/slab.h"
#include "inlay/datatypes/tag_index.h"

namespace inlay {

class MemberTable {
 public:
  /// The most members that visit_batches() hands over at a time.
  static constexpr size_t kBatchMax = 32;

  MemberTable(PagePool& pages, uint64_t seed) : seed_(seed), slab_(pages, Slab::kSmallPages), index_(slab_) {}
  ~MemberTable();
  MemberTable(const MemberTable&) = delete;
  MemberTable& operator=(const MemberTable&) = delete;

  size_t size() const { return index_.size(); }
  bool empty() const { return index_.empty(); }
  /// Bytes held, this object's own included. O(1).
  size_t memory_usage() const;

  bool contains(std::string_view member) const;
  [[nodiscard]] Insertion insert(std::string_view member);
  /// False if the member was absent.
  bool erase(std::string_view member);
  [[nodiscard]] bool copy_to(MemberTable& empty) const;

  /// Visits all members in batches whose bytes were fetched ahead, until `visit` returns false. The spans may be
  /// overwritten by `visit`. False if stopped.
  bool visit_batches(absl::FunctionRef<bool(std::span<std::string_view>)> visit) const;
  /// As TagIndex::scan().
  uint32_t scan(uint32_t cursor, size_t count, absl::FunctionRef<void(std::string_view)> visit) const;
  /// Uniform. The table is not empty.
  std::string_view sample(absl::FunctionRef<uint64_t()> random) const;

  /// Writes for each of up to kBatchMax values whether it is a member; their memory is fetched at once.
  void contains_each(std::span<const std::string_view> values, bool* found) const;
  /// Keeps those of the values that are members, or those that are not, in order at the span's start; returns how
  /// many.
  size_t filter(std::span<std::string_view> values, bool members) const;

  bool check_invariants() const;

 private:
  TagIndex::Slot find(std::string_view member, uint64_t hash) const;
  void rebuild_index();
  const void* find_record(std::string_view member, uint64_t hash) const;

  uint64_t seed_;
  Slab slab_;
  TagIndex index_;
  size_t large_bytes_ = 0;
};

}  // namespace inlay
