// Every call on several shards locks them in one order, so that no two can wait for each other: a schedule made by hand.
//
// The test holds one shard's lock and makes the call on another thread. Once that sleeps until the lock is free, all lower
// shards of the call must be locked, and no higher one.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/store_core.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

Result<Engine*> engine_of(KeyspaceTx& tx) { return &tx.engine(); }

class LockOrder : public testing::Test {
 protected:
  static constexpr size_t kShards = 8;
  // The shards of the keys that calls name, whatever order they name them in.
  static constexpr size_t kLow = 1, kMiddle = 4, kHigh = 6;

  LockOrder() {
    const absl::Status added =
        store_->register_function("add", [](View& v, Keys keys, std::span<const Bytes>) -> Result<Reply> {
          for (const Key key : keys) {
            if (const auto sum = v.incr(key); !sum.ok()) return sum.status();
          }
          return Reply::ok();
        });
    EXPECT_TRUE(added.ok());
  }

  std::string name_in(size_t shard) const {
    for (int i = 0;; ++i) {
      std::string name = std::string("k").append(std::to_string(i));
      if (engine_.shard_index(engine_.key(name).hash) == shard) return name;
    }
  }

  // Waits for what must come: a call that never gets there makes the test fail.
  static bool comes(const std::function<bool()>& condition, std::chrono::milliseconds patience = 20s) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool is_locked(size_t shard) { return engine_.shard(shard).lock().is_locked(); }

  // What is wrong with the order in which `call` locks `shards`, ascending, if something is.
  std::optional<std::string> wrong_order(const std::vector<size_t>& shards, const std::function<void()>& call,
                                         std::chrono::milliseconds patience = 20s) {
    for (const size_t held : shards) {
      std::thread caller;
      std::optional<std::string> wrong;
      {
        const ShardLockGuard guard(engine_.shard(held).lock());
        caller = std::thread(call);
        // Who sleeps has no lock for a moment only, as it has while it fetches memory ahead.
        if (!comes([&] { return engine_.shard(held).lock().is_slept_for(); }, patience)) {
          wrong = "nobody waits for shard " + std::to_string(held);
        } else {
          for (const size_t shard : shards) {
            if (shard < held && !is_locked(shard))
              wrong = "shard " + std::to_string(shard) + " was not locked before " + std::to_string(held);
            if (shard > held && is_locked(shard))
              wrong = "shard " + std::to_string(shard) + " was locked before " + std::to_string(held);
          }
        }
      }
      caller.join();
      if (wrong.has_value()) return wrong;
    }
    return std::nullopt;
  }

  // Of a call that locks the three shards of its keys.
  void expect_order(const char* what, const std::function<void()>& call) {
    EXPECT_EQ(wrong_order({kLow, kMiddle, kHigh}, call).value_or("right"), "right") << what;
  }
  void expect_order_of_all(const char* what, const std::function<void()>& call) {
    EXPECT_EQ(wrong_order({0, 1, 2, 3, 4, 5, 6, 7}, call).value_or("right"), "right") << what;
  }
  void execute(std::vector<std::string_view> argv) { (void)Session(*store_).execute(argv); }

  std::unique_ptr<Store> store_ =
      Store::open({.shards = kShards, .seed = 11, .background = Background::kManual}).value();
  Engine& engine_ = **internal::FrontDoor::run<engine_of, nullptr>(*store_);
  const std::string a_ = name_in(kHigh), b_ = name_in(kLow), c_ = name_in(kMiddle);
};

TEST_F(LockOrder, of_calls_by_name) {
  expect_order("MSET", [&] { execute({"MSET", a_, "1", b_, "2", c_, "3"}); });
  expect_order("MSETNX", [&] { execute({"MSETNX", a_, "1", b_, "2", c_, "3"}); });
  expect_order("DEL", [&] { execute({"DEL", a_, b_, c_}); });
  expect_order("SUNIONSTORE", [&] { execute({"SUNIONSTORE", a_, b_, c_}); });
  expect_order("ZUNIONSTORE", [&] { execute({"ZUNIONSTORE", a_, "2", b_, c_}); });
  expect_order("SINTER", [&] { execute({"SINTER", a_, b_, c_}); });
  expect_order("LMPOP", [&] { execute({"LMPOP", "3", a_, b_, c_, "LEFT"}); });
  expect_order("FCALL", [&] { execute({"FCALL", "add", "3", a_, b_, c_}); });
  expect_order("BLPOP", [&] { execute({"BLPOP", a_, b_, c_, "0.001"}); });
  expect_order("MSETEX", [&] { execute({"MSETEX", "3", a_, "1", b_, "2", c_, "3", "EX", "100"}); });
  EXPECT_EQ(wrong_order({kLow, kHigh}, [&] { execute({"RENAME", a_, b_}); }).value_or("right"), "right");
  EXPECT_EQ(wrong_order({kLow, kHigh},
                        [&] {
                          execute({"LMOVE", a_, b_, "LEFT", "LEFT"});
                        })
                .value_or("right"),
            "right");
  EXPECT_EQ(wrong_order({kLow, kHigh}, [&] { execute({"COPY", a_, b_}); }).value_or("right"), "right");
  EXPECT_EQ(wrong_order({kLow, kHigh},
                        [&] {
                          execute({"SORT", a_, "STORE", b_});
                        })
                .value_or("right"),
            "right");
  EXPECT_EQ(wrong_order({kLow, kHigh}, [&] { execute({"SMOVE", a_, b_, "m"}); }).value_or("right"), "right");
}

TEST_F(LockOrder, of_transactions_and_closures) {
  expect_order("EXEC", [&] {
    Session session(*store_);
    for (const auto& argv : std::vector<std::vector<std::string_view>>{
             {"MULTI"}, {"SET", a_, "1"}, {"INCR", b_}, {"DEL", c_}, {"EXEC"}})
      (void)session.execute(argv);
  });
  expect_order_of_all("EXEC with FLUSHALL", [&] {
    Session session(*store_);
    for (const auto& argv :
         std::vector<std::vector<std::string_view>>{{"MULTI"}, {"SET", a_, "1"}, {"FLUSHALL"}, {"EXEC"}})
      (void)session.execute(argv);
  });
  expect_order("multi", [&] {
    (void)store_->watch({b_}, [&](Transaction& tx) {
      return tx.multi([&](Pipeline& queue) {
        queue.set(a_, "1");
        queue.set(c_, "1");
      });
    });
  });
  expect_order("atomically", [&] {
    (void)store_->atomically({a_, b_, c_}, [&](View& view) { return view.set(c_, "x").ok(); });
  });
}

TEST_F(LockOrder, of_calls_on_the_whole_keyspace) {
  ASSERT_TRUE(store_->set(a_, "1").ok());
  expect_order_of_all("KEYS", [&] { execute({"KEYS", "*"}); });
  expect_order_of_all("SWAPDB", [&] { execute({"SWAPDB", "1", "2"}); });
  expect_order_of_all("RANDOMKEY", [&] { execute({"RANDOMKEY"}); });
  expect_order_of_all("atomically_all",
                      [&] { (void)store_->atomically_all([&](View& view) { (void)view.get(a_); }); });
  expect_order_of_all("FLUSHALL", [&] { execute({"FLUSHALL"}); });
  // What it looks up follows from values, so it locks everything.
  expect_order_of_all("SORT with BY", [&] { execute({"SORT", a_, "BY", "weight_*"}); });
}

// Pipelines and snapshots hold no lock while they wait for another.
TEST_F(LockOrder, of_none_where_one_at_a_time_will_do) {
  std::thread caller;
  {
    const ShardLockGuard guard(engine_.shard(kMiddle).lock());
    caller = std::thread([&] {
      auto pipeline = store_->pipeline();
      pipeline.set(b_, "first");
      pipeline.set(c_, "second");
      pipeline.set(a_, "third");
      (void)pipeline.exec();
      (void)store_->mget({b_, c_, a_});
    });
    // What was set can be read, so that its lock is free, while the next call waits.
    EXPECT_TRUE(comes([&] { return store_->get(b_)->value_or("") == "first"; }));
    EXPECT_FALSE(store_->get(a_)->has_value());
    EXPECT_TRUE(store_->set(a_, "free").ok());
  }
  caller.join();
  EXPECT_EQ(store_->get(a_)->value_or(""), "third");
}

// The checker sees a call that locks in descending order, or all but ascending.
TEST_F(LockOrder, of_a_planted_call_is_found_wrong) {
  const auto lock_in = [&](std::vector<size_t> order) {
    return [this, order = std::move(order)]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      for (const size_t shard : order) engine_.shard(shard).lock().lock();
      for (const size_t shard : order) engine_.shard(shard).lock().unlock();
    };
  };
  EXPECT_FALSE(wrong_order({kLow, kMiddle, kHigh}, lock_in({kLow, kMiddle, kHigh})).has_value());
  EXPECT_TRUE(wrong_order({kLow, kMiddle, kHigh}, lock_in({kLow, kHigh, kMiddle}), 100ms).has_value());
  EXPECT_TRUE(wrong_order({kLow, kMiddle, kHigh}, lock_in({kHigh, kMiddle, kLow}), 100ms).has_value());
}

}  // namespace
}  // namespace inlay::test
