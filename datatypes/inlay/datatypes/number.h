// Numbers as Redis reads and writes them.
//
// Integers are strict decimal: no sign but a leading '-', no leading zeros, no spaces, within 64 bits; so a
// string is an integer exactly when printing the integer gives the same bytes back. Floats take every form
// of strtod ("5.", ".5", "0x10", "1e3", "inf") but must be consumed whole and must not be NaN.
// Nothing here depends on the process's locale.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inlay {

/// Longest decimal form of an int64_t ("-9223372036854775808") plus room to spare.
inline constexpr size_t kInt64TextMax = 24;

namespace internal {
bool parse_int64_digits(std::string_view text, int64_t* value);
}

/// The integer that `text` spells in canonical decimal, or nothing. O(length).
inline std::optional<int64_t> parse_int64(std::string_view text) {
  // Most strings are no numbers, and most of those show it at once.
  if (text.empty() || text.size() > 20) return std::nullopt;
  const char first = text[0];
  if (first != '-' && (first < '0' || first > '9')) return std::nullopt;
  int64_t value;
  if (!internal::parse_int64_digits(text, &value)) return std::nullopt;
  return value;
}

/// Writes `value` in decimal to `out`, which has room for kInt64TextMax bytes; returns the length. No NUL.
size_t format_int64(int64_t value, char* out);

/// The extended-precision float that `text` spells; nothing for NaN, overflow to infinity, underflow to zero,
/// surrounding spaces or an empty string. The word "inf" in any case, with a sign or not, is accepted.
std::optional<long double> parse_long_double(std::string_view text);

/// As parse_long_double, for a double: scores and weights.
std::optional<double> parse_double(std::string_view text);

/// What strtod makes of a text, as the bounds of score ranges have it: spaces may lead, too large a number is infinite, an
/// empty text is 0. Nothing if more follows the number, up to the text's first NUL, or for NaN.
std::optional<double> parse_double_leniently(std::string_view text);

/// The shortest of up to 17 decimals that Redis prints for INCRBYFLOAT: fixed notation, trailing zeros cut,
/// "-0" written "0". `value` must be finite.
std::string format_long_double(long double value);

/// The shortest decimal form that reads back as `value`: "0.1", "1e+300", "inf", "-inf", "nan".
std::string format_double(double value);

}  // namespace inlay
