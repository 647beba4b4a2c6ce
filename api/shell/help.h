// What the shell tells about commands, all of it read from the command table.
#pragma once

#include <span>
#include <string>

namespace inlay::shell {

/// The answer to "help" with these words behind it: none, a command such as OBJECT ENCODING, a container such as
/// OBJECT, or a group such as @string. Ends with a newline.
std::string help_text(std::span<const std::string> topic);

}  // namespace inlay::shell
