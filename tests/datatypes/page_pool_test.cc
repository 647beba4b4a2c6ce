#include "inlay/datatypes/page_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace inlay {
namespace {

// More pages than two regions of 511 hold.
constexpr size_t kPages = 1'200;

void fill(void* page, size_t number) {
  std::memset(page, static_cast<int>(number % 251), PagePool::kPageSize);
}

bool is_filled(const void* page, size_t number) {
  const auto* bytes = static_cast<const unsigned char*>(page);
  return bytes[0] == number % 251 && std::memcmp(bytes, bytes + 1, PagePool::kPageSize - 1) == 0;
}

TEST(PagePool, pages_are_aligned_distinct_and_writable) {
  PagePool pool;
  std::vector<void*> pages;
  for (size_t i = 0; i < kPages; ++i) {
    pages.push_back(pool.allocate());
    ASSERT_NE(pages[i], nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pages[i]) % PagePool::kPageSize, 0u);
    fill(pages[i], i);
  }
  EXPECT_EQ(std::set<void*>(pages.begin(), pages.end()).size(), kPages);
  EXPECT_EQ(pool.pages_in_use(), kPages);
  for (size_t i = 0; i < kPages; ++i) EXPECT_TRUE(is_filled(pages[i], i)) << i;
  for (void* page : pages) pool.deallocate(page);
  EXPECT_EQ(pool.pages_in_use(), 0u);
}

TEST(PagePool, returned_pages_are_handed_out_again) {
  PagePool pool;
  std::vector<void*> pages;
  for (int round = 0; round < 5; ++round) {
    for (size_t i = 0; i < kPages; ++i) {
      pages.push_back(pool.allocate());
      fill(pages.back(), i);
    }
    // Every other page first, so that regions are partly free before they are empty.
    for (size_t i = 0; i < kPages; i += 2) pool.deallocate(pages[i]);
    for (size_t i = 1; i < kPages; i += 2) {
      EXPECT_TRUE(is_filled(pages[i], i));
      pool.deallocate(pages[i]);
    }
    pages.clear();
    EXPECT_EQ(pool.pages_in_use(), 0u);
  }
}

TEST(PagePool, threads_get_pages_of_their_own) {
  PagePool pool;
  constexpr size_t kThreads = 4;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&pool, t] {
      std::vector<void*> mine;
      for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 100; ++i) {
          mine.push_back(pool.allocate());
          fill(mine.back(), t + 1);
        }
        for (int i = 0; i < 60; ++i) {
          EXPECT_TRUE(is_filled(mine.back(), t + 1));
          pool.deallocate(mine.back());
          mine.pop_back();
        }
      }
      for (void* page : mine) pool.deallocate(page);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.pages_in_use(), 0u);
}

TEST(PagePool, tables_of_all_sizes_are_aligned_distinct_and_writable) {
  PagePool pool;
  std::vector<std::pair<unsigned char*, size_t>> tables;
  size_t bytes_in_use = 0;
  for (size_t bytes = 1; bytes < 3 * PagePool::kTableMax; bytes += 37) {
    auto* table = static_cast<unsigned char*>(pool.allocate_table(bytes));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(table) % 64, 0u) << bytes;
    std::memset(table, static_cast<int>(tables.size() % 251), bytes);
    tables.emplace_back(table, bytes);
    if (bytes <= PagePool::kTableMax) bytes_in_use += PagePool::table_bytes(bytes);
  }
  EXPECT_EQ(pool.table_bytes_in_use(), bytes_in_use);
  EXPECT_EQ(pool.pages_in_use(), 0u);
  for (size_t i = 0; i < tables.size(); ++i) {
    const auto [table, bytes] = tables[i];
    EXPECT_TRUE(table[0] == i % 251 && std::memcmp(table, table + 1, bytes - 1) == 0) << bytes;
    pool.deallocate_table(table, bytes);
  }
  EXPECT_EQ(pool.table_bytes_in_use(), 0u);
}

bool is_resident(void* page) {
  unsigned char state = 0;
  return mincore(page, PagePool::kPageSize, &state) == 0 && (state & 1) != 0;
}

void* page_of(void* place) {
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(place) & ~(PagePool::kPageSize - 1));
}

// The kernel takes milliseconds over the first touch of a huge page; whoever stocks spare regions pays them.
TEST(PagePool, spare_regions_stand_ready_where_they_were_stocked) {
  constexpr size_t kPagesPerRegion = PagePool::kRegionSize / PagePool::kPageSize - 1;
  int wanted = 0;
  PagePool pool([&wanted] { ++wanted; });
  std::vector<void*> pages;
  const auto take = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) pages.push_back(pool.allocate());
  };
  take(kPagesPerRegion);
  pool.stock_spare();  // A small pool has none.
  EXPECT_EQ(wanted, 0);
  take(kPagesPerRegion);
  EXPECT_EQ(wanted, 1);
  pool.stock_spare();
  for (const int times : {2, 3}) {
    take(1);
    EXPECT_EQ(wanted, times);  // A spare was taken.
    EXPECT_TRUE(is_resident(pages.back()));
    take(kPagesPerRegion - 1);
    EXPECT_TRUE(is_resident(pages.back()));
  }
  take(1);  // Nobody stocked another.
  EXPECT_EQ(wanted, 4);
  pool.stock_spare();
  constexpr size_t kTables = PagePool::kRegionSize / PagePool::kTableMax;
  std::vector<void*> tables;
  for (size_t i = 0; i < kTables; ++i) tables.push_back(pool.allocate_table(PagePool::kTableMax));
  EXPECT_EQ(wanted, 6);  // Two spares were taken.
  EXPECT_TRUE(is_resident(page_of(tables.back())));
  for (void* table : tables) pool.deallocate_table(table, PagePool::kTableMax);
  for (void* page : pages) pool.deallocate(page);
  EXPECT_EQ(pool.pages_in_use(), 0u);
}

}  // namespace
}  // namespace inlay
