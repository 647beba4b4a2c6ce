// A call of a history by its typed method, of whatever front door: typed_call(front, call, take) makes it and returns
// take(what the method returned).
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inlay/store.h"
#include "tests/linearizability/call.h"

namespace inlay::test {

inline Reply to_reply(bool value) { return Reply::integer(value); }
inline Reply to_reply(int64_t value) { return Reply::integer(value); }
inline Reply to_reply(const std::string& value) { return Reply::bulk(value); }
inline Reply to_reply(const SetOutcome& outcome) { return outcome.applied ? Reply::ok() : Reply::nil(); }
inline Reply to_reply(const absl::Status& status) {
  return status.ok() ? Reply::ok() : Reply::error(redis_error_text(status));
}
inline Reply to_reply(const FieldValues& fields) {
  Reply::Items items;
  for (const auto& [field, value] : fields) {
    items.push_back(Reply::bulk(field));
    items.push_back(Reply::bulk(value));
  }
  return Reply::array(std::move(items));
}
template <class T>
Reply to_reply(const std::optional<T>& value) {
  return value.has_value() ? to_reply(*value) : Reply::nil();
}
template <class T>
Reply to_reply(const std::vector<T>& values) {
  Reply::Items items;
  for (const T& value : values) items.push_back(to_reply(value));
  return Reply::array(std::move(items));
}
/// Of a whole result: what the command answers by name.
template <class T>
Reply to_reply(const absl::StatusOr<T>& result) {
  return result.ok() ? to_reply(*result) : to_reply(result.status());
}

/// SET's options; `words` must outlive them.
inline SetOptions set_options(const std::vector<std::string>& words) {
  SetOptions options;
  if (words.size() > 2 && words[2] == "NX") options.when = When::kIfAbsent;
  if (words.size() > 2 && words[2] == "IFEQ") options.if_equal = words[3];
  if (words.size() > 2 && words[2] == "PX") options.ttl = Expiry::after_ms(std::stoll(words[3]));
  return options;
}

inline End end_of(std::string_view word) { return word == "LEFT" ? End::kLeft : End::kRight; }

template <class Front, class Take>
auto typed_call(Front& front, const Call& call, Take take) {
  const std::vector<std::string>& words = call.words;
  const Key key(words[0]);
  const auto views = [&](size_t first) { return std::vector<Bytes>(words.begin() + first, words.end()); };
  const auto pairs = [&] {
    std::vector<KeyValue> result;
    for (size_t i = 0; i < words.size(); i += 2) result.push_back({words[i], words[i + 1]});
    return result;
  };
  switch (call.verb) {
    case Verb::kGet: return take(front.get(key));
    case Verb::kSet:
      return words.size() == 2 ? take(front.set(key, words[1]))
                               : take(front.set(key, words[1], set_options(words)));
    case Verb::kSetNx: return take(front.setnx(key, words[1]));
    case Verb::kGetSet: return take(front.getset(key, words[1]));
    case Verb::kGetDel: return take(front.getdel(key));
    case Verb::kDelIfEqual: return take(front.del_if_equal(key, words[1]));
    case Verb::kIncrBy: return take(front.incr(key, std::stoll(words[1])));
    case Verb::kAppend: return take(front.append(key, words[1]));
    case Verb::kDel: return words.size() == 1 ? take(front.del(key)) : take(front.del(views(0)));
    case Verb::kExists: return words.size() == 1 ? take(front.exists(key)) : take(front.exists(views(0)));
    case Verb::kMGet: return take(front.mget(views(0)));
    case Verb::kMSet: return take(front.mset(pairs()));
    case Verb::kMSetNx: return take(front.msetnx(pairs()));
    case Verb::kRename: return take(front.rename(key, words[1]));
    case Verb::kRenameNx: return take(front.renamenx(key, words[1]));
    case Verb::kPExpire: return take(front.expire(key, std::chrono::milliseconds(std::stoll(words[1]))));
    case Verb::kPersist: return take(front.persist(key));
    case Verb::kLPush: return take(front.lpush(key, views(1)));
    case Verb::kRPush: return take(front.rpush(key, views(1)));
    case Verb::kLPop: return take(front.lpop(key));
    case Verb::kRPop: return take(front.rpop(key));
    case Verb::kLLen: return take(front.llen(key));
    case Verb::kLRange: return take(front.lrange(key));
    case Verb::kLMove: return take(front.lmove(key, words[1], end_of(words[2]), end_of(words[3])));
    case Verb::kHSet: return take(front.hset(key, words[1], words[2]));
    case Verb::kHGet: return take(front.hget(key, words[1]));
    case Verb::kHDel: return take(front.hdel(key, {Bytes(words[1])}));
    case Verb::kHIncrBy: return take(front.hincrby(key, words[1], std::stoll(words[2])));
    case Verb::kHGetAll: return take(front.hgetall(key));
    case Verb::kTick: break;
  }
  std::abort();
}

}  // namespace inlay::test
