// Limits against a live redis-server: the settings and their errors, what is refused, what OBJECT tells.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/commands/command.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

// A server and a store side by side; each call goes to both.
class Pair {
 public:
  Pair() : server_(RedisServer::start().value()), client_(server_->connect().value()) {}

  Reply theirs(const Argv& argv) { return client_->call(argv); }
  Reply ours(const Argv& argv) {
    const std::vector<std::string_view> words(argv.begin(), argv.end());
    return session_.execute(words).resp2();
  }
  /// Calls both, compares, and returns what both have said.
  Reply call(const Argv& argv) {
    const Reply reply = theirs(argv);
    std::string text;
    for (const std::string& word : argv) text.append(word).append(" ");
    EXPECT_EQ(ours(argv).to_string(), reply.to_string()) << text;
    return reply;
  }
  /// Another client's call, in the middle of a transaction of this one's.
  void call_beside(const Argv& argv) {
    const std::vector<std::string_view> words(argv.begin(), argv.end());
    EXPECT_EQ(other_session_.execute(words).resp2().to_string(), other_client_->call(argv).to_string());
  }
  Store& store() { return *store_; }

 private:
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<RedisClient> client_;
  std::unique_ptr<RedisClient> other_client_ = server_->connect().value();
  std::unique_ptr<Store> store_ =
      Store::open({.shards = 4, .seed = 11, .background = Background::kManual}).value();
  Session session_{*store_};
  Session other_session_{*store_};
};

TEST(LimitsDifferential, settings_and_their_errors) {
  Pair pair;
  for (const char* value : {"0",
                            "1",
                            "100",
                            "100b",
                            "1k",
                            "1kb",
                            "2m",
                            "100mb",
                            "100MB",
                            "3g",
                            "1gb",
                            "",
                            "-1",
                            "abc",
                            "100mbx",
                            "1.5gb",
                            "10%",
                            " 5",
                            "5 ",
                            "9223372036854775807",
                            "18446744073709551615",
                            "18446744073709551616",
                            "99999999999999999999999"}) {
    pair.call({"CONFIG", "SET", "maxmemory", value});
    pair.call({"CONFIG", "GET", "maxmemory"});
  }
  pair.call({"CONFIG", "SET", "maxmemory", "0"});
  for (const char* policy :
       {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu",
        "allkeys-random", "noeviction", "ALLKEYS-LRU", "allkeys", "", "lru", "volatile-ttl "}) {
    pair.call({"CONFIG", "SET", "maxmemory-policy", policy});
    pair.call({"CONFIG", "GET", "maxmemory-policy"});
  }
  for (const char* samples : {"1", "5", "64", "65", "0", "-1", "abc", "2147483647", "2147483648", ""}) {
    pair.call({"CONFIG", "SET", "maxmemory-samples", samples});
    pair.call({"CONFIG", "GET", "maxmemory-samples"});
  }
  pair.call({"CONFIG", "SET", "maxmemory", "100mb", "maxmemory-policy", "nonsense"});
  pair.call({"CONFIG", "GET", "maxmemory"});
  pair.call({"CONFIG", "SET", "maxmemory", "1", "maxmemory", "2"});
}

// Which commands may not run: as COMMAND INFO flags them.
TEST(LimitsDifferential, commands_that_need_memory_are_those_of_redis) {
  Pair pair;
  const auto needs_memory = [](const Reply& info) {
    const Reply::Items& flags = info.items().at(2).items();
    return std::ranges::any_of(flags, [](const Reply& flag) { return flag.text() == "denyoom"; });
  };
  size_t compared = 0;
  for (const Command* command : all_commands()) {
    const Argv question{"COMMAND", "INFO", std::string(command->name)};
    const Reply theirs = pair.theirs(question).items().at(0);
    if (theirs.is_nil()) continue;
    ++compared;
    const Reply ours = pair.ours(question).items().at(0);
    EXPECT_EQ(needs_memory(ours), needs_memory(theirs)) << command->name;
  }
  EXPECT_GT(compared, 150u);
}

const std::vector<Argv>& one_call_of_each_kind() {
  static const std::vector<Argv> kCalls{
      {"SET", "s", "value"},
      {"SET", "s2", "value"},
      {"SETNX", "s", "v"},
      {"APPEND", "s", "x"},
      {"GETSET", "s", "other"},
      {"INCR", "n"},
      {"INCRBYFLOAT", "n", "1"},
      {"SETRANGE", "s", "0", "y"},
      {"MSET", "a", "1", "b", "2"},
      {"MSETNX", "m", "1"},
      {"GET", "s"},
      {"MGET", "s", "n"},
      {"STRLEN", "s"},
      {"GETEX", "s", "EX", "100"},
      {"LPUSH", "l", "1"},
      {"RPUSHX", "l", "1"},
      {"LSET", "l", "0", "z"},
      {"LINSERT", "l", "BEFORE", "z", "y"},
      {"LRANGE", "l", "0", "-1"},
      {"LMOVE", "l", "l", "LEFT", "LEFT"},
      {"LREM", "l", "0", "nothing"},
      {"LTRIM", "l", "0", "-1"},
      {"HSET", "h", "f", "v"},
      {"HINCRBY", "h", "n", "1"},
      {"HGETALL", "h"},
      {"HDEL", "h", "nothing"},
      {"SADD", "t", "1"},
      {"SMEMBERS", "t"},
      {"SMOVE", "t", "t", "1"},
      {"SUNIONSTORE", "u", "t"},
      {"ZADD", "z", "1", "m"},
      {"ZINCRBY", "z", "1", "m"},
      {"ZSCORE", "z", "m"},
      {"ZRANGESTORE", "z2", "z", "0", "-1"},
      {"EXPIRE", "s", "100"},
      {"PERSIST", "s"},
      {"TTL", "l"},
      {"RENAME", "s", "s3"},
      {"RENAMENX", "s3", "s"},
      {"COPY", "s", "s4"},
      {"MOVE", "s", "1"},
      {"SORT", "l", "ALPHA"},
      {"SORT", "l", "ALPHA", "STORE", "l2"},
      {"SORT_RO", "l", "ALPHA"},
      {"TYPE", "z"},
      {"EXISTS", "s", "l"},
      {"BLMOVE", "l", "l", "LEFT", "LEFT", "1"},
      {"BRPOPLPUSH", "l", "l", "1"},
      {"ECHO", "x"},
      {"PUBLISH", "c", "m"},
      {"LPOP", "l"},
      {"SPOP", "t"},
      {"ZPOPMIN", "z"},
      {"ZMPOP", "1", "z", "MIN"},
      {"BLPOP", "nothing", "0.01"},
      {"GETDEL", "s"},
      {"DEL", "h"},
      {"UNLINK", "a"},
      {"FLUSHDB"},
  };
  return kCalls;
}

// With memory for nothing, all that may need some is refused, in the same words, and all else is answered the same.
TEST(LimitsDifferential, calls_without_memory) {
  for (const char* policy : {"noeviction", "volatile-lru", "volatile-ttl"}) {
    Pair pair;
    pair.call({"CONFIG", "SET", "maxmemory-policy", policy});
    for (const Argv& call :
         {Argv{"SET", "s", "value"}, Argv{"SET", "n", "5"}, Argv{"RPUSH", "l", "b", "a", "c"},
          Argv{"HSET", "h", "f", "v"}, Argv{"SADD", "t", "1"}, Argv{"ZADD", "z", "1", "m", "2", "n"}}) {
      pair.call(call);
    }
    pair.call({"CONFIG", "SET", "maxmemory", "1"});
    for (const Argv& call : one_call_of_each_kind()) {
      // A key that gets a deadline while memory is short goes at once in Redis, and here when its shard is written to.
      const bool makes_volatile = call[0] == "GETEX" || call[0] == "EXPIRE";
      if (!makes_volatile || std::string_view(policy) == "noeviction") pair.call(call);
    }
    pair.call({"CONFIG", "SET", "maxmemory", "0"});
    pair.call({"SET", "s", "value"});
  }
}

TEST(LimitsDifferential, transactions_without_memory) {
  Pair pair;
  pair.call({"SET", "key", "value"});
  // Refused while it is queued: nothing runs.
  pair.call({"MULTI"});
  pair.call({"SET", "key", "first"});
  pair.call_beside({"CONFIG", "SET", "maxmemory", "1"});
  pair.call({"GET", "key"});
  pair.call({"PING"});
  pair.call({"EXEC"});
  pair.call({"GET", "key"});
  // Nothing can be queued without memory, but a transaction may be given up.
  pair.call({"MULTI"});
  pair.call({"GET", "key"});
  pair.call({"MULTI"});
  pair.call({"WATCH", "key"});
  pair.call({"DISCARD"});
  pair.call({"MULTI"});
  pair.call({"EXEC"});
  pair.call({"CONFIG", "SET", "maxmemory", "0"});
  // Queued with memory, run without: what needs some keeps all from running.
  pair.call({"MULTI"});
  pair.call({"GET", "key"});
  pair.call({"SET", "key", "second"});
  pair.call_beside({"CONFIG", "SET", "maxmemory", "1"});
  pair.call({"EXEC"});
  pair.call({"GET", "key"});
  pair.call({"CONFIG", "SET", "maxmemory", "0"});
  pair.call({"MULTI"});
  pair.call({"GET", "key"});
  pair.call({"DEL", "key"});
  pair.call_beside({"CONFIG", "SET", "maxmemory", "1"});
  pair.call({"EXEC"});
}

// Under policies that may evict any key, memory for nothing empties the store; then what needs memory is refused.
TEST(LimitsDifferential, everything_is_evicted) {
  for (const char* policy : {"allkeys-lru", "allkeys-lfu", "allkeys-random"}) {
    Pair pair;
    pair.call({"CONFIG", "SET", "maxmemory-policy", policy});
    for (int i = 0; i < 50; ++i) pair.call({"SET", std::string("key:").append(std::to_string(i)), "value"});
    pair.call({"CONFIG", "SET", "maxmemory", "1"});
    pair.store().maintain();
    while (pair.theirs({"DBSIZE"}).as_integer() != 0) (void)pair.theirs({"PING"});
    pair.call({"DBSIZE"});
    pair.call({"SET", "key", "value"});
    pair.call({"GET", "key"});
    pair.call({"DEL", "key"});
  }
}

TEST(LimitsDifferential, volatile_keys_alone_are_evicted) {
  for (const char* policy : {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    Pair pair;
    pair.call({"CONFIG", "SET", "maxmemory-policy", policy});
    for (int i = 0; i < 40; ++i) {
      const std::string number = std::to_string(i);
      pair.call({"SET", std::string("volatile:").append(number), "value", "EX", "1000"});
      if (i % 4 == 0) pair.call({"SET", std::string("lasting:").append(number), "value"});
    }
    pair.call({"CONFIG", "SET", "maxmemory", "1"});
    pair.store().maintain();
    while (pair.theirs({"DBSIZE"}).as_integer() > 10) (void)pair.theirs({"PING"});
    pair.call({"DBSIZE"});
    pair.call({"EXISTS", "lasting:0", "lasting:4", "volatile:0"});
    pair.call({"SET", "key", "value"});
  }
}

// Which of FREQ and IDLETIME is told follows the policy; counters begin at 5 and grow with the first hits.
TEST(LimitsDifferential, object_follows_the_policy) {
  Pair pair;
  const std::string long_value(100, 'v');
  for (const char* policy :
       {"noeviction", "allkeys-lfu", "volatile-lfu", "allkeys-lru", "volatile-ttl", "allkeys-random"}) {
    pair.call({"CONFIG", "SET", "maxmemory-policy", policy});
    pair.call({"DEL", "key"});
    pair.call({"SET", "key", long_value});
    pair.call({"OBJECT", "FREQ", "key"});
    pair.call({"GET", "key"});
    pair.call({"OBJECT", "FREQ", "key"});
    // Seconds, and one may have begun between the calls.
    const Argv idle_time = {"OBJECT", "IDLETIME", "key"};
    const Reply theirs = pair.theirs(idle_time);
    const Reply ours = pair.ours(idle_time);
    if (theirs.is_error()) {
      EXPECT_EQ(ours.to_string(), theirs.to_string()) << policy;
    } else {
      EXPECT_NEAR(static_cast<double>(ours.as_integer()), static_cast<double>(theirs.as_integer()), 1)
          << policy;
    }
    pair.call({"OBJECT", "FREQ", "nothing"});
    pair.call({"OBJECT", "IDLETIME", "nothing"});
  }
}

}  // namespace
}  // namespace inlay::test
