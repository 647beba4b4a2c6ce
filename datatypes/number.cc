#include "inlay/datatypes/number.h"

#include <locale.h>
#include <stdlib.h>

#include <cassert>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

namespace inlay {
namespace {

locale_t c_locale() {
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return locale;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

bool internal::parse_int64_digits(std::string_view text, int64_t* value) {
  const bool negative = text[0] == '-';
  std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return false;
  if (digits[0] == '0' && (digits.size() > 1 || negative)) return false;
  const char* end = text.data() + text.size();
  auto [stop, failure] = std::from_chars(text.data(), end, *value);
  return failure == std::errc() && stop == end;
}

size_t format_int64(int64_t value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + kInt64TextMax, value).ptr - out);
}

std::optional<long double> parse_long_double(std::string_view text) {
  // strtold wants a terminated string; Redis refuses longer texts as well.
  constexpr size_t kTextMax = 5 * 1024;
  if (text.empty() || text.size() >= kTextMax || is_space(text[0])) return std::nullopt;
  char buffer[kTextMax];
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  char* end = nullptr;
  errno = 0;
  const long double value = strtold_l(buffer, &end, c_locale());
  if (end != buffer + text.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0.0L)) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  // Most scores are whole numbers that a double holds.
  constexpr int64_t kExactMax = int64_t{1} << 53;
  const auto integer = parse_int64(text);
  if (integer.has_value() && *integer <= kExactMax && *integer >= -kExactMax)
    return static_cast<double>(*integer);
  if (text.empty() || is_space(text[0])) return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const double value = strtod_l(terminated.c_str(), &end, c_locale());
  if (end != terminated.c_str() + text.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

std::optional<double> parse_double_leniently(std::string_view text) {
  const std::string terminated(text);
  char* end = nullptr;
  const double value = strtod_l(terminated.c_str(), &end, c_locale());
  if (*end != '\0' || std::isnan(value)) return std::nullopt;
  return value;
}

std::string format_long_double(long double value) {
  assert(std::isfinite(value));
  char buffer[5 * 1024];
  const auto [end, failure] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 17);
  assert(failure == std::errc());
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  while (text.back() == '0') text.remove_suffix(1);
  if (text.back() == '.') text.remove_suffix(1);
  return std::string(text == "-0" ? "0" : text);
}

std::string format_double(double value) {
  if (std::isnan(value)) return "nan";  // Of either sign.
  char buffer[64];
  const auto [end, failure] = std::to_chars(buffer, buffer + sizeof buffer, value);
  assert(failure == std::errc());
  (void)failure;
  return std::string(buffer, static_cast<size_t>(end - buffer));
}

}  // namespace inlay
