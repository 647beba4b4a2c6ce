// Numbers as people read them, and the table of a load's operations.
#pragma once

#include <cstdint>
#include <string>

#include "api/shell/recorder.h"

namespace inlay::shell {

/// "1,234,567".
std::string grouped(uint64_t number);
/// Three significant digits and a unit: "640 ns", "1.25 us", "3.10 ms", "2.00 s".
std::string duration_text(uint64_t nanoseconds);
/// "2.41 M/s".
std::string rate_text(double per_second);
/// "96.1 MB"; decimal units.
std::string bytes_text(uint64_t bytes);

/// One line per kind of operation that occurred: how often, and percentiles of its time. With a final newline.
std::string operations_table(const Recorder& recorder);

}  // namespace inlay::shell
