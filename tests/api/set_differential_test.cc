// The set commands against a live redis-server. Random picks are asked for whole sets only: see set_random_test.cc.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/api/differential.h"

namespace inlay::test {
namespace {

constexpr Grammar kMembers[] = {
    {"SADD key member+", 12},    {"SREM key member+", 4},
    {"SMOVE key key member", 4}, {"SCARD key"},
    {"SISMEMBER key member", 2}, {"SMISMEMBER key member+"},
    {"SMEMBERS key", 2},         {"SSCAN key cursor [MATCH pattern] [COUNT count]", 2},
};

// Not to be malformed: without its count each would draw one.
constexpr Grammar kDraws[] = {
    {"SPOP key whole-count"},
    {"SRANDMEMBER key whole-count"},
};

// Redis's SDIFFSTORE of three keys and more may leave a hashtable where all strings were subtracted.
constexpr Grammar kAlgebra[] = {
    {"SADD key member+", 12},
    {"SREM key member+"},
    {"SINTER key+", 2},
    {"SINTERCARD counted-keys [LIMIT small]", 3},
    {"SUNION key+", 2},
    {"SDIFF key+", 2},
    {"SINTERSTORE key key+", 2},
    {"SUNIONSTORE key key+", 2},
    {"SDIFFSTORE key key key", 2},
    {"SCARD key"},
};

constexpr Grammar kAround[] = {
    {"SET key value"},
    {"DEL key"},
    {"EXPIRE key seconds"},
    {"PERSIST key"},
    {"PEXPIRETIME key"},
    {"TYPE key"},
    {"OBJECT ENCODING key", 3},
    {"RENAME key key"},
    {"COPY key key [REPLACE]", 2},
    {"GET key"},
};

const std::vector<Argv> kLowLimit{{"CONFIG", "SET", "set-max-intset-entries", "4"}};
const std::vector<Argv> kUsualLimit{{"CONFIG", "SET", "set-max-intset-entries", "512"}};

RC_GTEST_PROP(SetDifferential, members_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 2, .borderline_percent = 10}, {kMembers, kAround}, kLowLimit);
}

RC_GTEST_PROP(SetDifferential, usual_limit_answers_as_redis, ()) {
  compare_runs({.borderline_percent = 10}, {kMembers, kDraws, kAlgebra, kAround}, kUsualLimit);
}

RC_GTEST_PROP(SetDifferential, algebra_answers_as_redis, ()) {
  compare_runs({.malformed_percent = 2, .borderline_percent = 10}, {kAlgebra, kAround}, kLowLimit);
}

RC_GTEST_PROP(SetDifferential, dead_sets_answer_as_redis, ()) {
  compare_runs({.past_percent = 60}, {kMembers, kDraws, kAlgebra, kAround}, kLowLimit);
}

RC_GTEST_PROP(SetDifferential, malformed_calls_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 50, .borderline_percent = 30}, {kMembers, kAlgebra, kAround},
               kUsualLimit);
}

}  // namespace
}  // namespace inlay::test
