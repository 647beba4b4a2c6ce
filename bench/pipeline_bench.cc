// Pipelines and transactions against the same calls made singly. 1M keys of 17 bytes, more than the caches hold; values of
// 32 bytes, or counters. Keys are formatted just before the call that uses them, and every answer is checked.
//
// Names: <call>/<keys>/<how>. The items are calls, or transactions.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/workload.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

std::unique_ptr<Store> filled(bool counters) {
  auto store = Store::open().value();
  for (uint32_t i = 0; i < kKeys; ++i) {
    const uint32_t id = shuffled(i, kKeys);
    (void)store->set(FreshKey(id).view(), counters ? std::string_view("1000") : Value(id).view());
  }
  return store;
}

Store& strings() {
  static const std::unique_ptr<Store> store = filled(false);
  return *store;
}
Store& counters() {
  static const std::unique_ptr<Store> store = filled(true);
  return *store;
}

void finish(benchmark::State& state, int64_t calls, int64_t right) {
  if (right != calls) {
    std::fprintf(stderr, "wrong results: %lld of %lld calls\n", static_cast<long long>(calls - right),
                 static_cast<long long>(calls));
    std::abort();
  }
  state.SetItemsProcessed(calls);
}

void get_single(benchmark::State& state) {
  Store& store = strings();
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t right = 0;
  for (auto _ : state) {
    const uint32_t id = random.below(kKeys);
    const auto value = store.get(key.format(id));
    right += value.ok() && value->has_value() && Value::belongs_to(id, **value);
  }
  finish(state, state.iterations(), right);
}

void get_pipelined(benchmark::State& state, size_t batch) {
  Pipeline pipeline = strings().pipeline();
  Uniform random(seed_of(state));
  FreshKey key;
  std::vector<uint32_t> ids(batch);
  std::vector<Deferred<std::optional<std::string>>> values(batch);
  int64_t right = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < batch; ++i) {
      ids[i] = random.below(kKeys);
      values[i] = pipeline.get(key.format(ids[i]));
    }
    (void)pipeline.exec();
    for (size_t i = 0; i < batch; ++i) {
      right += values[i].ok() && values[i]->has_value() && Value::belongs_to(ids[i], **values[i]);
      values[i] = {};  // So that the pipeline can use its memory again.
    }
  }
  finish(state, state.iterations() * static_cast<int64_t>(batch), right);
}

void incr_single(benchmark::State& state, uint32_t keys) {
  Store& store = counters();
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t right = 0;
  for (auto _ : state) right += store.incr(key.format(random.below(keys))).value() > 1000;
  finish(state, state.iterations(), right);
}

void incr_pipelined(benchmark::State& state, size_t batch) {
  Pipeline pipeline = counters().pipeline();
  Uniform random(seed_of(state));
  FreshKey key;
  std::vector<Deferred<int64_t>> sums(batch);
  int64_t right = 0;
  for (auto _ : state) {
    for (auto& sum : sums) sum = pipeline.incr(key.format(random.below(kKeys)));
    (void)pipeline.exec();
    for (auto& sum : sums) {
      right += *sum > 1000;
      sum = {};
    }
  }
  finish(state, state.iterations() * static_cast<int64_t>(batch), right);
}

// A transaction that reads a counter and puts the next number.
void watch_multi(benchmark::State& state, uint32_t keys) {
  Store& store = counters();
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t right = 0;
  for (auto _ : state) {
    const std::string_view name = key.format(random.below(keys));
    const absl::Status status = store.watch({name}, [&](Transaction& tx) {
      const auto now = tx.strlen(name);
      return tx.multi([&](Pipeline& p) { p.incr(name, *now >= 4); });
    });
    right += status.ok();
  }
  finish(state, state.iterations(), right);
}

// The same in a closure.
void atomically(benchmark::State& state, uint32_t keys) {
  Store& store = counters();
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t right = 0;
  for (auto _ : state) {
    const std::string_view name = key.format(random.below(keys));
    right += store.atomically({name}, [&](View& v) { return v.incr(name, *v.strlen(name) >= 4).ok(); });
  }
  finish(state, state.iterations(), right);
}

// Runs with the arguments that follow the state.
template <class... Arguments>
auto with(void (*run)(benchmark::State&, Arguments...), Arguments... arguments) {
  return [=](benchmark::State& state) { run(state, arguments...); };
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  add("get/1M/single", get_single);
  for (const size_t batch : {16, 32, 100})
    add("get/1M/pipeline" + std::to_string(batch), with(get_pipelined, batch));
  add("incr/1M/single", with(incr_single, kKeys));
  add("incr/1M/pipeline32", with(incr_pipelined, size_t{32}));
  add("watch_multi/1M/inlay", with(watch_multi, kKeys));
  add("atomically/1M/inlay", with(atomically, kKeys));
  // In the caches, where nothing but the work itself is left.
  add("incr/16/single", with(incr_single, 16u));
  add("watch_multi/16/inlay", with(watch_multi, 16u));
  add("atomically/16/inlay", with(atomically, 16u));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
