// Key events against a live redis-server: after every call, the same names for the same keys in the same order.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/command_grammar.h"
#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

constexpr Grammar kCalls[] = {
    {"SET key value [NX|XX] [EX seconds|KEEPTTL]", 6},
    {"SETEX key seconds value"},
    {"GETSET key value"},
    {"SETNX key value"},
    {"MSET (key value)+"},
    {"MSETNX (key value)+"},
    {"GETDEL key"},
    {"GETEX key [EX seconds|PERSIST]", 2},
    {"APPEND key value"},
    {"SETRANGE key offset value"},
    {"INCR key", 2},
    {"DECRBY key integer"},
    {"INCRBYFLOAT key float"},
    {"DEL key+", 3},
    {"EXPIRE key seconds [NX|XX]", 3},
    {"PERSIST key", 2},
    {"RENAME key key", 3},
    {"RENAMENX key key"},
    {"COPY key key [DB db] [REPLACE]", 3},
    {"MOVE key db", 2},
    {"RPUSH key element+", 5},
    {"LPUSHX key element+"},
    {"LPOP key", 3},
    {"RPOP key small", 2},
    {"LSET key position element"},
    {"LINSERT key where element element"},
    {"LTRIM key position position", 2},
    {"LREM key small element", 2},
    {"LMOVE key key side side", 4},
    {"RPOPLPUSH key key"},
    {"LMPOP counted-keys side [COUNT small]"},
    {"SORT key ALPHA STORE key"},
    {"HSET key (field value)+", 4},
    {"HSETNX key field value"},
    {"HINCRBY key field integer"},
    {"HINCRBYFLOAT key field float"},
    {"HDEL key field+", 3},
    {"SADD key member+", 6},
    {"SREM key member+", 3},
    {"SMOVE key key member", 4},
    {"SPOP key 1000"},
    {"SINTERSTORE key key+"},
    {"SUNIONSTORE key key+", 2},
    {"SDIFFSTORE key key key", 2},
    {"ZADD key [NX|XX] [GT|LT] (score member)+", 6},
    {"ZADD key INCR score member"},
    {"ZINCRBY key score member"},
    {"ZREM key member+", 3},
    {"ZPOPMIN key [small]"},
    {"ZPOPMAX key [small]"},
    {"ZMPOP counted-keys end [COUNT small]"},
    {"ZREMRANGEBYRANK key position position"},
    {"ZREMRANGEBYSCORE key score-bound score-bound"},
    {"ZRANGESTORE key key position position"},
    {"ZUNIONSTORE key 2 key key"},
    {"ZINTERSTORE key 2 key key"},
    {"ZDIFFSTORE key 2 key key"},
    {"GET key"},
    {"TYPE key"},
};

// "set k0 @0"
std::string shown(std::string_view name, std::string_view key, std::string_view db) {
  return std::string(name).append(" ").append(key).append(" @").append(db);
}

// The same of a message by way of the pattern.
std::string shown_message(const Reply& message) {
  const Reply::Items& items = message.items();
  const std::string_view channel = items[2].text();  // __keyevent@0__:set
  const size_t at = channel.find('@'), colon = channel.find("__:");
  return shown(channel.substr(colon + 3), items[3].text(), channel.substr(at + 1, colon - at - 1));
}

// A live server with a second connection that hears its events.
class Redis {
 public:
  static Redis& instance() {
    static Redis redis;
    return redis;
  }

  Reply call(const Argv& argv) { return client_->call(argv); }
  // What was heard since the last time.
  std::vector<std::string> events() {
    std::vector<std::string> events;
    listener_->send({"PING"});
    for (;;) {
      const std::optional<Reply> message = listener_->receive(std::chrono::seconds(10));
      RC_ASSERT(message.has_value());
      if (message->items().front().text() == "pong") return events;
      events.push_back(shown_message(*message));
    }
  }

 private:
  Redis()
      : server_(RedisServer::start().value()),
        client_(server_->connect().value()),
        listener_(server_->connect().value()) {
    client_->call({"CONFIG", "SET", "notify-keyspace-events", "AEn"});
    listener_->call({"PSUBSCRIBE", "__keyevent@*__:*"});
  }

  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<RedisClient> client_;
  std::unique_ptr<RedisClient> listener_;
};

class Inlay {
 public:
  Inlay()
      : store_(Store::open({.shards = 4,
                            .clock = std::make_shared<ManualClock>(SystemClock().now()),
                            .background = Background::kManual})
                   .value()),
        session_(*store_),
        subscription_(store_->on_key_event([this](const KeyEvent& event) {
          events_.push_back(shown(event.name, event.key, std::to_string(event.db)));
        })) {
    (void)session_.execute({"CONFIG", "SET", "notify-keyspace-events", "AEn"});
    (void)listener_.execute({"PSUBSCRIBE", "__keyevent@*__:*"});
  }

  void call(const Argv& argv) {
    (void)session_.execute(std::vector<std::string_view>(argv.begin(), argv.end()));
  }
  // What was heard by messages; callbacks must have told the same, but for "new".
  std::vector<std::string> events() {
    std::vector<std::string> heard;
    while (const std::optional<Reply> push = listener_.next_push()) heard.push_back(shown_message(*push));
    std::vector<std::string> told;
    std::ranges::copy_if(heard, std::back_inserter(told),
                         [](const std::string& event) { return !event.starts_with("new "); });
    RC_ASSERT(std::exchange(events_, {}) == told);
    return heard;
  }

 private:
  std::unique_ptr<Store> store_;
  Session session_;
  Session listener_{*store_};
  std::vector<std::string> events_;
  Subscription subscription_;
};

RC_GTEST_PROP(EventDifferential, every_call_tells_what_redis_tells, ()) {
  const auto sequence = *rc::gen::resize(
      100, rc::gen::container<std::vector<CommandCall>>(calls({kCalls}, {.borderline_percent = 3})));
  Redis& redis = Redis::instance();
  redis.call({"FLUSHALL"});
  (void)redis.events();
  Inlay inlay;
  for (const CommandCall& call : sequence) {
    redis.call(call.argv);
    inlay.call(call.argv);
    std::vector<std::string> theirs = redis.events();
    std::vector<std::string> ours = inlay.events();
    // The place of "new" differs, see docs/differences.md.
    if (absl::EqualsIgnoreCase(call.argv.front(), "SMOVE")) {
      std::ranges::sort(theirs);
      std::ranges::sort(ours);
    }
    if (ours == theirs) continue;
    std::ostringstream message;
    showValue(call, message);
    for (const std::string& event : theirs) message << "\n  Redis: " << event;
    for (const std::string& event : ours) message << "\n  Inlay: " << event;
    RC_FAIL(message.str());
  }
}

}  // namespace
}  // namespace inlay::test
