// The rows that each family of commands adds to the table.
#pragma once

#include <span>

#include "api/commands/command.h"

namespace inlay {

std::span<const Command> string_rows();
std::span<const Command> key_rows();
std::span<const Command> server_rows();

}  // namespace inlay
