// Deadlines of fields by a clock that the test moves, against a std model; random draws; what watchers are told.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kNowMs = 1'700'000'000'000;

std::string numbered(std::string prefix, int number) { return prefix.append(std::to_string(number)); }

struct Fixture {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(kNowMs));
  std::unique_ptr<Store> store =
      Store::open({.shards = 4, .clock = clock, .seed = 42, .background = Background::kManual}).value();
};

struct ModelField {
  std::string value;
  std::optional<int64_t> deadline;
};
using ModelHash = std::map<std::string, ModelField>;

// Keys of hashes as they should be, and the time.
struct Model {
  std::map<std::string, ModelHash> keys;
  int64_t now_ms = kNowMs;

  void reap() {
    for (auto& [key, hash] : keys) {
      std::erase_if(hash, [&](const auto& each) {
        return each.second.deadline.has_value() && *each.second.deadline <= now_ms;
      });
    }
    std::erase_if(keys, [](const auto& each) { return each.second.empty(); });
  }
};

void check(Store& store, const Model& model) {
  for (const std::string key : {"h", "g"}) {
    const auto found = model.keys.find(key);
    const ModelHash empty;
    const ModelHash& hash = found == model.keys.end() ? empty : found->second;
    RC_ASSERT(*store.exists(Key(key)) == !hash.empty());
    RC_ASSERT(*store.hlen(key) == static_cast<int64_t>(hash.size()));
    const FieldValues pairs = *store.hgetall(key);
    std::map<std::string, std::string> ours(pairs.begin(), pairs.end()), theirs;
    std::vector<std::string_view> fields{"no such field"};
    for (const auto& [field, each] : hash) {
      theirs.emplace(field, each.value);
      fields.push_back(field);
    }
    RC_ASSERT(ours == theirs);
    const auto deadlines = *store.hexpiretime(key, fields);
    RC_ASSERT(!deadlines[0].has_value());
    for (size_t i = 1; i < fields.size(); ++i) {
      const auto& wanted = hash.at(std::string(fields[i])).deadline;
      RC_ASSERT(deadlines[i] == (wanted.has_value() ? ExpireTime::at_unix_ms(*wanted) : ExpireTime::never()));
    }
  }
  RC_ASSERT(store.check_invariants().ok());
}

// Whatever is set, expired, copied and waited for, the hashes hold what the model holds.
RC_GTEST_PROP(HashFields, random_lives_of_fields_agree_with_model, ()) {
  Fixture fixture;
  Store& store = *fixture.store;
  Model model;
  // Some hashes begin large.
  const bool large = *rc::gen::arbitrary<bool>();
  for (int i = 0; large && i < 200; ++i) {
    const std::string field = numbered("f", i);
    RC_ASSERT(store.hset("h", field, i).ok());
    model.keys["h"][field] = {std::to_string(i), std::nullopt};
  }
  const int steps = *rc::gen::inRange(0, 60);
  for (int step = 0; step < steps; ++step) {
    const std::string key = *rc::gen::element<std::string>("h", "h", "g");
    const std::string other = key == "h" ? "g" : "h";
    const std::string field = numbered("f", *rc::gen::inRange(0, 6));
    const auto span = std::chrono::milliseconds(*rc::gen::inRange(0, 20));
    const int64_t deadline = model.now_ms + span.count();
    const auto hash = model.keys.find(key);
    const bool present = hash != model.keys.end() && hash->second.contains(field);
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
      case 1:
      case 2:
        RC_ASSERT(*store.hset(key, field, step) == !present);
        model.keys[key][field] = {std::to_string(step), std::nullopt};
        break;
      case 3:
        if (present && *rc::gen::arbitrary<bool>()) break;
        RC_ASSERT(store.hincrby(key, field, 1).ok());
        if (!present) model.keys[key][field].value = "0";
        model.keys[key][field].value = std::to_string(std::stoi(model.keys[key][field].value) + 1);
        break;
      case 4:
      case 5:
      case 6: {
        const auto condition = *rc::gen::element(ExpireIf::kAlways, ExpireIf::kNoTtl, ExpireIf::kHasTtl,
                                                 ExpireIf::kGreater, ExpireIf::kLess);
        FieldOutcome wanted = FieldOutcome::kNoField;
        if (present) {
          auto& old = hash->second[field].deadline;
          const bool holds = condition == ExpireIf::kAlways ||
                             (condition == ExpireIf::kNoTtl && !old.has_value()) ||
                             (condition == ExpireIf::kHasTtl && old.has_value()) ||
                             (condition == ExpireIf::kGreater && old.has_value() && deadline > *old) ||
                             (condition == ExpireIf::kLess && (!old.has_value() || deadline < *old));
          wanted = !holds        ? FieldOutcome::kRefused
                   : span == 0ms ? FieldOutcome::kDeleted
                                 : FieldOutcome::kDone;
          if (holds) old = deadline;
        }
        RC_ASSERT(store.hexpire(key, span, {field}, condition)->at(0) == wanted);
        break;
      }
      case 7: {
        const bool mortal = present && hash->second[field].deadline.has_value();
        RC_ASSERT(store.hpersist(key, {field})->at(0) == (!present ? FieldOutcome::kNoField
                                                          : mortal ? FieldOutcome::kDone
                                                                   : FieldOutcome::kNoTtl));
        if (mortal) hash->second[field].deadline.reset();
        break;
      }
      case 8:
        RC_ASSERT(*store.hdel(key, {field}) == present);
        if (present) hash->second.erase(field);
        break;
      case 9:
        if (hash == model.keys.end()) break;
        if (*rc::gen::arbitrary<bool>()) {
          RC_ASSERT(*store.copy(key, other, {.replace = true}));
          model.keys[other] = ModelHash(hash->second);
        } else {
          RC_ASSERT(store.rename(key, other).ok());
          model.keys[other] = std::move(hash->second);
          model.keys.erase(key);
        }
        break;
      case 10:
        RC_ASSERT(*store.hsetex(key, {{field, step}}, {.ttl = Expiry(span)}));
        model.keys[key][field] = {std::to_string(step), deadline};
        break;
      default: {
        const auto waited = std::chrono::milliseconds(*rc::gen::inRange(0, 25));
        fixture.clock->advance(waited);
        model.now_ms += waited.count();
        if (*rc::gen::arbitrary<bool>()) store.maintain();
      }
    }
    model.reap();
    check(store, model);
  }
}

TEST(HashFields, maintain_removes_dead_fields_and_the_key_of_the_last) {
  Fixture fixture;
  Store& store = *fixture.store;
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(store.hset("h", numbered("f", i), i).ok());
  const uint64_t bytes = store.stats().bytes;
  for (int i = 0; i < 1'000; ++i) {
    const std::string field = numbered("f", i);
    ASSERT_EQ(store.hexpire("h", i < 900 ? 1s : 2s, {field})->at(0), FieldOutcome::kDone);
  }
  fixture.clock->advance(1s);
  store.maintain();
  EXPECT_EQ(*store.hlen("h"), 100);
  EXPECT_TRUE(store.check_invariants().ok());
  fixture.clock->advance(1s);
  store.maintain();
  EXPECT_EQ(store.stats().keys, 0u);
  EXPECT_LT(store.stats().bytes, bytes);
  EXPECT_TRUE(store.check_invariants().ok());
}

TEST(HashFields, hset_takes_numbers_and_texts) {
  Fixture fixture;
  ASSERT_TRUE(fixture.store->hset("h", {{"a", 1}, {"b", 2.5}, {"c", "x"}}).ok());
  EXPECT_EQ(*fixture.store->hgetall("h"), (FieldValues{{"a", "1"}, {"b", "2.5"}, {"c", "x"}}));
}

TEST(HashFields, hscan_range_gives_every_field_once) {
  Fixture fixture;
  std::set<std::string> wanted;
  for (int i = 0; i < 3'000; ++i) {
    wanted.insert(numbered("f", i));
    ASSERT_TRUE(fixture.store->hset("h", numbered("f", i), i).ok());
  }
  std::multiset<std::string> seen;
  for (const auto& [field, value] : fixture.store->hscan("h", {.count = 7})) {
    EXPECT_EQ(numbered("f", std::stoi(value)), field);
    seen.insert(field);
  }
  EXPECT_EQ(seen, std::multiset<std::string>(wanted.begin(), wanted.end()));
  int matched = 0;
  for (const auto& pair : fixture.store->hscan("h", {.match = "f1??"})) matched += pair.first.size() == 4;
  EXPECT_EQ(matched, 100);
  for (const auto& pair : fixture.store->hscan("none")) FAIL() << pair.first;
}

// Draws with repetitions are uniform; without, every subset is as likely and nothing comes twice.
TEST(HashFields, hrandfield_draws_are_uniform_and_distinct) {
  for (const int fields : {10, 300}) {
    Fixture fixture;
    Store& store = *fixture.store;
    for (int i = 0; i < fields; ++i) ASSERT_TRUE(store.hset("h", numbered("f", i), i).ok());
    const int draws = fields * 1'000;
    std::map<std::string, int> repeated;
    const FieldValues pairs = *store.hrandfield_with_values("h", -draws);
    for (const auto& [field, value] : pairs) {
      ++repeated[field];
      ASSERT_EQ(field, numbered("f", std::stoi(value)));
    }
    EXPECT_EQ(repeated.size(), static_cast<size_t>(fields));
    for (const auto& [field, times] : repeated) EXPECT_NEAR(times, 1'000, 200) << field;
    for (const int count : {1, fields / 5, fields / 2, fields - 1, fields, fields + 1}) {
      std::map<std::string, int> drawn;
      const int rounds = 400 * fields / std::min(count, fields);
      for (int round = 0; round < rounds; ++round) {
        const auto some = *store.hrandfield("h", count);
        ASSERT_EQ(some.size(), static_cast<size_t>(std::min(count, fields)));
        ASSERT_EQ(std::set<std::string>(some.begin(), some.end()).size(), some.size());
        for (const std::string& field : some) ++drawn[field];
      }
      for (const auto& [field, times] : drawn) EXPECT_NEAR(times, 400, 130) << field << " of " << count;
    }
  }
}

TEST(HashFields, draws_beyond_memory_are_refused_at_once) {
  const auto store = Store::open({.background = Background::kManual}).value();
  ASSERT_TRUE(store->hset("h", "f", "v").ok());
  for (const int64_t count : {-(int64_t{1} << 27) - 1, -INT64_MAX}) {
    EXPECT_EQ(kind_of(store->hrandfield("h", count).status()), ErrorKind::kOutOfMemory) << count;
  }
  EXPECT_FALSE(store->hrandfield("h", INT64_MIN).ok());
  EXPECT_TRUE(store->hrandfield("no", -INT64_MAX)->empty());
}

}  // namespace
}  // namespace inlay::test
