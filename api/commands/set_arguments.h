// Parameter types of the set commands that say how an argument is written and when it is judged.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "engine/key.h"
#include "inlay/types.h"

namespace inlay {

/// How many members SPOP takes: not negative. One, by itself, where it is left out.
struct PopCount {
  std::optional<int64_t> count;
};

/// How many members SRANDMEMBER draws: negative to allow repetitions. One, by itself, where it is left out.
struct DrawCount {
  std::optional<int64_t> count;
};

/// The counted keys of SINTERCARD, with error texts of its own.
struct InterCardKeys : CountedKeys {};

/// Where SINTERCARD stops counting; 0 is nowhere.
struct InterCardLimit {
  int64_t limit = 0;
};

/// Options of SSCAN as read by name: malformed ones are refused only once the key was found to be a set.
struct SetScanArguments {
  ElementScanOptions options;
  absl::Status fault;
};

}  // namespace inlay
