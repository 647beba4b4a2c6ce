// What every bench of the keyspace shares: keys, values, the orders in which keys are asked for, and the numbers of
// threads that ask.
//
// A fresh key is formatted just before the call that uses it, as programs do; prebuilt keys stand in one array in
// random order, so that the processor may overlap calls.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace inlay::bench {

inline constexpr size_t kKeyBytes = 17;
inline constexpr size_t kValueBytes = 32;
inline constexpr uint32_t kKeys = 1'000'000;

/// "user:000000000042", into its own buffer.
class FreshKey {
 public:
  FreshKey() { std::memcpy(text_.data(), "user:000000000000", kKeyBytes); }
  explicit FreshKey(uint32_t id) : FreshKey() { format(id); }

  std::string_view format(uint32_t id) {
    for (size_t i = kKeyBytes; i > kKeyBytes - 10; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return view();
  }
  std::string_view view() const { return {text_.data(), kKeyBytes}; }

 private:
  std::array<char, kKeyBytes> text_;
};

/// 32 bytes that begin with the id they belong to, so that a wrong answer shows.
class Value {
 public:
  explicit Value(uint32_t id) {
    bytes_.fill('v');
    std::memcpy(bytes_.data(), &id, sizeof id);
  }
  std::string_view view() const { return {bytes_.data(), kValueBytes}; }

  static bool belongs_to(uint32_t id, std::string_view value) {
    return value.size() == kValueBytes && std::memcmp(value.data(), &id, sizeof id) == 0;
  }

 private:
  std::array<char, kValueBytes> bytes_;
};

/// xorshift64: a few cycles per number.
class Uniform {
 public:
  explicit Uniform(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 | 1) {}

  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(((next() >> 32) * bound) >> 32); }

 private:
  uint64_t state_;
};

/// The i-th of `count` ids in an order that looks random: a walk by a stride that shares no factor with 10^n.
inline uint32_t shuffled(uint32_t i, uint32_t count) {
  return static_cast<uint32_t>(uint64_t{i} * 617'117'759 % count);
}

/// The keys of ids [first, first + kKeys) in random order.
inline std::vector<FreshKey> prebuilt_keys(uint32_t first) {
  std::vector<FreshKey> keys;
  keys.reserve(kKeys);
  Uniform random(first + 1);
  for (uint32_t i = 0; i < kKeys; ++i) keys.emplace_back(first + i);
  for (uint32_t i = kKeys - 1; i > 0; --i) std::swap(keys[i], keys[random.below(i + 1)]);
  return keys;
}

/// Ids drawn with probability proportional to 1 / rank^theta; the ranks are spread over the ids.
inline std::vector<uint32_t> zipf_ids(size_t draws, double theta) {
  std::vector<double> cumulative(kKeys);
  double sum = 0;
  for (uint32_t rank = 0; rank < kKeys; ++rank) cumulative[rank] = sum += std::pow(rank + 1.0, -theta);
  std::vector<uint32_t> ids(draws);
  Uniform random(99);
  for (uint32_t& id : ids) {
    const double draw = static_cast<double>(random.next() >> 11) * 0x1p-53 * sum;
    const auto rank = std::upper_bound(cumulative.begin(), cumulative.end(), draw) - cumulative.begin();
    id = shuffled(std::min(static_cast<uint32_t>(rank), kKeys - 1), kKeys);
  }
  return ids;
}

/// 1 and 2, or those that the environment names: INLAY_BENCH_THREADS=1,2,4,8,16.
inline std::vector<int> thread_counts() {
  const char* named = std::getenv("INLAY_BENCH_THREADS");
  std::istringstream text(named == nullptr ? "1,2" : named);
  std::vector<int> counts;
  for (std::string count; std::getline(text, count, ',');) counts.push_back(std::atoi(count.c_str()));
  return counts;
}

/// Registers a bench that runs in every number of threads, timed by the clock on the wall.
template <class Run>
void add(const std::string& name, Run run) {
  for (const int threads : thread_counts())
    benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Threads(threads);
}

/// A thread's own seed.
inline uint64_t seed_of(const benchmark::State& state) {
  return static_cast<uint64_t>(state.thread_index()) + 1;
}

}  // namespace inlay::bench
