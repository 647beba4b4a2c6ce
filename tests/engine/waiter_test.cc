// Waiters: who is served, when, by whom, and which locks that takes.
#include "engine/waiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/executor.h"
#include "inlay/expiry/clock.h"

namespace inlay {
namespace {

absl::Status push(WriteTx& tx, const KeyRef& key, Bytes element) {
  Result<Edit<List>> list = tx.edit<List>(key);
  if (!list.ok()) return list.status();
  EXPECT_TRUE((*list)->push_back(element));
  EXPECT_TRUE(list->close());
  return absl::OkStatus();
}

std::optional<std::string> pop(WriteTx& tx, const KeyRef& key) {
  Result<Edit<List>> list = tx.edit<List>(key);
  if (!list.ok() || (*list)->empty()) return std::nullopt;
  std::string element = (*list)->at(0).to_string();
  EXPECT_TRUE((*list)->pop_front());
  EXPECT_TRUE(list->close());
  return element;
}

absl::Status set(WriteTx& tx, const KeyRef& key, Bytes value) {
  Found found = tx.find_mutable(key);
  EXPECT_TRUE(tx.put_string(key, found, value, OldDeadline::kDrop));
  return absl::OkStatus();
}

// Pops one element, into `destination` where it has one.
class Popper final : public Waiter {
 public:
  Popper(Engine& engine, std::optional<std::string> destination = std::nullopt)
      : Waiter(0, Type::kList, destination ? std::optional(engine.key(*destination).hash) : std::nullopt),
        engine_(engine),
        destination_(std::move(destination)) {}

  void serve(LeanTx& tx, const KeyRef& key) override {
    popped = pop(tx, key);
    if (destination_.has_value()) (void)push(tx, engine_.key(*destination_), *popped);
  }
  void wake() override { ++wakes; }

  WaitTable::Place place;
  std::optional<std::string> popped;
  int wakes = 0;

 private:
  Engine& engine_;
  std::optional<std::string> destination_;
};

class WaiterTest : public testing::Test {
 protected:
  // Registers as a call does that found nothing.
  std::shared_ptr<Popper> wait_for(const std::string& name, std::optional<std::string> destination = {}) {
    auto waiter = std::make_shared<Popper>(engine_, std::move(destination));
    const KeyRef key = engine_.key(name);
    const uint64_t hash = key.hash;
    ShardSetGuard guard(engine_, {&hash, 1}, Access::kWrite);
    engine_.shard_of(key).waiters().add(key, waiter, waiter->place, engine_.needed_shard(*waiter));
    engine_.wait_began();
    return waiter;
  }
  void give(const std::string& key, const std::string& element) {
    ASSERT_TRUE(executor_.run<push>(0, key, element).ok());
  }
  // Two names whose keys stand in different shards, the first in the higher one.
  std::pair<std::string, std::string> names_in_descending_shards() {
    for (int i = 0;; ++i) {
      const std::string a = std::to_string(2 * i), b = std::to_string(2 * i + 1);
      if (engine_.shard_index(engine_.key(a).hash) > engine_.shard_index(engine_.key(b).hash)) return {a, b};
    }
  }

  Engine engine_{{.shards = 4, .databases = 16, .clock = std::make_shared<ManualClock>(), .seed = 1}};
  Executor executor_{engine_};
};

TEST_F(WaiterTest, push_serves_the_oldest_waiter_and_wakes_it_after_the_call) {
  const auto first = wait_for("l");
  const auto second = wait_for("l");
  EXPECT_EQ(engine_.blocked_waiters(), 2u);
  give("l", "x");
  EXPECT_EQ(first->popped, "x");
  EXPECT_EQ(first->wakes, 1);
  EXPECT_EQ(first->state(), Waiter::State::kServed);
  EXPECT_EQ(second->state(), Waiter::State::kWaiting);
  EXPECT_EQ(engine_.blocked_waiters(), 1u);
  give("l", "y");
  EXPECT_EQ(second->popped, "y");
  EXPECT_FALSE(engine_.shard_of(engine_.key("l")).has_waiters());
}

TEST_F(WaiterTest, another_type_serves_nobody) {
  const auto waiter = wait_for("l");
  ASSERT_TRUE(executor_.run<set>(0, std::string("l"), std::string("v")).ok());
  EXPECT_EQ(waiter->state(), Waiter::State::kWaiting);
  EXPECT_EQ(waiter->wakes, 0);
}

TEST_F(WaiterTest, waiter_whose_wait_ended_is_passed_over) {
  const auto first = wait_for("l");
  const auto second = wait_for("l");
  ASSERT_TRUE(engine_.end_wait(*first, Waiter::State::kTimedOut));
  EXPECT_FALSE(engine_.end_wait(*first, Waiter::State::kCancelled));
  give("l", "x");
  EXPECT_EQ(first->popped, std::nullopt);
  EXPECT_EQ(second->popped, "x");
}

TEST_F(WaiterTest, serving_locks_the_shard_of_the_destination_and_cascades) {
  const auto [source, destination] = names_in_descending_shards();
  const auto mover = wait_for(source, destination);
  const auto last = wait_for(destination);
  EXPECT_TRUE(engine_.shard_of(engine_.key(source)).serving_needs_more_shards());
  give(source, "x");
  EXPECT_EQ(mover->popped, "x");
  EXPECT_EQ(last->popped, "x");
  EXPECT_FALSE(engine_.shard_of(engine_.key(source)).serving_needs_more_shards());
  EXPECT_TRUE(engine_.check_invariants());
}

TEST_F(WaiterTest, transaction_of_many_serves_at_its_end) {
  const auto waiter = wait_for("l");
  {
    Aftermath aftermath;
    const uint64_t hash = engine_.key("l").hash;
    ShardSetGuard guard(engine_, {&hash, 1}, Access::kWrite);
    CommitScope commit(engine_, aftermath);
    WriteTx tx(engine_, 0, aftermath);
    ASSERT_TRUE(push(tx, engine_.key("l"), "x").ok());
    EXPECT_EQ(waiter->state(), Waiter::State::kWaiting);
    EXPECT_EQ(pop(tx, engine_.key("l")), "x");
    ASSERT_TRUE(push(tx, engine_.key("l"), "y").ok());
  }
  EXPECT_EQ(waiter->popped, "y");
}

class WaitTableTest : public testing::Test {
 protected:
  std::vector<const Waiter*> queue_of(const KeyRef& key) const {
    std::vector<const Waiter*> waiters;
    if (const WaitTable::Queue* queue = table_.find(0, key.bytes)) {
      for (const WaitTable::Standing& standing : *queue) waiters.push_back(standing.waiter.get());
    }
    return waiters;
  }

  Engine engine_{{.shards = 4, .databases = 16, .clock = std::make_shared<ManualClock>(), .seed = 1}};
  WaitTable table_;
};

TEST_F(WaitTableTest, removed_waiter_leaves_no_row_and_no_needed_shard) {
  const auto waiter = std::make_shared<Popper>(engine_, "d");
  const KeyRef key = engine_.key("l");
  WaitTable::Place elsewhere;
  table_.add(key, waiter, waiter->place, uint16_t{3});
  EXPECT_TRUE(table_.needs_more_shards());
  EXPECT_FALSE(table_.remove(key, elsewhere, uint16_t{3}));
  EXPECT_TRUE(table_.remove(key, waiter->place, uint16_t{3}));
  EXPECT_FALSE(table_.remove(key, waiter->place, uint16_t{3}));
  EXPECT_TRUE(table_.empty());
  EXPECT_FALSE(table_.needs_more_shards());
}

// One waiter in several queues, twice over: every place is left on its own.
TEST_F(WaitTableTest, places_of_one_waiter_are_independent) {
  const auto waiter = std::make_shared<Popper>(engine_);
  const KeyRef a = engine_.key("a"), b = engine_.key("b");
  for (int round = 0; round < 2; ++round) {
    WaitTable::Place other;
    table_.add(a, waiter, waiter->place, std::nullopt);
    table_.add(b, waiter, other, std::nullopt);
    EXPECT_TRUE(table_.remove(a, waiter->place, std::nullopt));
    EXPECT_TRUE(queue_of(a).empty());
    EXPECT_EQ(queue_of(b), std::vector<const Waiter*>{waiter.get()});
    EXPECT_TRUE(table_.remove(b, other, std::nullopt));
    EXPECT_TRUE(table_.empty());
  }
}

// Thousands whose time runs out in any order: those that stay keep theirs.
TEST_F(WaitTableTest, crowd_that_leaves_out_of_order_keeps_the_order_of_the_rest) {
  constexpr size_t kCrowd = 20'000;
  const KeyRef key = engine_.key("l");
  std::vector<std::shared_ptr<Popper>> crowd;
  for (size_t i = 0; i < kCrowd; ++i) {
    crowd.push_back(std::make_shared<Popper>(engine_));
    table_.add(key, crowd.back(), crowd.back()->place, std::nullopt);
  }
  std::vector<size_t> leaving(kCrowd);
  std::iota(leaving.begin(), leaving.end(), size_t{0});
  std::shuffle(leaving.begin(), leaving.end(), std::mt19937_64(7));
  const auto half = leaving.begin() + kCrowd / 2;
  std::for_each(leaving.begin(), half,
                [&](size_t i) { ASSERT_TRUE(table_.remove(key, crowd[i]->place, std::nullopt)); });
  std::sort(half, leaving.end());
  std::vector<const Waiter*> staying;
  std::for_each(half, leaving.end(), [&](size_t i) { staying.push_back(crowd[i].get()); });
  EXPECT_EQ(queue_of(key), staying);
  std::for_each(std::reverse_iterator(leaving.end()), std::reverse_iterator(half),
                [&](size_t i) { ASSERT_TRUE(table_.remove(key, crowd[i]->place, std::nullopt)); });
  EXPECT_TRUE(table_.empty());
  for (const auto& waiter : crowd) EXPECT_EQ(waiter.use_count(), 1);
}

}  // namespace
}  // namespace inlay
