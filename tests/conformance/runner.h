// Runner: replays a group of recorded cases against a target.
#pragma once

#include <optional>
#include <string>

#include "tests/conformance/case_file.h"
#include "tests/conformance/target.h"

namespace inlay::conformance {

/// The first line of a group that did not go as recorded.
struct Failure {
  std::string where;  // "line 12: GET k => (nil)"
  std::string expected;
  std::string actual;
};

/// Nullopt if every line went as recorded. `target` must be fresh.
std::optional<Failure> run_group(const Group& group, Target& target);

}  // namespace inlay::conformance
