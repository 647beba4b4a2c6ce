// The two doors of the set commands are one: each call gives the same result and leaves the same contents, whichever
// way it is made. Contents of replies in no order are sorted first.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/commands/command.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

Reply reply(bool value) { return Reply::integer(value); }
Reply reply(int64_t value) { return Reply::integer(value); }
Reply reply(const std::string& value) { return Reply::bulk(value); }
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
template <class T>
Reply reply(const absl::StatusOr<T>& result) {
  return result.ok() ? reply(*result) : Reply::error(redis_error_text(result.status()));
}

Reply sorted(const Reply& array) {
  if (array.kind() != Reply::Kind::kArray) return array;
  Reply::Items items;
  for (const Reply& item : array.items()) items.push_back(sorted(item));
  std::ranges::sort(items, {}, [](const Reply& item) { return item.to_string(); });
  return Reply::array(std::move(items));
}

struct Door {
  std::vector<std::string> argv;
  std::function<Reply(Store&)> typed;
};

// small: 1 2 3 a b; numbers: 0 to 999; words: w0 to w299, 1; one: x; text: a string; mortal: 1 2, dies in 100 s.
void prepare(Store& store) {
  ASSERT_EQ(*store.sadd("small", {1, 2, 3, "a", "b"}), 5);
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(*store.sadd("numbers", i));
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(*store.sadd("words", std::string("w").append(std::to_string(i))));
  ASSERT_TRUE(*store.sadd("words", 1));
  ASSERT_TRUE(*store.sadd("one", "x"));
  ASSERT_TRUE(store.set("text", "v").ok());
  ASSERT_EQ(*store.sadd("mortal", {1, 2}), 2);
  ASSERT_TRUE(*store.expire("mortal", 100s));
}

// Where an initializer list would stand inside a macro's or a lambda's parentheses.
using S = Store&;

const std::vector<Door>& doors() {
  static const std::vector<Door> kDoors{
      {{"SADD", "small", "c"}, [](S s) { return reply(s.sadd("small", "c")); }},
      {{"SADD", "small", "1"}, [](S s) { return reply(s.sadd("small", 1)); }},
      {{"SADD", "no", "", "1", "1"},
       [](S s) {
         return reply(s.sadd("no", {"", 1, 1}));
       }},
      {{"SADD", "mortal", "3"}, [](S s) { return reply(s.sadd("mortal", 3)); }},
      {{"SADD", "numbers", "a", "5", "b"},
       [](S s) {
         return reply(s.sadd("numbers", {"a", 5, "b"}));
       }},
      {{"SADD", "text", "x"}, [](S s) { return reply(s.sadd("text", "x")); }},
      {{"SREM", "small", "a"}, [](S s) { return reply(s.srem("small", "a")); }},
      {{"SREM", "one", "x"}, [](S s) { return reply(s.srem("one", "x")); }},
      {{"SREM", "numbers", "7", "7", "1000", "x"},
       [](S s) {
         return reply(s.srem("numbers", {7, 7, 1000, "x"}));
       }},
      {{"SREM", "no", "x"}, [](S s) { return reply(s.srem("no", "x")); }},
      {{"SREM", "text", "x"}, [](S s) { return reply(s.srem("text", "x")); }},
      {{"SMOVE", "small", "numbers", "a"}, [](S s) { return reply(s.smove("small", "numbers", "a")); }},
      {{"SMOVE", "one", "no", "x"}, [](S s) { return reply(s.smove("one", "no", "x")); }},
      {{"SMOVE", "small", "small", "1"}, [](S s) { return reply(s.smove("small", "small", 1)); }},
      {{"SMOVE", "small", "numbers", "1"}, [](S s) { return reply(s.smove("small", "numbers", 1)); }},
      {{"SMOVE", "small", "mortal", "9"}, [](S s) { return reply(s.smove("small", "mortal", 9)); }},
      {{"SMOVE", "small", "text", "9"}, [](S s) { return reply(s.smove("small", "text", 9)); }},
      {{"SMOVE", "no", "text", "9"}, [](S s) { return reply(s.smove("no", "text", 9)); }},
      {{"SCARD", "words"}, [](S s) { return reply(s.scard("words")); }},
      {{"SCARD", "no"}, [](S s) { return reply(s.scard("no")); }},
      {{"SCARD", "text"}, [](S s) { return reply(s.scard("text")); }},
      {{"SISMEMBER", "numbers", "500"}, [](S s) { return reply(s.sismember("numbers", 500)); }},
      {{"SISMEMBER", "numbers", "0500"}, [](S s) { return reply(s.sismember("numbers", "0500")); }},
      {{"SISMEMBER", "no", "x"}, [](S s) { return reply(s.sismember("no", "x")); }},
      {{"SMISMEMBER", "words", "w1", "1", "w300", "2"},
       [](S s) {
         return reply(s.smismember("words", {"w1", 1, "w300", 2}));
       }},
      {{"SMISMEMBER", "no", "a", "b"},
       [](S s) {
         return reply(s.smismember("no", {"a", "b"}));
       }},
      {{"SMISMEMBER", "text", "a"}, [](S s) { return reply(s.smismember("text", {"a"})); }},
      {{"SMEMBERS", "words"}, [](S s) { return reply(s.smembers("words")); }},
      {{"SMEMBERS", "no"}, [](S s) { return reply(s.smembers("no")); }},
      {{"SMEMBERS", "text"}, [](S s) { return reply(s.smembers("text")); }},
      {{"SSCAN", "small", "0"}, [](S s) { return reply(s.sscan("small", 0)); }},
      {{"SSCAN", "words", "0", "COUNT", "20", "MATCH", "*1*"},
       [](S s) { return reply(s.sscan("words", 0, {.match = "*1*", .count = 20})); }},
      {{"SSCAN", "small", "0", "COUNT", "0"}, [](S s) { return reply(s.sscan("small", 0, {.count = 0})); }},
      {{"SSCAN", "no", "0", "COUNT", "0"}, [](S s) { return reply(s.sscan("no", 0, {.count = 0})); }},
      {{"SSCAN", "text", "0"}, [](S s) { return reply(s.sscan("text", 0)); }},
      {{"SPOP", "one"}, [](S s) { return reply(s.spop("one")); }},
      {{"SPOP", "words"}, [](S s) { return reply(s.spop("words")); }},
      {{"SPOP", "no"}, [](S s) { return reply(s.spop("no")); }},
      {{"SPOP", "numbers", "10"}, [](S s) { return reply(s.spop("numbers", 10)); }},
      {{"SPOP", "small", "9"}, [](S s) { return reply(s.spop("small", 9)); }},
      {{"SPOP", "small", "0"}, [](S s) { return reply(s.spop("small", 0)); }},
      {{"SPOP", "no", "2"}, [](S s) { return reply(s.spop("no", 2)); }},
      {{"SPOP", "text", "-1"}, [](S s) { return reply(s.spop("text", -1)); }},
      {{"SRANDMEMBER", "words"}, [](S s) { return reply(s.srandmember("words")); }},
      {{"SRANDMEMBER", "no"}, [](S s) { return reply(s.srandmember("no")); }},
      {{"SRANDMEMBER", "words", "7"}, [](S s) { return reply(s.srandmember("words", 7)); }},
      {{"SRANDMEMBER", "words", "-7"}, [](S s) { return reply(s.srandmember("words", -7)); }},
      {{"SRANDMEMBER", "no", "-7"}, [](S s) { return reply(s.srandmember("no", -7)); }},
      {{"SRANDMEMBER", "one", "-9223372036854775808"},
       [](S s) { return reply(s.srandmember("one", INT64_MIN)); }},
      {{"SINTER", "small", "numbers"},
       [](S s) {
         return reply(s.sinter({"small", "numbers"}));
       }},
      {{"SINTER", "small", "no"},
       [](S s) {
         return reply(s.sinter({"small", "no"}));
       }},
      {{"SINTER", "no", "text"},
       [](S s) {
         return reply(s.sinter({"no", "text"}));
       }},
      {{"SINTERCARD", "2", "small", "words"},
       [](S s) {
         return reply(s.sintercard({"small", "words"}));
       }},
      {{"SINTERCARD", "2", "numbers", "numbers", "LIMIT", "7"},
       [](S s) {
         return reply(s.sintercard({"numbers", "numbers"}, 7));
       }},
      {{"SINTERCARD", "1", "small", "LIMIT", "-1"}, [](S s) { return reply(s.sintercard({"small"}, -1)); }},
      {{"SINTERCARD", "0", "small"}, [](S s) { return reply(s.sintercard({})); }},
      {{"SUNION", "small", "no", "words"},
       [](S s) {
         return reply(s.sunion({"small", "no", "words"}));
       }},
      {{"SUNION", "small", "one", "no", "mortal", "words", "one", "small", "words", "one", "small"},
       [](S s) {
         return reply(
             s.sunion({"small", "one", "no", "mortal", "words", "one", "small", "words", "one", "small"}));
       }},
      {{"SDIFF", "words", "small", "no"},
       [](S s) {
         return reply(s.sdiff({"words", "small", "no"}));
       }},
      {{"SDIFF", "no", "small"},
       [](S s) {
         return reply(s.sdiff({"no", "small"}));
       }},
      {{"SINTERSTORE", "text", "small", "numbers"},
       [](S s) {
         return reply(s.sinterstore("text", {"small", "numbers"}));
       }},
      {{"SINTERSTORE", "mortal", "no"}, [](S s) { return reply(s.sinterstore("mortal", {"no"})); }},
      {{"SUNIONSTORE", "mortal", "mortal", "words"},
       [](S s) {
         return reply(s.sunionstore("mortal", {"mortal", "words"}));
       }},
      {{"SUNIONSTORE", "one", "text"}, [](S s) { return reply(s.sunionstore("one", {"text"})); }},
      {{"SDIFFSTORE", "words", "words", "small"},
       [](S s) {
         return reply(s.sdiffstore("words", {"words", "small"}));
       }},
  };
  return kDoors;
}

struct Side {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(1'700'000'000'123));
  std::unique_ptr<Store> store =
      Store::open({.shards = 4, .clock = clock, .seed = 42, .background = Background::kManual}).value();

  Reply call(const std::vector<std::string>& argv) {
    const std::vector<std::string_view> words(argv.begin(), argv.end());
    return Session(*store).execute(words);
  }
};

TEST(SetDoors, typed_and_by_name_calls_do_the_same) {
  for (const Door& door : doors()) {
    SCOPED_TRACE(testing::PrintToString(door.argv));
    Side typed, by_name;
    prepare(*typed.store);
    prepare(*by_name.store);
    const Reply from_method = sorted(door.typed(*typed.store));
    const Reply from_name = sorted(by_name.call(door.argv));
    EXPECT_EQ(from_method, from_name) << from_method.to_string() << "\nby name:\n" << from_name.to_string();
    EXPECT_EQ(typed.store->digest(), by_name.store->digest());
    EXPECT_TRUE(typed.store->check_invariants().ok());
  }
}

TEST(SetDoors, every_command_is_called_through_both) {
  std::set<std::string_view> called;
  for (const Door& door : doors()) {
    const std::vector<Bytes> argv(door.argv.begin(), door.argv.end());
    called.insert(find_command(argv)->name);
  }
  for (const Command* command : all_commands()) {
    if (command->spec.group == Group::kSet) EXPECT_TRUE(called.contains(command->name)) << command->name;
  }
}

TEST(SetDoors, range_walks_over_all_members) {
  Side side;
  prepare(*side.store);
  for (const char* key : {"small", "numbers", "words", "no", "text"}) {
    std::multiset<std::string> walked;
    for (const std::string& member : side.store->sscan(key, {.count = 3})) walked.insert(member);
    const auto members = side.store->smembers(key);
    EXPECT_EQ(walked.size(), members.ok() ? members->size() : 0);
    if (members.ok()) EXPECT_EQ(walked, std::multiset<std::string>(members->begin(), members->end()));
  }
}

}  // namespace
}  // namespace inlay::test
