// What a data set costs the process, as the kernel counts it: resident pages, whoever allocated them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace inlay::bench {

/// Resident bytes of this process.
int64_t resident_bytes();

/// Named numbers.
using Figures = std::map<std::string, double>;

/// Runs `body` in a child process whose heap is empty and returns what it returned. Call it while this process has
/// one thread. Ends the program if the child fails.
Figures in_child(const std::function<Figures()>& body);

}  // namespace inlay::bench
