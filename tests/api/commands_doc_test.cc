// docs/commands.md is made from the command table, and this test keeps it so.
// INLAY_WRITE_DOCS=1 in the environment writes the file instead of comparing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "api/commands/command.h"

namespace inlay {
namespace {

std::string display_name(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c == '|' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string page() {
  std::ostringstream out;
  out << "# Commands\n\nMade from the command table; do not edit. `since` is the version of Redis (8.4: or "
         "of Valkey) "
         "that brought the command.\n";
  for (const Group group :
       {Group::kString, Group::kList, Group::kHash, Group::kSet, Group::kSortedSet, Group::kGeneric,
        Group::kPubSub, Group::kTransactions, Group::kScripting, Group::kConnection, Group::kServer}) {
    out << "\n## " << group_name(group)
        << "\n\n| command | what it does | complexity | since |\n| --- | --- | --- | --- |\n";
    for (const Command* command : all_commands()) {
      if (command->spec.group != group || command->is_container) continue;
      out << "| `" << display_name(command->name);
      if (!command->spec.syntax.empty()) out << ' ' << escaped(command->spec.syntax);
      out << "` | " << command->spec.summary << " | " << command->spec.complexity << " | "
          << command->spec.since << " |\n";
    }
  }
  return out.str();
}

TEST(CommandsPage, docs_match_the_table) {
  const std::string path = std::string(INLAY_SOURCE_DIR) + "/docs/commands.md";
  if (std::getenv("INLAY_WRITE_DOCS") != nullptr) std::ofstream(path) << page();
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), page()) << "run this test with INLAY_WRITE_DOCS=1 to write " << path;
}

TEST(CommandTable, every_row_has_its_words_and_a_unique_name) {
  std::vector<std::string_view> names;
  for (const Command* command : all_commands()) {
    names.push_back(command->name);
    EXPECT_FALSE(command->spec.summary.empty()) << command->name;
    EXPECT_FALSE(command->spec.since.empty()) << command->name;
    EXPECT_TRUE(command->is_container || command->execute != nullptr) << command->name;
    const size_t own_names = command->name.find('|') == std::string_view::npos ? 1 : 2;
    EXPECT_GE(static_cast<size_t>(std::abs(command->arity)), own_names) << command->name;
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace inlay
