// What docs/differences.md says of Redis and of Inlay, asked of both.
//
// Each case makes calls one after the other on an empty redis-server and on an empty store, and tells what the last one
// answers there and here.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/every_command.h"
#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

struct Case {
  std::string_view what;  // As the page has it.
  std::vector<std::string_view> calls;
  // What the last call answers; one that ends with "..." goes on in some way. None of Redis where it closes the connection,
  // takes gigabytes or has no such command.
  std::optional<std::string_view> redis;
  std::string_view inlay;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"SCAN cursors", {"MSET a 1 b 2 c 3", "SCAN 0 COUNT 100"}, "1) \"0\"\n2) ...", "1) \"0\"\n2) ..."},
      {"HELP subcommands, summaries",
       {"OBJECT HELP"},
       " 1) OBJECT <subcommand> [<arg> [value] [opt] ...]...",
       " 1) OBJECT takes one of:..."},
      {"COMMAND GETKEYS of a call whose number of keys does not fit",
       {"COMMAND GETKEYS ZUNION 5 a"},
       "(error) ERR Invalid arguments specified for command",
       "(error) ERR Invalid number of arguments specified for command"},
      {"commands that make no sense in a process",
       {"CLIENT GETNAME"},
       "(nil)",
       "(error) ERR unknown command 'CLIENT', with args beginning with: 'GETNAME' "},
      {"INFO", {"INFO server"}, "\"# Server...", "\"\""},
      {"MEMORY STATS", {"MEMORY STATS"}, " 1) \"peak.allocated\"...", " 1) \"total.allocated\"..."},
      {"`maxmemory-policy`", {"CONFIG SET maxmemory-policy allkeys-a3"}, "(error) ERR ...", "OK"},
      {"`maxmemory-samples`",
       {"CONFIG SET maxmemory-samples 7", "CONFIG GET maxmemory-samples"},
       "1) \"maxmemory-samples\"\n2) \"7\"",
       "1) \"maxmemory-samples\"\n2) \"7\""},
      {"OBJECT REFCOUNT after COPY of an integer below 10,000",
       {"SET n 5", "COPY n m", "OBJECT REFCOUNT m"},
       "(integer) 1",
       "(integer) 2147483647"},
      {"a SCAN cursor that no SCAN returned",
       {"MSET a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8", "SCAN 7 COUNT 100"},
       "1) \"0\"\n2) ...",
       "1) \"0\"\n2) (empty array)"},
      {"CONFIG", {"CONFIG GET save"}, "1) \"save\"\n2) \"\"", "(empty array)"},
      {"DEBUG",
       {"DEBUG JMAP"},
       "(error) ERR DEBUG command not allowed...",
       "(error) ERR unknown subcommand 'JMAP'. Try DEBUG HELP."},
      {"LTRIM that removes nothing",
       {"RPUSH l a", "WATCH l", "LTRIM l 0 -1", "MULTI", "PING", "EXEC"},
       "(nil)",
       "1) PONG"},
      {"elements over `proto-max-bulk-len` given to LPUSH, RPUSH, LSET, LINSERT",
       {"CONFIG SET proto-max-bulk-len 1048576", "SET s x", "SETRANGE s 1048575 y", "RPUSH l short",
        "LLEN l"},
       std::nullopt,
       "(integer) 1"},
      {"FLUSHALL ASYNC, SYNC", {"SET k v", "FLUSHALL ASYNC", "DBSIZE"}, "(integer) 0", "(integer) 0"},
      {"SORT ALPHA without STORE",
       {"RPUSH l b a C", "SORT l ALPHA"},
       "1) ...",
       "1) \"C\"\n2) \"a\"\n3) \"b\""},
      {"SORT of a sorted set",
       {"ZADD z 1 a 2 b", "SORT z ALPHA LIMIT 0 1", "OBJECT ENCODING z"},
       "\"skiplist\"",
       "\"listpack\""},
      {"OBJECT ENCODING of a hash with deadlines (Redis 7.4)",
       {"HSET h f v", "HEXPIRE h 100 FIELDS 1 f", "HPERSIST h FIELDS 1 f", "OBJECT ENCODING h"},
       std::nullopt,
       "\"listpack\""},
      {"SPOP with a count that leaves few members",
       {"SADD s a 1 2 3 4 5 6 7 8 9", "SREM s a", "SPOP s 8", "OBJECT ENCODING s"},
       "\"intset\"",
       "\"hashtable\""},
      {"SRANDMEMBER, HRANDFIELD, ZRANDMEMBER with a count below -134217728",
       {"SADD s a", "SRANDMEMBER s -134217729"},
       std::nullopt,
       "(error) OOM command not allowed when used memory > 'maxmemory'."},
      {"SSCAN with COUNT",
       {"SADD s a b c d e f g h i j k l", "SSCAN s 0 COUNT 2"},
       "1) \"...",
       "1) \"0\"\n2)  1) \"a\"..."},
      {"the score -0.0",
       {"ZADD z -0.0 a-member-of-more-than-sixty-four-bytes-so-that-it-is-kept-in-a-skiplist",
        "ZSCORE z a-member-of-more-than-sixty-four-bytes-so-that-it-is-kept-in-a-skiplist"},
       "\"-0\"",
       "\"0\""},
      {"ZSCAN's scores",
       {"ZADD z 123456789012345678 m", "ZSCAN z 0"},
       "1) \"0\"\n2) 1) \"m\"\n   2) \"123456789012345680\"",
       "1) \"0\"\n2) 1) \"m\"\n   2) \"1.2345678901234568e+17\""},
      {"ZRANDMEMBER with a count of at least the size",
       {"ZADD z 1 a 2 b 3 c", "ZRANDMEMBER z 10"},
       "1) \"...",
       "1) \"a\"\n2) \"b\"\n3) \"c\""},
      {"WATCH of a key that exists in neither database, then SWAPDB of its own",
       {"WATCH none", "SWAPDB 0 1", "MULTI", "PING", "EXEC"},
       "1) PONG",
       "(nil)"},
      {"PUBSUB CHANNELS with two patterns",
       {"PUBSUB CHANNELS a b"},
       "(error) ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
       "(error) ERR wrong number of arguments for 'pubsub|channels' command"},
  };
  return kCases;
}

std::string text_of(const Reply& reply) { return reply.resp2().to_string(); }

bool fits(std::string_view text, std::string_view expected) {
  if (!expected.ends_with("...")) return text == expected;
  return text.starts_with(expected.substr(0, expected.size() - 3));
}

TEST(Differences, are_as_told) {
  RedisClient& redis = live_redis();
  for (const Case& each : cases()) {
    (void)redis.call({"FLUSHALL"});
    const auto store = Store::open({.seed = 1, .background = Background::kManual}).value();
    Session session(*store);
    std::string theirs;
    std::string ours;
    for (const std::string_view call : each.calls) {
      const std::vector<std::string_view> words = words_of(call);
      if (each.redis.has_value()) theirs = text_of(redis.call({words.begin(), words.end()}));
      ours = text_of(session.execute(words));
    }
    if (each.redis.has_value())
      EXPECT_TRUE(fits(theirs, *each.redis)) << each.what << ", redis-server: " << theirs;
    EXPECT_TRUE(fits(ours, each.inlay)) << each.what << ", Inlay: " << ours;
  }
}

// Every row of the page names a test that exists; where that is this one, it has a case of the row's name.
TEST(Differences, each_row_names_its_test) {
  const std::filesystem::path root(INLAY_SOURCE_DIR);
  std::set<std::string> tests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "tests"))
    tests.insert(entry.path().stem().string());
  std::ifstream page(root / "docs" / "differences.md");
  size_t rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| ") || line.starts_with("| what |") || line.starts_with("| --- |")) continue;
    ++rows;
    const size_t last = line.rfind(" | ", line.size() - 3);
    const std::string test = line.substr(last + 3, line.size() - last - 5);
    EXPECT_TRUE(tests.contains(test)) << line;
    const std::string what = line.substr(2, line.find(" | ") - 2);
    const auto is_of_row = [&](const Case& each) { return each.what == what; };
    if (test == "differences_test") EXPECT_TRUE(std::ranges::any_of(cases(), is_of_row)) << what;
  }
  EXPECT_GT(rows, 40u);
}

}  // namespace
}  // namespace inlay::test
