#include "inlay/datatypes/number.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace inlay {
namespace {

using namespace std::string_view_literals;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string formatted(int64_t value) {
  char text[kInt64TextMax];
  return std::string(text, format_int64(value, text));
}

// What INCRBYFLOAT answers.
std::string sum(std::string_view a, std::string_view b) {
  const auto left = parse_long_double(a);
  const auto right = parse_long_double(b);
  return left && right ? format_long_double(*left + *right) : "not a float";
}

TEST(ParseInt64, canonical_text_gives_value) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("7"), 7);
  EXPECT_EQ(parse_int64("-1"), -1);
  EXPECT_EQ(parse_int64("10"), 10);
  EXPECT_EQ(parse_int64("9223372036854775807"), kMax);
  EXPECT_EQ(parse_int64("-9223372036854775808"), kMin);
}

TEST(ParseInt64, other_text_gives_nothing) {
  for (const std::string_view text : {""sv,
                                      "-"sv,
                                      "+5"sv,
                                      "007"sv,
                                      "-0"sv,
                                      "-07"sv,
                                      " 10"sv,
                                      "10 "sv,
                                      "3.0"sv,
                                      "1e3"sv,
                                      "0x10"sv,
                                      "--1"sv,
                                      "a"sv,
                                      "1a"sv,
                                      "\0"sv,
                                      "1\0"sv,
                                      "\n1"sv,
                                      "٣"sv,
                                      "1,000"sv,
                                      "00"sv,
                                      "9223372036854775808"sv,
                                      "-9223372036854775809"sv,
                                      "18446744073709551616"sv,
                                      "99999999999999999999"sv,
                                      "100000000000000000000"sv,
                                      "-99999999999999999999"sv}) {
    EXPECT_EQ(parse_int64(text), std::nullopt) << '"' << text << '"';
  }
}

// Every integer reads back from its text, at any magnitude.
RC_GTEST_PROP(ParseInt64, reads_back_what_format_wrote, (int64_t any)) {
  const auto shift = *rc::gen::inRange(0, 64);
  const auto positive = static_cast<int64_t>(static_cast<uint64_t>(any) >> 1 >> shift);
  for (const int64_t value : {any, positive, -positive, kMin + positive, kMax - positive}) {
    RC_ASSERT(parse_int64(formatted(value)) == value);
    RC_ASSERT(formatted(value).size() < kInt64TextMax);
  }
}

// Whatever text is accepted is exactly the text that printing the number gives back.
RC_GTEST_PROP(ParseInt64, accepts_only_canonical_text, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("-+0123456789 .")));
  if (const auto value = parse_int64(text)) RC_ASSERT(formatted(*value) == text);
}

TEST(ParseLongDouble, every_form_of_strtod_is_read) {
  EXPECT_EQ(parse_long_double("5."), 5.0L);
  EXPECT_EQ(parse_long_double(".5"), 0.5L);
  EXPECT_EQ(parse_long_double("+1"), 1.0L);
  EXPECT_EQ(parse_long_double("-1.50"), -1.5L);
  EXPECT_EQ(parse_long_double("0x10"), 16.0L);
  EXPECT_EQ(parse_long_double("0x.8p1"), 1.0L);
  EXPECT_EQ(parse_long_double("1e3"), 1000.0L);
  EXPECT_EQ(parse_long_double("1E-3"), 0.001L);
  EXPECT_EQ(parse_long_double("007"), 7.0L);
  EXPECT_EQ(parse_long_double("0.1"), 0.1L);
  for (const std::string_view text : {"inf", "Inf", "INF", "+inf", "infinity", "Infinity"}) {
    EXPECT_EQ(parse_long_double(text), std::numeric_limits<long double>::infinity()) << text;
  }
  EXPECT_EQ(parse_long_double("-inf"), -std::numeric_limits<long double>::infinity());
  EXPECT_TRUE(std::signbit(parse_long_double("-0").value()));
}

TEST(ParseLongDouble, other_text_gives_nothing) {
  for (const std::string_view text :
       {""sv, " 1"sv, "1 "sv, "\t1"sv, "nan"sv, "-nan"sv, "NAN(7)"sv, "abc"sv, "1x"sv, "1.2.3"sv, "e3"sv,
        "."sv, "-"sv, "0x"sv, "1e"sv, "1,5"sv, "1\0"sv, "\0"sv}) {
    EXPECT_EQ(parse_long_double(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(ParseLongDouble, out_of_range_gives_nothing) {
  EXPECT_TRUE(parse_long_double("1e400").has_value());  // In range of the extended format.
  EXPECT_EQ(parse_long_double("1e5000"), std::nullopt);
  EXPECT_EQ(parse_long_double("-1e5000"), std::nullopt);
  EXPECT_EQ(parse_long_double("1e-5000"), std::nullopt);
}

TEST(ParseLongDouble, long_text_is_read_and_too_long_text_refused) {
  EXPECT_EQ(parse_long_double("1." + std::string(5'000, '0')), 1.0L);
  EXPECT_EQ(parse_long_double("1." + std::string(6'000, '0')), std::nullopt);
}

// The recorded answers of INCRBYFLOAT.
TEST(ParseDouble, scores_are_read_as_strtod_reads_them) {
  EXPECT_EQ(parse_double("12"), 12.0);
  EXPECT_EQ(parse_double("+5"), 5.0);
  EXPECT_EQ(parse_double(".5"), 0.5);
  EXPECT_EQ(parse_double("0x10"), 16.0);
  EXPECT_EQ(parse_double("-iNf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("9007199254740993"), 9007199254740992.0);
  EXPECT_EQ(parse_double("1e-320"), 1e-320);
  for (const char* text : {"", " 5", "5 ", "nan", "1e", "--1", "1e309", "-1e309", "1e-400", "abc"})
    EXPECT_FALSE(parse_double(text)) << text;
  EXPECT_FALSE(parse_double(std::string_view("5\0", 2)));
}

TEST(ParseDoubleLeniently, bounds_take_what_strtod_takes) {
  EXPECT_EQ(parse_double_leniently(""), 0.0);
  EXPECT_EQ(parse_double_leniently(" 5"), 5.0);
  EXPECT_EQ(parse_double_leniently("1e400"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double_leniently("1e-400"), 0.0);
  EXPECT_EQ(parse_double_leniently(std::string_view("5\0x", 3)), 5.0);
  for (const char* text : {"5 ", "nan", "a", "1e"}) EXPECT_FALSE(parse_double_leniently(text)) << text;
}

TEST(FormatLongDouble, sums_print_as_redis_prints_them) {
  EXPECT_EQ(sum("10.50", "0.1"), "10.6");
  EXPECT_EQ(sum("5.0e3", "2.0e2"), "5200");
  EXPECT_EQ(sum("3", "1.1"), "4.1");
  EXPECT_EQ(sum("4.1", "-4.1"), "0");
  EXPECT_EQ(sum("10.6", "-10.6"), "0");
  EXPECT_EQ(sum("0.1", "0.2"), "0.3");
  EXPECT_EQ(sum("1e17", "1"), "100000000000000001");
  EXPECT_EQ(sum("3.0", "0"), "3");
  EXPECT_EQ(sum("1", "0.00000000000000001"), "1.00000000000000001");
  EXPECT_EQ(sum("1.00000000000000001", "0.000000000000000001"), "1.00000000000000001");
  EXPECT_EQ(sum("-0.0", "0"), "0");
  EXPECT_EQ(sum("1", "0x10"), "17");
  EXPECT_EQ(sum("17", ".5"), "17.5");
  EXPECT_EQ(sum("17.5", "5."), "22.5");
  EXPECT_EQ(sum("22.5", "+1"), "23.5");
  EXPECT_EQ(sum("23.5", "1e2"), "123.5");
  EXPECT_EQ(
      sum("0", "1e300"),
      "100000000000000000000899732407955919387052394427329074793826008232126564659618093575584915208375049719"
      "0"
      "350372508614274835903592556184672983913096260520748646287327135641843653294084255107606016789726652932"
      "3"
      "70030551382947620994540294772781889620606179267611627097410650567187386105690089424915104006144");
  const std::string huge = sum("1", "1e400");
  EXPECT_EQ(huge.size(), 401u);
  EXPECT_EQ(huge.substr(0, 40), "1000000000000000000028188068394758651458");
  EXPECT_EQ(sum(huge, "0.1"), huge);
}

TEST(FormatLongDouble, whole_and_tiny_numbers) {
  EXPECT_EQ(format_long_double(0.0L), "0");
  EXPECT_EQ(format_long_double(-0.0L), "0");
  EXPECT_EQ(format_long_double(100.0L), "100");
  EXPECT_EQ(format_long_double(-100.0L), "-100");
  EXPECT_EQ(format_long_double(-1e-30L), "0");
  EXPECT_EQ(format_long_double(1e-17L), "0.00000000000000001");
  EXPECT_EQ(format_long_double(std::numeric_limits<long double>::max()).size(), 4933u);
}

// The text of a float reads back as a number within the 17 decimals that are kept.
RC_GTEST_PROP(FormatLongDouble, text_reads_back_within_its_decimals, (int64_t whole, int64_t parts)) {
  const long double value = static_cast<long double>(whole) + static_cast<long double>(parts) / (1LL << 40);
  const std::string text = format_long_double(value);
  const auto back = parse_long_double(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::fabs(*back - value) <= 1e-17L + std::fabs(value) * 1e-18L);
  RC_ASSERT(text.find('.') == std::string::npos || text.back() != '0');
}

TEST(FormatDouble, shortest_form) {
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(3), "3");
  EXPECT_EQ(format_double(1e300), "1e+300");
  EXPECT_EQ(format_double(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(format_double(HUGE_VAL), "inf");
  EXPECT_EQ(format_double(-HUGE_VAL), "-inf");
  EXPECT_EQ(format_double(std::nan("")), "nan");
  EXPECT_EQ(format_double(-std::nan("")), "nan");
}

// Every double but NaN reads back from its text bit by bit.
RC_GTEST_PROP(FormatDouble, reads_back_exactly, (uint64_t bits)) {
  const auto value = std::bit_cast<double>(bits);
  RC_PRE(!std::isnan(value));
  const std::string text = format_double(value);
  RC_ASSERT(std::bit_cast<uint64_t>(std::strtod(text.c_str(), nullptr)) == bits);
}

// A program may have set a locale whose decimal point is a comma. Skipped where the system has none.
TEST(Numbers, do_not_depend_on_the_locale) {
  const char* found = nullptr;
  for (const char* name :
       {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "fr_FR.utf8", "it_IT.UTF-8"}) {
    if ((found = std::setlocale(LC_ALL, name)) != nullptr) break;
  }
  if (found == nullptr) GTEST_SKIP() << "no locale with a decimal comma is installed";
  EXPECT_EQ(*std::localeconv()->decimal_point, ',');
  EXPECT_EQ(parse_long_double("1.5"), 1.5L);
  EXPECT_EQ(parse_long_double("1,5"), std::nullopt);
  EXPECT_EQ(format_long_double(1.5L), "1.5");
  EXPECT_EQ(format_double(1.5), "1.5");
  EXPECT_EQ(parse_int64("1.000"), std::nullopt);
  std::setlocale(LC_ALL, "C");
}

}  // namespace
}  // namespace inlay
