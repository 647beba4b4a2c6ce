// Expectation: what a recorded case says about a reply, and whether a reply keeps to it.
//
//   notation                       a reply that matches
//   +OK                            this simple string
//   -ERR no such key               this error
//   (integer) 1                    this integer
//   (integer) in 99..100           an integer from 99 to 100
//   "a\x00b"                       this bulk string
//   (nil)   (nil-array)            the nil bulk string | the nil array; they never match each other
//   [a, b]                         an array whose items match in this order; a, b: any notation
//   sorted[a, b]                   the same in any order
//   pairs[f, v, g, w]              the same with the pairs (f, v) and (g, w) in any order; also pairs[f=v, g=w]
//   length(3)                      any array of 3 items, or string of 3 bytes
//   any   (any)   (any; e.g. [a])  any reply
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "inlay/reply.h"
#include "inlay/result.h"
#include "tests/conformance/scanner.h"

namespace inlay::conformance {

/// Immutable once read.
class Expectation {
 public:
  /// Matches any reply.
  Expectation() = default;
  /// Matches exactly this reply.
  static Expectation exactly(Reply reply);

  /// Reads a notation and leaves what follows it. Errors: no notation begins here.
  static Result<Expectation> read(Scanner& scanner);

  bool matches(const Reply& reply) const;

  /// The notation again.
  std::string to_string() const;
  /// The items of an array notation; empty for others.
  std::span<const Expectation> items() const { return items_; }
  /// The reply, if exactly one matches; null otherwise.
  const Reply* exact() const { return kind_ == Kind::kExact ? &reply_ : nullptr; }

 private:
  enum class Kind : unsigned char { kAny, kExact, kRange, kLength, kArray, kSorted, kPairs };

  static Result<Expectation> read_parenthesised(Scanner& scanner);
  static Result<Expectation> read_integer(Scanner& scanner);
  static Result<Expectation> read_items(Scanner& scanner, Kind kind);
  static Expectation read_line_text(Scanner& scanner);
  bool matches_in_order(std::span<const Reply> items) const;
  bool matches_in_any_order(std::span<const Reply> items, size_t width) const;

  Kind kind_ = Kind::kAny;
  Reply reply_;
  int64_t low_ = 0, high_ = 0;  // kRange: both inclusive. kLength: low_ alone.
  std::vector<Expectation> items_;
};

/// Whether each expectation can have a reply of its own. Both must be of the same size.
bool match_as_sets(std::span<const Expectation> expected, std::span<const Reply> replies);

/// A reply in the notation above.
std::string to_notation(const Reply& reply);

}  // namespace inlay::conformance
