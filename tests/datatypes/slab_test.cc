#include "inlay/datatypes/slab.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace inlay {
namespace {

struct Block {
  unsigned char* data;
  size_t size;
  unsigned char fill;

  bool intact() const {
    return std::all_of(data, data + size, [this](unsigned char byte) { return byte == fill; });
  }
};

Block allocate(Slab& slab, size_t size, unsigned fill = 0xa5) {
  auto* data = static_cast<unsigned char*>(slab.allocate(size));
  std::memset(data, static_cast<int>(fill), size);
  return {data, size, static_cast<unsigned char>(fill)};
}

void free_all(Slab& slab, std::vector<Block>& blocks) {
  for (const Block& block : blocks) slab.deallocate(block.data, block.size);
  blocks.clear();
}

size_t occupied(const Slab& slab, const std::vector<Block>& blocks) {
  size_t bytes = 0;
  for (const Block& block : blocks) bytes += slab.occupied(block.data, block.size);
  return bytes;
}

// Blocks neither overlap nor lose their bytes, and the account is exact, whatever is allocated and freed.
RC_GTEST_PROP(Slab, random_operations_keep_blocks_apart,
              (const std::vector<std::pair<uint16_t, bool>>& operations, bool small_pages)) {
  PagePool pool;
  Slab slab = small_pages ? Slab(pool, Slab::kSmallPages) : Slab(pool);
  std::vector<Block> live;
  unsigned fill = 0;
  for (const auto& [number, frees] : operations) {
    if (frees && !live.empty()) {
      std::swap(live[number % live.size()], live.back());
      RC_ASSERT(live.back().intact());
      slab.deallocate(live.back().data, live.back().size);
      live.pop_back();
    } else {
      live.push_back(allocate(slab, number % 700u, ++fill));
    }
    RC_ASSERT(slab.bytes() == occupied(slab, live));
    RC_ASSERT(slab.check_invariants());
  }
  for (const Block& block : live) RC_ASSERT(block.intact());
  free_all(slab, live);
  RC_ASSERT(slab.bytes() == 0u);
}

TEST(Slab, every_size_is_aligned_whole_and_accounted) {
  PagePool pool;
  Slab slab(pool);
  std::vector<Block> blocks;
  for (size_t size = 0; size <= 600; ++size)
    blocks.push_back(allocate(slab, size, static_cast<unsigned>(size)));
  for (const size_t size : {4096u, 100'000u, 3'000'000u}) blocks.push_back(allocate(slab, size));
  for (const Block& block : blocks) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data) % 8, 0u) << block.size;
    EXPECT_TRUE(block.intact()) << block.size;
  }
  EXPECT_EQ(slab.bytes(), occupied(slab, blocks));
  EXPECT_TRUE(slab.check_invariants());
  free_all(slab, blocks);
  EXPECT_EQ(slab.bytes(), 0u);
}

TEST(Slab, rounded_is_eight_bytes_then_sixty_four) {
  EXPECT_EQ(Slab::rounded(0), 8u);
  EXPECT_EQ(Slab::rounded(1), 8u);
  EXPECT_EQ(Slab::rounded(56), 56u);
  EXPECT_EQ(Slab::rounded(57), 64u);
  EXPECT_EQ(Slab::rounded(256), 256u);
  EXPECT_EQ(Slab::rounded(257), 320u);
  EXPECT_EQ(Slab::rounded(512), 512u);
}

TEST(Slab, block_may_be_freed_with_another_size_of_its_class) {
  PagePool pool;
  Slab slab(pool);
  void* block = slab.allocate(50);
  slab.deallocate(block, 56);
  EXPECT_EQ(slab.bytes(), 0u);
}

TEST(Slab, freed_block_is_reused_first) {
  PagePool pool;
  Slab slab(pool);
  void* first = slab.allocate(56);
  void* second = slab.allocate(56);
  slab.deallocate(first, 56);
  EXPECT_EQ(slab.allocate(56), first);
  EXPECT_NE(slab.allocate(56), second);
}

TEST(Slab, page_holds_as_many_blocks_as_fit) {
  PagePool pool;
  Slab slab(pool);
  // 4096 bytes less the head of 32 take 72 blocks of 56.
  for (int i = 0; i < 72; ++i) slab.allocate(56);
  EXPECT_EQ(pool.pages_in_use(), 1u);
  slab.allocate(56);
  EXPECT_EQ(pool.pages_in_use(), 2u);
  EXPECT_EQ(slab.page_bytes(), 2 * PagePool::kPageSize);
}

TEST(Slab, empty_pages_return_to_the_pool_but_for_one) {
  PagePool pool;
  Slab slab(pool);
  std::vector<Block> blocks;
  for (int i = 0; i < 10'000; ++i) blocks.push_back(allocate(slab, 100));
  EXPECT_EQ(pool.pages_in_use(), slab.page_bytes() / PagePool::kPageSize);
  EXPECT_GT(pool.pages_in_use(), 200u);
  // In an order that empties pages here and there.
  for (size_t i = 0; i < blocks.size(); ++i) std::swap(blocks[i], blocks[i * 7919 % blocks.size()]);
  free_all(slab, blocks);
  EXPECT_LE(pool.pages_in_use(), 1u);
  EXPECT_TRUE(slab.check_invariants());
}

TEST(Slab, destructor_gives_back_pages_of_live_blocks) {
  PagePool pool;
  {
    Slab slab(pool);
    for (int i = 0; i < 1'000; ++i) slab.allocate(static_cast<size_t>(i) % 500);
    EXPECT_GT(pool.pages_in_use(), 0u);
  }
  EXPECT_EQ(pool.pages_in_use(), 0u);
}

TEST(Slab, move_takes_blocks_along) {
  PagePool pool;
  Slab source(pool);
  std::vector<Block> blocks;
  for (size_t i = 0; i < 500; ++i) blocks.push_back(allocate(source, i, static_cast<unsigned>(i)));
  Slab target(std::move(source));
  EXPECT_EQ(source.bytes(), 0u);  // NOLINT(bugprone-use-after-move): promised empty.
  EXPECT_EQ(source.page_bytes(), 0u);
  EXPECT_EQ(target.bytes(), occupied(target, blocks));
  EXPECT_TRUE(source.check_invariants());
  EXPECT_TRUE(target.check_invariants());

  source.allocate(10);
  Slab third(pool);
  third.allocate(20);
  third = std::move(target);
  for (const Block& block : blocks) EXPECT_TRUE(block.intact());
  free_all(third, blocks);
  EXPECT_EQ(third.bytes(), 0u);
  EXPECT_TRUE(third.check_invariants());
}

// A block's Ref leads back to it, small or large, in whatever region it stands, and so does the Ref after a move.
TEST(Slab, refs_lead_back_to_their_blocks) {
  PagePool pool;
  Slab other(pool);
  Slab slab(pool);
  std::vector<Block> blocks;
  for (size_t i = 0; i < 30'000; ++i) {
    blocks.push_back(allocate(slab, i % 700, static_cast<unsigned>(i)));
    other.allocate(300);  // Keeps pages, and so regions, of two Slabs apart and interleaved.
  }
  std::vector<Slab::Ref> refs;
  for (const Block& block : blocks) refs.push_back(slab.ref_of(block.data));
  Slab moved(std::move(slab));
  for (size_t i = 0; i < blocks.size(); ++i) ASSERT_EQ(moved.at(refs[i]), blocks[i].data) << i;
  std::sort(refs.begin(), refs.end());
  EXPECT_EQ(std::adjacent_find(refs.begin(), refs.end()), refs.end());
  free_all(moved, blocks);
  EXPECT_TRUE(moved.check_invariants());
}

TEST(Slab, large_blocks_are_accounted_with_their_stubs) {
  PagePool pool;
  Slab slab(pool);
  void* block = slab.allocate(100'000);
  EXPECT_GE(slab.bytes(), 100'000u + 8);
  EXPECT_EQ(slab.bytes(), slab.occupied(block, 100'000));
  slab.deallocate(block, 100'000);
  EXPECT_EQ(slab.bytes(), 0u);
  EXPECT_EQ(slab.allocate(SIZE_MAX), nullptr);
}

TEST(Slab, slabs_of_one_pool_do_not_mix) {
  PagePool pool;
  Slab left(pool);
  Slab right(pool);
  std::vector<Block> left_blocks;
  std::vector<Block> right_blocks;
  for (int i = 0; i < 1'000; ++i) {
    left_blocks.push_back(allocate(left, 40, 1));
    right_blocks.push_back(allocate(right, 40, 2));
  }
  free_all(left, left_blocks);
  for (const Block& block : right_blocks) EXPECT_TRUE(block.intact());
  EXPECT_EQ(right.bytes(), occupied(right, right_blocks));
}

TEST(Slab, moves_within_a_class_cost_no_page_traffic) {
  PagePool pool;
  Slab slab(pool);
  slab.deallocate(slab.allocate(64), 64);
  EXPECT_EQ(pool.pages_in_use(), 1u);
  void* block = slab.allocate(64);
  EXPECT_EQ(pool.pages_in_use(), 1u);
  slab.deallocate(block, 64);
  EXPECT_EQ(pool.pages_in_use(), 1u);
}

// A few blocks of every size would take a page of 4 KiB each.
TEST(Slab, small_pages_hold_many_sizes_in_little_memory) {
  PagePool pool;
  Slab whole(pool);
  Slab small(pool, Slab::kSmallPages);
  std::vector<Block> blocks;
  std::vector<Block> small_blocks;
  for (size_t size = 8; size <= 256; size += 8) {
    blocks.push_back(allocate(whole, size));
    small_blocks.push_back(allocate(small, size));
  }
  EXPECT_EQ(whole.page_bytes(), 32 * PagePool::kPageSize);
  EXPECT_EQ(small.page_bytes(), 8 * PagePool::kPageSize);
  EXPECT_EQ(small.bytes(), whole.bytes());
  EXPECT_TRUE(small.check_invariants());
  for (const Block& block : small_blocks) {
    EXPECT_TRUE(block.intact());
    EXPECT_EQ(small.at(small.ref_of(block.data)), block.data);
  }
}

TEST(Slab, small_pages_return_to_the_pool_when_all_four_are_empty) {
  PagePool pool;
  {
    Slab slab(pool, Slab::kSmallPages);
    std::vector<Block> blocks;
    for (int i = 0; i < 1000; ++i) blocks.push_back(allocate(slab, 40));
    EXPECT_EQ(pool.pages_in_use(), slab.page_bytes() / PagePool::kPageSize);
    EXPECT_GE(pool.pages_in_use(), 10u);
    free_all(slab, blocks);
    EXPECT_EQ(pool.pages_in_use(), 1u);
    EXPECT_TRUE(slab.check_invariants());
    (void)allocate(slab, 40);
  }
  EXPECT_EQ(pool.pages_in_use(), 0u);
}

}  // namespace
}  // namespace inlay
