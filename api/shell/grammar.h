// The command table in the words that the shell shows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/commands/command.h"

namespace inlay::shell {

bool equals_ignoring_case(std::string_view a, std::string_view b);
bool begins_ignoring_case(std::string_view text, std::string_view prefix);

/// "OBJECT ENCODING" for the row "object|encoding".
std::string display_name(const Command& command);
/// The name and the arguments: "SETEX key seconds value".
std::string syntax_line(const Command& command);

/// What a command line can begin with, in alphabetical order.
std::vector<std::string> command_words();
/// What can follow such a word; empty unless it has subcommands.
std::vector<std::string> subcommand_words(std::string_view container);
/// "@generic", "@string" and so on.
std::vector<std::string> group_words();

}  // namespace inlay::shell
