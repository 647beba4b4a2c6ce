// Filling an empty store: time per insert, the slowest inserts, and memory. Keys of 17 bytes, values of 32 bytes,
// one thread, keys in order of id.
//
// Names: load/1M/<contestant> has processor time per insert; so has load_latency/10M/<contestant>, which times every
// insert besides; get_latency/1M and set_latency/1M time every call. The last three have counters from p50_ns to slowest_ns.
// memory/1M/<contestant> has counters of bytes per key beyond key and value: process_bytes from the kernel's account of
// the process, account_bytes from the store's own.
#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/contestants.h"
#include "bench/process_memory.h"
#include "bench/workload.h"

namespace inlay::bench {
namespace {

// Processor time of this thread: other programs' turns on its core do not count.
double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
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
    const double start = thread_seconds();
    for (uint32_t id = 0; id < keys; ++id) map->insert(key.format(id), Value(id).view());
    state.SetIterationTime(thread_seconds() - start);
    require_size(*map, keys);
  }
  state.SetItemsProcessed(state.iterations() * keys);
}

// Nanoseconds that this thread has waited for a core, by the kernel's account.
uint64_t waited_ns() {
  FILE* file = std::fopen("/proc/thread-self/schedstat", "r");
  unsigned long long ran = 0;
  unsigned long long waited = 0;
  if (file == nullptr || std::fscanf(file, "%llu %llu", &ran, &waited) != 2) {
    std::perror("/proc/thread-self/schedstat");
    std::exit(1);
  }
  std::fclose(file);
  return waited;
}

// What a cycle of the time stamp counter lasts.
double calibrate() {
  using SteadyClock = std::chrono::steady_clock;
  const auto start = SteadyClock::now();
  const uint64_t first = __rdtsc();
  while (SteadyClock::now() - start < std::chrono::milliseconds(20)) {
  }
  const std::chrono::duration<double, std::nano> passed = SteadyClock::now() - start;
  return passed.count() / static_cast<double>(__rdtsc() - first);
}

// Times each of `calls` calls of call(i) by the processor's clock. Where the thread had to wait for a core, the wait is
// subtracted. Counters: p50_ns, p90_ns, p99_ns, p999_ns, p9999_ns, slowest_ns.
template <class Call>
void time_each(benchmark::State& state, uint32_t calls, Call&& call) {
  constexpr uint64_t kSuspicious = 50'000;  // Cycles; being put aside takes longer.
  std::vector<float> ns(calls, 1);          // Touched here, so that writing to it later does not fault.
  const double ns_per_cycle = calibrate();
  uint64_t waited = waited_ns();
  const double start = thread_seconds();
  for (uint32_t i = 0; i < calls; ++i) {
    const uint64_t cycles = call(i);
    ns[i] = static_cast<float>(static_cast<double>(cycles) * ns_per_cycle);
    if (cycles < kSuspicious) [[likely]]
      continue;
    const uint64_t now = waited_ns();
    ns[i] = std::max(0.0f, ns[i] - static_cast<float>(now - waited));
    waited = now;
  }
  state.SetIterationTime(thread_seconds() - start);
  auto from = ns.begin();
  for (const auto& [name, share] :
       {std::pair("p50_ns", 0.5), std::pair("p90_ns", 0.9), std::pair("p99_ns", 0.99),
        std::pair("p999_ns", 0.999), std::pair("p9999_ns", 0.9999)}) {
    const auto place = ns.begin() + static_cast<std::ptrdiff_t>(calls * share);
    std::nth_element(from, place, ns.end());
    state.counters[name] = *place;
    from = place;
  }
  state.counters["slowest_ns"] = *std::max_element(from, ns.end());
}

template <class Call>
uint64_t cycles_of(Call&& call) {
  const uint64_t before = __rdtsc();
  call();
  return __rdtsc() - before;
}

template <class Map>
void load_latency(benchmark::State& state) {
  const auto keys = static_cast<uint32_t>(state.range(0));
  for (auto _ : state) {
    auto map = std::make_unique<Map>();
    FreshKey key;
    time_each(state, keys, [&](uint32_t id) {
      const Value value(id);
      key.format(id);
      return cycles_of([&] { map->insert(key.view(), value.view()); });
    });
    require_size(*map, keys);
  }
  state.SetItemsProcessed(state.iterations() * keys);
}

// Gets and sets of keys that are there, drawn uniformly from a million.
template <class Map>
void call_latency(benchmark::State& state, bool sets) {
  constexpr uint32_t kCalls = 1'000'000;
  static const auto map = std::make_unique<Map>();
  if (map->size() == 0) {
    for (uint32_t i = 0; i < kKeys; ++i)
      map->insert(FreshKey(shuffled(i, kKeys)).view(), Value(shuffled(i, kKeys)).view());
  }
  for (auto _ : state) {
    Uniform random(1);
    FreshKey key;
    bool right = true;
    time_each(state, kCalls, [&](uint32_t) {
      const uint32_t id = random.below(kKeys);
      const Value value(id);
      key.format(id);
      if (sets) return cycles_of([&] { map->set(key.view(), value.view()); });
      return cycles_of([&] { right = right && bytes_of(map->get(key.view())).has_value(); });
    });
    if (!right) std::abort();
  }
}
template <class Map>
void get_latency(benchmark::State& state) {
  call_latency<Map>(state, false);
}
template <class Map>
void set_latency(benchmark::State& state) {
  call_latency<Map>(state, true);
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

// Ten million keys take TBB's map half a minute a time, so it is loaded with one million alone.
template <class Map>
void register_contestant(bool loads_10m) {
  const std::string contestant = std::string("/") + Map::kName;
  const auto add = [&](std::string name, void (*run)(benchmark::State&)) {
    return benchmark::RegisterBenchmark((name + contestant).c_str(), run)->Iterations(1)->UseManualTime();
  };
  add("memory/1M", memory<Map>);
  add("load/1M", load<Map>)->Arg(1'000'000);
  add("get_latency/1M", get_latency<Map>);
  add("set_latency/1M", set_latency<Map>);
  if (loads_10m) add("load_latency/10M", load_latency<Map>)->Arg(10'000'000)->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  register_contestant<SpinMap>(true);
  register_contestant<TbbMap>(false);
  register_contestant<InlayMap>(true);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
