// The two doors of the list commands, typed methods and commands by name, are one: each call gives the same result and
// leaves the same contents, whichever way it is made, and so does the call as its row prints it.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <set>

#include "api/commands/command.h"
#include "engine/executor.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

// ------------------------------------------------------------- what the by-name door would make of typed results

Reply reply(int64_t value) { return Reply::integer(value); }
Reply reply(const std::string& value) { return Reply::bulk(value); }
Reply reply(const KeyElement& popped) { return Reply::array({reply(popped.key), reply(popped.element)}); }
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
Reply reply(const std::optional<KeyElements>& popped) {
  if (!popped.has_value()) return Reply::nil_array();
  return Reply::array({reply(popped->key), reply(popped->elements)});
}
Reply reply(const absl::Status& status) {
  return status.ok() ? Reply::ok() : Reply::error(redis_error_text(status));
}
template <class T>
Reply reply(const absl::StatusOr<T>& result) {
  return result.ok() ? reply(*result) : reply(result.status());
}
// By name, elements popped from an absent key are nil.
Reply or_nil(const Result<std::vector<std::string>>& popped) {
  return popped.ok() && popped->empty() ? Reply::nil_array() : reply(popped);
}

// ----------------------------------------------------------------------------------------------------- the calls

struct Door {
  std::vector<std::string> argv;
  std::function<Reply(Store&)> typed;
};

// Both stores hold: few = a b 7 b c, dying in 100 s; one = x; many = 0 1 ... 1999; text, a string.
void prepare(Store& store) {
  ASSERT_TRUE(store.rpush("few", {"a", "b", 7, "b", "c"}).ok());
  ASSERT_TRUE(store.expire("few", 100s).ok());
  ASSERT_TRUE(store.rpush("one", "x").ok());
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(store.rpush("many", i).ok());
  ASSERT_TRUE(store.set("text", "x").ok());
}

const std::vector<Door>& doors() {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  static const std::string kMinText = std::to_string(kMin);
  static const std::vector<Door> kDoors{
      {{"LPUSH", "few", "z"}, [](Store& s) { return reply(s.lpush("few", "z")); }},
      {{"LPUSH", "few", "x", "-5", ""},
       [](Store& s) {
         return reply(s.lpush("few", {"x", -5, ""}));
       }},
      {{"LPUSH", "no", "007"}, [](Store& s) { return reply(s.lpush("no", "007")); }},
      {{"LPUSH", "text", "x"}, [](Store& s) { return reply(s.lpush("text", "x")); }},
      {{"LPUSHX", "one", "y"}, [](Store& s) { return reply(s.lpushx("one", "y")); }},
      {{"LPUSHX", "no", "y", "z"},
       [](Store& s) {
         return reply(s.lpushx("no", {"y", "z"}));
       }},
      {{"RPUSH", "many", "y", "z"},
       [](Store& s) {
         return reply(s.rpush("many", {"y", "z"}));
       }},
      {{"RPUSH", "no", "a", "b"},
       [](Store& s) {
         const std::vector<Bytes> elements{"a", "b"};
         return reply(s.rpush("no", elements));
       }},
      {{"RPUSHX", "one", "1", "2"},
       [](Store& s) {
         return reply(s.rpushx("one", {1, 2}));
       }},
      {{"RPUSHX", "no", "1"}, [](Store& s) { return reply(s.rpushx("no", 1)); }},

      {{"LPOP", "few"}, [](Store& s) { return reply(s.lpop("few")); }},
      {{"LPOP", "one"}, [](Store& s) { return reply(s.lpop("one")); }},
      {{"LPOP", "no"}, [](Store& s) { return reply(s.lpop("no")); }},
      {{"LPOP", "text"}, [](Store& s) { return reply(s.lpop("text")); }},
      {{"LPOP", "few", "2"}, [](Store& s) { return reply(s.lpop("few", 2)); }},
      {{"LPOP", "few", "0"}, [](Store& s) { return reply(s.lpop("few", 0)); }},
      {{"LPOP", "few", "100"}, [](Store& s) { return reply(s.lpop("few", 100)); }},
      {{"LPOP", "few", "-1"}, [](Store& s) { return reply(s.lpop("few", -1)); }},
      {{"LPOP", "no", "3"}, [](Store& s) { return or_nil(s.lpop("no", 3)); }},
      {{"RPOP", "many"}, [](Store& s) { return reply(s.rpop("many")); }},
      {{"RPOP", "many", "700"}, [](Store& s) { return reply(s.rpop("many", 700)); }},
      {{"RPOP", "few", "-1"}, [](Store& s) { return reply(s.rpop("few", -1)); }},
      {{"LMPOP", "2", "no", "few", "LEFT"},
       [](Store& s) {
         return reply(s.lmpop({"no", "few"}, End::kLeft));
       }},
      {{"LMPOP", "2", "few", "many", "RIGHT", "COUNT", "10"},
       [](Store& s) {
         return reply(s.lmpop({"few", "many"}, End::kRight, 10));
       }},
      {{"LMPOP", "1", "no", "LEFT"}, [](Store& s) { return reply(s.lmpop({"no"}, End::kLeft)); }},
      {{"LMPOP", "2", "text", "few", "LEFT"},
       [](Store& s) {
         return reply(s.lmpop({"text", "few"}, End::kLeft));
       }},
      {{"LMOVE", "few", "many", "LEFT", "RIGHT"},
       [](Store& s) { return reply(s.lmove("few", "many", End::kLeft, End::kRight)); }},
      {{"LMOVE", "few", "few", "RIGHT", "LEFT"},
       [](Store& s) { return reply(s.lmove("few", "few", End::kRight, End::kLeft)); }},
      {{"LMOVE", "one", "new", "RIGHT", "RIGHT"},
       [](Store& s) { return reply(s.lmove("one", "new", End::kRight, End::kRight)); }},
      {{"LMOVE", "no", "text", "LEFT", "LEFT"},
       [](Store& s) { return reply(s.lmove("no", "text", End::kLeft, End::kLeft)); }},
      {{"LMOVE", "few", "text", "LEFT", "LEFT"},
       [](Store& s) { return reply(s.lmove("few", "text", End::kLeft, End::kLeft)); }},
      {{"RPOPLPUSH", "many", "few"}, [](Store& s) { return reply(s.rpoplpush("many", "few")); }},
      {{"RPOPLPUSH", "one", "one"}, [](Store& s) { return reply(s.rpoplpush("one", "one")); }},

      {{"LLEN", "many"}, [](Store& s) { return reply(s.llen("many")); }},
      {{"LLEN", "no"}, [](Store& s) { return reply(s.llen("no")); }},
      {{"LLEN", "text"}, [](Store& s) { return reply(s.llen("text")); }},
      {{"LINDEX", "few", "2"}, [](Store& s) { return reply(s.lindex("few", 2)); }},
      {{"LINDEX", "many", "-700"}, [](Store& s) { return reply(s.lindex("many", -700)); }},
      {{"LINDEX", "few", "5"}, [](Store& s) { return reply(s.lindex("few", 5)); }},
      {{"LINDEX", "few", kMinText}, [](Store& s) { return reply(s.lindex("few", kMin)); }},
      {{"LRANGE", "few", "0", "-1"}, [](Store& s) { return reply(s.lrange("few")); }},
      {{"LRANGE", "many", "990", "1010"}, [](Store& s) { return reply(s.lrange("many", 990, 1010)); }},
      {{"LRANGE", "no", "0", "-1"}, [](Store& s) { return reply(s.lrange("no")); }},
      {{"LRANGE", "text", "0", "-1"}, [](Store& s) { return reply(s.lrange("text")); }},
      {{"LPOS", "few", "b"}, [](Store& s) { return reply(s.lpos("few", "b")); }},
      {{"LPOS", "few", "7"}, [](Store& s) { return reply(s.lpos("few", 7)); }},
      {{"LPOS", "few", "z"}, [](Store& s) { return reply(s.lpos("few", "z")); }},
      {{"LPOS", "few", "b", "RANK", "-1"}, [](Store& s) { return reply(s.lpos("few", "b", {.rank = -1})); }},
      {{"LPOS", "few", "b", "RANK", "0"}, [](Store& s) { return reply(s.lpos("few", "b", {.rank = 0})); }},
      {{"LPOS", "few", "b", "RANK", "2", "MAXLEN", "3"},
       [](Store& s) { return reply(s.lpos("few", "b", LPosOptions{.rank = 2, .length_max = 3})); }},
      {{"LPOS", "few", "b", "MAXLEN", "-1"},
       [](Store& s) { return reply(s.lpos("few", "b", {.length_max = -1})); }},
      {{"LPOS", "few", "b", "COUNT", "0"}, [](Store& s) { return reply(s.lpos("few", "b", 0)); }},
      {{"LPOS", "few", "b", "COUNT", "1", "RANK", "-1"},
       [](Store& s) { return reply(s.lpos("few", "b", 1, {.rank = -1})); }},
      {{"LPOS", "few", "b", "COUNT", "-1"}, [](Store& s) { return reply(s.lpos("few", "b", -1)); }},
      {{"LPOS", "no", "b", "COUNT", "0"}, [](Store& s) { return reply(s.lpos("no", "b", 0)); }},

      {{"LSET", "few", "-1", "z"}, [](Store& s) { return reply(s.lset("few", -1, "z")); }},
      {{"LSET", "many", "1000", "long element"},
       [](Store& s) { return reply(s.lset("many", 1000, "long element")); }},
      {{"LSET", "few", "5", "z"}, [](Store& s) { return reply(s.lset("few", 5, "z")); }},
      {{"LSET", "no", "0", "z"}, [](Store& s) { return reply(s.lset("no", 0, "z")); }},
      {{"LSET", "text", "0", "z"}, [](Store& s) { return reply(s.lset("text", 0, "z")); }},
      {{"LINSERT", "few", "BEFORE", "b", "z"},
       [](Store& s) { return reply(s.linsert("few", InsertAt::kBefore, "b", "z")); }},
      {{"LINSERT", "many", "AFTER", "1999", "z"},
       [](Store& s) { return reply(s.linsert("many", InsertAt::kAfter, 1999, "z")); }},
      {{"LINSERT", "few", "AFTER", "q", "z"},
       [](Store& s) { return reply(s.linsert("few", InsertAt::kAfter, "q", "z")); }},
      {{"LINSERT", "no", "AFTER", "q", "z"},
       [](Store& s) { return reply(s.linsert("no", InsertAt::kAfter, "q", "z")); }},
      {{"LREM", "few", "0", "b"}, [](Store& s) { return reply(s.lrem("few", 0, "b")); }},
      {{"LREM", "few", "-1", "b"}, [](Store& s) { return reply(s.lrem("few", -1, "b")); }},
      {{"LREM", "many", "1", "1500"}, [](Store& s) { return reply(s.lrem("many", 1, 1500)); }},
      {{"LREM", "one", kMinText, "x"}, [](Store& s) { return reply(s.lrem("one", kMin, "x")); }},
      {{"LREM", "no", "0", "x"}, [](Store& s) { return reply(s.lrem("no", 0, "x")); }},
      {{"LTRIM", "few", "1", "-2"}, [](Store& s) { return reply(s.ltrim("few", 1, -2)); }},
      {{"LTRIM", "many", "-3", "-1"}, [](Store& s) { return reply(s.ltrim("many", -3, -1)); }},
      {{"LTRIM", "few", "7", "9"}, [](Store& s) { return reply(s.ltrim("few", 7, 9)); }},
      {{"LTRIM", "no", "0", "1"}, [](Store& s) { return reply(s.ltrim("no", 0, 1)); }},
      {{"LTRIM", "text", "0", "1"}, [](Store& s) { return reply(s.ltrim("text", 0, 1)); }},
      // Those that may wait, where they need not: see blocking_test.cc for the rest.
      {{"BLPOP", "no", "few", "1.5"},
       [](Store& s) {
         return reply(s.blpop({"no", "few"}, 1500ms));
       }},
      {{"BLPOP", "no", "text", "0"},
       [](Store& s) {
         return reply(s.blpop({"no", "text"}, kForever));
       }},
      {{"BRPOP", "many", "0"}, [](Store& s) { return reply(s.brpop({"many"}, kForever)); }},
      {{"BLMPOP", "0.001", "2", "no", "few", "RIGHT", "COUNT", "2"},
       [](Store& s) {
         return reply(s.blmpop({"no", "few"}, End::kRight, 2, 1ms));
       }},
      {{"BLMOVE", "few", "one", "LEFT", "RIGHT", "7"},
       [](Store& s) { return reply(s.blmove("few", "one", End::kLeft, End::kRight, 7s)); }},
      {{"BLMOVE", "few", "text", "LEFT", "RIGHT", "7"},
       [](Store& s) { return reply(s.blmove("few", "text", End::kLeft, End::kRight, 7s)); }},
      {{"BRPOPLPUSH", "one", "new", "0"},
       [](Store& s) { return reply(s.brpoplpush("one", "new", kForever)); }},
  };
  return kDoors;
}

struct Side {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(1'700'000'000'123));
  std::unique_ptr<Store> store =
      Store::open({.shards = 4, .clock = clock, .seed = 42, .background = Background::kManual}).value();
  Side() { prepare(*store); }

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

TEST(ListDoors, typed_and_by_name_calls_do_the_same) {
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

TEST(ListDoors, every_command_is_called_through_both) {
  std::set<std::string_view> called;
  for (const Door& door : doors()) {
    const std::vector<Bytes> argv(door.argv.begin(), door.argv.end());
    ASSERT_NE(find_command(argv), nullptr) << shown(door.argv);
    called.insert(find_command(argv)->name);
  }
  for (const Command* command : all_commands()) {
    if (command->spec.group == Group::kList) EXPECT_TRUE(called.contains(command->name)) << command->name;
  }
}

// What a log would hold does the same as the call that was made.
TEST(ListDoors, reprinted_calls_do_the_same) {
  Engine engine{Engine::Options{.shards = 1, .databases = 1, .background = false}};
  const Executor executor(engine);
  SessionState session;
  for (const Door& door : doors()) {
    SCOPED_TRACE(shown(door.argv));
    const std::vector<Bytes> words(door.argv.begin(), door.argv.end());
    const Command* command = find_command(words);
    auto printed = command->reprint(Call{executor, session, *command, std::span(words).subspan(1)});
    Side made, again;
    // What cannot be read is refused before it is logged.
    if (!printed.ok()) {
      EXPECT_TRUE(made.call(door.argv).is_error());
      continue;
    }
    printed->insert(printed->begin(), door.argv[0]);
    EXPECT_EQ(made.call(door.argv), again.call(*printed)) << shown(*printed);
    EXPECT_EQ(made.store->digest(), again.store->digest()) << shown(*printed);
  }
}

// No keys and no counts below one can be said by name.
TEST(ListDoors, typed_calls_refuse_what_the_grammar_rules_out) {
  Side side;
  EXPECT_EQ(kind_of(side.store->lmpop(Keys(), End::kLeft).status()), ErrorKind::kOutOfRange);
  EXPECT_EQ(redis_error_text(side.store->lmpop({"few"}, End::kLeft, 0).status()),
            "ERR count should be greater than 0");
}

}  // namespace
}  // namespace inlay::test
