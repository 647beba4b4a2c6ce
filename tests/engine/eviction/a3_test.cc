#include "engine/eviction/a3.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <map>
#include <vector>

#include "tests/engine/eviction/fake_shard.h"

namespace inlay {
namespace {

// A cache of a fixed number of entries that is asked for numbered keys.
class Cache {
 public:
  explicit Cache(uint64_t capacity) : shard(*find_policy("allkeys-a3")), capacity_(capacity) {
    shard.policy->set_capacity(capacity);
  }

  bool request(uint64_t id) { return request_name(name_of(id)); }

  bool request_name(ResidentName name) {
    evicted = FakeShard::kNone;
    if (shard.entries.contains(name)) {
      shard.hit(name);
      return true;
    }
    if (shard.entries.size() == capacity_) evicted = shard.evict();
    shard.insert(name);
    return false;
  }

  const A3& a3() const { return static_cast<const A3&>(*shard.policy); }

  FakeShard shard;
  ResidentName evicted = FakeShard::kNone;  // By the last request.

 private:
  const uint64_t capacity_;
};

TEST(A3, what_is_used_survives_a_scan) {
  Cache cache(1000);
  for (int round = 0; round < 10; ++round) {
    for (uint64_t id = 0; id < 800; ++id) cache.request(id);
  }
  for (uint64_t id = 10'000; id < 20'000; ++id) cache.request(id);
  int kept = 0;
  for (uint64_t id = 0; id < 800; ++id) kept += cache.shard.entries.contains(name_of(id));
  // But for the few that go because an eviction looks at so many at most.
  EXPECT_GE(kept, 780);
}

TEST(A3, starts_with_a_small_queue_of_a_tenth) {
  Cache cache(1000);
  EXPECT_EQ(cache.a3().target(), 100u);
  for (uint64_t id = 0; id < 5000; ++id) cache.request(id);
  EXPECT_NEAR(static_cast<double>(cache.a3().target()), 100,
              8);  // A scan teaches nothing, a mistaken ghost little.
}

// Requests new keys, and each of them once more when it has been evicted: it is a ghost of small then.
void ask_again_for_evicted(Cache& cache, uint64_t ids) {
  std::set<ResidentName> asked_twice;
  for (uint64_t id = 0; id < ids; ++id) {
    cache.request(id);
    const ResidentName gone = cache.evicted;
    if (gone == FakeShard::kNone || !asked_twice.insert(gone).second) continue;
    cache.request_name(gone);
    EXPECT_LE(cache.a3().target(), 900u);
  }
}

// What was asked for once and evicted was in small: had it been longer, it would be there still.
TEST(A3, ghosts_of_small_make_small_grow_up_to_nine_tenths) {
  Cache cache(1000);
  ask_again_for_evicted(cache, 5'000);
  EXPECT_EQ(cache.a3().target(), 900u);
}

// Then a working set of used keys somewhat too large for main: they come back as ghosts of main, and small gives way.
TEST(A3, ghosts_of_main_make_small_shrink_down_to_a_twentieth) {
  Cache cache(1000);
  ask_again_for_evicted(cache, 5'000);
  const uint64_t grown = cache.a3().target();
  Random random(3);
  uint64_t lowest = grown;
  for (int i = 0; i < 300'000; ++i) {
    cache.request(1'000'000 + random.below(1'300));
    lowest = std::min(lowest, cache.a3().target());
    ASSERT_GE(cache.a3().target(), 50u);
  }
  EXPECT_LT(lowest, grown / 2);
}

TEST(A3, a_change_of_capacity_keeps_the_target_s_share) {
  Cache cache(1000);
  cache.shard.policy->set_capacity(10'000);
  EXPECT_EQ(cache.a3().target(), 1000u);
  cache.shard.policy->set_capacity(4);
  EXPECT_EQ(cache.a3().target(), 1u);
  EXPECT_TRUE(cache.a3().check_invariants());
}

TEST(A3, small_weighs_what_its_residents_weigh) {
  FakeShard shard(*find_policy("allkeys-a3"));
  shard.policy->set_capacity(1000);
  shard.insert(name_of(1), 10);
  shard.insert(name_of(2), 20);
  shard.resize(name_of(1), 15);
  const A3& a3 = static_cast<const A3&>(*shard.policy);
  EXPECT_EQ(a3.small_weight(), 35u);
  shard.remove(name_of(2));
  EXPECT_EQ(a3.small_weight(), 15u);
}

// A key that is deleted and set again stands in the queue twice, but has its turn where it stands last.
TEST(A3, a_key_that_was_deleted_between_begins_anew) {
  FakeShard shard(*find_policy("allkeys-a3"));
  shard.policy->set_capacity(1000);
  shard.insert(name_of(0));
  for (uint64_t id = 1; id < 200; ++id) shard.insert(name_of(id));
  shard.remove(name_of(0));
  shard.insert(name_of(0));
  for (int i = 0; i < 199; ++i) EXPECT_NE(shard.evict(), name_of(0));
  EXPECT_EQ(shard.evict(), name_of(0));
}

// A database of many keys is flushed, so that their names are stale all at once: an eviction does not look at them all.
TEST(A3, many_stale_names_in_a_row_do_not_hold_an_eviction_up) {
  FakeShard shard(*find_policy("allkeys-a3"));
  shard.policy->set_capacity(100'000);
  for (uint64_t id = 0; id < 20'000; ++id) shard.insert(name_of(id));
  for (uint64_t id = 20'000; id < 20'100; ++id) shard.insert(name_of(id));
  for (uint64_t id = 0; id < 20'000; ++id) shard.remove(name_of(id));
  for (int i = 0; i < 100; ++i) {
    ASSERT_NE(shard.evict(), FakeShard::kNone);
    ASSERT_LE(shard.looks, 300u);
  }
}

TEST(A3, pinned_residents_stay_until_they_are_released) {
  FakeShard shard(*find_policy("allkeys-a3"));
  shard.policy->set_capacity(100);
  for (uint64_t id = 0; id < 100; ++id) shard.insert(name_of(id));
  for (uint64_t id = 0; id < 3; ++id) shard.pinned.insert(name_of(id));
  for (int i = 0; i < 97; ++i) ASSERT_NE(shard.evict(), FakeShard::kNone);
  EXPECT_EQ(shard.evict(), FakeShard::kNone);
  shard.pinned.clear();
  EXPECT_NE(shard.evict(), FakeShard::kNone);
  EXPECT_TRUE(shard.policy->check_invariants());
}

TEST(A3, a_heavy_pinned_newcomer_makes_others_go) {
  FakeShard shard(*find_policy("allkeys-a3"));
  shard.policy->set_capacity(1000);
  for (uint64_t id = 0; id < 20; ++id) shard.insert(name_of(id));
  for (uint64_t id = 0; id < 20; ++id) {
    for (int i = 0; i < 3; ++i) shard.hit(name_of(id));
  }
  shard.insert(name_of(100), 900);
  shard.pinned.insert(name_of(100));
  for (int i = 0; i < 20; ++i) EXPECT_NE(shard.evict(), FakeShard::kNone);
  EXPECT_EQ(shard.evict(), FakeShard::kNone);
}

// The algorithm as one would write it down first: exact queues, exact ghosts, nothing bounded.
class NaiveA3 {
 public:
  explicit NaiveA3(size_t capacity) : capacity_(capacity), target_(0.1 * static_cast<double>(capacity)) {}

  bool request(uint64_t id) {
    if (const auto at = hits_.find(id); at != hits_.end()) {
      at->second = std::min(at->second + 1, 3);
      return true;
    }
    const bool was_small = forget(small_ghosts_, id);
    const bool was_main = forget(main_ghosts_, id);
    const double small = std::max<double>(1, static_cast<double>(small_ghosts_.size()));
    const double main = std::max<double>(1, static_cast<double>(main_ghosts_.size()));
    const double gain = std::clamp(std::sqrt(std::sqrt(4000 / static_cast<double>(capacity_))), 1.0, 4.0);
    if (was_small) target_ += gain * std::max(1.0, main / small);
    if (was_main) target_ -= gain * std::max(1.0, small / main);
    target_ =
        std::clamp(target_, 0.05 * static_cast<double>(capacity_), 0.9 * static_cast<double>(capacity_));
    if (hits_.size() == capacity_) evict();
    hits_[id] = 0;
    (was_small || was_main ? main_ : small_).push_back(id);
    return false;
  }

 private:
  static bool forget(std::deque<uint64_t>& ghosts, uint64_t id) {
    const auto at = std::find(ghosts.begin(), ghosts.end(), id);
    if (at == ghosts.end()) return false;
    ghosts.erase(at);
    return true;
  }
  static uint64_t pop(std::deque<uint64_t>& queue) {
    const uint64_t id = queue.front();
    queue.pop_front();
    return id;
  }

  void evict() {
    while (true) {
      const bool from_small =
          !small_.empty() && (static_cast<double>(small_.size()) > target_ || main_.empty());
      const uint64_t id = pop(from_small ? small_ : main_);
      if (from_small && hits_[id] == 3) {
        hits_[id] = 0;
        main_.push_back(id);
      } else if (hits_[id] > 0 && (!from_small || target_ <= 0.5 * static_cast<double>(capacity_))) {
        --hits_[id];
        (from_small ? small_ : main_).push_back(id);
      } else {
        hits_.erase(id);
        std::deque<uint64_t>& ghosts = from_small ? small_ghosts_ : main_ghosts_;
        ghosts.push_back(id);
        if (ghosts.size() > (from_small ? capacity_ * 7 / 10 : capacity_ / 2)) ghosts.pop_front();
        return;
      }
    }
  }

  const size_t capacity_;
  double target_;
  std::map<uint64_t, int> hits_;
  std::deque<uint64_t> small_, main_, small_ghosts_, main_ghosts_;
};

// Popular keys (Zipf), with a scan and a loop between.
std::vector<uint64_t> mixed_requests(size_t count) {
  Random random(11);
  std::vector<uint64_t> ids;
  for (size_t i = 0; i < count; ++i) {
    const size_t phase = i / 1000 % 8;
    if (phase == 3) {
      ids.push_back(1'000'000 + i);
    } else if (phase == 6) {
      ids.push_back(500'000 + i % 400);
    } else {
      // The inverse of Zipf's law with exponent 1, nearly: 5,000 ^ uniform.
      const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
      ids.push_back(static_cast<uint64_t>(std::pow(5'000, uniform)));
    }
  }
  return ids;
}

class A3OfSize : public testing::TestWithParam<size_t> {};

TEST_P(A3OfSize, misses_as_a_naive_implementation_does) {
  Cache cache(GetParam());
  NaiveA3 naive(GetParam());
  double misses = 0;
  double naive_misses = 0;
  for (const uint64_t id : mixed_requests(60'000)) {
    misses += !cache.request(id);
    naive_misses += !naive.request(id);
  }
  EXPECT_NEAR(misses / naive_misses, 1, 0.015);
}

INSTANTIATE_TEST_SUITE_P(, A3OfSize, testing::Values(50, 200, 1000, 2500));

}  // namespace
}  // namespace inlay
