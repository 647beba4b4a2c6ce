#include "datatypes/table_heap.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

namespace inlay {
namespace {

constexpr size_t kUnit = TableHeap::kUnit;

struct Table {
  unsigned char* data;
  size_t units;
  unsigned char fill;

  bool intact() const {
    return std::all_of(data, data + units * kUnit, [this](unsigned char byte) { return byte == fill; });
  }
};

// A heap over regions from malloc, which knows what it has handed out.
class Heap {
 public:
  ~Heap() {
    while (!tables_.empty()) free(0);
    while (void* region = heap_.release_region()) std::free(region);
  }
  void allocate(size_t units) {
    void* table = heap_.allocate(units);
    if (table == nullptr) {
      heap_.add_region(std::aligned_alloc(PagePool::kRegionSize, PagePool::kRegionSize));
      ++regions_;
      table = heap_.allocate(units);
    }
    const auto fill = static_cast<unsigned char>(++allocations_);
    std::memset(table, fill, units * kUnit);
    tables_.push_back({static_cast<unsigned char*>(table), units, fill});
  }
  void free(size_t number) {
    std::swap(tables_[number], tables_.back());
    void* region = heap_.deallocate(tables_.back().data, tables_.back().units);
    tables_.pop_back();
    if (region == nullptr) return;
    std::free(region);
    --regions_;
  }
  bool intact() const {
    size_t units = 0;
    for (const Table& table : tables_) units += table.units;
    return heap_.check_invariants() && units == heap_.units_in_use() &&
           std::all_of(tables_.begin(), tables_.end(), [](const Table& table) { return table.intact(); });
  }
  size_t tables() const { return tables_.size(); }
  size_t regions() const { return regions_; }
  const Table& table(size_t number) const { return tables_[number]; }
  size_t units() const { return heap_.units_in_use(); }

 private:
  TableHeap heap_;
  std::vector<Table> tables_;
  size_t allocations_ = 0;
  size_t regions_ = 0;
};

RC_GTEST_PROP(TableHeap, random_operations_keep_tables_apart,
              (const std::vector<std::pair<uint16_t, bool>>& operations)) {
  Heap heap;
  for (const auto& [number, frees] : operations) {
    if (frees && heap.tables() != 0) {
      heap.free(number % heap.tables());
    } else {
      heap.allocate(1 + number % TableHeap::kTableUnits);
    }
    RC_ASSERT(heap.intact());
  }
}

TEST(TableHeap, tables_are_aligned_to_cache_lines) {
  Heap heap;
  for (size_t units = 1; units <= TableHeap::kTableUnits; ++units) {
    heap.allocate(units);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(heap.table(units - 1).data) % 64, 0u);
  }
  EXPECT_TRUE(heap.intact());
}

// As the segments of an index do: each grows by a quarter to 57 units, and then becomes two of half the size.
TEST(TableHeap, growing_tables_leave_few_holes) {
  constexpr size_t kMax = 57;
  Heap heap;
  std::minstd_rand random(1);
  for (int i = 0; i < 200; ++i) heap.allocate(2);
  for (int step = 0; step < 60'000; ++step) {
    const size_t number = random() % heap.tables();
    const size_t units = heap.table(number).units;
    if (units == kMax) {
      heap.allocate(kMax / 2);
      heap.allocate(kMax / 2);
    } else {
      heap.allocate(std::min(kMax, units + units / 4 + 1));
    }
    heap.free(number);
    if (step % 1'000 == 0)
      ASSERT_LE(heap.regions() * PagePool::kRegionSize,
                heap.units() * kUnit * 5 / 4 + 2 * PagePool::kRegionSize);
  }
  EXPECT_GE(heap.regions(), 5u);
  EXPECT_TRUE(heap.intact());
}

TEST(TableHeap, empty_regions_are_given_back_but_for_the_one_in_use) {
  Heap heap;
  for (int round = 0; round < 3; ++round) {
    while (heap.regions() < 4 || heap.tables() % 1'000 != 0) heap.allocate(40);
    // In an order that empties regions here and there.
    for (size_t i = 0; heap.tables() != 0; ++i) heap.free(i * 7919 % heap.tables());
    EXPECT_EQ(heap.regions(), 1u);
    EXPECT_TRUE(heap.intact());
  }
}

}  // namespace
}  // namespace inlay
