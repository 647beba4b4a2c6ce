#include "datatypes/table_heap.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <new>

#include "datatypes/asan.h"

namespace inlay {

struct TableHeap::Region {
  static constexpr size_t kUnits = PagePool::kRegionSize / kUnit;
  static constexpr size_t kWords = kUnits / 64;
  // So much given back is worth another search from the start, so much room another search in a region left behind.
  static constexpr size_t kWorthRewind = kUnits / 16;
  static constexpr size_t kWorthReturn = kUnits / 8;

  Region* prev = nullptr;
  Region* next = nullptr;
  size_t free = kUnits;
  size_t word = 0;   // Where the search goes on.
  size_t freed = 0;  // Units given back since it began at the start.
  std::array<uint64_t, kWords> taken{};

  static Region* of(void* table) {
    return reinterpret_cast<Region*>(reinterpret_cast<uintptr_t>(table) & ~(PagePool::kRegionSize - 1));
  }
  char* unit(size_t number) { return reinterpret_cast<char*>(this) + number * kUnit; }

  void rewind() { word = freed = 0; }
  /// Takes the first `units` in a row from the place of the search on; null if there are none.
  void* take(size_t units);
  unsigned run_in(size_t at, size_t units) const;
  void flip(size_t first, size_t units);
};

constexpr size_t TableHeap::kHeadUnits = (sizeof(Region) + kUnit - 1) / kUnit;

// The first place in a word from which on `units` are free, or 64.
unsigned TableHeap::Region::run_in(size_t at, size_t units) const {
  uint64_t low = ~taken[at];
  uint64_t high = at + 1 < kWords ? ~taken[at + 1] : 0;
  // A bit stays set while the `known` units from it on are free.
  for (size_t known = 1; known < units && low != 0;) {
    const size_t more = std::min(known, units - known);
    low &= low >> more | high << (64 - more);
    high &= high >> more;
    known += more;
  }
  return static_cast<unsigned>(std::countr_zero(low));
}

void TableHeap::Region::flip(size_t first, size_t units) {
  while (units != 0) {
    const size_t here = std::min(units, 64 - first % 64);
    taken[first / 64] ^= ~uint64_t{0} >> (64 - here) << first % 64;
    first += here;
    units -= here;
  }
}

void* TableHeap::Region::take(size_t units) {
  for (; word < kWords; ++word) {
    const unsigned place = run_in(word, units);
    if (place == 64) continue;
    const size_t first = word * 64 + place;
    flip(first, units);
    free -= units;
    return unit(first);
  }
  return nullptr;
}

void* TableHeap::allocate(size_t units) {
  assert(units > 0 && units <= kTableUnits);
  if (current_ == nullptr) return nullptr;
  void* table = current_->take(units);
  if (table == nullptr) {
    Region* roomiest = regions_;
    for (Region* region = regions_; region != nullptr; region = region->next) {
      if (region->free > roomiest->free) roomiest = region;
    }
    if (roomiest->free < Region::kWorthReturn) return nullptr;
    current_ = roomiest;
    current_->rewind();
    table = current_->take(units);
    if (table == nullptr) return nullptr;
  }
  units_in_use_ += units;
  ASAN_UNPOISON_MEMORY_REGION(table, units * kUnit);
  return table;
}

void* TableHeap::deallocate(void* table, size_t units) {
  ASAN_POISON_MEMORY_REGION(table, units * kUnit);
  Region* const region = Region::of(table);
  const size_t first = static_cast<size_t>(static_cast<char*>(table) - region->unit(0)) / kUnit;
  region->flip(first, units);
  region->free += units;
  region->freed += units;
  units_in_use_ -= units;
  if (region->freed >= Region::kWorthRewind) region->rewind();
  if (region->free != Region::kUnits - kHeadUnits || region == current_) return nullptr;
  unlink(region);
  return region;
}

void TableHeap::add_region(void* memory) {
  auto* const region = new (memory) Region;
  region->flip(0, kHeadUnits);
  region->free -= kHeadUnits;
  ASAN_POISON_MEMORY_REGION(region->unit(kHeadUnits), PagePool::kRegionSize - kHeadUnits * kUnit);
  region->next = regions_;
  if (regions_ != nullptr) regions_->prev = region;
  regions_ = current_ = region;
}

void TableHeap::unlink(Region* region) {
  (region->prev != nullptr ? region->prev->next : regions_) = region->next;
  if (region->next != nullptr) region->next->prev = region->prev;
  ASAN_UNPOISON_MEMORY_REGION(region, PagePool::kRegionSize);
}

void* TableHeap::release_region() {
  Region* const region = regions_;
  if (region != nullptr) unlink(region);
  current_ = regions_;
  return region;
}

bool TableHeap::check_invariants() const {
  size_t units = 0;
  bool ok = current_ != nullptr || regions_ == nullptr;
  for (const Region* region = regions_; region != nullptr; region = region->next) {
    size_t taken = 0;
    for (const uint64_t word : region->taken) taken += static_cast<size_t>(std::popcount(word));
    ok = ok && region->free == Region::kUnits - taken;
    ok = ok && (region->next == nullptr || region->next->prev == region);
    units += taken - kHeadUnits;
  }
  return ok && units == units_in_use_;
}

}  // namespace inlay
