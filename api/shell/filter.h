// The shell without a terminal: commands from a file descriptor, replies to another.
#pragma once

#include <span>
#include <string>

namespace inlay {
class Store;
}

namespace inlay::shell {

/// Runs one command a line from `input` until its end or "quit". Replies are written before the next wait for
/// input, so a program can hold a dialogue. Returns the exit status: 0, or 1 and a message for an I/O error.
int run_filter(Store& store, int input, int output);

/// Runs `lines`, then leaves. 0, or 1 if the last answer was an error or the output could not be written.
int run_lines(Store& store, std::span<const std::string> lines, int output);
/// Runs one command that the system's shell has split already. As run_lines.
int run_command(Store& store, std::span<const std::string> words, int output);

}  // namespace inlay::shell
