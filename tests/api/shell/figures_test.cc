#include "api/shell/figures.h"

#include <gtest/gtest.h>

#include "api/shell/key_value.h"

namespace inlay::shell {
namespace {

TEST(Figures, numbers_are_grouped_by_thousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(Figures, durations_have_three_digits_and_a_unit) {
  EXPECT_EQ(duration_text(0), "0 ns");
  EXPECT_EQ(duration_text(7), "7 ns");
  EXPECT_EQ(duration_text(999), "999 ns");
  EXPECT_EQ(duration_text(1000), "1.00 us");
  EXPECT_EQ(duration_text(12'340), "12.3 us");
  EXPECT_EQ(duration_text(999'499), "999 us");
  EXPECT_EQ(duration_text(999'900), "1.00 ms");
  EXPECT_EQ(duration_text(2'500'000'000), "2.50 s");
}

TEST(Figures, rates_and_bytes_have_decimal_units) {
  EXPECT_EQ(rate_text(3'420'000), "3.42 M/s");
  EXPECT_EQ(rate_text(0.5), "0.50 /s");
  EXPECT_EQ(bytes_text(12), "12 B");
  EXPECT_EQ(bytes_text(96'100'000), "96.1 MB");
}

TEST(Figures, table_has_a_line_for_each_kind_that_occurred) {
  Recorder recorder;
  for (int i = 0; i < 100; ++i) recorder.run([] { return Op::kSet; });
  const std::string table = operations_table(recorder);
  EXPECT_NE(table.find("set                    100"), std::string::npos) << table;
  EXPECT_EQ(table.find("get"), std::string::npos) << table;
  EXPECT_EQ(recorder.latency(Op::kSet).count(), 100 / Recorder::kPeriod);
}

TEST(KeyMaker, numbers_have_twelve_digits_or_more) {
  KeyMaker key;
  EXPECT_EQ(key(0), "user:000000000000");
  EXPECT_EQ(key(42), "user:000000000042");
  EXPECT_EQ(key(999'999'999'999), "user:999999999999");
  EXPECT_EQ(key(1'000'000'000'000), "user:1000000000000");
  EXPECT_EQ(key(UINT64_MAX), "user:18446744073709551615");
}

TEST(ValueMaker, values_know_their_number) {
  ValueMaker value(32);
  EXPECT_EQ(value(7).size(), 32u);
  EXPECT_TRUE(value.made(value(7), 7));
  EXPECT_FALSE(value.made(value(7), 8));
  EXPECT_FALSE(value.made("short", 7));
  EXPECT_TRUE(ValueMaker(0).made("", 7));
}

}  // namespace
}  // namespace inlay::shell
