// Single commands and memory per key, against a live redis-server with the same data. 1M keys of 17 bytes.
//
// Names: <command>/1M/redis is the server's own time per call (INFO commandstats: without network and parsing, whole
// microseconds summed), <command>/1M/inlay the typed call in this process, key formatting included, and
// <command>_prebuilt/1M/inlay the same call with keys that stand ready, as they do in the server's time.
// memory_<kind>/1M/<contestant> has counters of bytes per key, key and value included: account_bytes is used_memory
// or the store's own account, process_bytes the kernel's account of a process that holds nothing else.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/process_memory.h"
#include "bench/redis_peer.h"
#include "bench/workload.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

using namespace std::chrono_literals;

constexpr size_t kCalls = 300'000;  // Of the server, per repetition.

enum class Kind { kString, kStringWithTtl, kInteger };

constexpr Kind kKinds[] = {Kind::kString, Kind::kStringWithTtl, Kind::kInteger};

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kString: return "string";
    case Kind::kStringWithTtl: return "string_with_ttl";
    case Kind::kInteger: break;
  }
  return "integer";
}

// Deadlines spread over an hour, an hour from now.
std::chrono::seconds ttl_of(uint32_t id) { return 1h + std::chrono::seconds(id % 3600); }

void fill(RedisPeer& redis, Kind kind) {
  FreshKey key;
  Value value(0);
  std::string text;
  std::string ttl;
  redis.pipeline(kKeys, [&](size_t i) -> RedisPeer::Argv {
    const uint32_t id = shuffled(static_cast<uint32_t>(i), kKeys);
    value = Value(id);
    text = std::to_string(id + 1'000'000'000);
    ttl = std::to_string(ttl_of(id).count());
    switch (kind) {
      case Kind::kString: return {"SET", key.format(id), value.view()};
      case Kind::kStringWithTtl: return {"SET", key.format(id), value.view(), "EX", ttl};
      case Kind::kInteger: break;
    }
    return {"SET", key.format(id), text};
  });
}

void fill(Store& store, Kind kind) {
  FreshKey key;
  for (uint32_t i = 0; i < kKeys; ++i) {
    const uint32_t id = shuffled(i, kKeys);
    key.format(id);
    switch (kind) {
      case Kind::kString: (void)store.set(key.view(), Value(id).view()); break;
      case Kind::kStringWithTtl: (void)store.set(key.view(), Value(id).view(), ttl_of(id)); break;
      case Kind::kInteger: (void)store.set(key.view(), id + 1'000'000'000); break;
    }
  }
}

void memory_redis(benchmark::State& state, Kind kind) {
  for (auto _ : state) {
    RedisPeer redis;
    const double before = redis.used_memory();
    fill(redis, kind);
    state.counters["account_bytes"] = (redis.used_memory() - before) / kKeys;
    state.SetIterationTime(1);
  }
}

void memory_inlay(benchmark::State& state, Kind kind) {
  const auto measure = [kind]() -> Figures {
    const int64_t before = resident_bytes();
    const auto store = Store::open().value();
    const uint64_t account_before = store->stats().bytes;
    fill(*store, kind);
    const Stats stats = store->stats();
    if (stats.keys != kKeys) std::abort();
    return {{"account_bytes", static_cast<double>(stats.bytes - account_before) / kKeys},
            {"process_bytes", static_cast<double>(resident_bytes() - before) / kKeys}};
  };
  for (auto _ : state) {
    for (const auto& [name, bytes] : in_child(measure)) state.counters[name] = bytes;
    state.SetIterationTime(1);
  }
}

// One server with strings in database 0 and integers in database 1.
RedisPeer& server() {
  static const std::unique_ptr<RedisPeer> redis = [] {
    auto fresh = std::make_unique<RedisPeer>();
    fill(*fresh, Kind::kString);
    fresh->call({"SELECT", "1"});
    fill(*fresh, Kind::kInteger);
    return fresh;
  }();
  return *redis;
}

Store& store_with(Kind kind) {
  static const auto make = [](Kind wanted) {
    auto fresh = Store::open().value();
    fill(*fresh, wanted);
    return fresh;
  };
  static const auto strings = make(Kind::kString);
  static const auto integers = make(Kind::kInteger);
  return kind == Kind::kInteger ? *integers : *strings;
}

void command_redis(benchmark::State& state, const char* command, Kind kind) {
  RedisPeer& redis = server();
  redis.call({"SELECT", kind == Kind::kInteger ? "1" : "0"});
  Uniform random(1);
  FreshKey key;
  const Value value(7);
  const bool sets = std::string_view(command) == "set";
  for (auto _ : state) {
    const double usec = redis.usec_per_call(command, [&] {
      redis.pipeline(kCalls, [&](size_t) -> RedisPeer::Argv {
        key.format(random.below(kKeys));
        return sets ? RedisPeer::Argv{command, key.view(), value.view()}
                    : RedisPeer::Argv{command, key.view()};
      });
    });
    state.SetIterationTime(usec * 1e-6 * kCalls);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kCalls));
}

// When a key is formatted.
enum class Keys { kFresh, kPrebuilt };

// Times call(store, key), which returns whether its answer was right.
template <Keys kKeysAre, class Call>
void command_inlay(benchmark::State& state, Kind kind, Call call) {
  Store& store = store_with(kind);
  int64_t right = 0;
  if constexpr (kKeysAre == Keys::kFresh) {
    Uniform random(1);
    FreshKey key;
    for (auto _ : state) right += call(store, key.format(random.below(kKeys)));
  } else {
    static const std::vector<FreshKey> keys = prebuilt_keys(0);
    size_t next = 0;
    for (auto _ : state) {
      right += call(store, keys[next].view());
      if (++next == keys.size()) next = 0;
    }
  }
  if (right != state.iterations()) {
    std::fprintf(stderr, "wrong results\n");
    std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}

template <Keys kKeysAre>
void get_inlay(benchmark::State& state) {
  command_inlay<kKeysAre>(state, Kind::kString, [](Store& store, std::string_view key) {
    const auto value = store.get(key);
    benchmark::DoNotOptimize(value);
    return value.ok() && value->has_value();
  });
}

template <Keys kKeysAre>
void set_inlay(benchmark::State& state) {
  command_inlay<kKeysAre>(state, Kind::kString, [value = Value(7)](Store& store, std::string_view key) {
    return store.set(key, value.view()).ok();
  });
}

template <Keys kKeysAre>
void incr_inlay(benchmark::State& state) {
  command_inlay<kKeysAre>(state, Kind::kInteger, [](Store& store, std::string_view key) {
    const auto sum = store.incr(key);
    return sum.ok() && *sum > 1'000'000'000;
  });
}

void register_all() {
  for (const Kind kind : kKinds) {
    const std::string name = std::string("memory_") + name_of(kind) + "/1M/";
    benchmark::RegisterBenchmark((name + "redis").c_str(), memory_redis, kind)
        ->Iterations(1)
        ->UseManualTime();
    benchmark::RegisterBenchmark((name + "inlay").c_str(), memory_inlay, kind)
        ->Iterations(1)
        ->UseManualTime();
  }
  const auto add_redis = [](const char* command, Kind kind) {
    const std::string name = std::string(command) + "/1M/redis";
    benchmark::RegisterBenchmark(name.c_str(), command_redis, command, kind)->Iterations(1)->UseManualTime();
  };
  add_redis("get", Kind::kString);
  add_redis("set", Kind::kString);
  add_redis("incr", Kind::kInteger);
  benchmark::RegisterBenchmark("get/1M/inlay", get_inlay<Keys::kFresh>);
  benchmark::RegisterBenchmark("get_prebuilt/1M/inlay", get_inlay<Keys::kPrebuilt>);
  benchmark::RegisterBenchmark("set/1M/inlay", set_inlay<Keys::kFresh>);
  benchmark::RegisterBenchmark("set_prebuilt/1M/inlay", set_inlay<Keys::kPrebuilt>);
  benchmark::RegisterBenchmark("incr/1M/inlay", incr_inlay<Keys::kFresh>);
  benchmark::RegisterBenchmark("incr_prebuilt/1M/inlay", incr_inlay<Keys::kPrebuilt>);
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
