// Sessions: alive, prolonged, ended, and never alive again.
#include "inlay/patterns/session_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/patterns/manual_store.h"
#include "tests/patterns/ticking_clock.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;
using Fields = absl::flat_hash_map<std::string, std::string>;

class SessionStoreTest : public testing::Test, public ManualStore {
 protected:
  static std::string key(const std::string& id) { return std::string("session:").append(id); }
  SessionStore sessions_{*store, {.ttl = 30min, .seed = 1}};
};

TEST_F(SessionStoreTest, session_is_what_was_put_into_it) {
  clock->set(TimePoint(100h));
  const std::string id = sessions_.create({{"user", "ann"}, {"cart", 3}}).value();
  const auto session = sessions_.get(id).value();
  ASSERT_TRUE(session.has_value());
  EXPECT_EQ(session->fields, (Fields{{"user", "ann"}, {"cart", "3"}}));
  EXPECT_EQ(session->created_at, TimePoint(100h));
  EXPECT_EQ(session->ends_at, TimePoint(100h + 30min));
  EXPECT_EQ(sessions_.get(id, "user").value(), "ann");
  EXPECT_TRUE(is_nil(sessions_.get(id, "nothing")));
  EXPECT_EQ(store->hget(key(id), "created_at").value(), "360000000");
}

TEST_F(SessionStoreTest, session_may_be_empty) {
  const std::string id = sessions_.create().value();
  EXPECT_TRUE(sessions_.get(id).value()->fields.empty());
  EXPECT_TRUE(sessions_.erase(id, {"nothing"}).value());
  EXPECT_TRUE(sessions_.get(id)->has_value());
}

TEST_F(SessionStoreTest, ids_are_128_bits_that_differ) {
  SessionStore random(*store);
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    for (SessionStore* each : {&random, &sessions_}) {
      const std::string id = each->create().value();
      EXPECT_EQ(id.size(), 32u);
      EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
      EXPECT_TRUE(ids.insert(id).second);
    }
  }
}

TEST_F(SessionStoreTest, seed_rules_ids_and_taken_ones_are_passed_over) {
  const std::string first = sessions_.create({{"who", "first"}}).value();
  ManualStore elsewhere;
  SessionStore same(*elsewhere.store, {.seed = 1});
  EXPECT_EQ(same.create().value(), first);
  SessionStore again(*store, {.seed = 1});
  EXPECT_NE(again.create().value(), first);
  EXPECT_EQ(sessions_.get(first, "who").value(), "first");
}

TEST_F(SessionStoreTest, visits_prolong_a_sliding_session) {
  const std::string id = sessions_.create({{"user", "ann"}}).value();
  for (int i = 0; i < 4; ++i) {
    pass(29min);
    switch (i) {
      case 0: EXPECT_TRUE(sessions_.get(id)->has_value()); break;
      case 1: EXPECT_TRUE(sessions_.get(id, "user")->has_value()); break;
      case 2: EXPECT_TRUE(sessions_.update(id, {{"page", i}}).value()); break;
      case 3: EXPECT_TRUE(sessions_.erase(id, {"page"}).value()); break;
    }
    EXPECT_EQ(store->ttl(key(id)).value()->remaining(), 30min);
  }
  pass(30min);
  EXPECT_TRUE(is_nil(sessions_.get(id)));
  EXPECT_EQ(store->dbsize().value(), 0);
}

TEST_F(SessionStoreTest, visits_do_not_prolong_one_that_does_not_slide) {
  SessionStore fixed(*store, {.ttl = 30min, .sliding = false, .seed = 2});
  const std::string id = fixed.create().value();
  pass(29min);
  EXPECT_TRUE(fixed.get(id)->has_value());
  EXPECT_TRUE(fixed.update(id, {{"a", "b"}}).value());
  EXPECT_EQ(store->ttl(key(id)).value()->remaining(), 1min);
}

TEST_F(SessionStoreTest, nothing_prolongs_a_session_beyond_its_longest_life) {
  SessionStore limited(*store, {.ttl = 30min, .life_max = 1h, .seed = 2});
  const std::string id = limited.create().value();
  pass(25min);
  EXPECT_TRUE(limited.get(id)->has_value());
  pass(25min);
  EXPECT_EQ(limited.get(id).value()->ends_at, TimePoint(1h));
  EXPECT_TRUE(limited.extend(id, 24h).value());
  EXPECT_EQ(limited.get(id).value()->ends_at, TimePoint(1h));
  pass(10min);
  EXPECT_TRUE(is_nil(limited.get(id)));
}

TEST_F(SessionStoreTest, ended_session_is_never_brought_back) {
  const std::string id = sessions_.create({{"user", "ann"}}).value();
  clock->advance(30min);  // Without maintain(): the key is dead, but still there.
  EXPECT_FALSE(sessions_.update(id, {{"user", "bob"}}).value());
  EXPECT_FALSE(sessions_.erase(id, {"user"}).value());
  EXPECT_FALSE(sessions_.extend(id, 1h).value());
  EXPECT_TRUE(is_nil(sessions_.renew(id)));
  EXPECT_TRUE(is_nil(sessions_.get(id)));
  EXPECT_FALSE(sessions_.destroy(id).value());
  EXPECT_EQ(store->keys("*").value(), std::vector<std::string>());
}

TEST_F(SessionStoreTest, extension_may_shorten_and_visits_take_nothing_from_it) {
  const std::string id = sessions_.create().value();
  EXPECT_TRUE(sessions_.extend(id, 7 * 24h).value());
  EXPECT_TRUE(sessions_.get(id)->has_value());
  EXPECT_EQ(store->ttl(key(id)).value()->remaining(), 7 * 24h);
  EXPECT_TRUE(sessions_.extend(id, 1min).value());
  EXPECT_EQ(store->ttl(key(id)).value()->remaining(), 1min);
}

TEST_F(SessionStoreTest, renewed_session_has_another_id_and_the_same_rest) {
  const std::string old_id = sessions_.create({{"user", "ann"}}).value();
  pass(10min);
  const std::string id = sessions_.renew(old_id).value().value();
  EXPECT_NE(id, old_id);
  EXPECT_EQ(store->ttl(key(id)).value()->remaining(), 20min);
  EXPECT_TRUE(is_nil(sessions_.get(old_id)));
  EXPECT_FALSE(sessions_.update(old_id, {{"user", "eve"}}).value());
  EXPECT_EQ(sessions_.get(id, "user").value(), "ann");
}

TEST_F(SessionStoreTest, destroyed_session_is_gone) {
  const std::string id = sessions_.create().value();
  EXPECT_TRUE(sessions_.destroy(id).value());
  EXPECT_FALSE(sessions_.destroy(id).value());
  EXPECT_TRUE(is_nil(sessions_.get(id)));
}

TEST_F(SessionStoreTest, forged_id_reaches_no_other_key) {
  ASSERT_TRUE(store->hset("session:admin", "created_at", "0").ok());
  ASSERT_TRUE(store->set("session:", "text").ok());
  for (const std::string& forged : {std::string("admin"), std::string(), std::string(32, 'G'),
                                    std::string(31, 'a'), std::string(33, 'a'), std::string(32, '\0')}) {
    EXPECT_TRUE(is_nil(sessions_.get(forged)));
    EXPECT_TRUE(is_nil(sessions_.get(forged, "created_at")));
    EXPECT_FALSE(sessions_.update(forged, {{"a", "b"}}).value());
    EXPECT_FALSE(sessions_.erase(forged, {"a"}).value());
    EXPECT_FALSE(sessions_.extend(forged, 1s).value());
    EXPECT_TRUE(is_nil(sessions_.renew(forged)));
    EXPECT_FALSE(sessions_.destroy(forged).value());
  }
  EXPECT_EQ(store->dbsize().value(), 2);
}

TEST_F(SessionStoreTest, misuse_is_an_error) {
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  const std::string id = sessions_.create().value();
  EXPECT_EQ(sessions_.create({{"created_at", "0"}}).status().code(), kBad);
  EXPECT_EQ(sessions_.update(id, {{"created_at", "0"}}).status().code(), kBad);
  EXPECT_EQ(sessions_.erase(id, {"created_at"}).status().code(), kBad);
  EXPECT_EQ(sessions_.extend(id, Duration::zero()).status().code(), kBad);
  EXPECT_EQ(SessionStore(*store, {.ttl = Duration::zero()}).create().status().code(), kBad);
  EXPECT_EQ(SessionStore(*store, {.life_max = Duration::zero()}).create().status().code(), kBad);
  EXPECT_EQ(store->dbsize().value(), 1);
}

// The session's end falls between any two commands of a step, sooner or later.
TEST(SessionStore, session_that_ends_within_a_step_leaves_nothing) {
  for (const bool sliding : {false, true}) {
    for (const Duration tick : {70us, 300us, 1100us, 2900us}) {
      auto store =
          Store::open({.clock = std::make_shared<TickingClock>(tick), .background = Background::kManual})
              .value();
      SessionStore sessions(*store, {.ttl = 5ms, .sliding = sliding, .life_max = 40ms, .seed = 1});
      for (int i = 0; i < 200; ++i) {
        std::string id = sessions.create({{"user", "ann"}}).value();
        while (sessions.update(id, {{"n", i}}).value()) {
          if (const auto session = sessions.get(id).value()) EXPECT_EQ(session->fields.count("user"), 1u);
          if (auto renewed = sessions.renew(id).value()) id = *std::move(renewed);
        }
        EXPECT_FALSE(sessions.extend(id, 1h).value());
      }
      EXPECT_EQ(store->keys("*").value(), std::vector<std::string>());
    }
  }
}

// On the computer's clock, with lives of a millisecond, updates meet the very moment of the end. No key may be left that
// lacks its deadline or the field that every session has.
TEST(SessionStoreThreads, updates_at_the_moment_of_the_end_leave_nothing) {
  auto store = Store::open({.shards = 4}).value();
  SessionStore sessions(*store, {.ttl = 1ms, .sliding = false});
  std::atomic<int> updates{0}, late{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 150; ++i) {
        const std::string id = sessions.create({{"user", "ann"}}).value();
        while (sessions.update(id, {{"n", i}}).value()) ++updates;
        ++late;
        const auto left = store->hgetall(std::string("session:").append(id)).value();
        EXPECT_TRUE(left.empty()) << left.size();
      }
    });
  }
  threads.clear();
  EXPECT_EQ(late, 450);
  EXPECT_GT(updates, 0);
  EXPECT_EQ(store->dbsize().value(), 0);
}

}  // namespace
}  // namespace inlay::test
