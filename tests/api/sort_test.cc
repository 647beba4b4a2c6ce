// SORT and SORT_RO: against a live redis-server, and the typed methods against the calls by name.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/differential.h"

namespace inlay::test {
namespace {

// No text here is a number beyond a double: in Redis such a one spoils the next SORT, which looks at a stale errno.
//
// Nor do elements differ behind a NUL alone, where Redis under ALPHA sees no difference.
//
// Elements are mostly the digits that the names of keys end in, so that patterns find strings and hashes. Ties of values
// under ALPHA and BY keep no order in Redis, nor do unsorted sets, so they are not asked for.
constexpr Grammar kSorts[] = {
    {"RPUSH key digit+", 4},
    {"RPUSH key element+"},
    {"SADD key digit+", 3},
    {"ZADD key small digit", 4},
    {"HSET key A digit", 3},
    {"HSET key field member"},
    {"SET key digit", 4},
    {"SET key member"},
    {"EXPIRE key seconds"},
    {"DEL key"},
    {"SORT key [DESC|ASC] [LIMIT integer integer]", 3},
    {"SORT key ALPHA [DESC|ASC] [LIMIT small small] [GET sort-pattern] [STORE key]", 4},
    {"SORT key BY sort-pattern [DESC|ASC] [GET sort-pattern] [LIMIT small integer] STORE key", 4},
    {"SORT key [DESC] GET sort-pattern GET sort-pattern STORE key", 3},
    {"SORT_RO key [ALPHA] [DESC] [LIMIT small small] [GET sort-pattern]", 3},
};

RC_GTEST_PROP(SortDifferential, sort_answers_as_redis, ()) {
  // Redis turns a sorted set into a skiplist to sort it; here it is one from the start.
  compare_runs({.borderline_percent = 10}, {kSorts}, {{"CONFIG", "SET", "zset-max-listpack-entries", "0"}});
}

class Sort : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_->rpush("list", {3, 1, 20, 2}).ok());
    ASSERT_TRUE(store_->mset({{"w_1", 9}, {"w_2", 5}, {"w_3", 7}}).ok());
    ASSERT_TRUE(store_->hset("h_1", {{"name", "one"}}).ok());
  }
  Reply call(std::initializer_list<std::string_view> argv) { return Session(*store_).execute(argv); }

  using Values = std::vector<std::optional<std::string>>;
  std::unique_ptr<Store> store_ = Store::open({.background = Background::kManual}).value();
};

TEST_F(Sort, typed_methods_answer_as_by_name) {
  EXPECT_EQ(*store_->sort("list"), (Values{"1", "2", "3", "20"}));
  EXPECT_EQ(*store_->sort("list", {.descending = true}), (Values{"20", "3", "2", "1"}));
  EXPECT_EQ(*store_->sort("list", {.alpha = true}), (Values{"1", "2", "20", "3"}));
  EXPECT_EQ(*store_->sort("list", {.offset = 1, .count = 2}), (Values{"2", "3"}));
  EXPECT_EQ(*store_->sort("list", {.by = "w_*"}), (Values{"20", "2", "3", "1"}));
  EXPECT_EQ(*store_->sort("list", {.by = "nosort", .get = {"#", "h_*->name"}}),
            (Values{"3", std::nullopt, "1", "one", "20", std::nullopt, "2", std::nullopt}));
  EXPECT_EQ(*store_->sort("absent"), Values{});
  EXPECT_EQ(kind_of(store_->sort("w_1").status()), ErrorKind::kWrongType);
  ASSERT_TRUE(store_->rpush("words", {"b", "a"}).ok());
  EXPECT_EQ(redis_error_text(store_->sort("words").status()),
            "ERR One or more scores can't be converted into double");
}

TEST_F(Sort, stored_result_replaces_any_value_and_its_deadline) {
  ASSERT_TRUE(store_->set("destination", "text", std::chrono::seconds(100)).ok());
  EXPECT_EQ(*store_->sort_store("list", "destination", {.get = {"#", "h_*->name"}}), 8);
  EXPECT_EQ(*store_->lrange("destination", 0, -1),
            (std::vector<std::string>{"1", "one", "2", "", "3", "", "20", ""}));
  EXPECT_EQ(call({"TTL", "destination"}), Reply::integer(-1));
  EXPECT_EQ(*store_->sort_store("absent", "destination"), 0);
  EXPECT_EQ(call({"EXISTS", "destination"}), Reply::integer(0));
}

// Redis makes it a skiplist.
TEST_F(Sort, sorted_set_keeps_its_encoding) {
  ASSERT_TRUE(store_->zadd("board", {{1, "2"}, {2, "1"}}).ok());
  EXPECT_EQ(*store_->sort("board"), (Values{"1", "2"}));
  EXPECT_EQ(call({"OBJECT", "ENCODING", "board"}), Reply::bulk("listpack"));
}

TEST_F(Sort, destination_may_be_the_source) {
  EXPECT_EQ(*store_->sort_store("list", "list"), 4);
  EXPECT_EQ(*store_->lrange("list", 0, -1), (std::vector<std::string>{"1", "2", "3", "20"}));
}

}  // namespace
}  // namespace inlay::test
