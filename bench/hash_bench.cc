// Hash against std::unordered_map and absl::flat_hash_map from std::string to std::string: fields and values of 12
// bytes, uniform, one thread, fields formatted just before the call. Names: <call>/<fields>/<contestant>.
//
// Bytes per field are resident memory over field and value together. The maps keep no deadlines and no order of
// expiry, and a map's small table is faster than a packed block to find in (hash_find/5): that block is for memory.
#include <absl/container/flat_hash_map.h>
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "bench/process_memory.h"
#include "bench/workload.h"
#include "inlay/datatypes/hash.h"

namespace inlay::bench {
namespace {

constexpr uint32_t kSmall = 5;
constexpr size_t kTextBytes = 12;

void require(bool holds) {
  if (holds) return;
  std::fprintf(stderr, "wrong result\n");
  std::abort();
}

/// "fld:00000042", into its own buffer.
class Text {
 public:
  explicit Text(const char* prefix) { std::memcpy(text_.data(), prefix, 4); }
  std::string_view format(uint32_t id) {
    for (size_t i = kTextBytes; i > 4; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return {text_.data(), kTextBytes};
  }

 private:
  std::array<char, kTextBytes> text_;
};

class Ours {
 public:
  static constexpr const char* kName = "inlay";
  void put(std::string_view field, std::string_view value) {
    require(hash_.put(field, value, HashLimits{}) != Hash::Put::kOutOfMemory);
  }
  bool is(std::string_view field, std::string_view value) const {
    const auto found = hash_.find(field);
    return found.has_value() && found->bytes() == value;
  }
  bool contains(std::string_view field) const { return hash_.contains(field); }
  void erase(std::string_view field) { require(hash_.erase(field) == Hash::Erase::kErased); }
  size_t total_bytes() const {
    size_t bytes = 0;
    hash_.for_each([&](const Element& f, const Element& v) { bytes += f.bytes().size() + v.bytes().size(); });
    return bytes;
  }
  Hash& hash() { return hash_; }
  // What a store's own thread does: touches the next huge page of memory before it is needed.
  static void tend() {
    if (std::exchange(spare_wanted_, false)) pages().stock_spare();
  }

 private:
  static PagePool& pages() {
    static PagePool pages([] { spare_wanted_ = true; });
    return pages;
  }
  static inline bool spare_wanted_ = false;
  Hash hash_{pages(), 42};
};

template <class Map>
class OfStrings {
 public:
  void put(std::string_view field, std::string_view value) { map_[std::string(field)] = value; }
  bool is(std::string_view field, std::string_view value) const {
    const auto it = map_.find(std::string(field));
    return it != map_.end() && it->second == value;
  }
  bool contains(std::string_view field) const { return map_.contains(std::string(field)); }
  void erase(std::string_view field) { map_.erase(std::string(field)); }
  size_t total_bytes() const {
    size_t bytes = 0;
    for (const auto& [field, value] : map_) bytes += field.size() + value.size();
    return bytes;
  }
  static void tend() {}

 private:
  Map map_;
};
struct StdMap : OfStrings<std::unordered_map<std::string, std::string>> {
  static constexpr const char* kName = "std_unordered_map";
};
struct FlatMap : OfStrings<absl::flat_hash_map<std::string, std::string>> {
  static constexpr const char* kName = "flat_hash_map";
};

template <class Table>
std::unique_ptr<Table> filled(uint32_t fields) {
  auto table = std::make_unique<Table>();
  Text field("fld:"), value("val:");
  for (uint32_t i = 0; i < fields; ++i) table->put(field.format(i), value.format(i));
  return table;
}

template <class Table>
void find_hit(benchmark::State& state, uint32_t fields) {
  static const std::unique_ptr<Table> small = filled<Table>(kSmall), large = filled<Table>(kKeys);
  const Table& table = fields == kSmall ? *small : *large;
  Uniform random(1);
  Text field("fld:"), value("val:");
  for (auto _ : state) {
    const uint32_t id = random.below(fields);
    require(table.is(field.format(id), value.format(id)));
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Table>
void find_miss(benchmark::State& state) {
  static const std::unique_ptr<Table> table = filled<Table>(kKeys);
  Uniform random(1);
  Text field("fld:");
  for (auto _ : state) require(!table->contains(field.format(kKeys + random.below(kKeys))));
  state.SetItemsProcessed(state.iterations());
}

template <class Table>
void replace(benchmark::State& state) {
  static const std::unique_ptr<Table> table = filled<Table>(kKeys);
  Uniform random(2);
  Text field("fld:"), value("val:");
  for (auto _ : state) table->put(field.format(random.below(kKeys)), value.format(random.below(kKeys)));
  state.SetItemsProcessed(state.iterations());
}

// The processor time of this thread: other programs do not count.
double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A million new fields; beside the mean, the slowest insert (with 0.3 us of looking at the clock) and what the table
// costs the process.
template <class Table>
void load(benchmark::State& state) {
  double slowest = 0, bytes = 0;
  for (auto _ : state) {
    const Figures figures = in_child([] {
      const int64_t before = resident_bytes();
      Table table;
      Text field("fld:"), value("val:");
      double slowest = 0, sum = 0;
      for (uint32_t i = 0; i < kKeys; ++i) {
        const uint32_t id = shuffled(i, kKeys);
        const double start = thread_seconds();
        table.put(field.format(id), value.format(id));
        const double took = thread_seconds() - start;
        slowest = std::max(slowest, took);
        sum += took;
        Table::tend();
      }
      return Figures{{"seconds", sum},
                     {"slowest", slowest},
                     {"bytes", static_cast<double>(resident_bytes() - before) / kKeys}};
    });
    state.SetIterationTime(figures.at("seconds"));
    slowest = std::max(slowest, figures.at("slowest"));
    bytes = figures.at("bytes");
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
  state.counters["slowest_us"] = slowest * 1e6;
  state.counters["bytes_per_field"] = bytes;
}

template <class Table>
void walk(benchmark::State& state) {
  static const std::unique_ptr<Table> table = filled<Table>(kKeys);
  for (auto _ : state) require(table->total_bytes() == size_t{kKeys} * 2 * kTextBytes);
  state.SetItemsProcessed(state.iterations() * kKeys);
}

// Every field gets a deadline, then all expire in turn.
void deadlines(benchmark::State& state, bool expires) {
  Text field("fld:");
  for (auto _ : state) {
    state.PauseTiming();
    auto table = filled<Ours>(kKeys);
    Uniform random(3);
    if (!expires) state.ResumeTiming();
    for (uint32_t i = 0; i < kKeys; ++i) {
      require(table->hash().set_deadline(field.format(i), random.below(1 << 30)) == Hash::Deadline::kSet);
    }
    if (expires) {
      state.ResumeTiming();
      require(table->hash().expire(1 << 30, kKeys, [](const Element&) {}) == kKeys);
    }
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}

template <class Table>
void register_contestant() {
  const auto add = [](const char* name, auto run) {
    return benchmark::RegisterBenchmark((std::string(name) + "/" + Table::kName).c_str(), run);
  };
  add("hash_load/1M", load<Table>)->UseManualTime()->Iterations(1);
  add("hash_find/1M", [](benchmark::State& state) { find_hit<Table>(state, kKeys); });
  add("hash_find/5", [](benchmark::State& state) { find_hit<Table>(state, kSmall); });
  add("hash_find_miss/1M", find_miss<Table>);
  add("hash_replace/1M", replace<Table>);
  add("hash_walk/1M", walk<Table>);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  register_contestant<StdMap>();
  register_contestant<FlatMap>();
  register_contestant<Ours>();
  benchmark::RegisterBenchmark("hash_deadline_set/1M/inlay",
                               [](benchmark::State& state) { deadlines(state, false); });
  benchmark::RegisterBenchmark("hash_deadline_expire/1M/inlay",
                               [](benchmark::State& state) { deadlines(state, true); });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
