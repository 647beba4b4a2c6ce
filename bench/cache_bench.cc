// What Cache<V> costs over the store under it.
//
// hit/<keys>/<how>: a hit among so many keys of 17 bytes, values of 32 bytes, all with a time to live, keys formatted just
// before the call; every answer is checked. raw is Store::get on the same keys and values; get and get_or_load are the
// cache's; reload_ahead is get_or_load with a policy that must read the clock.
//
// stampede/1000/<how>: a thousand threads ask for one missing key whose load takes 20 ms. Counters: loads.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/workload.h"
#include "inlay/patterns/cache.h"

namespace inlay::bench {
namespace {

using namespace std::chrono_literals;

// The rest of the key is the digits, so that the cache's full keys are those of the raw store.
constexpr std::string_view kPrefix = "user:";
constexpr size_t kPrefixBytes = kPrefix.size();

class Dropping final : public CallbackExecutor {
 public:
  void post(absl::AnyInvocable<void()>) override {}
};

void require(bool holds) {
  if (!holds) {
    std::fputs("cache_bench: a wrong answer\n", stderr);
    std::exit(1);
  }
}

Nullable<std::string> must_not_load() { return absl::InternalError("a hit has loaded"); }

struct World {
  explicit World(uint32_t keys) {
    for (uint32_t i = 0; i < keys; ++i) {
      const uint32_t id = shuffled(i, keys);
      const FreshKey key(id);
      require(raw->set(key.view(), Value(id).view(), 1h).ok());
      const std::string value(Value(id).view());
      require(cache.put(key.view().substr(kPrefixBytes), value).ok());
      require(ahead.put(key.view().substr(kPrefixBytes), value).ok());
    }
  }

  Dropping executor;
  std::unique_ptr<Store> raw = Store::open().value(), under_cache = Store::open().value(),
                         under_ahead = Store::open().value();
  Cache<std::string> cache{*under_cache, std::string(kPrefix)};
  Cache<std::string> ahead{*under_ahead, std::string(kPrefix), {.refresh_ahead = 1s, .executor = &executor}};
};

World& world(uint32_t keys) {
  static World small(16), large(kKeys);
  return keys == kKeys ? large : small;
}

template <class Get>
void hit(benchmark::State& state, uint32_t keys, Get get) {
  World& all = world(keys);
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t right = 0;
  for (auto _ : state) {
    const uint32_t id = random.below(keys);
    const Nullable<std::string> value = get(all, key.format(id));
    right += value.ok() && value->has_value() && Value::belongs_to(id, **value);
  }
  require(right == state.iterations());
  state.SetItemsProcessed(right);
}

void stampede(benchmark::State& state) {
  constexpr int kThreads = 1000;
  uint64_t loads = 0;
  for (auto _ : state) {
    const auto store = Store::open().value();
    Cache<std::string> cache(*store, "c:");
    std::atomic<int> right = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        const auto value = cache.get_or_load("key", [] {
          std::this_thread::sleep_for(20ms);
          return std::string("value");
        });
        right += value.ok() && *value == "value";
      });
    }
    threads.clear();
    require(right == kThreads);
    loads = std::max(loads, cache.stats().loads);
  }
  state.counters["loads"] = static_cast<double>(loads);
}

template <class Get>
void add_hits(const std::string& name, Get get) {
  for (const uint32_t keys : {kKeys, 16u}) {
    add("hit/" + std::string(keys == kKeys ? "1M/" : "16/") + name,
        [=](benchmark::State& state) { hit(state, keys, get); });
  }
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  add_hits("raw", [](World& all, std::string_view key) { return all.raw->get(key); });
  add_hits("get", [](World& all, std::string_view key) { return all.cache.get(key.substr(kPrefixBytes)); });
  add_hits("get_or_load", [](World& all, std::string_view key) {
    return all.cache.get_or_load(key.substr(kPrefixBytes), must_not_load);
  });
  add_hits("reload_ahead", [](World& all, std::string_view key) {
    return all.ahead.get_or_load(key.substr(kPrefixBytes), must_not_load);
  });
  benchmark::RegisterBenchmark("stampede/1000/cache", stampede)->Iterations(3)->UseRealTime();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
