#include "inlay/datatypes/table_pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "inlay/datatypes/page_pool.h"

namespace inlay {
namespace {

struct Table {
  void* memory;
  size_t bytes;
  unsigned char mark;
};

Table take(TablePool& tables, size_t bytes, unsigned char mark) {
  void* memory = tables.allocate(bytes);
  if (memory != nullptr) std::memset(memory, mark, bytes);
  return {memory, bytes, mark};
}

bool is_whole(const Table& table) {
  const auto* bytes = static_cast<const unsigned char*>(table.memory);
  return bytes[0] == table.mark && std::memcmp(bytes, bytes + 1, table.bytes - 1) == 0;
}

// Whatever is allocated and freed in whatever order, every live table is aligned, keeps its bytes, and when all are
// back the pool holds no page.
RC_GTEST_PROP(TablePool, tables_stay_apart, ()) {
  PagePool pages;
  std::vector<Table> live;
  const auto steps = *rc::gen::container<std::vector<std::pair<bool, uint16_t>>>(
      400, rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::arbitrary<uint16_t>()));
  for (const auto& [frees, number] : steps) {
    if (frees && !live.empty()) {
      std::swap(live[number % live.size()], live.back());
      RC_ASSERT(is_whole(live.back()));
      pages.tables().deallocate(live.back().memory, live.back().bytes);
      live.pop_back();
    } else {
      // Beyond kTableMax now and then.
      live.push_back(take(pages.tables(), 1 + number % (TablePool::kTableMax + 200),
                          static_cast<unsigned char>(number)));
      const bool allocated = live.back().memory != nullptr;
      RC_ASSERT(allocated);
      RC_ASSERT(reinterpret_cast<uintptr_t>(live.back().memory) % 64 == 0u);
    }
  }
  for (const Table& table : live) {
    RC_ASSERT(is_whole(table));
    pages.tables().deallocate(table.memory, table.bytes);
  }
  RC_ASSERT(pages.pages_in_use() == 0u);
}

TEST(TablePool, freed_tables_are_handed_out_again) {
  PagePool pages;
  void* kept = pages.tables().allocate(700);
  void* first = pages.tables().allocate(700);
  pages.tables().deallocate(first, 700);
  EXPECT_EQ(pages.tables().allocate(650), first);  // 700 and 650 both round to 704.
  EXPECT_EQ(pages.pages_in_use(), PagePool::kRunSize / PagePool::kPageSize);
  pages.tables().deallocate(first, 650);
  pages.tables().deallocate(kept, 700);
  EXPECT_EQ(pages.pages_in_use(), 0u);
}

TEST(TablePool, threads_get_tables_of_their_own) {
  PagePool pages;
  std::vector<std::thread> threads;
  for (unsigned t = 1; t <= 4; ++t) {
    threads.emplace_back([&pages, t] {
      std::vector<Table> mine;
      for (size_t i = 0; i < 4'000; ++i) {
        mine.push_back(take(pages.tables(), 100 + i % 9 * 400, static_cast<unsigned char>(t)));
        if (i % 3 != 0) continue;
        EXPECT_TRUE(is_whole(mine[i / 3]));
        std::swap(mine[i / 3], mine.back());
        pages.tables().deallocate(mine.back().memory, mine.back().bytes);
        mine.pop_back();
      }
      for (const Table& table : mine) {
        EXPECT_TRUE(is_whole(table));
        pages.tables().deallocate(table.memory, table.bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pages.pages_in_use(), 0u);
}

}  // namespace
}  // namespace inlay
