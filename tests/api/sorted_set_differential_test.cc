// The sorted set commands against a live redis-server.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/api/differential.h"

namespace inlay::test {
namespace {

constexpr Grammar kMembers[] = {
    {"ZADD key (score member)+", 12},
    {"ZADD key [NX|XX] [GT|LT] [CH] (score member)+", 6},
    {"ZADD key [NX|XX] [GT|LT] [CH] INCR score member", 3},
    {"ZINCRBY key score member", 3},
    {"ZREM key member+", 3},
    {"ZCARD key"},
    {"ZSCORE key member", 2},
    {"ZMSCORE key member+"},
    {"ZRANK key member", 2},
    {"ZREVRANK key member"},
    {"ZPOPMIN key [small]"},
    {"ZPOPMAX key [small]"},
    {"ZMPOP counted-keys end [COUNT small]", 2},
    {"ZRANDMEMBER key whole-count [WITHSCORES]", 2},
    {"ZSCAN key cursor [MATCH pattern] [COUNT count]"},
};

constexpr Grammar kRanges[] = {
    {"ZADD key (score member)+", 14},
    {"ZRANGE key position position [WITHSCORES] [REV] [LIMIT small small]", 3},
    {"ZRANGE key score-bound score-bound BYSCORE [REV] [LIMIT integer integer] [WITHSCORES]", 3},
    {"ZRANGE key position position [BYSCORE] [REV] [BYLEX]"},
    {"ZREVRANGE key position position [WITHSCORES]"},
    {"ZRANGEBYSCORE key score-bound score-bound [WITHSCORES] [LIMIT integer integer]", 2},
    {"ZREVRANGEBYSCORE key score-bound score-bound [WITHSCORES] [LIMIT integer integer]", 2},
    {"ZCOUNT key score-bound score-bound", 2},
    {"ZREMRANGEBYRANK key position position"},
    {"ZREMRANGEBYSCORE key score-bound score-bound"},
    {"ZRANGESTORE key key position position [REV]", 2},
    {"ZRANGESTORE key key score-bound score-bound BYSCORE [REV] [LIMIT integer integer]", 2},
};

// Ranges by member mean something only where all scores are equal.
constexpr Grammar kLexRanges[] = {
    {"ZADD key (0 member)+", 14},
    {"ZRANGE key lex-bound lex-bound BYLEX [REV] [LIMIT integer integer] [WITHSCORES]", 3},
    {"ZRANGEBYLEX key lex-bound lex-bound [LIMIT integer integer]", 3},
    {"ZREVRANGEBYLEX key lex-bound lex-bound [LIMIT integer integer]", 2},
    {"ZLEXCOUNT key lex-bound lex-bound", 3},
    {"ZREMRANGEBYLEX key lex-bound lex-bound", 2},
    {"ZRANGESTORE key key lex-bound lex-bound BYLEX [REV] [LIMIT integer integer]", 2},
    {"ZREM key member+"},
};

constexpr Grammar kAlgebra[] = {
    {"ZADD key (score member)+", 16},
    {"SADD key member+", 5},
    {"ZUNION counted-keys [AGGREGATE SUM|AGGREGATE MIN|AGGREGATE MAX] [WITHSCORES]", 2},
    {"ZUNION 2 key key [WEIGHTS weight weight] [AGGREGATE end] [WITHSCORES]", 2},
    {"ZINTER counted-keys [AGGREGATE SUM|AGGREGATE MIN|AGGREGATE MAX] [WITHSCORES]", 2},
    {"ZINTER 2 key key [WEIGHTS weight weight] [AGGREGATE end] [WITHSCORES]", 2},
    {"ZDIFF counted-keys [WITHSCORES]", 2},
    {"ZINTERCARD counted-keys [LIMIT small]", 2},
    {"ZUNIONSTORE key counted-keys [AGGREGATE end]"},
    {"ZUNIONSTORE key 2 key key [WEIGHTS weight weight] [AGGREGATE end]", 2},
    {"ZINTERSTORE key counted-keys [AGGREGATE end]"},
    {"ZINTERSTORE key 2 key key [WEIGHTS weight weight] [AGGREGATE end]", 2},
    {"ZDIFFSTORE key counted-keys", 2},
};

constexpr Grammar kAround[] = {
    {"SET key value"},
    {"DEL key"},
    {"EXPIRE key seconds"},
    {"PERSIST key"},
    {"PEXPIRETIME key"},
    {"RENAME key key"},
    {"COPY key key [REPLACE]"},
    {"TYPE key"},
    {"EXISTS key"},
    {"OBJECT ENCODING key", 2},
};

// Small thresholds, so that sets outgrow them on the way.
std::vector<Argv> thresholds() {
  using Limits = std::pair<std::string, std::string>;
  static const std::vector<Limits> kLimits{{"128", "64"}, {"4", "64"}, {"128", "3"}, {"0", "0"}};
  const auto limits = *rc::gen::elementOf(kLimits);
  return {{"CONFIG", "SET", "zset-max-listpack-entries", limits.first},
          {"CONFIG", "SET", "zset-max-listpack-value", limits.second}};
}

constexpr CallMix kMix{.malformed_percent = 2, .borderline_percent = 8};

RC_GTEST_PROP(SortedSetDifferential, members_answer_as_redis, ()) {
  compare_runs(kMix, {kMembers, kAround}, thresholds());
}

RC_GTEST_PROP(SortedSetDifferential, ranges_answer_as_redis, ()) {
  compare_runs(kMix, {kRanges, kAround}, thresholds());
}

RC_GTEST_PROP(SortedSetDifferential, ranges_of_members_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 0, .borderline_percent = 8}, {kLexRanges, kAround}, thresholds());
}

RC_GTEST_PROP(SortedSetDifferential, algebra_answers_as_redis, ()) {
  compare_runs(kMix, {kAlgebra, kAround}, thresholds());
}

}  // namespace
}  // namespace inlay::test
