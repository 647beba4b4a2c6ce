#include "engine/eviction/ghosts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/engine/eviction/fake_shard.h"

namespace inlay {
namespace {

TEST(Ghosts, what_was_put_is_taken_once) {
  Ghosts ghosts;
  ghosts.resize(1000);
  ghosts.put(name_of(1));
  EXPECT_EQ(ghosts.size(), 1u);
  EXPECT_FALSE(ghosts.take(name_of(3)));
  EXPECT_TRUE(ghosts.take(name_of(1)));
  EXPECT_FALSE(ghosts.take(name_of(1)));
  EXPECT_EQ(ghosts.size(), 0u);
}

TEST(Ghosts, without_room_nothing_is_remembered) {
  Ghosts ghosts;
  ghosts.put(name_of(1));
  EXPECT_FALSE(ghosts.take(name_of(1)));
  EXPECT_EQ(ghosts.memory_usage(), 0u);
}

TEST(Ghosts, resizing_forgets) {
  Ghosts ghosts;
  ghosts.resize(100);
  ghosts.put(name_of(1));
  ghosts.resize(200);
  EXPECT_FALSE(ghosts.take(name_of(1)));
  EXPECT_GE(ghosts.capacity(), 200u);
  EXPECT_LE(ghosts.memory_usage(), 2 * 216u + 32);  // One set for the alignment.
}

// The share of `names` names, put one after the other, that is remembered of those put from `newest` to `oldest` ago.
double remembered(size_t capacity, uint64_t oldest, uint64_t newest) {
  Ghosts ghosts;
  ghosts.resize(capacity);
  const uint64_t names = 4 * capacity;
  for (uint64_t id = 0; id < names; ++id) ghosts.put(name_of(id));
  uint64_t found = 0;
  for (uint64_t id = names - oldest; id < names - newest; ++id) found += ghosts.take(name_of(id));
  return static_cast<double>(found) / static_cast<double>(oldest - newest);
}

TEST(Ghosts, a_ghost_lasts_about_as_many_others_as_there_is_room_for) {
  EXPECT_GT(remembered(10'000, 5'000, 0), 0.97);
  EXPECT_LT(remembered(10'000, 40'000, 17'000), 0.03);
}

TEST(Ghosts, strangers_are_rarely_taken_for_ghosts) {
  Ghosts ghosts;
  ghosts.resize(10'000);
  for (uint64_t id = 0; id < 20'000; ++id) ghosts.put(name_of(id));
  int mistaken = 0;
  for (uint64_t id = 100'000; id < 200'000; ++id) mistaken += ghosts.take(name_of(id));
  EXPECT_LT(mistaken, 80);  // 1 in 4,000 would be 25.
}

// As long as no set is full, the memory is a set.
RC_GTEST_PROP(Ghosts, random_puts_and_takes_agree_with_a_set, ()) {
  Ghosts ghosts;
  ghosts.resize(4096);
  std::set<uint64_t> model;
  const int steps = *rc::gen::inRange(0, 400);
  for (int i = 0; i < steps; ++i) {
    const auto id = *rc::gen::inRange<uint64_t>(0, 40);
    if (*rc::gen::arbitrary<bool>() && !model.contains(id)) {
      model.insert(id);
      ghosts.put(name_of(id));
    } else {
      RC_ASSERT(ghosts.take(name_of(id)) == (model.erase(id) == 1));
    }
    RC_ASSERT(ghosts.check_invariants());
    RC_ASSERT(ghosts.size() == model.size());
  }
}

}  // namespace
}  // namespace inlay
