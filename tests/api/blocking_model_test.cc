// Waiting calls against their model, and against a live redis-server: random scripts in which calls wait for keys of
// several shards while others push, pop, move, rename, stop, and let time pass.
#include "tests/api/blocking_model.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/api/blocking_inlay.h"
#include "tests/api/blocking_redis.h"

namespace inlay::test {
namespace {

constexpr unsigned kModelScripts = 4000;
constexpr unsigned kRedisScripts = 20;
constexpr int kSteps = 40;

std::string shown(const BlockingStep& step) {
  std::string text;
  for (const std::string& word : step.argv) text += word + " ";
  switch (step.kind) {
    case BlockingStep::Kind::kBlock: return "call " + std::to_string(step.id) + ": " + text;
    case BlockingStep::Kind::kCall: return text;
    case BlockingStep::Kind::kStop: return "stop " + std::to_string(step.id);
    case BlockingStep::Kind::kPass: return "pass " + std::to_string(step.time / std::chrono::milliseconds(1));
  }
  return text;
}

Reply play(BlockingWorld& world, const BlockingStep& step) {
  switch (step.kind) {
    case BlockingStep::Kind::kBlock: world.block(step.id, step.argv, step.time); break;
    case BlockingStep::Kind::kCall: return world.call(step.argv);
    case BlockingStep::Kind::kStop: world.stop(step.id); break;
    case BlockingStep::Kind::kPass: world.pass(step.time); break;
  }
  return Reply::ok();
}

std::string shown(const std::vector<Ending>& endings) {
  std::string text;
  for (const auto& [id, reply] : endings) text += std::to_string(id) + " -> " + reply.to_string() + "\n";
  return text;
}

// Every reply, every ending, their order, and who is blocked still are those of the model, after every step. Nothing is
// left behind: with all keys gone and all waits stopped, no shard keeps a trace of a waiter.
TEST(BlockingModel, seeded_interleavings_go_as_the_model_says) {
  for (unsigned seed = 1; seed <= kModelScripts; ++seed) {
    BlockingModel model;
    InlayWorld inlay(size_t{1} << seed % 5, seed);
    std::string history;
    for (const BlockingStep& step : BlockingScript(seed).steps(kSteps, true)) {
      history += shown(step) + "\n";
      SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + history);
      const Reply expected = play(model, step), actual = play(inlay, step);
      ASSERT_EQ(actual, expected) << actual.to_string() << "\nthe model:\n" << expected.to_string();
      const std::vector<Ending> wanted = model.endings(), ended = inlay.endings();
      ASSERT_EQ(ended, wanted) << shown(ended) << "the model:\n" << shown(wanted);
      ASSERT_EQ(inlay.blocked(), model.blocked());
    }
    ASSERT_TRUE(inlay.store().check_invariants().ok());
  }
}

// What a server's clients are answered, by the same commands in the same order; it does not tell who of several that
// one command served was served first.
TEST(BlockingModel, redis_goes_the_same_way) {
  RedisWorld redis;
  for (unsigned seed = 1; seed <= kRedisScripts; ++seed) {
    InlayWorld inlay(8, seed);
    redis.reset();
    std::string history;
    for (const BlockingStep& step : BlockingScript(seed).steps(kSteps, false)) {
      history += shown(step) + "\n";
      SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + history);
      const Reply expected = play(redis, step), actual = play(inlay, step);
      ASSERT_EQ(actual, expected) << actual.to_string() << "\nRedis:\n" << expected.to_string();
      std::vector<Ending> wanted = redis.endings(), ended = inlay.endings();
      std::ranges::sort(ended, {}, &Ending::first);
      std::ranges::sort(wanted, {}, &Ending::first);
      ASSERT_EQ(ended, wanted) << shown(ended) << "Redis:\n" << shown(wanted);
      ASSERT_EQ(inlay.blocked(), redis.blocked());
    }
  }
}

}  // namespace
}  // namespace inlay::test
