// The subcommands of the program. Each takes the arguments behind its name and returns the exit status.
#pragma once

#include <span>
#include <string>

namespace inlay::shell {

/// A mix of gets and sets over a keyspace for some seconds.
int bench_main(std::span<const std::string> arguments);

/// A recorded trace of cache requests: get, and set on a miss.
int replay_main(std::span<const std::string> arguments);

}  // namespace inlay::shell
