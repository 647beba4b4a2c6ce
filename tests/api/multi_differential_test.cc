// Several sessions with transactions and watches, against several clients of a live redis-server.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

constexpr size_t kSessions = 3;

// A server and as many clients, for the life of the program.
struct Redis {
  std::unique_ptr<RedisServer> server = RedisServer::start().value();
  std::array<std::unique_ptr<RedisClient>, kSessions> clients{
      server->connect().value(), server->connect().value(), server->connect().value()};
};
Redis& redis() {
  static Redis server;
  return server;
}

struct Step {
  size_t session;
  Argv argv;
};
void showValue(const Step& step, std::ostream& out) {
  out << 'c' << step.session << ':';
  for (const std::string& word : step.argv) out << ' ' << word;
}

// "k" stands for a key, "db" for a database: few of each, so that sessions meet.
rc::Gen<Argv> calls() {
  static const std::vector<std::string> kCommands{
      "MULTI", "EXEC", "DISCARD", "WATCH k", "WATCH k k", "UNWATCH", "SELECT db", "SET k 1", "SET k text",
      "SET k 1 XX", "GET k", "INCR k", "DEL k", "DEL k k", "MSET k 1 k 2", "MGET k k", "RPUSH k a b",
      "LPOP k", "LRANGE k 0 -1", "SADD k m", "SREM k m", "HSET k f v", "HDEL k f", "ZADD k 1 m",
      "EXPIRE k 1000", "PERSIST k", "EXPIRE k -1", "RENAME k k", "COPY k k", "MOVE k db", "APPEND k x",
      "TYPE k", "EXISTS k k", "DBSIZE", "FLUSHDB", "FLUSHALL", "SORT k", "SORT k STORE k", "PING",
      "ECHO text", "SETRANGE k 0 x",
      // What cannot be queued.
      "NOSUCH k", "GET", "SET k", "OBJECT", "OBJECT NOSUCH k", "CONFIG", "EXEC now", "WATCH", "MULTI x",
      // What fails only when it runs.
      "INCRBY k nonsense", "LMPOP nonsense k LEFT", "SINTERCARD 0 k", "SETEX k 0 v", "SELECT 99"};
  // A session is mostly about its transactions.
  const auto command = rc::gen::weightedOneOf<std::string>(
      {{3, rc::gen::elementOf(kCommands)},
       {1, rc::gen::element<std::string>("MULTI", "EXEC", "WATCH k", "SET k 1", "INCR k")}});
  return rc::gen::mapcat(command, [](const std::string& text) {
    std::vector<std::string> words;
    std::istringstream in(text);
    for (std::string word; in >> word;) words.push_back(word);
    return rc::gen::exec([words] {
      Argv argv;
      for (const std::string& word : words) {
        if (word == "k") {
          argv.push_back(*rc::gen::element<std::string>("a", "b", "c"));
        } else if (word == "db") {
          argv.push_back(*rc::gen::element<std::string>("0", "1"));
        } else {
          argv.push_back(word);
        }
      }
      return argv;
    });
  });
}

Reply call(Session& session, const Argv& argv) {
  const std::vector<std::string_view> words(argv.begin(), argv.end());
  return session.execute(words).resp2();
}

std::string with_step(const Step& step, const Reply& theirs, const Reply& ours) {
  std::ostringstream out;
  showValue(step, out);
  return out.str() + "\n  Redis: " + theirs.to_string() + "\n  Inlay: " + ours.to_string();
}

RC_GTEST_PROP(MultiDifferential, sessions_answer_as_clients_of_redis, ()) {
  auto store =
      Store::open({.shards = *rc::gen::element<size_t>(1, 16), .background = Background::kManual}).value();
  std::vector<Session> sessions;
  for (size_t i = 0; i < kSessions; ++i) {
    sessions.emplace_back(*store);
    redis().clients[i]->call({"RESET"});
  }
  redis().clients[0]->call({"FLUSHALL"});
  const auto steps = *rc::gen::container<std::vector<Step>>(rc::gen::apply(
      [](size_t session, Argv argv) {
        return Step{session, std::move(argv)};
      },
      rc::gen::inRange<size_t>(0, kSessions), calls()));
  const auto compare = [&](const Step& step) {
    const Reply theirs = redis().clients[step.session]->call(step.argv);
    const Reply ours = call(sessions[step.session], step.argv);
    if (theirs != ours) RC_FAIL(with_step(step, theirs, ours));
  };
  for (const Step& step : steps) compare(step);
  for (size_t i = 0; i < kSessions; ++i) compare({i, {"EXEC"}});
  for (const char* db : {"0", "1"}) {
    compare({0, {"SELECT", db}});
    for (const char* key : {"a", "b", "c"}) {
      for (const Argv& question : {Argv{"TYPE", key}, Argv{"GET", key}, Argv{"LRANGE", key, "0", "-1"},
                                   Argv{"TTL", key}, Argv{"DBSIZE"}}) {
        const Reply theirs = redis().clients[0]->call(question);
        const Reply ours = call(sessions[0], question);
        const bool both_live = question[0] == "TTL" && theirs.as_integer() > 0 && ours.as_integer() > 0;
        if (!both_live && theirs != ours) RC_FAIL(with_step({0, question}, theirs, ours));
      }
    }
  }
  RC_ASSERT(store->check_invariants().ok());
}

}  // namespace
}  // namespace inlay::test
