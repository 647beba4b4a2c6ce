#include "api/shell/completion.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "api/shell/grammar.h"
#include "api/shell/line_parser.h"

namespace inlay::shell {
namespace {

using Words = std::vector<std::string>;

// A line cut at the word under the cursor.
struct Place {
  Words before;
  std::string typed;
  bool in_help = false;
};

// Quotes are of no concern: they stand in arguments, and those are not completed.
Place place_of(std::string_view line) {
  Place place;
  for (const char c : split_session(line).text) {
    if (c != ' ' && c != '\t') {
      place.typed += c;
    } else if (!place.typed.empty()) {
      place.before.push_back(std::move(place.typed));
      place.typed.clear();
    }
  }
  place.in_help =
      !place.before.empty() && (equals_ignoring_case(place.before[0], "help") || place.before[0] == "?");
  if (place.in_help) place.before.erase(place.before.begin());
  return place;
}

Words possible_words(const Place& place) {
  if (place.before.size() == 1) return subcommand_words(place.before[0]);
  if (!place.before.empty()) return {};
  Words words = command_words();
  for (std::string& word : place.in_help ? group_words() : Words{"help", "quit", "exit"})
    words.push_back(word);
  return words;
}

// Without a letter typed the words keep the case they have.
void follow_case(std::string_view typed, std::string* word) {
  if (std::any_of(typed.begin(), typed.end(), absl::ascii_isupper)) {
    absl::AsciiStrToUpper(word);
  } else if (std::any_of(typed.begin(), typed.end(), absl::ascii_islower)) {
    absl::AsciiStrToLower(word);
  }
}

std::string common_beginning(const Words& words) {
  std::string common = words.front();
  for (const std::string& word : words) {
    const auto end = std::mismatch(common.begin(), common.end(), word.begin(), word.end()).first;
    common.erase(end, common.end());
  }
  return common;
}

std::string syntax_of(const Words& words) {
  if (words.empty()) return {};
  const std::vector<Bytes> argv(words.begin(), words.end());
  const Command* command = find_command(argv);
  return command == nullptr ? std::string() : syntax_line(*command);
}

}  // namespace

Completion complete(std::string_view before_cursor) {
  Place place = place_of(before_cursor);
  Words words = possible_words(place);
  std::erase_if(words, [&](const std::string& word) { return !begins_ignoring_case(word, place.typed); });
  if (words.empty()) return {.syntax = syntax_of(place.before)};

  const std::string& sample = place.typed.empty() && !place.before.empty() ? place.before[0] : place.typed;
  for (std::string& word : words) follow_case(sample, &word);
  Completion completion{.insert = common_beginning(words).substr(place.typed.size())};
  const bool full = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return equals_ignoring_case(word, place.typed);
  });
  if (words.size() == 1) completion.insert += ' ';
  if (full) {
    std::erase_if(words, [&](const std::string& word) { return equals_ignoring_case(word, place.typed); });
    place.before.push_back(place.typed);
    completion.syntax = syntax_of(place.before);
  }
  if (completion.insert.empty()) completion.candidates = std::move(words);
  return completion;
}

}  // namespace inlay::shell
