// Calls that wait: what wakes them, with what, in which order, and what ends them otherwise.
#include <gtest/gtest.h>

#include <coroutine>
#include <functional>
#include <future>
#include <stop_token>
#include <thread>
#include <vector>

#include "api/commands/command.h"
#include "api/commands/server.h"
#include "engine/executor.h"
#include "inlay/async.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/blocking_inlay.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

std::string shown(const Nullable<KeyElement>& popped) {
  if (!popped.ok()) return redis_error_text(popped.status());
  return popped->has_value() ? (*popped)->key + "=" + (*popped)->element : "nil";
}
std::string shown(const Nullable<std::string>& moved) {
  return moved.ok() ? moved->value_or("nil") : redis_error_text(moved.status());
}

class BlockingTest : public testing::Test {
 protected:
  // A call on a thread of its own, once it is blocked.
  template <class Call>
  auto blocked(Call call) {
    const uint64_t before = store_->stats().blocked_waiters;
    auto outcome = std::async(std::launch::async, [call, this] { return shown(call(*store_)); });
    EXPECT_TRUE(store_->wait_for_blocked(before + 1));
    return outcome;
  }
  std::future<std::string> blpop(std::vector<std::string> keys, Duration timeout = kForever) {
    return blocked([keys, timeout](Store& store) {
      const std::vector<Key> views(keys.begin(), keys.end());
      return store.blpop(views, timeout);
    });
  }
  void pass(Duration time) {
    clock_->advance(time);
    store_->maintain();
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::unique_ptr<Store> store_ =
      Store::open({.shards = 8, .clock = clock_, .seed = 7, .background = Background::kManual}).value();
  TaskQueue tasks_;
};

TEST_F(BlockingTest, what_is_there_is_taken_at_once_from_the_first_key_in_order) {
  ASSERT_TRUE(store_->rpush("b", {"x", "y"}).ok());
  ASSERT_TRUE(store_->rpush("c", "z").ok());
  EXPECT_EQ(shown(store_->blpop({"a", "b", "c"}, kForever)), "b=x");
  EXPECT_EQ(shown(store_->brpop({"c", "b"}, kForever)), "c=z");
  EXPECT_EQ((**store_->blmpop({"a", "b"}, End::kLeft, 5, kForever)).elements, std::vector<std::string>{"y"});
  ASSERT_TRUE(store_->zadd("s", {{1, "low"}, {2, "mid"}, {3, "high"}}).ok());
  EXPECT_EQ((**store_->bzpopmin({"q", "s"}, kForever)).member, (ScoredMember{"low", 1}));
  EXPECT_EQ((**store_->bzpopmax({"s"}, kForever)).member, (ScoredMember{"high", 3}));
  EXPECT_EQ((**store_->bzmpop({"s"}, Extreme::kMin, 9, kForever)).members.size(), 1u);
  EXPECT_EQ(store_->stats().blocked_waiters, 0u);
}

TEST_F(BlockingTest, zero_polls) {
  EXPECT_EQ(shown(store_->blpop({"a"}, Duration::zero())), "nil");
  EXPECT_EQ(shown(store_->blmove("a", "b", End::kLeft, End::kLeft, -1s)), "nil");
}

TEST_F(BlockingTest, misuse_is_refused) {
  EXPECT_EQ(shown(store_->blpop(Keys(), 1s)), "ERR numkeys should be greater than 0");
  EXPECT_FALSE(store_->bzpopmin(Keys(), 1s).ok());
  EXPECT_FALSE(store_->blmpop({"a"}, End::kLeft, 0, 1s).ok());
  EXPECT_FALSE(store_->bzmpop({"a"}, Extreme::kMin, 0, 1s).ok());
  ASSERT_TRUE(store_->set("s", "v").ok());
  EXPECT_EQ(kind_of(store_->blpop({"none", "s"}, 1s).status()), ErrorKind::kWrongType);
  EXPECT_EQ(kind_of(store_->bzpopmin({"s"}, 1s).status()), ErrorKind::kWrongType);
}

TEST_F(BlockingTest, oldest_waiter_is_served_first) {
  auto first = blpop({"l"}), second = blpop({"l"}), third = blpop({"l"});
  ASSERT_TRUE(store_->rpush("l", {"a", "b"}).ok());
  EXPECT_EQ(first.get(), "l=a");
  EXPECT_EQ(second.get(), "l=b");
  EXPECT_EQ(store_->stats().blocked_waiters, 1u);
  ASSERT_TRUE(store_->rpush("l", "c").ok());
  EXPECT_EQ(third.get(), "l=c");
  EXPECT_FALSE(*store_->exists("l"));
}

TEST_F(BlockingTest, waiter_sees_the_list_after_the_whole_push) {
  auto left = blpop({"l"});
  ASSERT_TRUE(store_->lpush("l", {"a", "b", "c"}).ok());
  EXPECT_EQ(left.get(), "l=c");
  EXPECT_EQ(*store_->lrange("l"), (std::vector<std::string>{"b", "a"}));
}

TEST_F(BlockingTest, waiter_of_several_keys_takes_from_the_one_that_comes) {
  auto waiter = blpop({"k", "k", "j"});
  ASSERT_TRUE(store_->rpush("j", 1).ok());
  EXPECT_EQ(waiter.get(), "j=1");
  ASSERT_TRUE(store_->rpush("k", 2).ok());
  EXPECT_EQ(*store_->llen("k"), 1);
}

TEST_F(BlockingTest, another_type_neither_wakes_nor_fails_a_waiter) {
  auto waiter = blpop({"l"});
  ASSERT_TRUE(store_->set("l", "v").ok());
  ASSERT_TRUE(store_->zadd("m", {{1, "x"}}).ok());
  EXPECT_EQ(store_->stats().blocked_waiters, 1u);
  ASSERT_TRUE(store_->rename("m", "l").ok());
  EXPECT_EQ(store_->stats().blocked_waiters, 1u);
  ASSERT_TRUE(store_->del("l").ok());
  ASSERT_TRUE(store_->rpush("l", "a").ok());
  EXPECT_EQ(waiter.get(), "l=a");
}

TEST_F(BlockingTest, every_way_by_which_a_list_comes_wakes) {
  const std::vector<std::function<void(Store&)>> ways{
      [](Store& s) { (void)s.rename("source", "l"); },
      [](Store& s) { (void)s.copy("source", "l"); },
      [](Store& s) { (void)s.lmove("source", "l", End::kLeft, End::kLeft); },
      [](Store& s) { (void)s.linsert("l", InsertAt::kBefore, "x", "y"), (void)s.rpoplpush("source", "l"); },
      [](Store& s) { (void)s.sort_store("source", "l", {.alpha = true}); },
      [](Store& s) { (void)s.database(1)->rpush("l", "e"), (void)s.database(1)->move("l", 0); },
      [](Store& s) { (void)s.database(1)->rpush("l", "e"), (void)s.swapdb(0, 1); },
  };
  for (const auto& way : ways) {
    store_->flushall();
    ASSERT_TRUE(store_->rpush("source", "e").ok());
    auto waiter = blpop({"l"});
    way(*store_);
    EXPECT_EQ(waiter.get(), "l=e");
  }
}

TEST_F(BlockingTest, chain_of_moves_feeds_the_last_waiter) {
  auto last = blpop({"c"});
  auto second = blocked([](Store& s) { return s.blmove("b", "c", End::kLeft, End::kRight, kForever); });
  auto first = blocked([](Store& s) { return s.brpoplpush("a", "b", kForever); });
  ASSERT_TRUE(store_->rpush("a", "x").ok());
  EXPECT_EQ(first.get(), "x");
  EXPECT_EQ(second.get(), "x");
  EXPECT_EQ(last.get(), "c=x");
  EXPECT_EQ(*store_->dbsize(), 0);
}

TEST_F(BlockingTest, ring_of_moves_ends) {
  auto there = blocked([](Store& s) { return s.blmove("a", "b", End::kLeft, End::kRight, kForever); });
  auto back = blocked([](Store& s) { return s.blmove("b", "a", End::kLeft, End::kRight, kForever); });
  auto itself = blocked([](Store& s) { return s.blmove("a", "a", End::kLeft, End::kRight, kForever); });
  ASSERT_TRUE(store_->rpush("a", "x").ok());
  EXPECT_EQ(there.get(), "x");
  EXPECT_EQ(back.get(), "x");
  EXPECT_EQ(itself.get(), "x");
  EXPECT_EQ(*store_->lrange("a"), std::vector<std::string>{"x"});
}

TEST_F(BlockingTest, wrong_type_at_the_destination_fails_the_waiter_and_leaves_the_source_to_the_next) {
  ASSERT_TRUE(store_->set("bad", "v").ok());
  auto mover = blocked([](Store& s) { return s.blmove("a", "bad", End::kLeft, End::kRight, kForever); });
  ASSERT_TRUE(store_->rpush("a", "y").ok());
  EXPECT_EQ(mover.get(), "WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(*store_->lrange("a"), std::vector<std::string>{"y"});
  ASSERT_TRUE(store_->del("a").ok());
  auto again = blocked([](Store& s) { return s.blmove("a", "bad", End::kLeft, End::kRight, kForever); });
  auto next = blpop({"a"});
  ASSERT_TRUE(store_->rpush("a", "z").ok());
  EXPECT_EQ(next.get(), "a=z");
  EXPECT_TRUE(again.get().starts_with("WRONGTYPE"));
}

TEST_F(BlockingTest, manual_clock_ends_waits_without_sleeping) {
  auto shorter = blpop({"l"}, 5s), longer = blpop({"l"}, 10s);
  pass(5s - 1ns);
  EXPECT_EQ(store_->stats().blocked_waiters, 2u);
  pass(1ns);
  EXPECT_EQ(shorter.get(), "nil");
  ASSERT_TRUE(store_->rpush("l", {"a", "b"}).ok());
  EXPECT_EQ(longer.get(), "l=a");
  EXPECT_EQ(*store_->llen("l"), 1);
}

TEST_F(BlockingTest, system_clock_ends_waits_without_maintenance) {
  auto store = Store::open({.background = Background::kManual}).value();
  EXPECT_EQ(shown(store->blpop({"l"}, 2ms)), "nil");
  EXPECT_EQ(store->stats().blocked_waiters, 0u);
}

TEST_F(BlockingTest, background_thread_ends_waits_by_any_clock) {
  auto own_clock = std::make_shared<ManualClock>();
  auto store = Store::open({.clock = own_clock}).value();
  auto outcome = std::async(std::launch::async, [&] { return shown(store->blpop({"l"}, 1h)); });
  ASSERT_TRUE(store->wait_for_blocked(1));
  own_clock->advance(1h);
  EXPECT_EQ(outcome.get(), "nil");

  auto timed = Store::open().value();
  std::promise<std::string> ended;
  struct Inline final : CallbackExecutor {
    void post(absl::AnyInvocable<void()> task) override { task(); }
  } at_once;
  timed->async(at_once).blpop({"l"}, 2ms).then([&](Nullable<KeyElement> popped) {
    ended.set_value(shown(popped));
  });
  EXPECT_EQ(ended.get_future().get(), "nil");
}

TEST_F(BlockingTest, stop_ends_a_wait_but_takes_nothing_away) {
  std::stop_source stop;
  auto waiter = blocked([&](Store& s) { return s.blpop({"l"}, kForever, stop.get_token()); });
  stop.request_stop();
  EXPECT_EQ(waiter.get(), "ERR the wait was stopped");
  EXPECT_EQ(store_->stats().blocked_waiters, 0u);
  ASSERT_TRUE(store_->rpush("l", "a").ok());
  // What is there needs no wait.
  EXPECT_EQ(shown(store_->blpop({"l"}, kForever, stop.get_token())), "l=a");
  const auto stopped = store_->blpop({"l"}, kForever, stop.get_token());
  EXPECT_TRUE(absl::IsCancelled(stopped.status()));
  EXPECT_EQ(kind_of(stopped.status()), ErrorKind::kClosed);
}

TEST_F(BlockingTest, closing_ends_all_waits_and_forbids_new_ones) {
  auto first = blpop({"l"}), second = blpop({"m"}, 5s);
  store_->close();
  EXPECT_EQ(first.get(), "ERR the store is closed");
  EXPECT_EQ(second.get(), "ERR the store is closed");
  EXPECT_EQ(shown(store_->blpop({"l"}, kForever)), "ERR the store is closed");
  EXPECT_EQ(shown(store_->blpop({"l"}, Duration::zero())), "nil");
  ASSERT_TRUE(store_->rpush("l", "a").ok());
  EXPECT_EQ(shown(store_->blpop({"l"}, kForever)), "l=a");
}

TEST_F(BlockingTest, end_of_the_store_ends_all_waits) {
  auto waiter = blpop({"l"});
  store_.reset();
  EXPECT_EQ(waiter.get(), "ERR the store is closed");
}

TEST_F(BlockingTest, databases_have_their_own_waiters) {
  auto waiter = blocked([](Store& s) { return s.database(3)->blpop({"l"}, kForever); });
  ASSERT_TRUE(store_->rpush("l", "a").ok());
  EXPECT_EQ(store_->stats().blocked_waiters, 1u);
  ASSERT_TRUE(store_->database(3)->rpush("l", "b").ok());
  EXPECT_EQ(waiter.get(), "l=b");
}

TEST_F(BlockingTest, many_waiters_of_many_keys_leave_nothing_behind) {
  std::stop_source stop;
  std::vector<std::future<std::string>> waiters;
  for (int i = 0; i < 12; ++i) {
    waiters.push_back(blocked([&](Store& s) {
      return s.blpop({"a", "b", "c", "d"}, kForever, stop.get_token());
    }));
  }
  for (const char* key : {"d", "b", "a"}) ASSERT_TRUE(store_->rpush(key, "x").ok());
  EXPECT_EQ(waiters[0].get() + waiters[1].get() + waiters[2].get(), "d=xb=xa=x");
  stop.request_stop();
  for (size_t i = 3; i < waiters.size(); ++i) EXPECT_EQ(waiters[i].get(), "ERR the wait was stopped");
  ASSERT_TRUE(store_->rpush("c", "y").ok());
  EXPECT_EQ(*store_->llen("c"), 1);
  EXPECT_TRUE(store_->check_invariants().ok());
}

// ------------------------------------------------------------------------------------------------------------ by name

TEST_F(BlockingTest, timeouts_are_read_as_redis_reads_them) {
  Session session(*store_);
  for (const char* negative : {"-1", "-0.9", "inf", "-inf", "1e19", "9223372036854775808", "1e400"})
    EXPECT_EQ(std::string(session.execute({"BLPOP", "l", negative}).text()), "ERR timeout is negative")
        << negative;
  for (const char* none : {"abc", "", "nan", " 1", "1 ", "1e-5000"})
    EXPECT_EQ(std::string(session.execute({"BLPOP", "l", none}).text()),
              "ERR timeout is not a float or out of range")
        << none;
  // Before the key is looked at.
  ASSERT_TRUE(store_->set("s", "v").ok());
  EXPECT_EQ(session.execute({"BLPOP", "s", "abc"}).text(), "ERR timeout is not a float or out of range");
  EXPECT_EQ(session.execute({"BLMOVE", "s", "d", "X", "LEFT", "abc"}).text(), "ERR syntax error");
}

TEST_F(BlockingTest, shortest_timeout_is_a_millisecond_and_zero_is_forever) {
  std::stop_source stop;
  const auto by_name = [&](std::string_view timeout) {
    return std::async(std::launch::async, [&stop, timeout, this] {
      return Session(*store_).execute({"BLPOP", "l", timeout}, stop.get_token());
    });
  };
  auto shortest = by_name("0.0001");
  ASSERT_TRUE(store_->wait_for_blocked(1));
  auto endless = by_name("-0.0001");
  ASSERT_TRUE(store_->wait_for_blocked(2));
  Session session(*store_);
  EXPECT_NE(session.execute({"INFO", "clients"}).text().find("blocked_clients:2\r\n"),
            std::string_view::npos);
  pass(1ms);
  EXPECT_EQ(shortest.get(), Reply::nil_array());
  pass(1000h);
  EXPECT_EQ(store_->stats().blocked_waiters, 1u);
  stop.request_stop();
  EXPECT_EQ(endless.get(), Reply::error("ERR the wait was stopped"));
}

// As within a transaction: the row itself, with nothing that could end a wait.
TEST_F(BlockingTest, call_that_must_not_wait_answers_nil_in_its_own_shape) {
  Engine engine(Engine::Options{.shards = 4, .databases = 1, .background = false});
  const Executor executor(engine);
  SessionState session;
  const auto call = [&](std::vector<Bytes> words) { return execute_command(executor, session, words); };
  EXPECT_EQ(call({"BLPOP", "l", "0"}), Reply::nil_array());
  EXPECT_EQ(call({"BLMPOP", "0", "1", "l", "LEFT"}), Reply::nil_array());
  EXPECT_EQ(call({"BZPOPMIN", "l", "0"}), Reply::nil_array());
  EXPECT_EQ(call({"BZMPOP", "0", "1", "l", "MIN"}), Reply::nil_array());
  EXPECT_EQ(call({"BLMOVE", "l", "d", "LEFT", "LEFT", "0"}), Reply::nil());
  EXPECT_EQ(call({"BRPOPLPUSH", "l", "d", "0"}), Reply::nil());
  call({"RPUSH", "l", "x"});
  EXPECT_EQ(call({"BRPOPLPUSH", "l", "d", "0"}), Reply::bulk("x"));
}

// ------------------------------------------------------------------------------------------------------- asynchronous

TEST_F(BlockingTest, callback_comes_by_the_executor_alone) {
  std::vector<std::string> ended;
  const auto note = [&](Nullable<KeyElement> popped) { ended.push_back(shown(popped)); };
  AsyncDatabase async = store_->async(tasks_);
  async.blpop({"l"}, kForever).then(note);
  async.blpop({"l"}, 5s).then(note);
  EXPECT_TRUE(store_->wait_for_blocked(2));
  ASSERT_TRUE(store_->rpush("l", "a").ok());
  EXPECT_EQ(tasks_.size(), 1u);
  EXPECT_TRUE(ended.empty());
  pass(5s);
  tasks_.run_all();
  EXPECT_EQ(ended, (std::vector<std::string>{"l=a", "nil"}));
  ASSERT_TRUE(store_->rpush("l", "b").ok());
  async.blpop({"l"}, kForever).then(note);
  EXPECT_EQ(tasks_.size(), 1u);
  async.blpop({"m"}, kForever).then(note);
  store_->close();
  tasks_.run_all();
  EXPECT_EQ(ended, (std::vector<std::string>{"l=a", "nil", "l=b", "ERR the store is closed"}));
}

TEST_F(BlockingTest, callback_may_call_the_store_from_within_a_push) {
  struct Inline final : CallbackExecutor {
    void post(absl::AnyInvocable<void()> task) override { task(); }
  } at_once;
  store_->async(at_once).blpop({"a"}, kForever).then([&](Nullable<KeyElement> popped) {
    (void)store_->rpush("b", (*popped)->element);
  });
  ASSERT_TRUE(store_->rpush("a", "x").ok());
  EXPECT_EQ(*store_->lrange("b"), std::vector<std::string>{"x"});
}

TEST_F(BlockingTest, stopped_asynchronous_wait_is_gone_and_its_source_may_outlive_the_store) {
  std::stop_source stop, late;
  std::vector<std::string> ended;
  const auto note = [&](Nullable<KeyElement> popped) { ended.push_back(shown(popped)); };
  AsyncDatabase async = store_->async(tasks_);
  async.blpop({"l", "m"}, kForever, stop.get_token()).then(note);
  stop.request_stop();
  async.blpop({"l", "m"}, kForever, stop.get_token()).then(note);
  async.blpop({"l"}, kForever, late.get_token()).then(note);
  ASSERT_TRUE(store_->rpush("m", "a").ok());
  EXPECT_EQ(*store_->llen("m"), 1);
  store_.reset();
  late.request_stop();
  tasks_.run_all();
  EXPECT_EQ(ended, (std::vector<std::string>{"ERR the wait was stopped", "ERR the wait was stopped",
                                             "ERR the store is closed"}));
}

// A coroutine that runs by itself and frees itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

Detached relay(AsyncDatabase async, Store& store) {
  // A list in braces within co_await is more than g++ 12 understands.
  const std::vector<Key> keys{"jobs"};
  for (;;) {
    const Nullable<KeyElement> job = co_await async.blpop(keys, kForever);
    if (!job.ok()) co_return;
    (void)store.rpush("done", (*job)->element);
  }
}

TEST_F(BlockingTest, coroutine_awaits_one_element_after_the_other) {
  relay(store_->async(tasks_), *store_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store_->rpush("jobs", i).ok());
    tasks_.run_all();
  }
  EXPECT_EQ(*store_->lrange("done"), (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(store_->stats().blocked_waiters, 1u);
  store_->close();
  tasks_.run_all();
}

}  // namespace
}  // namespace inlay::test
