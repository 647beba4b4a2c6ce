#include "api/shell/zipf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace inlay::shell {
namespace {

// Each rank comes as often as 1 / rank^exponent says, within five standard deviations.
TEST(Zipf, frequencies_follow_the_law) {
  constexpr uint64_t kRanks = 50;
  constexpr int kDraws = 400'000;
  for (const double exponent : {0.2, 0.99, 1.0, 1.5, 3.0}) {
    const Zipf zipf(kRanks, exponent);
    Random random(42);
    std::vector<int> seen(kRanks);
    for (int i = 0; i < kDraws; ++i) ++seen.at(zipf(random));
    double sum = 0;
    for (uint64_t rank = 0; rank < kRanks; ++rank) sum += std::pow(rank + 1.0, -exponent);
    for (uint64_t rank = 0; rank < kRanks; ++rank) {
      const double share = std::pow(rank + 1.0, -exponent) / sum;
      const double deviation = std::sqrt(kDraws * share * (1 - share));
      EXPECT_NEAR(seen[rank], kDraws * share, 5 * deviation + 1)
          << "exponent " << exponent << ", rank " << rank;
    }
  }
}

TEST(Zipf, single_rank_is_always_drawn) {
  const Zipf zipf(1, 0.99);
  Random random(42);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(zipf(random), 0u);
}

TEST(Zipf, large_ranges_stay_in_bounds) {
  constexpr uint64_t kRanks = 1'000'000'000;
  const Zipf zipf(kRanks, 0.5);
  Random random(42);
  uint64_t largest = 0;
  for (int i = 0; i < 100'000; ++i) largest = std::max(largest, zipf(random));
  EXPECT_LT(largest, kRanks);
  EXPECT_GT(largest, kRanks / 2);
}

}  // namespace
}  // namespace inlay::shell
