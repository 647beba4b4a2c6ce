// What a shard tells its policy, checked by a policy that remembers all of it.
#include "engine/shard_bound.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/executor.h"

namespace inlay {
namespace {

// Knows every resident by name; evicts the one that came first. Some tests look at the last one that was made.
class Recorder final : public Policy {
 public:
  static inline Recorder* last = nullptr;

  explicit Recorder(const PolicyContext& context) : context_(context) {
    last = this;
    context_.mark = {HitMark::Rule::kCount, 0};
  }
  void on_insert(const Resident& resident, ResidentName name, uint64_t weight) override {
    *resident.access = 0;
    ++names[name];
    arrivals_.push_back(name);
    total += weight;
    is_wrong = is_wrong || weight == 0 || name >> kResidentNameBits != 0 ||
               context_.residents.name(resident) != name;
  }
  void on_remove(ResidentName name, uint8_t, uint64_t weight) override {
    forget(name);
    total -= weight;
  }
  void on_resize(uint8_t, uint64_t before, uint64_t after) override { total += after - before; }
  void clear() override {
    names.clear();
    total = 0;
  }
  Resident victim() override {
    for (size_t i = 0; i < arrivals_.size(); ++i) {
      const ResidentName name = arrivals_[i];
      const Resident resident = names.contains(name) ? context_.residents.find(name) : Resident();
      if (resident && context_.residents.is_pinned(resident)) continue;
      arrivals_.erase(arrivals_.begin() + static_cast<ptrdiff_t>(i--));
      if (!resident) continue;
      forget(name);
      total -= context_.residents.weight(resident);
      return resident;
    }
    return {};
  }
  void set_capacity(uint64_t weight) override { capacity = weight; }
  size_t memory_usage() const override { return 0; }
  bool check_invariants() const override { return !is_wrong; }

  std::map<ResidentName, size_t> names;
  uint64_t total = 0;
  uint64_t capacity = 0;
  bool is_wrong = false;

 private:
  void forget(ResidentName name) {
    const auto row = names.find(name);
    if (row == names.end()) {
      is_wrong = true;
    } else if (--row->second == 0) {
      names.erase(row);
    }
  }

  PolicyContext context_;
  std::vector<ResidentName> arrivals_;
};

constexpr PolicyInfo kRecorder{"recorder", "", false,
                               [](const PolicyContext& context) -> std::unique_ptr<Policy> {
                                 return std::make_unique<Recorder>(context);
                               }};

absl::Status put(WriteTx& tx, const KeyRef& key, Bytes value) {
  Found found = tx.find_mutable(key);
  return tx.put_string(key, found, value, OldDeadline::kKeep) ? absl::OkStatus() : absl::InternalError("");
}
absl::Status grow(WriteTx& tx, const KeyRef& key, uint64_t size) {
  Found found = tx.find_mutable(key);
  if (found && found.entry->type() != Type::kString) return absl::OkStatus();
  return tx.grow_string(key, found, size) != nullptr ? absl::OkStatus() : absl::InternalError("");
}
absl::Status push(WriteTx& tx, const KeyRef& key, Bytes element) {
  auto list = tx.edit<List>(key);
  if (!list.ok()) return absl::OkStatus();
  return (*list)->push_back(element) && list->close("rpush") ? absl::OkStatus() : absl::InternalError("");
}
absl::Status pop(LeanTx& tx, const KeyRef& key) {
  auto list = tx.edit<List>(key);
  if (!list.ok() || (*list)->empty()) return absl::OkStatus();
  return (*list)->erase(0, 1) && list->close("lpop") ? absl::OkStatus() : absl::InternalError("");
}
absl::Status live_until(WriteTx& tx, const KeyRef& key, int64_t deadline_ms) {
  Found found = tx.find_mutable(key);
  return !found || tx.set_deadline(key, found, deadline_ms) ? absl::OkStatus() : absl::InternalError("");
}
absl::Status live_on(WriteTx& tx, const KeyRef& key) {
  Found found = tx.find_mutable(key);
  const bool mortal = found && found.entry->has_timer();
  return !mortal || tx.clear_deadline(key, found) ? absl::OkStatus() : absl::InternalError("");
}
absl::Status erase(LeanTx& tx, const KeyRef& key) {
  Found found = tx.find_mutable(key);
  if (found) tx.erase(key, found);
  return absl::OkStatus();
}
absl::Status move_to(WriteTx& tx, const KeyRef& from, const KeyRef& to) {
  Found source = tx.find_mutable(from);
  if (!source || tx.find_mutable(to)) return absl::OkStatus();
  return tx.move(from, source, to, tx.db()) ? absl::OkStatus() : absl::InternalError("");
}
absl::Status copy_to(WriteTx& tx, const KeyRef& from, const KeyRef& to, int db) {
  if (tx.find_mutable(to, db)) return absl::OkStatus();
  const Found source = tx.find_mutable(from);
  if (!source) return absl::OkStatus();
  return tx.copy(from, source, to, db) ? absl::OkStatus() : absl::InternalError("");
}
Result<bool> look(ReadTx& tx, const KeyRef& key) { return tx.find(key) != nullptr; }

std::unique_ptr<Engine> engine_with(Limits limits, std::shared_ptr<Clock> clock, size_t shards = 1) {
  limits.policy = &kRecorder;
  return std::make_unique<Engine>(Engine::Options{shards, 2, std::move(clock), 5, false, std::move(limits)});
}

// What the policy knows is what the shard holds: how many entries, and what they weigh.
bool policy_knows_all(Engine& engine) {
  Shard& shard = engine.shard(0);
  ShardLockGuard lock(shard.lock());
  size_t entries = 0;
  uint64_t weight = 0;
  for (int db = 0; db < 2; ++db) {
    shard.index(db).for_each([&](void* record) {
      ++entries;
      weight += shard.bound()->rules().measure() == Resource::kBytes
                    ? shard.bytes_of(static_cast<const Entry*>(record))
                    : 1;
    });
  }
  size_t names = 0;
  for (const auto& [name, count] : Recorder::last->names) names += count;
  return names == entries && Recorder::last->total == weight && shard.bound()->entries() == entries &&
         shard.check_invariants();
}

enum class Step : uint8_t {
  kPut,
  kPutLarge,
  kGrow,
  kPush,
  kPop,
  kDeadline,
  kPersist,
  kErase,
  kMove,
  kCopy,
  kLook,
  kTick,
  kFlush,
  kCount
};

void run(Engine& engine, ManualClock& clock, Step step, const std::string& key, const std::string& other,
         unsigned number) {
  const Executor executor(engine);
  const int db = static_cast<int>(number % 2);
  const auto require = [](const absl::Status& status) { RC_ASSERT(status.ok()); };
  switch (step) {
    case Step::kPut: return require(executor.run<put>(db, key, std::string(number % 40, 'v')));
    case Step::kPutLarge: return require(executor.run<put>(db, key, std::string(number % 3000, 'v')));
    case Step::kGrow: return require(executor.run<grow>(db, key, uint64_t{number % 2000}));
    case Step::kPush: return require(executor.run<push>(db, key, std::string(number % 90, 'e')));
    case Step::kPop: return require(executor.run<pop>(db, key));
    case Step::kDeadline:
      return require(executor.run<live_until>(db, key, engine.now_ms() + int64_t{number % 400}));
    case Step::kPersist: return require(executor.run<live_on>(db, key));
    case Step::kErase: return require(executor.run<erase>(db, key));
    case Step::kMove: return require(executor.run<move_to>(db, key, other));
    case Step::kCopy: return require(executor.run<copy_to>(db, key, other, 1 - db));
    case Step::kLook: return (void)executor.run<look>(db, key);
    case Step::kTick:
      clock.advance(std::chrono::milliseconds(number % 300));
      if (number % 3 == 0) engine.maintain();
      return;
    case Step::kFlush:
      if (number % 8 == 0) KeyspaceTx(engine, 0).flush(number % 16 == 0 ? -1 : db);
      return;
    case Step::kCount: return;
  }
}

void check_policy_under_random_steps(const Limits& limits) {
  const auto operations = *rc::gen::arbitrary<std::vector<std::tuple<uint8_t, uint8_t, uint8_t, uint16_t>>>();
  const auto clock = std::make_shared<ManualClock>();
  const auto engine = engine_with(limits, clock);
  for (const auto& [kind, key, other, number] : operations) {
    const auto step = static_cast<Step>(kind % static_cast<unsigned>(Step::kCount));
    run(*engine, *clock, step, std::string("key:").append(std::to_string(key % 30)),
        std::string("key:").append(std::to_string(other % 30)), number);
    RC_ASSERT(policy_knows_all(*engine));
  }
}

RC_GTEST_PROP(ShardBound, policy_knows_all_entries_by_bytes, ()) {
  check_policy_under_random_steps({.max_memory = 60'000});
}

RC_GTEST_PROP(ShardBound, policy_knows_all_entries_by_number, ()) {
  check_policy_under_random_steps({.max_entries = 20});
}

TEST(ShardBound, policy_takes_over_what_is_there) {
  const auto clock = std::make_shared<ManualClock>();
  const auto engine = engine_with({.max_entries = 100}, clock);
  const Executor executor(*engine);
  for (int i = 0; i < 50; ++i) {
    const std::string key = std::string("key:").append(std::to_string(i));
    ASSERT_TRUE(executor.run<put>(i % 2, key, std::string(static_cast<size_t>(i) * 40, 'v')).ok());
  }
  engine->memory().change_limits([](Limits& limits) {
    limits.max_memory = 1 << 20;
    limits.max_entries = 0;
  });
  EXPECT_TRUE(policy_knows_all(*engine));
  EXPECT_EQ(Recorder::last->names.size(), 50u);
}

// Names lead back to their entries, and draws reach all of them.
TEST(ShardBound, residents_are_found_by_name_and_by_draw) {
  const auto clock = std::make_shared<ManualClock>();
  const auto engine = engine_with({.max_entries = 10'000}, clock);
  const Executor executor(*engine);
  for (int i = 0; i < 3000; ++i) {
    const std::string key = std::string("key:").append(std::to_string(i));
    ASSERT_TRUE(executor.run<put>(i % 2, key, "value").ok());
    if (i % 100 == 0) {
      ASSERT_TRUE(executor.run<live_until>(i % 2, key, engine->now_ms() + 1000 + i).ok());
    }
  }
  Shard& shard = engine->shard(0);
  ShardLockGuard lock(shard.lock());
  ShardBound& bound = *shard.bound();
  size_t lost = 0;
  for (int db = 0; db < 2; ++db) {
    shard.index(db).for_each([&](void* record) {
      auto* entry = static_cast<Entry*>(record);
      const Resident found = bound.find(bound.name({entry, db, &entry->access()}));
      lost += found.record != record || found.db != db;
    });
  }
  EXPECT_EQ(lost, 0u);
  std::map<void*, size_t> drawn;
  std::map<void*, size_t> mortal;
  for (int i = 0; i < 60'000; ++i) {
    std::array<Resident, 5> some;
    const size_t seen = bound.sample(shard.random()(), some);
    ASSERT_GE(seen, 1u);
    for (size_t j = 0; j < seen; ++j) ++drawn[some[j].record];
    const size_t found = bound.sample_volatile(shard.random()(), some);
    for (size_t j = 0; j < found; ++j) {
      EXPECT_NE(bound.deadline_ms(some[j]), INT64_MAX);
      ++mortal[some[j].record];
    }
  }
  EXPECT_EQ(drawn.size(), 3000u);
  EXPECT_EQ(mortal.size(), 30u);
  // About a hundred each.
  for (const auto& [record, count] : drawn) EXPECT_GT(count, 5u);
}

// A look-up under a bound counts to three, and a store without one writes nothing but the second.
TEST(ShardBound, hits_are_counted_in_the_access_byte) {
  const auto clock = std::make_shared<ManualClock>();
  const auto engine = engine_with({.max_entries = 100}, clock);
  const Executor executor(*engine);
  ASSERT_TRUE(executor.run<put>(0, "key", "value").ok());
  const auto access = [&] {
    Shard& shard = engine->shard(0);
    ShardLockGuard lock(shard.lock());
    return shard.find_entry(0, engine->key("key"))->access();
  };
  EXPECT_EQ(access(), 0);
  for (const int hits : {1, 2, 3, 3}) {
    EXPECT_TRUE(executor.run<look>(0, "key").value());
    EXPECT_EQ(access(), hits);
  }
  engine->memory().change_limits([](Limits& limits) { limits = {}; });
  ASSERT_TRUE(executor.run<put>(0, "other", "value").ok());
  EXPECT_TRUE(executor.run<look>(0, "other").value());
  EXPECT_EQ(access(), 3);
}

// Allowances and the reserve stay the limit, and no shard keeps what another one lacks.
TEST(ShardBound, shares_add_up_and_follow_the_load) {
  const auto clock = std::make_shared<ManualClock>();
  const auto engine = engine_with({.max_entries = 1000}, clock, 8);
  const Executor executor(*engine);
  // First keys of one shard alone, then keys of all.
  size_t in_first = 0;
  for (int i = 0; in_first < 1200; ++i) {
    const std::string key = std::string("key:").append(std::to_string(i));
    if (engine->shard_index(engine->key(key).hash) != 0) continue;
    ASSERT_TRUE(executor.run<put>(0, key, "value").ok());
    ++in_first;
  }
  const auto used = [&](size_t shard) { return engine->shard(shard).bound()->used(Resource::kEntries); };
  EXPECT_EQ(used(0), 1000);
  for (int i = 0; i < 20'000; ++i)
    ASSERT_TRUE(executor.run<put>(0, std::string("new:").append(std::to_string(i)), "value").ok());
  int64_t sum = 0;
  int64_t allowed = 0;
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_GE(used(i), 1000 / 8 / 2 - 1) << i;
    sum += used(i);
    allowed += engine->shard(i).bound()->allowance(Resource::kEntries);
  }
  EXPECT_LE(sum, 1000);
  EXPECT_GE(sum, 900);
  EXPECT_LE(allowed, 1000);
}

}  // namespace
}  // namespace inlay
