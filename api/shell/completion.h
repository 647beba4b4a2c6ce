// What Tab does on a line that is being typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inlay::shell {

struct Completion {
  /// To be typed for the user at the cursor.
  std::string insert;
  /// The arguments of the command on the line; empty when its name is not yet complete.
  std::string syntax;
  /// The words that fit, when there are several and none of their letters are certain.
  std::vector<std::string> candidates;
  friend bool operator==(const Completion&, const Completion&) = default;
};

/// `before_cursor` is the line up to the cursor. Completes command names, subcommands and the words of help, in
/// the letter case that the user types in. O(commands).
Completion complete(std::string_view before_cursor);

}  // namespace inlay::shell
