#include "inlay/reply.h"

#include <cstdio>

namespace inlay {
namespace {

using Kind = Reply::Kind;

// Redis 7.0 sends doubles with 17 digits, so 0.1 reads 0.10000000000000001; 7.2 sends the shortest form.
std::string double_text(double value) {
  char text[40];
  return {text, static_cast<size_t>(std::snprintf(text, sizeof text, "%.17g", value))};
}

std::string aggregate_text(const Reply::Items& items, size_t step, std::string_view mark,
                           std::string_view empty, const std::string& prefix);

// What stands before nested lines is as wide as the number before the first.
std::string text_of(const Reply& reply, const std::string& prefix) {
  switch (reply.kind()) {
    case Kind::kNil:
    case Kind::kNilArray: return "(nil)";
    case Kind::kSimple: return std::string(reply.text());
    case Kind::kError: return "(error) " + std::string(reply.text());
    case Kind::kInteger: return "(integer) " + std::to_string(reply.as_integer());
    case Kind::kDouble: return "(double) " + double_text(reply.as_double());
    case Kind::kBool: return reply.as_integer() != 0 ? "(true)" : "(false)";
    case Kind::kBulk: return quoted(reply.text());
    case Kind::kArray: return aggregate_text(reply.items(), 1, ") ", "(empty array)", prefix);
    case Kind::kMap: return aggregate_text(reply.items(), 2, "# ", "(empty hash)", prefix);
    case Kind::kSet: return aggregate_text(reply.items(), 1, "~ ", "(empty set)", prefix);
    case Kind::kPush: return aggregate_text(reply.items(), 1, ") ", "(empty push)", prefix);
  }
  return {};
}

bool takes_lines(const Reply& reply) {
  const Reply::Items& items = reply.items();
  const size_t step = reply.kind() == Kind::kMap ? 2 : 1;
  return items.size() > step || (items.size() == step && takes_lines(items.back()));
}

std::string aggregate_text(const Reply::Items& items, size_t step, std::string_view mark,
                           std::string_view empty, const std::string& prefix) {
  if (items.empty()) return std::string(empty);
  const size_t rows = items.size() / step;
  const size_t width = std::to_string(rows).size();
  const std::string nested = prefix + std::string(width + 2, ' ');
  std::string text;
  for (size_t row = 0; row < rows; ++row) {
    if (row != 0) text += '\n' + prefix;
    const std::string number = std::to_string(row + 1);
    text += std::string(width - number.size(), ' ') + number;
    text += mark;
    text += text_of(items[row * step], nested);
    if (step == 1) continue;
    const Reply& value = items[row * step + 1];
    text += takes_lines(value) ? " => \n" + nested : " => ";
    text += text_of(value, nested);
  }
  return text;
}

}  // namespace

const Reply::Items& Reply::items() const {
  static const Items kNone;
  const auto* items = std::get_if<Items>(&value_);
  return items == nullptr ? kNone : *items;
}

Reply Reply::resp2() const {
  switch (kind_) {
    case Kind::kBool: return integer(as_integer());
    case Kind::kDouble: return bulk(double_text(as_double()));
    case Kind::kArray:
    case Kind::kMap:
    case Kind::kSet:
    case Kind::kPush: {
      Items converted;
      converted.reserve(items().size());
      for (const Reply& item : items()) converted.push_back(item.resp2());
      return array(std::move(converted));
    }
    default: return *this;
  }
}

std::string Reply::to_string() const { return text_of(*this, ""); }

std::string quoted(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : bytes) {
    switch (c) {
      case '\\':
      case '"': text += {'\\', c}; break;
      case '\n': text += "\\n"; break;
      case '\r': text += "\\r"; break;
      case '\t': text += "\\t"; break;
      case '\a': text += "\\a"; break;
      case '\b': text += "\\b"; break;
      default:
        if (c >= ' ' && c <= '~') {
          text += c;
        } else {
          const auto byte = static_cast<unsigned char>(c);
          text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
  }
  return text + '"';
}

}  // namespace inlay
