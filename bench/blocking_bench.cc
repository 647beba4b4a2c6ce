// Handing an element to a thread that waits, and what a push costs where others wait.
//
// handover/<contestant>: one thread pushes, another one waits: the time from just before the push to just after the pop
// has returned in the other thread, the waiter asleep when the push begins. The peer is the queue that a program would
// write: a mutex, a std::deque<std::string> and a condition variable. Counters are microseconds: median and 99th
// percentile of all hand-overs.
//
// rpush/<who waits>: a push of 8 bytes onto a list of its own in a store of 64 shards, one thread, the list trimmed now
// and then: nobody waits anywhere; one call waits for another key of another shard; of the same shard.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "inlay/async.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr int kHandovers = 4000;
// After the waiter is known to wait: time to fall asleep.
constexpr auto kNap = 100us;

void require(bool holds) {
  if (!holds) {
    std::fputs("blocking_bench: a wrong answer\n", stderr);
    std::exit(1);
  }
}

class InlayQueue {
 public:
  void push(std::string_view element) { require(store_->rpush("queue", element).ok()); }
  std::string pop() { return (**store_->blpop({"queue"}, kForever)).element; }
  bool has_waiter() const { return store_->wait_for_blocked(1, Duration::zero()); }

 private:
  std::unique_ptr<Store> store_ = Store::open({.background = Background::kManual}).value();
};

class ConditionQueue {
 public:
  void push(std::string_view element) {
    {
      const std::lock_guard lock(mutex_);
      elements_.emplace_back(element);
    }
    pushed_.notify_one();
  }
  std::string pop() {
    std::unique_lock lock(mutex_);
    ++waiters_;
    pushed_.wait(lock, [this] { return !elements_.empty(); });
    --waiters_;
    std::string element = std::move(elements_.front());
    elements_.pop_front();
    return element;
  }
  bool has_waiter() {
    const std::lock_guard lock(mutex_);
    return waiters_ > 0;
  }

 private:
  std::mutex mutex_;
  std::condition_variable pushed_;
  std::deque<std::string> elements_;
  int waiters_ = 0;
};

double microseconds(SteadyClock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

template <class Queue>
void handover(benchmark::State& state) {
  std::vector<double> times;
  for (auto _ : state) {
    Queue queue;
    std::vector<SteadyClock::time_point> pushed(kHandovers), popped(kHandovers);
    std::atomic<int> pops = 0;
    std::thread waiter([&] {
      for (int i = 0; i < kHandovers; ++i) {
        const std::string element = queue.pop();
        popped[static_cast<size_t>(i)] = SteadyClock::now();
        pops.store(i + 1);
        require(element == "element!");
      }
    });
    for (int i = 0; i < kHandovers; ++i) {
      // Only then is the queue asked, which would else hold up the pop that is measured.
      while (pops.load() < i) {
      }
      while (!queue.has_waiter()) std::this_thread::yield();
      const auto asleep = SteadyClock::now() + kNap;
      while (SteadyClock::now() < asleep) {
      }
      pushed[static_cast<size_t>(i)] = SteadyClock::now();
      queue.push("element!");
    }
    waiter.join();
    for (size_t i = 0; i < kHandovers; ++i) times.push_back(microseconds(popped[i] - pushed[i]));
  }
  std::ranges::sort(times);
  state.counters["median_us"] = times[times.size() / 2];
  state.counters["p99_us"] = times[times.size() * 99 / 100];
}

// Tasks that never run: what waits here is never served.
class Nowhere final : public CallbackExecutor {
 public:
  void post(absl::AnyInvocable<void()>) override {}
};

void push_with_waiter(benchmark::State& state, std::optional<std::string> awaited, size_t shards) {
  Nowhere nowhere;
  const auto store = Store::open({.shards = shards, .seed = 1, .background = Background::kManual}).value();
  if (awaited.has_value())
    store->async(nowhere).blpop({*awaited}, kForever).then([](Nullable<KeyElement>) {});
  int64_t length = 0;
  for (auto _ : state) {
    length = *store->rpush("list", "8 bytes!");
    if (length == 10'000) (void)store->del("list");
  }
  require(length > 0);
  store->close();
}

BENCHMARK_TEMPLATE(handover, InlayQueue)->Name("handover/inlay")->Iterations(1)->UseRealTime();
BENCHMARK_TEMPLATE(handover, ConditionQueue)
    ->Name("handover/condition_variable")
    ->Iterations(1)
    ->UseRealTime();
BENCHMARK_CAPTURE(push_with_waiter, nobody_64_shards, std::nullopt, size_t{64})->Name("rpush/nobody_waits");
BENCHMARK_CAPTURE(push_with_waiter, elsewhere, "other", size_t{64})
    ->Name("rpush/somebody_waits_in_another_shard");
BENCHMARK_CAPTURE(push_with_waiter, nobody_one_shard, std::nullopt, size_t{1})
    ->Name("rpush/nobody_waits_one_shard");
BENCHMARK_CAPTURE(push_with_waiter, same_shard, "other", size_t{1})
    ->Name("rpush/somebody_waits_in_the_one_shard");

}  // namespace
}  // namespace inlay::bench

BENCHMARK_MAIN();
