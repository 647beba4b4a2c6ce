// The two doors of the hash commands, typed methods and commands by name, are one: each call gives the same result and
// leaves the same contents, whichever way it is made, and so does the call as its row prints it.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "api/commands/command.h"
#include "engine/executor.h"
#include "inlay/datatypes/number.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kNowMs = 1'700'000'000'123;

// ------------------------------------------------------------- what the by-name door would make of typed results

Reply reply(bool value) { return Reply::integer(value); }
Reply reply(int64_t value) { return Reply::integer(value); }
Reply reply(const std::string& value) { return Reply::bulk(value); }
Reply reply(double value) { return Reply::bulk(format_double(value)); }
Reply reply(FieldOutcome value) { return Reply::integer(static_cast<int64_t>(value)); }
template <class T>
Reply reply(const std::optional<T>& value) {
  return value.has_value() ? reply(*value) : Reply::nil();
}
template <class T>
Reply reply(const std::vector<T>& values) {
  Reply::Items items;
  for (const T& value : values) items.push_back(reply(value));
  return Reply::array(std::move(items));
}
Reply reply(const FieldValues& pairs) {
  Reply::Items items;
  for (const auto& [field, value] : pairs) {
    items.push_back(reply(field));
    items.push_back(reply(value));
  }
  return Reply::array(std::move(items));
}
Reply reply(const FieldScanPage& page) {
  return Reply::array({reply(std::to_string(page.cursor)), reply(page.fields)});
}
template <class T>
Reply reply(const absl::StatusOr<T>& result) {
  return result.ok() ? reply(*result) : Reply::error(redis_error_text(result.status()));
}
Reply map_reply(const Result<FieldValues>& pairs) {
  return pairs.ok() ? Reply::map(reply(*pairs).items()) : reply(pairs);
}
// By name HMSET says OK.
Reply ok_reply(const Result<int64_t>& added) { return added.ok() ? Reply::ok() : reply(added); }

// By name deadlines are numbers, -2 for a field that is not there.
template <class T, class Number>
Reply times(const absl::StatusOr<std::vector<std::optional<T>>>& deadlines, Number number) {
  if (!deadlines.ok()) return Reply::error(redis_error_text(deadlines.status()));
  Reply::Items items;
  for (const auto& each : *deadlines)
    items.push_back(Reply::integer(each.has_value() ? number(*each) : int64_t{-2}));
  return Reply::array(std::move(items));
}
int64_t ms(Ttl ttl) { return ttl.ms(); }
int64_t seconds(Ttl ttl) { return ttl.is_persistent() ? -1 : (ttl.ms() + 999) / 1000; }
int64_t unix_ms(ExpireTime time) { return time.unix_ms(); }
int64_t unix_seconds(ExpireTime time) { return time.is_never() ? -1 : (time.unix_ms() + 999) / 1000; }

// ----------------------------------------------------------------------------------------------------- the calls

struct Door {
  std::vector<std::string> argv;
  std::function<Reply(Store&)> typed;
};

// Hash h: a "1", b "text", c "2.5", mortal (dies at 4102444800123), dead (died); string s.
void prepare(Store& store, ManualClock& clock) {
  ASSERT_TRUE(store.hset("h", {{"a", 1}, {"b", "text"}, {"c", 2.5}, {"mortal", "m"}, {"dead", "d"}}).ok());
  ASSERT_TRUE(store.hexpire("h", 1ms, {"dead"}).ok());
  ASSERT_TRUE(store.hexpireat("h", from_unix_ms(4102444800123), {"mortal"}).ok());
  ASSERT_TRUE(store.set("s", "v").ok());
  clock.advance(1ms);
}

const std::vector<Door>& doors() {
  static const std::string kLong(70, 'x');
  static const std::vector<Door> kDoors{
      {{"HSET", "h", "a", "2", "n", "3"},
       [](Store& s) {
         return reply(s.hset("h", {{"a", 2}, {"n", 3}}));
       }},
      {{"HSET", "new", "a", kLong}, [](Store& s) { return reply(s.hset("new", "a", kLong)); }},
      {{"HSET", "h", "mortal", "2"}, [](Store& s) { return reply(s.hset("h", "mortal", 2)); }},
      {{"HSET", "s", "a", "2"}, [](Store& s) { return reply(s.hset("s", "a", 2)); }},
      {{"HMSET", "h", "a", "2", "n", "3"},
       [](Store& s) {
         return ok_reply(s.hset("h", {{"a", 2}, {"n", 3}}));
       }},
      {{"HSETNX", "h", "a", "2"}, [](Store& s) { return reply(s.hsetnx("h", "a", 2)); }},
      {{"HSETNX", "h", "dead", "2"}, [](Store& s) { return reply(s.hsetnx("h", "dead", 2)); }},
      {{"HGET", "h", "b"}, [](Store& s) { return reply(s.hget("h", "b")); }},
      {{"HGET", "h", "dead"}, [](Store& s) { return reply(s.hget("h", "dead")); }},
      {{"HGET", "s", "b"}, [](Store& s) { return reply(s.hget("s", "b")); }},
      {{"HMGET", "h", "a", "none", "c"},
       [](Store& s) {
         return reply(s.hmget("h", {"a", "none", "c"}));
       }},
      {{"HMGET", "none", "a", "b"},
       [](Store& s) {
         return reply(s.hmget("none", {"a", "b"}));
       }},
      {{"HGETALL", "h"}, [](Store& s) { return map_reply(s.hgetall("h")); }},
      {{"HGETALL", "none"}, [](Store& s) { return map_reply(s.hgetall("none")); }},
      {{"HGETALL", "s"}, [](Store& s) { return map_reply(s.hgetall("s")); }},
      {{"HKEYS", "h"}, [](Store& s) { return reply(s.hkeys("h")); }},
      {{"HVALS", "h"}, [](Store& s) { return reply(s.hvals("h")); }},
      {{"HLEN", "h"}, [](Store& s) { return reply(s.hlen("h")); }},
      {{"HSTRLEN", "h", "b"}, [](Store& s) { return reply(s.hstrlen("h", "b")); }},
      {{"HEXISTS", "h", "dead"}, [](Store& s) { return reply(s.hexists("h", "dead")); }},
      {{"HDEL", "h", "a", "none"},
       [](Store& s) {
         return reply(s.hdel("h", {"a", "none"}));
       }},
      {{"HDEL", "h", "a", "b", "c", "mortal"},
       [](Store& s) {
         return reply(s.hdel("h", {"a", "b", "c", "mortal"}));
       }},
      {{"HINCRBY", "h", "a", "41"}, [](Store& s) { return reply(s.hincrby("h", "a", 41)); }},
      {{"HINCRBY", "h", "b", "1"}, [](Store& s) { return reply(s.hincrby("h", "b", 1)); }},
      {{"HINCRBY", "h", "n", "-1"}, [](Store& s) { return reply(s.hincrby("h", "n", -1)); }},
      {{"HINCRBYFLOAT", "h", "c", "0.25"}, [](Store& s) { return reply(s.hincrbyfloat("h", "c", 0.25)); }},
      {{"HINCRBYFLOAT", "h", "b", "1"}, [](Store& s) { return reply(s.hincrbyfloat("h", "b", 1)); }},
      {{"HINCRBYFLOAT", "h", "c", "inf"},
       [](Store& s) { return reply(s.hincrbyfloat("h", "c", std::numeric_limits<double>::infinity())); }},
      {{"HRANDFIELD", "h"}, [](Store& s) { return reply(s.hrandfield("h")); }},
      {{"HRANDFIELD", "none"}, [](Store& s) { return reply(s.hrandfield("none")); }},
      {{"HRANDFIELD", "h", "2"}, [](Store& s) { return reply(s.hrandfield("h", 2)); }},
      {{"HRANDFIELD", "h", "-7"}, [](Store& s) { return reply(s.hrandfield("h", -7)); }},
      {{"HRANDFIELD", "h", "10", "WITHVALUES"},
       [](Store& s) { return reply(s.hrandfield_with_values("h", 10)); }},
      {{"HSCAN", "h", "0"}, [](Store& s) { return reply(s.hscan("h", 0, {})); }},
      {{"HSCAN", "h", "0", "MATCH", "m*", "COUNT", "100"},
       [](Store& s) { return reply(s.hscan("h", 0, {.match = "m*", .count = 100})); }},
      {{"HSCAN", "h", "0", "COUNT", "0"}, [](Store& s) { return reply(s.hscan("h", 0, {.count = 0})); }},

      {{"HEXPIRE", "h", "5", "FIELDS", "2", "a", "none"},
       [](Store& s) {
         return reply(s.hexpire("h", 5s, {"a", "none"}));
       }},
      {{"HEXPIRE", "h", "0", "FIELDS", "1", "a"}, [](Store& s) { return reply(s.hexpire("h", 0s, {"a"})); }},
      {{"HEXPIRE", "h", "-1", "FIELDS", "1", "a"},
       [](Store& s) { return reply(s.hexpire("h", -1s, {"a"})); }},
      {{"HPEXPIRE", "h", "1500", "NX", "FIELDS", "2", "a", "mortal"},
       [](Store& s) {
         return reply(s.hexpire("h", 1500ms, {"a", "mortal"}, ExpireIf::kNoTtl));
       }},
      {{"HPEXPIRE", "h", "1500", "LT", "FIELDS", "2", "a", "mortal"},
       [](Store& s) {
         return reply(s.hexpire("h", 1500ms, {"a", "mortal"}, ExpireIf::kLess));
       }},
      {{"HEXPIREAT", "h", "4102444801", "GT", "FIELDS", "2", "a", "mortal"},
       [](Store& s) {
         return reply(s.hexpireat("h", from_unix_ms(4102444801000), {"a", "mortal"}, ExpireIf::kGreater));
       }},
      {{"HPEXPIREAT", "h", "4102444800001", "XX", "FIELDS", "2", "a", "mortal"},
       [](Store& s) {
         return reply(s.hexpireat("h", from_unix_ms(4102444800001), {"a", "mortal"}, ExpireIf::kHasTtl));
       }},
      {{"HPEXPIREAT", "s", "4102444800001", "FIELDS", "1", "a"},
       [](Store& s) { return reply(s.hexpireat("s", from_unix_ms(4102444800001), {"a"})); }},
      {{"HPERSIST", "h", "FIELDS", "3", "mortal", "a", "none"},
       [](Store& s) {
         return reply(s.hpersist("h", {"mortal", "a", "none"}));
       }},
      {{"HTTL", "h", "FIELDS", "3", "mortal", "a", "dead"},
       [](Store& s) {
         return times(s.httl("h", {"mortal", "a", "dead"}), seconds);
       }},
      {{"HPTTL", "h", "FIELDS", "3", "mortal", "a", "dead"},
       [](Store& s) {
         return times(s.httl("h", {"mortal", "a", "dead"}), ms);
       }},
      {{"HEXPIRETIME", "h", "FIELDS", "2", "mortal", "a"},
       [](Store& s) {
         return times(s.hexpiretime("h", {"mortal", "a"}), unix_seconds);
       }},
      {{"HPEXPIRETIME", "none", "FIELDS", "2", "mortal", "a"},
       [](Store& s) {
         return times(s.hexpiretime("none", {"mortal", "a"}), unix_ms);
       }},
      {{"HPEXPIRETIME", "h", "FIELDS", "2", "mortal", "a"},
       [](Store& s) {
         return times(s.hexpiretime("h", {"mortal", "a"}), unix_ms);
       }},

      {{"HGETDEL", "h", "FIELDS", "2", "a", "none"},
       [](Store& s) {
         return reply(s.hgetdel("h", {"a", "none"}));
       }},
      {{"HGETEX", "h", "FIELDS", "2", "a", "none"},
       [](Store& s) {
         return reply(s.hgetex("h", {"a", "none"}, {}));
       }},
      {{"HGETEX", "h", "EX", "5", "FIELDS", "2", "a", "none"},
       [](Store& s) {
         return reply(s.hgetex("h", {"a", "none"}, {.ttl = 5s}));
       }},
      {{"HGETEX", "h", "PXAT", "1", "FIELDS", "1", "a"},
       [](Store& s) { return reply(s.hgetex("h", {"a"}, {.ttl = Expiry::at_unix_ms(1)})); }},
      {{"HGETEX", "h", "PERSIST", "FIELDS", "1", "mortal"},
       [](Store& s) { return reply(s.hgetex("h", {"mortal"}, {.persist = true})); }},
      {{"HSETEX", "h", "FNX", "EX", "5", "FIELDS", "2", "n", "1", "m", "2"},
       [](Store& s) {
         return reply(s.hsetex("h", {{"n", 1}, {"m", 2}}, {.ttl = 5s, .when = When::kIfAbsent}));
       }},
      {{"HSETEX", "h", "FXX", "KEEPTTL", "FIELDS", "1", "mortal", "1"},
       [](Store& s) {
         return reply(s.hsetex("h", {{"mortal", 1}}, {.keep_ttl = true, .when = When::kIfPresent}));
       }},
      {{"HSETEX", "h", "PX", "-1", "FIELDS", "1", "n", "1"},
       [](Store& s) {
         return reply(s.hsetex("h", {{"n", 1}}, {.ttl = -1ms}));
       }},
  };
  return kDoors;
}

struct Side {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(kNowMs));
  std::unique_ptr<Store> store =
      Store::open({.shards = 4, .clock = clock, .seed = 42, .background = Background::kManual}).value();
  Side() { prepare(*store, *clock); }

  Reply call(const std::vector<std::string>& argv) {
    const std::vector<std::string_view> words(argv.begin(), argv.end());
    return Session(*store).execute(words);
  }
};

std::string shown(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) text += inlay::quoted(word) + " ";
  return text;
}

TEST(HashDoors, typed_and_by_name_calls_do_the_same) {
  for (const Door& door : doors()) {
    SCOPED_TRACE(shown(door.argv));
    Side typed, by_name;
    ASSERT_EQ(typed.store->digest(), by_name.store->digest());
    const Reply from_method = door.typed(*typed.store);
    const Reply from_name = by_name.call(door.argv);
    EXPECT_EQ(from_method, from_name) << from_method.to_string() << "\nby name:\n" << from_name.to_string();
    EXPECT_EQ(typed.store->digest(), by_name.store->digest());
    EXPECT_TRUE(typed.store->check_invariants().ok());
  }
}

TEST(HashDoors, every_command_is_called_through_both) {
  std::set<std::string_view> called;
  for (const Door& door : doors()) {
    const std::vector<Bytes> argv(door.argv.begin(), door.argv.end());
    ASSERT_NE(find_command(argv), nullptr) << shown(door.argv);
    called.insert(find_command(argv)->name);
  }
  for (const Command* command : all_commands()) {
    if (command->spec.group == Group::kHash) EXPECT_TRUE(called.contains(command->name)) << command->name;
  }
}

// What a log would hold does the same as the call that was made.
TEST(HashDoors, reprinted_calls_do_the_same) {
  Engine engine{Engine::Options{.shards = 1, .databases = 1, .background = false}};
  const Executor executor(engine);
  SessionState session;
  for (const Door& door : doors()) {
    SCOPED_TRACE(shown(door.argv));
    const std::vector<Bytes> words(door.argv.begin(), door.argv.end());
    const Command* command = find_command(words);
    auto printed = command->reprint(Call{executor, session, *command, std::span(words).subspan(1)});
    ASSERT_TRUE(printed.ok());
    printed->insert(printed->begin(), door.argv[0]);
    Side made, again;
    EXPECT_EQ(made.call(door.argv), again.call(*printed)) << shown(*printed);
    EXPECT_EQ(made.store->digest(), again.store->digest()) << shown(*printed);
  }
}

}  // namespace
}  // namespace inlay::test
