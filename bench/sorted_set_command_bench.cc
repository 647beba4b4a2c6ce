// Sorted set commands and memory per member, against a live redis-server with the same data: one sorted set of 1M members
// of 12 bytes, scores shuffled.
//
// Names: <call>/1M/redis is the server's own time per call (INFO commandstats: without network and parsing),
// <call>/1M/inlay the typed call in this process, member formatting included. memory_zset/1M/<contestant> has counters of
// bytes per member: account_bytes is used_memory or the store's own account, process_bytes the kernel's account of a
// process that holds nothing else.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "bench/process_memory.h"
#include "bench/redis_peer.h"
#include "bench/workload.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

constexpr size_t kCalls = 100'000;  // Of the server, per repetition.

// "m:0000000042": 12 bytes.
class Member {
 public:
  std::string_view format(uint32_t id) {
    for (size_t i = text_.size(); i > 2; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return {text_.data(), text_.size()};
  }

 private:
  std::array<char, 12> text_ = {'m', ':'};
};

void require(bool holds) {
  if (!holds) {
    std::fputs("sorted_set_command_bench: a wrong answer\n", stderr);
    std::exit(1);
  }
}

uint32_t score_of(uint32_t id) { return shuffled(id, kKeys); }

void fill(RedisPeer& redis) {
  Member member;
  std::string score;
  redis.pipeline(kKeys, [&](size_t i) -> RedisPeer::Argv {
    score = std::to_string(score_of(static_cast<uint32_t>(i)));
    return {"ZADD", "zset", score, member.format(static_cast<uint32_t>(i))};
  });
}

void fill(Store& store) {
  Member member;
  for (uint32_t id = 0; id < kKeys; ++id) require(store.zadd("zset", score_of(id), member.format(id)).ok());
}

void memory_redis(benchmark::State& state) {
  for (auto _ : state) {
    RedisPeer redis;
    const double before = redis.used_memory();
    fill(redis);
    state.counters["account_bytes"] = (redis.used_memory() - before) / kKeys;
    state.SetIterationTime(1);
  }
}

void memory_inlay(benchmark::State& state) {
  const auto measure = []() -> Figures {
    const int64_t before = resident_bytes();
    const auto store = Store::open().value();
    const uint64_t account_before = store->stats().bytes;
    fill(*store);
    return {{"account_bytes", static_cast<double>(store->stats().bytes - account_before) / kKeys},
            {"process_bytes", static_cast<double>(resident_bytes() - before) / kKeys}};
  };
  for (auto _ : state) {
    for (const auto& [name, bytes] : in_child(measure)) state.counters[name] = bytes;
    state.SetIterationTime(1);
  }
}

RedisPeer& server() {
  static const std::unique_ptr<RedisPeer> redis = [] {
    auto fresh = std::make_unique<RedisPeer>();
    fill(*fresh);
    return fresh;
  }();
  return *redis;
}

Store& filled_store() {
  static const std::unique_ptr<Store> store = [] {
    auto fresh = Store::open().value();
    fill(*fresh);
    return fresh;
  }();
  return *store;
}

// Another seed at every repetition: drawn anew, the same numbers would give members the scores that they have.
uint64_t next_seed() {
  static uint64_t seed = 0;
  return ++seed;
}

enum class Call { kAdd, kRescore, kScore, kRank, kRange };

void call_redis(benchmark::State& state, Call call) {
  RedisPeer& redis = server();
  Uniform random(next_seed());
  Member member;
  std::string number, last;
  const char* const name = call == Call::kScore   ? "zscore"
                           : call == Call::kRank  ? "zrank"
                           : call == Call::kRange ? "zrange"
                                                  : "zadd";
  const size_t calls = call == Call::kRange ? kCalls / 10 : kCalls;
  for (auto _ : state) {
    const double usec = redis.usec_per_call(name, [&] {
      redis.pipeline(calls, [&](size_t i) -> RedisPeer::Argv {
        const uint32_t drawn = random.below(kKeys - 100);
        number = std::to_string(drawn);
        last = std::to_string(drawn + 99);
        if (call == Call::kAdd)
          return {name, "zset", number, member.format(kKeys + static_cast<uint32_t>(i))};
        if (call == Call::kRange) return {name, "zset", number, last};
        const std::string_view present = member.format(random.below(kKeys));
        return call == Call::kRescore ? RedisPeer::Argv{name, "zset", number, present}
                                      : RedisPeer::Argv{name, "zset", present};
      });
    });
    if (call == Call::kAdd) {
      redis.pipeline(calls, [&](size_t i) -> RedisPeer::Argv {
        return {"ZREM", "zset", member.format(kKeys + static_cast<uint32_t>(i))};
      });
    }
    state.SetIterationTime(usec * 1e-6 * static_cast<double>(calls));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(calls));
}

void add_inlay(benchmark::State& state) {
  Store& store = filled_store();
  Member member;
  Uniform random(next_seed());
  constexpr uint32_t kBatch = 100'000;
  for (auto _ : state) {
    for (uint32_t i = 0; i < kBatch; ++i)
      require(*store.zadd("zset", random.below(kKeys), member.format(kKeys + i)));
    state.PauseTiming();
    for (uint32_t i = 0; i < kBatch; ++i) require(*store.zrem("zset", {member.format(kKeys + i)}) == 1);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kBatch});
}

// Times call(store, member, number), which returns whether its answer was right.
template <class One>
void one_inlay(benchmark::State& state, One call) {
  Store& store = filled_store();
  Uniform random(next_seed());
  Member member;
  for (auto _ : state)
    require(call(store, member.format(random.below(kKeys)), int64_t{random.below(kKeys - 100)}));
  state.SetItemsProcessed(state.iterations());
}

void rescore_inlay(benchmark::State& state) {
  one_inlay(state, [](Store& store, std::string_view member, int64_t number) {
    return !*store.zadd("zset", static_cast<double>(number), member);
  });
}

void score_inlay(benchmark::State& state) {
  one_inlay(state, [](Store& store, std::string_view member, int64_t) {
    return store.zscore("zset", member)->has_value();
  });
}

void rank_inlay(benchmark::State& state) {
  one_inlay(state, [](Store& store, std::string_view member, int64_t) {
    return store.zrank("zset", member)->has_value();
  });
}

void range_inlay(benchmark::State& state) {
  one_inlay(state, [](Store& store, std::string_view, int64_t number) {
    return store.zrange("zset", RankRange{number, number + 99})->size() == 100;
  });
}

void register_all() {
  const auto add_once = [](const std::string& name, auto run) {
    benchmark::RegisterBenchmark(name.c_str(), run)->Iterations(1)->UseManualTime();
  };
  add_once("memory_zset/1M/redis", memory_redis);
  add_once("memory_zset/1M/inlay", memory_inlay);
  const auto add = [&](const std::string& name, Call call, void (*inlay)(benchmark::State&)) {
    add_once(name + "/1M/redis", [call](benchmark::State& state) { call_redis(state, call); });
    benchmark::RegisterBenchmark((name + "/1M/inlay").c_str(), inlay);
  };
  add("zadd_new", Call::kAdd, add_inlay);
  add("zscore", Call::kScore, score_inlay);
  add("zrank", Call::kRank, rank_inlay);
  add("zrange100_middle", Call::kRange, range_inlay);
  add("zadd_update", Call::kRescore, rescore_inlay);  // Last: it gives members other scores.
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  inlay::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
