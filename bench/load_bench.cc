// Filling an empty store: time per insert, the slowest inserts, and memory. Keys of 17 bytes, values of 32 bytes,
// one thread, keys in order of id.
//
// Names: load/<keys>/<contestant> has ns per insert; load_latency/10M/<contestant> times every insert, with counters
// slowest_ns, p9999_ns and preempted; memory/1M/<contestant> has counters of bytes per key beyond key and value:
// process_bytes from the kernel's account of the process, account_bytes from the store's own.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/contestants.h"
#include "bench/process_memory.h"
#include "bench/workload.h"

namespace inlay::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

template <class Map>
void require_size(const Map& map, size_t keys) {
  if (map.size() == keys) return;
  std::fprintf(stderr, "%s holds %zu keys of %zu\n", Map::kName, map.size(), keys);
  std::abort();
}

template <class Map>
void load(benchmark::State& state) {
  const auto keys = static_cast<uint32_t>(state.range(0));
  for (auto _ : state) {
    auto map = std::make_unique<Map>();
    FreshKey key;
    const auto start = SteadyClock::now();
    for (uint32_t id = 0; id < keys; ++id) map->insert(key.format(id), Value(id).view());
    state.SetIterationTime(seconds_since(start));
    require_size(*map, keys);
  }
  state.SetItemsProcessed(state.iterations() * keys);
}

int64_t preemptions() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

struct Latencies {
  double slowest_ns = 0;
  double p9999_ns = 0;
  double preempted = 0;
};

// Times every insert by the processor's clock. An insert during which the kernel ran somebody else is left out.
template <class Map>
Latencies insert_latencies(Map& map, uint32_t keys) {
  constexpr uint32_t kSuspicious = 50'000;  // Cycles; a switch of threads takes longer.
  std::vector<uint32_t> cycles(keys, 1);    // Touched here, so that writing to it later does not fault.
  Latencies latencies;
  FreshKey key;
  int64_t preempted = preemptions();
  const auto start = SteadyClock::now();
  const uint64_t first_cycle = __rdtsc();
  for (uint32_t id = 0; id < keys; ++id) {
    const Value value(id);
    key.format(id);
    const uint64_t before = __rdtsc();
    map.insert(key.view(), value.view());
    const uint64_t took = __rdtsc() - before;
    cycles[id] = static_cast<uint32_t>(std::min<uint64_t>(took, UINT32_MAX));
    if (took < kSuspicious) [[likely]] continue;
    const int64_t now = preemptions();
    if (now == preempted) continue;
    preempted = now;
    cycles[id] = 0;
    ++latencies.preempted;
  }
  const double ns_per_cycle = seconds_since(start) * 1e9 / static_cast<double>(__rdtsc() - first_cycle);
  const auto p9999 = cycles.begin() + static_cast<std::ptrdiff_t>(keys / 10'000 * 9'999);
  std::nth_element(cycles.begin(), p9999, cycles.end());
  latencies.p9999_ns = *p9999 * ns_per_cycle;
  latencies.slowest_ns = *std::max_element(p9999, cycles.end()) * ns_per_cycle;
  return latencies;
}

template <class Map>
void load_latency(benchmark::State& state) {
  const auto keys = static_cast<uint32_t>(state.range(0));
  for (auto _ : state) {
    auto map = std::make_unique<Map>();
    const auto start = SteadyClock::now();
    const Latencies latencies = insert_latencies(*map, keys);
    state.SetIterationTime(seconds_since(start));
    require_size(*map, keys);
    state.counters["slowest_ns"] = latencies.slowest_ns;
    state.counters["p9999_ns"] = latencies.p9999_ns;
    state.counters["preempted"] = latencies.preempted;
  }
}

// The store's own account, where a contestant keeps one.
double account_of(InlayMap& map) { return static_cast<double>(map.store().stats().bytes); }
double account_of(SpinMap&) { return 0; }
double account_of(TbbMap&) { return 0; }

template <class Map>
Figures measure_memory() {
  const int64_t before = resident_bytes();
  auto* map = new Map();  // The child exits with it.
  const double account_before = account_of(*map);
  FreshKey key;
  for (uint32_t id = 0; id < kKeys; ++id) map->insert(key.format(id), Value(id).view());
  const double data = kKeyBytes + kValueBytes;
  return {{"process_bytes", static_cast<double>(resident_bytes() - before) / kKeys - data},
          {"account_bytes", (account_of(*map) - account_before) / kKeys - data}};
}

template <class Map>
void memory(benchmark::State& state) {
  for (auto _ : state) {
    for (const auto& [name, bytes] : in_child(measure_memory<Map>)) {
      if (bytes > 0) state.counters[name] = bytes;
    }
    state.SetIterationTime(1);
  }
}

template <class Map>
void register_contestant() {
  const std::string contestant = std::string("/") + Map::kName;
  const auto add = [&](std::string name, void (*run)(benchmark::State&)) {
    return benchmark::RegisterBenchmark((name + contestant).c_str(), run)->Iterations(1)->UseManualTime();
  };
  add("memory/1M", memory<Map>);
  add("load/1M", load<Map>)->Arg(1'000'000);
  add("load/10M", load<Map>)->Arg(10'000'000)->Unit(benchmark::kMillisecond);
  add("load_latency/10M", load_latency<Map>)->Arg(10'000'000)->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  register_contestant<SpinMap>();
  register_contestant<TbbMap>();
  register_contestant<InlayMap>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
