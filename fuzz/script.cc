#include "fuzz/script.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "api/shell/line_parser.h"
#include "inlay/datatypes/number.h"
#include "inlay/reply.h"

namespace inlay::fuzz {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  absl::AsciiStrToLower(&result);
  return result;
}

std::vector<Line> read_script(std::string_view text) {
  std::vector<Line> lines;
  for (const std::string_view line : split(text, '\n')) {
    if (lines.size() == kLinesMax) break;
    auto words = shell::split_words(line);
    if (words.has_value() && !words->empty()) lines.push_back(*std::move(words));
  }
  return lines;
}

std::string shown(const Line& line) {
  std::string text;
  for (const std::string& word : line) {
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
      return c > ' ' && c < '\x7f' && c != '"' && c != '\'';
    });
    if (!text.empty()) text += ' ';
    text += plain ? word : quoted(word);
  }
  return text;
}

std::string write_script(std::span<const Line> lines) {
  std::string text;
  for (const Line& line : lines) text.append(shown(line)).append("\n");
  return text;
}

bool is_too_heavy(const Line& line) {
  constexpr int64_t kDrawsMax = 10'000;
  constexpr std::string_view kDraws[] = {"srandmember", "hrandfield", "zrandmember"};
  // Within EXEC's queue or COMMAND GETKEYS the name may stand anywhere.
  const auto draws = [&](std::string_view word) {
    return std::ranges::find(kDraws, lower(word)) != std::end(kDraws);
  };
  return std::ranges::any_of(line, draws) && std::ranges::any_of(line, [](std::string_view word) {
           return parse_int64(word).value_or(0) < -kDrawsMax;
         });
}

void require(bool holds, const Line& line, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), shown(line).c_str());
  std::abort();
}

}  // namespace inlay::fuzz
