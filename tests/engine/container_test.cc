// Containers behind keys: how they are opened, changed, moved, copied and freed through transactions.
#include "engine/container.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/executor.h"
#include "inlay/expiry/clock.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

// What the tests do to keys, as commands do it.
Result<bool> put(WriteTx& tx, const KeyRef& key, Bytes field, Bytes value) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  const Hash::Put outcome = (*hash)->put(field, value, HashLimits());
  return hash->close() && outcome == Hash::Put::kAdded;
}
Result<bool> drop(WriteTx& tx, const KeyRef& key, Bytes field) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  const Hash::Erase outcome = (*hash)->erase(field);
  if (outcome == Hash::Erase::kAbsent) hash->unchanged();
  return hash->close() && outcome == Hash::Erase::kErased;
}
Result<bool> set_field_deadline(WriteTx& tx, const KeyRef& key, Bytes field, int64_t deadline_ms) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  const Hash::Deadline outcome = (*hash)->set_deadline(field, deadline_ms);
  if (outcome == Hash::Deadline::kAbsent) hash->unchanged();
  return hash->close() && outcome == Hash::Deadline::kSet;
}
Result<std::map<std::string, std::string>> read(ReadTx& tx, const KeyRef& key) {
  std::map<std::string, std::string> fields;
  const Result<ContainerView<Hash>> hash = tx.read<Hash>(key);
  if (!hash.ok()) return hash.status();
  if (*hash) {
    (*hash)->for_each([&](const Element& field, const Element& value) {
      fields.emplace(field.to_string(), value.to_string());
    });
  }
  return fields;
}
Result<bool> push(WriteTx& tx, const KeyRef& key, Bytes element) {
  Result<Edit<List>> list = tx.edit<List>(key);
  if (!list.ok()) return list.status();
  const bool pushed = (*list)->push_back(element);
  return list->close() && pushed;
}
Result<bool> set_deadline(WriteTx& tx, const KeyRef& key, int64_t deadline_ms) {
  Found found = tx.find_mutable(key);
  return found && tx.set_deadline(key, found, deadline_ms);
}
Result<bool> clear_deadline(WriteTx& tx, const KeyRef& key) {
  Found found = tx.find_mutable(key);
  return found && found.entry->has_timer() && tx.clear_deadline(key, found);
}
Result<bool> put_text(WriteTx& tx, const KeyRef& key, Bytes value) {
  Found found = tx.find_mutable(key);
  return tx.put_string(key, found, value, OldDeadline::kDrop);
}
Result<bool> erase(WriteTx& tx, const KeyRef& key) {
  Found found = tx.find_mutable(key);
  if (!found) return false;
  tx.erase(key, found);
  return true;
}
// Copies or moves over whatever stands there.
Result<bool> transfer(WriteTx& tx, const KeyRef& from, const KeyRef& to, bool moves) {
  if (from.bytes == to.bytes || !tx.find_mutable(from)) return false;
  if (Found old = tx.find_mutable(to)) tx.erase(to, old);
  Found source = tx.find_mutable(from);
  return moves ? tx.move(from, source, to, tx.db()) : tx.copy(from, source, to, tx.db());
}

constexpr int64_t kStartMs = 1'700'000'000'000;

class Keyspace {
 public:
  explicit Keyspace(size_t shards = 4)
      : engine_({.shards = shards, .databases = 1, .clock = clock_, .seed = 7, .background = false}),
        executor_(engine_) {}

  template <auto Fn, class... Arguments>
  auto run(const Arguments&... arguments) {
    return executor_.run<Fn>(0, arguments...);
  }
  Engine& engine() { return engine_; }
  ManualClock& clock() { return *clock_; }
  int64_t now_ms() const { return to_unix_ms(clock_->now()); }
  uint64_t keys() { return KeyspaceTx(engine_, 0).size(0); }
  uint64_t bytes() { return KeyspaceTx(engine_, 0).bytes(); }

 private:
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(from_unix_ms(kStartMs));
  Engine engine_;
  Executor executor_;
};

std::string numbered(const char* name, unsigned number) {
  return std::string(name).append(std::to_string(number));
}

struct Field {
  std::string value;
  std::optional<int64_t> deadline_ms;
};
struct Model {
  std::map<std::string, Field> fields;
  std::optional<int64_t> deadline_ms;
};

// Keys and fields whose time has come are gone, and keys without fields.
void bury_dead(std::map<std::string, Model>& models, int64_t now_ms) {
  for (auto& [key, model] : models) {
    std::erase_if(model.fields, [&](const auto& field) {
      return field.second.deadline_ms <= now_ms && field.second.deadline_ms;
    });
  }
  std::erase_if(models, [&](const auto& pair) {
    return pair.second.fields.empty() || (pair.second.deadline_ms && *pair.second.deadline_ms <= now_ms);
  });
}

enum class Step : uint8_t {
  kPut,
  kPutLong,
  kFill,
  kDrop,
  kFieldDeadline,
  kDeadline,
  kPersist,
  kMove,
  kCopy,
  kErase,
  kOverwrite,
  kWait,
  kCount
};

// Hashes with deadlines on keys and on fields, copied and moved between shards, hold what maps hold at every step.
RC_GTEST_PROP(Container, random_operations_agree_with_maps,
              (const std::vector<std::tuple<uint8_t, uint8_t, uint8_t, uint16_t>>& operations)) {
  Keyspace keyspace;
  std::map<std::string, Model> models;
  for (const auto& [kind, key_number, field_number, number] : operations) {
    const std::string key = numbered("key:", key_number % 5);
    const std::string other = numbered("key:", number % 5) + std::string(number % 2 * 300, 'k');
    const std::string field = numbered("field:", field_number % 6);
    const int64_t soon_ms = keyspace.now_ms() + 1 + number % 200;
    const bool present = models.contains(key);
    switch (static_cast<Step>(kind % static_cast<unsigned>(Step::kCount))) {
      case Step::kPut:
      case Step::kPutLong: {
        const std::string value =
            static_cast<Step>(kind % 12) == Step::kPut ? std::to_string(number) : std::string(90, 'v');
        const bool added = !present || !models[key].fields.contains(field);
        RC_ASSERT(*keyspace.run<put>(key, field, value) == added);
        models[key].fields[field] = {value, std::nullopt};
        break;
      }
      case Step::kFill:
        for (unsigned i = 0; i < number % 60; ++i) {
          const std::string filler = numbered("filler:", i);
          RC_ASSERT(keyspace.run<put>(key, filler, "text").ok());
          models[key].fields[filler] = {"text", std::nullopt};
        }
        break;
      case Step::kDrop:
        RC_ASSERT(*keyspace.run<drop>(key, field) == (present && models[key].fields.erase(field) == 1));
        break;
      case Step::kFieldDeadline: {
        const bool has_field = present && models[key].fields.contains(field);
        RC_ASSERT(*keyspace.run<set_field_deadline>(key, field, soon_ms) == has_field);
        if (has_field) models[key].fields[field].deadline_ms = soon_ms;
        break;
      }
      case Step::kDeadline:
        RC_ASSERT(*keyspace.run<set_deadline>(key, soon_ms) == present);
        if (present) models[key].deadline_ms = soon_ms;
        break;
      case Step::kPersist:
        RC_ASSERT(*keyspace.run<clear_deadline>(key) == (present && models[key].deadline_ms.has_value()));
        if (present) models[key].deadline_ms.reset();
        break;
      case Step::kMove:
      case Step::kCopy: {
        const bool moves = static_cast<Step>(kind % 12) == Step::kMove;
        RC_ASSERT(*keyspace.run<transfer>(key, other, moves) == (present && key != other));
        if (!present || key == other) break;
        models[other] = models[key];
        if (moves) models.erase(key);
        break;
      }
      case Step::kErase: RC_ASSERT(*keyspace.run<erase>(key) == (models.erase(key) == 1)); break;
      case Step::kOverwrite:
        RC_ASSERT(*keyspace.run<put_text>(key, "text"));
        RC_ASSERT(keyspace.run<read>(key).status() == error(Error::kWrongType));
        RC_ASSERT(keyspace.run<put>(key, "f", "v").status() == error(Error::kWrongType));
        RC_ASSERT(*keyspace.run<erase>(key));
        models.erase(key);
        break;
      case Step::kWait:
        keyspace.clock().advance(std::chrono::milliseconds(number % 150));
        if (number % 3 != 0) keyspace.engine().maintain();
        break;
      case Step::kCount: break;
    }
    bury_dead(models, keyspace.now_ms());
    std::map<std::string, std::string> expected;
    if (const auto found = models.find(key); found != models.end()) {
      for (const auto& [name, held] : found->second.fields) expected.emplace(name, held.value);
    }
    RC_ASSERT(*keyspace.run<read>(key) == expected);
    RC_ASSERT(keyspace.engine().check_invariants());
  }
  keyspace.engine().maintain();
  RC_ASSERT(keyspace.keys() == models.size());
  for (const auto& [key, model] : models) RC_ASSERT(*keyspace.run<erase>(key));
  RC_ASSERT(keyspace.keys() == 0u);
}

TEST(Container, small_one_stands_in_its_entry_and_large_one_apart) {
  Keyspace keyspace(1);
  const uint64_t empty = keyspace.bytes();
  ASSERT_TRUE(*keyspace.run<push>("a list of a key", "an element"));
  // 7 bytes of head, 15 of key, a count of 2, a head of 1, 10 of text, and what a list adds to each element.
  EXPECT_LE(keyspace.bytes() - empty, 40u + PagePool::table_bytes(16 * 7 + 8));
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(*keyspace.run<push>("a list of a key", "an element"));
  EXPECT_GT(keyspace.bytes(), 1000u * 11);
  EXPECT_TRUE(keyspace.engine().check_invariants());
  ASSERT_TRUE(*keyspace.run<erase>("a list of a key"));
  EXPECT_EQ(keyspace.bytes(), empty);
}

TEST(Container, change_that_empties_removes_the_key_and_its_deadline) {
  Keyspace keyspace;
  ASSERT_TRUE(*keyspace.run<put>("h", "f", "v"));
  ASSERT_TRUE(*keyspace.run<set_deadline>("h", kStartMs + 1000));
  ASSERT_TRUE(*keyspace.run<drop>("h", "f"));
  EXPECT_EQ(keyspace.keys(), 0u);
  ASSERT_TRUE(*keyspace.run<put>("h", "f", "v"));
  keyspace.clock().advance(2s);
  EXPECT_EQ(keyspace.run<read>("h")->size(), 1u);
}

TEST(Container, field_timer_fires_without_anyone_looking) {
  Keyspace keyspace;
  ASSERT_TRUE(*keyspace.run<put>("h", "stays", "v"));
  for (unsigned i = 0; i < 500; ++i) {
    const std::string field = numbered("f", i);
    ASSERT_TRUE(*keyspace.run<put>("h", field, "v"));
    ASSERT_TRUE(*keyspace.run<set_field_deadline>("h", field, kStartMs + 10));
  }
  const uint64_t before = keyspace.bytes();
  keyspace.clock().advance(10ms);
  keyspace.engine().maintain();
  EXPECT_LT(keyspace.bytes(), before);
  EXPECT_TRUE(keyspace.engine().check_invariants());
  EXPECT_EQ(keyspace.run<read>("h")->size(), 1u);
  ASSERT_TRUE(*keyspace.run<set_field_deadline>("h", "stays", kStartMs + 20));
  keyspace.clock().advance(10ms);
  keyspace.engine().maintain();
  EXPECT_EQ(keyspace.keys(), 0u);
}

TEST(Container, edit_that_changes_nothing_makes_no_key_and_tells_no_watcher) {
  Keyspace keyspace(1);
  Shard& shard = keyspace.engine().shard(0);
  uint64_t version = 0;
  {
    ShardLockGuard lock(shard.lock());
    version = shard.watches().watch(0, "h");
  }
  const auto watched = [&] {
    ShardLockGuard lock(shard.lock());
    return shard.watches().version(0, "h");
  };
  EXPECT_FALSE(*keyspace.run<drop>("h", "f"));
  EXPECT_EQ(keyspace.keys(), 0u);
  EXPECT_EQ(watched(), version);
  ASSERT_TRUE(*keyspace.run<put>("h", "f", "v"));
  EXPECT_NE(watched(), version);
  version = watched();
  EXPECT_FALSE(*keyspace.run<drop>("h", "no"));
  EXPECT_EQ(watched(), version);
  for (unsigned i = 0; i < 300; ++i) ASSERT_TRUE(keyspace.run<put>("h", numbered("f", i), "v").ok());
  version = watched();
  EXPECT_FALSE(*keyspace.run<drop>("h", "no"));
  EXPECT_EQ(watched(), version);
}

}  // namespace
}  // namespace inlay
