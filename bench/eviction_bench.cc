// What an eviction costs: a full shard of 64-byte records that gives one up for each new one, one thread.
//
// Each turn marks a hit on a random record, removes a record and inserts a new one. Without a policy (fifo) the record
// removed is the one inserted longest ago, which the bench knows by itself; with a policy its victim() finds it. So the
// difference to fifo is on_insert() and victim(), in a shard whose memory is as far away as its size makes it.
// Names: turn/<residents>/<policy>.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/eviction/policy.h"
#include "inlay/datatypes/slab.h"
#include "inlay/datatypes/tag_index.h"

namespace inlay::bench {
namespace {

struct Record {
  uint64_t hash;
  uint8_t access;
  char rest[55];
};
static_assert(sizeof(Record) == 64);

class Shard final : public Residents {
 public:
  explicit Shard(const PolicyInfo* row) {
    if (row == nullptr) return;
    policy_ = row->make({*this, mark_, random_});
    policy_->set_capacity(UINT32_MAX);
  }

  void insert(uint64_t hash) {
    auto* record = static_cast<Record*>(slab_.allocate(sizeof(Record)));
    record->hash = hash;
    (void)index_.insert(hash, record, hash_of);
    if (policy_ != nullptr) policy_->on_insert(resident(record), name_of(hash), 1);
  }

  void hit(uint64_t hash) {
    if (auto* record = static_cast<Record*>(slot_of(hash).record())) {
      mark_.apply(record->access, random_, [] { return 0; });
    }
  }

  void evict() {
    auto* record = static_cast<Record*>(policy_->victim().record);
    remove(record->hash);
  }

  void remove(uint64_t hash) {
    const TagIndex::Slot slot = slot_of(hash);
    auto* record = slot.record();
    index_.erase(slot, hash);
    slab_.deallocate(record, sizeof(Record));
  }

  void set_capacity(uint64_t residents) {
    if (policy_ != nullptr) policy_->set_capacity(residents);
  }

  Resident find(ResidentName name) override {
    return resident(static_cast<Record*>(index_.find_record(
        hash_of_name(name), [name](const void* record) { return name_of(hash_of(record)) == name; })));
  }
  void prefetch_place(ResidentName name) override { index_.prefetch_tags(hash_of_name(name)); }
  void prefetch_record(ResidentName name) override { index_.prefetch_record(hash_of_name(name)); }
  size_t sample(uint64_t draw, std::span<Resident> out) override {
    size_t found = 0;
    const auto take = [&](void* record) {
      if (found < out.size()) out[found++] = resident(static_cast<Record*>(record));
    };
    uint32_t cursor = static_cast<uint32_t>(draw >> 32);
    while (found < out.size()) cursor = index_.scan(cursor, out.size() - found, hash_of, take);
    return found;
  }
  size_t sample_volatile(uint64_t draw, std::span<Resident> out) override { return sample(draw, out); }
  void prefetch_sample_place(uint64_t draw) override { index_.prefetch_tags(draw); }
  void prefetch_sample_records(uint64_t) override {}
  ResidentName name(const Resident& resident) override { return name_of(hash_of(resident.record)); }
  uint64_t weight(const Resident&) override { return 1; }
  int64_t deadline_ms(const Resident&) override { return 0; }
  uint32_t idle_minutes(const Resident&) override { return 0; }
  bool is_pinned(const Resident&) override { return false; }
  size_t size() override { return index_.size(); }

 private:
  static uint64_t hash_of(const void* record) { return static_cast<const Record*>(record)->hash; }
  // The 32 top bits, and the 8 that are tags.
  static ResidentName name_of(uint64_t hash) { return hash >> 32 << 8 | (hash >> 16 & 0xff); }
  static uint64_t hash_of_name(ResidentName name) { return name >> 8 << 32 | (name & 0xff) << 16; }
  static Resident resident(Record* record) {
    return record == nullptr ? Resident{} : Resident{record, 0, &record->access};
  }
  TagIndex::Slot slot_of(uint64_t hash) const {
    return index_.find(hash, [hash](const void* record) { return hash_of(record) == hash; });
  }

  PagePool pages_;
  Slab slab_{pages_};
  TagIndex index_{slab_};
  HitMark mark_;
  Random random_{42};
  std::unique_ptr<Policy> policy_;
};

uint64_t hash_of_number(uint64_t i) { return Random(i)(); }

void turn(benchmark::State& state, const PolicyInfo* row, uint64_t residents) {
  Shard shard(row);
  shard.set_capacity(residents);
  uint64_t next = 0;
  while (next < residents) shard.insert(hash_of_number(next++));
  Random random(7);
  const auto run = [&] {
    shard.hit(hash_of_number(next - 1 - random.below(residents)));
    if (row == nullptr) {
      shard.remove(hash_of_number(next - residents));
    } else {
      shard.evict();
    }
    shard.insert(hash_of_number(next++));
  };
  // Until the shard looks as it always will.
  for (uint64_t i = 0; i < 2 * residents; ++i) run();
  for (auto _ : state) run();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

void add(uint64_t residents, const std::string& label) {
  benchmark::RegisterBenchmark(("turn/" + label + "/fifo").c_str(), turn, nullptr, residents);
  const PolicyInfo& row = default_cache_policy();
  benchmark::RegisterBenchmark(("turn/" + label + "/" + row.name).c_str(), turn, &row, residents);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  inlay::bench::add(10'000, "10k");
  inlay::bench::add(1'000'000, "1M");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
