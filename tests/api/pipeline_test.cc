// Pipelines: queued calls give what the same calls give one by one.
#include "inlay/pipeline.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "inlay/store.h"
#include "tests/api/every_method.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Store> open_store(size_t shards = 8) {
  return Store::open({.shards = shards,
                      .clock = std::make_shared<ManualClock>(),
                      .seed = 7,
                      .background = Background::kManual})
      .value();
}

TEST(Pipeline, calls_run_in_order_at_exec) {
  auto store = open_store();
  Pipeline p = store->pipeline();
  const auto set = p.set("n", 5);
  const auto sum = p.incr("n", 2);
  const auto text = p.get("n");
  EXPECT_EQ(p.size(), 3u);
  EXPECT_TRUE(is_nil(store->get("n")));
  ASSERT_TRUE(p.exec().ok());
  EXPECT_TRUE(p.empty());
  EXPECT_TRUE(set.ok());
  EXPECT_EQ(*sum, 7);
  EXPECT_EQ(*text, "7");
}

TEST(Pipeline, result_before_exec_is_an_error) {
  auto store = open_store();
  Pipeline p = store->pipeline();
  const auto sum = p.incr("n");
  EXPECT_FALSE(sum.ready());
  EXPECT_FALSE(sum.ok());
  EXPECT_EQ(sum.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(Deferred<int64_t>().ready());
  ASSERT_TRUE(p.exec().ok());
  EXPECT_TRUE(sum.ready());
}

TEST(Pipeline, failing_call_does_not_stop_the_others) {
  auto store = open_store();
  ASSERT_TRUE(store->rpush("l", "x").ok());
  Pipeline p = store->pipeline();
  const auto before = p.incr("n");
  const auto wrong = p.incr("l");
  const auto refused = p.zincrby("z", 0.0 / 0.0, "m");
  const auto after = p.incr("n");
  EXPECT_TRUE(refused.ready()) << "it is refused before it is queued";
  ASSERT_TRUE(p.exec().ok());
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(kind_of(wrong.status()), ErrorKind::kWrongType);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*after, 2);
}

// Every buffer that the arguments stood in is overwritten before the calls run.
TEST(Pipeline, owns_what_it_queued) {
  auto store = open_store();
  Pipeline p = store->pipeline();
  std::string key(100, 'k'), value(3000, 'v'), member(40, 'm');
  std::vector<Deferred<int64_t>> pushed;
  p.set(key, value);
  p.hset("h", {{key, value}});
  p.set("guarded", "old");
  const auto swapped = p.set("guarded", "new", {.if_equal = std::string_view(member).substr(0, 0)});
  for (int i = 0; i < 100; ++i) pushed.push_back(p.rpush("l", {member, value}));
  p.zadd("z", {{1, member}});
  const auto lex = p.zrange("z", LexRange{LexBound::closed(member), LexBound::closed(member)});
  std::fill(key.begin(), key.end(), '?');
  std::fill(value.begin(), value.end(), '?');
  std::fill(member.begin(), member.end(), '?');
  ASSERT_TRUE(p.exec().ok());
  EXPECT_EQ(store->get(std::string(100, 'k')).value(), std::string(3000, 'v'));
  EXPECT_EQ(store->hget("h", std::string(100, 'k')).value(), std::string(3000, 'v'));
  EXPECT_FALSE(swapped->applied);
  EXPECT_EQ(*pushed.back(), 200);
  EXPECT_EQ(store->lindex("l", -2).value(), std::string(40, 'm'));
  ASSERT_EQ(lex->size(), 1u);
}

TEST(Pipeline, results_outlive_reuse_and_the_pipeline) {
  auto store = open_store();
  Deferred<int64_t> first, second, never;
  {
    Pipeline p = store->pipeline();
    first = p.incr("n");
    ASSERT_TRUE(p.exec().ok());
    second = p.incr("n");
    ASSERT_TRUE(p.exec().ok());
    ASSERT_TRUE(p.exec().ok()) << "nothing to do";
    never = p.incr("n");
    Pipeline moved = std::move(p);
    moved.clear();
    EXPECT_TRUE(moved.empty());
  }
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(*second, 2);
  EXPECT_FALSE(never.ready());
  EXPECT_EQ(store->get("n").value(), "2");
}

TEST(Pipeline, results_die_last) {
  Deferred<std::optional<std::string>> value;
  {
    auto store = open_store();
    ASSERT_TRUE(store->set("k", "v").ok());
    Pipeline p = store->pipeline();
    value = p.get("k");
    ASSERT_TRUE(p.exec().ok());
  }
  EXPECT_EQ(*value, "v");
}

TEST(Pipeline, calls_on_the_keyspace_keep_their_place) {
  auto store = open_store();
  Pipeline p = store->pipeline();
  p.mset({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const auto three = p.dbsize();
  p.del({"a", "b"});
  const auto one = p.keys("*");
  p.flushdb();
  const auto none = p.randomkey();
  p.rpush("l", {2, 1});
  const auto sorted = p.sort("l");
  ASSERT_TRUE(p.exec().ok());
  EXPECT_EQ(*three, 3);
  EXPECT_EQ(*one, std::vector<std::string>{"c"});
  EXPECT_EQ(*none, std::nullopt);
  EXPECT_EQ(*sorted, (std::vector<std::optional<std::string>>{"1", "2"}));
}

TEST(Pipeline, calls_by_name_share_a_session) {
  auto store = open_store();
  Pipeline p = store->pipeline();
  std::vector<Deferred<Reply>> replies;
  const auto call = [&](std::initializer_list<std::string_view> argv) { replies.push_back(p.execute(argv)); };
  call({"SET", "k", "zero"});
  call({"SELECT", "1"});
  call({"SET", "k", "one"});
  const auto typed = p.get("k");
  call({"MULTI"});
  call({"GET", "k"});
  call({"NOSUCH"});
  call({"EXEC"});
  call({"LMPOP", "nonsense", "k", "LEFT"});
  call({"PING"});
  ASSERT_TRUE(p.exec().ok());
  const std::vector<Reply> expected{
      Reply::ok(),
      Reply::ok(),
      Reply::ok(),
      Reply::ok(),
      Reply::simple("QUEUED"),
      Reply::error("ERR unknown command 'NOSUCH', with args beginning with: "),
      Reply::error("EXECABORT Transaction discarded because of previous errors."),
      Reply::error("ERR numkeys should be greater than 0"),
      Reply::simple("PONG")};
  ASSERT_EQ(replies.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(*replies[i], expected[i]) << i;
  EXPECT_EQ(*typed, "zero");
  EXPECT_EQ(store->database(1)->get("k").value(), "one");
}

TEST(Pipeline, session_of_calls_by_name_lasts_as_long_as_the_pipeline) {
  Deferred<Reply> kept;
  {
    auto store = open_store();
    Pipeline p = store->pipeline();
    kept = p.execute({"SELECT", "2"});
    p.execute({"WATCH", "k"});
    ASSERT_TRUE(p.exec().ok());
    // Another batch, as the result of the first one is kept.
    p.execute({"SET", "k", "v"});
    p.execute({"MULTI"});
    const auto dirty = p.execute({"EXEC"});
    p.execute({"WATCH", "k"});
    ASSERT_TRUE(p.exec().ok());
    EXPECT_EQ(*dirty, Reply::nil_array());
    EXPECT_EQ(store->database(2)->get("k").value(), "v");
    kept = dirty;
  }
  EXPECT_TRUE(kept.ok()) << "the store is gone, and the watch with its pipeline";
}

TEST(Pipeline, every_method_gives_what_it_gives_at_once) {
  auto one_by_one = open_store();
  auto together = open_store();
  ExpectedResults expected;
  const auto note = [&](auto result) { expected.add(std::move(result)); };
  Pipeline p = together->pipeline();
  std::vector<std::function<void()>> comparisons;
  const auto queue = [&](auto deferred) {
    comparisons.emplace_back([&expected, deferred] { expected.compare(deferred.result()); });
  };
  every_method(*one_by_one, note);
  every_keyspace_method(*one_by_one, note);
  every_method(p, queue);
  every_keyspace_method(p, queue);
  ASSERT_TRUE(p.exec().ok());
  for (const auto& compare : comparisons) compare();
  EXPECT_TRUE(expected.all_compared());
  EXPECT_EQ(one_by_one->digest(), together->digest());
}

// The same random calls, singly and in pipelines of random lengths, leave the same store and give the same sums.
RC_GTEST_PROP(PipelineProperty, any_batches_equal_single_calls, ()) {
  const auto shards = *rc::gen::element<size_t>(1, 2, 64);
  auto one_by_one = open_store(shards);
  auto together = open_store(shards);
  const auto calls = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 9), rc::gen::inRange(0, 12)));
  const auto make = [](auto& door, const std::pair<int, int>& call) {
    const std::string key = std::string("k").append(std::to_string(call.second));
    const std::string next = std::string("k").append(std::to_string((call.second + 1) % 12));
    switch (call.first) {
      case 0: return door.incr(key);
      case 1: return door.append(key, "1");
      case 2: return door.del({Key(key), Key(next)});
      case 3: return door.rpush(key, "e");
      case 4: return door.sort_store(key, next);
      case 5: return door.dbsize();
      case 6: return door.sadd(key, {"x", key});
      case 7: return door.sunionstore(key, {Key(key), Key(next)});
      default: return door.strlen(key);
    }
  };
  Pipeline p = together->pipeline();
  std::vector<Deferred<int64_t>> deferred;
  std::vector<Result<int64_t>> expected;
  for (const auto& call : calls) {
    expected.push_back(make(*one_by_one, call));
    deferred.push_back(make(p, call));
    if (*rc::gen::inRange(0, 40) == 0) RC_ASSERT(p.exec().ok());
  }
  RC_ASSERT(p.exec().ok());
  for (size_t i = 0; i < calls.size(); ++i) {
    RC_ASSERT(deferred[i].result().ok() == expected[i].ok());
    const bool same =
        expected[i].ok() ? *deferred[i] == *expected[i] : deferred[i].status() == expected[i].status();
    RC_ASSERT(same);
  }
  RC_ASSERT(one_by_one->digest() == together->digest());
  RC_ASSERT(together->check_invariants().ok());
}

}  // namespace
}  // namespace inlay::test
