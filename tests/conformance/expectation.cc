#include "tests/conformance/expectation.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace inlay::conformance {
namespace {

absl::Status malformed(const Scanner& scanner) {
  return absl::InvalidArgumentError(absl::StrCat("no reply notation: ", std::string(scanner.rest())));
}

// Whether a notation may begin here. An error's text may hold commas: "-ERR NX and XX, GT or LT options ...".
bool begins_notation(std::string_view text) {
  if (text.empty()) return false;
  return std::string_view("\"([+-").find(text[0]) != std::string_view::npos || text.starts_with("sorted[") ||
         text.starts_with("pairs[") || text.starts_with("length(") || text.starts_with("any");
}

// Where a simple string or an error inside an array ends.
size_t item_text_size(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ']') return i;
    if (text.substr(i).starts_with(", ") && begins_notation(text.substr(i + 2))) return i;
  }
  return text.size();
}

// Whether `count` expected groups can each have a given group of their own; `fits(expected, given)`. Augmenting
// paths: a simple greedy choice could give the only fit of a narrow expectation to a wide one.
bool assign(size_t count, const std::function<bool(size_t, size_t)>& fits) {
  constexpr size_t kFree = SIZE_MAX;
  std::vector<size_t> owner(count, kFree);
  std::vector<bool> seen;
  const std::function<bool(size_t)> place = [&](size_t expected) {
    for (size_t given = 0; given < count; ++given) {
      if (seen[given] || !fits(expected, given)) continue;
      seen[given] = true;
      if (owner[given] == kFree || place(owner[given])) {
        owner[given] = expected;
        return true;
      }
    }
    return false;
  };
  for (size_t expected = 0; expected < count; ++expected) {
    seen.assign(count, false);
    if (!place(expected)) return false;
  }
  return true;
}

template <class Items, class Print>
std::string join(std::string_view open, const Items& items, Print print) {
  std::string text(open);
  for (size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : ", ") + print(items[i]);
  return text + "]";
}

}  // namespace

Expectation Expectation::exactly(Reply reply) {
  Expectation expectation;
  expectation.kind_ = Kind::kExact;
  expectation.reply_ = std::move(reply);
  return expectation;
}

Result<Expectation> Expectation::read(Scanner& scanner) {
  if (scanner.starts_with("\"")) {
    std::optional<std::string> text = scanner.take_quoted();
    if (!text.has_value()) return malformed(scanner);
    return exactly(Reply::bulk(*std::move(text)));
  }
  if (scanner.starts_with("(")) return read_parenthesised(scanner);
  if (scanner.take("sorted[")) return read_items(scanner, Kind::kSorted);
  if (scanner.take("pairs[")) return read_items(scanner, Kind::kPairs);
  if (scanner.take("[")) return read_items(scanner, Kind::kArray);
  if (scanner.take("any")) return Expectation();
  if (scanner.take("length(")) {
    const std::optional<int64_t> size = scanner.take_integer();
    if (!size.has_value() || !scanner.take(")")) return malformed(scanner);
    Expectation expectation;
    expectation.kind_ = Kind::kLength;
    expectation.low_ = *size;
    return expectation;
  }
  if (scanner.starts_with("+") || scanner.starts_with("-")) return read_line_text(scanner);
  return malformed(scanner);
}

Result<Expectation> Expectation::read_parenthesised(Scanner& scanner) {
  if (scanner.take("(nil)")) return exactly(Reply::nil());
  if (scanner.take("(nil-array)")) return exactly(Reply::nil_array());
  if (scanner.take("(integer) ")) return read_integer(scanner);
  if (!scanner.take("(any")) return malformed(scanner);
  // The rest is an example, which may hold brackets and quoted brackets of its own.
  for (int depth = 1; depth > 0;) {
    if (scanner.starts_with("\"")) {
      if (!scanner.take_quoted().has_value()) return malformed(scanner);
      continue;
    }
    if (scanner.at_end()) return malformed(scanner);
    const char byte = scanner.take_bytes(1)[0];
    depth += byte == '(' ? 1 : byte == ')' ? -1 : 0;
  }
  return Expectation();
}

Result<Expectation> Expectation::read_integer(Scanner& scanner) {
  Expectation range;
  range.kind_ = Kind::kRange;
  const bool is_range = scanner.take("in ");
  const std::optional<int64_t> low = scanner.take_integer();
  if (!low.has_value()) return malformed(scanner);
  if (!is_range) return exactly(Reply::integer(*low));
  const bool dots = scanner.take("..");
  const std::optional<int64_t> high = scanner.take_integer();
  if (!dots || !high.has_value()) return malformed(scanner);
  range.low_ = *low;
  range.high_ = *high;
  return range;
}

Result<Expectation> Expectation::read_items(Scanner& scanner, Kind kind) {
  Expectation array;
  array.kind_ = kind;
  scanner.skip_spaces();
  while (!scanner.take("]")) {
    const bool separated =
        array.items_.empty() || scanner.take(",") ||
        (kind == Kind::kPairs && (scanner.take("=>") || scanner.take("=") || scanner.take(":")));
    if (!separated) return malformed(scanner);
    scanner.skip_spaces();
    if (scanner.starts_with("+") || scanner.starts_with("-")) {
      Scanner item(scanner.take_bytes(item_text_size(scanner.rest())));
      array.items_.push_back(read_line_text(item));
    } else {
      Result<Expectation> item = read(scanner);
      if (!item.ok()) return item;
      array.items_.push_back(*std::move(item));
    }
    scanner.skip_spaces();
  }
  if (kind == Kind::kPairs && array.items_.size() % 2 != 0) return malformed(scanner);
  return array;
}

// To the end of the line: such a text may end with a space, as "unknown command" errors do. A comment after it
// is told by the width of the gap.
Expectation Expectation::read_line_text(Scanner& scanner) {
  const bool is_error = scanner.take_bytes(1) == "-";
  const std::string_view rest = scanner.rest();
  const size_t comment = rest.find("   ;");
  std::string text(scanner.take_bytes(std::min(comment, rest.size())));
  return exactly(is_error ? Reply::error(std::move(text)) : Reply::simple(std::move(text)));
}

bool Expectation::matches(const Reply& reply) const {
  const bool is_array = reply.kind() == Reply::Kind::kArray;
  switch (kind_) {
    case Kind::kAny: return true;
    case Kind::kExact: return reply == reply_;
    case Kind::kRange:
      return reply.kind() == Reply::Kind::kInteger && reply.as_integer() >= low_ &&
             reply.as_integer() <= high_;
    case Kind::kLength:
      return (is_array && std::cmp_equal(reply.items().size(), low_)) ||
             (reply.kind() == Reply::Kind::kBulk && std::cmp_equal(reply.text().size(), low_));
    case Kind::kArray: return is_array && matches_in_order(reply.items());
    case Kind::kSorted: return is_array && matches_in_any_order(reply.items(), 1);
    case Kind::kPairs: return is_array && matches_in_any_order(reply.items(), 2);
  }
  return false;
}

bool Expectation::matches_in_order(std::span<const Reply> items) const {
  return std::ranges::equal(items_, items,
                            [](const Expectation& item, const Reply& reply) { return item.matches(reply); });
}

bool Expectation::matches_in_any_order(std::span<const Reply> items, size_t width) const {
  if (items.size() != items_.size()) return false;
  return assign(items.size() / width, [&](size_t expected, size_t given) {
    for (size_t i = 0; i < width; ++i) {
      if (!items_[expected * width + i].matches(items[given * width + i])) return false;
    }
    return true;
  });
}

bool match_as_sets(std::span<const Expectation> expected, std::span<const Reply> replies) {
  return assign(expected.size(), [&](size_t i, size_t j) { return expected[i].matches(replies[j]); });
}

std::string Expectation::to_string() const {
  const auto print = [](const Expectation& item) { return item.to_string(); };
  switch (kind_) {
    case Kind::kAny: return "any";
    case Kind::kExact: return to_notation(reply_);
    case Kind::kRange: return absl::StrCat("(integer) in ", low_, "..", high_);
    case Kind::kLength: return absl::StrCat("length(", low_, ")");
    case Kind::kArray: return join("[", items_, print);
    case Kind::kSorted: return join("sorted[", items_, print);
    case Kind::kPairs: return join("pairs[", items_, print);
  }
  return "";
}

std::string to_notation(const Reply& reply) {
  switch (reply.kind()) {
    case Reply::Kind::kNil: return "(nil)";
    case Reply::Kind::kNilArray: return "(nil-array)";
    case Reply::Kind::kSimple: return "+" + std::string(reply.text());
    case Reply::Kind::kError: return "-" + std::string(reply.text());
    case Reply::Kind::kInteger: return absl::StrCat("(integer) ", reply.as_integer());
    case Reply::Kind::kBulk: return quoted(reply.text());
    case Reply::Kind::kArray: return join("[", reply.items(), to_notation);
    default: return "not RESP2: " + reply.to_string();
  }
}

}  // namespace inlay::conformance
