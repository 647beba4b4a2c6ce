// The two doors, typed methods and commands by name, are one: each call gives the same result and leaves the same
// contents, whichever way it is made.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "api/commands/command.h"
#include "inlay/datatypes/number.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/command_grammar.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kNowMs = 1'700'000'000'123;

// ------------------------------------------------------------- what the by-name door would make of typed results

Reply reply(bool value) { return Reply::integer(value); }
Reply reply(int64_t value) { return Reply::integer(value); }
Reply reply(const std::string& value) { return Reply::bulk(value); }
Reply reply(double value) { return Reply::bulk(format_double(value)); }
Reply reply(Duration value) {
  return Reply::integer(std::chrono::duration_cast<std::chrono::seconds>(value).count());
}
Reply reply(Ttl value) { return Reply::integer(value.ms()); }
Reply reply(ExpireTime value) { return Reply::integer(value.unix_ms()); }
Reply reply(const SetOutcome& outcome) { return outcome.applied ? Reply::ok() : Reply::nil(); }
Reply reply(const LcsResult& result) { return Reply::bulk(result.text); }
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
Reply reply(const ScanPage& page) {
  return Reply::array({Reply::bulk(std::to_string(page.cursor)), reply(page.keys)});
}
Reply reply(const absl::Status& status) {
  return status.ok() ? Reply::ok() : Reply::error(redis_error_text(status));
}
template <class T>
Reply reply(const absl::StatusOr<T>& result) {
  return result.ok() ? reply(*result) : reply(result.status());
}

// By name, look-ups of deadlines have -2 for a key that is not there.
template <class T>
Reply time_reply(const Nullable<T>& result) {
  return is_nil(result) ? Reply::integer(-2) : reply(result);
}

// With GET, the reply is the old value whether or not the new one was set.
Reply old_value(const Result<SetOutcome>& outcome) {
  return outcome.ok() ? reply(outcome->old) : reply(outcome.status());
}

Reply type_name(const Result<std::string>& type) { return type.ok() ? Reply::simple(*type) : reply(type); }

// ----------------------------------------------------------------------------------------------------- the calls

struct Door {
  std::vector<std::string> argv;
  std::function<Reply(Store&)> typed;
};

// Both stores hold, in database 0: text "Hello World", number "41", float "10.50", bytes, empty "", mortal (dies in
// 100 s), dead (died); in database 1: other.
void prepare(Store& store, ManualClock& clock) {
  ASSERT_TRUE(store.mset({{"text", "Hello World"}, {"number", 41}, {"float", "10.50"}, {"empty", ""}}).ok());
  ASSERT_TRUE(store.set("bytes", std::string_view("\0\xff\r\n", 4)).ok());
  ASSERT_TRUE(store.database(1)->set("other", "x").ok());
  ASSERT_TRUE(store.set("dead", "x", 1ms).ok());
  clock.advance(1ms);
  ASSERT_TRUE(store.set("mortal", "v", 100s).ok());
}

const std::vector<Door>& doors() {
  static const std::vector<Door> kDoors{
      // Strings.
      {{"GET", "text"}, [](Store& s) { return reply(s.get("text")); }},
      {{"GET", "dead"}, [](Store& s) { return reply(s.get("dead")); }},
      {{"GET", "bytes"}, [](Store& s) { return reply(s.get("bytes")); }},
      {{"SET", "text", "new"}, [](Store& s) { return reply(s.set("text", "new")); }},
      {{"SET", "number", "7"}, [](Store& s) { return reply(s.set("number", 7)); }},
      {{"SET", "mortal", "x"}, [](Store& s) { return reply(s.set("mortal", "x")); }},
      {{"SET", "text", "x", "EX", "5"}, [](Store& s) { return reply(s.set("text", "x", 5s)); }},
      {{"SET", "text", "x", "PX", "0"}, [](Store& s) { return reply(s.set("text", "x", 0ms)); }},
      {{"SET", "text", "x", "EX", "-1"}, [](Store& s) { return reply(s.set("text", "x", -1s)); }},
      {{"SET", "text", "x", "EXAT", "1"},
       [](Store& s) { return reply(s.set("text", "x", from_unix_ms(1000))); }},
      {{"SET", "text", "x", "PXAT", "4102444800001"},
       [](Store& s) { return reply(s.set("text", "x", from_unix_ms(4102444800001))); }},
      {{"SET", "text", "x", "NX"},
       [](Store& s) { return reply(s.set("text", "x", SetOptions{.when = When::kIfAbsent})); }},
      {{"SET", "dead", "x", "NX"},
       [](Store& s) { return reply(s.set("dead", "x", SetOptions{.when = When::kIfAbsent})); }},
      {{"SET", "no", "x", "XX"},
       [](Store& s) { return reply(s.set("no", "x", SetOptions{.when = When::kIfPresent})); }},
      {{"SET", "mortal", "x", "KEEPTTL"},
       [](Store& s) { return reply(s.set("mortal", "x", SetOptions{.keep_ttl = true})); }},
      {{"SET", "text", "x", "KEEPTTL", "EX", "5"},
       [](Store& s) { return reply(s.set("text", "x", SetOptions{.ttl = 5s, .keep_ttl = true})); }},
      {{"SET", "text", "x", "IFEQ", "Hello World"},
       [](Store& s) { return reply(s.set("text", "x", SetOptions{.if_equal = "Hello World"})); }},
      {{"SET", "text", "x", "IFEQ", "hello"},
       [](Store& s) { return reply(s.set("text", "x", SetOptions{.if_equal = "hello"})); }},
      {{"SET", "text", "x", "GET"},
       [](Store& s) { return old_value(s.set("text", "x", SetOptions{.get_old = true})); }},
      {{"SET", "text", "x", "NX", "GET"},
       [](Store& s) {
         return old_value(s.set("text", "x", SetOptions{.when = When::kIfAbsent, .get_old = true}));
       }},
      {{"SETNX", "text", "x"}, [](Store& s) { return reply(s.setnx("text", "x")); }},
      {{"SETNX", "no", "x"}, [](Store& s) { return reply(s.setnx("no", "x")); }},
      {{"PSETEX", "text", "1500", "x"}, [](Store& s) { return reply(s.setex("text", 1500ms, "x")); }},
      {{"SETEX", "text", "3", "x"}, [](Store& s) { return reply(s.setex("text", 3s, "x")); }},
      {{"PSETEX", "text", "0", "x"}, [](Store& s) { return reply(s.setex("text", 0s, "x")); }},
      {{"GETSET", "mortal", "x"}, [](Store& s) { return reply(s.getset("mortal", "x")); }},
      {{"GETSET", "no", "x"}, [](Store& s) { return reply(s.getset("no", "x")); }},
      {{"GETDEL", "text"}, [](Store& s) { return reply(s.getdel("text")); }},
      {{"GETDEL", "no"}, [](Store& s) { return reply(s.getdel("no")); }},
      {{"GETEX", "mortal"}, [](Store& s) { return reply(s.getex("mortal")); }},
      {{"GETEX", "mortal", "PERSIST"}, [](Store& s) { return reply(s.getex("mortal", {.persist = true})); }},
      {{"GETEX", "text", "EX", "9"}, [](Store& s) { return reply(s.getex("text", {.ttl = 9s})); }},
      {{"GETEX", "text", "PXAT", "5"},
       [](Store& s) { return reply(s.getex("text", {.ttl = from_unix_ms(5)})); }},
      {{"GETEX", "text", "EX", "0"}, [](Store& s) { return reply(s.getex("text", {.ttl = 0s})); }},
      {{"GETEX", "no", "EX", "0"}, [](Store& s) { return reply(s.getex("no", {.ttl = 0s})); }},
      {{"STRLEN", "text"}, [](Store& s) { return reply(s.strlen("text")); }},
      {{"STRLEN", "number"}, [](Store& s) { return reply(s.strlen("number")); }},
      {{"APPEND", "mortal", "tail"}, [](Store& s) { return reply(s.append("mortal", "tail")); }},
      {{"APPEND", "number", "5"}, [](Store& s) { return reply(s.append("number", 5)); }},
      {{"APPEND", "no", ""}, [](Store& s) { return reply(s.append("no", "")); }},
      {{"GETRANGE", "text", "-5", "-1"}, [](Store& s) { return reply(s.getrange("text", -5, -1)); }},
      {{"SUBSTR", "text", "0", "4"}, [](Store& s) { return reply(s.getrange("text", 0, 4)); }},
      {{"GETRANGE", "no", "0", "-1"}, [](Store& s) { return reply(s.getrange("no", 0, -1)); }},
      {{"SETRANGE", "text", "6", "Redis"}, [](Store& s) { return reply(s.setrange("text", 6, "Redis")); }},
      {{"SETRANGE", "no", "2", "x"}, [](Store& s) { return reply(s.setrange("no", 2, "x")); }},
      {{"SETRANGE", "no", "2", ""}, [](Store& s) { return reply(s.setrange("no", 2, "")); }},
      {{"SETRANGE", "text", "-1", "x"}, [](Store& s) { return reply(s.setrange("text", -1, "x")); }},
      {{"SETRANGE", "text", "536870912", "x"},
       [](Store& s) { return reply(s.setrange("text", 536870912, "x")); }},
      {{"INCR", "number"}, [](Store& s) { return reply(s.incr("number")); }},
      {{"INCR", "text"}, [](Store& s) { return reply(s.incr("text")); }},
      {{"INCR", "dead"}, [](Store& s) { return reply(s.incr("dead")); }},
      {{"INCRBY", "number", "9223372036854775807"},
       [](Store& s) { return reply(s.incr("number", INT64_MAX)); }},
      {{"INCRBY", "number", "-50"}, [](Store& s) { return reply(s.incr("number", -50)); }},
      {{"DECR", "no"}, [](Store& s) { return reply(s.decr("no")); }},
      {{"DECRBY", "number", "2"}, [](Store& s) { return reply(s.decr("number", 2)); }},
      {{"DECRBY", "number", "-9223372036854775808"},
       [](Store& s) { return reply(s.decr("number", INT64_MIN)); }},
      {{"INCRBYFLOAT", "float", "0.25"}, [](Store& s) { return reply(s.incrbyfloat("float", 0.25)); }},
      {{"INCRBYFLOAT", "text", "1"}, [](Store& s) { return reply(s.incrbyfloat("text", 1)); }},
      {{"INCRBYFLOAT", "float", "inf"}, [](Store& s) { return reply(s.incrbyfloat("float", HUGE_VAL)); }},
      {{"INCRBYFLOAT", "float", "nan"}, [](Store& s) { return reply(s.incrbyfloat("float", NAN)); }},
      {{"MGET", "text", "no", "text", "dead"},
       [](Store& s) {
         return reply(s.mget({"text", "no", "text", "dead"}));
       }},
      {{"MSET", "mortal", "1", "no", "2", "no", "3"},
       [](Store& s) {
         return reply(s.mset({{"mortal", 1}, {"no", 2}, {"no", 3}}));
       }},
      {{"MSETNX", "no", "1", "dead", "2"},
       [](Store& s) {
         return reply(s.msetnx({{"no", 1}, {"dead", 2}}));
       }},
      {{"MSETNX", "no", "1", "text", "2"},
       [](Store& s) {
         return reply(s.msetnx({{"no", 1}, {"text", 2}}));
       }},
      {{"MSETEX", "2", "no", "1", "text", "2", "EX", "7"},
       [](Store& s) {
         return reply(s.msetex({{"no", 1}, {"text", 2}}, {.ttl = 7s}));
       }},
      {{"MSETEX", "2", "no", "1", "text", "2", "NX"},
       [](Store& s) {
         return reply(s.msetex({{"no", 1}, {"text", 2}}, {.when = When::kIfAbsent}));
       }},
      {{"MSETEX", "1", "mortal", "1", "XX", "KEEPTTL"},
       [](Store& s) {
         return reply(s.msetex({{"mortal", 1}}, {.keep_ttl = true, .when = When::kIfPresent}));
       }},
      {{"MSETEX", "1", "no", "1", "EX", "0"},
       [](Store& s) {
         return reply(s.msetex({{"no", 1}}, {.ttl = 0s}));
       }},
      {{"DELIFEQ", "number", "41"}, [](Store& s) { return reply(s.del_if_equal("number", 41)); }},
      {{"DELIFEQ", "text", "hello"}, [](Store& s) { return reply(s.del_if_equal("text", "hello")); }},
      {{"LCS", "text", "float"}, [](Store& s) { return reply(s.lcs("text", "float")); }},
      {{"LCS", "text", "mortal", "LEN"},
       [](Store& s) { return Reply::integer(s.lcs("text", "mortal", {.length_only = true})->length); }},
      {{"LCS", "text", "no", "LEN", "IDX"},
       [](Store& s) { return reply(s.lcs("text", "no", {.length_only = true, .matches = true})); }},

      // Keys.
      {{"DEL", "text"}, [](Store& s) { return reply(s.del("text")); }},
      {{"DEL", "dead"}, [](Store& s) { return reply(s.del("dead")); }},
      {{"DEL", "text", "no", "text", "mortal"},
       [](Store& s) {
         return reply(s.del({"text", "no", "text", "mortal"}));
       }},
      {{"UNLINK", "text", "text"},
       [](Store& s) {
         return reply(s.unlink({"text", "text"}));
       }},
      {{"EXISTS", "text"}, [](Store& s) { return reply(s.exists("text")); }},
      {{"EXISTS", "text", "text", "dead"},
       [](Store& s) {
         return reply(s.exists({"text", "text", "dead"}));
       }},
      {{"TOUCH", "text", "no", "text"},
       [](Store& s) {
         return reply(s.touch({"text", "no", "text"}));
       }},
      {{"TYPE", "text"}, [](Store& s) { return type_name(s.type("text")); }},
      {{"TYPE", "dead"}, [](Store& s) { return type_name(s.type("dead")); }},
      {{"EXPIRE", "text", "60"}, [](Store& s) { return reply(s.expire("text", 60s)); }},
      {{"PEXPIRE", "text", "60500"}, [](Store& s) { return reply(s.expire("text", 60500ms)); }},
      {{"PEXPIRE", "text", "2"}, [](Store& s) { return reply(s.expire("text", 1500us)); }},
      {{"EXPIRE", "text", "0"}, [](Store& s) { return reply(s.expire("text", 0s)); }},
      {{"EXPIRE", "text", "-7"}, [](Store& s) { return reply(s.expire("text", -7s)); }},
      {{"EXPIRE", "mortal", "60", "NX"},
       [](Store& s) { return reply(s.expire("mortal", 60s, ExpireIf::kNoTtl)); }},
      {{"EXPIRE", "text", "60", "XX"},
       [](Store& s) { return reply(s.expire("text", 60s, ExpireIf::kHasTtl)); }},
      {{"EXPIRE", "mortal", "160", "GT"},
       [](Store& s) { return reply(s.expire("mortal", 160s, ExpireIf::kGreater)); }},
      {{"EXPIRE", "text", "60", "GT"},
       [](Store& s) { return reply(s.expire("text", 60s, ExpireIf::kGreater)); }},
      {{"EXPIRE", "text", "60", "LT"},
       [](Store& s) { return reply(s.expire("text", 60s, ExpireIf::kLess)); }},
      {{"EXPIRE", "text", "60", "LT", "XX"},
       [](Store& s) { return reply(s.expire("text", 60s, ExpireIf::kHasTtlAndLess)); }},
      {{"EXPIREAT", "text", "4102444800"},
       [](Store& s) { return reply(s.expireat("text", from_unix_ms(4102444800000))); }},
      {{"PEXPIREAT", "text", "4102444800001"},
       [](Store& s) { return reply(s.expireat("text", from_unix_ms(4102444800001))); }},
      {{"PEXPIREAT", "no", "4102444800001"},
       [](Store& s) { return reply(s.expireat("no", from_unix_ms(4102444800001))); }},
      {{"EXPIREAT", "text", "1"}, [](Store& s) { return reply(s.expireat("text", from_unix_ms(1000))); }},
      {{"PERSIST", "mortal"}, [](Store& s) { return reply(s.persist("mortal")); }},
      {{"PERSIST", "text"}, [](Store& s) { return reply(s.persist("text")); }},
      {{"PTTL", "mortal"}, [](Store& s) { return time_reply(s.ttl("mortal")); }},
      {{"PTTL", "text"}, [](Store& s) { return time_reply(s.ttl("text")); }},
      {{"PTTL", "dead"}, [](Store& s) { return time_reply(s.ttl("dead")); }},
      {{"TTL", "mortal"}, [](Store& s) { return Reply::integer((*s.ttl("mortal"))->remaining() / 1s); }},
      {{"PEXPIRETIME", "mortal"}, [](Store& s) { return time_reply(s.expiretime("mortal")); }},
      {{"PEXPIRETIME", "no"}, [](Store& s) { return time_reply(s.expiretime("no")); }},
      {{"EXPIRETIME", "text"}, [](Store& s) { return time_reply(s.expiretime("text")); }},
      {{"RENAME", "mortal", "text"}, [](Store& s) { return reply(s.rename("mortal", "text")); }},
      {{"RENAME", "no", "text"}, [](Store& s) { return reply(s.rename("no", "text")); }},
      {{"RENAME", "text", "text"}, [](Store& s) { return reply(s.rename("text", "text")); }},
      {{"RENAMENX", "mortal", "dead"}, [](Store& s) { return reply(s.renamenx("mortal", "dead")); }},
      {{"RENAMENX", "mortal", "text"}, [](Store& s) { return reply(s.renamenx("mortal", "text")); }},
      {{"COPY", "mortal", "no"}, [](Store& s) { return reply(s.copy("mortal", "no")); }},
      {{"COPY", "mortal", "text"}, [](Store& s) { return reply(s.copy("mortal", "text")); }},
      {{"COPY", "mortal", "text", "REPLACE"},
       [](Store& s) { return reply(s.copy("mortal", "text", {.replace = true})); }},
      {{"COPY", "mortal", "mortal", "DB", "2"},
       [](Store& s) { return reply(s.copy("mortal", "mortal", {.db = 2})); }},
      {{"COPY", "text", "text"}, [](Store& s) { return reply(s.copy("text", "text")); }},
      {{"COPY", "text", "no", "DB", "16"}, [](Store& s) { return reply(s.copy("text", "no", {.db = 16})); }},
      {{"MOVE", "mortal", "1"}, [](Store& s) { return reply(s.move("mortal", 1)); }},
      {{"MOVE", "text", "0"}, [](Store& s) { return reply(s.move("text", 0)); }},
      {{"MOVE", "text", "-1"}, [](Store& s) { return reply(s.move("text", -1)); }},
      {{"KEYS", "*t*"}, [](Store& s) { return reply(s.keys("*t*")); }},
      {{"SCAN", "0", "COUNT", "3", "MATCH", "*e*", "TYPE", "string"},
       [](Store& s) { return reply(s.scan(0, {.match = "*e*", .count = 3, .type = "string"})); }},
      {{"SCAN", "0", "COUNT", "0"}, [](Store& s) { return reply(s.scan(0, {.count = 0})); }},
      {{"RANDOMKEY"}, [](Store& s) { return reply(s.randomkey()); }},
      {{"DBSIZE"}, [](Store& s) { return reply(s.dbsize()); }},
      {{"FLUSHDB"}, [](Store& s) { return reply(s.flushdb()); }},
      {{"FLUSHALL"}, [](Store& s) { return s.flushall(), Reply::ok(); }},
      {{"SWAPDB", "0", "1"}, [](Store& s) { return reply(s.swapdb(0, 1)); }},
      {{"SWAPDB", "0", "16"}, [](Store& s) { return reply(s.swapdb(0, 16)); }},
      {{"OBJECT", "ENCODING", "text"}, [](Store& s) { return reply(s.object_encoding("text")); }},
      {{"OBJECT", "ENCODING", "no"}, [](Store& s) { return reply(s.object_encoding("no")); }},
      {{"OBJECT", "IDLETIME", "text"}, [](Store& s) { return reply(s.object_idletime("text")); }},
      {{"OBJECT", "REFCOUNT", "number"}, [](Store& s) { return reply(s.object_refcount("number")); }},
      {{"OBJECT", "FREQ", "number"}, [](Store& s) { return reply(s.object_freq("number")); }},
      {{"MEMORY", "USAGE", "bytes"}, [](Store& s) { return reply(s.memory_usage("bytes")); }},
  };
  return kDoors;
}

// Commands that have no typed method, and why.
const std::map<std::string_view, std::string_view>& by_name_only() {
  static const std::map<std::string_view, std::string_view> kReasons{
      {"echo", "about the session"},
      {"ping", "about the session"},
      {"reset", "about the session"},
      {"select", "about the session: the typed door has Store::database()"},
      {"discard", "about the session"},
      {"exec", "about the session: the typed door has Transaction::multi()"},
      {"fcall", "the typed door calls its functions itself"},
      {"fcall_ro", "the typed door calls its functions itself"},
      {"multi", "about the session: the typed door has Store::watch()"},
      {"unwatch", "about the session"},
      {"watch", "about the session: the typed door has Store::watch()"},
      {"command|count", "about the table"},
      {"command|docs", "about the table"},
      {"command|getkeys", "about the table"},
      {"command|getkeysandflags", "about the table"},
      {"command|info", "about the table"},
      {"command|list", "about the table"},
      {"config|get", "the typed door has Options"},
      {"config|set", "the typed door has Options"},
      {"config|resetstat", "counters only"},
      {"debug|digest", "see Doors.digests_are_the_same"},
      {"debug|set-active-expire", "the typed door has Background"},
      {"info", "text for people: the typed door has Store::stats()"},
      {"memory|stats", "the typed door has Store::stats()"},
      {"time", "the typed door has the clock that it was given"},
  };
  return kReasons;
}

struct Side {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(kNowMs));
  std::unique_ptr<Store> store =
      Store::open({.shards = 4, .clock = clock, .seed = 42, .background = Background::kManual}).value();
  Session session{*store};

  Reply call(const std::vector<std::string>& argv) {
    const std::vector<std::string_view> words(argv.begin(), argv.end());
    return session.execute(words);
  }
};

std::string shown(const std::vector<std::string>& argv) {
  std::ostringstream out;
  showValue(CommandCall{argv}, out);
  return out.str();
}

TEST(Doors, typed_and_by_name_calls_do_the_same) {
  for (const Door& door : doors()) {
    SCOPED_TRACE(shown(door.argv));
    Side typed, by_name;
    prepare(*typed.store, *typed.clock);
    prepare(*by_name.store, *by_name.clock);
    ASSERT_EQ(typed.store->digest(), by_name.store->digest());
    typed.clock->advance(5s);
    by_name.clock->advance(5s);
    const Reply from_method = door.typed(*typed.store);
    const Reply from_name = by_name.call(door.argv);
    EXPECT_EQ(from_method, from_name) << from_method.to_string() << "\nby name:\n" << from_name.to_string();
    EXPECT_EQ(typed.store->digest(), by_name.store->digest());
    EXPECT_EQ(*typed.store->dbsize(), *by_name.store->dbsize());
  }
}

TEST(Doors, the_store_and_its_first_database_are_one) {
  Side side;
  Database first = *side.store->database(0);
  ASSERT_TRUE(first.set("k", "v").ok());
  EXPECT_EQ(**side.store->get("k"), "v");
  EXPECT_FALSE(side.store->database(16).ok());
  EXPECT_FALSE(side.store->database(-1).ok());
}

TEST(Doors, digests_are_the_same) {
  Side side;
  prepare(*side.store, *side.clock);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(side.store->digest()));
  EXPECT_EQ(side.call({"DEBUG", "DIGEST"}), Reply::simple(text));
}

TEST(Doors, every_command_is_called_through_both_or_says_why_not) {
  std::set<std::string_view> called;
  for (const Door& door : doors()) {
    const std::vector<Bytes> argv(door.argv.begin(), door.argv.end());
    const Command* command = find_command(argv);
    ASSERT_NE(command, nullptr) << shown(door.argv);
    called.insert(command->name);
  }
  for (const Command* command : all_commands()) {
    // The containers' commands have tests of their own: list_doors_test.cc and its like.
    if (command->spec.group >= Group::kList && command->spec.group <= Group::kSortedSet) continue;
    if (command->spec.group == Group::kPubSub) continue;                  // pubsub_test.cc.
    if (command->name == "sort" || command->name == "sort_ro") continue;  // sort_test.cc.
    const bool aside =
        command->is_container || command->name.ends_with("|help") || by_name_only().contains(command->name);
    EXPECT_NE(called.contains(command->name), aside) << command->name;
  }
  for (const auto& each : by_name_only()) {
    EXPECT_TRUE(
        std::ranges::any_of(all_commands(), [&](const Command* row) { return row->name == each.first; }))
        << each.first << " is no command";
  }
}

// ------------------------------------------------------------------------------------------------------ reprinting

// Below the front doors, where a row can be asked to print a call.
struct Bench {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(kNowMs));
  Engine engine{
      Engine::Options{.shards = 4, .databases = 16, .clock = clock, .seed = 42, .background = false}};
  Executor executor{engine};
  SessionState session{};

  Reply call(const std::vector<std::string>& argv) {
    const std::vector<Bytes> words(argv.begin(), argv.end());
    return execute_command(executor, session, words);
  }
  // Name and canonical arguments; nullopt for a call that cannot be read.
  std::optional<std::vector<std::string>> reprint(const std::vector<std::string>& argv) {
    const std::vector<Bytes> words(argv.begin(), argv.end());
    const Command* command = find_command(words);
    const size_t names = command->name.find('|') == std::string_view::npos ? 1 : 2;
    auto printed = command->reprint(Call{executor, session, *command, std::span(words).subspan(names)});
    if (!printed.ok()) return std::nullopt;
    printed->insert(printed->begin(), argv.begin(), argv.begin() + static_cast<std::ptrdiff_t>(names));
    return *std::move(printed);
  }
};

// A call and what it is reprinted as give the same reply and leave the same contents; reprinting again changes nothing.
RC_GTEST_PROP(Reprint, a_reprinted_call_means_the_same, ()) {
  const CallMix mix{.borderline_percent = 10, .past_percent = 5};
  const auto sequence = *rc::gen::resize(
      100, rc::gen::container<std::vector<CommandCall>>(
               calls({string_grammars(), key_grammars(), database_grammars(), deadline_grammars()}, mix)));
  Bench original, reprinted;
  for (const CommandCall& call : sequence) {
    const auto canonical = original.reprint(call.argv);
    const Reply expected = original.call(call.argv);
    // A refused call need not be printable: some arguments are judged after the key.
    if (expected.is_error()) {
      RC_ASSERT(reprinted.call(call.argv) == expected);
      continue;
    }
    RC_ASSERT(canonical.has_value());
    RC_LOG() << shown(call.argv) << "  ->  " << shown(*canonical) << "\n";
    RC_ASSERT(original.reprint(*canonical) == canonical);
    const Reply actual = reprinted.call(*canonical);
    if (actual != expected) RC_FAIL("expected " + expected.to_string() + "\ngot " + actual.to_string());
  }
  RC_ASSERT(KeyspaceTx(original.engine, 0).digest() == KeyspaceTx(reprinted.engine, 0).digest());
}

}  // namespace
}  // namespace inlay::test
