// The rows that each family of commands adds to the table.
#pragma once

#include <span>

#include "api/commands/command.h"

namespace inlay {

std::span<const Command> string_rows();
std::span<const Command> list_rows();
std::span<const Command> hash_rows();
std::span<const Command> hash_deadline_rows();
std::span<const Command> set_rows();
std::span<const Command> sorted_set_rows();
std::span<const Command> key_rows();
std::span<const Command> sort_rows();
std::span<const Command> pubsub_rows();
std::span<const Command> transaction_rows();
std::span<const Command> function_rows();
std::span<const Command> server_rows();

}  // namespace inlay
