// TagIndex alone against absl::flat_hash_map<uint64_t, Record*>: 1M records of 64 bytes, uniform, one thread.
//
// Both are asked for the record of a 64-bit hash, and a hit reads the record, as a store does for the value. The map
// keeps the hash itself in 8 bytes more per record; the index asks the record. Names: <call>/1M/<contestant>.
#include <absl/container/flat_hash_map.h>
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/workload.h"
#include "inlay/datatypes/slab.h"
#include "inlay/datatypes/tag_index.h"

namespace inlay::bench {
namespace {

struct Record {
  uint64_t hash;
  uint64_t payload;
  char rest[48];
};

// Where the records of both contestants live.
Slab& slab() {
  static PagePool pages;
  static Slab slab(pages);
  return slab;
}

// The i-th hash of a sequence without repetitions whose bits are all good.
uint64_t hash_of_number(uint64_t i) {
  i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
  i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
  return i ^ (i >> 31);
}

class Index {
 public:
  static constexpr const char* kName = "tag_index";

  Record* find(uint64_t hash) const {
    const TagIndex::Slot slot = slot_of(hash);
    return slot ? static_cast<Record*>(slot.record()) : nullptr;
  }
  void insert(Record* record) { (void)index_.insert(record->hash, record, hash_of); }
  void erase(uint64_t hash) { index_.erase(slot_of(hash), hash); }
  size_t size() const { return index_.size(); }

 private:
  static uint64_t hash_of(const void* record) { return static_cast<const Record*>(record)->hash; }
  TagIndex::Slot slot_of(uint64_t hash) const {
    return index_.find(hash, [hash](const void* record) { return hash_of(record) == hash; });
  }
  TagIndex index_{slab()};
};

class FlatMap {
 public:
  static constexpr const char* kName = "flat_hash_map";

  Record* find(uint64_t hash) const {
    const auto it = map_.find(hash);
    return it == map_.end() ? nullptr : it->second;
  }
  void insert(Record* record) { map_.emplace(record->hash, record); }
  void erase(uint64_t hash) { map_.erase(hash); }
  size_t size() const { return map_.size(); }

 private:
  struct Identity {
    size_t operator()(uint64_t hash) const { return hash; }
  };
  absl::flat_hash_map<uint64_t, Record*, Identity> map_;
};

// Records in the order of the numbers that made their hashes.
std::vector<Record*>& records() {
  static std::vector<Record*> records = [] {
    std::vector<Record*> fresh(kKeys);
    for (uint64_t i = 0; i < kKeys; ++i)
      fresh[i] = new (slab().allocate(sizeof(Record))) Record{hash_of_number(i + 1), i, {}};
    return fresh;
  }();
  return records;
}

template <class Table>
std::unique_ptr<Table> filled() {
  auto table = std::make_unique<Table>();
  for (Record* record : records()) table->insert(record);
  return table;
}

void require(bool holds) {
  if (holds) return;
  std::fprintf(stderr, "wrong result\n");
  std::abort();
}

template <class Table>
void find_hit(benchmark::State& state) {
  static const std::unique_ptr<Table> table = filled<Table>();
  Uniform random(1);
  uint64_t last = 0;
  for (auto _ : state) {
    // Each look-up waits for the one before, as fresh keys do.
    const uint64_t number = random.below(kKeys) ^ (last >> 63);
    const Record* record = table->find(hash_of_number(number + 1));
    require(record != nullptr && record->payload == number);
    last = record->payload;
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Table>
void find_miss(benchmark::State& state) {
  static const std::unique_ptr<Table> table = filled<Table>();
  Uniform random(2);
  for (auto _ : state) require(table->find(hash_of_number(random.below(kKeys) + kKeys + 1)) == nullptr);
  state.SetItemsProcessed(state.iterations());
}

template <class Table>
void insert_all(benchmark::State& state) {
  records();
  for (auto _ : state) {
    auto table = filled<Table>();
    require(table->size() == kKeys);
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}

template <class Table>
void erase_all(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto table = filled<Table>();
    state.ResumeTiming();
    for (uint32_t i = 0; i < kKeys; ++i) table->erase(records()[shuffled(i, kKeys)]->hash);
    require(table->size() == 0);
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}

template <class Table>
void register_contestant() {
  const std::string contestant = std::string("/1M/") + Table::kName;
  const auto add = [&](const char* name, void (*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark((name + contestant).c_str(), run);
  };
  add("index_find_hit", find_hit<Table>);
  add("index_find_miss", find_miss<Table>);
  add("index_insert", insert_all<Table>);
  add("index_erase", erase_all<Table>);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  register_contestant<FlatMap>();
  register_contestant<Index>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
