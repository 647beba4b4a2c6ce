// The hash commands against a live redis-server, with hashes on both sides of the encodings' border.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/api/differential.h"

namespace inlay::test {
namespace {

constexpr Grammar kHashes[] = {
    {"HSET key (field value)+", 10},
    {"HMSET key (field value)+", 2},
    {"HSETNX key field value", 3},
    {"HGET key field", 2},
    {"HMGET key field+", 2},
    {"HGETALL key"},
    {"HKEYS key"},
    {"HVALS key"},
    {"HLEN key"},
    {"HSTRLEN key field"},
    {"HEXISTS key field"},
    {"HDEL key field+", 4},
    {"HINCRBY key field integer", 3},
    {"HINCRBYFLOAT key field float", 3},
    {"HRANDFIELD key whole-count [WITHVALUES]"},
    {"HSCAN key cursor [MATCH pattern] [COUNT count]", 2},
};

// What else may happen to a key that holds a hash.
constexpr Grammar kKeysOfHashes[] = {
    {"SET key value"},
    {"GET key"},
    {"DEL key+"},
    {"TYPE key"},
    {"EXISTS key+"},
    {"OBJECT ENCODING key", 4},
    {"EXPIRE key seconds"},
    {"PEXPIREAT key unix-milliseconds"},
    {"PERSIST key"},
    {"TTL key"},
    {"RENAME key key", 2},
    {"RENAMENX key key"},
    {"COPY key key [DB db] [REPLACE]", 3},
    {"MOVE key db"},
};

const std::vector<Argv> kSmallLimits{{"CONFIG", "SET", "hash-max-listpack-entries", "3"},
                                     {"CONFIG", "SET", "hash-max-listpack-value", "9"}};
const std::vector<Argv> kDefaultLimits{{"CONFIG", "SET", "hash-max-listpack-entries", "128"},
                                       {"CONFIG", "SET", "hash-max-listpack-value", "64"}};

RC_GTEST_PROP(HashDifferential, hashes_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 2, .borderline_percent = 12}, {kHashes, kKeysOfHashes}, kDefaultLimits);
}

RC_GTEST_PROP(HashDifferential, hashes_around_small_limits_answer_as_redis, ()) {
  compare_runs({.borderline_percent = 5}, {kHashes, kKeysOfHashes}, kSmallLimits);
}

RC_GTEST_PROP(HashDifferential, malformed_calls_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 50, .borderline_percent = 30}, {kHashes}, kDefaultLimits);
}

RC_GTEST_PROP(HashDifferential, hashes_of_dead_keys_answer_as_redis, ()) {
  compare_runs({.past_percent = 40}, {kHashes, kKeysOfHashes}, kSmallLimits);
}

}  // namespace
}  // namespace inlay::test
