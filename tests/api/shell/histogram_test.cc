#include "api/shell/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace inlay::shell {
namespace {

// Numbers of all magnitudes, both ends included.
rc::Gen<uint64_t> any_value() {
  return rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<uint64_t>(), rc::gen::inRange(0, 64)),
                      [](const auto& pair) {
                        // RapidCheck's numbers are small; the product is not.
                        return (std::get<0>(pair) * 0x9e3779b97f4a7c15) >> std::get<1>(pair);
                      });
}

TEST(Histogram, empty_has_no_percentiles) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.percentile(50), 0u);
  EXPECT_EQ(histogram.max(), 0u);
}

TEST(Histogram, small_values_are_exact) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 60; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile(0), 1u);
  EXPECT_EQ(histogram.percentile(50), 30u);
  EXPECT_EQ(histogram.percentile(90), 54u);
  EXPECT_EQ(histogram.percentile(100), 60u);
}

TEST(Histogram, largest_value_has_a_bucket) {
  Histogram histogram;
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.percentile(99), UINT64_MAX);
  EXPECT_EQ(Histogram::last_value_of(Histogram::bucket_of(UINT64_MAX)), UINT64_MAX);
}

TEST(Histogram, buckets_follow_each_other_without_gaps) {
  const size_t last = Histogram::bucket_of(UINT64_MAX);
  EXPECT_EQ(last, 1919u);
  for (size_t bucket = 0; bucket < last; ++bucket) {
    const uint64_t end = Histogram::last_value_of(bucket);
    ASSERT_EQ(Histogram::bucket_of(end), bucket);
    ASSERT_EQ(Histogram::bucket_of(end + 1), bucket + 1);
  }
}

// A percentile is never under the true one and at most 1/32 over it, for every rank.
RC_GTEST_PROP(Histogram, percentiles_agree_with_a_sorted_vector, ()) {
  auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<uint64_t>>(any_value()));
  Histogram histogram;
  for (const uint64_t value : values) histogram.record(value);
  std::sort(values.begin(), values.end());
  for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.9, 100.0}) {
    const double rank = std::max(1.0, std::ceil(percent / 100 * static_cast<double>(values.size())));
    const uint64_t truth = values[static_cast<size_t>(rank) - 1];
    const uint64_t told = histogram.percentile(percent);
    RC_ASSERT(told >= truth);
    RC_ASSERT(told - truth <= truth / 32);
  }
  RC_ASSERT(histogram.max() == values.back());
  RC_ASSERT(histogram.count() == values.size());
}

// Two halves merged are the whole.
RC_GTEST_PROP(Histogram, merge_adds, ()) {
  const auto values = *rc::gen::container<std::vector<uint64_t>>(any_value());
  Histogram whole;
  Histogram halves[2];
  for (size_t i = 0; i < values.size(); ++i) {
    whole.record(values[i]);
    halves[i % 2].record(values[i]);
  }
  halves[0].merge(halves[1]);
  RC_ASSERT(halves[0].count() == whole.count());
  RC_ASSERT(halves[0].max() == whole.max());
  for (int percent = 0; percent <= 100; ++percent)
    RC_ASSERT(halves[0].percentile(percent) == whole.percentile(percent));
}

}  // namespace
}  // namespace inlay::shell
