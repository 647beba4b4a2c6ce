// Histogram: counts durations in buckets whose width grows with the value, as HdrHistogram does.
//
//   value    0 .. 63      64 .. 127    128 .. 255    ...    2^63 .. 2^64 - 1
//   buckets  64 of 1      32 of 2      32 of 4              32 of 2^58
//
// Every power of two has 32 buckets, so what a percentile says is at most 1/32 (3.1 %) over the true value, and
// never under it. 1920 counters, 15 KiB. Invariant: total_ is the sum of counts_. Thread-compatible: give each
// thread its own and merge them. Source: Gil Tene, HdrHistogram (hdrhistogram.org).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace inlay::shell {

class Histogram {
 public:
  /// O(1).
  void record(uint64_t value) {
    ++counts_[bucket_of(value)];
    ++total_;
    max_ = std::max(max_, value);
  }

  /// Adds what `other` has counted. O(buckets).
  void merge(const Histogram& other) {
    for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    max_ = std::max(max_, other.max_);
  }

  /// The value that `percent` of the recorded ones do not exceed, rounded up to its bucket's end; 0 when nothing
  /// was recorded. O(buckets).
  uint64_t percentile(double percent) const {
    const double rank = percent / 100 * static_cast<double>(total_);
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (seen != 0 && static_cast<double>(seen) >= rank) return std::min(last_value_of(i), max_);
    }
    return max_;
  }

  uint64_t count() const { return total_; }
  uint64_t max() const { return max_; }

  /// Where a value is counted, and the largest value that is counted there.
  static constexpr size_t bucket_of(uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - (kBits + 1));
    return (static_cast<size_t>(shift) << kBits) + (value >> shift);
  }
  static constexpr uint64_t last_value_of(size_t bucket) {
    if (bucket < (2u << kBits)) return bucket;
    const size_t shift = (bucket >> kBits) - 1;
    const uint64_t step = (bucket & ((1u << kBits) - 1)) + (1u << kBits);
    return ((step + 1) << shift) - 1;
  }

 private:
  static constexpr int kBits = 5;
  static constexpr size_t kBuckets = (64 - kBits + 1) << kBits;

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace inlay::shell
