#include "api/shell/help.h"

#include <string_view>
#include <vector>

#include "api/shell/grammar.h"

namespace inlay::shell {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string general_help() {
  return "  help COMMAND   its arguments and what it does\n"
         "  help @group    the commands of a group: " +
         joined(group_words()) +
         "\n"
         "  Tab            completes a command's name; behind the name, shows its arguments\n"
         "  c2: COMMAND    runs a command as session 2, one more client of the same store\n"
         "  3 COMMAND      runs a command three times\n"
         "  quit           leaves; so do exit and Ctrl-D\n";
}

std::string group_help(std::string_view group) {
  std::string text;
  for (const Command* command : all_commands()) {
    if (command->is_container || !equals_ignoring_case(group, group_name(command->spec.group))) continue;
    text.append("  ")
        .append(syntax_line(*command))
        .append("\n      ")
        .append(command->spec.summary)
        .append("\n");
  }
  if (!text.empty()) return text;
  return "No group '" + std::string(group) + "'. There are: " + joined(group_words()) + "\n";
}

std::string command_help(const Command& command) {
  std::string text = "  " + syntax_line(command) + "\n";
  const auto row = [&text](std::string_view label, std::string_view value) {
    if (!value.empty()) text.append("  ").append(label).append(value).append("\n");
  };
  row("summary:    ", command.spec.summary);
  row("complexity: ", command.spec.complexity);
  row("since:      ", command.spec.since);
  row("group:      @", group_name(command.spec.group));
  return text;
}

// The command with this name, or the subcommands of the container with this name.
std::vector<const Command*> commands_named(const std::string& name) {
  std::vector<const Command*> found;
  for (const Command* command : all_commands()) {
    const std::string row = display_name(*command);
    if (equals_ignoring_case(row, name) || begins_ignoring_case(row, name + ' ')) found.push_back(command);
  }
  if (found.size() > 1) std::erase_if(found, [](const Command* command) { return command->is_container; });
  return found;
}

std::string unknown_help(const std::string& name) {
  std::vector<std::string> similar;
  for (const Command* command : all_commands()) {
    if (begins_ignoring_case(display_name(*command), name)) similar.push_back(display_name(*command));
  }
  if (!similar.empty()) return "No command '" + name + "'. These begin so: " + joined(similar) + "\n";
  return "No command '" + name + "'. All of them, by group: help " + joined(group_words()) + "\n";
}

}  // namespace

std::string help_text(std::span<const std::string> topic) {
  if (topic.empty()) return general_help();
  if (topic[0].starts_with('@')) return group_help(std::string_view(topic[0]).substr(1));
  std::string name;
  for (const std::string& word : topic) name += (name.empty() ? "" : " ") + word;
  std::string text;
  for (const Command* command : commands_named(name))
    text += (text.empty() ? "" : "\n") + command_help(*command);
  return text.empty() ? unknown_help(name) : text;
}

}  // namespace inlay::shell
