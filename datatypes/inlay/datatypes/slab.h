// Slab: a size-class allocator for the small blocks of one owner; PagePool: where its pages come from.
//
// Use a Slab where millions of small blocks live and die under one lock: it has no header per block, keeps
// 8-byte granularity (a 56-byte block costs 56 bytes, where malloc takes 64), and allocates in a few
// nanoseconds. Blocks over kSlabBlockMax go to malloc.
//
//   PagePool  region 2 MiB  +--------+------+------+------+--  --+------+
//                           | header | page | page | page |  ..  | page |   511 pages of 4 KiB each
//                           +--------+------+------+------+--  --+------+
//   Slab      page 4 KiB    +------+-------+-------+-------+-- --+-------+
//                           | Page | block | block | free -+-> ..| never |   blocks of one size class;
//                           +------+-------+-------+-------+-- --+-------+   freed ones chained by offset
//
// Budget: 32 bytes per page (0.8 %), at most one partly filled page per class and Slab beyond fragmentation.
// From the fifth region on the pool asks the kernel for huge pages: random reads over a large keyspace then
// miss the TLB far less often.
//
// Invariants
//   1. A page belongs to one class for as long as it holds a block, and returns to the pool when it holds none.
//   2. Every page with a free block is on its class's list; no other page is.
//   3. bytes() is the sum of the class sizes of live blocks plus malloc's usable size of large ones.
//
// Complexity: allocate and deallocate O(1). Thread safety: Slab is thread-compatible (owned by its shard);
// PagePool is thread-safe and must outlive its Slabs.
// After: Bonwick, "The Slab Allocator" (USENIX 1994).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace inlay {

inline constexpr size_t kSlabBlockMax = 512;

/// Hands out 4 KiB pages, cut from 2 MiB regions of address space. Thread-safe.
class PagePool {
 public:
  static constexpr size_t kPageSize = 4096;

  PagePool();
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  /// An uninitialised page aligned to its size, or null when the system has no memory left.
  void* allocate();
  /// Takes back a page of this pool. A region all of whose pages are back is given to the system, but for one.
  void deallocate(void* page);

  /// Pages handed out and not yet returned.
  size_t pages_in_use() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Slab {
 public:
  /// `pages` must outlive this object.
  explicit Slab(PagePool& pages) : pages_(&pages) {}
  /// Gives back every page, whatever blocks are still live: an owner that drops all its blocks at once need
  /// not free them one by one. Large blocks (from malloc) must have been freed.
  ~Slab();
  Slab(Slab&& other) noexcept;
  Slab& operator=(Slab&& other) noexcept;

  /// A block of at least `bytes` bytes, aligned to 8; null when memory is exhausted. `bytes` may be 0.
  void* allocate(size_t bytes);
  /// Frees a block of this Slab; `bytes` is the size it was allocated with.
  void deallocate(void* block, size_t bytes);

  /// What a small block of `bytes` occupies: a block may grow or shrink in place while this stays equal.
  static constexpr size_t rounded(size_t bytes) {
    if (bytes <= 256) return bytes == 0 ? 8 : (bytes + 7) & ~size_t{7};
    return (bytes + 63) & ~size_t{63};
  }

  /// Bytes of live blocks, each at what it occupies.
  size_t bytes() const { return bytes_; }
  /// Bytes of the pages held.
  size_t page_bytes() const { return page_count_ * PagePool::kPageSize; }

  /// Verifies the invariants above; aborts the test run through the returned false. O(pages).
  bool check_invariants() const;

 private:
  struct Page;
  static constexpr size_t kClasses = 32 + (kSlabBlockMax - 256) / 64;

  static constexpr size_t class_of(size_t bytes) {
    const size_t size = rounded(bytes);
    return size <= 256 ? size / 8 - 1 : 32 + (size - 257) / 64;
  }
  static constexpr size_t class_size(size_t index) {
    return index < 32 ? (index + 1) * 8 : 256 + (index - 31) * 64;
  }

  void* allocate_large(size_t bytes);
  void deallocate_large(void* block);
  Page* add_page(size_t class_index);
  void link(Page* page, Page** head);
  void unlink(Page* page, Page** head);

  PagePool* pages_;
  // Pages with a free block, per class; full pages hang on full_ so that the destructor finds them.
  std::array<Page*, kClasses> open_{};
  Page* full_ = nullptr;
  size_t bytes_ = 0;
  size_t page_count_ = 0;
};

}  // namespace inlay
