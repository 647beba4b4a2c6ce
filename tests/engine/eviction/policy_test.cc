#include "engine/eviction/policy.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/eviction/fake_shard.h"

namespace inlay {
namespace {

TEST(Policies, names_are_redis_s_and_ours) {
  for (const char* name : {"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru",
                           "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    ASSERT_NE(find_policy(name), nullptr) << name;
    EXPECT_EQ(find_policy(name)->only_volatile, std::string_view(name).starts_with("volatile-")) << name;
  }
  EXPECT_EQ(find_policy("noeviction")->make, nullptr);
  EXPECT_EQ(find_policy("allkeys"), nullptr);
  EXPECT_EQ(find_policy(default_cache_policy().name), &default_cache_policy());
  EXPECT_NE(default_cache_policy().make, nullptr);
}

class EveryPolicy : public testing::TestWithParam<const PolicyInfo*> {
 protected:
  const PolicyInfo& row() { return *GetParam(); }
};

// One random call, where there is something to call it for.
void step(FakeShard& shard, bool only_volatile) {
  const auto id = *rc::gen::inRange<uint64_t>(0, 200);
  const ResidentName name = name_of(id);
  const bool held = shard.entries.contains(name);
  switch (
      *rc::gen::weightedElement<int>({{10, 0}, {10, 1}, {3, 2}, {3, 3}, {8, 4}, {1, 5}, {1, 6}, {1, 7}})) {
    case 0:
      if (!held) shard.insert(name, 1 + id % 50, id % 3 == 0 ? static_cast<int64_t>(id) : INT64_MAX);
      break;
    case 1:
      if (held) shard.hit(name);
      break;
    case 2:
      if (held) shard.remove(name);
      break;
    case 3:
      if (held) shard.resize(name, *rc::gen::inRange<uint64_t>(1, 100));
      break;
    case 4: {
      const bool has_candidate = std::any_of(shard.entries.begin(), shard.entries.end(), [&](const auto& at) {
        return !shard.pinned.contains(at.first) && (!only_volatile || at.second.deadline_ms != INT64_MAX);
      });
      const auto before = shard.entries;
      const ResidentName gone = shard.evict();
      // Somebody goes whenever somebody can, and nobody who cannot.
      RC_ASSERT((gone != FakeShard::kNone) == has_candidate);
      if (gone == FakeShard::kNone) break;
      RC_ASSERT(!shard.pinned.contains(gone));
      RC_ASSERT(!only_volatile || before.at(gone).deadline_ms != INT64_MAX);
      break;
    }
    case 5: shard.policy->set_capacity(*rc::gen::inRange<uint64_t>(1, 5000)); break;
    case 6:
      if (shard.pinned.empty()) {
        shard.pinned.insert(name);
      } else {
        shard.pinned.clear();
      }
      break;
    default: ++shard.minute; break;
  }
}

// Whatever is called in whatever order: who is evicted is a resident, not pinned, with a deadline if only such may go;
// somebody is found as long as there is somebody; invariants hold.
TEST_P(EveryPolicy, random_calls_keep_the_contract) {
  const bool passed = rc::check("the contract", [&] {
    FakeShard shard(row(), *rc::gen::inRange<uint64_t>(0, 1000));
    shard.policy->set_capacity(2000);
    const int steps = *rc::gen::inRange(1, 600);
    for (int i = 0; i < steps; ++i) {
      step(shard, row().only_volatile);
      RC_ASSERT(shard.policy->check_invariants());
    }
  });
  EXPECT_TRUE(passed);
}

TEST_P(EveryPolicy, an_empty_shard_has_no_victim) {
  FakeShard shard(row());
  EXPECT_EQ(shard.evict(), FakeShard::kNone);
  shard.insert(name_of(1), 1, 5);
  shard.clear();
  EXPECT_EQ(shard.evict(), FakeShard::kNone);
  EXPECT_TRUE(shard.policy->check_invariants());
}

TEST_P(EveryPolicy, without_deadlines_only_policies_for_all_keys_evict) {
  FakeShard shard(row());
  for (uint64_t id = 0; id < 100; ++id) shard.insert(name_of(id));
  EXPECT_EQ(shard.evict() == FakeShard::kNone, row().only_volatile);
}

TEST_P(EveryPolicy, metadata_stays_within_12_bytes_a_resident) {
  constexpr uint64_t kResidents = 4096;
  FakeShard shard(row());
  shard.policy->set_capacity(kResidents);
  for (uint64_t id = 0; id < 5 * kResidents; ++id) {
    if (shard.entries.size() == kResidents) shard.evict();
    shard.insert(name_of(id), 1, 1'000'000);
    if (id % 3 == 0) shard.hit(name_of(id));
  }
  EXPECT_LE(shard.policy->memory_usage(), 12 * kResidents);
}

TEST_P(EveryPolicy, keys_that_come_and_are_deleted_leave_nothing_behind) {
  FakeShard shard(row());
  shard.policy->set_capacity(1000);
  for (uint64_t id = 0; id < 500; ++id) shard.insert(name_of(id), 1, 1'000'000);
  for (uint64_t id = 1000; id < 50'000; ++id) {
    shard.insert(name_of(id), 1, 1'000'000);
    shard.remove(name_of(id));
  }
  EXPECT_LE(shard.policy->memory_usage(), 20'000u);
  EXPECT_TRUE(shard.policy->check_invariants());
  for (int i = 0; i < 500; ++i) EXPECT_NE(shard.evict(), FakeShard::kNone);
  EXPECT_EQ(shard.evict(), FakeShard::kNone);
}

// All residents as hot as can be: each call still ends soon.
TEST_P(EveryPolicy, one_victim_takes_a_bounded_number_of_looks) {
  FakeShard shard(row());
  shard.policy->set_capacity(5000);
  for (uint64_t id = 0; id < 5000; ++id) shard.insert(name_of(id), 1, 1'000'000);
  for (int round = 0; round < 4; ++round) {
    for (auto& [name, entry] : shard.entries) shard.hit(name);
  }
  for (int i = 0; i < 2000; ++i) {
    ASSERT_NE(shard.evict(), FakeShard::kNone);
    ASSERT_LE(shard.looks, Policy::kLooksMax + 1);
  }
}

std::vector<const PolicyInfo*> evicting() {
  std::vector<const PolicyInfo*> rows;
  for (const PolicyInfo& row : policies()) {
    if (row.make != nullptr) rows.push_back(&row);
  }
  return rows;
}

INSTANTIATE_TEST_SUITE_P(, EveryPolicy, testing::ValuesIn(evicting()), [](const auto& info) {
  std::string name = info.param->name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace inlay
