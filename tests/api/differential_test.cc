// The strings, the generic commands and those about databases, against a live redis-server.
#include "tests/api/differential.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace inlay::test {
namespace {

RC_GTEST_PROP(Differential, strings_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 2, .borderline_percent = 15}, {string_grammars()});
}

RC_GTEST_PROP(Differential, keys_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 2, .borderline_percent = 10}, {key_grammars(), string_grammars()});
}

RC_GTEST_PROP(Differential, dead_keys_answer_as_redis, ()) {
  compare_runs({.past_percent = 40}, {deadline_grammars()});
}

RC_GTEST_PROP(Differential, databases_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 2, .borderline_percent = 10}, {database_grammars(), key_grammars()});
}

RC_GTEST_PROP(Differential, malformed_calls_answer_as_redis, ()) {
  compare_runs({.malformed_percent = 50, .borderline_percent = 30, .past_percent = 5},
               {database_grammars(), key_grammars(), string_grammars()});
}

}  // namespace
}  // namespace inlay::test
