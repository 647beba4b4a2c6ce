// Scanner: reads one line of a case file from left to right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inlay::conformance {

/// Thread-compatible. Refers to the line, which must outlive it.
class Scanner {
 public:
  explicit Scanner(std::string_view line) : rest_(line) {}

  std::string_view rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }
  bool starts_with(std::string_view prefix) const { return rest_.starts_with(prefix); }

  void skip_spaces();
  /// Takes `prefix` if the rest begins with it; returns whether it did.
  bool take(std::string_view prefix);
  std::string_view take_bytes(size_t size);
  /// A decimal integer, as Redis understands one.
  std::optional<int64_t> take_integer();
  /// What stands between double quotes, with its escapes undone; nullopt if no quoted string begins here or it
  /// does not end.
  std::optional<std::string> take_quoted();
  /// The bytes up to the next space.
  std::string_view take_word();

 private:
  std::string_view rest_;
};

}  // namespace inlay::conformance
