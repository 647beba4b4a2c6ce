#include "engine/eviction/hit_mark.h"

#include <gtest/gtest.h>

namespace inlay {
namespace {

uint8_t after_hits(const HitMark& mark, uint8_t access, int hits, uint32_t idle_minutes = 0) {
  Random random(7);
  for (int i = 0; i < hits; ++i) mark.apply(access, random, [&] { return idle_minutes; });
  return access;
}

TEST(HitMark, none_leaves_the_byte_alone) { EXPECT_EQ(after_hits({}, 0xa5, 3), 0xa5); }

TEST(HitMark, count_stops_at_three_and_leaves_the_other_bits) {
  const HitMark mark{HitMark::Rule::kCount, 0};
  EXPECT_EQ(after_hits(mark, 0xa4, 1), 0xa5);
  EXPECT_EQ(after_hits(mark, 0xa4, 3), 0xa7);
  EXPECT_EQ(after_hits(mark, 0xfc, 300), 0xff);
}

TEST(HitMark, stamp_writes_the_current_one) {
  EXPECT_EQ(after_hits({HitMark::Rule::kStamp, 200}, 3, 1), 200);
}

TEST(HitMark, a_minute_idle_takes_one_off_a_frequency) {
  EXPECT_EQ(HitMark::faded(10, 3), 7);
  EXPECT_EQ(HitMark::faded(3, 10), 0);
}

TEST(HitMark, frequency_grows_fast_at_first_and_then_with_the_logarithm) {
  const HitMark mark{HitMark::Rule::kFrequency, 0};
  EXPECT_EQ(after_hits(mark, 0, 5), 5);
  EXPECT_EQ(after_hits(mark, HitMark::kNewFrequency, 1), HitMark::kNewFrequency + 1);
  // Redis's documentation: a factor of 10 gives 10 for 100 hits, 18 for 1,000, 142 for 100,000, 255 for a million.
  EXPECT_NEAR(after_hits(mark, HitMark::kNewFrequency, 100), 10, 3);
  EXPECT_NEAR(after_hits(mark, HitMark::kNewFrequency, 1'000), 18, 5);
  EXPECT_NEAR(after_hits(mark, HitMark::kNewFrequency, 100'000), 142, 20);
  EXPECT_EQ(after_hits(mark, HitMark::kNewFrequency, 2'000'000), 255);
  EXPECT_EQ(after_hits(mark, 255, 1), 255);
}

TEST(HitMark, a_frequency_fades_before_it_counts_the_hit) {
  EXPECT_EQ(after_hits({HitMark::Rule::kFrequency, 0}, 100, 1, 98), 3);
}

}  // namespace
}  // namespace inlay
