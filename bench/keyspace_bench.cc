// The keyspace: Inlay against sharded hash maps in the same process. 1M keys of 17 bytes, values of 32 bytes.
//
// Names: <call>/<keys>/<contestant>. All contestants live side by side, so that repetitions can be interleaved
// (--benchmark_enable_random_interleaving=true). Every call's answer is checked; a wrong one ends the run.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/contestants.h"
#include "bench/workload.h"

namespace inlay::bench {
namespace {

// A map with the values of ids 0 to kKeys - 1, put in random order as a living store gets them.
template <class Map>
Map& strings() {
  static const std::unique_ptr<Map> map = [] {
    auto fresh = std::make_unique<Map>();
    for (uint32_t i = 0; i < kKeys; ++i) {
      const uint32_t id = shuffled(i, kKeys);
      fresh->insert(FreshKey(id).view(), Value(id).view());
    }
    return fresh;
  }();
  return *map;
}

// A map with the number 1000 under the same keys.
template <class Map>
Map& counters() {
  static const std::unique_ptr<Map> map = [] {
    auto fresh = std::make_unique<Map>();
    for (uint32_t i = 0; i < kKeys; ++i) fresh->insert(FreshKey(shuffled(i, kKeys)).view(), "1000");
    return fresh;
  }();
  return *map;
}

// How often a counter has been incremented.
template <class Map>
std::atomic<uint64_t> increments{0};

const std::vector<FreshKey>& present_keys() {
  static const std::vector<FreshKey> keys = prebuilt_keys(0);
  return keys;
}
const std::vector<FreshKey>& absent_keys() {
  static const std::vector<FreshKey> keys = prebuilt_keys(kKeys);
  return keys;
}
const std::vector<uint32_t>& zipf() {
  static const std::vector<uint32_t> ids = zipf_ids(kKeys, 0.99);
  return ids;
}

// Where this thread starts in an array of kKeys elements.
size_t start_of(const benchmark::State& state) {
  return kKeys / static_cast<size_t>(state.threads()) * static_cast<size_t>(state.thread_index());
}

// Whether get() returned the value of this id.
template <class Got>
bool is_value_of(uint32_t id, const Got& got) {
  const auto bytes = bytes_of(got);
  return bytes.has_value() && Value::belongs_to(id, *bytes);
}

void finish(benchmark::State& state, int64_t calls, int64_t right) {
  if (right != calls) {
    std::fprintf(stderr, "wrong results: %lld of %lld calls\n", static_cast<long long>(calls - right),
                 static_cast<long long>(calls));
    std::abort();
  }
  state.SetItemsProcessed(calls);
}

template <class Map>
void get_fresh(benchmark::State& state) {
  Map& map = strings<Map>();
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t hits = 0;
  for (auto _ : state) {
    const uint32_t id = random.below(kKeys);
    const auto value = map.get(key.format(id));
    benchmark::DoNotOptimize(value);
    hits += is_value_of(id, value);
  }
  finish(state, state.iterations(), hits);
}

template <class Map>
void zipf_get_fresh(benchmark::State& state) {
  Map& map = strings<Map>();
  const std::vector<uint32_t>& ids = zipf();
  size_t next = start_of(state);
  FreshKey key;
  int64_t hits = 0;
  for (auto _ : state) {
    const uint32_t id = ids[next];
    if (++next == ids.size()) next = 0;
    const auto value = map.get(key.format(id));
    benchmark::DoNotOptimize(value);
    hits += is_value_of(id, value);
  }
  finish(state, state.iterations(), hits);
}

template <class Map>
void visit_prebuilt(benchmark::State& state) {
  Map& map = strings<Map>();
  const std::vector<FreshKey>& keys = present_keys();
  size_t next = start_of(state);
  int64_t right = 0;
  for (auto _ : state) {
    map.visit(keys[next].view(),
              [&](std::string_view value) { right += value.size() == kValueBytes && value.back() == 'v'; });
    if (++next == keys.size()) next = 0;
  }
  finish(state, state.iterations(), right);
}

template <class Map>
void get_miss_prebuilt(benchmark::State& state) {
  Map& map = strings<Map>();
  const std::vector<FreshKey>& keys = absent_keys();
  size_t next = start_of(state);
  int64_t misses = 0;
  for (auto _ : state) {
    const auto value = map.get(keys[next].view());
    if (++next == keys.size()) next = 0;
    benchmark::DoNotOptimize(value);
    misses += !bytes_of(value).has_value();
  }
  finish(state, state.iterations(), misses);
}

template <class Map>
void get_set_fresh(benchmark::State& state) {
  Map& map = strings<Map>();
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t right = 0;
  for (auto _ : state) {
    const uint32_t id = random.below(kKeys);
    key.format(id);
    if ((random.next() >> 40) % 2 == 0) {
      const auto value = map.get(key.view());
      benchmark::DoNotOptimize(value);
      right += is_value_of(id, value);
    } else {
      map.set(key.view(), Value(id).view());
      ++right;
    }
  }
  finish(state, state.iterations(), right);
}

template <class Map>
void incr_fresh(benchmark::State& state) {
  Map& map = counters<Map>();
  Uniform random(seed_of(state));
  FreshKey key;
  int64_t right = 0;
  for (auto _ : state) {
    const int64_t sum = map.incr(key.format(random.below(kKeys)));
    benchmark::DoNotOptimize(sum);
    right += sum > 1000;
  }
  increments<Map> += static_cast<uint64_t>(state.iterations());
  finish(state, state.iterations(), right);
}

// Sixteen keys formatted, then one call. The items are keys.
void mget16_fresh(benchmark::State& state) {
  constexpr size_t kBatch = 16;
  Store& store = strings<InlayMap>().store();
  Uniform random(seed_of(state));
  std::array<FreshKey, kBatch> keys;
  std::array<std::string_view, kBatch> views;
  int64_t hits = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kBatch; ++i) views[i] = keys[i].format(random.below(kKeys));
    const auto values = store.mget(views);
    benchmark::DoNotOptimize(values);
    for (const auto& value : *values) hits += value.has_value();
  }
  finish(state, state.iterations() * static_cast<int64_t>(kBatch), hits);
}

// Not one increment may have been lost or made up.
template <class Map>
void check_counters() {
  if (increments<Map> == 0) return;
  uint64_t sum = 0;
  FreshKey key;
  for (uint32_t id = 0; id < kKeys; ++id)
    sum += static_cast<uint64_t>(counters<Map>().incr(key.format(id))) - 1001;
  if (sum == increments<Map>) return;
  std::fprintf(stderr, "%s lost increments\n", Map::kName);
  std::abort();
}

template <class Map>
void add_contestant() {
  const auto name = [](const char* call) { return std::string(call) + "/" + Map::kName; };
  add(name("get/fresh"), get_fresh<Map>);
  add(name("visit/prebuilt"), visit_prebuilt<Map>);
  add(name("get_miss/prebuilt"), get_miss_prebuilt<Map>);
  add(name("get_set/fresh"), get_set_fresh<Map>);
  add(name("incr/fresh"), incr_fresh<Map>);
  add(name("get_zipf099/fresh"), zipf_get_fresh<Map>);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  add_contestant<SpinMap>();
  add_contestant<TbbMap>();
  add_contestant<InlayMap>();
  add("mget16/fresh/inlay", mget16_fresh);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  check_counters<SpinMap>();
  check_counters<TbbMap>();
  check_counters<InlayMap>();
  return 0;
}
