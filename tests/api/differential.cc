#include "tests/api/differential.h"

#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "api/commands/command.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

// The clocks of the two sides may be this far apart, and a slow machine further.
constexpr int64_t kToleranceMs = 20000;

RedisClient& redis() {
  static RedisClient& client = live_redis({"--enable-debug-command", "yes"});
  return client;
}

// How two replies to one command are compared.
enum class Compare : unsigned char {
  kExactly,
  kUnordered,
  kSeconds,
  kMilliseconds,
  kScan,
  kMemberScan,
  kScores,
  kUnorderedScores,
  kRandomKey,
  kRoughly,
  kKind
};

Compare comparison(const Command* command) {
  static const std::map<std::string_view, Compare> kSpecial{
      {"keys", Compare::kUnordered},
      {"hgetall", Compare::kUnordered},
      {"hkeys", Compare::kUnordered},
      {"hvals", Compare::kUnordered},
      {"smembers", Compare::kUnordered},
      {"sinter", Compare::kUnordered},
      {"sunion", Compare::kUnordered},
      {"sdiff", Compare::kUnordered},
      {"spop", Compare::kUnordered},
      {"srandmember", Compare::kUnordered},
      {"sscan", Compare::kScan},
      {"ttl", Compare::kSeconds},
      {"expiretime", Compare::kSeconds},
      {"pttl", Compare::kMilliseconds},
      {"pexpiretime", Compare::kMilliseconds},
      {"scan", Compare::kScan},
      {"hscan", Compare::kScan},
      {"hrandfield", Compare::kUnordered},
      {"zscan", Compare::kMemberScan},
      {"zrandmember", Compare::kUnorderedScores},
      {"zadd", Compare::kScores},
      {"zincrby", Compare::kScores},
      {"zscore", Compare::kScores},
      {"zmscore", Compare::kScores},
      {"zrange", Compare::kScores},
      {"zrevrange", Compare::kScores},
      {"zrangebyscore", Compare::kScores},
      {"zrevrangebyscore", Compare::kScores},
      {"zpopmin", Compare::kScores},
      {"zpopmax", Compare::kScores},
      {"zmpop", Compare::kScores},
      {"zunion", Compare::kScores},
      {"zinter", Compare::kScores},
      {"zdiff", Compare::kScores},
      {"randomkey", Compare::kRandomKey},
      {"object|idletime", Compare::kRoughly},
      {"memory|usage", Compare::kKind},
      // Redis shares small integers, but not those that COPY made.
      {"object|refcount", Compare::kKind},
  };
  const auto found = command == nullptr ? kSpecial.end() : kSpecial.find(command->name);
  return found == kSpecial.end() ? Compare::kExactly : found->second;
}

bool close(const Reply& ours, const Reply& theirs, int64_t tolerance) {
  const bool times = ours.kind() == Reply::Kind::kInteger && theirs.kind() == Reply::Kind::kInteger &&
                     ours.as_integer() >= 0 && theirs.as_integer() >= 0;
  return times ? std::abs(ours.as_integer() - theirs.as_integer()) <= tolerance : ours == theirs;
}

std::multiset<std::string_view> texts(const Reply& array) {
  std::multiset<std::string_view> texts;
  for (const Reply& item : array.items()) texts.insert(item.text());
  return texts;
}

bool same_elements(const Reply& ours, const Reply& theirs) {
  return ours.kind() == theirs.kind() && (ours.is_error() ? ours == theirs : texts(ours) == texts(theirs));
}

// A cursor other than 0 names places that only its own server knows; two pages that hold everything are equal.
bool same_scan(const Argv& argv, const Reply& ours, const Reply& theirs) {
  if (ours.is_error() || theirs.is_error()) return ours == theirs;
  if (ours.items().size() != 2 || theirs.items().size() != 2) return false;
  // SCAN's cursor is its first argument; HSCAN's stands behind the key.
  const std::string& cursor = argv[argv[0].size() == 4 ? 1 : 2];
  const bool whole = std::strtoull(cursor.c_str(), nullptr, 10) == 0 && ours.items()[0].text() == "0" &&
                     theirs.items()[0].text() == "0";
  return !whole || texts(ours.items()[1]) == texts(theirs.items()[1]);
}

// Redis prints the score -0.0 as "-0" or "0", by encoding and version; ours are 0.
Reply with_plain_zeros(const Reply& reply) {
  if (reply.kind() == Reply::Kind::kBulk && reply.text() == "-0") return Reply::bulk("0");
  if (reply.kind() != Reply::Kind::kArray) return reply;
  Reply::Items items;
  for (const Reply& item : reply.items()) items.push_back(with_plain_zeros(item));
  return Reply::array(std::move(items));
}

// What stands at even places: Redis prints scores here as each of its encodings keeps them.
Reply members_alone(const Reply& page) {
  if (page.items().size() != 2) return page;  // An error.
  Reply::Items members;
  const Reply::Items& items = page.items()[1].items();
  for (size_t i = 0; i < items.size(); i += 2) members.push_back(items[i]);
  return Reply::array({page.items()[0], Reply::array(std::move(members))});
}

bool agree(const Argv& argv, const Reply& ours, const Reply& theirs) {
  const std::vector<Bytes> words(argv.begin(), argv.end());
  switch (comparison(find_command(words))) {
    case Compare::kExactly: return ours == theirs;
    case Compare::kUnordered: return same_elements(ours, theirs);
    case Compare::kUnorderedScores: return same_elements(with_plain_zeros(ours), with_plain_zeros(theirs));
    case Compare::kSeconds: return close(ours, theirs, kToleranceMs / 1000);
    case Compare::kMilliseconds: return close(ours, theirs, kToleranceMs);
    case Compare::kScan: return same_scan(argv, ours, theirs);
    case Compare::kMemberScan: return same_scan(argv, members_alone(ours), members_alone(theirs));
    case Compare::kScores: return with_plain_zeros(ours) == with_plain_zeros(theirs);
    case Compare::kRandomKey:
      return ours.is_error() || ours.is_nil() ? ours == theirs : ours.kind() == theirs.kind();
    case Compare::kRoughly: return close(ours, theirs, 60);
    case Compare::kKind: return ours.is_error() ? ours == theirs : ours.kind() == theirs.kind();
  }
  return false;
}

// Inlay, called by name.
class Inlay {
 public:
  explicit Inlay(size_t shards)
      : store_(Store::open({.shards = shards,
                            .clock = std::make_shared<ManualClock>(SystemClock().now()),
                            .background = Background::kManual})
                   .value()),
        session_(*store_) {}

  Reply call(const Argv& argv) {
    const std::vector<std::string_view> words(argv.begin(), argv.end());
    return session_.execute(words).resp2();
  }
  std::vector<Reply> pipeline(const std::vector<Argv>& commands) {
    std::vector<Reply> replies;
    for (const Argv& argv : commands) replies.push_back(call(argv));
    return replies;
  }
  Store& store() { return *store_; }

 private:
  std::unique_ptr<Store> store_;
  Session session_;
};

// Every key of every database with all that can be asked about it: command and reply.
template <class Side>
std::vector<std::pair<Argv, Reply>> whole_state(Side& side) {
  std::vector<Argv> commands;
  for (int db = 0; db < 16; ++db) {
    commands.push_back({"SELECT", std::to_string(db)});
    commands.push_back({"KEYS", "*"});
  }
  const std::vector<Reply> listed = side.pipeline(commands);
  commands.clear();
  for (size_t db = 0; db < 16; ++db) {
    const auto keys = texts(listed[2 * db + 1]);
    if (keys.empty()) continue;
    commands.push_back({"SELECT", std::to_string(db)});
    for (const std::string_view key : keys) {
      for (const Argv& question :
           {Argv{"TYPE"}, Argv{"GET"}, Argv{"PEXPIRETIME"}, Argv{"OBJECT", "ENCODING"}}) {
        commands.push_back(question);
        commands.back().emplace_back(key);
      }
      // All but one answer that the type is wrong.
      const std::string name(key);
      commands.push_back({"LRANGE", name, "0", "-1"});
      commands.push_back({"HGETALL", name});
      commands.push_back({"SMEMBERS", name});
      commands.push_back({"ZRANGE", name, "0", "-1", "WITHSCORES"});
    }
  }
  const std::vector<Reply> replies = side.pipeline(commands);
  std::vector<std::pair<Argv, Reply>> state;
  for (size_t i = 0; i < commands.size(); ++i) state.emplace_back(commands[i], replies[i]);
  return state;
}

std::string shown(const Argv& argv) {
  std::ostringstream out;
  showValue(CommandCall{argv}, out);
  return out.str();
}

[[noreturn]] void fail(const std::string& where, const Argv& argv, const Reply& ours, const Reply& theirs) {
  RC_FAIL(where + ": " + shown(argv) + "\n  Redis: " + theirs.to_string() + "\n  Inlay: " + ours.to_string());
}

// A scan in small steps gives what KEYS gives.
void check_scan(Inlay& inlay) {
  for (int db = 0; db < 16; ++db) {
    Database database = *inlay.store().database(db);
    std::multiset<std::string> scanned;
    for (const std::string& key : database.scan({.count = 3})) scanned.insert(key);
    const auto keys = *database.keys("*");
    RC_ASSERT(scanned == std::multiset<std::string>(keys.begin(), keys.end()));
  }
}

void compare_states(Inlay& inlay) {
  const auto ours = whole_state(inlay);
  const auto theirs = whole_state(redis());
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    if (ours[i].first != theirs[i].first) {
      RC_FAIL("afterwards the keys differ: " + shown(ours[i].first) + " and " + shown(theirs[i].first));
    }
    if (!agree(ours[i].first, ours[i].second, theirs[i].second)) {
      fail("afterwards", ours[i].first, ours[i].second, theirs[i].second);
    }
  }
  RC_ASSERT(ours.size() == theirs.size());
}

// Up to 100 calls, 50 on average, at every stage of a run.
rc::Gen<std::vector<CommandCall>> sequences(rc::Gen<CommandCall> call) {
  return rc::gen::resize(100, rc::gen::container<std::vector<CommandCall>>(std::move(call)));
}

// After these it is each side's own affair which dead keys DBSIZE still counts: Redis removes those that match, or
// that it happened to draw.
bool blurs_size(const Command& command) {
  return command.name == "keys" || command.name == "scan" || command.name == "randomkey";
}

}  // namespace

void compare_runs(CallMix mix, std::initializer_list<std::span<const Grammar>> tables,
                  const std::vector<Argv>& prologue) {
  const auto sequence = *sequences(calls(tables, mix));
  const size_t shards = *rc::gen::element<size_t>(1, 4, 64);

  std::vector<Argv> commands{{"DEBUG", "SET-ACTIVE-EXPIRE", "0"}, {"SELECT", "0"}, {"FLUSHALL"}};
  const size_t own = commands.size();
  commands.insert(commands.end(), prologue.begin(), prologue.end());
  for (const CommandCall& call : sequence) commands.push_back(call.argv);
  const std::vector<Reply> theirs = redis().pipeline(commands);
  Inlay inlay(shards);
  bool blurred = false;
  for (size_t i = own; i < commands.size(); ++i) {
    const Argv& argv = commands[i];
    const Command* command = find_command(std::vector<Bytes>(argv.begin(), argv.end()));
    const Reply ours = inlay.call(argv);
    if (command != nullptr && command->name == "dbsize" && blurred) continue;
    if (!agree(argv, ours, theirs[i])) fail("call " + std::to_string(i - own + 1), argv, ours, theirs[i]);
    if (command == nullptr) continue;
    blurred = blurred || (mix.past_percent > 0 && blurs_size(*command));
    const bool drew = command->name == "randomkey" && ours.kind() == Reply::Kind::kBulk;
    if (drew) RC_ASSERT(inlay.call({"EXISTS", std::string(ours.text())}) == Reply::integer(1));
  }
  compare_states(inlay);
  check_scan(inlay);
  RC_ASSERT(inlay.store().check_invariants().ok());
}

}  // namespace inlay::test
