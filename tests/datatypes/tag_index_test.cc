#include "inlay/datatypes/tag_index.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace inlay {
namespace {

struct Record {
  uint64_t hash;
  uint64_t id;
};

uint64_t mix(uint64_t z) {
  z = (z + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Hashes of which only the bits of a mask vary, from the best to the worst an index may meet.
constexpr uint64_t kUniform = ~uint64_t{0};
constexpr uint64_t kTopByteConstant = kUniform >> 8;   // 8 levels of splits separate nothing.
constexpr uint64_t kTopWordConstant = kUniform >> 16;  // No split separates anything.
constexpr uint64_t kFourBits = uint64_t{0xf} << 58;    // 16 hashes in all.
constexpr uint64_t kConstant = 0;
constexpr uint64_t kMasks[] = {kUniform, kTopByteConstant, kTopWordConstant, kFourBits, kConstant};

// An index beside the std map that says what it should hold.
class Pair {
 public:
  explicit Pair(uint64_t mask) : mask_(mask) {}

  uint64_t hash(uint64_t id) const { return mix(id) & mask_; }

  TagIndex::Slot find(uint64_t id) const {
    return index.find(hash(id),
                      [&](const void* record) { return static_cast<const Record*>(record)->id == id; });
  }

  /// The model's record of this id, made if it is absent.
  Record* record(uint64_t id) {
    Record*& record = model[id];
    if (record == nullptr) record = fresh(id);
    return record;
  }

  Record* fresh(uint64_t id) { return new (slab.allocate(sizeof(Record))) Record{hash(id), id}; }

  void insert(uint64_t id) {
    if (model.contains(id)) return;
    ASSERT_TRUE(index.insert(hash(id), record(id), hash_of));
  }

  void erase(uint64_t id) {
    if (const TagIndex::Slot slot = find(id)) index.erase(slot, hash(id));
    if (const auto it = model.find(id); it != model.end()) slab.deallocate(it->second, sizeof(Record));
    model.erase(id);
  }

  bool agree_on(uint64_t id) const {
    const TagIndex::Slot slot = find(id);
    const auto it = model.find(id);
    return slot ? it != model.end() && slot.record() == it->second : it == model.end();
  }

  bool agree() const {
    if (index.size() != model.size() || index.empty() != model.empty() ||
        !index.check_invariants(check_hash)) {
      return false;
    }
    std::map<void*, int> seen;
    index.for_each([&](void* record) { ++seen[record]; });
    if (seen.size() != model.size()) return false;
    for (const auto& [id, record] : model) {
      if (!agree_on(id) || seen[record] != 1) return false;
    }
    return true;
  }

  PagePool pages;
  Slab slab{pages};
  TagIndex index{slab};
  std::unordered_map<uint64_t, Record*> model;
  // How often the index asked for a hash again.
  size_t hashed_again = 0;

 private:
  uint64_t mask_;
  static uint64_t stored_hash(const void* record) { return static_cast<const Record*>(record)->hash; }

 public:
  std::function<uint64_t(const void*)> hash_of = [this](const void* record) {
    ++hashed_again;
    return stored_hash(record);
  };
  static constexpr auto check_hash = &stored_hash;
};

// Whatever is inserted and erased, in whatever order, and however bad the hash, the index holds what a map holds.
RC_GTEST_PROP(TagIndex, random_operations_agree_with_map,
              (const std::vector<std::pair<bool, uint8_t>>& operations)) {
  for (const uint64_t mask : kMasks) {
    Pair pair(mask);
    for (const auto& [inserts, id] : operations) {
      inserts ? pair.insert(id) : pair.erase(id);
      RC_ASSERT(pair.agree_on(id));
    }
    RC_ASSERT(pair.agree());
  }
}

// The same at sizes where segments grow, split, fill with deleted slots and shrink.
TEST(TagIndex, long_run_agrees_with_map) {
  for (const uint64_t mask : {kUniform, kTopByteConstant, kTopWordConstant}) {
    SCOPED_TRACE(mask);
    Pair pair(mask);
    uint64_t random = 1;
    for (int step = 0; step < 100'000; ++step) {
      random = mix(random);
      // The balance tips every 25 000 steps, so that the index grows, shrinks, grows and shrinks.
      const bool inserts = random % 100 < (step / 25'000 % 2 == 0 ? 80u : 20u);
      const uint64_t id = (random >> 32) % 20'000;
      inserts ? pair.insert(id) : pair.erase(id);
      if (step % 10'000 != 0) continue;
      ASSERT_TRUE(pair.agree()) << "step " << step;
    }
    EXPECT_TRUE(pair.agree());
  }
}

TEST(TagIndex, empty_index_holds_nothing_and_costs_nothing) {
  Pair pair(kUniform);
  EXPECT_TRUE(pair.index.empty());
  EXPECT_EQ(pair.index.memory_usage(), 0u);
  EXPECT_FALSE(pair.find(1));
  EXPECT_EQ(pair.index.sample([] { return uint64_t{0}; }), nullptr);
  EXPECT_EQ(pair.index.scan(0, 10, pair.hash_of, [](void*) { FAIL(); }), 0u);
  pair.index.prefetch_tags(1);
  pair.index.prefetch_record(1);
  EXPECT_TRUE(pair.index.check_invariants(Pair::check_hash));
}

TEST(TagIndex, equal_hashes_are_told_apart_by_equals) {
  Pair pair(kConstant);
  for (uint64_t id = 0; id < 2'000; ++id) pair.insert(id);
  EXPECT_TRUE(pair.agree());
  EXPECT_FALSE(pair.find(2'000));
  for (uint64_t id = 0; id < 2'000; id += 2) pair.erase(id);
  EXPECT_TRUE(pair.agree());
}

TEST(TagIndex, uniform_growth_seldom_hashes_again_and_keeps_its_budget) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 200'000; ++id) {
    pair.insert(id);
    // Below 128 segments the windows hold every bit that is asked for.
    if (id == 40'000) ASSERT_EQ(pair.hashed_again, 0u);
    if (id % 997 != 0 || id < 10'000) continue;
    const double bytes_each =
        static_cast<double>(pair.index.memory_usage()) / static_cast<double>(pair.index.size());
    ASSERT_LE(bytes_each, 10.3) << id;
    ASSERT_GE(bytes_each, 8.0) << id;
  }
  EXPECT_LT(pair.hashed_again, 100'000u);
  EXPECT_TRUE(pair.agree());
}

TEST(TagIndex, deep_index_hashes_records_again_and_finds_all) {
  Pair pair(kTopByteConstant);
  for (uint64_t id = 0; id < 40'000; ++id) pair.insert(id);
  EXPECT_GT(pair.hashed_again, 0u);
  EXPECT_TRUE(pair.agree());
  for (uint64_t id = 0; id < 40'000; id += 3) pair.erase(id);
  EXPECT_TRUE(pair.agree());
}

// 16 equal leading bits in so many hashes cannot come by chance; the index refuses what its words cannot express.
TEST(TagIndex, insert_refuses_more_records_than_a_segment_can_name) {
  Pair pair(kTopWordConstant);
  Record* extra = pair.fresh(1'000'000);
  uint64_t id = 0;
  while (id < 40'000 && pair.index.insert(pair.hash(id), pair.record(id), pair.hash_of)) ++id;
  EXPECT_GT(id, 26'000u);
  EXPECT_LT(id, 28'000u);
  pair.model.erase(id);
  EXPECT_FALSE(pair.index.insert(extra->hash, extra, pair.hash_of));
  EXPECT_TRUE(pair.agree());
  for (uint64_t erased = 0; erased < 10'000; ++erased) pair.erase(erased);
  pair.insert(0);
  EXPECT_TRUE(pair.agree());
}

TEST(TagIndex, memory_usage_is_exact) {
  // Tags, slots and windows, and the counters of the segment.
  const auto occupied = [](size_t groups) { return PagePool::table_bytes(groups * 16 * 7 + 8); };
  Pair pair(kUniform);
  pair.insert(1);
  EXPECT_EQ(pair.index.memory_usage(), occupied(1));
  for (uint64_t id = 2; id <= 13; ++id) pair.insert(id);
  EXPECT_EQ(pair.index.memory_usage(), occupied(1));
  pair.insert(14);
  EXPECT_EQ(pair.index.memory_usage(), occupied(2));
  for (uint64_t id = 1; id <= 14; ++id) pair.erase(id);
  EXPECT_EQ(pair.index.memory_usage(), 0u);
}

TEST(TagIndex, erasing_most_records_gives_memory_back) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 50'000; ++id) pair.insert(id);
  const size_t full = pair.index.memory_usage();
  for (uint64_t id = 0; id < 50'000; ++id) {
    if (id % 50 != 0) pair.erase(id);
  }
  EXPECT_LT(pair.index.memory_usage(), full / 10);
  EXPECT_TRUE(pair.agree());
}

// A queue of records that come and go leaves deleted slots behind; they must not make the index grow.
TEST(TagIndex, churn_at_constant_size_keeps_memory_constant) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 10'000; ++id) pair.insert(id);
  const size_t before = pair.index.memory_usage();
  for (uint64_t id = 10'000; id < 150'000; ++id) {
    pair.insert(id);
    pair.erase(id - 10'000);
  }
  EXPECT_LT(pair.index.memory_usage(), before * 5 / 4);
  EXPECT_TRUE(pair.agree());
}

TEST(TagIndex, replace_puts_another_block_in_place) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 1'000; ++id) pair.insert(id);
  Record* fresh = pair.fresh(77);
  pair.index.replace(pair.find(77), fresh);
  pair.model[77] = fresh;
  EXPECT_TRUE(pair.agree());
}

TEST(TagIndex, move_and_swap_carry_records_of_small_and_large_indexes) {
  const auto same = [](const TagIndex& index, const Pair& pair) {
    return index.size() == pair.model.size() && index.check_invariants(Pair::check_hash);
  };
  for (const uint64_t count : {0, 1, 10, 5'000}) {
    SCOPED_TRACE(count);
    Pair pair(kUniform);
    for (uint64_t id = 0; id < count; ++id) pair.insert(id);
    TagIndex moved(std::move(pair.index));
    EXPECT_TRUE(same(moved, pair));
    EXPECT_EQ(pair.index.size(), 0u);  // NOLINT(bugprone-use-after-move): promised empty.
    EXPECT_TRUE(pair.index.check_invariants(Pair::check_hash));

    Record* extra = pair.fresh(1);
    TagIndex other(pair.slab);
    ASSERT_TRUE(other.insert(extra->hash, extra, pair.hash_of));
    other.swap(moved);
    EXPECT_TRUE(same(other, pair));
    EXPECT_EQ(moved.size(), 1u);
    moved = std::move(other);
    EXPECT_TRUE(same(moved, pair));
    pair.index = std::move(moved);
    EXPECT_TRUE(pair.agree());
    pair.index.clear();
    EXPECT_EQ(pair.index.memory_usage(), 0u);
    EXPECT_TRUE(pair.index.check_invariants(Pair::check_hash));
  }
}

TEST(TagIndex, prefetching_changes_nothing) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 3'000; ++id) pair.insert(id);
  for (uint64_t id = 0; id < 6'000; ++id) pair.index.prefetch_tags(pair.hash(id));
  for (uint64_t id = 0; id < 6'000; ++id) pair.index.prefetch_record(pair.hash(id));
  EXPECT_TRUE(pair.agree());
}

// A scan visits a record that is present throughout exactly once, whatever is inserted and erased between its
// steps, and every step but the last visits at least as many records as it was asked for.
RC_GTEST_PROP(TagIndex, scan_visits_stable_records_exactly_once, (uint64_t seed)) {
  const uint64_t mask = *rc::gen::elementOf(std::vector<uint64_t>(std::begin(kMasks), std::end(kMasks) - 1));
  const auto count = *rc::gen::inRange<size_t>(1, 200);
  const auto stable = *rc::gen::inRange<uint64_t>(0, 2'000);
  Pair pair(mask);
  for (uint64_t id = 0; id < stable; ++id) pair.insert(id);
  std::map<uint64_t, int> visits;
  uint32_t cursor = 0;
  do {
    size_t visited = 0;
    cursor = pair.index.scan(cursor, count, pair.hash_of, [&](void* record) {
      ++visited;
      ++visits[static_cast<Record*>(record)->id];
    });
    if (cursor != 0) RC_ASSERT(visited >= count);
    for (int i = 0; i < 100; ++i) {
      seed = mix(seed);
      const uint64_t id = stable + (seed >> 8) % 3'000;
      seed % 3 != 0 ? pair.insert(id) : pair.erase(id);
    }
  } while (cursor != 0);
  for (uint64_t id = 0; id < stable; ++id) RC_ASSERT(visits[id] == 1);
}

// Shrinking must not confuse a scan either: here all but the stable records vanish while it runs.
TEST(TagIndex, scan_survives_shrinking) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 30'000; ++id) pair.insert(id);
  std::map<uint64_t, int> visits;
  uint64_t next_to_erase = 100;
  uint32_t cursor = 0;
  do {
    cursor = pair.index.scan(cursor, 10, pair.hash_of,
                             [&](void* record) { ++visits[static_cast<Record*>(record)->id]; });
    for (int i = 0; i < 1'000 && next_to_erase < 30'000; ++i) pair.erase(next_to_erase++);
  } while (cursor != 0);
  for (uint64_t id = 0; id < 100; ++id) EXPECT_EQ(visits[id], 1) << id;
}

TEST(TagIndex, scan_of_one_record_at_a_time_stops_and_ends) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 500; ++id) pair.insert(id);
  size_t steps = 0;
  size_t visited = 0;
  uint32_t cursor = 0;
  do {
    ++steps;
    cursor = pair.index.scan(cursor, 1, pair.hash_of, [&](void*) { ++visited; });
  } while (cursor != 0);
  EXPECT_EQ(visited, 500u);
  EXPECT_GE(steps, 30u);  // The records of one group come together.
}

// Runs hold different records, and over many draws all of them.
TEST(TagIndex, sample_runs_reach_every_record) {
  Pair pair(kUniform);
  std::array<void*, 4> run{};
  EXPECT_EQ(pair.index.sample_run(0, run), 0u);
  for (uint64_t id = 0; id < 5000; ++id) pair.insert(id);
  for (uint64_t id = 0; id < 2000; ++id) pair.erase(id);
  std::map<void*, int> drawn;
  for (uint64_t draw = 0; draw < 60'000; ++draw) {
    pair.index.prefetch_sample_place(mix(draw));
    pair.index.prefetch_sample_records(mix(draw));
    const size_t found = pair.index.sample_run(mix(draw), run);
    ASSERT_GE(found, 1u);
    for (size_t i = 0; i < found; ++i) {
      ++drawn[run[i]];
      for (size_t j = 0; j < i; ++j) ASSERT_NE(run[i], run[j]);
    }
  }
  EXPECT_EQ(drawn.size(), 3000u);
  for (const auto& [id, record] : pair.model) EXPECT_GT(drawn[record], 10) << id;
}

TEST(TagIndex, sample_run_finds_the_last_record_wherever_it_is) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 5000; ++id) pair.insert(id);
  for (uint64_t id = 0; id < 4999; ++id) pair.erase(id);
  std::array<void*, 4> run{};
  for (uint64_t draw = 0; draw < 100; ++draw) {
    ASSERT_EQ(pair.index.sample_run(mix(draw), run), 1u);
    EXPECT_EQ(run[0], pair.model.begin()->second);
  }
}

// With a uniform source every record is equally likely, though segments differ in size and depth.
// Chi-square with 999 degrees of freedom exceeds 1230 once in ten million seeds; this seed is fixed.
TEST(TagIndex, sample_is_uniform) {
  Pair pair(kUniform);
  // A dense prefix and a sparse remainder give segments of unlike depth.
  for (uint64_t id = 0; pair.model.size() < 1'000; ++id) {
    if (pair.hash(id) >> 60 == 3 || id % 20 == 0) pair.insert(id);
  }
  constexpr int kDraws = 200'000;
  std::map<uint64_t, int> drawn;
  uint64_t state = 42;
  for (int i = 0; i < kDraws; ++i) {
    void* record = pair.index.sample([&] { return state = mix(state); });
    ++drawn[static_cast<Record*>(record)->id];
  }
  double chi_square = 0;
  const double expected = kDraws / 1'000.0;
  for (const auto& [id, record] : pair.model) {
    const double off = drawn[id] - expected;
    chi_square += off * off / expected;
  }
  EXPECT_LT(chi_square, 1'230);
}

TEST(TagIndex, sample_finds_the_only_record_of_a_once_large_index) {
  Pair pair(kUniform);
  for (uint64_t id = 0; id < 10'000; ++id) pair.insert(id);
  for (uint64_t id = 1; id < 10'000; ++id) pair.erase(id);
  uint64_t state = 7;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(pair.index.sample([&] { return state = mix(state); }), pair.model[0]);
  }
}

}  // namespace
}  // namespace inlay
