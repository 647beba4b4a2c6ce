// Key events and removals: what is told, when, and to whom.
#include "inlay/event.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

class EventTest : public testing::Test {
 protected:
  Subscription listen(Strings& events) {
    return store_->on_key_event([&events](const KeyEvent& event) {
      events.push_back(std::string(event.name).append(" ").append(event.key));
    });
  }
  Subscription listen_to_removals(Strings& removals) {
    return store_->on_removal([&removals](const RemovalEvent& event) {
      static constexpr const char* kCauses[] = {"deleted", "replaced", "expired", "evicted", "flushed"};
      removals.push_back(std::string(event.key)
                             .append(" ")
                             .append(event.type)
                             .append(" ")
                             .append(kCauses[static_cast<size_t>(event.cause)]));
    });
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(TimePoint(1h));
  std::unique_ptr<Store> store_ =
      Store::open({.shards = 4, .clock = clock_, .seed = 1, .background = Background::kManual}).value();
};

TEST_F(EventTest, expired_comes_with_maintain_or_with_the_next_look) {
  Strings events;
  const Subscription subscription = listen(events);
  (void)store_->set("a", "v", 10ms);
  (void)store_->set("b", "v", 10ms);
  events.clear();
  clock_->advance(20ms);
  EXPECT_TRUE(is_nil(store_->get("a")));
  EXPECT_EQ(events, Strings{"expired a"});
  EXPECT_EQ(store_->maintain(), 1u);
  EXPECT_EQ(events, (Strings{"expired a", "expired b"}));
}

TEST_F(EventTest, dead_key_is_told_of_before_its_successor) {
  Strings events;
  (void)store_->set("a", "v", 10ms);
  clock_->advance(20ms);
  const Subscription subscription = listen(events);
  (void)store_->set("a", "new");
  EXPECT_EQ(events, (Strings{"expired a", "set a"}));
}

TEST_F(EventTest, last_dead_field_tells_of_field_and_key) {
  Strings events, removals;
  (void)store_->hset("h", "f", "v");
  (void)store_->hexpire("h", 10ms, {"f"});
  const Subscription subscription = listen(events);
  const Subscription other = listen_to_removals(removals);
  clock_->advance(20ms);
  (void)store_->maintain();
  EXPECT_EQ(events, (Strings{"hexpired h", "del h"}));
  EXPECT_EQ(removals, Strings{"h hash expired"});
}

TEST_F(EventTest, removals_carry_their_cause) {
  Strings removals;
  const Subscription subscription = listen_to_removals(removals);
  (void)store_->set("a", "1");
  (void)store_->set("a", "2");
  (void)store_->incr("a");  // The same value, changed.
  (void)store_->del("a");
  (void)store_->rpush("l", "x");
  (void)store_->lpop("l");
  (void)store_->set("e", "v", 10ms);
  clock_->advance(20ms);
  (void)store_->maintain();
  (void)store_->set("old", "v");
  (void)store_->set("new", "v");
  (void)store_->rename("old", "new");
  store_->flushall();
  EXPECT_EQ(removals, (Strings{"a string replaced", "a string deleted", "l list deleted", "e string expired",
                               "new string replaced", "old string deleted", "new string flushed"}));
}

TEST_F(EventTest, cancelled_subscription_hears_nothing_more) {
  Strings events;
  Subscription subscription = listen(events);
  (void)store_->set("a", "1");
  subscription.cancel();
  (void)store_->set("a", "2");
  EXPECT_EQ(events, Strings{"set a"});
}

TEST_F(EventTest, listener_may_call_the_store_and_hears_of_it_afterwards) {
  Strings events;
  const Subscription subscription = store_->on_key_event([&](const KeyEvent& event) {
    events.push_back(std::string(event.name).append(" ").append(event.key));
    if (event.key == "a") (void)store_->set("b", "1");
  });
  (void)store_->set("a", "1");
  EXPECT_EQ(events, (Strings{"set a", "set b"}));
}

TEST_F(EventTest, executor_gets_the_callbacks_in_order) {
  class Loop final : public CallbackExecutor {
   public:
    void post(absl::AnyInvocable<void()> task) override { tasks.push_back(std::move(task)); }
    std::deque<absl::AnyInvocable<void()>> tasks;
  };
  Loop loop;
  Strings keys;
  const Subscription subscription =
      store_->on_key_event([&](const KeyEvent& event) { keys.emplace_back(event.key); }, &loop);
  (void)store_->mset({{"a", "1"}, {"b", "2"}});
  EXPECT_TRUE(keys.empty());
  for (auto& task : loop.tasks) task();
  EXPECT_EQ(keys, (Strings{"a", "b"}));
}

// Every increment is told once, and those of one key in order: the listener that reads the counter never sees it lag
// behind the number of events of its key.
TEST_F(EventTest, many_threads_lose_and_double_nothing) {
  constexpr int kThreads = 4, kCalls = 2'000;
  std::vector<int> told(3, 0);  // By one thread at a time.
  const Subscription subscription = store_->on_key_event([&](const KeyEvent& event) {
    ++told[static_cast<size_t>(event.key.back() - '0')];
    EXPECT_GE(std::stoi(**store_->get(event.key)), told[static_cast<size_t>(event.key.back() - '0')]);
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i)
        (void)store_->incr(std::string("k").append(std::to_string((i + t) % 3)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(told[0] + told[1] + told[2], kThreads * kCalls);
}

TEST_F(EventTest, setting_is_printed_in_its_canonical_form) {
  Session session(*store_);
  const auto set = [&](std::string_view flags) {
    (void)session.execute({"CONFIG", "SET", "notify-keyspace-events", flags});
    return std::string(session.execute({"CONFIG", "GET", "notify-keyspace-events"}).items()[1].text());
  };
  EXPECT_EQ(set("EKA"), "AKE");
  EXPECT_EQ(set("lgE"), "glE");
  EXPECT_EQ(set("g$lshzxetdK"), "AK");
  EXPECT_EQ(set("mnKx"), "xnKm");
  EXPECT_EQ(set("foo"), "xnKm");
  EXPECT_EQ(set(""), "");
}

}  // namespace
}  // namespace inlay
