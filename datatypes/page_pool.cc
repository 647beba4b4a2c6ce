#include "inlay/datatypes/page_pool.h"

#include <sys/mman.h>

#include <array>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include "datatypes/table_heap.h"

namespace inlay {
namespace {

constexpr size_t kRegionSize = PagePool::kRegionSize;
constexpr size_t kRegionPages = kRegionSize / PagePool::kPageSize - 1;  // The first one is the header.
// Small stores stay small: only later regions ask for huge pages, which the kernel backs whole.
constexpr size_t kRegionsWithoutHugePages = 2;
// One for pages, one for tables.
constexpr size_t kSpareRegions = 2;

struct FreePage {
  FreePage* next;
};

struct Region {
  Region* prev;
  Region* next;
  FreePage* free;      // Returned pages.
  uint32_t untouched;  // Pages from this index on were never handed out.
  uint32_t used;
};

Region* region_of(void* page) {
  return reinterpret_cast<Region*>(reinterpret_cast<uintptr_t>(page) & ~(kRegionSize - 1));
}

// Maps one aligned region, by mapping twice as much and trimming.
void* map_region(bool huge) {
  void* raw = mmap(nullptr, 2 * kRegionSize, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  char* start = static_cast<char*>(raw);
  char* aligned =
      reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(start) + kRegionSize - 1) & ~(kRegionSize - 1));
  if (aligned > start) munmap(start, static_cast<size_t>(aligned - start));
  char* end = start + 2 * kRegionSize;
  if (end > aligned + kRegionSize)
    munmap(aligned + kRegionSize, static_cast<size_t>(end - aligned) - kRegionSize);
#if defined(MADV_HUGEPAGE)
  if (huge) madvise(aligned, kRegionSize, MADV_HUGEPAGE);
#endif
  return aligned;
}

}  // namespace

struct PagePool::State {
  std::function<void()> spare_wanted;
  mutable std::mutex mutex;
  Region* open = nullptr;  // Regions with a page to give.
  Region* full = nullptr;
  TableHeap tables;
  std::array<void*, kSpareRegions> spares;  // Regions that are touched, and not yet counted in `regions`.
  size_t spare_count = 0;
  size_t regions = 0;  // Of pages and of tables.
  size_t idle = 0;     // Open regions with no page in use.
  size_t pages_in_use = 0;

  bool wants_spare() const { return spare_count < spares.size() && regions >= kRegionsWithoutHugePages; }
  // Another region; null when the system has no memory left.
  void* take_region() {
    void* region = spare_count > 0 ? spares[--spare_count] : map_region(regions >= kRegionsWithoutHugePages);
    regions += region != nullptr;
    return region;
  }
  bool add_region() {
    void* memory = take_region();
    if (memory == nullptr) return false;
    link(new (memory) Region{nullptr, nullptr, nullptr, 0, 0}, &open);
    ++idle;
    return true;
  }
  bool add_table_region() {
    void* memory = take_region();
    if (memory != nullptr) tables.add_region(memory);
    return memory != nullptr;
  }

  static void link(Region* region, Region** head) {
    region->prev = nullptr;
    region->next = *head;
    if (*head != nullptr) (*head)->prev = region;
    *head = region;
  }
  static void unlink(Region* region, Region** head) {
    (region->prev != nullptr ? region->prev->next : *head) = region->next;
    if (region->next != nullptr) region->next->prev = region->prev;
  }
};

PagePool::PagePool(std::function<void()> spare_wanted) : state_(std::make_unique<State>()) {
  state_->spare_wanted = std::move(spare_wanted);
}

PagePool::~PagePool() {
  assert(state_->pages_in_use == 0 && "a Slab outlives its PagePool");
  assert(state_->tables.units_in_use() == 0 && "a table outlives its PagePool");
  for (size_t i = 0; i < state_->spare_count; ++i) munmap(state_->spares[i], kRegionSize);
  while (void* region = state_->tables.release_region()) munmap(region, kRegionSize);
  for (Region* list : {state_->open, state_->full}) {
    while (list != nullptr) {
      Region* next = list->next;
      munmap(list, kRegionSize);
      list = next;
    }
  }
}

void* PagePool::allocate() {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  const bool added = s.open == nullptr;
  if (added && !s.add_region()) return nullptr;
  Region* region = s.open;
  void* page;
  if (region->free != nullptr) {
    page = region->free;
    region->free = region->free->next;
  } else {
    page = reinterpret_cast<char*>(region) + kPageSize * ++region->untouched;
  }
  if (region->used++ == 0) --s.idle;
  ++s.pages_in_use;
  if (region->free == nullptr && region->untouched == kRegionPages) {
    State::unlink(region, &s.open);
    State::link(region, &s.full);
  }
  const bool call = added && s.spare_wanted && s.wants_spare();
  lock.unlock();
  if (call) s.spare_wanted();
  return page;
}

void PagePool::stock_spare() {
  State& s = *state_;
  for (;;) {
    {
      std::lock_guard lock(s.mutex);
      if (!s.wants_spare()) return;
    }
    void* const region = map_region(true);
    if (region == nullptr) return;
    // Plain stores, page by page where the kernel had no huge page to give: unlike madvise() they keep nobody else
    // from mapping memory meanwhile.
    for (size_t at = kPageSize; at < kRegionSize; at += kPageSize)
      static_cast<volatile char*>(region)[at] = 0;
    std::unique_lock lock(s.mutex);
    if (s.wants_spare()) {
      s.spares[s.spare_count++] = region;
      continue;
    }
    lock.unlock();
    munmap(region, kRegionSize);
  }
}

void PagePool::deallocate(void* page) {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  Region* region = region_of(page);
  const bool was_full = region->free == nullptr && region->untouched == kRegionPages;
  region->free = new (page) FreePage{region->free};
  --s.pages_in_use;
  if (was_full) {
    State::unlink(region, &s.full);
    State::link(region, &s.open);
  }
  if (--region->used != 0) return;
  if (s.idle == 0) {
    ++s.idle;
    return;
  }
  State::unlink(region, &s.open);
  --s.regions;
  lock.unlock();
  munmap(region, kRegionSize);
}

void* PagePool::allocate_table(size_t bytes) {
  if (bytes > kTableMax) {
    constexpr size_t kCacheLine = 64;
    void* memory = nullptr;
    // Not std::aligned_alloc, which wants a multiple of the alignment.
    return posix_memalign(&memory, kCacheLine, bytes) == 0 ? memory : nullptr;
  }
  const size_t units = table_bytes(bytes) / kTableUnit;
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  void* table = s.tables.allocate(units);
  if (table != nullptr) return table;
  if (!s.add_table_region()) return nullptr;
  table = s.tables.allocate(units);
  const bool call = s.spare_wanted && s.wants_spare();
  lock.unlock();
  if (call) s.spare_wanted();
  return table;
}

void PagePool::deallocate_table(void* table, size_t bytes) {
  if (bytes > kTableMax) return std::free(table);
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  void* region = s.tables.deallocate(table, table_bytes(bytes) / kTableUnit);
  if (region == nullptr) return;
  --s.regions;
  lock.unlock();
  munmap(region, kRegionSize);
}

size_t PagePool::table_bytes_in_use() const {
  std::lock_guard lock(state_->mutex);
  return state_->tables.units_in_use() * kTableUnit;
}

size_t PagePool::pages_in_use() const {
  std::lock_guard lock(state_->mutex);
  return state_->pages_in_use;
}

}  // namespace inlay
