// Queues: each job done or put aside, none lost, whatever workers do; and nobody polls.
#include "inlay/patterns/queue.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/patterns/manual_store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

class QueueTest : public testing::Test, public ManualStore {
 protected:
  Job next() {
    const auto job = queue_.try_reserve().value();
    EXPECT_TRUE(job.has_value());
    return job.value_or(Job());
  }
  bool is_idle() { return is_nil(queue_.try_reserve()); }
  auto waiter(Duration wait = kForever, std::stop_token stop = {}) {
    return waiting([this, wait, stop] { return queue_.reserve(wait, stop); });
  }
  std::vector<std::string> keys() {
    auto keys = store->keys("*").value();
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  Queue queue_{*store, "q", {.visibility = 30s, .attempts_max = 3}};
};

TEST_F(QueueTest, jobs_come_in_order_once_each) {
  EXPECT_EQ(queue_.push("a").value(), "1");
  EXPECT_EQ(queue_.push("b").value(), "2");
  const Job a = next();
  const Job b = next();
  EXPECT_EQ(a, (Job{"1", "a", 1}));
  EXPECT_EQ(b, (Job{"2", "b", 1}));
  EXPECT_TRUE(is_idle());
  EXPECT_EQ(queue_.counts().value(), (QueueCounts{.reserved = 2}));
  EXPECT_TRUE(queue_.ack(a).value());
  EXPECT_TRUE(queue_.ack(b).value());
  EXPECT_EQ(queue_.counts().value(), QueueCounts());
  EXPECT_EQ(keys(), std::vector<std::string>{"q:last_id"});
  EXPECT_EQ(queue_.push("c").value(), "3") << "ids never repeat";
}

TEST_F(QueueTest, unacknowledged_job_comes_back_before_later_ones) {
  for (const char* payload : {"a", "b", "c"}) ASSERT_TRUE(queue_.push(payload).ok());
  next();
  pass(1s);
  next();
  pass(29s - 1ms);
  EXPECT_EQ(queue_.counts().value(), (QueueCounts{.ready = 1, .reserved = 2}));
  pass(1ms);
  EXPECT_EQ(next(), (Job{"1", "a", 2}));
  pass(1s);
  EXPECT_EQ(next(), (Job{"2", "b", 2}));
  EXPECT_EQ(next(), (Job{"3", "c", 1}));
}

TEST_F(QueueTest, jobs_that_lapsed_together_come_back_in_their_order) {
  for (const char* payload : {"a", "b", "c"}) ASSERT_TRUE(queue_.push(payload).ok());
  for (int i = 0; i < 3; ++i) {
    next();
    pass(1s);
  }
  pass(30s);
  for (const char* payload : {"a", "b", "c"}) EXPECT_EQ(next().payload, payload);
}

TEST_F(QueueTest, late_worker_cannot_touch_a_job_that_another_has) {
  ASSERT_TRUE(queue_.push("a").ok());
  const Job late = next();
  pass(30s);
  const Job current = next();
  EXPECT_FALSE(queue_.ack(late).value());
  EXPECT_FALSE(queue_.nack(late).value());
  EXPECT_FALSE(queue_.extend(late, 1h).value());
  EXPECT_EQ(queue_.counts().value(), (QueueCounts{.reserved = 1}));
  EXPECT_TRUE(queue_.ack(current).value());
  EXPECT_FALSE(queue_.ack(current).value()) << "once";
}

TEST_F(QueueTest, acknowledgement_after_the_time_counts_until_the_job_is_brought_back) {
  ASSERT_TRUE(queue_.push("a").ok());
  const Job late = next();
  pass(1h);
  EXPECT_TRUE(queue_.ack(late).value());
  EXPECT_TRUE(is_idle());
}

TEST_F(QueueTest, refused_job_is_tried_again_later) {
  ASSERT_TRUE(queue_.push("a").ok());
  ASSERT_TRUE(queue_.push("b").ok());
  const Job a = next();
  EXPECT_TRUE(queue_.nack(a, 10s).value());
  EXPECT_FALSE(queue_.ack(a).value()) << "it is in nobody's hands";
  EXPECT_EQ(queue_.counts().value(), (QueueCounts{.ready = 1, .delayed = 1}));
  const Job b = next();
  EXPECT_TRUE(queue_.nack(b).value());
  EXPECT_EQ(next(), (Job{"2", "b", 2})) << "at once";
  EXPECT_TRUE(is_idle());
  pass(10s);
  EXPECT_EQ(next(), (Job{"1", "a", 2}));
}

TEST_F(QueueTest, delayed_job_is_ready_when_its_time_comes) {
  ASSERT_TRUE(queue_.push("later", 10s).ok());
  ASSERT_TRUE(queue_.push("now").ok());
  EXPECT_EQ(next().payload, "now");
  EXPECT_TRUE(is_idle());
  pass(10s);
  EXPECT_EQ(next().payload, "later");
}

TEST_F(QueueTest, extension_keeps_a_job_in_hands) {
  ASSERT_TRUE(queue_.push("a").ok());
  const Job job = next();
  pass(29s);
  EXPECT_TRUE(queue_.extend(job, 30s).value());
  pass(29s);
  EXPECT_TRUE(is_idle());
  EXPECT_TRUE(queue_.ack(job).value());
}

TEST_F(QueueTest, job_that_is_never_acknowledged_is_put_aside) {
  ASSERT_TRUE(queue_.push("poison").ok());
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(next().attempt, attempt);
    pass(30s);
  }
  EXPECT_TRUE(is_idle());
  EXPECT_EQ(queue_.counts().value(), (QueueCounts{.dead = 1}));
  EXPECT_EQ(queue_.dead_jobs().value(), (std::vector<Job>{{"1", "poison", 3}}));
  EXPECT_TRUE(queue_.discard("1").value());
  EXPECT_FALSE(queue_.discard("1").value());
  EXPECT_EQ(keys(), std::vector<std::string>{"q:last_id"});
}

TEST_F(QueueTest, last_refusal_puts_a_job_aside_and_revival_gives_it_a_new_life) {
  ASSERT_TRUE(queue_.push("poison").ok());
  Job last;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    last = next();
    EXPECT_TRUE(queue_.nack(last).value());
  }
  EXPECT_EQ(queue_.counts().value(), (QueueCounts{.dead = 1}));
  EXPECT_FALSE(queue_.ack(last).value());
  EXPECT_TRUE(is_nil(queue_.revive("7")));
  EXPECT_EQ(queue_.revive("1").value(), "2");
  EXPECT_EQ(next(), (Job{"2", "poison", 1}));
  EXPECT_FALSE(queue_.ack(Job{"1", "poison", 1}).value());
  EXPECT_EQ(queue_.counts().value(), (QueueCounts{.reserved = 1}));
}

TEST_F(QueueTest, attempts_may_be_unlimited) {
  Queue patient(*store, "p", {.visibility = 1s, .attempts_max = 0});
  ASSERT_TRUE(patient.push("a").ok());
  for (int attempt = 1; attempt <= 50; ++attempt) {
    EXPECT_EQ(patient.try_reserve().value()->attempt, attempt);
    pass(1s);
  }
}

// More than one call brings back, all of them to be put aside, and then one that is not.
TEST_F(QueueTest, any_number_of_jobs_come_back_at_once) {
  Queue once(*store, "o", {.visibility = 30s, .attempts_max = 1});
  constexpr int kJobs = 200;
  for (int i = 0; i < kJobs; ++i) ASSERT_TRUE(once.push("a").ok());
  for (int i = 0; i < kJobs; ++i) ASSERT_TRUE(once.try_reserve()->has_value());
  ASSERT_TRUE(once.push("later", 40s).ok());
  pass(1min);
  EXPECT_EQ(once.try_reserve().value()->payload, "later");
  EXPECT_TRUE(is_nil(once.try_reserve()));
  EXPECT_EQ(once.counts().value(), (QueueCounts{.reserved = 1, .dead = kJobs}));
}

TEST_F(QueueTest, misuse_is_an_error) {
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(Queue(*store, "x", {.visibility = Duration::zero()}).try_reserve().status().code(), kBad);
  EXPECT_EQ(Queue(*store, "x", {.attempts_max = -1}).try_reserve().status().code(), kBad);
  EXPECT_FALSE(queue_.ack(Job{"99", "", 1}).value());
  ASSERT_TRUE(store->set("q:ready", "text").ok());
  EXPECT_EQ(kind_of(queue_.push("a").status()), ErrorKind::kWrongType);
  EXPECT_EQ(kind_of(queue_.try_reserve().status()), ErrorKind::kWrongType);
  EXPECT_EQ(store->hlen("q:payloads").value(), 0) << "what could not be queued is not kept";
}

TEST_F(QueueTest, id_without_a_payload_is_passed_over) {
  ASSERT_TRUE(store->rpush("q:ready", "99").ok());
  ASSERT_TRUE(queue_.push("a").ok());
  EXPECT_EQ(next().payload, "a");
}

// ------------------------------------------------------------------------------------------- waiting

TEST_F(QueueTest, push_wakes_one_waiter_after_the_other) {
  auto first = waiter();
  auto second = waiter();
  ASSERT_TRUE(queue_.push("a").ok());
  EXPECT_EQ(first.get().value()->payload, "a");
  ASSERT_TRUE(queue_.push("b").ok());
  EXPECT_EQ(second.get().value()->payload, "b");
  EXPECT_FALSE(store->exists("q:waiters").value());
  EXPECT_FALSE(store->exists("q:wake").value());
}

TEST_F(QueueTest, waiter_wakes_when_a_delayed_job_is_ready) {
  ASSERT_TRUE(queue_.push("a", 10s).ok());
  auto job = waiter();
  pass(10s);
  EXPECT_EQ(job.get().value()->payload, "a");
}

TEST_F(QueueTest, waiter_is_told_of_a_job_that_is_ready_earlier) {
  ASSERT_TRUE(queue_.push("late", 1h).ok());
  auto job = waiter();
  ASSERT_TRUE(queue_.push("early", 10s).ok());
  EXPECT_TRUE(store->wait_for_blocked(1));
  pass(10s);
  EXPECT_EQ(job.get().value()->payload, "early");
}

// Both slept without end when the job came; one takes it and is never heard of again.
TEST_F(QueueTest, waiter_wakes_when_anothers_time_is_over) {
  auto crashes = waiter();
  auto next = waiter();
  ASSERT_TRUE(queue_.push("a").ok());
  EXPECT_EQ(crashes.get().value()->attempt, 1);
  EXPECT_TRUE(store->wait_for_blocked(1));
  pass(30s);
  EXPECT_EQ(next.get().value()->attempt, 2);
}

TEST_F(QueueTest, refusal_wakes_a_waiter) {
  ASSERT_TRUE(queue_.push("a").ok());
  const Job job = next();
  auto other = waiter();
  EXPECT_TRUE(queue_.nack(job).value());
  EXPECT_EQ(other.get().value()->attempt, 2);
}

TEST_F(QueueTest, waiter_out_of_time_gets_nil_and_leaves_nothing_behind) {
  auto job = waiter(5s);
  pass(5s);
  EXPECT_TRUE(is_nil(job.get()));
  EXPECT_TRUE(keys().empty());
}

TEST_F(QueueTest, stopped_waiter_is_cancelled_and_leaves_nothing_behind) {
  std::stop_source stop;
  auto job = waiter(kForever, stop.get_token());
  stop.request_stop();
  EXPECT_EQ(job.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(keys().empty());
}

// The one that was woken for the job cannot take it: another is woken.
TEST_F(QueueTest, waiter_that_fails_when_woken_wakes_the_next) {
  ASSERT_TRUE(store->set("q:attempts", "no hash").ok());
  auto first = waiter();
  auto second = waiter();
  ASSERT_TRUE(queue_.push("a").ok());
  EXPECT_EQ(kind_of(first.get().status()), ErrorKind::kWrongType);
  EXPECT_EQ(kind_of(second.get().status()), ErrorKind::kWrongType);
  ASSERT_TRUE(store->del("q:attempts").value());
  EXPECT_EQ(next(), (Job{"1", "a", 1})) << "and the job is still there";
}

TEST_F(QueueTest, closing_the_store_cancels_waiters) {
  auto job = waiter();
  store->close();
  EXPECT_EQ(job.get().status().code(), absl::StatusCode::kCancelled);
}

// ------------------------------------------------------------------------------------------- model

// A queue in the simplest terms.
struct QueueModel {
  struct Entry {
    std::string payload;
    int64_t attempt = 0;
    enum class Where { kReady, kDelayed, kReserved, kDead } where = Where::kReady;
    int64_t due_ms = 0;
  };
  using Where = Entry::Where;

  void bring_back(int64_t now_ms, int64_t attempts_max) {
    const auto due = [&](Where where) {
      std::vector<std::pair<int64_t, std::string>> ids;
      for (const auto& [id, entry] : entries)
        if (entry.where == where && entry.due_ms <= now_ms) ids.emplace_back(entry.due_ms, id);
      std::sort(ids.begin(), ids.end());
      return ids;
    };
    const auto lapsed = due(Where::kReserved);
    for (auto it = lapsed.rbegin(); it != lapsed.rend(); ++it) {
      Entry& entry = entries[it->second];
      const bool is_spent = entry.attempt >= attempts_max;
      entry.where = is_spent ? Where::kDead : Where::kReady;
      if (!is_spent) ready.insert(ready.begin(), it->second);
    }
    for (const auto& [due_ms, id] : due(Where::kDelayed)) {
      entries[id].where = Where::kReady;
      ready.push_back(id);
    }
  }
  QueueCounts counts() const {
    QueueCounts counts{.ready = static_cast<int64_t>(ready.size())};
    for (const auto& [id, entry] : entries) {
      counts.delayed += entry.where == Where::kDelayed;
      counts.reserved += entry.where == Where::kReserved;
      counts.dead += entry.where == Where::kDead;
    }
    return counts;
  }

  std::map<std::string, Entry> entries;
  std::vector<std::string> ready;
};

// Any calls in any order, on current and outdated jobs, answer as the model says.
RC_GTEST_PROP(Queue, agrees_with_a_model, ()) {
  using Where = QueueModel::Where;
  constexpr int64_t kAttemptsMax = 2;
  constexpr int64_t kVisibilityMs = 10;
  ManualStore s;
  Queue queue(*s.store, "q", {.visibility = 10ms, .attempts_max = kAttemptsMax});
  QueueModel model;
  std::vector<Job> seen;
  const auto now_ms = [&] { return to_unix_ms(s.now()); };
  const auto holds = [&](const Job& job) {
    const auto it = model.entries.find(job.id);
    return it != model.entries.end() && it->second.where == Where::kReserved &&
           it->second.attempt == job.attempt;
  };
  const int steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    const int what = *rc::gen::inRange(0, 7);
    if (what == 0) s.pass(std::chrono::milliseconds(*rc::gen::inRange(0, 15)));
    if (what == 1) {
      const int delay = *rc::gen::element(0, 0, 5);
      const std::string payload = std::to_string(i);
      const std::string id = queue.push(payload, std::chrono::milliseconds(delay)).value();
      model.entries[id] = {.payload = payload,
                           .where = delay > 0 ? Where::kDelayed : Where::kReady,
                           .due_ms = now_ms() + delay};
      if (delay == 0) model.ready.push_back(id);
    }
    if (what == 2 || what == 3) {
      const auto job = queue.try_reserve().value();
      model.bring_back(now_ms(), kAttemptsMax);
      RC_ASSERT(job.has_value() == !model.ready.empty());
      if (job.has_value()) {
        auto& entry = model.entries[model.ready.front()];
        ++entry.attempt;
        RC_ASSERT(*job == (Job{model.ready.front(), entry.payload, entry.attempt}));
        entry.where = Where::kReserved;
        entry.due_ms = now_ms() + kVisibilityMs;
        model.ready.erase(model.ready.begin());
        seen.push_back(*job);
      }
    }
    if (what >= 4 && !seen.empty()) {
      const Job job = *rc::gen::elementOf(seen);
      const bool is_held = holds(job);
      if (what == 4) {
        RC_ASSERT(queue.ack(job).value() == is_held);
        if (is_held) model.entries.erase(job.id);
      } else if (what == 5) {
        const int delay = *rc::gen::element(0, 5);
        RC_ASSERT(queue.nack(job, std::chrono::milliseconds(delay)).value() == is_held);
        if (is_held) {
          auto& entry = model.entries[job.id];
          entry.where = entry.attempt >= kAttemptsMax ? Where::kDead
                        : delay > 0                   ? Where::kDelayed
                                                      : Where::kReady;
          entry.due_ms = now_ms() + delay;
          if (entry.where == Where::kReady) model.ready.push_back(job.id);
        }
      } else {
        RC_ASSERT(queue.extend(job, 20ms).value() == is_held);
        if (is_held) model.entries[job.id].due_ms = now_ms() + 20;
      }
    }
    RC_ASSERT(queue.counts().value() == model.counts());
  }
}

// ------------------------------------------------------------------------------------------- threads

// Workers acknowledge, refuse, are too slow or crash, at random, while the clock runs. In the end each job has been
// acknowledged exactly once or is dead, and was never in the hands of two who could both acknowledge it.
TEST(QueueThreads, every_job_is_acknowledged_once_or_dead) {
  constexpr int kWorkers = 4;
  constexpr int kJobs = 1500;
  ManualStore s;
  Queue queue(*s.store, "q", {.visibility = 50ms, .attempts_max = 4});
  std::mutex mutex;
  std::map<std::string, int> acknowledged;
  std::stop_source stop;
  std::atomic<int> crashes{0};
  std::vector<std::jthread> workers;
  for (unsigned w = 0; w < kWorkers; ++w) {
    workers.emplace_back([&, w] {
      std::minstd_rand random(w + 1);
      for (;;) {
        const auto job = queue.reserve(random() % 4 == 0 ? Duration(3ms) : kForever, stop.get_token());
        if (!job.ok()) return;
        if (!job->has_value()) continue;
        switch (random() % 6) {
          case 0: ++crashes; break;
          case 1: EXPECT_TRUE(queue.nack(**job, std::chrono::milliseconds(random() % 20)).ok()); break;
          default:
            if (queue.ack(**job).value()) {
              const std::lock_guard lock(mutex);
              ++acknowledged[(*job)->payload];
            }
        }
      }
    });
  }
  for (int i = 0; i < kJobs; ++i) {
    ASSERT_TRUE(queue.push(std::to_string(i), std::chrono::milliseconds(i % 7)).ok());
    if (i % 3 == 0) s.pass(1ms);
  }
  // All waiting and nothing left to wait for: done. Time alone brings the rest about.
  const auto is_done = [&] {
    const QueueCounts counts = queue.counts().value();
    return counts.ready + counts.delayed + counts.reserved == 0;
  };
  while (!is_done()) s.pass(1ms);
  stop.request_stop();
  workers.clear();

  const auto dead = queue.dead_jobs(kJobs).value();
  std::map<std::string, int> ends = acknowledged;
  for (const Job& job : dead) {
    EXPECT_EQ(job.attempt, 4);
    ++ends[job.payload];
  }
  EXPECT_EQ(ends.size(), static_cast<size_t>(kJobs)) << "none is lost";
  for (const auto& [payload, times] : ends) EXPECT_EQ(times, 1) << payload;
  EXPECT_GT(crashes, 0);
  EXPECT_GT(acknowledged.size(), dead.size());
  for (const Job& job : dead) EXPECT_TRUE(queue.discard(job.id).value());
  EXPECT_EQ(s.store->keys("*").value(), std::vector<std::string>{"q:last_id"});
}

}  // namespace
}  // namespace inlay::test
