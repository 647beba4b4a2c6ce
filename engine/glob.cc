#include "engine/glob.h"

#include <algorithm>

namespace inlay {
namespace {

// Reads the set that `pattern` begins with, just past its '['; tells whether it holds `byte` and drops the set
// from the pattern. Bytes compare as signed numbers in ranges, as they do in Redis on x86.
bool take_set(std::string_view& pattern, char byte) {
  const bool negated = !pattern.empty() && pattern[0] == '^';
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  while (!pattern.empty() && pattern[0] != ']') {
    if (pattern[0] == '\\' && pattern.size() >= 2) {
      found = found || pattern[1] == byte;
      pattern.remove_prefix(2);
    } else if (pattern.size() >= 3 && pattern[1] == '-') {
      const auto [low, high] =
          std::minmax({static_cast<signed char>(pattern[0]), static_cast<signed char>(pattern[2])});
      found = found || (static_cast<signed char>(byte) >= low && static_cast<signed char>(byte) <= high);
      pattern.remove_prefix(3);
    } else {
      found = found || pattern[0] == byte;
      pattern.remove_prefix(1);
    }
  }
  if (!pattern.empty()) pattern.remove_prefix(1);  // The ']'.
  return found != negated;
}

// Matches one byte against the first element of `pattern`, which is not a star, and drops that element.
bool take_one(std::string_view& pattern, char byte) {
  const char first = pattern[0];
  pattern.remove_prefix(1);
  if (first == '?') return true;
  if (first == '[') return take_set(pattern, byte);
  if (first == '\\' && !pattern.empty()) {
    const char literal = pattern[0];
    pattern.remove_prefix(1);
    return literal == byte;
  }
  return first == byte;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  // Redis matches the empty text with the empty pattern alone; "*" against it is the caller's business.
  if (text.empty()) return pattern.empty();
  std::string_view after_star;
  std::string_view retry_text;
  bool starred = false;
  while (!text.empty()) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      starred = true;
      after_star = pattern;
      retry_text = text;
      continue;
    }
    if (!pattern.empty() && take_one(pattern, text[0])) {
      text.remove_prefix(1);
      continue;
    }
    // Only the last star need be tried longer: whatever an earlier one could reach, the last one can too.
    if (!starred) return false;
    retry_text.remove_prefix(1);
    pattern = after_star;
    text = retry_text;
  }
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

}  // namespace inlay
