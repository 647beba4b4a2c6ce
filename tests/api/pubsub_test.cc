// Publishing and subscribing by name: what sessions are answered and pushed, and that the typed methods do the same.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Store> open_store() { return Store::open({.background = Background::kManual}).value(); }

std::string shown(const Reply& reply) {
  if (reply.kind() == Reply::Kind::kInteger) return std::to_string(reply.as_integer());
  if (reply.is_nil()) return "nil";
  if (reply.items().empty()) return std::string(reply.text());
  std::string text;
  for (const Reply& item : reply.items()) text.append(text.empty() ? "" : " ").append(shown(item));
  return text;
}

std::vector<std::string> pushes(Session& session) {
  std::vector<std::string> shown_pushes;
  while (const auto push = session.next_push()) {
    EXPECT_EQ(push->kind(), Reply::Kind::kPush);
    shown_pushes.push_back(shown(*push));
  }
  return shown_pushes;
}

using Texts = std::vector<std::string>;

TEST(PubSub, the_first_confirmation_is_the_reply_and_the_others_are_pushes) {
  const auto store = open_store();
  Session session(*store);
  EXPECT_EQ(shown(session.execute({"SUBSCRIBE", "a", "b", "a"})), "subscribe a 1");
  EXPECT_EQ(pushes(session), (Texts{"subscribe b 2", "subscribe a 2"}));
  EXPECT_EQ(shown(session.execute({"PSUBSCRIBE", "*"})), "psubscribe * 3");
  EXPECT_EQ(pushes(session), Texts());
  EXPECT_EQ(shown(session.execute({"UNSUBSCRIBE"})), "unsubscribe a 2");
  EXPECT_EQ(pushes(session), (Texts{"unsubscribe b 1"}));
  EXPECT_EQ(shown(session.execute({"UNSUBSCRIBE"})), "unsubscribe nil 1");
  EXPECT_EQ(shown(session.execute({"PUNSUBSCRIBE", "x", "*"})), "punsubscribe x 1");
  EXPECT_EQ(pushes(session), (Texts{"punsubscribe * 0"}));
  EXPECT_EQ(shown(session.execute({"PUNSUBSCRIBE"})), "punsubscribe nil 0");
}

// A confirmation stands behind the messages that came before its call, and before those of its channel.
TEST(PubSub, pushes_come_in_the_order_of_a_connection) {
  const auto store = open_store();
  Session session(*store);
  session.execute({"SUBSCRIBE", "a"});
  ASSERT_TRUE(store->publish("a", "1").ok());
  session.execute({"SUBSCRIBE", "b", "c"});
  ASSERT_TRUE(store->publish("c", "2").ok());
  EXPECT_EQ(pushes(session), (Texts{"message a 1", "subscribe c 3", "message c 2"}));
}

TEST(PubSub, a_subscribed_session_runs_little_else) {
  const auto store = open_store();
  Session session(*store);
  EXPECT_EQ(session.execute({"PING"}), Reply::simple("PONG"));
  session.execute({"SELECT", "3"});
  session.execute({"SUBSCRIBE", "a"});
  EXPECT_EQ(shown(session.execute({"PING"})), "pong ");
  EXPECT_EQ(shown(session.execute({"PING", "x"})), "pong x");
  const auto refused = [](std::string_view name) {
    return "ERR Can't execute '" + std::string(name) +
           "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
  };
  EXPECT_EQ(session.execute({"GET", "k"}).text(), refused("get"));
  EXPECT_EQ(session.execute({"publish", "a", "x"}).text(), refused("publish"));
  EXPECT_EQ(session.execute({"CONFIG", "GET", "x"}).text(), refused("config|get"));
  EXPECT_EQ(session.execute({"GET"}).text(), "ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(shown(session.execute({"RESET"})), "RESET");
  EXPECT_EQ(session.database(), 0);
  EXPECT_TRUE(session.execute({"GET", "k"}).is_nil());
  EXPECT_EQ(*store->publish("a", "x"), 0);
}

TEST(PubSub, a_session_may_wait_for_pushes) {
  const auto store = open_store();
  Session session(*store);
  EXPECT_TRUE(is_nil(session.next_push(kForever)));  // Nothing can come.
  session.execute({"SUBSCRIBE", "a", "b"});
  EXPECT_EQ(shown(**session.next_push(kForever)), "subscribe b 2");
  EXPECT_TRUE(is_nil(session.next_push(0s)));
  std::thread publisher([&] { EXPECT_EQ(*store->publish("b", "x"), 1); });
  EXPECT_EQ(shown(**session.next_push(kForever)), "message b x");
  publisher.join();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(session.next_push(kForever, stop.get_token()).status().code(), absl::StatusCode::kCancelled);
  session.execute({"UNSUBSCRIBE"});
  EXPECT_EQ(shown(**session.next_push(kForever)), "unsubscribe b 0");
  EXPECT_TRUE(is_nil(session.next_push(kForever)));
}

TEST(PubSub, the_pushes_of_a_session_are_bounded) {
  const auto store = open_store();
  Session session(*store, {.capacity = 2});
  EXPECT_EQ(session.dropped_pushes(), 0u);
  session.execute({"SUBSCRIBE", "a"});
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(*store->publish("a", i), 1);
  EXPECT_EQ(pushes(session), (Texts{"message a 4", "message a 5"}));
  EXPECT_EQ(session.dropped_pushes(), 3u);
  Session closing(*store, {.capacity = 1, .overflow = Overflow::kCloseSubscriber});
  closing.execute({"SUBSCRIBE", "b"});
  for (int i = 1; i <= 2; ++i) EXPECT_EQ(*store->publish("b", i), 1);
  EXPECT_EQ(*store->publish("b", 3), 0);
  EXPECT_EQ(closing.execute({"SUBSCRIBE", "b"}).text(), "ERR the subscriber is closed");
  EXPECT_EQ(pushes(closing), (Texts{"message b 1"}));
  closing.execute({"RESET"});
  EXPECT_EQ(shown(closing.execute({"SUBSCRIBE", "b"})), "subscribe b 1");
}

TEST(PubSub, a_session_that_is_gone_is_not_subscribed) {
  const auto store = open_store();
  {
    Session session(*store);
    session.execute({"SUBSCRIBE", "a"});
    Session moved = std::move(session);
    EXPECT_EQ(*store->publish("a", "x"), 1);
    EXPECT_EQ(pushes(moved), (Texts{"message a x"}));
  }
  EXPECT_EQ(*store->publish("a", "x"), 0);
  EXPECT_TRUE(store->pubsub_channels()->empty());
}

// Both doors: each call by name, and the same typed.
TEST(PubSub, typed_and_by_name_calls_do_the_same) {
  const auto store = open_store();
  Session listener(*store), session(*store);
  listener.execute({"SUBSCRIBE", "ab", "b", ""});
  listener.execute({"PSUBSCRIBE", "a*", "*"});
  const auto subscriber = store->subscriber();
  ASSERT_TRUE(subscriber->subscribe({"ab"}).ok());
  ASSERT_TRUE(subscriber->psubscribe({"a*"}).ok());
  for (const char* channel : {"ab", "b", "none", ""}) {
    EXPECT_EQ(session.execute({"PUBLISH", channel, "x"}).as_integer(), *store->publish(channel, "x"))
        << channel;
  }
  EXPECT_EQ(session.execute({"PUBSUB", "CHANNELS"}).items().size(), 3u);
  EXPECT_EQ(*store->pubsub_channels(), (Texts{"", "ab", "b"}));
  EXPECT_EQ(shown(session.execute({"PUBSUB", "CHANNELS", "a*"})), "ab");
  EXPECT_EQ(*store->pubsub_channels("a*"), (Texts{"ab"}));
  EXPECT_EQ(shown(session.execute({"PUBSUB", "NUMSUB", "ab", "b", "none"})), "ab 2 b 1 none 0");
  EXPECT_EQ(*store->pubsub_numsub({"ab", "b", "none"}), (std::vector<int64_t>{2, 1, 0}));
  EXPECT_EQ(shown(session.execute({"PUBSUB", "NUMSUB"})), "");
  EXPECT_EQ(session.execute({"PUBSUB", "NUMPAT"}).as_integer(), 2);
  EXPECT_EQ(*store->pubsub_numpat(), 2);
}

TEST(PubSub, long_channels_and_payloads_are_refused) {
  const auto store = open_store();
  Session session(*store);
  session.execute({"CONFIG", "SET", "proto-max-bulk-len", "1mb"});
  const std::string large((1 << 20) + 1, 'x');
  const std::string refusal = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
  EXPECT_EQ(session.execute({"PUBLISH", "a", large}).text(), refusal);
  EXPECT_EQ(redis_error_text(store->publish(large, "x").status()), refusal);
}

// Within a transaction too, callbacks run without locks: here they use the keys of the transaction.
TEST(PubSub, callbacks_of_a_transactions_messages_run_after_its_locks) {
  const auto store = open_store();
  Texts calls;
  const auto subscription = store->on_message({"c"}, [&](const Message& message) {
    calls.push_back(std::string(message.payload()).append(" ").append(store->get("k")->value_or("none")));
    EXPECT_TRUE(store->set("other", message.payload()).ok());
  });
  Session session(*store);
  for (const auto& argv : std::vector<std::vector<std::string_view>>{
           {"MULTI"}, {"SET", "k", "v1"}, {"PUBLISH", "c", "a"}, {"SET", "k", "v2"}, {"PUBLISH", "c", "b"}})
    EXPECT_FALSE(session.execute(argv).is_error());
  EXPECT_EQ(shown(session.execute({"EXEC"})), "OK 1 OK 1");
  EXPECT_EQ(calls, (Texts{"a v2", "b v2"}));
  EXPECT_EQ(store->atomically({"k"},
                              [](View& view) {
                                return view.execute({"PUBLISH", "c", "c"});
                              }),
            Reply::integer(1));
  auto pipeline = store->pipeline();
  auto received = pipeline.execute({"PUBLISH", "c", "d"});
  ASSERT_TRUE(pipeline.exec().ok());
  EXPECT_EQ(received.value(), Reply::integer(1));
  EXPECT_EQ(calls, (Texts{"a v2", "b v2", "c v2", "d v2"}));
}

// The same typed: in a pipeline, a transaction and a closure.
TEST(PubSub, every_typed_door_publishes_and_calls_back_after_its_locks) {
  const auto store = open_store();
  Texts calls;
  const auto subscription = store->on_message({"c"}, [&](const Message& message) {
    calls.push_back(std::string(message.payload()).append(" ").append(store->get("k")->value_or("none")));
  });
  auto pipeline = store->pipeline();
  const auto before = pipeline.publish("c", 1);
  pipeline.set("k", "v1");
  const auto after = pipeline.publish("c", 2);
  const auto unheard = pipeline.publish("nobody", 2);
  const auto channels = pipeline.pubsub_channels();
  ASSERT_TRUE(pipeline.exec().ok());
  EXPECT_EQ(before.value() + after.value(), 2);
  EXPECT_EQ(unheard.value(), 0);
  EXPECT_EQ(channels.value(), (Texts{"c"}));
  EXPECT_EQ(calls, (Texts{"1 none", "2 v1"}));  // Each call of a pipeline is on its own.
  calls.clear();
  const auto publish_twice = [](View& view) -> Result<int64_t> {
    EXPECT_EQ(*view.publish("c", 3), 1);
    EXPECT_TRUE(view.set("k", "v2").ok());
    return view.publish("c", 4);
  };
  EXPECT_EQ(*store->atomically({"k"}, publish_twice), 1);
  EXPECT_EQ(calls, (Texts{"3 v2", "4 v2"}));
}

// A closure that runs three times publishes once, from its multi() alone.
TEST(PubSub, a_transaction_publishes_when_it_commits) {
  const auto store = open_store();
  Texts calls;
  const auto subscription = store->on_message({"c"}, [&](const Message& message) {
    calls.push_back(std::string(message.payload()).append(" ").append(store->get("k")->value_or("none")));
  });
  int attempts = 0;
  const auto body = [&](Transaction& tx) {
    EXPECT_EQ(tx.publish("c", "early").status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(tx.get("k").ok());
    if (++attempts < 3) EXPECT_TRUE(store->set("k", attempts).ok());
    return tx.multi([](Pipeline& queue) {
      queue.set("k", "v");
      queue.publish("c", "once");
    });
  };
  EXPECT_TRUE(store->watch({"k"}, body).ok());
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(calls, (Texts{"once v"}));
}

// Messages of one publisher stay in order where many wait for one reader, and none is lost.
TEST(PubSub, a_pipeline_fills_small_queues_in_order) {
  constexpr int kMessages = 100;
  const auto store = open_store();
  const auto subscriber = store->subscriber({.capacity = 2, .overflow = Overflow::kBlockPublisher});
  ASSERT_TRUE(subscriber->subscribe({"c"}).ok());
  std::thread publisher([&] {
    auto pipeline = store->pipeline();
    for (int i = 0; i < kMessages; ++i) pipeline.publish("c", i);
    EXPECT_TRUE(pipeline.exec().ok());
  });
  for (int i = 0; i < kMessages; ++i) EXPECT_EQ((*subscriber->next())->payload(), std::to_string(i));
  publisher.join();
  EXPECT_EQ(subscriber->dropped(), 0u);
}

// A transaction that publishes to a full queue waits for room when it is done, and holds nobody up.
TEST(PubSub, a_transaction_that_waits_for_a_subscriber_holds_no_lock) {
  const auto store = open_store();
  const auto subscriber = store->subscriber({.capacity = 1, .overflow = Overflow::kBlockPublisher});
  ASSERT_TRUE(subscriber->subscribe({"c"}).ok());
  EXPECT_EQ(*store->publish("c", "first"), 1);
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    Session session(*store);
    session.execute({"MULTI"});
    session.execute({"PUBLISH", "c", "second"});
    session.execute({"SET", "k", "v"});
    EXPECT_EQ(shown(session.execute({"EXEC"})), "1 OK");
    done = true;
  });
  while (!store->get("k")->has_value()) std::this_thread::yield();
  EXPECT_TRUE(store->set("k", "w").ok());
  EXPECT_FALSE(done);
  EXPECT_EQ((*subscriber->next())->payload(), "first");
  EXPECT_EQ((*subscriber->next())->payload(), "second");
  publisher.join();
  EXPECT_EQ(subscriber->dropped(), 0u);
}

}  // namespace
}  // namespace inlay::test
