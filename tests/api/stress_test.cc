// Many threads on overlapping keys: what one call does is seen whole or not at all, and nothing is lost.
//
// Each test runs one kind of thread that keeps a promise beside others that try to break it, and checks the promise
// exactly. Run under ThreadSanitizer by ./dev tsan.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

// Enough that threads meet often; ten times slower under ThreadSanitizer it still is a matter of seconds.
constexpr int kRounds = 32000;
constexpr int kWholeScans = 48;
constexpr int kStores = 160;

using Random = std::minstd_rand;

std::unique_ptr<Store> open_store(Background background = Background::kThread) {
  return Store::open({.shards = 8, .background = background}).value();
}

// Workers each do `rounds` rounds, or, where they give none, go on until all the others have finished.
class Crew {
 public:
  using Work = std::function<void(Random& random, int round)>;

  void add(int count, int rounds, Work work) {
    for (int i = 0; i < count; ++i) works_.emplace_back(rounds, work);
  }
  void add_until_done(int count, Work work) { add(count, 0, std::move(work)); }

  void run() {
    std::vector<std::thread> threads;
    for (const auto& [rounds, work] : works_) busy_ += rounds > 0;
    for (size_t i = 0; i < works_.size(); ++i) {
      threads.emplace_back([this, i] {
        const auto& [rounds, work] = works_[i];
        Random random(static_cast<unsigned>(i + 1));
        for (int round = 0; rounds > 0 ? round < rounds : busy_ > 0; ++round) work(random, round);
        if (rounds > 0) --busy_;
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  std::vector<std::pair<int, Work>> works_;
  std::atomic<int> busy_{0};
};

std::string numbered(std::string_view name, unsigned number) {
  return std::string(name) + std::to_string(number);
}

// Noise on keys of its own that share shards with every other key.
void add_noise(Crew& crew, Store& store) {
  crew.add_until_done(1, [&store](Random& random, int) {
    const std::string key = numbered("noise:", random() % 500);
    switch (random() % 8) {
      case 0: (void)store.set(key, std::string(random() % 300, 'x')); break;
      case 1: (void)store.set(key, "short", std::chrono::milliseconds(1 + random() % 3)); break;
      case 2: (void)store.append(key, "more"); break;
      case 3: (void)store.copy(key, numbered("noise:", random() % 500), {.replace = true}); break;
      case 4: (void)store.expire(key, std::chrono::milliseconds(static_cast<int>(random() % 5) - 1)); break;
      case 5: (void)store.persist(key); break;
      case 6: (void)store.rename(key, numbered("noise:", random() % 500)); break;
      default: (void)store.del(key);
    }
  });
}

void expect_sound(Store& store) {
  const absl::Status status = store.check_invariants();
  EXPECT_TRUE(status.ok()) << status;
}

// A counter ends at the sum of all that was added, whoever else reads, scans and gives it deadlines.
TEST(Stress, no_addition_is_lost) {
  constexpr unsigned kCounters = 8;
  auto store = open_store();
  std::array<std::atomic<int64_t>, kCounters> sums{};
  Crew crew;
  crew.add(3, kRounds, [&](Random& random, int) {
    const unsigned i = random() % kCounters;
    const int64_t by = static_cast<int64_t>(random() % 2001) - 1000;
    const std::string key = numbered("counter:", i);
    EXPECT_TRUE((by % 2 == 0 ? store->incr(key, by) : store->decr(key, -by)).ok());
    sums[i] += by;
  });
  crew.add_until_done(1, [&](Random& random, int) {
    const std::string key = numbered("counter:", random() % kCounters);
    (void)store->expire(key, 1h);
    (void)store->persist(key);
    (void)store->get(key);
    (void)store->touch({key, "counter:0"});
  });
  add_noise(crew, *store);
  crew.run();
  for (unsigned i = 0; i < kCounters; ++i) {
    EXPECT_EQ(**store->get(numbered("counter:", i)), std::to_string(sums[i])) << i;
  }
  expect_sound(*store);
}

// What one MSET sets, one MGET sees together, over any number of shards.
TEST(Stress, many_keys_change_at_one_instant) {
  auto store = open_store();
  const std::vector<Key> keys{"alpha", "beta", "gamma", "delta", "epsilon"};
  const auto set_all = [&](int64_t value) {
    std::vector<KeyValue> pairs;
    for (const Key key : keys) pairs.push_back({key, value});
    return store->mset(pairs);
  };
  ASSERT_TRUE(set_all(-1).ok());
  Crew crew;
  crew.add(2, kRounds, [&](Random& random, int) { EXPECT_TRUE(set_all(random()).ok()); });
  crew.add_until_done(2, [&](Random& random, int) {
    std::vector<Key> order = keys;
    std::shuffle(order.begin(), order.end(), random);
    const auto values = *store->mget(order);
    for (const auto& value : values) EXPECT_EQ(value, values[0]);
  });
  add_noise(crew, *store);
  crew.run();
  expect_sound(*store);
}

// Keys that MSETNX claims together have one owner: never two, never half a one.
TEST(Stress, all_or_none_are_claimed) {
  auto store = open_store();
  std::atomic<int> owners{0};
  std::atomic<int64_t> claims{0};
  Crew crew;
  crew.add(3, kRounds, [&](Random& random, int) {
    const int64_t name = random();
    if (!*store->msetnx({{"lock:a", name}, {"lock:b", name}, {"lock:c", name}})) return;
    EXPECT_EQ(++owners, 1);
    ++claims;
    EXPECT_EQ(**store->get("lock:b"), std::to_string(name));
    --owners;
    EXPECT_EQ(*store->del({"lock:c", "lock:a", "lock:b"}), 3);
  });
  crew.add_until_done(1, [&](Random&, int) {
    const auto values = *store->mget({"lock:c", "lock:b", "lock:a"});
    EXPECT_EQ(values[0], values[1]);
    EXPECT_EQ(values[1], values[2]);
    const int64_t count = *store->exists({"lock:a", "lock:b", "lock:c"});
    EXPECT_TRUE(count == 0 || count == 3) << count;
  });
  add_noise(crew, *store);
  crew.run();
  EXPECT_GT(claims, 0);
  expect_sound(*store);
}

// A token that is renamed about exists exactly once at every instant, with its value and its deadline.
TEST(Stress, a_renamed_key_is_always_at_one_place) {
  constexpr unsigned kPlaces = 12;
  auto store = open_store();
  std::vector<std::string> names;
  for (unsigned i = 0; i < kPlaces; ++i) names.push_back(numbered("place:", i));
  const std::vector<Key> places(names.begin(), names.end());
  ASSERT_TRUE(store->set(places[0], "token", 1h).ok());
  const auto deadline = *store->expiretime(places[0]);
  std::atomic<int64_t> moves{0};
  Crew crew;
  crew.add(3, kRounds, [&](Random& random, int round) {
    const Key from = places[random() % kPlaces], to = places[random() % kPlaces];
    const bool moved = round % 2 == 0 ? store->rename(from, to).ok() : store->renamenx(from, to).ok();
    moves += moved;
  });
  crew.add_until_done(1, [&](Random&, int) {
    EXPECT_EQ(*store->exists(places), 1);
    int64_t tokens = 0;
    const auto values = *store->mget(places);
    for (const auto& value : values) tokens += value == "token";
    EXPECT_EQ(tokens, 1);
  });
  add_noise(crew, *store);
  crew.run();
  EXPECT_GT(moves, 0);
  int found = 0;
  for (const Key place : places) {
    if (!*store->exists(place)) continue;
    ++found;
    EXPECT_EQ(**store->get(place), "token");
    EXPECT_EQ(*store->expiretime(place), deadline);
  }
  EXPECT_EQ(found, 1);
  expect_sound(*store);
}

// A whole scan returns every key that stays exactly once, while others come, go, and make the tables grow.
TEST(Stress, a_scan_returns_each_stable_key_once) {
  constexpr unsigned kStable = 1000;
  auto store = open_store();
  for (unsigned i = 0; i < kStable; ++i) ASSERT_TRUE(store->set(numbered("stable:", i), i).ok());
  Crew crew;
  crew.add(1, kWholeScans, [&](Random& random, int) {
    std::map<std::string, int> seen;
    for (const std::string& key :
         store->scan({.match = "stable:*", .count = 1 + static_cast<int64_t>(random() % 40)}))
      ++seen[key];
    EXPECT_EQ(seen.size(), kStable);
    for (const auto& [key, times] : seen) EXPECT_EQ(times, 1) << key;
  });
  crew.add_until_done(1, [&, created = 0u](Random& random, int) mutable {
    (void)store->set(numbered("new:", created++), "x");
    if (created > 200) (void)store->del(numbered("new:", random() % created));
    if (created % 20000 == 0) {
      for (unsigned i = 0; i < created; ++i) (void)store->del(numbered("new:", i));
      created = 0;
    }
  });
  add_noise(crew, *store);
  crew.run();
  expect_sound(*store);
}

// FLUSHDB and SWAPDB happen at one instant: a pair that is always set together is never seen apart.
TEST(Stress, whole_databases_change_at_one_instant) {
  auto store = open_store();
  std::array<Database, 2> databases{*store->database(1), *store->database(2)};
  Crew crew;
  crew.add(2, kRounds, [&](Random& random, int) {
    const int64_t value = random();
    EXPECT_TRUE(databases[random() % 2].mset({{"left", value}, {"right", value}, {"centre", value}}).ok());
  });
  crew.add(1, kRounds / 20, [&](Random& random, int round) {
    if (round % 3 == 0) EXPECT_TRUE(databases[random() % 2].flushdb().ok());
    EXPECT_TRUE(store->swapdb(1, 2).ok());
    if (round % 50 == 0) store->flushall();
  });
  crew.add_until_done(1, [&](Random& random, int) {
    const auto values = *databases[random() % 2].mget({"right", "centre", "left"});
    EXPECT_EQ(values[0], values[1]);
    EXPECT_EQ(values[1], values[2]);
    const auto keys = *databases[random() % 2].keys("*");
    EXPECT_TRUE(keys.empty() || keys.size() == 3) << keys.size();
  });
  add_noise(crew, *store);
  crew.run();
  store->flushall();
  EXPECT_EQ(store->stats().keys, 0u);
  expect_sound(*store);
}

// Short-lived keys are all removed by the background thread, and nothing else is.
TEST(Stress, the_background_thread_removes_what_has_died_and_nothing_else) {
  auto store = open_store();
  constexpr int kThreads = 3;
  std::atomic<int64_t> stayed{0};
  Crew crew;
  crew.add(kThreads, kRounds, [&](Random& random, int round) {
    const std::string key = std::to_string(random()) + ":" + std::to_string(round);
    if (round % 10 != 0) {
      EXPECT_TRUE(store->set(key, "v", std::chrono::milliseconds(1 + random() % 20)).ok());
    } else if (*store->setnx("stays:" + key, "v")) {
      ++stayed;
    }
  });
  crew.run();
  // Another thread does the work, by the real clock: there is nothing to move, only to wait for.
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (*store->dbsize() > stayed && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_EQ(*store->dbsize(), stayed);
  EXPECT_EQ(static_cast<int64_t>(store->keys("stays:*")->size()), stayed);
  expect_sound(*store);
}

// A store may be closed at any moment, with timers pending and the background thread at work.
TEST(Stress, a_store_closes_in_the_middle_of_expiry) {
  for (int i = 0; i < kStores; ++i) {
    auto store = open_store();
    Crew crew;
    crew.add(2, 100, [&](Random& random, int) {
      (void)store->set(std::to_string(random()), "v", std::chrono::microseconds(random() % 4000));
    });
    crew.run();
  }
}

// Several threads may remove dead keys at once.
TEST(Stress, maintain_runs_beside_itself_and_the_callers) {
  auto store = open_store(Background::kManual);
  Crew crew;
  crew.add(2, kRounds, [&](Random& random, int) {
    (void)store->set(numbered("k", random() % 3000), "v", std::chrono::milliseconds(1 + random() % 4));
  });
  crew.add_until_done(2, [&](Random&, int) { store->maintain(); });
  add_noise(crew, *store);
  crew.run();
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!store->keys("k*")->empty() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_TRUE(store->keys("k*")->empty());
  expect_sound(*store);
}

}  // namespace
}  // namespace inlay::test
