// The engine's policies over residents that are simulated: objects in one array, found through a flat table in the order
// of their hashes.
#include <algorithm>
#include <bit>
#include <string>

#include "api/shell/replay_model.h"
#include "engine/eviction/policy.h"
#include "engine/random.h"

namespace inlay::shell {
namespace {

struct Object {
  uint64_t hash;
  uint32_t weight;
  uint32_t seen_s;
  bool resident;
  uint8_t access;
};

/// The residents of one shard: an open-addressed table of objects, by the top bits of their hashes.
class ObjectTable {
 public:
  void insert(Object* object) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    size_t at = home(object->hash);
    while (slots_[at] != nullptr) at = next(at);
    slots_[at] = object;
    ++size_;
  }

  void erase(const Object* object) {
    size_t hole = home(object->hash);
    while (slots_[hole] != object) hole = next(hole);
    // Whoever probed past the hole moves into it.
    for (size_t at = next(hole); slots_[at] != nullptr; at = next(at)) {
      const size_t distance = (at - home(slots_[at]->hash)) & (slots_.size() - 1);
      if (distance < ((at - hole) & (slots_.size() - 1))) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = nullptr;
    --size_;
  }

  Object* find(ResidentName name) const {
    if (slots_.empty()) return nullptr;
    // A name is the hash's top bits.
    for (size_t at = home(name << (64 - kResidentNameBits)); slots_[at] != nullptr; at = next(at)) {
      if (name_of(*slots_[at]) == name) return slots_[at];
    }
    return nullptr;
  }

  size_t sample(uint64_t draw, std::span<Resident> out) const;
  size_t size() const { return size_; }
  static ResidentName name_of(const Object& object) { return object.hash >> (64 - kResidentNameBits); }

 private:
  size_t home(uint64_t hash) const { return hash >> shift_; }
  size_t next(size_t at) const { return (at + 1) & (slots_.size() - 1); }

  void grow() {
    std::vector<Object*> old = std::move(slots_);
    slots_.assign(old.empty() ? 16 : old.size() * 2, nullptr);
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots_.size()));
    size_ = 0;
    for (Object* object : old) {
      if (object != nullptr) insert(object);
    }
  }

  std::vector<Object*> slots_;
  unsigned shift_ = 64;
  size_t size_ = 0;
};

size_t ObjectTable::sample(uint64_t draw, std::span<Resident> out) const {
  const size_t wanted = std::min(out.size(), size_);
  size_t at = wanted == 0 ? 0 : home(draw);
  for (size_t found = 0; found < wanted; at = next(at)) {
    if (slots_[at] != nullptr) out[found++] = {slots_[at], 0, &slots_[at]->access};
  }
  return wanted;
}

/// One shard. Every object has a deadline, which comes the sooner the longer ago it was asked for.
class SimulatedShard final : public Residents {
 public:
  SimulatedShard(const PolicyInfo& row, uint64_t capacity, const uint32_t& now_s, uint64_t seed)
      : random_(seed), now_s_(now_s), capacity_(capacity), policy_(row.make({*this, mark_, random_})) {
    policy_->set_capacity(capacity);
  }

  bool request(Object& object) {
    if (object.resident) {
      mark_.apply(object.access, random_, [&] { return idle_minutes_of(object); });
      object.seen_s = now_s_;
      return true;
    }
    if (object.weight > capacity_) return false;
    while (used_ + object.weight > capacity_) evict();
    used_ += object.weight;
    object.resident = true;
    object.seen_s = now_s_;
    table_.insert(&object);
    policy_->on_insert({&object, 0, &object.access}, ObjectTable::name_of(object), object.weight);
    return false;
  }

  size_t metadata() const { return policy_->memory_usage(); }

  Resident find(ResidentName name) override {
    Object* object = table_.find(name);
    return object == nullptr ? Resident{} : Resident{object, 0, &object->access};
  }
  void prefetch_place(ResidentName) override {}
  void prefetch_record(ResidentName) override {}
  size_t sample(uint64_t draw, std::span<Resident> out) override { return table_.sample(draw, out); }
  size_t sample_volatile(uint64_t draw, std::span<Resident> out) override { return sample(draw, out); }
  void prefetch_sample_place(uint64_t) override {}
  void prefetch_sample_records(uint64_t) override {}
  ResidentName name(const Resident& resident) override { return ObjectTable::name_of(object_of(resident)); }
  uint64_t weight(const Resident& resident) override { return object_of(resident).weight; }
  int64_t deadline_ms(const Resident& resident) override {
    return int64_t{object_of(resident).seen_s} * 1000;
  }
  uint32_t idle_minutes(const Resident& resident) override { return idle_minutes_of(object_of(resident)); }
  bool is_pinned(const Resident&) override { return false; }
  size_t size() override { return table_.size(); }

 private:
  static Object& object_of(const Resident& resident) { return *static_cast<Object*>(resident.record); }
  uint32_t idle_minutes_of(const Object& object) const { return (now_s_ - object.seen_s) / 60; }

  void evict() {
    Object& object = object_of(policy_->victim());
    object.resident = false;
    table_.erase(&object);
    used_ -= object.weight;
  }

  ObjectTable table_;
  HitMark mark_;
  Random random_;
  const uint32_t& now_s_;
  uint64_t capacity_;
  uint64_t used_ = 0;
  std::unique_ptr<Policy> policy_;
};

class PolicyModel final : public CacheModel {
 public:
  PolicyModel(const PolicyInfo& row, const Workload& workload, const ModelOptions& options)
      : objects_(workload.weights.size()), seconds_per_request_(1 / options.requests_per_second) {
    Random random(options.seed);
    for (size_t i = 0; i < objects_.size(); ++i) objects_[i] = {random(), workload.weights[i], 0, false, 0};
    for (unsigned i = 0; i < options.shards; ++i) {
      const uint64_t capacity = options.capacity / options.shards + (i < options.capacity % options.shards);
      shards_.push_back(std::make_unique<SimulatedShard>(row, capacity, now_s_, random()));
    }
  }

  bool request(uint32_t id) override {
    now_s_ = static_cast<uint32_t>(static_cast<double>(requests_++) * seconds_per_request_);
    Object& object = objects_[id];
    // The lowest bits choose the shard: a shard's table goes by the top ones.
    return shards_[object.hash & (shards_.size() - 1)]->request(object);
  }

  size_t metadata() const override {
    size_t bytes = 0;
    for (const auto& shard : shards_) bytes += shard->metadata();
    return bytes;
  }

 private:
  std::vector<Object> objects_;
  std::vector<std::unique_ptr<SimulatedShard>> shards_;
  double seconds_per_request_;
  uint64_t requests_ = 0;
  uint32_t now_s_ = 0;
};

}  // namespace

std::unique_ptr<CacheModel> make_policy_model(std::string_view name, const Workload& workload,
                                              const ModelOptions& options) {
  const PolicyInfo* row = find_policy(name);
  if (row == nullptr) row = find_policy("allkeys-" + std::string(name));
  if (row == nullptr || row->make == nullptr) return nullptr;
  return std::make_unique<PolicyModel>(*row, workload, options);
}

}  // namespace inlay::shell
