// Codec<T>: how a parameter of type T is read from a command's arguments and printed back.
//
// A codec says how many arguments it takes at least (kMin) and whether it takes more (kOpen), reads them into a
// Value that the executor can bind to the parameter, and prints a Value in its canonical form.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "api/commands/arguments.h"
#include "engine/error.h"
#include "engine/key.h"
#include "inlay/types.h"

namespace inlay {

/// Equal but for the case of ASCII letters; `word` is upper case.
bool is_word(Bytes text, std::string_view word);

/// The arguments of one call, taken one after the other.
class ArgReader {
 public:
  ArgReader(std::string_view command, std::span<const Bytes> args, int databases)
      : command_(command), args_(args), databases_(databases) {}

  size_t left() const { return args_.size() - next_; }
  /// The next argument, or nothing at the end.
  Bytes peek() const { return left() == 0 ? Bytes() : args_[next_]; }
  Bytes take() { return args_[next_++]; }
  std::span<const Bytes> take(size_t count) {
    next_ += count;
    return args_.subspan(next_ - count, count);
  }
  /// How many keys were counted: words behind them may depend on it.
  size_t keys_counted() const { return keys_counted_; }
  void count_keys(size_t count) { keys_counted_ = count; }
  std::string_view command() const { return command_; }
  int databases() const { return databases_; }

  /// Of the words that share a group only one may be used in a call, though it may be repeated.
  bool claim(unsigned group, std::string_view word) {
    std::string_view& claimed = claims_[group];
    if (!claimed.empty() && claimed != word) return false;
    claimed = word;
    return true;
  }

 private:
  std::string_view command_;
  std::span<const Bytes> args_;
  int databases_;
  size_t next_ = 0;
  size_t keys_counted_ = 0;
  std::string_view claims_[3];
};

class ArgPrinter {
 public:
  void add(Bytes text) { args_.emplace_back(text); }
  void add(int64_t value) { args_.push_back(std::to_string(value)); }
  std::vector<std::string> take() { return std::move(args_); }

 private:
  std::vector<std::string> args_;
};

/// Reads the next argument as a strict integer.
absl::Status read_integer(ArgReader& reader, int64_t& value);
/// Reads the next argument as an expiry of this unit; a bad one becomes a fault inside the value.
Expiry read_expiry(ArgReader& reader, TimeUnit unit, bool absolute);

template <class T>
struct Codec;

/// Parameters of one argument.
struct OneArgument {
  static constexpr int kMin = 1;
  static constexpr bool kOpen = false;
};
/// Options and other tails: any number of arguments.
struct Tail {
  static constexpr int kMin = 0;
  static constexpr bool kOpen = true;
};

template <>
struct Codec<KeyRef> : OneArgument {
  using Value = Bytes;
  static absl::Status read(ArgReader& reader, Value& value) {
    value = reader.take();
    return absl::OkStatus();
  }
  static void print(const Value& value, ArgPrinter& out) { out.add(value); }
};

template <>
struct Codec<Bytes> : Codec<KeyRef> {};

template <>
struct Codec<int64_t> : OneArgument {
  using Value = int64_t;
  static absl::Status read(ArgReader& reader, Value& value) { return read_integer(reader, value); }
  static void print(const Value& value, ArgPrinter& out) { out.add(value); }
};

template <>
struct Codec<LateFloat> : OneArgument {
  using Value = LateFloat;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <TimeUnit unit, bool absolute>
struct Codec<TimeArgument<unit, absolute>> : OneArgument {
  using Value = TimeArgument<unit, absolute>;
  static absl::Status read(ArgReader& reader, Value& value) {
    value.expiry = read_expiry(reader, unit, absolute);
    return absl::OkStatus();
  }
  static void print(const Value& value, ArgPrinter& out) {
    out.add(unit == TimeUnit::kSeconds ? value.expiry.ms() / 1000 : value.expiry.ms());
  }
};

template <>
struct Codec<std::span<const KeyRef>> {
  static constexpr int kMin = 1;
  static constexpr bool kOpen = true;
  using Value = std::span<const Bytes>;
  static absl::Status read(ArgReader& reader, Value& value) {
    value = reader.take(reader.left());
    return absl::OkStatus();
  }
  static void print(const Value& value, ArgPrinter& out) {
    for (const Bytes key : value) out.add(key);
  }
};

template <>
struct Codec<LeadingKeys> {
  static constexpr int kMin = 1;
  static constexpr bool kOpen = true;
  using Value = std::span<const Bytes>;
  static absl::Status read(ArgReader& reader, Value& value) {
    value = reader.take(reader.left() - 1);
    return absl::OkStatus();
  }
  static void print(const Value& value, ArgPrinter& out) {
    Codec<std::span<const KeyRef>>::print(value, out);
  }
};

/// How many keys, then so many. Other arguments may follow.
template <>
struct Codec<CountedKeys> {
  static constexpr int kMin = 2;
  static constexpr bool kOpen = true;
  using Value = std::span<const Bytes>;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

struct BytesPair {
  Bytes key, value;
};

template <>
struct Codec<std::span<const KeyValueRef>> {
  static constexpr int kMin = 2;
  static constexpr bool kOpen = true;
  using Value = std::vector<BytesPair>;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <>
struct Codec<CountedPairs> {
  static constexpr int kMin = 3;
  static constexpr bool kOpen = true;
  using Value = std::vector<BytesPair>;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <>
struct Codec<std::span<const Bytes>> : Codec<std::span<const KeyRef>> {
  static constexpr int kMin = 0;
};

template <>
struct Codec<std::optional<Bytes>> : Tail {
  using Value = std::optional<Bytes>;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out) {
    if (value.has_value()) out.add(*value);
  }
};

// A type whose Value is the parameter itself; the families' headers use it for types of their own.
#define INLAY_DECLARE_CODEC(Type, Shape)                       \
  template <>                                                  \
  struct Codec<Type> : Shape {                                 \
    using Value = Type;                                        \
    static absl::Status read(ArgReader& reader, Value& value); \
    static void print(const Value& value, ArgPrinter& out);    \
  }
INLAY_DECLARE_CODEC(DbNumber, OneArgument);
INLAY_DECLARE_CODEC(FirstDb, OneArgument);
INLAY_DECLARE_CODEC(SecondDb, OneArgument);
INLAY_DECLARE_CODEC(Cursor, OneArgument);
INLAY_DECLARE_CODEC(SetOptions, Tail);
INLAY_DECLARE_CODEC(GetExOptions, Tail);
INLAY_DECLARE_CODEC(MSetExOptions, Tail);
INLAY_DECLARE_CODEC(ExpireIf, Tail);
INLAY_DECLARE_CODEC(CopyOptions, Tail);
INLAY_DECLARE_CODEC(LcsArguments, Tail);
INLAY_DECLARE_CODEC(ScanOptions, Tail);
INLAY_DECLARE_CODEC(ElementScanOptions, Tail);
INLAY_DECLARE_CODEC(ElementScanArguments, Tail);
INLAY_DECLARE_CODEC(PopCount, Tail);
INLAY_DECLARE_CODEC(MemoryUsageOptions, Tail);
INLAY_DECLARE_CODEC(SortArguments, Tail);
INLAY_DECLARE_CODEC(SortReadArguments, Tail);
INLAY_DECLARE_CODEC(FlushMode, Tail);

}  // namespace inlay
