#include "engine/eviction/sampled.h"

#include <gtest/gtest.h>

#include "tests/engine/eviction/fake_shard.h"

namespace inlay {
namespace {

constexpr uint64_t kResidents = 2000;

void fill(FakeShard& shard) {
  shard.policy->set_capacity(kResidents);
  for (uint64_t id = 0; id < kResidents; ++id) shard.insert(name_of(id), 1, static_cast<int64_t>(id));
}

// The share of the first `evictions` victims that are among the ids below `bound`.
double share_below(FakeShard& shard, uint64_t bound, int evictions) {
  std::set<ResidentName> low;
  for (uint64_t id = 0; id < bound; ++id) low.insert(name_of(id));
  int hits = 0;
  for (int i = 0; i < evictions; ++i) hits += low.contains(shard.evict());
  return static_cast<double>(hits) / evictions;
}

// A look at 6 alone would find one of a fifth of all in 74 % of the cases.
TEST(SampledLru, the_oldest_fifth_makes_most_victims) {
  FakeShard shard(*find_policy("allkeys-lru"));
  fill(shard);
  EXPECT_GT(share_below(shard, kResidents / 5, 200), 0.78);
}

TEST(SampledLru, a_hit_makes_young) {
  FakeShard shard(*find_policy("allkeys-lru"));
  fill(shard);
  for (uint64_t id = 0; id < kResidents / 2; ++id) shard.hit(name_of(id));
  EXPECT_LT(share_below(shard, kResidents / 2, 400), 0.15);
}

// The stamps of one byte come round: entries that were there before must not look young then.
TEST(SampledLru, old_stays_old_while_others_come_and_are_deleted) {
  FakeShard shard(*find_policy("allkeys-lru"));
  fill(shard);
  for (uint64_t id = kResidents; id < 12 * kResidents; ++id) {
    shard.insert(name_of(id));
    shard.remove(name_of(id));
  }
  for (uint64_t id = 20 * kResidents; id < 21 * kResidents; ++id) shard.insert(name_of(id));
  EXPECT_GT(share_below(shard, kResidents, 400), 0.95);
}

TEST(SampledLfu, the_rarely_used_make_most_victims) {
  FakeShard shard(*find_policy("allkeys-lfu"));
  fill(shard);
  for (int round = 0; round < 30; ++round) {
    for (uint64_t id = kResidents / 4; id < kResidents; ++id) shard.hit(name_of(id));
  }
  EXPECT_GT(share_below(shard, kResidents / 4, 200), 0.78);
}

TEST(SampledLfu, a_frequency_of_long_ago_fades) {
  FakeShard shard(*find_policy("allkeys-lfu"));
  fill(shard);
  for (int round = 0; round < 100; ++round) {
    for (uint64_t id = 0; id < kResidents / 4; ++id) shard.hit(name_of(id));
  }
  shard.minute += 60;
  for (uint64_t id = kResidents / 4; id < kResidents; ++id) shard.hit(name_of(id));
  EXPECT_GT(share_below(shard, kResidents / 4, 200), 0.78);
}

TEST(NearestDeadline, the_next_to_die_make_most_victims) {
  FakeShard shard(*find_policy("volatile-ttl"));
  fill(shard);
  EXPECT_GT(share_below(shard, kResidents / 5, 200), 0.78);
}

TEST(RandomVictim, all_are_alike) {
  FakeShard shard(*find_policy("allkeys-random"));
  fill(shard);
  EXPECT_NEAR(share_below(shard, kResidents / 2, 600), 0.5, 0.1);
}

TEST(Sampled, those_without_a_deadline_stay_under_a_volatile_policy) {
  for (const char* name : {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    FakeShard shard(*find_policy(name));
    for (uint64_t id = 0; id < 300; ++id)
      shard.insert(name_of(id), 1, id < 20 ? static_cast<int64_t>(id) : INT64_MAX);
    EXPECT_EQ(share_below(shard, 20, 20), 1.0) << name;
    EXPECT_EQ(shard.evict(), FakeShard::kNone) << name;
  }
}

}  // namespace
}  // namespace inlay
