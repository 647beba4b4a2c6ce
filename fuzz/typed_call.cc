#include "fuzz/typed_call.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/typed_reply.h"
#include "inlay/datatypes/number.h"

namespace inlay::fuzz {
namespace {

using S = Store&;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kSecondsMax = 1'000'000'000;

// A line's words, read as what they stand for; typed_call_for() has seen that they can be.
class Words {
 public:
  explicit Words(const Line& line) : line_(line) {}

  Bytes operator[](size_t i) const { return line_[i]; }
  int64_t n(size_t i) const { return *parse_int64(line_[i]); }
  double f(size_t i) const { return *parse_double(line_[i]); }
  milliseconds ms(size_t i) const { return milliseconds(n(i)); }
  std::chrono::seconds s(size_t i) const { return std::chrono::seconds(n(i)); }
  ScoreBound bound(size_t i) const {
    const bool open = line_[i].starts_with('(');
    return {*parse_double(Bytes(line_[i]).substr(open ? 1 : 0)), open};
  }
  ScoreRange scores(size_t i) const { return {bound(i), bound(i + 1)}; }
  LexRange lex(size_t i) const { return {lex_bound(i), lex_bound(i + 1)}; }
  RankRange ranks(size_t i) const { return {n(i), n(i + 1)}; }

 private:
  LexBound lex_bound(size_t i) const {
    const Bytes word = line_[i];
    if (word == "-") return LexBound::least();
    if (word == "+") return LexBound::greatest();
    return word[0] == '(' ? LexBound::open(word.substr(1)) : LexBound::closed(word.substr(1));
  }

  const Line& line_;
};
using W = const Words&;

bool fits(std::string_view kind, const std::string& word) {
  const bool literal = std::ranges::none_of(kind, [](unsigned char c) { return std::islower(c) != 0; });
  if (literal) return lower(word) == lower(kind);
  const std::optional<int64_t> integer = parse_int64(word);
  if (kind == "int") return integer.has_value();
  // Spans of time have nanoseconds.
  if (kind == "seconds") return integer.has_value() && std::abs(*integer / 2) < kSecondsMax;
  if (kind == "ms") return integer.has_value() && std::abs(*integer / 2) < kSecondsMax * 1000;
  if (kind == "float") {
    // By name, increments have more digits.
    const auto number = parse_double(word);
    const auto exact = parse_long_double(word);
    return number.has_value() && (!exact.has_value() || *exact == static_cast<long double>(*number));
  }
  if (kind == "score") return parse_double(word).has_value();
  if (kind == "bound") return parse_double(Bytes(word).substr(word.starts_with('(') ? 1 : 0)).has_value();
  if (kind == "lex") return word == "-" || word == "+" || word.starts_with('[') || word.starts_with('(');
  return true;
}

// By name, elements popped from an absent key are nil.
template <class Pop>
Reply popped(Store& store, Key key, Pop pop) {
  const Result<std::vector<std::string>> result = pop();
  const bool is_empty = result.ok() && result->empty();
  return is_empty && !store.exists(key).value() ? Reply::nil_array() : reply(result);
}
// With GET, the reply is the old value whether or not the new one was set.
Reply old_value(const Result<SetOutcome>& outcome) {
  return outcome.ok() ? reply(outcome->old) : reply(outcome.status());
}
// By name, one element popped is an array of it, and none an empty one.
Reply as_array(const Nullable<ScoredMember>& member) {
  return is_nil(member) ? Reply::array({}) : reply(member);
}
Reply member_alone(const Nullable<ScoredMember>& member) {
  return member.ok() && member->has_value() ? Reply::bulk((*member)->member) : reply(member);
}
Reply simple(const Result<std::string>& text) { return text.ok() ? Reply::simple(*text) : reply(text); }

template <class Run>
TypedCall row(std::string_view pattern, Run run) {
  return {pattern, [run](Store& store, const Line& line) { return Reply(run(store, Words(line))); }};
}

std::vector<TypedCall> string_calls() {
  return {
      row("GET key", [](S s, W w) { return reply(s.get(w[1])); }),
      row("SET key value", [](S s, W w) { return reply(s.set(w[1], w[2])); }),
      row("SET key value EX seconds", [](S s, W w) { return reply(s.set(w[1], w[2], w.s(4))); }),
      row("SET key value PX ms", [](S s, W w) { return reply(s.set(w[1], w[2], w.ms(4))); }),
      row("SET key value NX", [](S s, W w) { return reply(s.set(w[1], w[2], {.when = When::kIfAbsent})); }),
      row("SET key value KEEPTTL", [](S s, W w) { return reply(s.set(w[1], w[2], {.keep_ttl = true})); }),
      row("SET key value IFEQ value", [](S s, W w) { return reply(s.set(w[1], w[2], {.if_equal = w[4]})); }),
      row("SET key value XX GET",
          [](S s, W w) { return old_value(s.set(w[1], w[2], {.when = When::kIfPresent, .get_old = true})); }),
      row("SETNX key value", [](S s, W w) { return reply(s.setnx(w[1], w[2])); }),
      row("SETEX key seconds value", [](S s, W w) { return reply(s.setex(w[1], w.s(2), w[3])); }),
      row("PSETEX key ms value", [](S s, W w) { return reply(s.setex(w[1], w.ms(2), w[3])); }),
      row("GETSET key value", [](S s, W w) { return reply(s.getset(w[1], w[2])); }),
      row("GETDEL key", [](S s, W w) { return reply(s.getdel(w[1])); }),
      row("GETEX key PX ms", [](S s, W w) { return reply(s.getex(w[1], {.ttl = w.ms(3)})); }),
      row("GETEX key PERSIST", [](S s, W w) { return reply(s.getex(w[1], {.persist = true})); }),
      row("STRLEN key", [](S s, W w) { return reply(s.strlen(w[1])); }),
      row("APPEND key value", [](S s, W w) { return reply(s.append(w[1], w[2])); }),
      row("GETRANGE key int int", [](S s, W w) { return reply(s.getrange(w[1], w.n(2), w.n(3))); }),
      row("SETRANGE key int value", [](S s, W w) { return reply(s.setrange(w[1], w.n(2), w[3])); }),
      row("INCR key", [](S s, W w) { return reply(s.incr(w[1])); }),
      row("INCRBY key int", [](S s, W w) { return reply(s.incr(w[1], w.n(2))); }),
      row("DECR key", [](S s, W w) { return reply(s.decr(w[1])); }),
      row("DECRBY key int", [](S s, W w) { return reply(s.decr(w[1], w.n(2))); }),
      row("INCRBYFLOAT key float", [](S s, W w) { return reply(s.incrbyfloat(w[1], w.f(2))); }),
      row("MGET key key",
          [](S s, W w) {
            return reply(s.mget({w[1], w[2]}));
          }),
      row("MSET key value key value",
          [](S s, W w) {
            return reply(s.mset({{w[1], w[2]}, {w[3], w[4]}}));
          }),
      row("MSETNX key value key value",
          [](S s, W w) {
            return reply(s.msetnx({{w[1], w[2]}, {w[3], w[4]}}));
          }),
      row("DELIFEQ key value", [](S s, W w) { return reply(s.del_if_equal(w[1], w[2])); }),
      row("LCS key key", [](S s, W w) { return reply(s.lcs(w[1], w[2])); }),
  };
}

std::vector<TypedCall> key_calls() {
  return {
      row("DEL key", [](S s, W w) { return reply(s.del(w[1])); }),
      row("DEL key key",
          [](S s, W w) {
            return reply(s.del({w[1], w[2]}));
          }),
      row("UNLINK key", [](S s, W w) { return reply(s.unlink({w[1]})); }),
      row("EXISTS key key",
          [](S s, W w) {
            return reply(s.exists({w[1], w[2]}));
          }),
      row("TOUCH key", [](S s, W w) { return reply(s.touch({w[1]})); }),
      row("TYPE key", [](S s, W w) { return simple(s.type(w[1])); }),
      row("EXPIRE key seconds", [](S s, W w) { return reply(s.expire(w[1], w.s(2))); }),
      row("PEXPIRE key ms LT", [](S s, W w) { return reply(s.expire(w[1], w.ms(2), ExpireIf::kLess)); }),
      row("PEXPIREAT key ms GT",
          [](S s, W w) { return reply(s.expireat(w[1], from_unix_ms(w.n(2)), ExpireIf::kGreater)); }),
      row("PERSIST key", [](S s, W w) { return reply(s.persist(w[1])); }),
      row("PTTL key", [](S s, W w) { return reply(s.ttl(w[1])); }),
      row("PEXPIRETIME key", [](S s, W w) { return reply(s.expiretime(w[1])); }),
      row("RENAME key newkey", [](S s, W w) { return reply(s.rename(w[1], w[2])); }),
      row("RENAMENX key newkey", [](S s, W w) { return reply(s.renamenx(w[1], w[2])); }),
      row("COPY key key", [](S s, W w) { return reply(s.copy(w[1], w[2])); }),
      row("COPY key key REPLACE", [](S s, W w) { return reply(s.copy(w[1], w[2], {.replace = true})); }),
      row("SORT key ALPHA DESC",
          [](S s, W w) { return reply(s.sort(w[1], {.descending = true, .alpha = true})); }),
      row("SORT key BY pattern STORE key",
          [](S s, W w) { return reply(s.sort_store(w[1], w[5], {.by = std::string(w[3])})); }),
      row("KEYS pattern", [](S s, W w) { return reply(s.keys(w[1])); }),
      row("SCAN 0 COUNT int", [](S s, W w) { return reply(s.scan(0, {.count = w.n(3)})); }),
      row("RANDOMKEY", [](S s, W) { return reply(s.randomkey()); }),
      row("DBSIZE", [](S s, W) { return reply(s.dbsize()); }),
      row("FLUSHDB", [](S s, W) { return reply(s.flushdb()); }),
      row("OBJECT ENCODING key", [](S s, W w) { return reply(s.object_encoding(w[2])); }),
      row("MEMORY USAGE key", [](S s, W w) { return reply(s.memory_usage(w[2])); }),
  };
}

std::vector<TypedCall> list_calls() {
  return {
      row("LPUSH key value", [](S s, W w) { return reply(s.lpush(w[1], w[2])); }),
      row("RPUSH key value value value",
          [](S s, W w) {
            return reply(s.rpush(w[1], {w[2], w[3], w[4]}));
          }),
      row("LPUSHX key value", [](S s, W w) { return reply(s.lpushx(w[1], w[2])); }),
      row("RPUSHX key value", [](S s, W w) { return reply(s.rpushx(w[1], w[2])); }),
      row("LPOP key", [](S s, W w) { return reply(s.lpop(w[1])); }),
      row("LPOP key int", [](S s, W w) { return popped(s, w[1], [&] { return s.lpop(w[1], w.n(2)); }); }),
      row("RPOP key", [](S s, W w) { return reply(s.rpop(w[1])); }),
      row("RPOP key int", [](S s, W w) { return popped(s, w[1], [&] { return s.rpop(w[1], w.n(2)); }); }),
      row("LMPOP 2 key key RIGHT COUNT int",
          [](S s, W w) {
            return reply(s.lmpop({w[2], w[3]}, End::kRight, w.n(6)));
          }),
      row("LMOVE key key LEFT RIGHT",
          [](S s, W w) { return reply(s.lmove(w[1], w[2], End::kLeft, End::kRight)); }),
      row("RPOPLPUSH key key", [](S s, W w) { return reply(s.rpoplpush(w[1], w[2])); }),
      row("LLEN key", [](S s, W w) { return reply(s.llen(w[1])); }),
      row("LINDEX key int", [](S s, W w) { return reply(s.lindex(w[1], w.n(2))); }),
      row("LRANGE key int int", [](S s, W w) { return reply(s.lrange(w[1], w.n(2), w.n(3))); }),
      row("LPOS key value RANK int", [](S s, W w) { return reply(s.lpos(w[1], w[2], {.rank = w.n(4)})); }),
      row("LPOS key value COUNT int", [](S s, W w) { return reply(s.lpos(w[1], w[2], w.n(4))); }),
      row("LSET key int value", [](S s, W w) { return reply(s.lset(w[1], w.n(2), w[3])); }),
      row("LINSERT key BEFORE value value",
          [](S s, W w) { return reply(s.linsert(w[1], InsertAt::kBefore, w[3], w[4])); }),
      row("LREM key int value", [](S s, W w) { return reply(s.lrem(w[1], w.n(2), w[3])); }),
      row("LTRIM key int int", [](S s, W w) { return reply(s.ltrim(w[1], w.n(2), w.n(3))); }),
  };
}

std::vector<TypedCall> hash_calls() {
  return {
      row("HSET key value value", [](S s, W w) { return reply(s.hset(w[1], w[2], w[3])); }),
      row("HSET key value value value value",
          [](S s, W w) {
            return reply(s.hset(w[1], {{w[2], w[3]}, {w[4], w[5]}}));
          }),
      row("HSETNX key value value", [](S s, W w) { return reply(s.hsetnx(w[1], w[2], w[3])); }),
      row("HGET key value", [](S s, W w) { return reply(s.hget(w[1], w[2])); }),
      row("HMGET key value value",
          [](S s, W w) {
            return reply(s.hmget(w[1], {w[2], w[3]}));
          }),
      row("HGETALL key", [](S s, W w) { return reply(s.hgetall(w[1])); }),
      row("HKEYS key", [](S s, W w) { return reply(s.hkeys(w[1])); }),
      row("HVALS key", [](S s, W w) { return reply(s.hvals(w[1])); }),
      row("HEXISTS key value", [](S s, W w) { return reply(s.hexists(w[1], w[2])); }),
      row("HLEN key", [](S s, W w) { return reply(s.hlen(w[1])); }),
      row("HSTRLEN key value", [](S s, W w) { return reply(s.hstrlen(w[1], w[2])); }),
      row("HDEL key value value",
          [](S s, W w) {
            return reply(s.hdel(w[1], {w[2], w[3]}));
          }),
      row("HINCRBY key value int", [](S s, W w) { return reply(s.hincrby(w[1], w[2], w.n(3))); }),
      row("HINCRBYFLOAT key value float", [](S s, W w) { return reply(s.hincrbyfloat(w[1], w[2], w.f(3))); }),
      row("HRANDFIELD key", [](S s, W w) { return reply(s.hrandfield(w[1])); }),
      row("HRANDFIELD key int WITHVALUES",
          [](S s, W w) { return reply(s.hrandfield_with_values(w[1], w.n(2))); }),
      row("HSCAN key 0 COUNT int", [](S s, W w) { return reply(s.hscan(w[1], 0, {.count = w.n(4)})); }),
      row("HSCAN key 0 MATCH pattern",
          [](S s, W w) { return reply(s.hscan(w[1], 0, {.match = std::string(w[4])})); }),
      row("HPEXPIRE key ms FIELDS 2 value value",
          [](S s, W w) {
            return reply(s.hexpire(w[1], w.ms(2), {w[5], w[6]}));
          }),
      row("HPEXPIREAT key ms NX FIELDS 1 value",
          [](S s, W w) { return reply(s.hexpireat(w[1], from_unix_ms(w.n(2)), {w[6]}, ExpireIf::kNoTtl)); }),
      row("HPERSIST key FIELDS 1 value", [](S s, W w) { return reply(s.hpersist(w[1], {w[4]})); }),
      row("HPTTL key FIELDS 2 value value",
          [](S s, W w) {
            return reply(s.httl(w[1], {w[4], w[5]}));
          }),
      row("HPEXPIRETIME key FIELDS 1 value", [](S s, W w) { return reply(s.hexpiretime(w[1], {w[4]})); }),
      row("HGETDEL key FIELDS 2 value value",
          [](S s, W w) {
            return reply(s.hgetdel(w[1], {w[4], w[5]}));
          }),
      row("HGETEX key EX seconds FIELDS 1 value",
          [](S s, W w) { return reply(s.hgetex(w[1], {w[6]}, {.ttl = w.s(3)})); }),
      row("HSETEX key FXX PX ms FIELDS 1 value value",
          [](S s, W w) {
            return reply(s.hsetex(w[1], {{w[7], w[8]}}, {.ttl = w.ms(4), .when = When::kIfPresent}));
          }),
  };
}

std::vector<TypedCall> set_calls() {
  return {
      row("SADD key value", [](S s, W w) { return reply(s.sadd(w[1], w[2])); }),
      row("SADD key value value value",
          [](S s, W w) {
            return reply(s.sadd(w[1], {w[2], w[3], w[4]}));
          }),
      row("SREM key value value",
          [](S s, W w) {
            return reply(s.srem(w[1], {w[2], w[3]}));
          }),
      row("SMOVE key key value", [](S s, W w) { return reply(s.smove(w[1], w[2], w[3])); }),
      row("SCARD key", [](S s, W w) { return reply(s.scard(w[1])); }),
      row("SISMEMBER key value", [](S s, W w) { return reply(s.sismember(w[1], w[2])); }),
      row("SMISMEMBER key value value",
          [](S s, W w) {
            return reply(s.smismember(w[1], {w[2], w[3]}));
          }),
      row("SMEMBERS key", [](S s, W w) { return reply(s.smembers(w[1])); }),
      row("SSCAN key 0 COUNT int", [](S s, W w) { return reply(s.sscan(w[1], 0, {.count = w.n(4)})); }),
      row("SPOP key", [](S s, W w) { return reply(s.spop(w[1])); }),
      row("SPOP key int", [](S s, W w) { return reply(s.spop(w[1], w.n(2))); }),
      row("SRANDMEMBER key int", [](S s, W w) { return reply(s.srandmember(w[1], w.n(2))); }),
      row("SINTER key key",
          [](S s, W w) {
            return reply(s.sinter({w[1], w[2]}));
          }),
      row("SINTERCARD 2 key key LIMIT int",
          [](S s, W w) {
            return reply(s.sintercard({w[2], w[3]}, w.n(5)));
          }),
      row("SUNION key key",
          [](S s, W w) {
            return reply(s.sunion({w[1], w[2]}));
          }),
      row("SDIFF key key",
          [](S s, W w) {
            return reply(s.sdiff({w[1], w[2]}));
          }),
      row("SINTERSTORE key key key",
          [](S s, W w) {
            return reply(s.sinterstore(w[1], {w[2], w[3]}));
          }),
      row("SUNIONSTORE key key key",
          [](S s, W w) {
            return reply(s.sunionstore(w[1], {w[2], w[3]}));
          }),
      row("SDIFFSTORE key key key",
          [](S s, W w) {
            return reply(s.sdiffstore(w[1], {w[2], w[3]}));
          }),
  };
}

std::vector<TypedCall> sorted_set_calls() {
  using Options = ZAddOptions;
  return {
      row("ZADD key score value score value",
          [](S s, W w) {
            return reply(s.zadd(w[1], {{w.f(2), w[3]}, {w.f(4), w[5]}}));
          }),
      row("ZADD key NX score value",
          [](S s, W w) { return reply(s.zadd(w[1], w.f(3), w[4], Options{.when = When::kIfAbsent})); }),
      row("ZADD key GT CH score value",
          [](S s, W w) {
            const Options options{.only = Options::Only::kGreater, .count_changed = true};
            return reply(s.zadd(w[1], w.f(4), w[5], options));
          }),
      row("ZADD key XX INCR score value",
          [](S s, W w) { return reply(s.zadd_incr(w[1], w.f(4), w[5], {.when = When::kIfPresent})); }),
      row("ZINCRBY key score value", [](S s, W w) { return reply(s.zincrby(w[1], w.f(2), w[3])); }),
      row("ZREM key value value",
          [](S s, W w) {
            return reply(s.zrem(w[1], {w[2], w[3]}));
          }),
      row("ZCARD key", [](S s, W w) { return reply(s.zcard(w[1])); }),
      row("ZSCORE key value", [](S s, W w) { return reply(s.zscore(w[1], w[2])); }),
      row("ZMSCORE key value value",
          [](S s, W w) {
            return reply(s.zmscore(w[1], {w[2], w[3]}));
          }),
      row("ZRANK key value", [](S s, W w) { return reply(s.zrank(w[1], w[2])); }),
      row("ZREVRANK key value WITHSCORE", [](S s, W w) { return reply(s.zrevrank_with_score(w[1], w[2])); }),
      row("ZCOUNT key bound bound", [](S s, W w) { return reply(s.zcount(w[1], w.scores(2))); }),
      row("ZLEXCOUNT key lex lex", [](S s, W w) { return reply(s.zlexcount(w[1], w.lex(2))); }),
      row("ZRANGE key int int WITHSCORES", [](S s, W w) { return reply(s.zrange(w[1], w.ranks(2))); }),
      row("ZREVRANGE key int int WITHSCORES",
          [](S s, W w) { return reply(s.zrange(w[1], w.ranks(2), {.reverse = true})); }),
      row("ZRANGEBYSCORE key bound bound WITHSCORES LIMIT int int",
          [](S s, W w) {
            return reply(s.zrange(w[1], w.scores(2), {.limit = RangeLimit{w.n(6), w.n(7)}}));
          }),
      row("ZRANGESTORE key key lex lex BYLEX",
          [](S s, W w) { return reply(s.zrangestore(w[1], w[2], w.lex(3))); }),
      row("ZREMRANGEBYRANK key int int", [](S s, W w) { return reply(s.zremrangebyrank(w[1], w.ranks(2))); }),
      row("ZREMRANGEBYSCORE key bound bound",
          [](S s, W w) { return reply(s.zremrangebyscore(w[1], w.scores(2))); }),
      row("ZREMRANGEBYLEX key lex lex", [](S s, W w) { return reply(s.zremrangebylex(w[1], w.lex(2))); }),
      row("ZPOPMIN key", [](S s, W w) { return as_array(s.zpopmin(w[1])); }),
      row("ZPOPMAX key int", [](S s, W w) { return reply(s.zpopmax(w[1], w.n(2))); }),
      row("ZMPOP 2 key key MAX COUNT int",
          [](S s, W w) {
            return reply(s.zmpop({w[2], w[3]}, Extreme::kMax, w.n(6)));
          }),
      row("ZRANDMEMBER key", [](S s, W w) { return member_alone(s.zrandmember(w[1])); }),
      row("ZRANDMEMBER key int WITHSCORES", [](S s, W w) { return reply(s.zrandmember(w[1], w.n(2))); }),
      row("ZUNION 2 key key WEIGHTS score score WITHSCORES",
          [](S s, W w) {
            return reply(s.zunion({w[2], w[3]}, {.weights = {w.f(5), w.f(6)}}));
          }),
      row("ZINTER 2 key key WITHSCORES",
          [](S s, W w) {
            return reply(s.zinter({w[2], w[3]}));
          }),
      row("ZDIFF 2 key key WITHSCORES",
          [](S s, W w) {
            return reply(s.zdiff({w[2], w[3]}));
          }),
      row("ZINTERCARD 2 key key",
          [](S s, W w) {
            return reply(s.zintercard({w[2], w[3]}));
          }),
      row("ZUNIONSTORE key 2 key key AGGREGATE MAX",
          [](S s, W w) {
            return reply(s.zunionstore(w[1], {w[3], w[4]}, {.aggregate = Aggregate::kMax}));
          }),
      row("ZINTERSTORE key 2 key key",
          [](S s, W w) {
            return reply(s.zinterstore(w[1], {w[3], w[4]}));
          }),
      row("ZDIFFSTORE key 2 key key",
          [](S s, W w) {
            return reply(s.zdiffstore(w[1], {w[3], w[4]}));
          }),
      row("ZSCAN key 0 COUNT int", [](S s, W w) { return reply(s.zscan(w[1], 0, {.count = w.n(4)})); }),
  };
}

}  // namespace

std::span<const TypedCall> typed_calls() {
  static const std::vector<TypedCall> kCalls = [] {
    std::vector<TypedCall> all;
    for (const auto& family :
         {string_calls(), key_calls(), list_calls(), hash_calls(), set_calls(), sorted_set_calls()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return kCalls;
}

const TypedCall* typed_call_for(const Line& line) {
  for (const TypedCall& call : typed_calls()) {
    const std::vector<std::string_view> kinds = split(call.pattern, ' ');
    if (kinds.size() == line.size() && std::ranges::equal(kinds, line, fits)) return &call;
  }
  return nullptr;
}

}  // namespace inlay::fuzz
