#include "api/shell/completion.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "api/shell/grammar.h"
#include "api/shell/help.h"

namespace inlay::shell {
namespace {

using Words = std::vector<std::string>;

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

TEST(Completion, certain_letters_are_typed) {
  EXPECT_EQ(complete("STRL").insert, "EN ");
  EXPECT_EQ(complete("strl").insert, "en ");
  EXPECT_EQ(complete("c2: strl").insert, "en ");
  EXPECT_EQ(complete("qu"), Completion{.insert = "it "});
}

TEST(Completion, common_beginning_is_typed) { EXPECT_EQ(complete("EXPIRET").insert, "IME "); }

TEST(Completion, several_names_are_listed) {
  const Completion completion = complete("get");
  EXPECT_EQ(completion.insert, "");
  EXPECT_TRUE(contains(completion.candidates, "getex"));
  EXPECT_FALSE(contains(completion.candidates, "get"));
  EXPECT_EQ(completion.syntax, "GET key");
}

TEST(Completion, arguments_are_shown_after_a_full_name) {
  EXPECT_EQ(complete("STRLEN"), (Completion{.insert = " ", .syntax = "STRLEN key"}));
  EXPECT_EQ(complete("strlen ").syntax, "STRLEN key");
  EXPECT_EQ(complete("get \"a b").syntax, "GET key");
}

TEST(Completion, subcommands_are_words_too) {
  EXPECT_EQ(complete("object enc").insert, "oding ");
  EXPECT_TRUE(contains(complete("OBJECT ").candidates, "ENCODING"));
  EXPECT_EQ(complete("OBJECT ENCODING ").syntax, complete("object encoding k").syntax);
}

TEST(Completion, help_takes_commands_and_groups) {
  EXPECT_EQ(complete("help strl").insert, "en ");
  EXPECT_EQ(complete("help @str").insert, "ing ");
}

TEST(Completion, unknown_words_give_nothing) {
  EXPECT_EQ(complete("nosuchcommand"), Completion{});
  EXPECT_EQ(complete("nosuchcommand a"), Completion{});
}

TEST(Completion, empty_line_lists_all_commands) {
  const Completion completion = complete("");
  EXPECT_EQ(completion.insert, "");
  EXPECT_TRUE(contains(completion.candidates, "SET"));
  EXPECT_TRUE(contains(completion.candidates, "help"));
}

// Whatever Tab has done, a second Tab never takes it back or types on for ever.
TEST(Completion, every_command_can_be_completed) {
  for (const std::string& word : command_words()) {
    for (size_t size = 0; size <= word.size(); ++size) {
      const Completion completion = complete(word.substr(0, size));
      const std::string line = word.substr(0, size) + completion.insert;
      ASSERT_TRUE((word + ' ').starts_with(line) || line.size() <= size + 1) << line;
    }
    EXPECT_FALSE(complete(word).syntax.empty()) << word;
  }
}

TEST(Help, every_command_has_a_syntax_and_a_summary) {
  for (const Command* command : all_commands()) {
    if (command->is_container) continue;
    EXPECT_FALSE(command->spec.summary.empty()) << command->name;
    EXPECT_FALSE(command->spec.since.empty()) << command->name;
    const bool takes_arguments =
        command->arity != 1 + static_cast<int>(command->name.find('|') != command->name.npos);
    EXPECT_EQ(takes_arguments, !command->spec.syntax.empty())
        << command->name << ": " << command->spec.syntax;
    const std::string help = help_text(Words{std::string(command->name.substr(0, command->name.find('|')))});
    EXPECT_NE(help.find(command->spec.summary), std::string::npos) << help;
  }
}

TEST(Help, command_is_found_in_any_case) {
  EXPECT_EQ(help_text(Words{"GET"}), help_text(Words{"get"}));
  EXPECT_TRUE(help_text(Words{"get"}).starts_with("  GET key\n  summary:"));
  EXPECT_TRUE(help_text(Words{"object", "encoding"}).starts_with("  OBJECT ENCODING key\n"));
}

TEST(Help, group_lists_its_commands) {
  const std::string help = help_text(Words{"@string"});
  EXPECT_NE(help.find("  INCR key\n"), std::string::npos) << help;
  EXPECT_EQ(help.find("  DEL key"), std::string::npos) << help;
}

TEST(Help, unknown_topics_name_what_there_is) {
  EXPECT_TRUE(help_text(Words{"getx"}).starts_with("No command 'getx'. All of them"));
  EXPECT_TRUE(help_text(Words{"strl"}).starts_with("No command 'strl'. These begin so: STRLEN"));
  EXPECT_TRUE(help_text(Words{"@nope"}).starts_with("No group 'nope'"));
}

}  // namespace
}  // namespace inlay::shell
