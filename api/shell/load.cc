#include "api/shell/load.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include "api/shell/figures.h"
#include "api/shell/progress.h"

namespace inlay::shell {

Op Caller::get(uint64_t number) {
  const Nullable<std::string> value = store_.get(keys_(number));
  if (!value.ok()) return Op::kFailed;
  if (!value->has_value()) return Op::kGetMiss;
  return values_.made(**value, number) ? Op::kGetHit : Op::kFailed;
}

Op Caller::set(uint64_t number, std::optional<Expiry> ttl) {
  const std::string_view key = keys_(number);
  const std::string_view value = values_(number);
  return (ttl ? store_.set(key, value, *ttl) : store_.set(key, value)).ok() ? Op::kSet : Op::kFailed;
}

double run_threads(std::span<Recorder> recorders, std::string_view what,
                   const std::function<void(size_t)>& work,
                   const std::function<double(uint64_t, double)>& fraction) {
  using Clock = Recorder::Clock;
  const auto seconds_between = [](Clock::time_point a, Clock::time_point b) {
    return std::chrono::duration<double>(b - a).count();
  };
  std::mutex mutex;
  std::condition_variable ended;
  size_t working = recorders.size();
  // Of the threads themselves: this one may wake long after a short piece of work is over.
  Clock::time_point first_start = Clock::time_point::max();
  Clock::time_point last_end = Clock::time_point::min();
  std::latch start(static_cast<ptrdiff_t>(recorders.size() + 1));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < recorders.size(); ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      const Clock::time_point started = Clock::now();
      work(i);
      const std::lock_guard lock(mutex);
      first_start = std::min(first_start, started);
      last_end = std::max(last_end, Clock::now());
      if (--working == 0) ended.notify_one();
    });
  }
  start.arrive_and_wait();
  const Clock::time_point begin = Clock::now();
  {
    Progress progress(what);
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return working == 0; })) {
      uint64_t done = 0;
      for (const Recorder& recorder : recorders) done += recorder.done();
      const double seconds = seconds_between(begin, Clock::now());
      progress.show(fraction(done, seconds), rate_text(static_cast<double>(done) / seconds));
    }
  }
  for (std::thread& thread : threads) thread.join();
  return seconds_between(first_start, last_end);
}

Recorder& sum_of(std::span<Recorder> recorders) {
  for (const Recorder& recorder : recorders.subspan(1)) recorders[0].merge(recorder);
  return recorders[0];
}

void print_memory(const Stats& stats, uint64_t value_size) {
  const double per_key =
      static_cast<double>(stats.bytes) / static_cast<double>(std::max<uint64_t>(stats.keys, 1));
  const double payload = static_cast<double>(KeyMaker()(0).size() + value_size);
  std::printf("memory      %s, %.1f B a key: %.1f B over key and value\n", bytes_text(stats.bytes).c_str(),
              per_key, per_key - payload);
}

int exit_status_of(const Recorder& recorder) {
  const uint64_t failed = recorder.count(Op::kFailed);
  if (failed == 0) return 0;
  std::fprintf(stderr, "inlay: %s of %s operations failed or gave a wrong value\n", grouped(failed).c_str(),
               grouped(recorder.total()).c_str());
  return 1;
}

}  // namespace inlay::shell
