// Splits a line that a user typed into a session and arguments, by redis-cli's rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inlay::shell {

/// The words of `line`. Blanks part them; double quotes know \xHH \n \r \t \b \a \\ \", single quotes only \'.
/// Nothing if a quote stays open or is not followed by a blank. Binary-safe; no words for a blank line. O(line).
std::optional<std::vector<std::string>> split_words(std::string_view line);

/// A line and the session that speaks it.
struct SessionLine {
  int session = 0;
  std::string_view text;
};

/// Cuts the "c7:" off "c7: GET a". A line without such a beginning is session 0's. Numbers go to 999999. O(1).
SessionLine split_session(std::string_view line);

}  // namespace inlay::shell
