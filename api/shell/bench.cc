#include <algorithm>
#include <bit>
#include <cstdio>
#include <thread>
#include <vector>

#include "api/shell/figures.h"
#include "api/shell/load.h"
#include "api/shell/options.h"
#include "api/shell/subcommands.h"
#include "api/shell/zipf.h"
#include "engine/random.h"

namespace inlay::shell {
namespace {

constexpr char kUsage[] = R"(usage: inlay bench [options]

Fills a store, then reads and writes it for some seconds; prints throughput, latency and memory.

  --seconds S      how long (5)
  --threads N      threads (one per core)
  --keys N         keys in the store; 10M is ten million (1M)
  --value-size N   bytes of a value (32)
  --reads P        percentage of gets; the rest are sets (90)
  --zipf E         the r-th most popular key is asked for 1/r^E as often as the first (0.99)
  --uniform        all keys are equally popular
  --shards N       a power of two; 0 leaves it to the store (0)
)";

struct BenchOptions {
  double seconds = 5;
  uint64_t threads = std::max(1u, std::thread::hardware_concurrency());
  uint64_t keys = 1'000'000;
  uint64_t value_size = 32;
  double reads = 90;
  double zipf = 0.99;
  bool uniform = false;
  uint64_t shards = 0;
};

using Draws = std::vector<uint32_t>;

// Zipf's keys are drawn before the clock runs, as a draw costs as much as a fast get. Empty for uniform keys.
Draws draw_ahead(const BenchOptions& options) {
  constexpr size_t kDraws = size_t{1} << 22;
  // Larger than any number of keys, so multiplying is one to one: popular keys are not neighbours in memory
  // just because they were loaded together.
  constexpr uint64_t kPrime = 2'654'435'761;
  Draws draws;
  if (options.uniform) return draws;
  Random random(1);
  const Zipf zipf(options.keys, options.zipf);
  draws.reserve(kDraws);
  while (draws.size() < kDraws) draws.push_back(static_cast<uint32_t>(zipf(random) * kPrime % options.keys));
  return draws;
}

// What one thread does next. Owned by it; `draws` is shared, and each thread begins at its own place in it.
class Mix {
 public:
  Mix(const BenchOptions& options, const Draws& draws, uint64_t thread)
      : draws_(draws),
        keys_(options.keys),
        reads_(static_cast<uint64_t>(options.reads * kPercent)),
        position_(draws.size() * thread / options.threads),
        random_(thread + 2) {}

  uint64_t next_key() {
    if (draws_.empty()) return random_.below(keys_);
    if (++position_ >= draws_.size()) position_ = 0;
    return draws_[position_];
  }

  bool next_is_read() { return random_.below(100 * kPercent) < reads_; }

 private:
  static constexpr uint64_t kPercent = 1'000'000;

  const Draws& draws_;
  const uint64_t keys_;
  const uint64_t reads_;
  size_t position_;
  Random random_;
};

std::vector<Caller> callers_of(Store& store, const BenchOptions& options) {
  return {options.threads, Caller(store, options.value_size)};
}

int fill(Store& store, const BenchOptions& options) {
  std::vector<Recorder> recorders(options.threads);
  std::vector<Caller> callers = callers_of(store, options);
  const auto work = [&](size_t i) {
    const uint64_t end = options.keys * (i + 1) / options.threads;
    for (uint64_t key = options.keys * i / options.threads; key < end; ++key) {
      recorders[i].run([&] { return callers[i].set(key); });
    }
  };
  const double seconds = run_threads(recorders, "load", work, [&](uint64_t done, double) {
    return static_cast<double>(done) / static_cast<double>(options.keys);
  });
  const Recorder& sum = sum_of(recorders);
  std::printf("load        %s: %s keys in %.2f s\n",
              rate_text(static_cast<double>(options.keys) / seconds).c_str(), grouped(options.keys).c_str(),
              seconds);
  print_memory(store.stats(), options.value_size);
  std::fflush(stdout);
  return exit_status_of(sum);
}

int mix(Store& store, const BenchOptions& options) {
  const Draws draws = draw_ahead(options);
  const auto length =
      std::chrono::duration_cast<Recorder::Clock::duration>(std::chrono::duration<double>(options.seconds));
  std::vector<Recorder> recorders(options.threads);
  std::vector<Caller> callers = callers_of(store, options);
  const auto work = [&](size_t i) {
    Mix mix(options, draws, i);
    const auto end = Recorder::Clock::now() + length;
    while (recorders[i].now() < end) {
      const uint64_t key = mix.next_key();
      const bool read = mix.next_is_read();
      recorders[i].run([&] { return read ? callers[i].get(key) : callers[i].set(key); });
    }
  };
  const double seconds =
      run_threads(recorders, "run ", work, [&](uint64_t, double gone) { return gone / options.seconds; });
  const Recorder& sum = sum_of(recorders);
  std::printf("throughput  %s: %s operations in %.2f s\n\n%s",
              rate_text(static_cast<double>(sum.total()) / seconds).c_str(), grouped(sum.total()).c_str(),
              seconds, operations_table(sum).c_str());
  return exit_status_of(sum);
}

int run_bench(const BenchOptions& options) {
  const Result<std::unique_ptr<Store>> store = Store::open({.shards = options.shards});
  if (!store.ok()) {
    std::fprintf(stderr, "inlay bench: %s\n", std::string(store.status().message()).c_str());
    return 1;
  }
  char skew[32] = "uniform";
  if (!options.uniform) std::snprintf(skew, sizeof skew, "Zipf %g", options.zipf);
  std::printf("workload    %s keys, values of %s B, %g %% gets, %s, %s thread%s\n",
              grouped(options.keys).c_str(), grouped(options.value_size).c_str(), options.reads, skew,
              grouped(options.threads).c_str(), options.threads == 1 ? "" : "s");
  const int status = fill(**store, options);
  return status != 0 ? status : mix(**store, options);
}

}  // namespace

int bench_main(std::span<const std::string> arguments) {
  BenchOptions options;
  OptionReader reader("inlay bench");
  reader.add("--seconds", &options.seconds, 0.01, 86400);
  reader.add("--threads", &options.threads, 1, 1024);
  reader.add("--keys", &options.keys, 1, 1'000'000'000);
  reader.add("--value-size", &options.value_size, 0, 64 << 20);
  reader.add("--reads", &options.reads, 0, 100);
  reader.add("--zipf", &options.zipf, 0.01, 10);
  reader.add_flag("--uniform", &options.uniform);
  reader.add("--shards", &options.shards, 0, 1024);
  const std::vector<std::string> rest = reader.read(arguments);
  if (reader.wants_help()) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (!rest.empty()) reader.fail("unexpected argument '" + rest[0] + "'");
  if (options.shards != 0 && !std::has_single_bit(options.shards))
    reader.fail("--shards takes a power of two");
  if (options.uniform && reader.given("--zipf")) reader.fail("--zipf and --uniform exclude each other");
  return reader.complain() ? 2 : run_bench(options);
}

}  // namespace inlay::shell
