#include "api/commands/codec.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "inlay/datatypes/number.h"

namespace inlay {

bool is_word(Bytes text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (absl::ascii_toupper(static_cast<unsigned char>(text[i])) != word[i]) return false;
  }
  return true;
}

absl::Status read_integer(ArgReader& reader, int64_t& value) {
  const auto parsed = parse_int64(reader.take());
  if (!parsed.has_value()) return error(Error::kNotInteger);
  value = *parsed;
  return absl::OkStatus();
}

Expiry read_expiry(ArgReader& reader, TimeUnit unit, bool absolute) {
  const auto number = parse_int64(reader.take());
  if (!number.has_value()) return Expiry::fault(Expiry::Kind::kNotInteger);
  int64_t ms = *number;
  if (unit == TimeUnit::kSeconds && __builtin_mul_overflow(ms, int64_t{1000}, &ms)) {
    return Expiry::fault(Expiry::Kind::kOverflow);
  }
  return absolute ? Expiry::at_unix_ms(ms) : Expiry::after_ms(ms);
}

absl::Status Codec<LateFloat>::read(ArgReader& reader, LateFloat& value) {
  const auto parsed = parse_long_double(reader.take());
  value = {parsed.value_or(0), parsed.has_value()};
  return absl::OkStatus();
}

void Codec<LateFloat>::print(const LateFloat& value, ArgPrinter& out) {
  char text[64];
  std::snprintf(text, sizeof text, "%.21Lg", value.value);
  out.add(text);
}

absl::Status Codec<std::span<const KeyValueRef>>::read(ArgReader& reader, Value& value) {
  if (reader.left() % 2 != 0) return error(Error::kWrongArity, reader.command());
  value.reserve(reader.left() / 2);
  while (reader.left() > 0) {
    const Bytes key = reader.take();
    value.push_back({key, reader.take()});
  }
  return absl::OkStatus();
}

void Codec<std::span<const KeyValueRef>>::print(const Value& value, ArgPrinter& out) {
  for (const BytesPair& pair : value) {
    out.add(pair.key);
    out.add(pair.value);
  }
}

absl::Status Codec<PopCount>::read(ArgReader& reader, PopCount& value) {
  if (reader.left() == 0) return absl::OkStatus();
  if (reader.left() > 1) return error(Error::kSyntax);
  value.count = parse_int64(reader.take());
  return value.count.value_or(-1) < 0 ? error(Error::kNotPositive) : absl::OkStatus();
}
void Codec<PopCount>::print(const PopCount& value, ArgPrinter& out) {
  if (value.count.has_value()) out.add(*value.count);
}

absl::Status Codec<ElementScanArguments>::read(ArgReader& reader, ElementScanArguments& value) {
  value.fault = Codec<ElementScanOptions>::read(reader, value.options);
  return absl::OkStatus();
}
void Codec<ElementScanArguments>::print(const ElementScanArguments& value, ArgPrinter& out) {
  Codec<ElementScanOptions>::print(value.options, out);
}

absl::Status Codec<CountedKeys>::read(ArgReader& reader, Value& value) {
  const auto count = parse_int64(reader.take());
  if (!count.has_value() || *count <= 0) return error(Error::kNumkeys);
  if (static_cast<uint64_t>(*count) > reader.left()) return error(Error::kSyntax);
  value = reader.take(static_cast<size_t>(*count));
  return absl::OkStatus();
}

void Codec<CountedKeys>::print(const Value& value, ArgPrinter& out) {
  out.add(static_cast<int64_t>(value.size()));
  Codec<std::span<const KeyRef>>::print(value, out);
}

absl::Status Codec<CountedPairs>::read(ArgReader& reader, Value& value) {
  const auto count = parse_int64(reader.take());
  if (!count.has_value() || *count <= 0) return error(Error::kNumkeys);
  if (static_cast<uint64_t>(*count) > reader.left() / 2) return error(Error::kWrongArity, reader.command());
  for (int64_t i = 0; i < *count; ++i) {
    const Bytes key = reader.take();
    value.push_back({key, reader.take()});
  }
  return absl::OkStatus();
}

void Codec<CountedPairs>::print(const Value& value, ArgPrinter& out) {
  out.add(static_cast<int64_t>(value.size()));
  Codec<std::span<const KeyValueRef>>::print(value, out);
}

absl::Status Codec<std::optional<Bytes>>::read(ArgReader& reader, Value& value) {
  if (reader.left() > 1) return error(Error::kWrongArity, reader.command());
  if (reader.left() == 1) value = reader.take();
  return absl::OkStatus();
}

namespace {

// Redis reads database numbers as C ints.
absl::Status read_int(ArgReader& reader, int64_t& value) {
  if (absl::Status status = read_integer(reader, value); !status.ok()) return status;
  if (value < INT_MIN || value > INT_MAX) return error(Error::kIntOutOfRange);
  return absl::OkStatus();
}

absl::Status read_database(ArgReader& reader, int64_t& value) {
  if (absl::Status status = read_int(reader, value); !status.ok()) return status;
  if (value < 0 || value >= reader.databases()) return error(Error::kDbOutOfRange);
  return absl::OkStatus();
}

}  // namespace

absl::Status Codec<DbNumber>::read(ArgReader& reader, DbNumber& value) {
  return read_database(reader, value.value);
}
void Codec<DbNumber>::print(const DbNumber& value, ArgPrinter& out) { out.add(value.value); }

absl::Status Codec<FirstDb>::read(ArgReader& reader, FirstDb& value) {
  return read_int(reader, value.value).ok() ? absl::OkStatus() : error(Error::kInvalidFirstDb);
}
void Codec<FirstDb>::print(const FirstDb& value, ArgPrinter& out) { out.add(value.value); }

absl::Status Codec<SecondDb>::read(ArgReader& reader, SecondDb& value) {
  return read_int(reader, value.value).ok() ? absl::OkStatus() : error(Error::kInvalidSecondDb);
}
void Codec<SecondDb>::print(const SecondDb& value, ArgPrinter& out) { out.add(value.value); }

// Cursors are what strtoul takes: a sign and the empty text are fine, a leading space and overflow are not.
absl::Status Codec<Cursor>::read(ArgReader& reader, Cursor& value) {
  const std::string text(reader.take());
  char* end = nullptr;
  errno = 0;
  value.value = std::strtoul(text.c_str(), &end, 10);
  const bool leading_space = !text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'));
  if (leading_space || *end != '\0' || errno == ERANGE) return error(Error::kInvalidCursor);
  return absl::OkStatus();
}
void Codec<Cursor>::print(const Cursor& value, ArgPrinter& out) { out.add(std::to_string(value.value)); }

}  // namespace inlay
