// Redis's glob rules by plain recursion: exponential on many stars, and simple enough to be read as the rules.
#pragma once

#include <algorithm>
#include <string_view>

namespace inlay {

/// Whether the set that `pattern` begins with (just past its '[') holds `byte`; `length` becomes the set's length,
/// its ']' included.
inline bool model_set_holds(std::string_view pattern, signed char byte, size_t& length) {
  size_t i = 0;
  const auto at = [&](size_t index) { return static_cast<signed char>(pattern[index]); };
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool holds = false;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      holds |= at(i + 1) == byte;
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      holds |= std::min(at(i), at(i + 2)) <= byte && byte <= std::max(at(i), at(i + 2));
      i += 3;
    } else {
      holds |= at(i) == byte;
      i += 1;
    }
  }
  length = std::min(i + 1, pattern.size());
  return holds != negated;
}

inline bool model_matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return model_matches(pattern.substr(1), text) ||
           (!text.empty() && model_matches(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  if (pattern[0] == '[') {
    size_t length = 0;
    const bool holds = model_set_holds(pattern.substr(1), static_cast<signed char>(text[0]), length);
    return holds && model_matches(pattern.substr(1 + length), text.substr(1));
  }
  const size_t literal = pattern[0] == '\\' && pattern.size() > 1 ? 1 : 0;
  if (pattern[0] != '?' && pattern[literal] != text[0]) return false;
  return model_matches(pattern.substr(literal + 1), text.substr(1));
}

/// What Redis 7.0 answers: as above, but that no star matches the empty text.
inline bool model_glob_match(std::string_view pattern, std::string_view text) {
  return text.empty() ? pattern.empty() : model_matches(pattern, text);
}

}  // namespace inlay
