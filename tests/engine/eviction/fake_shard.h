// A shard of bare entries: a policy's Residents, small enough to be seen through, with every access counted.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "engine/eviction/policy.h"

namespace inlay {

class FakeShard final : public Residents {
 public:
  struct Entry {
    ResidentName name;
    uint64_t weight;
    int64_t deadline_ms;
    uint32_t seen_minute;
    uint8_t access = 0xaa;  // Whatever it was.
  };

  explicit FakeShard(const PolicyInfo& row, uint64_t seed = 1)
      : random(seed), policy(row.make(PolicyContext{*this, mark, random})) {}

  void insert(ResidentName name, uint64_t weight = 1, int64_t deadline_ms = INT64_MAX) {
    auto [at, is_new] = entries.try_emplace(name, Entry{name, weight, deadline_ms, minute});
    ASSERT_TRUE(is_new);
    total += weight;
    policy->on_insert(resident(at->second), name, weight);
  }

  void hit(ResidentName name) {
    Entry& entry = entries.at(name);
    mark.apply(entry.access, random, [&] { return minute - entry.seen_minute; });
    entry.seen_minute = minute;
  }

  void remove(ResidentName name) {
    const Entry entry = entries.at(name);
    total -= entry.weight;
    entries.erase(name);
    policy->on_remove(name, entry.access, entry.weight);
  }

  void resize(ResidentName name, uint64_t weight) {
    Entry& entry = entries.at(name);
    const uint64_t before = entry.weight;
    total += weight - before;
    entry.weight = weight;
    policy->on_resize(entry.access, before, weight);
  }

  void clear() {
    entries.clear();
    total = 0;
    policy->clear();
  }

  /// Evicts one; returns its name, or kNone.
  static constexpr ResidentName kNone = ~ResidentName{0};
  ResidentName evict() {
    looks = 0;
    const Resident victim = policy->victim();
    if (!victim) return kNone;
    const ResidentName gone = entry_of(victim).name;
    total -= entry_of(victim).weight;
    entries.erase(gone);
    return gone;
  }

  Resident find(ResidentName name) override {
    ++looks;
    const auto at = entries.find(name);
    return at == entries.end() ? Resident{} : resident(at->second);
  }
  void prefetch_place(ResidentName) override {}
  void prefetch_record(ResidentName) override {}
  size_t sample(uint64_t draw, std::span<Resident> out) override {
    return sample_if(draw, out, [](const Entry&) { return true; });
  }
  size_t sample_volatile(uint64_t draw, std::span<Resident> out) override {
    return sample_if(draw, out, [](const Entry& entry) { return entry.deadline_ms != INT64_MAX; });
  }
  void prefetch_sample_place(uint64_t) override {}
  void prefetch_sample_records(uint64_t) override {}
  ResidentName name(const Resident& resident) override { return entry_of(resident).name; }
  uint64_t weight(const Resident& resident) override { return entry_of(resident).weight; }
  int64_t deadline_ms(const Resident& resident) override { return entry_of(resident).deadline_ms; }
  uint32_t idle_minutes(const Resident& resident) override { return minute - entry_of(resident).seen_minute; }
  bool is_pinned(const Resident& resident) override { return pinned.contains(entry_of(resident).name); }
  size_t size() override { return entries.size(); }

  std::map<ResidentName, Entry> entries;
  std::set<ResidentName> pinned;
  uint64_t total = 0;
  uint32_t minute = 0;
  size_t looks = 0;
  HitMark mark;
  Random random;
  std::unique_ptr<Policy> policy;

 private:
  static Resident resident(Entry& entry) { return {&entry, 0, &entry.access}; }
  static Entry& entry_of(const Resident& resident) { return *static_cast<Entry*>(resident.record); }

  template <class Predicate>
  size_t sample_if(uint64_t draw, std::span<Resident> out, Predicate&& wanted) {
    size_t found = 0;
    auto at = entries.lower_bound(draw >> (64 - kResidentNameBits));
    for (size_t seen = 0; seen < entries.size() && found < out.size(); ++seen, ++at) {
      if (at == entries.end()) at = entries.begin();
      if (wanted(at->second)) out[found++] = resident(at->second);
    }
    return found;
  }
};

/// Names as a shard would make them: uniform.
inline ResidentName name_of(uint64_t id) { return Random(id)() >> (64 - kResidentNameBits); }

}  // namespace inlay
