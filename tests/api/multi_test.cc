// MULTI by name where time or other sessions' lives matter; the rest is recorded in tests/conformance.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

struct Fixture {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::unique_ptr<Store> store = Store::open({.clock = clock, .background = Background::kManual}).value();
  Session session{*store};

  /// EXEC of a transaction with one PING.
  Reply exec() {
    session.execute({"MULTI"});
    session.execute({"PING"});
    return session.execute({"EXEC"});
  }
};

const Reply kRan = Reply::array({Reply::simple("PONG")});

TEST(Multi, expiry_of_a_watched_key_is_noticed_by_exec) {
  Fixture f;
  ASSERT_TRUE(f.store->set("k", "v", 10ms).ok());
  f.session.execute({"WATCH", "k"});
  f.clock->advance(11ms);
  EXPECT_EQ(f.exec(), Reply::nil_array());
  EXPECT_EQ(f.exec(), kRan) << "EXEC has unwatched";
}

TEST(Multi, expiry_by_maintain_is_noticed_too) {
  Fixture f;
  ASSERT_TRUE(f.store->set("k", "v", 10ms).ok());
  f.session.execute({"WATCH", "k"});
  f.clock->advance(11ms);
  f.store->maintain();
  EXPECT_EQ(f.exec(), Reply::nil_array());
}

TEST(Multi, key_dead_at_watch_is_absent) {
  Fixture f;
  ASSERT_TRUE(f.store->set("k", "v", 10ms).ok());
  f.clock->advance(11ms);
  f.session.execute({"WATCH", "k"});
  f.store->maintain();
  EXPECT_EQ(f.exec(), kRan);
  f.session.execute({"WATCH", "k"});
  ASSERT_TRUE(f.store->set("k", "new").ok());
  EXPECT_EQ(f.exec(), Reply::nil_array());
}

TEST(Multi, discard_reset_unwatch_and_the_sessions_end_forget_watches) {
  Fixture f;
  for (const std::string_view command : {"DISCARD", "RESET", "UNWATCH"}) {
    f.session.execute({"WATCH", "k"});
    if (command == "DISCARD") f.session.execute({"MULTI"});
    f.session.execute({command});
    ASSERT_TRUE(f.store->incr("k").ok());
    EXPECT_EQ(f.exec(), kRan) << command;
  }
  {
    Session other(*f.store);
    other.execute({"WATCH", "k"});
    other.execute({"MULTI"});
  }
  EXPECT_TRUE(f.store->incr("k").ok());
}

TEST(Multi, reset_leaves_a_transaction) {
  Fixture f;
  f.session.execute({"SELECT", "3"});
  f.session.execute({"MULTI"});
  f.session.execute({"SET", "k", "v"});
  EXPECT_EQ(f.session.execute({"RESET"}), Reply::simple("RESET"));
  EXPECT_EQ(f.session.database(), 0);
  EXPECT_TRUE(f.session.execute({"EXEC"}).is_error());
  EXPECT_EQ(f.store->stats().keys, 0u);
}

TEST(Multi, watch_belongs_to_the_selected_database) {
  Fixture f;
  f.session.execute({"SELECT", "1"});
  f.session.execute({"WATCH", "k"});
  ASSERT_TRUE(f.store->set("k", "v").ok());
  EXPECT_EQ(f.exec(), kRan);
  f.session.execute({"WATCH", "k"});
  ASSERT_TRUE(f.store->database(1)->set("k", "v").ok());
  EXPECT_EQ(f.exec(), Reply::nil_array());
  f.session.execute({"WATCH", "k"});
  ASSERT_TRUE(f.store->swapdb(0, 1).ok());
  EXPECT_EQ(f.exec(), Reply::nil_array());
}

TEST(Multi, calls_on_the_keyspace_see_the_others) {
  Fixture f;
  f.session.execute({"MULTI"});
  for (const std::vector<std::string_view>& argv :
       std::vector<std::vector<std::string_view>>{{"SET", "a", "1"},
                                                  {"DBSIZE"},
                                                  {"SWAPDB", "0", "1"},
                                                  {"DBSIZE"},
                                                  {"SELECT", "1"},
                                                  {"KEYS", "*"},
                                                  {"SCAN", "0"},
                                                  {"RANDOMKEY"},
                                                  {"RPUSH", "l", "2", "1"},
                                                  {"SORT", "l"},
                                                  {"FLUSHALL"},
                                                  {"DBSIZE"}}) {
    EXPECT_EQ(f.session.execute(argv), Reply::simple("QUEUED")) << argv[0];
  }
  const auto list = [](std::initializer_list<std::string> texts) {
    Reply::Items items;
    for (const std::string& text : texts) items.push_back(Reply::bulk(text));
    return Reply::array(std::move(items));
  };
  EXPECT_EQ(f.session.execute({"EXEC"}).resp2(),
            Reply::array({Reply::ok(), Reply::integer(1), Reply::ok(), Reply::integer(0), Reply::ok(),
                          list({"a"}), Reply::array({Reply::bulk("0"), list({"a"})}), Reply::bulk("a"),
                          Reply::integer(2), list({"1", "2"}), Reply::ok(), Reply::integer(0)}));
  EXPECT_EQ(f.session.database(), 1);
  EXPECT_TRUE(f.store->check_invariants().ok());
}

// Each session reads, adds one and writes, by WATCH; no increment is lost, whatever the order of the watched keys.
TEST(MultiThreads, no_update_is_lost) {
  constexpr int kThreads = 4, kRounds = 1500;
  auto store = Store::open({.shards = 4, .background = Background::kManual}).value();
  std::atomic<int> committed{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Session session(*store);
      for (int round = 0; round < kRounds; ++round) {
        const bool forwards = (thread + round) % 2 == 0;
        session.execute({"WATCH", forwards ? "a" : "b", forwards ? "b" : "a"});
        const Reply a = session.execute({"GET", "a"});
        const std::string next = std::to_string(a.is_nil() ? 1 : std::stoi(std::string(a.text())) + 1);
        session.execute({"MULTI"});
        session.execute({"SET", "a", next});
        session.execute({"SET", "b", next});
        if (round % 50 == 0) session.execute({"DBSIZE"});
        committed += !session.execute({"EXEC"}).is_nil();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->get("a").value(), std::to_string(committed));
  EXPECT_EQ(store->get("b").value(), std::to_string(committed));
  EXPECT_TRUE(store->check_invariants().ok());
}

}  // namespace
}  // namespace inlay::test
