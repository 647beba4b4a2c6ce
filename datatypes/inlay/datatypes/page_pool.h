// PagePool: the memory of one store, in regions of 2 MiB: pages for Slabs, and tables of any size in between.
//
//   region of pages    +------+------+------+------+--  --+------+
//                      | head | page | page | page |  ..  | page |   511 pages of 4 KiB each
//                      +------+------+------+------+--  --+------+
//   region of tables   +------------+---------+-------+--  --+---------+-------+
//                      | head, bits |  table  | table |  ..  |  table  | free  |   tables of 1 to 64 units of 64 bytes, each
//                      +------------+---------+-------+--  --+---------+-------+   of which has a bit: is it taken?
//
// From the third region on the pool asks the kernel for huge pages: random reads over a large keyspace then
// miss the TLB far less often. The first touch of such a region takes the kernel milliseconds, so an owner with a
// thread to spare has the next regions made ready ahead of need: see stock_spare().
//
// Tables are first fit: the search goes on where it last ended, and starts again once a sixteenth of the region has come
// back, or in the region with the most room. A region is added when no other has an eighth of its units free.
//
// Budget: 4 KiB per region, and up to an eighth of a region of tables in holes between them.
//
// Complexity: pages O(1); a table O(1) amortized, its size apart. Thread safety: thread-safe; must outlive its Slabs.
// After: Knuth, "The Art of Computer Programming" 2.5, on first fit with a roving pointer.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace inlay {

/// Hands out pages and tables, cut from 2 MiB regions of address space. Thread-safe.
class PagePool {
 public:
  static constexpr size_t kPageSize = 4096;
  static constexpr size_t kRegionSize = size_t{2} << 20;
  static constexpr size_t kTableUnit = 64;
  /// Larger tables come from malloc.
  static constexpr size_t kTableMax = 64 * kTableUnit;

  /// `spare_wanted`, if given, is called (outside the pool's lock) whenever stock_spare() would have work to do.
  explicit PagePool(std::function<void()> spare_wanted = {});
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  /// An uninitialised page aligned to its size, or null when the system has no memory left.
  void* allocate();
  /// Takes back a page of this pool. A region all of whose pages are back is given to the system, but for one.
  void deallocate(void* page);

  /// Uninitialised memory for a table, aligned to cache lines, or null when the system has no memory left.
  void* allocate_table(size_t bytes);
  /// Takes back a table of this pool; `bytes` is the size it was allocated with.
  void deallocate_table(void* table, size_t bytes);
  /// What a table occupies.
  static constexpr size_t table_bytes(size_t bytes) {
    return bytes > kTableMax ? bytes : (bytes + kTableUnit - 1) / kTableUnit * kTableUnit;
  }

  /// Maps and touches the regions that come next, unless two stand ready or the pool is small. May take
  /// milliseconds, during which allocate() and deallocate() go on.
  void stock_spare();

  /// Pages handed out and not yet returned.
  size_t pages_in_use() const;
  /// Bytes of tables handed out and not yet returned, but for those from malloc.
  size_t table_bytes_in_use() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inlay
