// TableHeap: tables of 1 to 64 units of 64 bytes in regions that its owner maps. See PagePool, whose part it is.
//
// Invariants
//   1. A unit's bit is set exactly if it is the head's or a live table's.
//   2. A region's `free` is the number of its clear bits.
//
// Thread safety: thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>

#include "inlay/datatypes/page_pool.h"

namespace inlay {

class TableHeap {
 public:
  static constexpr size_t kUnit = PagePool::kTableUnit;
  static constexpr size_t kTableUnits = PagePool::kTableMax / kUnit;

  TableHeap() = default;
  TableHeap(const TableHeap&) = delete;
  TableHeap& operator=(const TableHeap&) = delete;

  /// Null where another region is needed first.
  void* allocate(size_t units);
  /// Returns a region that no table is left in, for its owner to unmap; mostly null.
  void* deallocate(void* table, size_t units);
  void add_region(void* region);
  /// Takes out some region, live tables and all; null if there is none.
  void* release_region();

  size_t units_in_use() const { return units_in_use_; }
  bool check_invariants() const;

 private:
  struct Region;
  static const size_t kHeadUnits;
  void unlink(Region* region);

  Region* regions_ = nullptr;
  Region* current_ = nullptr;  // Where tables are looked for; null if there are no regions.
  size_t units_in_use_ = 0;
};

}  // namespace inlay
