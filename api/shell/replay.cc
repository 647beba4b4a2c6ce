#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "api/shell/figures.h"
#include "api/shell/load.h"
#include "api/shell/options.h"
#include "api/shell/replay_curves.h"
#include "api/shell/subcommands.h"
#include "api/shell/trace.h"

namespace inlay::shell {
namespace {

constexpr char kUsage[] = R"(usage: inlay replay TRACE.u64.zst [options]
       inlay replay TRACE.u64.zst --policy NAMES [options]

Asks the store for each key of a recorded trace, in order, and sets it on a miss, as a cache in front of a
database would. The trace is a zstd-compressed row of little-endian 64-bit numbers, one a request.

  --threads N      threads, which take the requests in turns (1)
  --ttl S          lets a key die so many seconds after it was set (never)
  --value-size N   bytes of a value (32)
  --limit N        only the first N requests (all)
  --shards N       a power of two; 0 leaves it to the store (0)

With --policy nothing is stored: policies that decide what a full cache gives up are compared by their miss ratios.

  --policy NAMES   separated by commas: lru, fifo, arc, opt (exact, for reference), a3, allkeys-lfu, ...; or all
  --entries NS     sizes of the cache, in entries, separated by commas
  --fraction NS    sizes as fractions of the trace's keys (0.001,0.01,0.1,0.25)
  --bytes NS       sizes in bytes: keys weigh what a .u64u32.zst trace says, else --value-size
  --weigh-bytes    --fraction is of the bytes of all keys
  --shards N       splits the cache as a store is split (1); references are not
  --rate N         requests a second, for policies that forget by the clock (1000)
  --seed N         of all that is random (1)
  --csv            one line a cell, with bytes of metadata and nanoseconds a request
)";

constexpr uint64_t kRequestsMax = uint64_t{1} << 32;

struct ReplayOptions {
  std::string path;
  uint64_t threads = 1;
  double ttl = 0;
  uint64_t value_size = 32;
  uint64_t limit = kRequestsMax;
  uint64_t shards = 0;
};

// One request: two operations when it misses.
void request(Caller& caller, Recorder& recorder, uint64_t key, std::optional<Expiry> ttl) {
  Op found = Op::kFailed;
  recorder.run([&] { return found = caller.get(key); });
  if (found == Op::kGetMiss) recorder.run([&] { return caller.set(key, ttl); });
}

double replay(Store& store, const ReplayOptions& options, const Trace& trace, std::span<Recorder> recorders) {
  constexpr size_t kTurn = 256;
  std::optional<Expiry> ttl;
  if (options.ttl > 0) ttl = Expiry(std::chrono::duration<double>(options.ttl));
  std::vector<Caller> callers(options.threads, Caller(store, options.value_size));
  std::atomic<size_t> next = 0;  // Hands out turns; the trace was complete before the threads began.
  const auto work = [&](size_t i) {
    while (true) {
      const size_t begin = next.fetch_add(kTurn, std::memory_order_relaxed);
      if (begin >= trace.keys.size()) return;
      const size_t end = std::min(begin + kTurn, trace.keys.size());
      for (size_t at = begin; at < end; ++at) request(callers[i], recorders[i], trace.keys[at], ttl);
    }
  };
  return run_threads(recorders, "replay", work, [&](uint64_t, double) {
    return static_cast<double>(next.load(std::memory_order_relaxed)) / static_cast<double>(trace.keys.size());
  });
}

double percentage(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

int run_replay(const ReplayOptions& options) {
  const Result<std::unique_ptr<Store>> store = Store::open({.shards = options.shards});
  const Result<Trace> trace = read_trace(options.path, options.limit);
  for (const absl::Status& status : {store.status(), trace.status()}) {
    if (status.ok()) continue;
    std::fprintf(stderr, "inlay replay: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  if (!trace->sizes.empty()) {
    std::fprintf(stderr, "inlay replay: %s: a trace with sizes is for --policy\n", options.path.c_str());
    return 1;
  }
  std::vector<Recorder> recorders(options.threads);
  const double seconds = replay(**store, options, *trace, recorders);
  const Recorder& sum = sum_of(recorders);
  const uint64_t requests = trace->keys.size();
  const uint64_t hits = sum.count(Op::kGetHit);
  const uint64_t misses = sum.count(Op::kGetMiss);
  std::printf("trace       %s requests, %s unique keys\n", grouped(requests).c_str(),
              grouped(trace->unique_keys).c_str());
  std::printf("hits        %s, hit ratio %.2f %%\n", grouped(hits).c_str(), percentage(hits, requests));
  std::printf("misses      %s, miss ratio %.2f %%; compulsory %.2f %%\n", grouped(misses).c_str(),
              percentage(misses, requests), percentage(trace->unique_keys, requests));
  print_memory((*store)->stats(), options.value_size);
  std::printf("throughput  %s: %s operations in %.2f s, %zu thread%s\n\n%s",
              rate_text(static_cast<double>(sum.total()) / seconds).c_str(), grouped(sum.total()).c_str(),
              seconds, recorders.size(), recorders.size() == 1 ? "" : "s", operations_table(sum).c_str());
  return exit_status_of(sum);
}

int run_curves(const ReplayOptions& options, CurveOptions curves) {
  const Result<Trace> trace = read_trace(options.path, options.limit);
  if (!trace.ok()) {
    std::fprintf(stderr, "inlay replay: %s\n", std::string(trace.status().message()).c_str());
    return 1;
  }
  curves.value_size = options.value_size;
  curves.shards = static_cast<unsigned>(std::max<uint64_t>(options.shards, 1));
  return print_curves(curves, *trace);
}

// Options that mean something only with, or only without, --policy.
void check_mode(OptionReader& reader, const ReplayOptions& options, bool compares) {
  for (const char* name :
       {"--entries", "--fraction", "--bytes", "--weigh-bytes", "--rate", "--seed", "--csv"}) {
    if (!compares && reader.given(name)) reader.fail(std::string(name) + " needs --policy");
  }
  for (const char* name : {"--threads", "--ttl"}) {
    if (compares && reader.given(name)) reader.fail(std::string(name) + " does not go with --policy");
  }
  if (reader.given("--bytes") && reader.given("--entries")) reader.fail("--bytes or --entries, not both");
  if (compares && !std::has_single_bit(std::max<uint64_t>(options.shards, 1)))
    reader.fail("--shards takes a power of two");
}

}  // namespace

int replay_main(std::span<const std::string> arguments) {
  ReplayOptions options;
  OptionReader reader("inlay replay");
  reader.add("--threads", &options.threads, 1, 1024);
  reader.add("--ttl", &options.ttl, 0.001, 1e9);
  reader.add("--value-size", &options.value_size, 0, 64 << 20);
  reader.add("--limit", &options.limit, 1, kRequestsMax);
  reader.add("--shards", &options.shards, 0, 1024);
  CurveOptions curves;
  reader.add("--policy", &curves.policies);
  reader.add("--entries", &curves.entries);
  reader.add("--fraction", &curves.fractions);
  reader.add("--bytes", &curves.bytes);
  reader.add_flag("--weigh-bytes", &curves.weigh_bytes);
  reader.add("--rate", &curves.requests_per_second, 0.001, 1e9);
  reader.add("--seed", &curves.seed, 0, UINT64_MAX);
  reader.add_flag("--csv", &curves.csv);
  const std::vector<std::string> rest = reader.read(arguments);
  if (reader.wants_help()) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (rest.empty()) reader.fail("which trace? Name a file such as web.u64.zst");
  if (rest.size() > 1) reader.fail("one trace at a time, not also '" + rest[1] + "'");
  const bool compares = reader.given("--policy");
  check_mode(reader, options, compares);
  if (reader.complain()) return 2;
  options.path = rest[0];
  return compares ? run_curves(options, std::move(curves)) : run_replay(options);
}

}  // namespace inlay::shell
