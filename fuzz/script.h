// Scripts: what the targets that run commands are fed. A line is a command in the words of redis-cli, or a directive of
// a target's own that begins with '@'; so inputs can be read, written by hand, and outlive changes of the command table.
#pragma once

#include <cstddef>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inlay::fuzz {

using Line = std::vector<std::string>;
using Random = std::minstd_rand;

/// The lines of `text` that hold words, at most kLinesMax; a line with unbalanced quotes is left out.
inline constexpr size_t kLinesMax = 200;
std::vector<Line> read_script(std::string_view text);
std::string write_script(std::span<const Line> lines);

/// The words of `line` as they must be typed.
std::string shown(const Line& line);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string lower(std::string_view text);

/// Whether the line is a command that would only cost time and memory: a million draws out of a set.
bool is_too_heavy(const Line& line);

/// Aborts with the line in sight.
void require(bool holds, const Line& line, std::string_view what);

/// An argument that leads somewhere, for the word that stands in a command's syntax: a key for "key", and so on.
std::string argument_for(std::string_view name, Random& random);
/// A call as a command's syntax allows it: "SETEX key seconds value" gives SETEX a 10 x.
Line call_of(std::string_view syntax, Random& random);

/// Changes a script by whole lines and words; `fresh_line` makes new ones. Returns the new size, `size_max` at most.
/// For LLVMFuzzerCustomMutator.
size_t mutate_script(char* data, size_t size, size_t size_max, unsigned seed,
                     const std::function<Line(Random&)>& fresh_line);

/// A call of any command of the table.
Line any_call(Random& random);

}  // namespace inlay::fuzz
