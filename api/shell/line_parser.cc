#include "api/shell/line_parser.h"

#include <charconv>

namespace inlay::shell {
namespace {

// The blanks of the C locale, whatever the locale is.
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// \v and \f may stand between words but do not end one: so it is in redis-cli.
bool ends_word(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char unescape(char c) {
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return c;
  }
}

class Splitter {
 public:
  explicit Splitter(std::string_view line) : rest_(line) {}

  bool next(std::string* word) {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty()) return false;
    word->clear();
    while (!rest_.empty() && !ends_word(rest_.front())) {
      const char c = take();
      if (c == '"' || c == '\'') {
        valid_ = c == '"' ? read_double_quoted(word) : read_single_quoted(word);
        return valid_;
      }
      *word += c;
    }
    return true;
  }

  bool valid() const { return valid_; }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // A closing quote ends the word: more text right behind it is refused.
  bool at_word_end() const { return rest_.empty() || is_blank(rest_.front()); }

  bool read_double_quoted(std::string* word) {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '"') return at_word_end();
      if (c != '\\') {
        *word += c;
      } else if (rest_.empty()) {
        return false;
      } else if (rest_.size() > 2 && rest_[0] == 'x' && hex_digit(rest_[1]) >= 0 &&
                 hex_digit(rest_[2]) >= 0) {
        *word += static_cast<char>(hex_digit(rest_[1]) * 16 + hex_digit(rest_[2]));
        rest_.remove_prefix(3);
      } else {
        *word += unescape(take());
      }
    }
    return false;
  }

  bool read_single_quoted(std::string* word) {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '\'') return at_word_end();
      *word += c == '\\' && !rest_.empty() && rest_.front() == '\'' ? take() : c;
    }
    return false;
  }

  std::string_view rest_;
  bool valid_ = true;
};

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  Splitter splitter(line);
  std::string word;
  while (splitter.next(&word)) words.push_back(word);
  if (!splitter.valid()) return std::nullopt;
  return words;
}

SessionLine split_session(std::string_view line) {
  constexpr size_t kDigitsMax = 6;
  size_t start = 0;
  while (start < line.size() && is_blank(line[start])) ++start;
  if (start == line.size() || line[start] != 'c') return {0, line};
  const char* const digits = line.data() + start + 1;
  const char* const end = line.data() + line.size();
  int session = 0;
  const auto [after, error] = std::from_chars(digits, end, session);
  const bool addressed = error == std::errc() && *digits != '-' && after - digits <= ptrdiff_t{kDigitsMax} &&
                         after != end && *after == ':';
  if (!addressed) return {0, line};
  return {session, line.substr(static_cast<size_t>(after + 1 - line.data()))};
}

}  // namespace inlay::shell
