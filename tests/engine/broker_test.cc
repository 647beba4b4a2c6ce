#include "engine/broker.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "engine/broker_client.h"
#include "engine/mailbox.h"
#include "engine/message_callback.h"

namespace inlay {
namespace {

// A client with a mailbox, which leaves when it goes.
struct Reader {
  explicit Reader(const std::shared_ptr<Broker>& broker, const SubscribeOptions& options = {})
      : mailbox(std::make_shared<Mailbox>(options, broker->wait_clock())),
        client(BrokerClient::open(broker, mailbox)) {}
  ~Reader() { client->leave(); }

  // What waits to be read, as "channel payload" or "pattern channel payload".
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    while (const auto message = mailbox->poll()) {
      std::string text;
      if (message->pattern().has_value()) text.append(*message->pattern()).append(" ");
      texts.push_back(text.append(message->channel()).append(" ").append(message->payload()));
    }
    return texts;
  }

  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<BrokerClient> client;
};

std::shared_ptr<Broker> make_broker() {
  return std::make_shared<Broker>(Broker::Options{.seed = 42, .clock = nullptr, .background = false});
}

using Texts = std::vector<std::string>;

TEST(Broker, a_message_goes_to_channels_and_patterns) {
  const auto broker = make_broker();
  EXPECT_EQ(broker->publish("news", "nobody"), 0);
  Reader one(broker), two(broker);
  ASSERT_TRUE(one.client->subscribe("news").ok());
  ASSERT_TRUE(one.client->subscribe("news").ok());
  ASSERT_TRUE(one.client->psubscribe("n*").ok());
  ASSERT_TRUE(two.client->psubscribe("*").ok());
  EXPECT_EQ(one.client->subscriptions(), 2u);
  EXPECT_EQ(broker->publish("news", "1"), 3);
  EXPECT_EQ(broker->publish("weather", "2"), 1);
  EXPECT_EQ(one.take(), (Texts{"news 1", "n* news 1"}));
  EXPECT_EQ(two.take(), (Texts{"* news 1", "* weather 2"}));
  EXPECT_EQ(broker->receivers("news"), 1);
  EXPECT_EQ(broker->patterns(), 2);
  EXPECT_TRUE(broker->check_invariants());
  one.client->unsubscribe("news");
  one.client->unsubscribe("nosuch");
  one.client->punsubscribe("n*");
  EXPECT_EQ(broker->publish("news", "3"), 1);
  EXPECT_EQ(one.take(), Texts());
  EXPECT_EQ(broker->channels(std::nullopt), Texts());
  EXPECT_EQ(broker->patterns(), 1);
  EXPECT_TRUE(broker->check_invariants());
}

TEST(Broker, channels_are_listed_in_order) {
  const auto broker = make_broker();
  Reader reader(broker);
  for (const char* channel : {"b", "ab", "a", "", "c"}) ASSERT_TRUE(reader.client->subscribe(channel).ok());
  EXPECT_EQ(broker->channels(std::nullopt), (Texts{"", "a", "ab", "b", "c"}));
  EXPECT_EQ(broker->channels("a*"), (Texts{"a", "ab"}));
  EXPECT_EQ(reader.client->channels(), (Texts{"", "a", "ab", "b", "c"}));
}

// Seats are given up in any order.
TEST(Broker, receivers_leave_in_any_order) {
  const auto broker = make_broker();
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < 40; ++i) {
    readers.push_back(std::make_unique<Reader>(broker));
    ASSERT_TRUE(readers.back()->client->subscribe("news").ok());
    ASSERT_TRUE(readers.back()->client->psubscribe("n*").ok());
  }
  for (int i = 0; i < 40; i += 3) readers[static_cast<size_t>(i)] = nullptr;
  EXPECT_TRUE(broker->check_invariants());
  EXPECT_EQ(broker->publish("news", "x"), 2 * 26);
  for (const auto& reader : readers) {
    if (reader != nullptr) EXPECT_EQ(reader->take().size(), 2u);
  }
}

TEST(Broker, a_long_message_is_shared_as_well) {
  const auto broker = make_broker();
  Reader one(broker), two(broker);
  const std::string payload(100'000, 'x');
  EXPECT_EQ(broker->publish("news", payload), 0);
  ASSERT_TRUE(one.client->subscribe("news").ok());
  EXPECT_EQ(broker->publish("other", payload), 0);
  ASSERT_TRUE(two.client->psubscribe("*").ok());
  EXPECT_EQ(broker->publish("news", payload), 2);
  const auto first = one.mailbox->poll(), second = two.mailbox->poll();
  EXPECT_EQ(first->payload(), payload);
  EXPECT_EQ(first->payload().data(), second->payload().data());
}

TEST(Broker, a_client_that_overflows_is_gone) {
  const auto broker = make_broker();
  Reader reader(broker, {.capacity = 1, .overflow = Overflow::kCloseSubscriber});
  ASSERT_TRUE(reader.client->subscribe("news").ok());
  ASSERT_TRUE(reader.client->psubscribe("*").ok());
  // Both at once: the second copy finds no room.
  EXPECT_EQ(broker->publish("news", "1"), 2);
  EXPECT_EQ(broker->receivers("news"), 0);
  EXPECT_EQ(broker->patterns(), 0);
  EXPECT_EQ(broker->publish("news", "2"), 0);
  EXPECT_EQ(kind_of(reader.client->subscribe("news")), ErrorKind::kClosed);
  EXPECT_EQ(reader.take(), (Texts{"news 1"}));
}

// Under locks of the keyspace only the first half is done.
TEST(Broker, offering_and_settling_are_apart) {
  const auto broker = make_broker();
  Texts calls;
  const auto subscription =
      subscribe_callback(broker, std::vector<Bytes>{"news"}, {},
                         [&](const Message& m) { calls.emplace_back(m.payload()); }, nullptr, {});
  {
    Deliveries deliveries;
    EXPECT_EQ(broker->offer("news", "1", deliveries), 1);
    EXPECT_EQ(broker->offer("news", "2", deliveries), 1);
    EXPECT_EQ(calls, Texts());
  }
  EXPECT_EQ(calls, (Texts{"1", "2"}));
}

// What a callback publishes comes behind what is being delivered, to everyone.
TEST(Broker, what_a_callback_publishes_keeps_the_order) {
  const auto broker = make_broker();
  Texts first, second;
  const auto record = [](Texts& texts) {
    return [&texts](const Message& m) { texts.emplace_back(m.payload()); };
  };
  const std::vector<Bytes> news{"news"};
  const auto relay = subscribe_callback(broker, news, {},
                                        [&](const Message& m) {
                                          first.emplace_back(m.payload());
                                          if (m.payload().size() < 3)
                                            broker->publish("news", std::string(m.payload()) + "+");
                                        },
                                        nullptr, {});
  const auto listener = subscribe_callback(broker, news, {}, record(second), nullptr, {});
  EXPECT_EQ(broker->publish("news", "1"), 2);
  EXPECT_EQ(first, (Texts{"1", "1+", "1++"}));
  EXPECT_EQ(second, first);
}

TEST(Broker, closing_ends_everything) {
  const auto broker = make_broker();
  Reader reader(broker);
  ASSERT_TRUE(reader.client->subscribe("news").ok());
  int calls = 0;
  const auto subscription = subscribe_callback(broker, std::vector<Bytes>{"news"}, std::vector<Bytes>{"n*"},
                                               [&](const Message&) { ++calls; }, nullptr, {});
  EXPECT_EQ(broker->publish("news", "1"), 3);
  broker->close();
  EXPECT_EQ(broker->publish("news", "2"), 0);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(kind_of(reader.client->subscribe("more")), ErrorKind::kClosed);
  Reader late(broker);
  EXPECT_TRUE(late.mailbox->is_closed());
  EXPECT_EQ(kind_of(late.client->subscribe("news")), ErrorKind::kClosed);
}

}  // namespace
}  // namespace inlay
