// Reply: what a command called by name answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace inlay {

/// A value of any RESP3 kind. Immutable in use; copyable.
class Reply {
 public:
  enum class Kind : unsigned char {
    kNil,
    kNilArray,
    kSimple,
    kError,
    kInteger,
    kDouble,
    kBool,
    kBulk,
    kArray,
    kMap,
    kSet,
    kPush
  };
  using Items = std::vector<Reply>;

  /// Nil.
  Reply() = default;

  static Reply nil() { return Reply(); }
  /// The nil that stands for a missing array; RESP3 knows one nil only.
  static Reply nil_array() { return Reply(Kind::kNilArray, std::monostate()); }
  static Reply ok() { return simple("OK"); }
  static Reply simple(std::string text) { return Reply(Kind::kSimple, std::move(text)); }
  static Reply error(std::string text) { return Reply(Kind::kError, std::move(text)); }
  static Reply integer(int64_t value) { return Reply(Kind::kInteger, value); }
  static Reply real(double value) { return Reply(Kind::kDouble, value); }
  static Reply boolean(bool value) { return Reply(Kind::kBool, int64_t{value}); }
  static Reply bulk(std::string bytes) { return Reply(Kind::kBulk, std::move(bytes)); }
  static Reply array(Items items) { return Reply(Kind::kArray, std::move(items)); }
  /// `items` holds keys and values in turn.
  static Reply map(Items items) { return Reply(Kind::kMap, std::move(items)); }
  static Reply set(Items items) { return Reply(Kind::kSet, std::move(items)); }
  static Reply push(Items items) { return Reply(Kind::kPush, std::move(items)); }

  Kind kind() const { return kind_; }
  bool is_nil() const { return kind_ == Kind::kNil || kind_ == Kind::kNilArray; }
  bool is_error() const { return kind_ == Kind::kError; }

  /// The bytes of a simple string, an error or a bulk string; empty for other kinds.
  std::string_view text() const {
    const auto* text = std::get_if<std::string>(&value_);
    return text == nullptr ? std::string_view() : std::string_view(*text);
  }
  /// The number of an integer or a bool; 0 for other kinds.
  int64_t as_integer() const {
    const auto* value = std::get_if<int64_t>(&value_);
    return value == nullptr ? 0 : *value;
  }
  /// The number of a double; 0 for other kinds.
  double as_double() const {
    const auto* value = std::get_if<double>(&value_);
    return value == nullptr ? 0 : *value;
  }
  /// The elements of an array, set or push, the keys and values of a map; empty for other kinds.
  const Items& items() const;

  /// The same answer in the kinds that RESP2 has: maps and sets become arrays, doubles and bools what Redis 7
  /// sends to such a client.
  Reply resp2() const;

  /// As redis-cli prints it on a terminal, without a final newline: (integer) 1, "a", 1) "x".
  std::string to_string() const;

  friend bool operator==(const Reply&, const Reply&) = default;

 private:
  template <class Value>
  Reply(Kind kind, Value value) : kind_(kind), value_(std::move(value)) {}

  Kind kind_ = Kind::kNil;
  std::variant<std::monostate, int64_t, double, std::string, Items> value_;
};

/// `bytes` in double quotes with C escapes, as redis-cli prints bulk strings.
std::string quoted(std::string_view bytes);

}  // namespace inlay
