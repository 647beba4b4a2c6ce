// Every typed method called once with arguments that show, through any front door.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {

/// The keys that every_method() uses.
inline constexpr std::string_view kEveryKey[] = {"s", "n",  "f",  "l", "l2", "h", "set", "set2", "set3",
                                                 "z", "z2", "z3", "a", "b",  "c", "d",   "e",    "absent"};

/// Calls the methods that name their keys, and `visit` with what each returns.
template <class Door, class Visit>
void every_method(Door& door, Visit&& visit) {
  using namespace std::chrono_literals;
  using namespace std::string_view_literals;
  // Messages, to whoever listens.
  visit(door.publish("news", "text"));
  visit(door.publish("weather", 21));
  // Strings.
  visit(door.set("s", "text"));
  visit(door.set("n", 7, 100s));
  visit(door.set("n", "8", {.keep_ttl = true, .get_old = true}));
  visit(door.set("s", "other", {.if_equal = "text"sv}));
  visit(door.get("s"));
  visit(door.setnx("s", "no"));
  visit(door.setex("e", 50s, "e"));
  visit(door.getset("s", "text2"));
  visit(door.getdel("e"));
  visit(door.getex("n", {.persist = true}));
  visit(door.strlen("s"));
  visit(door.append("s", "++"));
  visit(door.getrange("s", 1, 3));
  visit(door.setrange("s", 2, "XX"));
  visit(door.incr("n"));
  visit(door.incr("n", 5));
  visit(door.decr("n"));
  visit(door.decr("n", 3));
  visit(door.incrbyfloat("f", 1.5));
  visit(door.mget({"s", "absent", "n"}));
  visit(door.mset({{"a", "1"}, {"b", 2}}));
  visit(door.msetnx({{"a", "no"}, {"c", "no"}}));
  visit(door.msetex({{"c", "3"}, {"d", "4"}}, {.ttl = 10s}));
  visit(door.del_if_equal("d", "4"));
  visit(door.lcs("s", "a", {.length_only = true}));
  // Keys of any type.
  visit(door.exists("a"));
  visit(door.exists({"a", "a", "absent"}));
  visit(door.touch({"a", "b"}));
  visit(door.type("s"));
  visit(door.expire("a", 90s));
  visit(door.expire("b", 90s, ExpireIf::kHasTtl));
  visit(door.expireat("a", TimePoint(std::chrono::hours(1'000'000)), ExpireIf::kGreater));
  visit(door.persist("a"));
  visit(door.ttl("c"));
  visit(door.expiretime("a"));
  visit(door.copy("a", "d"));
  visit(door.rename("d", "e"));
  visit(door.renamenx("e", "a"));
  visit(door.move("e", 1));
  visit(door.object_encoding("n"));
  visit(door.object_idletime("n"));
  visit(door.object_refcount("absent"));
  visit(door.object_freq("s"));
  visit(door.memory_usage("s"));
  visit(door.unlink({"b"}));
  visit(door.del("c"));
  visit(door.del({"a", "absent"}));
  // Lists.
  visit(door.lpush("l", "one"));
  visit(door.lpush("l", {"two", 3}));
  visit(door.lpushx("absent", "no"));
  visit(door.rpush("l", {4.5, "five"}));
  visit(door.rpushx("l", "six"));
  visit(door.llen("l"));
  visit(door.lindex("l", -1));
  visit(door.lrange("l", 1, 2));
  visit(door.lpos("l", "two"));
  visit(door.lpos("l", "two", 0, {.rank = -1}));
  visit(door.lset("l", 0, "zero"));
  visit(door.linsert("l", InsertAt::kBefore, "two", "pre"));
  visit(door.lrem("l", 0, "pre"));
  visit(door.ltrim("l", 0, 4));
  visit(door.lmove("l", "l2", End::kLeft, End::kRight));
  visit(door.rpoplpush("l", "l2"));
  visit(door.lmpop({"absent", "l2"}, End::kLeft, 1));
  visit(door.lpop("l"));
  visit(door.lpop("l", 2));
  visit(door.rpop("l2"));
  visit(door.rpop("absent", 3));
  // Hashes.
  visit(door.hset("h", {{"f", "v"}, {"g", 2}}));
  visit(door.hset("h", "i", "w"));
  visit(door.hsetnx("h", "f", "no"));
  visit(door.hget("h", "f"));
  visit(door.hmget("h", {"f", "none"}));
  visit(door.hgetall("h"));
  visit(door.hkeys("h"));
  visit(door.hvals("h"));
  visit(door.hexists("h", "g"));
  visit(door.hlen("h"));
  visit(door.hstrlen("h", "f"));
  visit(door.hincrby("h", "g", 40));
  visit(door.hincrbyfloat("h", "x", 0.5));
  visit(door.hrandfield("h"));
  visit(door.hrandfield("h", 2));
  visit(door.hrandfield_with_values("h", -2));
  visit(door.hscan("h", 0, {.match = "g*"}));
  visit(door.hexpire("h", 20s, {"f", "none"}));
  visit(door.hexpireat("h", TimePoint(std::chrono::hours(500'000)), {"g"}));
  visit(door.httl("h", {"f", "i"}));
  visit(door.hexpiretime("h", {"g"}));
  visit(door.hpersist("h", {"f", "i"}));
  visit(door.hgetex("h", {"f"}, {.ttl = 5s}));
  visit(door.hsetex("h", {{"j", "k"}}, {.ttl = 9s}));
  visit(door.hgetdel("h", {"j"}));
  visit(door.hdel("h", {"i", "none"}));
  // Sets.
  visit(door.sadd("set", "a"));
  visit(door.sadd("set", {"b", 3, "c"}));
  visit(door.sadd("set2", {"b", "c"}));
  visit(door.scard("set"));
  visit(door.sismember("set", "b"));
  visit(door.smismember("set", {"a", "z"}));
  visit(door.smembers("set2"));
  visit(door.sscan("set2", 0));
  visit(door.srandmember("set"));
  visit(door.srandmember("set", -2));
  visit(door.sinter({"set", "set2"}));
  visit(door.sintercard({"set", "set2"}, 1));
  visit(door.sunion({"set2", "absent"}));
  visit(door.sdiff({"set2", "set"}));
  visit(door.sinterstore("set3", {"set", "set2"}));
  visit(door.sunionstore("set3", {"set", "set2"}));
  visit(door.sdiffstore("set3", {"set", "set2"}));
  visit(door.smove("set", "set2", "a"));
  visit(door.srem("set", "b"));
  visit(door.srem("set", {"c", "none"}));
  visit(door.spop("set2"));
  visit(door.spop("set2", 1));
  // Sorted sets.
  visit(door.zadd("z", {{1, "a"}, {2, "b"}, {2, "c"}}));
  visit(door.zadd("z", 5, "d"));
  visit(door.zadd("z", 6, "d", {.count_changed = true}));
  visit(door.zadd_incr("z", 2, "a", {.when = When::kIfPresent}));
  visit(door.zincrby("z", 1, "b"));
  visit(door.zcard("z"));
  visit(door.zscore("z", "d"));
  visit(door.zmscore("z", {"a", "none"}));
  visit(door.zrank("z", "c"));
  visit(door.zrevrank("z", "c"));
  visit(door.zrank_with_score("z", "a"));
  visit(door.zrevrank_with_score("z", "none"));
  visit(door.zcount("z", ScoreRange::at_least(3)));
  visit(door.zlexcount("z", LexRange{LexBound::closed("a"), LexBound::open("d")}));
  visit(door.zrange("z"));
  visit(door.zrange("z", ScoreRange::between(2, 3), {.reverse = true}));
  visit(door.zrange("z", LexRange{LexBound::open("b")}, {.limit = RangeLimit{0, 1}}));
  visit(door.zrangestore("z2", "z", RankRange{0, 2}));
  visit(door.zrangestore("z2", "z", ScoreRange{}));
  visit(door.zrangestore("z2", "z", LexRange{LexBound::closed("a")}));
  visit(door.zunion({"z", "set3"}));
  visit(door.zinter({"z", "z2"}, {.weights = {1, 2}}));
  visit(door.zdiff({"z", "absent"}));
  visit(door.zintercard({"z", "z2"}, 2));
  visit(door.zunionstore("z3", {"z", "z2"}));
  visit(door.zinterstore("z3", {"z", "z2"}, {.weights = {1, 3}}));
  visit(door.zdiffstore("z3", {"z", "absent"}));
  visit(door.zscan("z", 0, {.match = "*"}));
  visit(door.zpopmin("z"));
  visit(door.zpopmax("z"));
  visit(door.zpopmin("z", 1));
  visit(door.zpopmax("absent", 2));
  visit(door.zmpop({"absent", "z2"}, Extreme::kMax, 1));
  visit(door.zrandmember("z2"));
  visit(door.zrandmember("z2", 2));
  visit(door.zrem("z2", {"a", "none"}));
  visit(door.zremrangebyrank("z3", {0, 0}));
  visit(door.zremrangebyscore("z3", ScoreRange::at_most(2)));
  visit(door.zremrangebylex("z3", LexRange{LexBound::closed("d")}));
}

/// The same for those that look at more than their keys.
template <class Door, class Visit>
void every_keyspace_method(Door& door, Visit&& visit) {
  visit(door.rpush("l", {3, 1, 2}));
  visit(door.sort("l", {.by = "w*", .get = {"#", "n*"}}));
  visit(door.sort_store("l", "l2", {.descending = true}));
  visit(door.dbsize());
  visit(door.keys("?"));
  visit(door.scan(0, {.match = "s*", .count = 1000}));
  visit(door.randomkey());
  visit(door.flushdb());
}

/// What the methods gave at once, to compare other doors with.
class ExpectedResults {
 public:
  /// Takes down the result of the next method.
  template <class R>
  void add(R result) {
    results_.push_back(std::make_shared<const R>(std::move(result)));
  }
  /// Compares the result of the next method with what was taken down.
  template <class T>
  void compare(const absl::StatusOr<T>& actual) {
    const auto& expected = next<absl::StatusOr<T>>();
    EXPECT_EQ(expected.status(), actual.status()) << "method " << next_;
    if (expected.ok() && actual.ok()) EXPECT_TRUE(*expected == *actual) << "method " << next_;
  }
  void compare(const absl::Status& actual) { EXPECT_EQ(next<absl::Status>(), actual) << "method " << next_; }
  bool all_compared() const { return next_ == results_.size(); }

 private:
  // The methods come in one order, so the types agree.
  template <class R>
  const R& next() {
    return *static_cast<const R*>(results_.at(next_++).get());
  }

  std::vector<std::shared_ptr<const void>> results_;
  size_t next_ = 0;
};

}  // namespace inlay::test
