// Atomic closures: declared keys, one change for everybody else.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/every_method.h"

namespace inlay::test {
namespace {

std::unique_ptr<Store> open_store(size_t shards = 8) {
  return Store::open({.shards = shards,
                      .clock = std::make_shared<ManualClock>(),
                      .seed = 7,
                      .background = Background::kManual})
      .value();
}

constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;

TEST(Atomically, closures_result_is_returned) {
  auto store = open_store();
  ASSERT_TRUE(store->rpush("from", {"job"}).ok());
  const auto move = [](View& v) -> Result<bool> {
    const auto job = v.lpop("from");
    if (!job.ok()) return job.status();
    if (!job->has_value()) return false;
    return v.rpush("to", **job).ok();
  };
  EXPECT_EQ(store->atomically({"from", "to"}, move).value(), true);
  EXPECT_EQ(store->atomically({"from", "to"}, move).value(), false);
  EXPECT_EQ(store->atomically({"to"}, [](View& v) { return v.llen("to").value(); }), 1);
  int calls = 0;
  store->atomically({}, [&](View& v) {
    ++calls;
    EXPECT_EQ(v.now(), TimePoint());
  });
  EXPECT_EQ(calls, 1);
}

// One shard: what the closure may use does not follow from what happens to be locked.
TEST(Atomically, undeclared_keys_are_refused_wherever_they_live) {
  auto store = open_store(1);
  store->atomically({"a"}, [](View& v) {
    EXPECT_EQ(v.set("b", "v").code(), kRefused);
    EXPECT_EQ(v.get("b").status().code(), kRefused);
    EXPECT_EQ(v.mset({{"a", "1"}, {"b", "2"}}).code(), kRefused);
    EXPECT_EQ(v.copy("a", "b").status().code(), kRefused);
    EXPECT_EQ(v.dbsize().status().code(), kRefused);
    EXPECT_EQ(v.sort("a").status().code(), kRefused);
    EXPECT_EQ(v.execute({"SET", "b", "v"}), Reply::error("ERR a key was not declared"));
    EXPECT_TRUE(v.set("a", "1").ok());
  });
  EXPECT_EQ(store->dbsize().value(), 1);
}

TEST(Atomically, every_method_gives_what_it_gives_at_once) {
  auto one_by_one = open_store();
  auto together = open_store();
  ExpectedResults expected;
  const auto note = [&](auto result) { expected.add(std::move(result)); };
  const auto compare = [&](const auto& result) { expected.compare(result); };
  every_method(*one_by_one, note);
  together->atomically(kEveryKey, [&](View& v) { every_method(v, compare); });
  EXPECT_EQ(one_by_one->digest(), together->digest());

  every_keyspace_method(*one_by_one, note);
  together->atomically_all([&](View& v) { every_keyspace_method(v, compare); });
  EXPECT_TRUE(expected.all_compared());
  EXPECT_EQ(one_by_one->digest(), together->digest());
  EXPECT_TRUE(together->check_invariants().ok());
}

TEST(Atomically, all_means_every_key_and_the_keyspace) {
  auto store = open_store();
  ASSERT_TRUE(store->mset({{"a", "1"}, {"b", "2"}}).ok());
  const int64_t sum = store->atomically_all([](View& v) {
    int64_t sum = 0;
    const std::vector<std::string> keys = v.keys("*").value();
    for (const std::string& key : keys) sum += std::stoll(**v.get(key));
    EXPECT_EQ(v.execute({"SWAPDB", "0", "1"}), Reply::ok());
    EXPECT_EQ(v.execute({"DBSIZE"}), Reply::integer(0));
    EXPECT_EQ(v.execute({"SELECT", "1"}), Reply::ok());
    EXPECT_EQ(v.execute({"DBSIZE"}), Reply::integer(2));
    EXPECT_TRUE(v.flushdb().ok());
    EXPECT_TRUE(v.execute({"INFO"}).text().size() > 10);
    return sum;
  });
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(store->stats().keys, 2u);
  EXPECT_TRUE(store->check_invariants().ok());
}

TEST(Atomically, calls_by_name_run_under_the_same_locks) {
  auto store = open_store();
  store->atomically({"k"}, [](View& v) {
    EXPECT_EQ(v.execute({"INCR", "k"}), Reply::integer(1));
    EXPECT_EQ(v.execute({"SELECT", "1"}), Reply::ok());
    EXPECT_EQ(v.execute({"INCR", "k"}), Reply::integer(1));
    EXPECT_EQ(v.incr("k").value(), 2) << "typed calls keep the database";
    for (const std::string_view name : {"MULTI", "EXEC"}) EXPECT_TRUE(v.execute({name}).is_error());
    EXPECT_EQ(v.execute({"WATCH", "k"}), Reply::error("ERR 'watch' is not allowed inside a transaction"));
  });
}

TEST(Atomically, watchers_see_one_change) {
  auto store = open_store();
  Session session(*store);
  session.execute({"WATCH", "a"});
  store->atomically({"a", "b"}, [](View& v) { EXPECT_TRUE(v.set("b", "1").ok()); });
  session.execute({"MULTI"});
  EXPECT_EQ(session.execute({"EXEC"}), Reply::array({}));
  session.execute({"WATCH", "a"});
  store->atomically({"a"}, [](View& v) {
    EXPECT_TRUE(v.set("a", "1").ok());
    EXPECT_TRUE(v.del("a").value());
  });
  session.execute({"MULTI"});
  EXPECT_EQ(session.execute({"EXEC"}), Reply::nil_array());
}

// Writers move amounts between two keys; a reader that saw half of it would find another sum.
TEST(AtomicallyThreads, nobody_sees_half) {
  constexpr int kRounds = 4000;
  auto store = open_store(4);
  ASSERT_TRUE(store->mset({{"a", "1000"}, {"b", "1000"}}).ok());
  std::atomic<bool> torn{false};
  const auto write = [&](Key from, Key to) {
    for (int i = 0; i < kRounds; ++i) {
      store->atomically({from, to}, [&](View& v) {
        (void)v.decr(from, 3);
        (void)v.incr(to, 3);
      });
    }
  };
  const auto read = [&] {
    for (int i = 0; i < kRounds; ++i) {
      const auto values = store->mget({"a", "b"});
      if (std::stoll(*(*values)[0]) + std::stoll(*(*values)[1]) != 2000) torn = true;
      if (i % 64 != 0) continue;
      store->atomically_all([&](View& v) {
        if (std::stoll(**v.get("a")) + std::stoll(**v.get("b")) != 2000) torn = true;
      });
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back([&] { write("a", "b"); });
  threads.emplace_back([&] { write("b", "a"); });
  threads.emplace_back(read);
  threads.emplace_back([&] {
    for (int i = 0; i < kRounds; ++i) {
      Pipeline p = store->pipeline();
      p.incr("a", 0);
      p.incr("noise");
      p.incr("b", 0);
      p.mget({"b", "a", "noise"});
      (void)p.exec();
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(torn);
  EXPECT_EQ(store->get("noise").value(), std::to_string(kRounds));
}

}  // namespace
}  // namespace inlay::test
