// What the blocking commands give.
#pragma once

#include <string>

#include "inlay/commands/list_types.h"
#include "inlay/commands/sorted_set_types.h"

namespace inlay {

/// An element popped from one of several lists.
struct KeyElement {
  std::string key{};
  std::string element{};
  friend bool operator==(const KeyElement&, const KeyElement&) = default;
};

/// A member popped from one of several sorted sets.
struct KeyMember {
  std::string key{};
  ScoredMember member{};
  friend bool operator==(const KeyMember&, const KeyMember&) = default;
};

}  // namespace inlay
