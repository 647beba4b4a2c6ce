// The sorted set commands through both doors: each call gives the same result and leaves the same contents, whether it is
// made by a typed method or by name.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "api/commands/command.h"
#include "engine/engine.h"
#include "engine/executor.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

// ------------------------------------------------------------- what the by-name door would make of typed results

Reply reply(bool value) { return Reply::integer(value); }
Reply reply(int64_t value) { return Reply::integer(value); }
Reply reply(double value) { return Reply::real(value); }
Reply reply(const RankAndScore& value) {
  return Reply::array({Reply::integer(value.rank), Reply::real(value.score)});
}
Reply reply(const KeyMember& popped) {
  return Reply::array(
      {Reply::bulk(popped.key), Reply::bulk(popped.member.member), Reply::real(popped.member.score)});
}
Reply reply(const PoppedMembers& popped) {
  Reply::Items pairs;
  for (const ScoredMember& member : popped.members)
    pairs.push_back(Reply::array({Reply::bulk(member.member), Reply::real(member.score)}));
  return Reply::array({Reply::bulk(popped.key), Reply::array(std::move(pairs))});
}
template <class T>
Reply reply(const std::optional<T>& value) {
  return value.has_value() ? reply(*value) : Reply::nil();
}
Reply reply(const std::vector<std::optional<double>>& values) {
  Reply::Items items;
  for (const auto& value : values) items.push_back(reply(value));
  return Reply::array(std::move(items));
}
Reply with_scores(const std::vector<ScoredMember>& members) {
  Reply::Items items;
  for (const ScoredMember& member : members) {
    items.push_back(Reply::bulk(member.member));
    items.push_back(Reply::real(member.score));
  }
  return Reply::array(std::move(items));
}
Reply reply(const std::vector<ScoredMember>& members) { return with_scores(members); }
Reply reply(const ScoredMemberPage& page) {
  return Reply::array({Reply::bulk(std::to_string(page.cursor)), with_scores(page.members).resp2()});
}
template <class T>
Reply reply(const absl::StatusOr<T>& result) {
  return result.ok() ? reply(*result) : Reply::error(redis_error_text(result.status()));
}

// By name, one element is an array of it, and none an empty one.
Reply as_array(const Nullable<ScoredMember>& member) {
  if (!member.ok()) return reply(Result<bool>(member.status()));
  return member->has_value() ? with_scores({**member}) : Reply::array({});
}
Reply member_alone(const Nullable<ScoredMember>& member) {
  if (!member.ok()) return reply(Result<bool>(member.status()));
  return member->has_value() ? Reply::bulk((*member)->member) : Reply::nil();
}
// By name, some calls have nil in the shape of an array.
template <class T>
Reply array_or_nil(const Nullable<T>& value) {
  return is_nil(value) ? Reply::nil_array() : reply(value);
}

// ----------------------------------------------------------------------------------------------------- the calls

struct Door {
  std::vector<std::string> argv;
  std::function<Reply(Store&)> typed;
};

// board: ann 1, bob 2, cat 2, dan 3.5; lex: a, b, c, d at 0; other: bob 10, eve 5; large: 300 members; text: a string.
void prepare(Store& store) {
  ASSERT_TRUE(store.zadd("board", {{1, "ann"}, {2, "bob"}, {2, "cat"}, {3.5, "dan"}}).ok());
  ASSERT_TRUE(store.zadd("lex", {{0, "a"}, {0, "b"}, {0, "c"}, {0, "d"}}).ok());
  ASSERT_TRUE(store.zadd("other", {{10, "bob"}, {5, "eve"}}).ok());
  ASSERT_TRUE(store.expire("other", 100s).ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(store.zadd("large", i % 7, i).ok());
  ASSERT_TRUE(store.set("text", "x").ok());
}

constexpr ZAddOptions kIfAbsent{.when = When::kIfAbsent};
constexpr ZAddOptions kGreater{.only = ZAddOptions::Only::kGreater, .count_changed = true};

const std::vector<Door>& doors() {
  static const std::vector<Door> kDoors{
      {{"ZADD", "board", "7", "eve", "8", "bob"},
       [](Store& s) {
         return reply(s.zadd("board", {{7, "eve"}, {8, "bob"}}));
       }},
      {{"ZADD", "new", "1.5", "x"}, [](Store& s) { return reply(s.zadd("new", 1.5, "x")); }},
      {{"ZADD", "board", "NX", "9", "ann", "9", "new"},
       [](Store& s) {
         return reply(s.zadd("board", {{9, "ann"}, {9, "new"}}, kIfAbsent));
       }},
      {{"ZADD", "board", "XX", "CH", "9", "ann"},
       [](Store& s) {
         return reply(s.zadd("board", 9, "ann", {.when = When::kIfPresent, .count_changed = true}));
       }},
      {{"ZADD", "board", "GT", "CH", "0", "ann", "5", "bob", "1", "new"},
       [](Store& s) {
         return reply(s.zadd("board", {{0, "ann"}, {5, "bob"}, {1, "new"}}, kGreater));
       }},
      {{"ZADD", "board", "NX", "GT", "1", "x"},
       [](Store& s) {
         return reply(
             s.zadd("board", {{1, "x"}}, {.when = When::kIfAbsent, .only = ZAddOptions::Only::kGreater}));
       }},
      {{"ZADD", "board", "nan", "x"},
       [](Store& s) {
         return reply(s.zadd("board", {{kNaN, "x"}}));
       }},
      {{"ZADD", "text", "1", "x"}, [](Store& s) { return reply(s.zadd("text", 1, "x")); }},
      {{"ZADD", "board", "GT", "CH", "INCR", "-1", "ann"},
       [](Store& s) { return reply(s.zadd_incr("board", -1, "ann", kGreater)); }},
      {{"ZADD", "board", "NX", "INCR", "5", "new"},
       [](Store& s) { return reply(s.zadd_incr("board", 5, "new", kIfAbsent)); }},
      {{"ZINCRBY", "board", "0.25", "ann"}, [](Store& s) { return reply(s.zincrby("board", 0.25, "ann")); }},
      {{"ZINCRBY", "fresh", "inf", "m"}, [](Store& s) { return reply(s.zincrby("fresh", kInfinity, "m")); }},
      {{"ZINCRBY", "board", "nan", "ann"}, [](Store& s) { return reply(s.zincrby("board", kNaN, "ann")); }},
      {{"ZREM", "board", "ann", "none", "dan"},
       [](Store& s) {
         return reply(s.zrem("board", {"ann", "none", "dan"}));
       }},
      {{"ZREM", "other", "bob", "eve"},
       [](Store& s) {
         return reply(s.zrem("other", {"bob", "eve"}));
       }},
      {{"ZREM", "none", "x"}, [](Store& s) { return reply(s.zrem("none", {"x"})); }},
      {{"ZCARD", "large"}, [](Store& s) { return reply(s.zcard("large")); }},
      {{"ZCARD", "none"}, [](Store& s) { return reply(s.zcard("none")); }},
      {{"ZSCORE", "board", "dan"}, [](Store& s) { return reply(s.zscore("board", "dan")); }},
      {{"ZSCORE", "board", "none"}, [](Store& s) { return reply(s.zscore("board", "none")); }},
      {{"ZSCORE", "text", "x"}, [](Store& s) { return reply(s.zscore("text", "x")); }},
      {{"ZMSCORE", "board", "dan", "none"},
       [](Store& s) {
         return reply(s.zmscore("board", {"dan", "none"}));
       }},
      {{"ZMSCORE", "none", "a"}, [](Store& s) { return reply(s.zmscore("none", {"a"})); }},
      {{"ZRANK", "board", "cat"}, [](Store& s) { return reply(s.zrank("board", "cat")); }},
      {{"ZRANK", "large", "299"}, [](Store& s) { return reply(s.zrank("large", 299)); }},
      {{"ZREVRANK", "board", "cat"}, [](Store& s) { return reply(s.zrevrank("board", "cat")); }},
      {{"ZRANK", "board", "none"}, [](Store& s) { return reply(s.zrank("board", "none")); }},
      {{"ZRANK", "board", "dan", "WITHSCORE"},
       [](Store& s) { return array_or_nil(s.zrank_with_score("board", "dan")); }},
      {{"ZREVRANK", "none", "dan", "WITHSCORE"},
       [](Store& s) { return array_or_nil(s.zrevrank_with_score("none", "dan")); }},
      {{"ZCOUNT", "board", "(1", "2"},
       [](Store& s) {
         return reply(s.zcount("board", {{1, true}, {2}}));
       }},
      {{"ZCOUNT", "board", "nan", "2"},
       [](Store& s) { return reply(s.zcount("board", ScoreRange::at_least(kNaN))); }},
      {{"ZLEXCOUNT", "lex", "[b", "+"},
       [](Store& s) {
         return reply(s.zlexcount("lex", {LexBound::closed("b"), LexBound::greatest()}));
       }},
      {{"ZRANGE", "board", "0", "-1", "WITHSCORES"}, [](Store& s) { return reply(s.zrange("board")); }},
      {{"ZRANGE", "large", "100", "200", "WITHSCORES"},
       [](Store& s) {
         return reply(s.zrange("large", RankRange{100, 200}));
       }},
      {{"ZRANGE", "board", "0", "1", "REV", "WITHSCORES"},
       [](Store& s) {
         return reply(s.zrange("board", RankRange{0, 1}, {.reverse = true}));
       }},
      {{"ZREVRANGE", "board", "0", "1", "WITHSCORES"},
       [](Store& s) {
         return reply(s.zrange("board", RankRange{0, 1}, {.reverse = true}));
       }},
      {{"ZRANGE", "board", "0", "1", "LIMIT", "0", "1"},
       [](Store& s) {
         return reply(s.zrange("board", RankRange{0, 1}, {.limit = RangeLimit{0, 1}}));
       }},
      {{"ZRANGE", "board", "3", "(1", "BYSCORE", "REV", "LIMIT", "1", "1", "WITHSCORES"},
       [](Store& s) {
         return reply(
             s.zrange("board", ScoreRange{{1, true}, {3}}, {.reverse = true, .limit = RangeLimit{1, 1}}));
       }},
      {{"ZRANGEBYSCORE", "board", "2", "+inf", "WITHSCORES"},
       [](Store& s) { return reply(s.zrange("board", ScoreRange::at_least(2))); }},
      {{"ZREVRANGEBYSCORE", "board", "2", "-inf", "WITHSCORES"},
       [](Store& s) { return reply(s.zrange("board", ScoreRange::at_most(2), {.reverse = true})); }},
      {{"ZRANGESTORE", "text", "board", "1", "2", "BYSCORE"},
       [](Store& s) { return reply(s.zrangestore("text", "board", ScoreRange::between(1, 2))); }},
      {{"ZRANGESTORE", "other", "board", "0", "1", "REV"},
       [](Store& s) {
         return reply(s.zrangestore("other", "board", RankRange{0, 1}, {.reverse = true}));
       }},
      {{"ZRANGESTORE", "other", "lex", "[b", "(d", "BYLEX"},
       [](Store& s) {
         return reply(s.zrangestore("other", "lex", LexRange{LexBound::closed("b"), LexBound::open("d")}));
       }},
      {{"ZRANGESTORE", "other", "none", "0", "-1"},
       [](Store& s) { return reply(s.zrangestore("other", "none", RankRange{})); }},
      {{"ZREMRANGEBYRANK", "large", "10", "-10"},
       [](Store& s) {
         return reply(s.zremrangebyrank("large", {10, -10}));
       }},
      {{"ZREMRANGEBYSCORE", "large", "(2", "5"},
       [](Store& s) {
         return reply(s.zremrangebyscore("large", {{2, true}, {5}}));
       }},
      {{"ZREMRANGEBYLEX", "lex", "-", "(c"},
       [](Store& s) {
         return reply(s.zremrangebylex("lex", {LexBound::least(), LexBound::open("c")}));
       }},
      {{"ZPOPMIN", "board"}, [](Store& s) { return as_array(s.zpopmin("board")); }},
      {{"ZPOPMAX", "none"}, [](Store& s) { return as_array(s.zpopmax("none")); }},
      {{"ZPOPMIN", "board", "2"}, [](Store& s) { return reply(s.zpopmin("board", 2)); }},
      {{"ZPOPMAX", "board", "100"}, [](Store& s) { return reply(s.zpopmax("board", 100)); }},
      {{"ZPOPMAX", "board", "-1"}, [](Store& s) { return reply(s.zpopmax("board", -1)); }},
      // Those that may wait, where they need not: see blocking_test.cc for the rest.
      {{"BZPOPMIN", "none", "board", "0"},
       [](Store& s) {
         return reply(s.bzpopmin({"none", "board"}, kForever));
       }},
      {{"BZPOPMAX", "board", "2.5"}, [](Store& s) { return reply(s.bzpopmax({"board"}, 2500ms)); }},
      {{"BZPOPMAX", "text", "2.5"}, [](Store& s) { return reply(s.bzpopmax({"text"}, 2500ms)); }},
      {{"BZMPOP", "0", "2", "none", "board", "MAX", "COUNT", "3"},
       [](Store& s) {
         return reply(s.bzmpop({"none", "board"}, Extreme::kMax, 3, kForever));
       }},
      {{"ZMPOP", "2", "none", "board", "MAX", "COUNT", "3"},
       [](Store& s) {
         return array_or_nil(s.zmpop({"none", "board"}, Extreme::kMax, 3));
       }},
      {{"ZMPOP", "1", "none", "MIN"},
       [](Store& s) { return array_or_nil(s.zmpop({"none"}, Extreme::kMin)); }},
      {{"ZRANDMEMBER", "board"}, [](Store& s) { return member_alone(s.zrandmember("board")); }},
      {{"ZRANDMEMBER", "board", "3", "WITHSCORES"},
       [](Store& s) { return reply(s.zrandmember("board", 3)); }},
      {{"ZRANDMEMBER", "large", "-3", "WITHSCORES"},
       [](Store& s) { return reply(s.zrandmember("large", -3)); }},
      {{"ZUNION", "2", "board", "other", "WITHSCORES"},
       [](Store& s) {
         return reply(s.zunion({"board", "other"}));
       }},
      {{"ZUNION", "2", "board", "other", "WEIGHTS", "2", "0.5", "AGGREGATE", "MAX", "WITHSCORES"},
       [](Store& s) {
         return reply(s.zunion({"board", "other"}, {.weights = {2, 0.5}, .aggregate = Aggregate::kMax}));
       }},
      {{"ZUNION", "2", "board", "other", "WEIGHTS", "1", "nan"},
       [](Store& s) {
         return reply(s.zunion({"board", "other"}, {.weights = {1, kNaN}}));
       }},
      {{"ZUNION", "2", "board", "other", "WEIGHTS", "1"},
       [](Store& s) {
         return reply(s.zunion({"board", "other"}, {.weights = {1}}));
       }},
      {{"ZINTER", "2", "board", "other", "AGGREGATE", "MIN", "WITHSCORES"},
       [](Store& s) {
         return reply(s.zinter({"board", "other"}, {.aggregate = Aggregate::kMin}));
       }},
      {{"ZDIFF", "2", "board", "other", "WITHSCORES"},
       [](Store& s) {
         return reply(s.zdiff({"board", "other"}));
       }},
      {{"ZDIFF", "0", "x"}, [](Store& s) { return reply(s.zdiff({})); }},
      {{"ZDIFF", "2", "board", "text"},
       [](Store& s) {
         return reply(s.zdiff({"board", "text"}));
       }},
      {{"ZINTERCARD", "2", "board", "other"},
       [](Store& s) {
         return reply(s.zintercard({"board", "other"}));
       }},
      {{"ZINTERCARD", "2", "board", "board", "LIMIT", "3"},
       [](Store& s) {
         return reply(s.zintercard({"board", "board"}, 3));
       }},
      {{"ZINTERCARD", "1", "board", "LIMIT", "-1"},
       [](Store& s) { return reply(s.zintercard({"board"}, -1)); }},
      {{"ZUNIONSTORE", "other", "2", "board", "other"},
       [](Store& s) {
         return reply(s.zunionstore("other", {"board", "other"}));
       }},
      {{"ZINTERSTORE", "text", "2", "board", "other", "WEIGHTS", "1", "10"},
       [](Store& s) {
         return reply(s.zinterstore("text", {"board", "other"}, {.weights = {1, 10}}));
       }},
      {{"ZDIFFSTORE", "board", "2", "board", "board"},
       [](Store& s) {
         return reply(s.zdiffstore("board", {"board", "board"}));
       }},
      {{"ZSCAN", "board", "0", "MATCH", "*a*"},
       [](Store& s) { return reply(s.zscan("board", 0, {.match = "*a*"})); }},
      {{"ZSCAN", "large", "0", "COUNT", "20"},
       [](Store& s) { return reply(s.zscan("large", 0, {.count = 20})); }},
      // The key is looked at before the count is.
      {{"ZSCAN", "board", "0", "COUNT", "0"},
       [](Store& s) { return reply(s.zscan("board", 0, {.count = 0})); }},
      {{"ZSCAN", "text", "0", "COUNT", "0"},
       [](Store& s) { return reply(s.zscan("text", 0, {.count = 0})); }},
      {{"ZSCAN", "none", "0", "COUNT", "-1"},
       [](Store& s) { return reply(s.zscan("none", 0, {.count = -1})); }},
  };
  return kDoors;
}

struct Side {
  std::unique_ptr<Store> store =
      Store::open({.shards = 4,
                   .clock = std::make_shared<ManualClock>(from_unix_ms(1'700'000'000'000)),
                   .seed = 42,
                   .background = Background::kManual})
          .value();
  Session session{*store};

  Reply call(const std::vector<std::string>& argv) {
    const std::vector<std::string_view> words(argv.begin(), argv.end());
    return session.execute(words);
  }
};

TEST(SortedSetDoors, typed_and_by_name_calls_do_the_same) {
  for (const Door& door : doors()) {
    std::string shown;
    for (const std::string& word : door.argv) shown.append(word).append(" ");
    SCOPED_TRACE(shown);
    Side typed, by_name;
    prepare(*typed.store);
    prepare(*by_name.store);
    ASSERT_EQ(typed.store->digest(), by_name.store->digest());
    const Reply from_method = door.typed(*typed.store);
    const Reply from_name = by_name.call(door.argv);
    EXPECT_EQ(from_method, from_name) << from_method.to_string() << "\nby name:\n" << from_name.to_string();
    EXPECT_EQ(typed.store->digest(), by_name.store->digest());
    EXPECT_EQ(*typed.store->ttl("other"), *by_name.store->ttl("other"));
    EXPECT_TRUE(typed.store->check_invariants().ok());
  }
}

TEST(SortedSetDoors, every_command_is_called) {
  // These differ from ZRANGE in name only.
  std::set<std::string_view> called{"zrangebylex", "zrevrangebylex"};
  for (const Door& door : doors()) {
    const std::vector<Bytes> argv(door.argv.begin(), door.argv.end());
    called.insert(find_command(argv)->name);
  }
  for (const Command* command : all_commands()) {
    if (command->spec.group == Group::kSortedSet)
      EXPECT_TRUE(called.contains(command->name)) << command->name;
  }
}

// Name and canonical arguments, as a log would hold them; nothing for a call that cannot be read.
std::optional<std::vector<std::string>> reprint(const std::vector<std::string>& argv) {
  Engine engine{Engine::Options{.shards = 4,
                                .databases = 16,
                                .clock = std::make_shared<ManualClock>(from_unix_ms(0)),
                                .seed = 42,
                                .background = false}};
  const Executor executor{engine};
  SessionState session{};
  const std::vector<Bytes> words(argv.begin(), argv.end());
  const Command* const command = find_command(words);
  auto printed = command->reprint(Call{executor, session, *command, std::span(words).subspan(1)});
  if (!printed.ok()) return std::nullopt;
  printed->insert(printed->begin(), argv[0]);
  return *std::move(printed);
}

TEST(SortedSetDoors, a_reprinted_call_means_the_same) {
  for (const Door& door : doors()) {
    Side original, reprinted;
    prepare(*original.store);
    prepare(*reprinted.store);
    const Reply expected = original.call(door.argv);
    if (expected.is_error()) continue;
    const auto canonical = reprint(door.argv);
    ASSERT_TRUE(canonical.has_value()) << door.argv[0];
    std::string shown;
    for (const std::string& word : *canonical) shown.append(word).append(" ");
    EXPECT_EQ(reprint(*canonical), canonical) << shown;
    EXPECT_EQ(reprinted.call(*canonical), expected) << shown;
    EXPECT_EQ(reprinted.store->digest(), original.store->digest()) << shown;
  }
}

TEST(SortedSetDoors, a_scan_is_a_range) {
  Side side;
  prepare(*side.store);
  std::set<std::string> seen;
  for (const ScoredMember& element : side.store->zscan("large", {.count = 7})) {
    EXPECT_EQ(element.score, std::stoi(element.member) % 7);
    EXPECT_TRUE(seen.insert(element.member).second);
  }
  EXPECT_EQ(seen.size(), 300u);
  for (const ScoredMember& element : side.store->zscan("none")) FAIL() << element.member;
  for (const ScoredMember& element : side.store->zscan("text")) FAIL() << element.member;
  for (const ScoredMember& element : side.store->zscan("large", {.count = 0})) FAIL() << element.member;
}

}  // namespace
}  // namespace inlay::test
