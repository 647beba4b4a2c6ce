// Typed transactions: what commits could have run alone.
#include "inlay/transaction.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr TxOptions kPatient{.max_retries = 1'000'000};

struct Fixture {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::unique_ptr<Store> store =
      Store::open({.shards = 1, .clock = clock, .background = Background::kManual}).value();
};

int64_t number(const Nullable<std::string>& value) { return std::stoll(value->value_or("0")); }

TEST(Watch, commits_what_it_queued_and_returns_what_the_closure_returned) {
  Fixture f;
  ASSERT_TRUE(f.store->set("balance", 10).ok());
  Deferred<int64_t> left;
  const Result<std::string> paid = f.store->watch({"balance"}, [&](Transaction& tx) -> Result<std::string> {
    if (number(tx.get("balance")) < 5) return absl::FailedPreconditionError("too little");
    const absl::Status status = tx.multi([&](Pipeline& p) {
      left = p.decr("balance", 5);
      p.rpush("log", "paid");
      EXPECT_FALSE(p.exec().ok()) << "the transaction does that";
    });
    if (!status.ok()) return status;
    return std::string("paid");
  });
  EXPECT_EQ(paid.value(), "paid");
  EXPECT_EQ(*left, 5);
  EXPECT_EQ(f.store->llen("log").value(), 1);
}

TEST(Watch, error_of_the_closure_is_returned_and_nothing_changes) {
  Fixture f;
  const absl::Status status =
      f.store->watch({"k"}, [](Transaction&) -> absl::Status { return absl::FailedPreconditionError("no"); });
  EXPECT_EQ(status, absl::FailedPreconditionError("no"));
  EXPECT_EQ(f.store->dbsize().value(), 0);
}

// Changes the key once from outside while the closure runs for the first time.
TEST(Watch, closure_runs_again_when_a_key_has_changed) {
  Fixture f;
  int runs = 0;
  const absl::Status status = f.store->watch({"k"}, [&](Transaction& tx) {
    const int64_t seen = number(tx.get("k"));
    if (++runs == 1) EXPECT_TRUE(f.store->set("k", 41).ok());
    return tx.multi([&](Pipeline& p) { p.set("k", seen + 1); });
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(f.store->get("k").value(), "42");
}

TEST(Watch, gives_up_after_its_retries) {
  Fixture f;
  int runs = 0;
  const absl::Status status = f.store->watch({"k"},
                                             [&](Transaction& tx) {
                                               ++runs;
                                               EXPECT_TRUE(f.store->set("k", "same").ok())
                                                   << "an equal value is a change all the same";
                                               return tx.multi([](Pipeline& p) { p.set("k", "mine"); });
                                             },
                                             {.max_retries = 3});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(kind_of(status), ErrorKind::kWatchFailed);
  EXPECT_EQ(runs, 5) << "an attempt that may fail for nothing, one more, and three retries";
  EXPECT_EQ(f.store->get("k").value(), "same");
}

// There is one shard, so that the other key lives in the same one.
TEST(Watch, traffic_on_other_keys_does_not_hinder) {
  Fixture f;
  const absl::Status status = f.store->watch({"k"},
                                             [&](Transaction& tx) {
                                               EXPECT_TRUE(f.store->incr("other").ok());
                                               return tx.multi([](Pipeline& p) { p.incr("k"); });
                                             },
                                             {.max_retries = 0});
  EXPECT_TRUE(status.ok()) << status;
}

TEST(Watch, only_watched_keys_can_be_read_and_none_written) {
  Fixture f;
  const absl::Status status = f.store->watch({"k"}, [](Transaction& tx) {
    EXPECT_TRUE(is_nil(tx.get("k")));
    EXPECT_EQ(tx.get("other").status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(tx.mget({"k", "other"}).status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(tx.set("k", "v").code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(tx.dbsize().status().code(), absl::StatusCode::kFailedPrecondition);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(f.store->dbsize().value(), 0);
}

TEST(Watch, what_was_only_read_is_checked_too) {
  Fixture f;
  int runs = 0;
  const Result<std::string> read = f.store->watch({"a", "b"}, [&](Transaction& tx) -> Result<std::string> {
    const std::string a = tx.get("a")->value_or("-");
    if (++runs == 1) EXPECT_TRUE(f.store->mset({{"a", "1"}, {"b", "1"}}).ok());
    return a + tx.get("b")->value_or("-");
  });
  EXPECT_EQ(read.value(), "11");
}

TEST(Watch, transaction_ends_with_multi) {
  Fixture f;
  const absl::Status status = f.store->watch({"k"}, [](Transaction& tx) {
    EXPECT_TRUE(tx.multi([](Pipeline& p) { p.incr("k"); }).ok());
    return tx.multi([](Pipeline& p) { p.incr("k"); });
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(f.store->get("k").value(), "1");
}

TEST(Watch, expiry_of_a_watched_key_is_a_change) {
  Fixture f;
  ASSERT_TRUE(f.store->set("k", "v", 10ms).ok());
  int runs = 0;
  std::string seen;
  const absl::Status status = f.store->watch({"k"}, [&](Transaction& tx) {
    seen = tx.get("k")->value_or("gone");
    if (++runs == 1) f.clock->advance(11ms);
    return tx.multi([](Pipeline& p) { p.set("k", "new"); });
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(seen, "gone");
}

TEST(Watch, key_that_was_dead_before_is_no_change) {
  Fixture f;
  ASSERT_TRUE(f.store->set("k", "v", 10ms).ok());
  f.clock->advance(11ms);
  int runs = 0;
  const absl::Status status = f.store->watch({"k"}, [&](Transaction& tx) {
    ++runs;
    EXPECT_TRUE(is_nil(tx.get("k")));
    return tx.multi([](Pipeline& p) { p.set("k", "new"); });
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(runs, 1);
}

TEST(Watch, calls_on_the_whole_keyspace_can_be_part) {
  Fixture f;
  ASSERT_TRUE(f.store->mset({{"a", "1"}, {"b", "2"}}).ok());
  Deferred<int64_t> before, after;
  Deferred<Reply> reply, refused;
  const absl::Status status = f.store->watch({"a"}, [&](Transaction& tx) {
    return tx.multi([&](Pipeline& p) {
      before = p.dbsize();
      p.flushdb();
      p.incr("n");
      after = p.dbsize();
      reply = p.execute({"SORT", "n"});
      refused = p.execute({"MULTI"});
    });
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(*before, 2);
  EXPECT_EQ(*after, 1);
  EXPECT_TRUE(reply->is_error());
  EXPECT_EQ(*refused, Reply::error("ERR 'multi' is not allowed inside a transaction"));
  EXPECT_TRUE(f.store->check_invariants().ok());
}

std::unique_ptr<Store> open_shared() {
  return Store::open({.shards = 4, .background = Background::kManual}).value();
}

void run_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

// Read, add one, write: every success counts exactly once.
TEST(WatchThreads, no_update_is_lost) {
  constexpr int kThreads = 4, kRounds = 2000;
  auto store = open_shared();
  std::atomic<int64_t> committed{0};
  run_threads(kThreads, [&](int) {
    for (int i = 0; i < kRounds; ++i) {
      const absl::Status status = store->watch({"n"},
                                               [&](Transaction& tx) {
                                                 const int64_t next = number(tx.get("n")) + 1;
                                                 return tx.multi([&](Pipeline& p) { p.set("n", next); });
                                               },
                                               {.max_retries = i % 2 == 0 ? 1 : 1'000'000});
      committed += status.ok();
    }
  });
  EXPECT_EQ(number(store->get("n")), committed);
  EXPECT_GE(committed, kThreads * kRounds / 2);
}

// Money moves between random accounts, watched in any order: none comes or goes, and no two transfers wait for one another.
TEST(WatchThreads, transfers_keep_the_sum) {
  constexpr int kAccounts = 8, kRounds = 2000;
  auto store = open_shared();
  const auto account = [](unsigned i) { return "account:" + std::to_string(i % kAccounts); };
  for (unsigned i = 0; i < kAccounts; ++i) ASSERT_TRUE(store->set(account(i), 100).ok());
  std::atomic<bool> torn{false};
  run_threads(4, [&](int thread) {
    std::minstd_rand random(static_cast<unsigned>(thread) + 1);
    for (int i = 0; i < kRounds; ++i) {
      const std::string from = account(static_cast<unsigned>(random())),
                        to = account(static_cast<unsigned>(random()));
      if (thread == 3) {  // Looks on.
        const Result<int64_t> sum = store->watch({"account:0", "account:1", "account:2", "account:3",
                                                  "account:4", "account:5", "account:6", "account:7"},
                                                 [&](Transaction& tx) -> Result<int64_t> {
                                                   int64_t sum = 0;
                                                   for (unsigned k = 0; k < kAccounts; ++k)
                                                     sum += number(tx.get(account(k)));
                                                   return sum;
                                                 },
                                                 {.max_retries = 3});
        if (sum.ok() && *sum != 100 * kAccounts) torn = true;
        continue;
      }
      const absl::Status status = store->watch(
          {Key(from), Key(to)},
          [&](Transaction& tx) {
            const int64_t a = number(tx.get(from)), b = number(tx.get(to));
            const int64_t amount = from == to ? 0 : std::min<int64_t>(a, 7);
            return tx.multi([&](Pipeline& p) {
              p.set(from, a - amount);
              p.set(to, b + amount);
            });
          },
          kPatient);
      EXPECT_TRUE(status.ok()) << status;
    }
  });
  EXPECT_FALSE(torn);
  int64_t sum = 0;
  for (unsigned i = 0; i < kAccounts; ++i) sum += number(store->get(account(i)));
  EXPECT_EQ(sum, 100 * kAccounts);
  EXPECT_TRUE(store->check_invariants().ok());
}

}  // namespace
}  // namespace inlay::test
