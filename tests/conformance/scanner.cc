#include "tests/conformance/scanner.h"

#include <algorithm>
#include <charconv>

#include "inlay/datatypes/number.h"

namespace inlay::conformance {

void Scanner::skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

bool Scanner::take(std::string_view prefix) {
  if (!starts_with(prefix)) return false;
  rest_.remove_prefix(prefix.size());
  return true;
}

std::string_view Scanner::take_bytes(size_t size) {
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(bytes.size());
  return bytes;
}

std::optional<int64_t> Scanner::take_integer() {
  const size_t sign = starts_with("-") ? 1 : 0;
  const size_t end = std::min(rest_.find_first_not_of("0123456789", sign), rest_.size());
  const std::optional<int64_t> value = parse_int64(rest_.substr(0, end));
  if (value.has_value()) rest_.remove_prefix(end);
  return value;
}

std::optional<std::string> Scanner::take_quoted() {
  if (!take("\"")) return std::nullopt;
  std::string text;
  while (!at_end()) {
    const char byte = take_bytes(1)[0];
    if (byte == '"') return text;
    if (byte != '\\') {
      text += byte;
      continue;
    }
    if (at_end()) return std::nullopt;
    const char escape = take_bytes(1)[0];
    constexpr std::string_view kLetters = "nrtab0";
    constexpr std::string_view kBytes("\n\r\t\a\b\0", 6);
    unsigned hex = 0;
    if (escape == 'x') {
      const std::string_view digits = take_bytes(2);
      const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), hex, 16);
      if (digits.size() != 2 || fault != std::errc() || end != digits.end()) return std::nullopt;
      text += static_cast<char>(hex);
    } else if (const size_t letter = kLetters.find(escape); letter != std::string_view::npos) {
      text += kBytes[letter];
    } else {
      text += escape;
    }
  }
  return std::nullopt;
}

std::string_view Scanner::take_word() { return take_bytes(std::min(rest_.find(' '), rest_.size())); }

}  // namespace inlay::conformance
