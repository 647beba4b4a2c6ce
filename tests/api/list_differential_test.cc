// The list commands against a live redis-server, with lists of a few elements and of several blocks.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/api/differential.h"

namespace inlay::test {
namespace {

constexpr Grammar kLists[] = {
    {"RPUSH key element+", 6},
    {"LPUSH key element+", 6},
    {"RPUSHX key element+"},
    {"LPUSHX key element+"},
    {"LPOP key", 2},
    {"RPOP key", 2},
    {"LPOP key small"},
    {"RPOP key small"},
    {"LPOP key integer"},
    {"LLEN key"},
    {"LINDEX key position", 3},
    {"LSET key position element", 4},
    {"LINSERT key where element element", 4},
    {"LRANGE key position position", 3},
    {"LTRIM key position position", 2},
    {"LREM key integer element", 4},
    {"LPOS key element [RANK integer] [COUNT small] [MAXLEN small]", 4},
    {"LMOVE key key side side", 4},
    {"RPOPLPUSH key key", 2},
    {"LMPOP counted-keys side [COUNT small]", 3},
};

// What else may happen to a key that holds a list.
constexpr Grammar kKeysOfLists[] = {
    {"SET key value"},
    {"GET key"},
    {"DEL key+"},
    {"TYPE key"},
    {"EXISTS key+"},
    {"OBJECT ENCODING key", 3},
    {"EXPIRE key seconds"},
    {"PEXPIREAT key unix-milliseconds"},
    {"PERSIST key"},
    {"TTL key"},
    {"RENAME key key", 2},
    {"RENAMENX key key"},
    {"COPY key key [DB db] [REPLACE]", 3},
    {"MOVE key db"},
    {"SORT key [ALPHA] [DESC] [LIMIT small small]"},
};

// Lists that stand in several blocks: of short elements, many of them alike, and of long ones.
std::vector<Argv> long_lists() {
  Argv alike{"RPUSH", "k0"}, integers{"LPUSH", "k1"}, lengths{"RPUSH", "k2"};
  for (int i = 0; i < 1500; ++i) {
    alike.push_back(i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : std::string("element:").append(std::to_string(i)));
    integers.push_back(std::to_string((i % 70) * (i % 70) * (i % 70) - 1000));
  }
  for (int i = 0; i < 60; ++i) lengths.push_back(std::string(static_cast<size_t>(i * i), 'l'));
  return {alike, integers, lengths};
}

RC_GTEST_PROP(ListDifferential, lists_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 2, .borderline_percent = 12}, {kLists, kKeysOfLists});
}

RC_GTEST_PROP(ListDifferential, long_lists_answer_as_redis, ()) {
  compare_runs({.borderline_percent = 5}, {kLists}, long_lists());
}

RC_GTEST_PROP(ListDifferential, malformed_calls_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 50, .borderline_percent = 30}, {kLists});
}

RC_GTEST_PROP(ListDifferential, dead_lists_answer_as_redis, ()) {
  compare_runs({.past_percent = 40}, {kLists, kKeysOfLists});
}

}  // namespace
}  // namespace inlay::test
