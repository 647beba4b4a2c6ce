// Events: what happens to keys, told to those who listen.
#pragma once

#include <cstdint>
#include <string_view>

namespace inlay {

/// Something happened to a key. The views are good during the callback.
struct KeyEvent {
  /// Redis's name for it: "set", "expire", "del", "expired", "lpush" ...
  std::string_view name;
  std::string_view key;
  int db = 0;
};

/// Why a value went.
enum class Cause : uint8_t {
  kDeleted,   // By a command: its key, or its last element.
  kReplaced,  // Another value took its place.
  kExpired,   // Its deadline came.
  kEvicted,   // To make room.
  kFlushed,   // With all its database.
};

/// A key's value is gone. The views are good during the callback.
struct RemovalEvent {
  std::string_view key;
  /// "string", "list", "hash", "set" or "zset".
  std::string_view type;
  Cause cause = Cause::kDeleted;
  int db = 0;
};

}  // namespace inlay
