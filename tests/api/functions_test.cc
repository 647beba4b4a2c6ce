// Functions of the program, called by name.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

struct Fixture {
  Fixture() {
    // Adds the first argument to all keys, and returns the sums.
    const absl::Status added = store->register_function(
        "add_to_all", [](View& v, Keys keys, std::span<const Bytes> args) -> Result<Reply> {
          Reply::Items sums;
          for (const Key key : keys) {
            const auto sum = v.incr(key, std::stoll(std::string(args[0])));
            if (!sum.ok()) return sum.status();
            sums.push_back(Reply::integer(*sum));
          }
          return Reply::array(std::move(sums));
        });
    const absl::Status read = store->register_function(
        "peek",
        [](View& v, Keys keys, std::span<const Bytes>) -> Result<Reply> {
          EXPECT_EQ(v.set(keys[0], "x").code(), absl::StatusCode::kFailedPrecondition);
          const auto value = v.get(keys[0]);
          if (!value.ok()) return value.status();
          return value->has_value() ? Reply::bulk(**value) : Reply::nil();
        },
        {.read_only = true});
    EXPECT_TRUE(added.ok() && read.ok());
  }

  std::unique_ptr<Store> store = Store::open({.shards = 4, .background = Background::kManual}).value();
  Session session{*store};
};

TEST(Functions, run_with_their_keys_and_arguments) {
  Fixture f;
  EXPECT_EQ(f.session.execute({"FCALL", "add_to_all", "2", "a", "b", "5"}),
            Reply::array({Reply::integer(5), Reply::integer(5)}));
  EXPECT_EQ(f.session.execute({"FCALL", "add_to_all", "0", "5"}), Reply::array({}));
  EXPECT_EQ(f.session.execute({"FCALL_RO", "peek", "1", "a"}), Reply::bulk("5"));
  EXPECT_EQ(f.session.execute({"FCALL", "peek", "1", "c"}), Reply::nil());
}

// The texts are those of Redis 7.0.
TEST(Functions, bad_calls_are_refused) {
  Fixture f;
  const auto error = [&](std::initializer_list<std::string_view> argv) {
    return std::string(f.session.execute(argv).text());
  };
  EXPECT_EQ(error({"FCALL", "add_to_all"}), "ERR wrong number of arguments for 'fcall' command");
  EXPECT_EQ(error({"FCALL", "none", "x"}), "ERR Function not found");
  EXPECT_EQ(error({"FCALL", "add_to_all", "x"}), "ERR Bad number of keys provided");
  EXPECT_EQ(error({"FCALL", "add_to_all", "2", "a"}),
            "ERR Number of keys can't be greater than number of args");
  EXPECT_EQ(error({"FCALL", "add_to_all", "-1", "a"}), "ERR Number of keys can't be negative");
  EXPECT_EQ(error({"FCALL_RO", "add_to_all", "1", "a", "5"}),
            "ERR Can not execute a script with write flag using *_ro command.");
  f.session.execute({"RPUSH", "l", "x"});
  EXPECT_EQ(error({"FCALL", "add_to_all", "1", "l", "5"}),
            "WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST(Functions, keys_that_the_caller_did_not_name_are_refused) {
  Fixture f;
  ASSERT_TRUE(f.store
                  ->register_function("reach",
                                      [](View& v, Keys, std::span<const Bytes> args) -> Result<Reply> {
                                        const auto got = v.get(args[0]);
                                        if (!got.ok()) return got.status();
                                        return Reply::ok();
                                      })
                  .ok());
  EXPECT_EQ(f.session.execute({"FCALL", "reach", "1", "a", "b"}), Reply::error("ERR a key was not declared"));
  EXPECT_EQ(f.session.execute({"FCALL", "reach", "1", "a", "a"}), Reply::ok());
}

TEST(Functions, join_transactions_pipelines_and_closures) {
  Fixture f;
  f.session.execute({"MULTI"});
  f.session.execute({"SET", "a", "1"});
  f.session.execute({"FCALL", "add_to_all", "1", "a", "2"});
  f.session.execute({"FCALL_RO", "peek", "1", "a"});
  EXPECT_EQ(f.session.execute({"EXEC"}),
            Reply::array({Reply::ok(), Reply::array({Reply::integer(3)}), Reply::bulk("3")}));
  Pipeline p = f.store->pipeline();
  const auto reply = p.execute({"FCALL", "add_to_all", "1", "a", "2"});
  ASSERT_TRUE(p.exec().ok());
  EXPECT_EQ(*reply, Reply::array({Reply::integer(5)}));
  f.store->atomically({"a"}, [](View& v) {
    EXPECT_EQ(v.execute({"FCALL", "add_to_all", "1", "a", "2"}), Reply::array({Reply::integer(7)}));
    EXPECT_EQ(v.execute({"FCALL", "add_to_all", "2", "a", "b", "2"}),
              Reply::error("ERR a key was not declared"));
    EXPECT_TRUE(v.set("a", "8").ok()) << "a function that only reads leaves the closure's own rights";
  });
}

TEST(Functions, names_are_unique_and_can_be_given_back) {
  Fixture f;
  const auto nothing = [](View&, Keys, std::span<const Bytes>) -> Result<Reply> { return Reply::ok(); };
  EXPECT_EQ(f.store->register_function("peek", nothing).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(f.store->unregister_function("peek"));
  EXPECT_FALSE(f.store->unregister_function("peek"));
  EXPECT_TRUE(f.store->register_function("peek", nothing).ok());
  EXPECT_EQ(f.session.execute({"FCALL", "peek", "0"}), Reply::ok());
}

TEST(FunctionsThreads, calls_are_atomic_while_functions_come_and_go) {
  Fixture f;
  constexpr int kRounds = 2000;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      Session session(*f.store);
      for (int round = 0; round < kRounds; ++round)
        session.execute({"FCALL", "add_to_all", "3", "a", "b", "a", "1"});
    });
  }
  threads.emplace_back([&] {
    for (int round = 0; round < kRounds; ++round) {
      (void)f.store->register_function(
          "other", [](View&, Keys, std::span<const Bytes>) -> Result<Reply> { return Reply::ok(); });
      (void)f.store->unregister_function("other");
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(f.store->get("a").value(), std::to_string(4 * kRounds));
  EXPECT_EQ(f.store->get("b").value(), std::to_string(2 * kRounds));
}

}  // namespace
}  // namespace inlay::test
