// What the command table says about itself, against what a live redis-server says about the same commands.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "api/commands/command.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/command_grammar.h"
#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

RedisClient& redis() {
  static RedisClient& client = live_redis();
  return client;
}

Reply inlay_call(const Argv& argv) {
  static const auto kStore = Store::open({.background = Background::kManual}).value();
  const std::vector<std::string_view> words(argv.begin(), argv.end());
  return Session(*kStore).execute(words).resp2();
}

// Commands that Redis 7.0 does not have, or not for clients.
const std::set<std::string_view> kOurOwn{
    "delifeq",    "msetex",       "debug|digest", "debug|set-active-expire",
    "debug|help", "hexpire",      "hexpireat",    "hexpiretime",
    "hgetdel",    "hgetex",       "hpersist",     "hpexpire",
    "hpexpireat", "hpexpiretime", "hpttl",        "hsetex",
    "httl"};

// Commands that take more since: Redis 7.2 added ZRANK's WITHSCORE.
const std::set<std::string_view> kGrown{"zrank", "zrevrank"};

bool has_flag(const Reply& info, std::string_view flag) {
  const Reply::Items& flags = info.items()[2].items();
  return std::ranges::any_of(flags, [&](const Reply& each) { return each.text() == flag; });
}

// Arity, the places of keys, and the flags that tell of both: [name, arity, flags, first, last, step, ...].
TEST(CommandTable, arity_and_keys_are_those_of_redis) {
  for (const Command* command : all_commands()) {
    const std::string name(command->name);
    const Argv question{"COMMAND", "INFO", name};
    const Reply theirs = redis().call(question).items().at(0);
    const Reply ours = inlay_call(question).items().at(0);
    EXPECT_EQ(theirs.is_nil(), kOurOwn.contains(name)) << name;
    ASSERT_GE(ours.items().size(), 6u) << name;
    if (theirs.is_nil()) continue;
    for (const size_t place : {0, 1, 3, 4, 5}) {
      if (place == 1 && kGrown.contains(name)) continue;
      EXPECT_EQ(ours.items()[place].to_string(), theirs.items()[place].to_string())
          << name << ", item " << place;
    }
    for (const std::string_view flag : {"write", "blocking", "no_mandatory_keys"})
      EXPECT_EQ(has_flag(ours, flag), has_flag(theirs, flag)) << name << ", " << flag;
    // The patterns of SORT name keys that nobody can tell beforehand.
    const bool sorts = name == "sort" || name == "sort_ro";
    EXPECT_EQ(has_flag(ours, "movablekeys") || sorts, has_flag(theirs, "movablekeys")) << name;
  }
}

// The keys that COMMAND GETKEYS finds in any call, or why it finds none.
RC_GTEST_PROP(CommandTable, keys_of_calls_are_those_of_redis, ()) {
  auto argv =
      (*calls({string_grammars(), key_grammars(), database_grammars()}, {.malformed_percent = 20})).argv;
  argv.insert(argv.begin(), {"COMMAND", "GETKEYS"});
  const Reply theirs = redis().call(argv), ours = inlay_call(argv);
  if (ours != theirs) RC_FAIL("Redis: " + theirs.to_string() + "\nInlay: " + ours.to_string());
}

// Functions may be called without keys: whatever stands for their number, there is an answer.
TEST(CommandTable, keys_of_functions_are_those_of_redis) {
  const std::vector<Argv> calls{
      {"f"},           {"f", "0"},      {"f", "0", "a"},  {"f", "1", "a", "b"},     {"f", "2", "a", "b"},
      {"f", "2", "a"}, {"f", "x", "a"}, {"f", "-1", "a"}, {"f", "99999999999", "a"}};
  for (const std::string name : {"FCALL", "FCALL_RO"}) {
    for (const Argv& call : calls) {
      Argv argv{"COMMAND", "GETKEYS", name};
      argv.insert(argv.end(), call.begin(), call.end());
      EXPECT_EQ(inlay_call(argv).to_string(), redis().call(argv).to_string())
          << name << testing::PrintToString(call);
    }
  }
}

// Where keys must be and their number does not fit, Redis and Inlay word the error differently.
TEST(CommandTable, count_of_keys_that_does_not_fit_is_refused) {
  const std::vector<Argv> calls{
      {"ZUNION", "0", "a"}, {"ZUNION", "2", "a"}, {"LMPOP", "x", "a", "LEFT"}, {"SINTERCARD", "-1", "a"}};
  for (Argv argv : calls) {
    argv.insert(argv.begin(), {"COMMAND", "GETKEYS"});
    EXPECT_EQ(redis().call(argv).to_string(), "(error) ERR Invalid arguments specified for command");
    EXPECT_EQ(inlay_call(argv).to_string(), "(error) ERR Invalid number of arguments specified for command");
  }
}

}  // namespace
}  // namespace inlay::test
