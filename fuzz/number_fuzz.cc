// Any bytes as a number: what is read agrees with the C library, and what is written reads back.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "inlay/datatypes/number.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_integer(const std::string& text) {
  errno = 0;
  const long long expected = std::strtoll(text.c_str(), nullptr, 10);
  const bool canonical = errno == 0 && std::to_string(expected) == text;
  const auto value = inlay::parse_int64(text);
  require(value.has_value() == canonical);
  if (value) require(*value == expected);
}

void check_long_double(const std::string& text) {
  const auto value = inlay::parse_long_double(text);
  if (!value) return;
  char* end = nullptr;
  require(std::strtold(text.c_str(), &end) == *value && end == text.c_str() + text.size());
  if (!std::isfinite(*value)) return;
  const std::string printed = inlay::format_long_double(*value);
  const auto back = inlay::parse_long_double(printed);
  require(back.has_value() && inlay::format_long_double(*back) == printed);
}

void check_double(const std::string& bytes) {
  double value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  const std::string printed = inlay::format_double(value);
  require(std::isnan(value) ? printed == "nan" : std::strtod(printed.c_str(), nullptr) == value);
}

void check_parsed_doubles(const std::string& text) {
  const double expected = std::strtod(text.c_str(), nullptr);
  const auto strict = inlay::parse_double(text);
  const auto lenient = inlay::parse_double_leniently(text);
  if (strict) require(*strict == expected && lenient == strict && inlay::parse_long_double(text));
  if (lenient) require(*lenient == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_integer(text);
  check_long_double(text);
  check_double(text);
  check_parsed_doubles(text);
  return 0;
}
