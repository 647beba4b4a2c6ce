// Subscribers and callbacks of messages, as a program uses them.
#include "inlay/subscriber.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

std::unique_ptr<Store> open_store() { return Store::open({.background = Background::kManual}).value(); }

// Payloads that can be read without waiting.
Texts read_all(Subscriber& subscriber) {
  Texts payloads;
  for (;;) {
    const auto message = subscriber.next(0s);
    if (!message.ok() || !message->has_value()) return payloads;
    payloads.emplace_back((*message)->payload());
  }
}

// Runs tasks on threads of its own; all that were posted run before it goes.
class Pool final : public CallbackExecutor {
 public:
  explicit Pool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Pool() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    posted_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  void post(absl::AnyInvocable<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      posted_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<absl::AnyInvocable<void()>> tasks_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

// Keeps tasks until they are run by hand.
class Shelf final : public CallbackExecutor {
 public:
  void post(absl::AnyInvocable<void()> task) override { tasks.push_back(std::move(task)); }
  void run_all() {
    while (!tasks.empty()) {
      auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }
  std::deque<absl::AnyInvocable<void()>> tasks;
};

TEST(Subscriber, reads_what_is_published_to_its_channels) {
  const auto store = open_store();
  const auto subscriber = store->subscriber();
  EXPECT_EQ(*store->publish("news", "early"), 0);
  ASSERT_TRUE(subscriber->subscribe({"news", "weather"}).ok());
  ASSERT_TRUE(subscriber->psubscribe({"w*"}).ok());
  EXPECT_EQ(*store->publish("news", "hello"), 1);
  EXPECT_EQ(*store->database(3)->publish("weather", 21), 2);
  EXPECT_EQ(*store->publish("sports", "x"), 0);
  EXPECT_EQ(subscriber->pending(), 3u);
  auto message = subscriber->next();
  ASSERT_TRUE(message.ok());
  EXPECT_EQ((*message)->channel(), "news");
  EXPECT_EQ((*message)->payload(), "hello");
  EXPECT_EQ((*message)->pattern(), std::nullopt);
  EXPECT_EQ((*subscriber->next())->payload(), "21");
  EXPECT_EQ((*subscriber->next())->pattern(), "w*");
  EXPECT_TRUE(is_nil(subscriber->next(1ms)));
  EXPECT_EQ(subscriber->channels(), (Texts{"news", "weather"}));
  EXPECT_EQ(subscriber->patterns(), (Texts{"w*"}));
  subscriber->unsubscribe({"news", "nosuch"});
  subscriber->punsubscribe({"w*"});
  EXPECT_EQ(*store->publish("news", "x"), 0);
  EXPECT_EQ(*store->publish("weather", "rain"), 1);
  EXPECT_EQ(read_all(*subscriber), (Texts{"rain"}));
}

TEST(Subscriber, policies_and_counters_are_exact) {
  const auto store = open_store();
  const auto oldest = store->subscriber({.capacity = 3});
  const auto newest = store->subscriber({.capacity = 3, .overflow = Overflow::kDropNewest});
  const auto closing = store->subscriber({.capacity = 3, .overflow = Overflow::kCloseSubscriber});
  const auto none = store->subscriber({.capacity = 0, .overflow = Overflow::kDropNewest});  // At least one.
  for (Subscriber* each : {oldest.get(), newest.get(), closing.get(), none.get()}) {
    ASSERT_TRUE(each->subscribe({"c"}).ok());
  }
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(*store->publish("c", i), i <= 4 ? 4 : 3) << i;
  EXPECT_EQ(read_all(*oldest), (Texts{"8", "9", "10"}));
  EXPECT_EQ(oldest->dropped(), 7u);
  EXPECT_EQ(read_all(*newest), (Texts{"1", "2", "3"}));
  EXPECT_EQ(newest->dropped(), 7u);
  EXPECT_TRUE(closing->is_closed());
  EXPECT_EQ(read_all(*closing), (Texts{"1", "2", "3"}));
  EXPECT_EQ(closing->dropped(), 1u);
  EXPECT_EQ(closing->channels(), Texts());
  EXPECT_EQ(kind_of(closing->next(0s).status()), ErrorKind::kClosed);
  EXPECT_EQ(read_all(*none), (Texts{"1"}));
}

constexpr size_t kPublishers = 3;
constexpr int kEach = 2000;  // Messages of each publisher.

// Publishers that each count from 0 on channel "c", all at once; returns the sum of what publish() answered.
uint64_t publish_at_once(Store& store) {
  std::atomic<uint64_t> received{0};
  std::vector<std::thread> publishers;
  for (size_t publisher = 0; publisher < kPublishers; ++publisher) {
    publishers.emplace_back([&, publisher] {
      for (int i = 0; i < kEach; ++i) {
        const std::string payload = std::to_string(publisher).append(":").append(std::to_string(i));
        received += static_cast<uint64_t>(*store.publish("c", payload));
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  return received;
}

// A subscriber to "c" and the thread that reads it.
class Reader {
 public:
  Reader(Store& store, size_t capacity, Overflow overflow)
      : subscriber(store.subscriber({.capacity = capacity, .overflow = overflow})) {
    EXPECT_TRUE(subscriber->subscribe({"c"}).ok());
    thread_ = std::thread([this] { read_all(); });
  }

  void finish() {
    subscriber->close();
    thread_.join();
  }

  const std::unique_ptr<Subscriber> subscriber;
  // To be looked at after finish().
  uint64_t read = 0;
  bool in_order = true;  // Of each publisher.
  bool gapless = true;

 private:
  void read_all() {
    std::array<int, kPublishers> last;
    last.fill(-1);
    for (const Message& message : subscriber->messages()) {
      int& before = last[static_cast<size_t>(message.payload()[0] - '0')];
      const int number = std::stoi(std::string(message.payload().substr(2)));
      in_order = in_order && number > before;
      gapless = gapless && number == before + 1;
      before = number;
      ++read;
    }
  }

  std::thread thread_;
};

// However small the queues: everybody reads every message, those of one publisher in order.
TEST(Subscriber, publishers_that_wait_lose_nothing) {
  const auto store = open_store();
  std::deque<Reader> readers;
  for (const size_t capacity : {1, 2, 7, 16, 64, 256, 1024, 4096})
    readers.emplace_back(*store, capacity, Overflow::kBlockPublisher);
  EXPECT_EQ(publish_at_once(*store), readers.size() * kPublishers * kEach);
  for (Reader& reader : readers) {
    reader.finish();
    EXPECT_EQ(reader.read, kPublishers * kEach);
    EXPECT_TRUE(reader.in_order && reader.gapless);
    EXPECT_EQ(reader.subscriber->dropped(), 0u);
  }
}

// Whatever the threads do: each message was read or is counted as dropped, by everyone who received it.
TEST(Subscriber, counters_are_exact_while_publishers_race) {
  const auto store = open_store();
  std::deque<Reader> readers;
  for (const size_t capacity : {1, 16})
    for (const auto overflow : {Overflow::kDropOldest, Overflow::kDropNewest})
      readers.emplace_back(*store, capacity, overflow);
  Reader closing(*store, 4, Overflow::kCloseSubscriber);
  const auto unread = store->subscriber({.capacity = 10});
  ASSERT_TRUE(unread->subscribe({"c"}).ok());
  const uint64_t received = publish_at_once(*store);
  constexpr uint64_t kPublished = kPublishers * kEach;
  for (Reader& reader : readers) {
    reader.finish();
    EXPECT_EQ(reader.read + reader.subscriber->dropped(), kPublished);
    EXPECT_TRUE(reader.in_order);
  }
  EXPECT_EQ(unread->dropped(), kPublished - 10);
  EXPECT_EQ(unread->pending(), 10u);
  closing.finish();
  EXPECT_LE(closing.subscriber->dropped(), 1u);
  EXPECT_TRUE(closing.in_order && closing.gapless);
  EXPECT_EQ(closing.read + closing.subscriber->dropped(), received - (readers.size() + 1) * kPublished);
}

TEST(Subscriber, close_wakes_all_and_ends_the_range) {
  const auto store = open_store();
  const auto subscriber = store->subscriber();
  ASSERT_TRUE(subscriber->subscribe({"c"}).ok());
  std::atomic<int> read{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (const Message& message : subscriber->messages()) read += message.payload() == "x";
    });
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(*store->publish("c", "x"), 1);
  while (subscriber->waiting() < 3) std::this_thread::yield();
  subscriber->close();
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(read, 10);
  EXPECT_EQ(subscriber->subscribe({"c"}).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(*store->publish("c", "x"), 0);
  subscriber->close();
}

// What waits when it is closed can still be read.
TEST(Subscriber, a_range_ends_behind_what_was_left) {
  const auto store = open_store();
  const auto subscriber = store->subscriber();
  ASSERT_TRUE(subscriber->subscribe({"c"}).ok());
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(store->publish("c", i).ok());
  subscriber->close();
  Texts payloads;
  for (const Message& message : subscriber->messages()) payloads.emplace_back(message.payload());
  EXPECT_EQ(payloads, (Texts{"1", "2", "3"}));
  static_assert(std::input_iterator<MessageRange::iterator>);
}

TEST(Subscriber, a_stop_ends_the_wait) {
  const auto store = open_store();
  const auto subscriber = store->subscriber();
  std::jthread reader([&](const std::stop_token& stop) {
    EXPECT_EQ(subscriber->next(kForever, stop).status().code(), absl::StatusCode::kCancelled);
    for (const Message& message : subscriber->messages(stop)) ADD_FAILURE() << message.payload();
  });
  while (subscriber->waiting() == 0) std::this_thread::yield();
  reader.request_stop();
  reader.join();
  EXPECT_FALSE(subscriber->is_closed());
}

// The store's clock times waits out, when maintain() looks at it.
TEST(Subscriber, a_wait_follows_the_clock_of_the_store) {
  const auto clock = std::make_shared<ManualClock>();
  const auto store = Store::open({.clock = clock, .background = Background::kManual}).value();
  const auto subscriber = store->subscriber();
  ASSERT_TRUE(subscriber->subscribe({"c"}).ok());
  std::atomic<bool> timed_out{false};
  std::thread reader([&] {
    EXPECT_TRUE(is_nil(subscriber->next(1h)));
    timed_out = true;
    EXPECT_EQ((*subscriber->next(1h))->payload(), "in time");
  });
  while (subscriber->waiting() == 0) std::this_thread::yield();
  clock->advance(1h);
  store->maintain();
  while (!timed_out || subscriber->waiting() == 0) std::this_thread::yield();
  clock->advance(59min);
  store->maintain();
  EXPECT_EQ(*store->publish("c", "in time"), 1);
  reader.join();
}

// A publisher waits for room, and goes on when the subscriber goes.
TEST(Subscriber, destroying_one_frees_its_publishers) {
  const auto store = open_store();
  auto subscriber = store->subscriber({.capacity = 1, .overflow = Overflow::kBlockPublisher});
  const auto other = store->subscriber();
  ASSERT_TRUE(subscriber->subscribe({"c"}).ok());
  ASSERT_TRUE(other->subscribe({"c"}).ok());
  EXPECT_EQ(*store->publish("c", "1"), 2);
  std::thread publisher([&] { EXPECT_EQ(*store->publish("c", "2"), 2); });
  // The keyspace goes on meanwhile, and so do other channels.
  while (other->pending() < 2) std::this_thread::yield();
  EXPECT_TRUE(store->set("c", "v").ok());
  EXPECT_EQ(*store->publish("d", "x"), 0);
  subscriber = nullptr;
  publisher.join();
  EXPECT_EQ(*store->publish("c", "3"), 1);
  EXPECT_EQ(read_all(*other), (Texts{"1", "2", "3"}));
}

TEST(Subscriber, may_outlive_its_store) {
  auto store = open_store();
  const auto subscriber = store->subscriber();
  ASSERT_TRUE(subscriber->subscribe({"c"}).ok());
  EXPECT_EQ(*store->publish("c", "last"), 1);
  std::thread reader([&] {
    EXPECT_EQ((*subscriber->next())->payload(), "last");
    EXPECT_EQ(kind_of(subscriber->next().status()), ErrorKind::kClosed);
  });
  while (subscriber->waiting() == 0) std::this_thread::yield();
  store = nullptr;
  reader.join();
  EXPECT_EQ(kind_of(subscriber->subscribe({"c"})), ErrorKind::kClosed);
}

TEST(OnMessage, calls_back_within_publish) {
  const auto store = open_store();
  Texts calls;
  auto subscription = store->on_message({"a", "b"}, [&](const Message& message) {
    calls.push_back(std::string(message.channel()) + std::string(message.payload()));
    // No lock is held: the store can be used, and the callbacks of others changed.
    EXPECT_TRUE(store->set("k", message.payload()).ok());
    const auto inner = store->on_message({"c"}, [](const Message&) {});
  });
  const auto patterns = store->on_pmessage({"*"}, [&](const Message& message) {
    EXPECT_EQ(message.pattern(), "*");
    calls.push_back(std::string(message.channel()) + " too");
  });
  EXPECT_EQ(*store->publish("a", 1), 2);
  EXPECT_EQ(calls, (Texts{"a1", "a too"}));
  subscription.cancel();
  EXPECT_EQ(*store->publish("b", 2), 1);
  EXPECT_EQ(calls, (Texts{"a1", "a too", "b too"}));
}

TEST(OnMessage, cancelling_within_the_callback_makes_it_the_last) {
  const auto store = open_store();
  int calls = 0;
  Subscription subscription = store->on_message({"c"}, [&](const Message&) {
    ++calls;
    subscription.cancel();
  });
  EXPECT_EQ(*store->publish("c", 1), 1);
  EXPECT_EQ(*store->publish("c", 2), 0);
  EXPECT_EQ(calls, 1);
}

// Once cancel() has returned, what the callback uses may go.
TEST(OnMessage, no_callback_runs_after_cancel) {
  const auto store = open_store();
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    while (!done) EXPECT_TRUE(store->publish("c", "x").ok());
  });
  Pool pool(2);
  for (int round = 0; round < 200; ++round) {
    std::atomic<bool> alive{true};
    std::atomic<int> calls{0};
    auto subscription = store->on_message(
        {"c"},
        [&](const Message&) {
          EXPECT_TRUE(alive);
          ++calls;
        },
        round % 2 == 0 ? nullptr : &pool);
    while (calls == 0) std::this_thread::yield();
    subscription.cancel();
    alive = false;
  }
  done = true;
  publisher.join();
}

// However many threads an executor has, one subscription's callbacks come one at a time and in order.
TEST(OnMessage, an_executor_keeps_the_order) {
  constexpr int kMessages = 5000;
  const auto store = open_store();
  Texts calls;
  std::atomic<int> inside{0}, count{0};
  Pool pool(3);
  const auto subscription = store->on_message({"c"},
                                              [&](const Message& message) {
                                                EXPECT_EQ(++inside, 1);
                                                calls.emplace_back(message.payload());
                                                --inside;
                                                ++count;
                                              },
                                              &pool, {.capacity = 16, .overflow = Overflow::kBlockPublisher});
  for (int i = 0; i < kMessages; ++i) EXPECT_EQ(*store->publish("c", i), 1);
  while (count < kMessages) std::this_thread::yield();
  for (int i = 0; i < kMessages; ++i) ASSERT_EQ(calls[static_cast<size_t>(i)], std::to_string(i));
}

TEST(OnMessage, options_rule_what_waits_for_the_executor) {
  const auto store = open_store();
  Shelf shelf;
  Texts calls;
  auto subscription = store->on_message(
      {"c"}, [&](const Message& message) { calls.emplace_back(message.payload()); }, &shelf, {.capacity = 2});
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(*store->publish("c", i), 1);
  EXPECT_EQ(shelf.tasks.size(), 1u);  // One task empties the queue.
  shelf.run_all();
  EXPECT_EQ(calls, (Texts{"4", "5"}));
  EXPECT_EQ(*store->publish("c", 6), 1);
  EXPECT_EQ(shelf.tasks.size(), 1u);
  subscription.cancel();
  shelf.run_all();
  EXPECT_EQ(calls, (Texts{"4", "5"}));
}

TEST(OnMessage, the_end_of_the_store_is_its_end) {
  auto store = open_store();
  Shelf shelf;
  int calls = 0;
  const auto direct = store->on_message({"c"}, [&](const Message&) { ++calls; });
  const auto posted = store->on_message(
      {"c"}, [&](const Message&) { ++calls; }, &shelf);
  EXPECT_EQ(*store->publish("c", 1), 2);
  store = nullptr;
  shelf.run_all();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace inlay::test
