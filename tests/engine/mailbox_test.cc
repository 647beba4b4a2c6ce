#include "engine/mailbox.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "engine/message_text.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

constexpr Duration kForever = Duration::max();

Message message(std::string_view payload) {
  return {internal::MessageText::make("channel", payload, 1), nullptr};
}

std::shared_ptr<WaitClock> system_wait_clock() { return std::make_shared<WaitClock>(nullptr, true); }

Mailbox make_mailbox(size_t capacity, Overflow overflow) {
  return Mailbox({.capacity = capacity, .overflow = overflow}, system_wait_clock());
}

std::string taken(std::optional<Message> message) {
  return message.has_value() ? std::string(message->payload()) : "(none)";
}

TEST(Message, copies_share_one_text) {
  Message original(internal::MessageText::make("news", "hello", 1), internal::MessageText::make("n*", {}, 1));
  EXPECT_EQ(original.channel(), "news");
  EXPECT_EQ(original.payload(), "hello");
  EXPECT_EQ(original.pattern(), "n*");
  Message copy = original;
  EXPECT_EQ(copy.payload().data(), original.payload().data());
  Message moved = std::move(original);
  EXPECT_TRUE(original.is_empty());  // NOLINT(bugprone-use-after-move): what is left is empty.
  original = moved;
  moved = Message();
  copy = Message();
  EXPECT_EQ(original.payload(), "hello");
  EXPECT_EQ(Message().channel(), "");
  EXPECT_EQ(Message().pattern(), std::nullopt);
  EXPECT_EQ(sizeof(Message), 16u);
}

TEST(Mailbox, drop_oldest_keeps_the_latest) {
  Mailbox box = make_mailbox(2, Overflow::kDropOldest);
  for (const char* payload : {"1", "2", "3"}) EXPECT_EQ(box.offer(message(payload)), Offer::kDone);
  EXPECT_EQ(box.dropped(), 1u);
  EXPECT_EQ(taken(box.poll()), "2");
  EXPECT_EQ(taken(box.poll()), "3");
  EXPECT_EQ(taken(box.poll()), "(none)");
}

TEST(Mailbox, drop_newest_keeps_the_first) {
  Mailbox box = make_mailbox(2, Overflow::kDropNewest);
  for (const char* payload : {"1", "2", "3"}) EXPECT_EQ(box.offer(message(payload)), Offer::kDone);
  EXPECT_EQ(box.dropped(), 1u);
  EXPECT_EQ(taken(box.poll()), "1");
  EXPECT_EQ(taken(box.poll()), "2");
  EXPECT_EQ(taken(box.poll()), "(none)");
}

TEST(Mailbox, close_on_overflow_leaves_what_there_was) {
  Mailbox box = make_mailbox(1, Overflow::kCloseSubscriber);
  EXPECT_EQ(box.offer(message("1")), Offer::kDone);
  EXPECT_EQ(box.offer(message("2")), Offer::kLeave);
  EXPECT_EQ(box.offer(message("3")), Offer::kRefused);
  EXPECT_TRUE(box.is_closed());
  EXPECT_EQ(box.dropped(), 1u);
  EXPECT_EQ((*box.next(kForever, {}))->payload(), "1");
  const auto after = box.next(kForever, {});
  EXPECT_EQ(after.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(kind_of(after.status()), ErrorKind::kClosed);
}

// Nobody passes a publisher that waits, and each of its messages waits in its turn.
TEST(Mailbox, a_blocked_publisher_waits_for_room) {
  Mailbox box = make_mailbox(1, Overflow::kBlockPublisher);
  EXPECT_EQ(box.offer(message("1")), Offer::kDone);
  std::atomic<int> settled{0};
  std::thread publisher([&] {
    for (const char* payload : {"2", "3"}) {
      Message next = message(payload);
      if (box.offer(std::move(next)) == Offer::kSettle) box.settle(std::move(next));
      ++settled;
    }
  });
  EXPECT_EQ((*box.next(kForever, {}))->payload(), "1");
  EXPECT_EQ((*box.next(kForever, {}))->payload(), "2");
  EXPECT_EQ((*box.next(kForever, {}))->payload(), "3");
  publisher.join();
  EXPECT_EQ(settled, 2);
  EXPECT_EQ(box.dropped(), 0u);
}

TEST(Mailbox, close_frees_blocked_publishers_and_readers) {
  Mailbox full = make_mailbox(1, Overflow::kBlockPublisher);
  Mailbox empty = make_mailbox(1, Overflow::kBlockPublisher);
  EXPECT_EQ(full.offer(message("1")), Offer::kDone);
  Message held = message("2");
  ASSERT_EQ(full.offer(std::move(held)), Offer::kSettle);
  std::thread publisher([&] { full.settle(std::move(held)); });
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] { EXPECT_EQ(kind_of(empty.next(kForever, {}).status()), ErrorKind::kClosed); });
  }
  while (empty.waiting() < 2) std::this_thread::yield();
  full.close();
  empty.close();
  publisher.join();
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(full.dropped(), 1u);
  EXPECT_EQ(taken(full.poll()), "1");
}

TEST(Mailbox, a_wait_ends_in_time_or_when_stopped) {
  Mailbox box = make_mailbox(4, Overflow::kDropOldest);
  EXPECT_TRUE(is_nil(box.next(0s, {})));
  EXPECT_TRUE(is_nil(box.next(-1s, {})));
  EXPECT_TRUE(is_nil(box.next(1ms, {})));
  std::stop_source stop;
  std::thread reader(
      [&] { EXPECT_EQ(box.next(kForever, stop.get_token()).status().code(), absl::StatusCode::kCancelled); });
  while (box.waiting() == 0) std::this_thread::yield();
  stop.request_stop();
  reader.join();
  // Who is to stop does not take what is there.
  EXPECT_EQ(box.offer(message("1")), Offer::kDone);
  EXPECT_EQ(box.next(kForever, stop.get_token()).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(box.size(), 1u);
}

// A clock that is moved by hand ends a wait at the tick after its time, neither before nor without one.
TEST(Mailbox, a_wait_by_a_manual_clock_ends_at_a_tick) {
  const auto manual = std::make_shared<ManualClock>();
  const auto clock = std::make_shared<WaitClock>(manual, true);
  Mailbox box({}, clock);
  std::atomic<bool> ended{false};
  std::thread reader([&] {
    EXPECT_TRUE(is_nil(box.next(10s, {})));
    ended = true;
  });
  while (box.waiting() == 0) std::this_thread::yield();
  manual->advance(9s);
  clock->tick();
  box.tick();
  manual->advance(1s);
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_FALSE(ended);
  clock->tick();
  box.tick();
  reader.join();
}

TEST(Mailbox, a_wait_by_another_clock_ends_by_itself) {
  const auto manual = std::make_shared<ManualClock>();
  Mailbox box({}, std::make_shared<WaitClock>(manual, false));
  std::thread reader([&] { EXPECT_TRUE(is_nil(box.next(10s, {}))); });
  while (box.waiting() == 0) std::this_thread::yield();
  manual->advance(10s);
  reader.join();
}

// Any number of offers and takes: what comes out is what a plain queue of that capacity would give, in its order.
RC_GTEST_PROP(Mailbox, is_a_bounded_queue, ()) {
  const size_t capacity = *rc::gen::inRange<size_t>(1, 20);
  const bool oldest = *rc::gen::arbitrary<bool>();
  Mailbox box = make_mailbox(capacity, oldest ? Overflow::kDropOldest : Overflow::kDropNewest);
  std::deque<std::string> model;
  uint64_t dropped = 0;
  int number = 0;
  for (const bool offer : *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>())) {
    if (offer) {
      const std::string payload = std::to_string(number++);
      RC_ASSERT(box.offer(message(payload)) == Offer::kDone);
      const bool full = model.size() == capacity;
      dropped += full;
      if (full && oldest) model.pop_front();
      if (!full || oldest) model.push_back(payload);
    } else {
      const auto first = box.poll();
      RC_ASSERT(first.has_value() == !model.empty());
      if (model.empty()) continue;
      RC_ASSERT(first->payload() == model.front());
      model.pop_front();
    }
    RC_ASSERT(box.size() == model.size());
    RC_ASSERT(box.dropped() == dropped);
  }
}

// Many publishers and readers at once: every message is read once, and each publisher's in order by each reader.
TEST(Mailbox, many_publishers_and_readers_lose_nothing) {
  constexpr int kPublishers = 3, kReaders = 3, kMessages = 3000;
  Mailbox box = make_mailbox(4, Overflow::kBlockPublisher);
  std::vector<std::thread> publishers, readers;
  std::array<std::vector<std::string>, kReaders> read;
  for (int reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      for (;;) {
        const auto next = box.next(kForever, {});
        if (!next.ok()) return;
        read[static_cast<size_t>(reader)].emplace_back((*next)->payload());
      }
    });
  }
  for (int publisher = 0; publisher < kPublishers; ++publisher) {
    publishers.emplace_back([&, publisher] {
      for (int i = 0; i < kMessages; ++i) {
        Message next = message(std::to_string(publisher) + ":" + std::to_string(i));
        if (box.offer(std::move(next)) == Offer::kSettle) box.settle(std::move(next));
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  box.close();
  for (std::thread& reader : readers) reader.join();
  size_t count = 0;
  for (const auto& payloads : read) {
    count += payloads.size();
    std::array<int, kPublishers> last;
    last.fill(-1);
    for (const std::string& payload : payloads) {
      int& before = last[static_cast<size_t>(payload[0] - '0')];
      const int number = std::stoi(payload.substr(2));
      EXPECT_LT(before, number);
      before = number;
    }
  }
  EXPECT_EQ(count, size_t{kPublishers} * kMessages);
  EXPECT_EQ(box.dropped(), 0u);
}

}  // namespace
}  // namespace inlay
