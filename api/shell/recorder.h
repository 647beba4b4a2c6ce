// Recorder: what one thread of a load has done, and how long it took.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "api/shell/histogram.h"

namespace inlay::shell {

enum class Op : uint8_t { kGetHit, kGetMiss, kSet, kFailed };
inline constexpr size_t kOps = 4;

/// Counts every call and times one in kPeriod: two readings of the clock cost as much as a third of a call. Each
/// time includes one reading, about 20 ns. Owned by one thread; done() alone may be read by others.
class alignas(64) Recorder {
 public:
  using Clock = std::chrono::steady_clock;
  // A prime, so that no rhythm of the load (get, set, get, set) hides a kind of call.
  static constexpr uint32_t kPeriod = 17;

  /// Runs `call`, which says what kind of operation it was. True when it was timed.
  template <class Call>
  bool run(Call&& call) {
    if (--until_sample_ != 0) {
      ++counts_[static_cast<size_t>(call())];
      return false;
    }
    until_sample_ = kPeriod;
    const Clock::time_point start = Clock::now();
    const auto op = static_cast<size_t>(call());
    now_ = Clock::now();
    latencies_[op].record(static_cast<uint64_t>((now_ - start).count()));
    ++counts_[op];
    // Only a figure for the progress bar: nothing is ordered by it.
    done_.store(done_.load(std::memory_order_relaxed) + kPeriod, std::memory_order_relaxed);
    return true;
  }

  /// The end of the last timed call.
  Clock::time_point now() const { return now_; }
  uint64_t count(Op op) const { return counts_[static_cast<size_t>(op)]; }
  uint64_t total() const {
    uint64_t sum = 0;
    for (const uint64_t count : counts_) sum += count;
    return sum;
  }
  const Histogram& latency(Op op) const { return latencies_[static_cast<size_t>(op)]; }

  /// About how many calls have been made.
  uint64_t done() const { return done_.load(std::memory_order_relaxed); }

  /// Both threads must have ended.
  void merge(const Recorder& other) {
    for (size_t op = 0; op < kOps; ++op) {
      counts_[op] += other.counts_[op];
      latencies_[op].merge(other.latencies_[op]);
    }
  }

 private:
  uint32_t until_sample_ = kPeriod;
  Clock::time_point now_{};
  std::array<uint64_t, kOps> counts_{};
  std::array<Histogram, kOps> latencies_{};
  std::atomic<uint64_t> done_{0};
};

}  // namespace inlay::shell
