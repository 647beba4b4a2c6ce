// A producer and its consumers over BLMOVE.
#include "inlay/patterns/reliable_list.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/patterns/manual_store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;
using Items = std::vector<std::string>;

class ReliableListTest : public testing::Test, public ManualStore {
 protected:
  ReliableList list_{*store, "l"};
};

TEST_F(ReliableListTest, item_is_the_lists_or_a_consumers_until_it_is_done) {
  EXPECT_EQ(list_.push("a").value(), 1);
  EXPECT_EQ(list_.push("b").value(), 2);
  EXPECT_EQ(list_.take("w", 0s).value(), "a");
  EXPECT_EQ(list_.size().value(), 1);
  EXPECT_EQ(list_.processing("w").value(), Items{"a"});
  EXPECT_FALSE(list_.done("other", "a").value());
  EXPECT_TRUE(list_.done("w", "a").value());
  EXPECT_FALSE(list_.done("w", "a").value());
  EXPECT_EQ(list_.take("w", 0s).value(), "b");
  EXPECT_TRUE(is_nil(list_.take("w", 0s)));
}

TEST_F(ReliableListTest, equal_items_are_kept_apart_by_their_number) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(list_.push("same").ok());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(list_.take("w", 0s).value(), "same");
  EXPECT_TRUE(list_.done("w", "same").value());
  EXPECT_EQ(list_.processing("w").value(), Items{"same"});
}

TEST_F(ReliableListTest, what_an_ended_consumer_left_comes_first_in_its_old_order) {
  for (const char* item : {"a", "b", "c"}) ASSERT_TRUE(list_.push(item).ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(list_.take("crashed", 0s).ok());
  EXPECT_EQ(list_.recover("crashed").value(), 2);
  EXPECT_EQ(list_.recover("crashed").value(), 0);
  for (const char* item : {"a", "b", "c"}) EXPECT_EQ(list_.take("w", 0s).value(), item);
}

TEST_F(ReliableListTest, who_waits_gets_what_is_pushed_and_what_is_recovered) {
  const auto take = [this](const char* consumer) { return list_.take(consumer, kForever); };
  auto first = waiting([&] { return take("first"); });
  ASSERT_TRUE(list_.push("a").ok());
  EXPECT_EQ(first.get().value(), "a");
  auto second = waiting([&] { return take("second"); });
  EXPECT_EQ(list_.recover("first").value(), 1);
  EXPECT_EQ(second.get().value(), "a");
  EXPECT_EQ(list_.processing("second").value(), Items{"a"});
}

TEST_F(ReliableListTest, waits_end_by_time_and_by_stop) {
  auto late = waiting([this] { return list_.take("w", 5s); });
  pass(5s);
  EXPECT_TRUE(is_nil(late.get()));
  std::stop_source stop;
  auto stopped = waiting([this, token = stop.get_token()] { return list_.take("w", kForever, token); });
  stop.request_stop();
  EXPECT_EQ(stopped.get().status().code(), absl::StatusCode::kCancelled);
}

// Consumers that end with items in hands; a supervisor recovers them. Every item is done at least once, and all are
// done in the end.
TEST(ReliableListThreads, nothing_is_lost) {
  constexpr int kItems = 2000;
  auto store = Store::open({.shards = 8}).value();
  ReliableList list(*store, "l");
  std::mutex mutex;
  std::map<std::string, int> done;
  std::atomic<int> remaining{kItems};
  std::stop_source all_done;
  std::vector<std::jthread> supervisors;
  for (int s = 0; s < 3; ++s) {
    supervisors.emplace_back([&, s] {
      const std::string name = std::string("worker").append(std::to_string(s));
      // Each round is a consumer that ends at its fifth item.
      while (!all_done.stop_requested()) {
        std::jthread consumer([&] {
          for (int i = 0; i < 5; ++i) {
            const auto item = list.take(name, kForever, all_done.get_token());
            if (!item.ok() || i == 4) return;
            EXPECT_TRUE(list.done(name, **item).value());
            const std::lock_guard lock(mutex);
            ++done[**item];
            if (--remaining == 0) all_done.request_stop();
          }
        });
        consumer.join();
        EXPECT_TRUE(list.recover(name).ok());
      }
    });
  }
  for (int i = 0; i < kItems; ++i) ASSERT_TRUE(list.push(std::to_string(i)).ok());
  supervisors.clear();
  EXPECT_EQ(done.size(), static_cast<size_t>(kItems));
  EXPECT_EQ(store->dbsize().value(), 0);
}

}  // namespace
}  // namespace inlay::test
