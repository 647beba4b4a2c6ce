#include "engine/eviction/name_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <set>

namespace inlay {
namespace {

constexpr ResidentName kLastName = (ResidentName{1} << kResidentNameBits) - 1;

TEST(NameQueue, names_come_out_in_order_with_their_stamps) {
  NameQueue queue;
  std::deque<std::pair<ResidentName, uint8_t>> model;
  for (ResidentName i = 0; i < 1000; ++i) {
    const ResidentName name = kLastName - i * 7919;
    model.emplace_back(name, queue.push(name));
  }
  std::set<uint8_t> stamps;
  for (const auto& [name, stamp] : model) {
    const NameQueue::Item item = queue.pop();
    EXPECT_EQ(item.name, name);
    EXPECT_EQ(item.stamp, stamp);
    stamps.insert(stamp);
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(stamps.size(), (1000 + NameQueue::kChunkNames - 1) / NameQueue::kChunkNames);
  EXPECT_LT(*stamps.rbegin(), 1u << NameQueue::kStampBits);
}

TEST(NameQueue, a_queue_that_was_drained_at_the_end_of_a_chunk_goes_on) {
  NameQueue queue;
  for (ResidentName name = 0; name < NameQueue::kChunkNames; ++name) queue.push(name);
  while (!queue.empty()) queue.pop();
  queue.push(77);
  EXPECT_TRUE(queue.check_invariants());
  EXPECT_EQ(queue.pop().name, 77u);
}

TEST(NameQueue, a_name_takes_five_bytes_and_a_half) {
  NameQueue queue;
  for (ResidentName name = 0; name < 10'000; ++name) queue.push(name);
  EXPECT_LE(queue.memory_usage(), 55'000u);
  for (int i = 0; i < 9'990; ++i) queue.pop();
  EXPECT_LE(queue.memory_usage(), 1'000u);
}

TEST(NameQueue, peek_sees_the_names_to_come) {
  NameQueue queue;
  for (ResidentName name = 0; name < 200; ++name) queue.push(name);
  for (ResidentName name = 0; name < 150; ++name) {
    EXPECT_EQ(queue.peek(0), name);
    EXPECT_EQ(queue.peek(8), name + 8);
    queue.pop();
  }
  EXPECT_EQ(queue.peek(1'000), 150u);  // Not known cheaply.
}

// Pushes, pops and sweeps in any order: a name that is not stale comes out, in order, by the stamp it was last told.
RC_GTEST_PROP(NameQueue, random_calls_agree_with_a_deque, ()) {
  struct Known {
    ResidentName name;
    uint8_t stamp;
    bool stale = false;
  };
  NameQueue queue;
  std::deque<Known> model;
  ResidentName next = 0;
  const auto find = [&](ResidentName name) {
    return std::find_if(model.begin(), model.end(), [&](const Known& known) { return known.name == name; });
  };
  const int steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i < steps; ++i) {
    const int count = *rc::gen::inRange(0, 100);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        for (int j = 0; j < count; ++j, ++next) model.push_back({next, queue.push(next)});
        break;
      case 1:
        for (int j = 0; j < count && !model.empty() && !queue.empty(); ++j) {
          const NameQueue::Item item = queue.pop();
          while (!model.empty() && model.front().stale && model.front().name != item.name) model.pop_front();
          RC_ASSERT(!model.empty());
          RC_ASSERT(model.front().name == item.name);
          RC_ASSERT(model.front().stamp == item.stamp);
          model.pop_front();
        }
        break;
      case 2:
        for (int j = 0; j < count && !model.empty(); ++j)
          model[*rc::gen::inRange<size_t>(0, model.size())].stale = true;
        break;
      default:
        queue.sweep_chunk([&](const NameQueue::Item& item) { return find(item.name)->stale; },
                          [&](const NameQueue::Item& item) { find(item.name)->stamp = item.stamp; });
        break;
    }
    RC_ASSERT(queue.check_invariants());
    RC_ASSERT(queue.size() <= model.size());
  }
}

TEST(NameQueue, sweeping_drops_the_stale_and_joins_what_is_left) {
  NameQueue queue;
  for (ResidentName name = 0; name < 6'400; ++name) queue.push(name);
  const size_t full = queue.memory_usage();
  for (int i = 0; i < 110; ++i) {
    queue.sweep_chunk([](const NameQueue::Item& item) { return item.name % 10 != 0; },
                      [](const NameQueue::Item&) {});
  }
  EXPECT_LT(queue.memory_usage(), full / 8);
  EXPECT_LT(queue.size(), 800u);
  for (ResidentName name = 0; name < 6'000; name += 10) EXPECT_EQ(queue.pop().name, name);
}

}  // namespace
}  // namespace inlay
