// Keys made to collide under one seed: a store with another one, as every store has by default, does not notice.
//
// The hash of eight bytes can be computed backwards for a known seed, so there are as many keys for a hash as wanted. That
// is why the seed is drawn at random when a store is opened.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "engine/executor.h"
#include "engine/hash.h"
#include "inlay/datatypes/hash.h"
#include "inlay/datatypes/set.h"
#include "inlay/datatypes/sorted_set.h"

namespace inlay {
namespace {

constexpr size_t kKeys = 100'000;
constexpr uint64_t kKnownSeed = 1234;
constexpr uint64_t kOtherSeed = 0x5eed5eed5eed5eed;

// The number whose product with an odd one is 1.
constexpr uint64_t inverse(uint64_t odd) {
  uint64_t result = odd;
  for (int i = 0; i < 6; ++i) result *= 2 - odd * result;
  return result;
}

// XXH3's steps for eight bytes in reverse: the key, its halves exchanged, xored with a word that only the seed decides.
uint64_t unmixed(uint64_t hash) {
  constexpr uint64_t kPrime = 0x9fb21c651e98df25;
  uint64_t word = hash ^ hash >> 28 ^ hash >> 56;
  word *= inverse(kPrime);
  // The upper bits passed unchanged, so what they added below can be taken off again.
  word ^= (word >> 35) + 8;
  word *= inverse(kPrime);
  // x ^ rotl(x, 49) ^ rotl(x, 24), done 64 times, is x.
  for (int i = 0; i < 63; ++i) word ^= std::rotl(word, 49) ^ std::rotl(word, 24);
  return word;
}

// The eight bytes with this hash under this seed.
std::string key_with_hash(uint64_t hash, uint64_t seed) {
  const uint64_t flip = unmixed(hash_bytes(std::string_view("\0\0\0\0\0\0\0\0", 8), seed));
  const uint64_t halves = std::rotl(unmixed(hash) ^ flip, 32);
  std::string key(sizeof halves, '\0');
  std::memcpy(key.data(), &halves, sizeof halves);
  return key;
}

// Keys whose hashes under `seed` agree in their upper half: one shard, one segment, one group, one tag.
std::vector<std::string> colliding_keys(uint64_t seed) {
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < kKeys; ++i)
    keys.push_back(key_with_hash(0xabcdef0123456789 >> 32 << 32 | i, seed));
  return keys;
}

std::vector<std::string> ordinary_keys() {
  std::vector<std::string> keys;
  for (size_t i = 0; i < kKeys; ++i) keys.push_back(std::to_string(10'000'000 + i));
  return keys;
}

absl::Status set(WriteTx& tx, const KeyRef& key, Bytes value) {
  Found found = tx.find_mutable(key);
  return tx.put_string(key, found, value, OldDeadline::kDrop) ? absl::OkStatus() : error(Error::kOutOfMemory);
}

// What keys cost a keyspace, told by its structure alone.
struct Cost {
  size_t kept = 0;
  size_t fullest_shard = 0;
  size_t index_bytes = 0;
  size_t candidates = 0;  // Records compared with a key, to find each once.
};

Cost cost_of(const std::vector<std::string>& keys, uint64_t seed) {
  Engine engine({.shards = 64, .databases = 1, .clock = nullptr, .seed = seed, .background = false});
  const Executor executor(engine);
  Cost cost;
  for (const std::string& key : keys) cost.kept += executor.run<set>(0, key, "v").ok();
  for (size_t i = 0; i < engine.shard_count(); ++i) {
    cost.fullest_shard = std::max(cost.fullest_shard, engine.shard(i).index(0).size());
    cost.index_bytes += engine.shard(i).index(0).memory_usage();
  }
  // As many as there are, but no more than is soon done.
  for (size_t i = 0; i < keys.size(); i += 100) {
    const KeyRef key = engine.key(keys[i]);
    Shard& shard = engine.shard_of(key);
    (void)shard.index(0).find_record(shard.placed(key.hash), [&](const void* record) {
      ++cost.candidates;
      return static_cast<const Entry*>(record)->has_key(key.bytes);
    });
  }
  EXPECT_TRUE(engine.check_invariants());
  return cost;
}

TEST(HashFlood, keys_can_be_made_for_a_hash_of_a_known_seed) {
  for (const uint64_t hash : {uint64_t{0}, uint64_t{1}, uint64_t{0xabcdef0123456789}, UINT64_MAX})
    EXPECT_EQ(hash_bytes(key_with_hash(hash, kKnownSeed), kKnownSeed), hash);
}

// Why the seed must not be known: all in one shard, and each compared with hundreds. Even so nothing is lost. (Past
// 26 000 of them there is no room, as tag_index_test shows.)
TEST(HashFlood, under_its_own_seed_it_hurts_but_breaks_nothing) {
  constexpr size_t kFew = 10'000;
  std::vector<std::string> keys = colliding_keys(kKnownSeed);
  keys.resize(kFew);
  const Cost cost = cost_of(keys, kKnownSeed);
  EXPECT_EQ(cost.kept, kFew);
  EXPECT_EQ(cost.fullest_shard, kFew);
  EXPECT_GT(cost.candidates, kFew / 100 * 100);
}

TEST(HashFlood, under_another_seed_it_costs_what_ordinary_keys_cost) {
  const Cost flood = cost_of(colliding_keys(kKnownSeed), kOtherSeed);
  const Cost ordinary = cost_of(ordinary_keys(), kOtherSeed);
  EXPECT_EQ(flood.kept, kKeys);
  EXPECT_LT(flood.fullest_shard, ordinary.fullest_shard * 11 / 10);
  EXPECT_LT(flood.index_bytes, ordinary.index_bytes * 11 / 10);
  EXPECT_LT(flood.candidates, ordinary.candidates * 11 / 10);
}

// Members of sets and sorted sets, and fields of hashes, are placed under the store's seed as well.
template <class Container, class Add>
void expect_ordinary_cost(Add add) {
  PagePool pages;
  const auto bytes_with = [&](const std::vector<std::string>& members) {
    Container container(pages, kOtherSeed);
    size_t added = 0;
    for (const std::string& member : members) added += add(container, member);
    EXPECT_EQ(added, kKeys);
    return container.memory_usage();
  };
  std::vector<std::string> ordinary = ordinary_keys();
  for (std::string& member : ordinary) member[0] = 'm';  // No integers, which sets keep in another way.
  EXPECT_LT(bytes_with(colliding_keys(kKnownSeed)), bytes_with(ordinary) * 11 / 10);
}

TEST(HashFlood, members_of_sets_cost_what_ordinary_ones_do) {
  expect_ordinary_cost<Set>([](Set& set, const std::string& member) {
    return set.insert(member, SetLimits{}) == Insertion::kAdded;
  });
}

TEST(HashFlood, fields_of_hashes_cost_what_ordinary_ones_do) {
  expect_ordinary_cost<Hash>([](Hash& hash, const std::string& field) {
    return hash.put(field, "v", HashLimits{}, false) == Hash::Put::kAdded;
  });
}

TEST(HashFlood, members_of_sorted_sets_cost_what_ordinary_ones_do) {
  double score = 0;
  expect_ordinary_cost<SortedSet>([&](SortedSet& set, const std::string& member) {
    return set.put(member, score++, SortedSet::Limits{}) == SortedSet::Put::kAdded;
  });
}

}  // namespace
}  // namespace inlay
