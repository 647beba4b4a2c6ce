// FieldTable: the large form of a Hash: one block per field, named by a TagIndex.
//
//   record                            +---------+---------+
//                                     |  field  |  value  |    each in the form of an Element (packed.h)
//                                     +---------+---------+
//   with a deadline     +------+----------+---------+---------+
//                       | 0xff | position |  field  |  value  |    where the DeadlineHeap has its deadline
//                       +------+----------+---------+---------+
//
// No Element begins with 0xff. A record whose deadline was taken away keeps the five bytes, saying "nowhere", until its
// value is put again.
//
// Budget: 2 bytes over short strings, to a multiple of 8, and 8 to 10 in the index: 41 to 42 per pair of 12 and 12
// bytes, 34 with an integer for a value. A deadline takes 17 more.
//
// Invariants
//   1. Every record stands in the index under the hash of its field's text, and no two have equal fields.
//   2. large_ counts the records over kSlabBlockMax, large_bytes_ is what the allocator gave for them.
//
// Complexity: as TagIndex and DeadlineHeap. Thread safety: thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "datatypes/deadline_heap.h"
#include "inlay/datatypes/hash.h"
#include "inlay/datatypes/packed.h"
#include "inlay/datatypes/slab.h"
#include "inlay/datatypes/tag_index.h"

namespace inlay {

class FieldTable {
 public:
  FieldTable(PagePool& pages, uint64_t seed) : seed_(seed), slab_(pages, Slab::kSmallPages) {}
  ~FieldTable();
  FieldTable(const FieldTable&) = delete;
  FieldTable& operator=(const FieldTable&) = delete;

  size_t size() const { return index_.size(); }
  /// Bytes of the heap beyond this object.
  size_t memory_usage() const;

  /// The record of a field, or null. Good until the field, its value or its deadline is next changed.
  using Record = const char*;
  static Element field_of(Record record);
  static Element value_of(Record record);
  Record find(std::string_view field) const;
  void find_each(std::span<const std::string_view> fields,
                 absl::FunctionRef<void(size_t, Record)> visit) const;
  Record sample(absl::FunctionRef<uint64_t()> random) const {
    return static_cast<Record>(index_.sample(random));
  }
  void for_each(absl::FunctionRef<void(Record)> visit) const;
  uint32_t scan(uint32_t cursor, size_t count, absl::FunctionRef<void(Record)> visit) const;

  Hash::Put put(std::string_view field, const Element& value, bool keep_deadline);
  bool erase(std::string_view field);

  /// Nothing for a record without one.
  std::optional<int64_t> deadline(Record record) const;
  /// False when memory is exhausted. `record` is stale thereafter.
  [[nodiscard]] bool set_deadline(Record record, int64_t deadline);
  bool clear_deadline(Record record);
  const DeadlineHeap& deadlines() const { return deadlines_; }
  /// Removes the field with the earliest deadline, which there must be.
  void erase_earliest(absl::FunctionRef<void(const Element& field)> expired);

  /// Adds all records to an empty table; false when memory is exhausted.
  [[nodiscard]] bool copy_to(FieldTable& empty) const;

  bool check_invariants() const;

 private:
  uint64_t hash_of(const void* record) const;
  TagIndex::Slot find_slot(uint64_t hash, std::string_view field) const;
  TagIndex::Slot slot_of(Record record, uint64_t hash) const;
  char* allocate(size_t bytes);
  void release(char* record, size_t bytes);
  bool insert(uint64_t hash, char* record, size_t bytes);
  void erase_slot(TagIndex::Slot slot, uint64_t hash);

  uint64_t seed_;
  Slab slab_;
  TagIndex index_{slab_};
  DeadlineHeap deadlines_{slab_};
  size_t large_ = 0;
  size_t large_bytes_ = 0;
};

}  // namespace inlay
