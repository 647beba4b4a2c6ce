// List commands and memory per element, against a live redis-server with the same data: one list of 1M 10-byte items,
// and 200k lists of ten 8-byte items under 17-byte keys.
//
// Names: <call>/1M/redis is the server's own time per call (INFO commandstats: without network and parsing),
// <call>/1M/inlay the typed call in this process. memory_<kind>/<elements>/<contestant> has counters of bytes per
// element, or per list for the short ones, key included: account_bytes is used_memory or the store's own account,
// process_bytes the kernel's account of a process that holds nothing else.
#include <benchmark/benchmark.h>

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

constexpr uint32_t kItems = 1'000'000;
constexpr uint32_t kShortLists = 200'000;
constexpr uint32_t kItemsOfShort = 10;
constexpr size_t kCalls = 100'000;  // Of the server, per repetition.

// "item000042", or its last 8 bytes, into its own buffer.
class Item {
 public:
  std::string_view format(uint32_t id) {
    for (size_t i = sizeof text_; i > 4; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return {text_, sizeof text_};
  }
  std::string_view format_short(uint32_t id) { return format(id).substr(2); }

 private:
  char text_[10] = {'i', 't', 'e', 'm'};
};

void require(bool holds) {
  if (!holds) {
    std::fputs("list_command_bench: a wrong answer\n", stderr);
    std::exit(1);
  }
}

void fill_long(RedisPeer& redis) {
  Item item;
  redis.pipeline(kItems, [&](size_t i) -> RedisPeer::Argv {
    return {"RPUSH", "list", item.format(static_cast<uint32_t>(i))};
  });
}

void fill_long(Store& store) {
  Item item;
  for (uint32_t i = 0; i < kItems; ++i) require(store.rpush("list", item.format(i)).ok());
}

void fill_short(RedisPeer& redis) {
  FreshKey key;
  Item item;
  redis.pipeline(size_t{kShortLists} * kItemsOfShort, [&](size_t i) -> RedisPeer::Argv {
    return {"RPUSH", key.format(static_cast<uint32_t>(i / kItemsOfShort)),
            item.format_short(static_cast<uint32_t>(i))};
  });
}

void fill_short(Store& store) {
  FreshKey key;
  Item item;
  for (uint32_t i = 0; i < kShortLists * kItemsOfShort; ++i)
    require(store.rpush(key.format(i / kItemsOfShort), item.format_short(i)).ok());
}

template <class Fill>
void memory_redis(benchmark::State& state, uint32_t parts, Fill fill) {
  for (auto _ : state) {
    RedisPeer redis;
    const double before = redis.used_memory();
    fill(redis);
    state.counters["account_bytes"] = (redis.used_memory() - before) / parts;
    state.SetIterationTime(1);
  }
}

template <class Fill>
void memory_inlay(benchmark::State& state, uint32_t parts, Fill fill) {
  const auto measure = [&]() -> Figures {
    const int64_t before = resident_bytes();
    const auto store = Store::open().value();
    const uint64_t account_before = store->stats().bytes;
    fill(*store);
    return {{"account_bytes", static_cast<double>(store->stats().bytes - account_before) / parts},
            {"process_bytes", static_cast<double>(resident_bytes() - before) / parts}};
  };
  for (auto _ : state) {
    for (const auto& [name, bytes] : in_child(measure)) state.counters[name] = bytes;
    state.SetIterationTime(1);
  }
}

RedisPeer& server() {
  static const std::unique_ptr<RedisPeer> redis = [] {
    auto fresh = std::make_unique<RedisPeer>();
    fill_long(*fresh);
    return fresh;
  }();
  return *redis;
}

Store& filled_store() {
  static const std::unique_ptr<Store> store = [] {
    auto fresh = Store::open().value();
    fill_long(*fresh);
    return fresh;
  }();
  return *store;
}

// Half the list around its middle.
int64_t near_middle(Uniform& random) { return kItems / 4 + static_cast<int64_t>(random.below(kItems / 2)); }

enum class Call { kPush, kPop, kIndex, kRange };

void call_redis(benchmark::State& state, Call call) {
  RedisPeer& redis = server();
  Uniform random(1);
  Item item;
  std::string first, last;
  const char* const name = call == Call::kPush    ? "rpush"
                           : call == Call::kPop   ? "lpop"
                           : call == Call::kIndex ? "lindex"
                                                  : "lrange";
  const size_t calls = call == Call::kRange ? kCalls / 10 : kCalls;
  for (auto _ : state) {
    const double usec = redis.usec_per_call(name, [&] {
      redis.pipeline(calls, [&](size_t i) -> RedisPeer::Argv {
        if (call == Call::kPush) return {name, "list", item.format(static_cast<uint32_t>(i))};
        if (call == Call::kPop) return {name, "list"};
        const int64_t at = near_middle(random);
        first = std::to_string(at);
        last = std::to_string(at + 99);
        return call == Call::kIndex ? RedisPeer::Argv{name, "list", first}
                                    : RedisPeer::Argv{name, "list", first, last};
      });
    });
    // The list keeps its length.
    if (call == Call::kPush || call == Call::kPop) {
      redis.pipeline(calls, [&](size_t i) -> RedisPeer::Argv {
        if (call == Call::kPop) return {"RPUSH", "list", item.format(static_cast<uint32_t>(i))};
        return {"LPOP", "list"};
      });
    }
    state.SetIterationTime(usec * 1e-6 * static_cast<double>(calls));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(calls));
}

// A batch of calls is timed, then undone without being timed.
template <class Do, class Undo>
void timed_batches(benchmark::State& state, Do call, Undo undo) {
  Store& store = filled_store();
  constexpr uint32_t kBatch = 100'000;
  for (auto _ : state) {
    for (uint32_t i = 0; i < kBatch; ++i) call(store, i);
    state.PauseTiming();
    for (uint32_t i = 0; i < kBatch; ++i) undo(store, i);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kBatch});
}

void push_inlay(benchmark::State& state) {
  Item item;
  timed_batches(
      state, [&](Store& store, uint32_t i) { require(store.rpush("list", item.format(i)).ok()); },
      [](Store& store, uint32_t) { require(store.lpop("list").ok()); });
}

void pop_inlay(benchmark::State& state) {
  Item item;
  timed_batches(
      state,
      [](Store& store, uint32_t) {
        const auto popped = store.lpop("list");
        require(popped.ok() && popped->has_value());
      },
      [&](Store& store, uint32_t i) { require(store.rpush("list", item.format(i)).ok()); });
}

void index_inlay(benchmark::State& state) {
  Store& store = filled_store();
  Uniform random(1);
  for (auto _ : state) {
    const auto element = store.lindex("list", near_middle(random));
    require(element.ok() && (*element)->size() == 10);
  }
  state.SetItemsProcessed(state.iterations());
}

void range_inlay(benchmark::State& state) {
  Store& store = filled_store();
  Uniform random(1);
  for (auto _ : state) {
    const int64_t at = near_middle(random);
    const auto elements = store.lrange("list", at, at + 99);
    require(elements.ok() && elements->size() == 100);
  }
  state.SetItemsProcessed(state.iterations());
}

void register_all() {
  const auto add_once = [](const std::string& name, auto run) {
    benchmark::RegisterBenchmark(name.c_str(), run)->Iterations(1)->UseManualTime();
  };
  using State = benchmark::State;
  add_once("memory_list/1M/redis",
           [](State& s) { memory_redis(s, kItems, [](auto& to) { fill_long(to); }); });
  add_once("memory_list/1M/inlay",
           [](State& s) { memory_inlay(s, kItems, [](auto& to) { fill_long(to); }); });
  add_once("memory_short_list/200k/redis",
           [](State& s) { memory_redis(s, kShortLists, [](auto& to) { fill_short(to); }); });
  add_once("memory_short_list/200k/inlay",
           [](State& s) { memory_inlay(s, kShortLists, [](auto& to) { fill_short(to); }); });
  const auto add = [&](const std::string& name, Call call, void (*inlay)(State&)) {
    add_once(name + "/1M/redis", [call](State& s) { call_redis(s, call); });
    benchmark::RegisterBenchmark((name + "/1M/inlay").c_str(), inlay);
  };
  add("rpush", Call::kPush, push_inlay);
  add("lpop", Call::kPop, pop_inlay);
  add("lindex_middle", Call::kIndex, index_inlay);
  add("lrange100_middle", Call::kRange, range_inlay);
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
