// Slab: a size-class allocator for the small blocks of one owner.
//
// Use a Slab where millions of small blocks live and die under one lock: it has no header per block, keeps
// 8-byte granularity (a 56-byte block costs 56 bytes, where malloc takes 64), and allocates in a few
// nanoseconds. Blocks over kSlabBlockMax go to malloc.
//
//   page of a PagePool, 4 KiB  +------+-------+-------+-------+-- --+-------+
//                              | Page | block | block | free -+-> ..| never |   blocks of one size class;
//                              +------+-------+-------+-------+-- --+-------+   freed ones chained by offset
//
// Blocks have 32-bit names as well (Ref), so that tables of blocks need four bytes per block. A Ref holds the
// number that the Slab gave to the block's region, and the block's offset in it:
//
//   Ref  | large 1 | region 13 | offset / 8, 18 bits |       13 bits of 2 MiB regions: 16 GiB
//
// A large block has a stub of 8 bytes that holds its address; its Ref is the stub's with the top bit set.
//
// A Slab of small pages cuts each page of the pool in four, each with a class of its own, so that a few hundred blocks
// of many sizes do not hold a whole page per size.
//
// Budget: 32 bytes per page (0.8 %, of small pages 3 %), 16 per region and Slab, at most one partly filled page per
// class and Slab beyond fragmentation.
//
// Invariants
//   1. A page belongs to one class for as long as it holds a block, and returns to the pool when it holds none.
//   2. Every page with a free block is on its class's list; no other page is.
//   3. bytes() is the sum of the class sizes of live blocks plus malloc's usable size of large ones.
//   4. A region has a number exactly while it holds a page of this Slab.
//
// Complexity: allocate and deallocate O(1). Thread safety: thread-compatible (owned by its shard).
// After: Bonwick, "The Slab Allocator" (USENIX 1994).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "inlay/datatypes/page_pool.h"

namespace inlay {

inline constexpr size_t kSlabBlockMax = 512;

class Slab {
 public:
  static constexpr uint32_t kSmallPages = 1024;

  /// `pages` must outlive this object. `page_bytes` is PagePool::kPageSize or kSmallPages.
  explicit Slab(PagePool& pages, uint32_t page_bytes = PagePool::kPageSize)
      : pages_(&pages), page_bytes_(page_bytes) {}
  /// Gives back every page, whatever blocks are still live: an owner that drops all its blocks at once need
  /// not free them one by one. Large blocks (from malloc) must have been freed.
  ~Slab();
  Slab(Slab&& other) noexcept;
  Slab& operator=(Slab&& other) noexcept;

  /// Where pages come from, and the tables of who holds blocks of this Slab.
  PagePool& pages() const { return *pages_; }

  /// A block of at least `bytes` bytes, aligned to 8; null when memory is exhausted. `bytes` may be 0.
  void* allocate(size_t bytes);
  /// Frees a block of this Slab; `bytes` is the size it was allocated with.
  void deallocate(void* block, size_t bytes);

  /// The block's name, good while the block lives.
  using Ref = uint32_t;
  Ref ref_of(const void* block) const { return page_of(block)->ref_of(block); }
  void* at(Ref ref) const {
    char* place = regions_[ref >> kOffsetBits & kRegionMask].base + (ref & kOffsetMask) * 8;
    if (ref >= kLargeBit) [[unlikely]]
      return *reinterpret_cast<void**>(place);
    return place;
  }

  /// What a live block that was allocated with `bytes` occupies.
  size_t occupied(const void* block, size_t bytes) const;

  /// What a small block of `bytes` occupies: a block may grow or shrink in place while this stays equal.
  static constexpr size_t rounded(size_t bytes) {
    if (bytes <= 256) return bytes == 0 ? 8 : (bytes + 7) & ~size_t{7};
    return (bytes + 63) & ~size_t{63};
  }

  /// Bytes of live blocks, each at what it occupies.
  size_t bytes() const { return bytes_; }
  /// Of these, those of large blocks, which stand in no page.
  size_t large_bytes() const { return large_bytes_; }
  /// Bytes of the pages held.
  size_t page_bytes() const { return pool_pages_ * PagePool::kPageSize; }

  /// Verifies the invariants above; aborts the test run through the returned false. O(pages).
  bool check_invariants() const;

 private:
  static constexpr unsigned kOffsetBits = 18;
  static constexpr Ref kOffsetMask = (Ref{1} << kOffsetBits) - 1;
  static constexpr Ref kRegionMask = (Ref{1} << 13) - 1;
  static constexpr Ref kLargeBit = Ref{1} << 31;

  // The head of a page, and of a large block. Offsets count bytes from the start of the page; 0 means none.
  struct Page {
    Page* prev;
    Page* next;
    Ref first;           // The Ref of the page's start; of a large block, its own.
    uint16_t free;       // First block of the chain of freed ones.
    uint16_t untouched;  // Offset of the first block that was never handed out.
    uint16_t used;
    uint16_t class_index;  // kClasses for a large block, kUnused for a page that waits on spare_.

    char* at(size_t offset) { return reinterpret_cast<char*>(this) + offset; }
    Ref ref_of(const void* block) const {
      const auto offset =
          static_cast<size_t>(static_cast<const char*>(block) - reinterpret_cast<const char*>(this));
      return class_index == kClasses ? first : first + static_cast<Ref>(offset / 8);
    }
  };
  struct Region {
    char* base;
    uint32_t pages;  // Of this Slab.
  };
  static constexpr size_t kClasses = 32 + (kSlabBlockMax - 256) / 64;
  static constexpr uint16_t kUnused = kClasses + 1;

  static constexpr size_t class_of(size_t bytes) {
    const size_t size = rounded(bytes);
    return size <= 256 ? size / 8 - 1 : 32 + (size - 257) / 64;
  }
  static constexpr size_t class_size(size_t index) {
    return index < 32 ? (index + 1) * 8 : 256 + (index - 31) * 64;
  }

  // A large block stands at the start of a page of either size.
  Page* page_of(const void* block) const {
    return reinterpret_cast<Page*>(reinterpret_cast<uintptr_t>(block) & ~(uintptr_t{page_bytes_} - 1));
  }
  bool full(const Page* page) const {
    return page->free == 0 && page->untouched + class_size(page->class_index) > page_bytes_;
  }

  void* allocate_large(size_t bytes);
  void deallocate_large(void* block);
  Page* add_page(size_t class_index);
  bool cut_page();
  void drop_page(Page* page);
  static Page* pool_page_of(Page* page);
  bool is_unused(Page* pool_page) const;
  bool number_region(char* base, uint32_t* number);
  void link(Page* page, Page** head);
  void unlink(Page* page, Page** head);

  PagePool* pages_;
  // Pages with a free block, per class; full pages hang on full_ so that the destructor finds them.
  std::array<Page*, kClasses> open_{};
  Page* full_ = nullptr;
  Page* spare_ = nullptr;        // Pages without blocks, of a pool page that has others with some.
  std::vector<Region> regions_;  // By number; an unused number has no base.
  uint32_t last_region_ = 0;     // Pages come in runs from one region.
  size_t bytes_ = 0;
  size_t large_bytes_ = 0;
  size_t pool_pages_ = 0;
  uint32_t page_bytes_;
};

}  // namespace inlay
