// The hash commands and their memory, against a live redis-server with the same data: one hash of 1M fields, fields and
// values of 12 bytes, and 1M hashes of 5 fields of 2 bytes with values of 8.
//
// Names: <command>/1M/redis is the server's own time per call (INFO commandstats), <command>/1M/inlay the typed call
// in this process. memory_hash/1M/<contestant> has a counter of bytes per field, memory_small_hash of bytes per hash,
// the key of 17 bytes included: account_bytes is used_memory or the store's own account.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "bench/redis_peer.h"
#include "bench/workload.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

constexpr size_t kCalls = 300'000;  // Of the server, per repetition.
constexpr std::array<Bytes, 5> kSmallFields{"f0", "f1", "f2", "f3", "f4"};
constexpr Bytes kSmallValue = "value-v8";

/// "fld:00000042", into its own buffer.
class Text {
 public:
  explicit Text(const char* prefix) { std::memcpy(text_.data(), prefix, 4); }
  std::string_view format(uint32_t id) {
    for (size_t i = text_.size(); i > 4; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return {text_.data(), text_.size()};
  }

 private:
  std::array<char, 12> text_;
};

void require(bool holds) {
  if (holds) return;
  std::fprintf(stderr, "wrong result\n");
  std::abort();
}

void fill_large(RedisPeer& redis) {
  Text field("fld:"), value("val:");
  redis.pipeline(kKeys, [&](size_t i) -> RedisPeer::Argv {
    const uint32_t id = shuffled(static_cast<uint32_t>(i), kKeys);
    return {"HSET", "h", field.format(id), value.format(id)};
  });
}

void fill_large(Store& store) {
  Text field("fld:"), value("val:");
  for (uint32_t i = 0; i < kKeys; ++i) {
    const uint32_t id = shuffled(i, kKeys);
    require(store.hset("h", field.format(id), value.format(id)).ok());
  }
}

void fill_small(RedisPeer& redis) {
  FreshKey key;
  redis.pipeline(kKeys, [&](size_t i) -> RedisPeer::Argv {
    RedisPeer::Argv argv{"HSET", key.format(shuffled(static_cast<uint32_t>(i), kKeys))};
    for (const Bytes field : kSmallFields) argv.insert(argv.end(), {field, kSmallValue});
    return argv;
  });
}

void fill_small(Store& store) {
  FreshKey key;
  std::vector<FieldValue> pairs;
  for (const Bytes field : kSmallFields) pairs.push_back({field, kSmallValue});
  for (uint32_t i = 0; i < kKeys; ++i) require(store.hset(key.format(shuffled(i, kKeys)), pairs).ok());
}

template <void (*fill)(RedisPeer&)>
void memory_redis(benchmark::State& state) {
  for (auto _ : state) {
    RedisPeer redis;
    const double before = redis.used_memory();
    fill(redis);
    state.counters["account_bytes"] = (redis.used_memory() - before) / kKeys;
    state.SetIterationTime(1);
  }
}

template <void (*fill)(Store&)>
void memory_inlay(benchmark::State& state) {
  for (auto _ : state) {
    const auto store = Store::open().value();
    const uint64_t before = store->stats().bytes;
    fill(*store);
    state.counters["account_bytes"] = static_cast<double>(store->stats().bytes - before) / kKeys;
    state.SetIterationTime(1);
  }
}

RedisPeer& server() {
  static const std::unique_ptr<RedisPeer> redis = [] {
    auto fresh = std::make_unique<RedisPeer>();
    fill_large(*fresh);
    fill_small(*fresh);
    return fresh;
  }();
  return *redis;
}

Store& store() {
  static const std::unique_ptr<Store> store = [] {
    auto fresh = Store::open().value();
    fill_large(*fresh);
    fill_small(*fresh);
    return fresh;
  }();
  return *store;
}

enum class Call { kHget, kHset, kHexists, kHincrby, kHgetall };
constexpr Call kCallsMade[] = {Call::kHget, Call::kHset, Call::kHexists, Call::kHincrby, Call::kHgetall};

const char* name_of(Call call) {
  switch (call) {
    case Call::kHget: return "hget";
    case Call::kHset: return "hset";
    case Call::kHexists: return "hexists";
    case Call::kHincrby: return "hincrby";
    case Call::kHgetall: break;
  }
  return "hgetall";
}

void command_redis(benchmark::State& state, Call call) {
  RedisPeer& redis = server();
  const char* name = name_of(call);
  Uniform random(1);
  Text field("fld:"), value("val:"), counter("cnt:");
  FreshKey key;
  for (auto _ : state) {
    const double usec = redis.usec_per_call(name, [&] {
      redis.pipeline(kCalls, [&](size_t) -> RedisPeer::Argv {
        const uint32_t id = random.below(kKeys);
        switch (call) {
          case Call::kHget:
          case Call::kHexists: return {name, "h", field.format(id)};
          case Call::kHset: return {name, "h", field.format(id), value.format(id)};
          case Call::kHincrby: return {name, "n", counter.format(id), "1"};
          case Call::kHgetall: break;
        }
        return {name, key.format(id)};
      });
    });
    state.SetIterationTime(usec * 1e-6 * kCalls);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kCalls));
}

// Whether the answer was right.
bool make_call(Store& store, Call call, Text& field, Text& value, Text& counter, FreshKey& key, uint32_t id) {
  switch (call) {
    case Call::kHget: {
      const auto found = store.hget("h", field.format(id));
      return found.ok() && found->has_value() && **found == value.format(id);
    }
    case Call::kHset: return store.hset("h", field.format(id), value.format(id)).value() == 0;
    case Call::kHexists: return store.hexists("h", field.format(id)).value();
    case Call::kHincrby: return store.hincrby("n", counter.format(id), 1).value() > 0;
    case Call::kHgetall: break;
  }
  return store.hgetall(key.format(id))->size() == kSmallFields.size();
}

void command_inlay(benchmark::State& state, Call call) {
  Uniform random(1);
  Text field("fld:"), value("val:"), counter("cnt:");
  FreshKey key;
  Store& filled = store();
  int64_t right = 0;
  for (auto _ : state) right += make_call(filled, call, field, value, counter, key, random.below(kKeys));
  require(right == state.iterations());
  state.SetItemsProcessed(state.iterations());
}

void register_all() {
  const auto add_memory = [](const char* name, void (*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark(name, run)->Iterations(1)->UseManualTime();
  };
  add_memory("memory_hash/1M/redis", memory_redis<fill_large>);
  add_memory("memory_hash/1M/inlay", memory_inlay<fill_large>);
  add_memory("memory_small_hash/1M/redis", memory_redis<fill_small>);
  add_memory("memory_small_hash/1M/inlay", memory_inlay<fill_small>);
  for (const Call call : kCallsMade) {
    const std::string name = std::string(name_of(call)) + "/1M/";
    benchmark::RegisterBenchmark((name + "redis").c_str(), command_redis, call)
        ->Iterations(1)
        ->UseManualTime();
    benchmark::RegisterBenchmark((name + "inlay").c_str(), command_inlay, call);
  }
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
