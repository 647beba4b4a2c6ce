// What limits cost: hits, writes that evict, and the pause that a large value makes.
//
// get_hit/1M/<limit>: get of a key that is there, drawn uniformly from 1M keys of 17 bytes with 32-byte values, keys made
// beforehand: in a store without limits, and in one whose limit of entries is just as many.
//
// evicting_set/1M/<what happens>: set of fresh 17-byte keys with 32-byte values, formatted just before the call. grows: an empty store
// without limits. evicts: a full cache of 1M entries, one eviction for each set. replaces: sets of keys that are
// there, in a store without limits: as many writes with no insertion and no eviction.
//
// large_value/64MiB/<limit>: a full cache of 64 MiB of 64-byte values, one shard, no background thread. A 1 MiB value comes, then a
// thousand small ones, then maintain(). Counters are microseconds: the slowest call of each kind.
//
// eviction_bytes/1M/<policy>: bytes per entry that eviction keeps in a full cache.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "inlay/store.h"

namespace inlay::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr size_t kKeys = 1'000'000;

void require(bool holds) {
  if (!holds) {
    std::fputs("limits_bench: a wrong answer\n", stderr);
    std::exit(1);
  }
}

std::string key_of(size_t number) {
  char key[32];
  return {key, static_cast<size_t>(std::snprintf(key, sizeof key, "user:%012zu", number))};
}

std::unique_ptr<Store> store_with(Options options) {
  options.seed = 1;
  options.background = Background::kManual;
  return Store::open(std::move(options)).value();
}

// A generator that is cheap beside what is measured.
class Draw {
 public:
  size_t below(size_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((state_ >> 32) * bound >> 32);
  }

 private:
  uint64_t state_ = 42;
};

void fill(Store& store, size_t keys) {
  const std::string value(32, 'v');
  for (size_t i = 0; i < keys; ++i) require(store.set(key_of(i), value).ok());
}

void get_hit(benchmark::State& state, uint64_t max_entries) {
  const auto store = store_with({.max_entries = max_entries});
  fill(*store, kKeys);
  std::vector<std::string> keys;
  for (size_t i = 0; i < kKeys; ++i) keys.push_back(key_of(i));
  Draw draw;
  size_t found = 0;
  size_t asked = 0;
  for (auto _ : state) {
    found += store->get(keys[draw.below(kKeys)]).value().has_value();
    ++asked;
  }
  require(found == asked);
  state.SetItemsProcessed(state.iterations());
}

void set_grows(benchmark::State& state) {
  const std::string value(32, 'v');
  auto store = store_with({});
  size_t next = 0;
  for (auto _ : state) {
    if (next == kKeys) {
      state.PauseTiming();
      store = store_with({});
      next = 0;
      state.ResumeTiming();
    }
    require(store->set(key_of(next++), value).ok());
  }
  state.SetItemsProcessed(state.iterations());
}

void set_replaces(benchmark::State& state) {
  const std::string value(32, 'v');
  const auto store = store_with({});
  fill(*store, kKeys);
  Draw draw;
  for (auto _ : state) require(store->set(key_of(draw.below(kKeys)), value).ok());
  state.SetItemsProcessed(state.iterations());
}

void set_evicts(benchmark::State& state, const std::string& policy) {
  const std::string value(32, 'v');
  const auto store = store_with({.max_entries = kKeys, .eviction = policy});
  fill(*store, kKeys + kKeys / 4);
  size_t next = 2 * kKeys;
  const uint64_t before = store->stats().evicted;
  for (auto _ : state) require(store->set(key_of(next++), value).ok());
  require(store->stats().evicted - before == next - 2 * kKeys);
  state.SetItemsProcessed(state.iterations());
}

double microseconds(SteadyClock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

template <class Call>
double time_of(Call&& call) {
  const auto start = SteadyClock::now();
  call();
  return microseconds(SteadyClock::now() - start);
}

void large_value(benchmark::State& state) {
  constexpr uint64_t kLimit = 64 << 20;
  constexpr size_t kSmallCalls = 1000;
  const std::string small(64, 's');
  const std::string large(1 << 20, 'L');
  std::vector<double> large_us, small_us, maintain_us;
  for (auto _ : state) {
    const auto store = store_with({.shards = 1, .max_memory = kLimit});
    size_t next = 0;
    while (store->stats().evicted < 1000) require(store->set(key_of(next++), small).ok());
    large_us.push_back(time_of([&] { require(store->set("large", large).ok()); }));
    double slowest = 0;
    for (size_t i = 0; i < kSmallCalls; ++i) {
      const std::string key = key_of(next++);
      slowest = std::max(slowest, time_of([&] { require(store->set(key, small).ok()); }));
    }
    small_us.push_back(slowest);
    require(store->stats().bytes <= kLimit + (1 << 20));
    store->maintain();
    require(store->stats().bytes <= kLimit);
    require(store->strlen("large").value() == 1 << 20);
  }
  const auto median = [](std::vector<double>& times) {
    std::ranges::sort(times);
    return times[times.size() / 2];
  };
  state.counters["large_us"] = median(large_us);
  state.counters["small_us"] = median(small_us);
  state.counters["pause_us"] = std::max(median(large_us), median(small_us));
}

// The same value where nothing must go.
void large_value_unbounded(benchmark::State& state) {
  const std::string large(1 << 20, 'L');
  std::vector<double> times;
  for (auto _ : state) {
    const auto store = store_with({.shards = 1});
    fill(*store, 100'000);
    times.push_back(time_of([&] { require(store->set("large", large).ok()); }));
  }
  std::ranges::sort(times);
  state.counters["large_us"] = times[times.size() / 2];
}

void metadata(benchmark::State& state) {
  for (auto _ : state) {
    const auto store = store_with({.max_entries = kKeys});
    fill(*store, 2 * kKeys);
    require(store->stats().keys == kKeys);
    state.counters["bytes_per_entry"] =
        static_cast<double>(store->memory_use().eviction) / static_cast<double>(kKeys);
  }
}

BENCHMARK_CAPTURE(get_hit, no_limit, 0)->Name("get_hit/1M/no_limit");
BENCHMARK_CAPTURE(get_hit, bounded, kKeys)->Name("get_hit/1M/bounded");
BENCHMARK(set_grows)->Name("evicting_set/1M/grows");
BENCHMARK(set_replaces)->Name("evicting_set/1M/replaces");
BENCHMARK_CAPTURE(set_evicts, a3, "allkeys-a3")->Name("evicting_set/1M/evicts_a3");
BENCHMARK_CAPTURE(set_evicts, lru, "allkeys-lru")->Name("evicting_set/1M/evicts_lru");
BENCHMARK_CAPTURE(set_evicts, lfu, "allkeys-lfu")->Name("evicting_set/1M/evicts_lfu");
BENCHMARK_CAPTURE(set_evicts, random, "allkeys-random")->Name("evicting_set/1M/evicts_random");
BENCHMARK(large_value)->Name("large_value/64MiB/bounded")->Iterations(5)->UseRealTime();
BENCHMARK(large_value_unbounded)->Name("large_value/64MiB/no_limit")->Iterations(5)->UseRealTime();
BENCHMARK(metadata)->Name("eviction_bytes/1M/a3")->Iterations(1);

}  // namespace
}  // namespace inlay::bench

BENCHMARK_MAIN();
