// What the patterns cost, on one thread unless the name says otherwise: a call, and the memory it leaves.
//
// 100k callers, sessions or members, drawn uniformly; the store has the computer's clock.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "inlay/patterns/leaderboard.h"
#include "inlay/patterns/lock_manager.h"
#include "inlay/patterns/queue.h"
#include "inlay/patterns/rate_limiter.h"
#include "inlay/patterns/session_store.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

using namespace std::chrono_literals;
using benchmark::Counter;
using benchmark::State;

constexpr uint32_t kNames = 100'000;

const std::vector<std::string>& names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> names;
    for (uint32_t i = 0; i < kNames; ++i)
      names.push_back(std::string("user:").append(std::to_string(1'000'000 + i)));
    return names;
  }();
  return names;
}

std::unique_ptr<Store> open_store() { return Store::open({.seed = 7}).value(); }

template <class Limiter, class Options>
void allow(State& state, Options options) {
  auto store = open_store();
  const Limiter limiter(*store, "limit:", options);
  std::minstd_rand random(1);
  for (const std::string& name : names()) limiter.allow(name).value();
  int64_t allowed = 0;
  for (auto _ : state) allowed += limiter.allow(names()[random() % kNames]).value().allowed;
  state.counters["allowed"] = Counter(static_cast<double>(allowed), Counter::kAvgIterations);
  state.counters["B/caller"] = static_cast<double>(store->stats().bytes) / kNames;
}
constexpr WindowOptions kWindow{.limit = 1'000'000, .window = 1h};
void fixed_window_allow(State& state) { allow<FixedWindow>(state, kWindow); }
void sliding_window_counter_allow(State& state) { allow<SlidingWindowCounter>(state, kWindow); }
void sliding_window_log_allow(State& state) { allow<SlidingWindowLog>(state, kWindow); }
void token_bucket_allow(State& state) {
  allow<TokenBucket>(state, TokenBucketOptions{.tokens = 1, .per = 1h, .burst = 10'000});
}
BENCHMARK(fixed_window_allow);
BENCHMARK(sliding_window_counter_allow);
BENCHMARK(sliding_window_log_allow);
BENCHMARK(token_bucket_allow);

// The counter that people write by hand, two calls and one race: for comparison.
void by_hand_incr_and_expire(State& state) {
  auto store = open_store();
  std::minstd_rand random(1);
  for (const std::string& name : names()) store->incr(name).value();
  for (auto _ : state) {
    const std::string& name = names()[random() % kNames];
    benchmark::DoNotOptimize(store->incr(name).value());
    benchmark::DoNotOptimize(store->expire(name, 1h, ExpireIf::kNoTtl).value());
  }
}
BENCHMARK(by_hand_incr_and_expire);

void log_memory_of_1000_calls(State& state) {
  auto store = open_store();
  const SlidingWindowLog limiter(*store, "limit:", kWindow);
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) limiter.allow("one").value();
    state.counters["B/call"] = static_cast<double>(store->memory_usage("limit:one").value().value()) / 1000;
  }
}
BENCHMARK(log_memory_of_1000_calls)->Iterations(1);

void lock_acquire_and_release(State& state) {
  auto store = open_store();
  const LockManager locks(*store);
  for (auto _ : state)
    benchmark::DoNotOptimize(locks.try_acquire("resource", 1min).value()->fencing_number());
}
BENCHMARK(lock_acquire_and_release);

void lock_memory_of_a_counter(State& state) {
  auto store = open_store();
  const LockManager locks(*store);
  const uint64_t before = store->stats().bytes;
  for (auto _ : state) {
    for (const std::string& name : names()) locks.try_acquire(name, 1min).value()->release().value();
    state.counters["B/resource"] = static_cast<double>(store->stats().bytes - before) / kNames;
  }
}
BENCHMARK(lock_memory_of_a_counter)->Iterations(1)->Unit(benchmark::kMillisecond);

void mutex_lock_and_unlock(State& state) {
  std::mutex mutex;
  for (auto _ : state) {
    const std::lock_guard lock(mutex);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(mutex_lock_and_unlock);

// Two threads that do nothing but hand one lock to each other.
void lock_contended(State& state) {
  static const std::unique_ptr<Store> store = open_store();
  static const LockManager locks(*store);
  for (auto _ : state) locks.acquire("resource", 1min, kForever).value()->release().value();
}
BENCHMARK(lock_contended)->Threads(2)->UseRealTime();

void queue_push_reserve_ack(State& state) {
  auto store = open_store();
  Queue queue(*store, "queue");
  const std::string payload(100, 'x');
  for (int i = 0; i < 1000; ++i) queue.push(payload).value();
  for (auto _ : state) {
    queue.push(payload).value();
    const auto job = queue.try_reserve().value();
    queue.ack(*job).value();
  }
}
BENCHMARK(queue_push_reserve_ack);

template <class Act>
void session(State& state, Act act) {
  auto store = open_store();
  SessionStore sessions(*store, {.seed = 1});
  std::vector<std::string> ids;
  for (uint32_t i = 0; i < kNames; ++i)
    ids.push_back(sessions.create({{"user", i}, {"language", "en"}}).value());
  std::minstd_rand random(1);
  for (auto _ : state) act(sessions, ids[random() % kNames]);
  state.counters["B/session"] = static_cast<double>(store->stats().bytes) / kNames;
}
void session_get(State& state) {
  session(state, [](SessionStore& sessions, const std::string& id) {
    benchmark::DoNotOptimize(sessions.get(id).value()->fields.size());
  });
}
void session_get_field(State& state) {
  session(state, [](SessionStore& sessions, const std::string& id) {
    benchmark::DoNotOptimize(sessions.get(id, "user").value()->size());
  });
}
void session_update(State& state) {
  session(state, [](SessionStore& sessions, const std::string& id) {
    sessions.update(id, {{"page", 7}}).value();
  });
}
BENCHMARK(session_get);
BENCHMARK(session_get_field);
BENCHMARK(session_update);

void session_create_with_system_randomness(State& state) {
  auto store = open_store();
  SessionStore sessions(*store);
  for (auto _ : state) sessions.create({{"user", "ann"}}).value();
}
BENCHMARK(session_create_with_system_randomness)->Iterations(200'000);

template <class Act>
void leaderboard(State& state, Act act) {
  auto store = open_store();
  Leaderboard board(*store, "board",
                    {.ranking = state.range(0) == 0 ? Ranking::kCompetition : Ranking::kDense});
  std::minstd_rand random(1);
  for (const std::string& name : names()) board.set(name, static_cast<double>(random() % 10'000)).value();
  for (auto _ : state) act(board, names()[random() % kNames], random);
}
void leaderboard_add(State& state) {
  leaderboard(state, [](Leaderboard& board, const std::string& name, std::minstd_rand& random) {
    board.add(name, static_cast<double>(random() % 10)).value();
  });
}
void leaderboard_find(State& state) {
  leaderboard(state, [](Leaderboard& board, const std::string& name, std::minstd_rand&) {
    benchmark::DoNotOptimize(board.find(name).value()->rank);
  });
}
void leaderboard_around_5(State& state) {
  leaderboard(state, [](Leaderboard& board, const std::string& name, std::minstd_rand&) {
    benchmark::DoNotOptimize(board.around(name, 5).value().size());
  });
}
BENCHMARK(leaderboard_add)->ArgName("dense")->Arg(0)->Arg(1);
BENCHMARK(leaderboard_find)->ArgName("dense")->Arg(0)->Arg(1);
BENCHMARK(leaderboard_around_5)->ArgName("dense")->Arg(0)->Arg(1);

}  // namespace
}  // namespace inlay::bench

BENCHMARK_MAIN();
