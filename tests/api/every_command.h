// An example of every command: what each test that claims to cover all commands runs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {

/// Calls that succeed one after the other on an empty store with the functions below, blanks between the arguments. Every
/// command and subcommand is among them.
std::span<const std::string_view> every_command();

/// Registers the functions that they call.
void add_functions(Store& store);

/// The arguments of such a call.
std::vector<std::string_view> words_of(std::string_view call);

/// Commands and subcommands of the table that no example names.
std::vector<std::string> commands_without_example();

}  // namespace inlay::test
