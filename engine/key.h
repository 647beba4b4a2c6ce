// KeyRef: a key as the engine passes it around, hashed once per call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace inlay {

using Bytes = std::string_view;

struct KeyRef {
  std::string_view bytes;
  uint64_t hash = 0;
};

struct KeyValueRef {
  KeyRef key;
  Bytes value;
};

/// Keys that a by-name call counts before it lists them (LMPOP).
struct CountedKeys {
  std::span<const KeyRef> keys;
};

/// All arguments of a by-name call but the last (BLPOP).
struct LeadingKeys : CountedKeys {};

/// Pairs that a by-name call counts before it lists them (MSETEX).
struct CountedPairs {
  std::span<const KeyValueRef> pairs;
};

}  // namespace inlay
