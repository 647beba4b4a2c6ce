// What the list commands take and give.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace inlay {

/// An end of a list: kLeft is its head, where index 0 is.
enum class End : uint8_t { kLeft, kRight };

enum class InsertAt : uint8_t { kBefore, kAfter };

/// Which matches LPOS looks for.
struct LPosOptions {
  /// The first match to report: 1 for the first, 2 for the second; -1 for the last, looking backward from there.
  /// Never 0.
  int64_t rank = 1;
  /// Look at so many elements at most; 0 looks at all.
  int64_t length_max = 0;
  friend bool operator==(const LPosOptions&, const LPosOptions&) = default;
};

/// Elements popped from the first list that had any.
struct KeyElements {
  std::string key{};
  std::vector<std::string> elements{};
  friend bool operator==(const KeyElements&, const KeyElements&) = default;
};

}  // namespace inlay
