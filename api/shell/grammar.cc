#include "api/shell/grammar.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace inlay::shell {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

bool begins_ignoring_case(std::string_view text, std::string_view prefix) {
  return absl::StartsWithIgnoreCase({text.data(), text.size()}, {prefix.data(), prefix.size()});
}

std::string display_name(const Command& command) {
  std::string name = absl::AsciiStrToUpper({command.name.data(), command.name.size()});
  std::replace(name.begin(), name.end(), '|', ' ');
  return name;
}

std::string syntax_line(const Command& command) {
  std::string line = display_name(command);
  if (command.is_container) return line + " subcommand ...";
  if (!command.spec.syntax.empty()) line.append(" ").append(command.spec.syntax);
  return line;
}

std::vector<std::string> command_words() {
  std::set<std::string> words;
  for (const Command* command : all_commands()) {
    const std::string name = display_name(*command);
    words.insert(name.substr(0, name.find(' ')));
  }
  return {words.begin(), words.end()};
}

std::vector<std::string> subcommand_words(std::string_view container) {
  const std::string family = std::string(container) + ' ';
  std::vector<std::string> words;
  for (const Command* command : all_commands()) {
    const std::string name = display_name(*command);
    if (begins_ignoring_case(name, family)) words.push_back(name.substr(family.size()));
  }
  return words;
}

std::vector<std::string> group_words() {
  std::set<std::string> words;
  for (const Command* command : all_commands())
    words.insert('@' + std::string(group_name(command->spec.group)));
  return {words.begin(), words.end()};
}

}  // namespace inlay::shell
