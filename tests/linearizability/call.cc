#include "tests/linearizability/call.h"

#include <algorithm>

namespace inlay::test {
namespace {

enum class KeyRule : uint8_t { kNone, kFirst, kFirstTwo, kAll, kEveryOther };

struct Row {
  std::string_view name;
  KeyRule keys = KeyRule::kFirst;
  bool reads = false;
};

// In the order of Verb.
constexpr Row kRows[] = {
    {.name = "GET", .reads = true},
    {.name = "SET"},
    {.name = "SETNX"},
    {.name = "GETSET"},
    {.name = "GETDEL"},
    {.name = "DELIFEQ"},
    {.name = "INCRBY"},
    {.name = "APPEND"},
    {.name = "DEL", .keys = KeyRule::kAll},
    {.name = "EXISTS", .keys = KeyRule::kAll, .reads = true},
    {.name = "MGET", .keys = KeyRule::kAll, .reads = true},
    {.name = "MSET", .keys = KeyRule::kEveryOther},
    {.name = "MSETNX", .keys = KeyRule::kEveryOther},
    {.name = "RENAME", .keys = KeyRule::kFirstTwo},
    {.name = "RENAMENX", .keys = KeyRule::kFirstTwo},
    {.name = "PEXPIRE"},
    {.name = "PERSIST"},
    {.name = "LPUSH"},
    {.name = "RPUSH"},
    {.name = "LPOP"},
    {.name = "RPOP"},
    {.name = "LLEN", .reads = true},
    {.name = "LRANGE", .reads = true},
    {.name = "LMOVE", .keys = KeyRule::kFirstTwo},
    {.name = "HSET"},
    {.name = "HGET", .reads = true},
    {.name = "HDEL"},
    {.name = "HINCRBY"},
    {.name = "HGETALL", .reads = true},
    {.name = "(tick)", .keys = KeyRule::kNone},
};

const Row& row_of(Verb verb) { return kRows[static_cast<size_t>(verb)]; }

}  // namespace

std::string_view name_of(Verb verb) { return row_of(verb).name; }

bool is_read(Verb verb) { return row_of(verb).reads; }

std::vector<std::string_view> keys_of(const Call& call) {
  const std::vector<std::string>& words = call.words;
  switch (row_of(call.verb).keys) {
    case KeyRule::kNone: return {};
    case KeyRule::kFirst: return {words[0]};
    case KeyRule::kFirstTwo: return {words[0], words[1]};
    case KeyRule::kAll: return {words.begin(), words.end()};
    case KeyRule::kEveryOther: break;
  }
  std::vector<std::string_view> keys;
  for (size_t i = 0; i < words.size(); i += 2) keys.emplace_back(words[i]);
  return keys;
}

bool concerns_time(const Call& call) {
  return call.verb == Verb::kTick || call.verb == Verb::kPExpire || call.verb == Verb::kPersist ||
         (call.verb == Verb::kSet && std::ranges::find(call.words, "PX") != call.words.end());
}

std::string to_string(const Call& call) {
  std::string text(name_of(call.verb));
  for (const std::string& word : call.words) text.append(" ").append(word);
  return text;
}

}  // namespace inlay::test
