// TimerWheel against what one would write with the standard library: 1M timers, one thread.
//
// Deadlines are uniform over one hour, as those of sessions are. Timers are rescheduled and cancelled in
// random order, in a program whose cache holds a small part of them. Names: <call>/1M_over_1h/<contestant>.
// Times are per timer.
//
//   schedule         into an empty wheel, memory included
//   reschedule       each timer once, to a deadline as random as the first
//   touch            each timer once, to one hour after it was scheduled, as a session is kept alive
//   cancel           each timer once
//   expire           advance() through the hour in steps of so many milliseconds, until all have fired
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/workload.h"
#include "inlay/expiry/timer_wheel.h"

namespace inlay::bench {
namespace {

constexpr uint32_t kTimers = 1'000'000;
constexpr uint32_t kHourMs = 3'600'000;
// Half an hour before one of the wheel's boundaries (2^22 ms), so that the hour straddles it: neither the
// best case nor, in number of moves, the worst.
constexpr int64_t kNowMs = (int64_t{405'312} << 22) - kHourMs / 2;

class Wheel {
 public:
  static constexpr const char* kName = "timer_wheel";
  using Timer = TimerWheel::Handle;

  Timer schedule(int64_t deadline_ms, uint64_t payload) { return wheel_.schedule(deadline_ms, payload); }
  void reschedule(Timer& timer, int64_t deadline_ms) { wheel_.reschedule(timer, deadline_ms); }
  void cancel(Timer timer) { wheel_.cancel(timer); }
  template <class Fire>
  void advance(int64_t now_ms, Fire fire) {
    wheel_.advance(now_ms, SIZE_MAX, fire);
  }
  size_t size() const { return wheel_.size(); }
  size_t memory_usage() const { return wheel_.memory_usage(); }

 private:
  TimerWheel wheel_{kNowMs};
};

class Multimap {
  using Map = std::multimap<int64_t, uint64_t>;

 public:
  static constexpr const char* kName = "multimap";
  using Timer = Map::iterator;

  Timer schedule(int64_t deadline_ms, uint64_t payload) { return map_.emplace(deadline_ms, payload); }
  void reschedule(Timer& timer, int64_t deadline_ms) {
    Map::node_type node = map_.extract(timer);
    node.key() = deadline_ms;
    timer = map_.insert(std::move(node));
  }
  void cancel(Timer timer) { map_.erase(timer); }
  template <class Fire>
  void advance(int64_t now_ms, Fire fire) {
    while (!map_.empty() && map_.begin()->first <= now_ms) {
      auto [deadline_ms, payload] = *map_.begin();
      map_.erase(map_.begin());
      fire(payload, deadline_ms);
    }
  }
  size_t size() const { return map_.size(); }
  // Three pointers, a color, the pair, and glibc's header.
  size_t memory_usage() const { return map_.size() * (4 * sizeof(void*) + sizeof(Map::value_type) + 16); }

 private:
  Map map_;
};

// A binary heap in which the items of cancelled and moved timers stay behind until they reach the top.
class LazyHeap {
 public:
  static constexpr const char* kName = "lazy_heap";
  using Timer = uint32_t;

  Timer schedule(int64_t deadline_ms, uint64_t payload) {
    Timer timer = static_cast<Timer>(timers_.size());
    if (free_.empty()) {
      timers_.emplace_back();
    } else {
      timer = free_.back();
      free_.pop_back();
    }
    timers_[timer].payload = payload;
    push(timer, deadline_ms);
    ++size_;
    return timer;
  }
  void reschedule(Timer& timer, int64_t deadline_ms) {
    ++timers_[timer].version;
    push(timer, deadline_ms);
  }
  void cancel(Timer timer) {
    ++timers_[timer].version;
    free_.push_back(timer);
    --size_;
  }
  template <class Fire>
  void advance(int64_t now_ms, Fire fire) {
    while (!heap_.empty() && heap_.front().deadline_ms <= now_ms) {
      Item item = heap_.front();
      std::pop_heap(heap_.begin(), heap_.end(), later);
      heap_.pop_back();
      if (timers_[item.timer].version != item.version) continue;
      uint64_t payload = timers_[item.timer].payload;
      cancel(item.timer);
      fire(payload, item.deadline_ms);
    }
  }
  size_t size() const { return size_; }
  size_t memory_usage() const {
    return heap_.capacity() * sizeof(Item) + timers_.capacity() * sizeof(State) +
           free_.capacity() * sizeof(Timer);
  }

 private:
  struct Item {
    int64_t deadline_ms;
    Timer timer;
    uint32_t version;
  };
  struct State {
    uint64_t payload;
    uint32_t version = 0;
  };
  static bool later(const Item& a, const Item& b) { return a.deadline_ms > b.deadline_ms; }
  void push(Timer timer, int64_t deadline_ms) {
    heap_.push_back({deadline_ms, timer, timers_[timer].version});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  std::vector<Item> heap_;
  std::vector<State> timers_;
  std::vector<Timer> free_;
  size_t size_ = 0;
};

void require(bool holds) {
  if (holds) return;
  std::fprintf(stderr, "wrong result\n");
  std::abort();
}

std::vector<int64_t> random_deadlines(uint64_t seed) {
  Uniform random(seed);
  std::vector<int64_t> deadlines(kTimers);
  for (int64_t& deadline_ms : deadlines) deadline_ms = kNowMs + 1 + random.below(kHourMs);
  return deadlines;
}

template <class Timers>
struct Contest {
  void schedule() {
    for (uint32_t i = 0; i < kTimers; ++i) handles[i] = timers.schedule(deadlines[i], i);
  }
  // Handles in random order, for programs find their timers by way of something else.
  void shuffle() {
    Uniform random(2);
    for (uint32_t i = kTimers - 1; i > 0; --i) std::swap(handles[i], handles[random.below(i + 1)]);
  }

  Timers timers;
  std::vector<typename Timers::Timer> handles = std::vector<typename Timers::Timer>(kTimers);
  std::vector<int64_t> deadlines = random_deadlines(1);
};

/// Reports the time of `work` per timer.
template <class Work>
void time_per_timer(benchmark::State& state, Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  state.SetIterationTime(elapsed.count() / kTimers);
}

template <class Timers>
void schedule(benchmark::State& state) {
  for (auto _ : state) {
    Contest<Timers> contest;
    time_per_timer(state, [&] { contest.schedule(); });
    require(contest.timers.size() == kTimers);
    state.counters["bytes_per_timer"] = static_cast<double>(contest.timers.memory_usage()) / kTimers;
  }
}

template <class Timers>
void reschedule(benchmark::State& state) {
  const std::vector<int64_t> deadlines = random_deadlines(3);
  for (auto _ : state) {
    Contest<Timers> contest;
    contest.schedule();
    contest.shuffle();
    time_per_timer(state, [&] {
      for (uint32_t i = 0; i < kTimers; ++i) contest.timers.reschedule(contest.handles[i], deadlines[i]);
    });
    require(contest.timers.size() == kTimers);
  }
}

template <class Timers>
void touch(benchmark::State& state) {
  for (auto _ : state) {
    Contest<Timers> contest;
    contest.schedule();
    contest.shuffle();
    time_per_timer(state, [&] {
      for (uint32_t i = 0; i < kTimers; ++i) {
        contest.timers.reschedule(contest.handles[i], kNowMs + kHourMs + i / 1000);
      }
    });
    require(contest.timers.size() == kTimers);
  }
}

template <class Timers>
void cancel(benchmark::State& state) {
  for (auto _ : state) {
    Contest<Timers> contest;
    contest.schedule();
    contest.shuffle();
    time_per_timer(state, [&] {
      for (auto handle : contest.handles) contest.timers.cancel(handle);
    });
    require(contest.timers.size() == 0);
  }
}

template <class Timers>
void expire(benchmark::State& state) {
  const int64_t step_ms = state.range(0);
  for (auto _ : state) {
    Contest<Timers> contest;
    contest.schedule();
    int64_t last_ms = 0;
    uint64_t sum = 0;
    bool in_order = true;
    time_per_timer(state, [&] {
      for (int64_t now_ms = kNowMs; now_ms < kNowMs + kHourMs + step_ms; now_ms += step_ms) {
        contest.timers.advance(now_ms, [&](uint64_t payload, int64_t deadline_ms) {
          in_order &= last_ms <= deadline_ms && deadline_ms <= now_ms;
          last_ms = deadline_ms;
          sum += payload;
        });
      }
    });
    require(contest.timers.size() == 0 && in_order && sum == uint64_t{kTimers} * (kTimers - 1) / 2);
  }
}

template <class Timers>
void register_contestant() {
  const auto add = [](const char* call, void (*run)(benchmark::State&)) {
    const std::string name = std::string(call) + "/1M_over_1h/" + Timers::kName;
    return benchmark::RegisterBenchmark(name.c_str(), run)->Iterations(1)->UseManualTime();
  };
  add("timer_schedule", schedule<Timers>);
  add("timer_reschedule", reschedule<Timers>);
  add("timer_touch", touch<Timers>);
  add("timer_cancel", cancel<Timers>);
  add("timer_expire", expire<Timers>)->ArgName("step_ms")->Arg(1)->Arg(10);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  register_contestant<Multimap>();
  register_contestant<LazyHeap>();
  register_contestant<Wheel>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
