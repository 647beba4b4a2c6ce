// Random calls of the publishing and subscribing commands by several sessions, here and on a live redis-server: every
// reply and every push is the same, session by session.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

constexpr size_t kSessions = 3;
constexpr std::chrono::milliseconds kPatience{5000};

struct Call {
  size_t session;
  Argv argv;
};
void showValue(const Call& call, std::ostream& out) {
  out << "c" << call.session << ":";
  for (const std::string& word : call.argv) out << ' ' << quoted(word);
}

rc::Gen<Call> calls() {
  return rc::gen::exec([] {
    const auto channel = rc::gen::element<std::string>("a", "ab", "abc", "b", "", "A", "x*");
    const auto pattern =
        rc::gen::element<std::string>("*", "a*", "ab?", "[ab]", "abc", "a*c", "", "\\a", "x\\*", "[");
    Call call{*rc::gen::inRange<size_t>(0, kSessions), {}};
    const std::string name = *rc::gen::weightedElement<std::string>({{6, "SUBSCRIBE"},
                                                                     {4, "unsubscribe"},
                                                                     {6, "PSUBSCRIBE"},
                                                                     {4, "PUNSUBSCRIBE"},
                                                                     {20, "PUBLISH"},
                                                                     {2, "PUBSUB CHANNELS"},
                                                                     {3, "PUBSUB NUMSUB"},
                                                                     {2, "PUBSUB NUMPAT"},
                                                                     {1, "PUBSUB"},
                                                                     {2, "PING"},
                                                                     {1, "GET"},
                                                                     {3, "RESET"}});
    const size_t space = name.find(' ');
    call.argv.push_back(name.substr(0, space));
    if (space != std::string::npos) call.argv.push_back(name.substr(space + 1));
    // Mostly as many arguments as the command takes.
    const bool of_patterns = name.starts_with("P") && name.ends_with("SUBSCRIBE");
    size_t count = *rc::gen::inRange<size_t>(0, 4);
    if (name == "PUBLISH" && *rc::gen::inRange(0, 10) != 0) count = 2;
    if (name == "RESET" || name == "PUBSUB") count = 0;
    if (name == "PUBSUB CHANNELS") count = std::min<size_t>(count, 1);  // See docs/differences.md.
    while (count-- > 0) call.argv.push_back(of_patterns ? *pattern : *channel);
    return call;
  });
}

// What has no order on a server: the copies of one message, the channels of a list, and which names come first where
// all subscriptions are ended; the counts that stand beside those names go down in any case.
std::vector<Reply> in_some_order(const Call& call, std::vector<Reply> replies) {
  const auto by_text = [](const Reply& a, const Reply& b) { return a.to_string() < b.to_string(); };
  if (call.argv.size() == 2 && call.argv[1] == "CHANNELS" && !replies[0].is_error()) {
    Reply::Items items = replies[0].items();
    std::sort(items.begin(), items.end(), by_text);
    replies[0] = Reply::array(std::move(items));
  }
  const bool ends_all = call.argv.size() == 1 && replies[0].items().size() == 3;
  if (ends_all) {
    std::vector<Reply> names;
    for (const Reply& reply : replies) names.push_back(reply.items()[1]);
    std::sort(names.begin(), names.end(), by_text);
    for (size_t i = 0; i < replies.size(); ++i)
      replies[i] = Reply::array({replies[i].items()[0], names[i], replies[i].items()[2]});
  }
  if (call.argv[0] == "PUBLISH") std::sort(replies.begin(), replies.end(), by_text);
  return replies;
}

class Servers {
 public:
  Servers() : store_(Store::open({.background = Background::kManual}).value()) {
    for (size_t i = 0; i < kSessions; ++i) {
      sessions_.push_back(std::make_unique<Session>(*store_));
      // The last case may have left it subscribed.
      clients()[i]->call({"RESET"});
    }
  }

  void compare(const Call& call) {
    const std::vector<std::string_view> words(call.argv.begin(), call.argv.end());
    clients()[call.session]->send(call.argv);
    std::vector<std::vector<Reply>> ours(kSessions);
    ours[call.session].push_back(sessions_[call.session]->execute(words).resp2());
    for (size_t i = 0; i < kSessions; ++i) {
      while (const auto push = sessions_[i]->next_push()) ours[i].push_back(push->resp2());
    }
    for (size_t i = 0; i < kSessions; ++i) {
      if (ours[i].empty()) continue;
      std::vector<Reply> theirs;
      for (size_t left = ours[i].size(); left > 0; --left) theirs.push_back(receive(i));
      if (in_some_order(call, theirs) != in_some_order(call, ours[i])) {
        RC_FAIL("session " + std::to_string(i) + "\nRedis: " + shown(theirs) + "\nInlay: " + shown(ours[i]));
      }
    }
  }

  // Nothing more comes: the next reply is that to a PING.
  void expect_silence() {
    for (size_t i = 0; i < kSessions; ++i) compare({i, {"PING", "silence"}});
  }

 private:
  static std::vector<std::unique_ptr<RedisClient>>& clients() {
    static const auto kServer = RedisServer::start().value();
    static auto kClients = [] {
      std::vector<std::unique_ptr<RedisClient>> clients;
      for (size_t i = 0; i < kSessions; ++i) clients.push_back(kServer->connect().value());
      return clients;
    }();
    return kClients;
  }
  static Reply receive(size_t session) {
    return clients()[session]->receive(kPatience).value_or(Reply::error("LOST: nothing came"));
  }
  static std::string shown(const std::vector<Reply>& replies) {
    std::string text;
    for (const Reply& reply : replies) text += reply.to_string() + "\n";
    return text;
  }

  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

RC_GTEST_PROP(PubSubDifferential, sessions_are_told_what_redis_tells_them, ()) {
  const auto sequence = *rc::gen::container<std::vector<Call>>(calls());
  Servers servers;
  for (const Call& call : sequence) servers.compare(call);
  servers.expect_silence();
}

}  // namespace
}  // namespace inlay::test
