#include "api/commands/set_codecs.h"

#include "api/commands/keywords.h"

namespace inlay {
namespace {

constexpr std::array kInterCardKeywords{
    // Whatever is wrong with the number, Redis calls it negative.
    Keyword<InterCardLimit>{
        "LIMIT",
        [](std::string_view, InterCardLimit& value, ArgReader& reader, absl::Status& status) {
          if (reader.left() == 0) return false;
          status = read_integer(reader, value.limit);
          if (!status.ok() || value.limit < 0) status = error(Error::kNegativeLimit);
          return true;
        },
        [](std::string_view name, const InterCardLimit& value, ArgPrinter& out) {
          if (value.limit == 0) return;
          out.add(name);
          out.add(value.limit);
        }},
};

void print_count(const std::optional<int64_t>& count, ArgPrinter& out) {
  if (count.has_value()) out.add(*count);
}

}  // namespace

absl::Status Codec<PopCount>::read(ArgReader& reader, PopCount& value) {
  if (reader.left() > 1) return error(Error::kSyntax);
  if (reader.left() == 0) return absl::OkStatus();
  int64_t count = 0;
  if (!read_integer(reader, count).ok() || count < 0) return error(Error::kNotPositive);
  value.count = count;
  return absl::OkStatus();
}
void Codec<PopCount>::print(const PopCount& value, ArgPrinter& out) { print_count(value.count, out); }

absl::Status Codec<DrawCount>::read(ArgReader& reader, DrawCount& value) {
  if (reader.left() > 1) return error(Error::kSyntax);
  if (reader.left() == 0) return absl::OkStatus();
  int64_t count = 0;
  if (absl::Status status = read_integer(reader, count); !status.ok()) return status;
  if (count == INT64_MIN) return error(Error::kLongOutOfRange);
  value.count = count;
  return absl::OkStatus();
}
void Codec<DrawCount>::print(const DrawCount& value, ArgPrinter& out) { print_count(value.count, out); }

absl::Status Codec<InterCardKeys>::read(ArgReader& reader, Value& value) {
  const auto count = parse_int64(reader.take());
  if (!count.has_value() || *count <= 0) return error(Error::kNumkeys);
  if (static_cast<uint64_t>(*count) > reader.left()) return error(Error::kTooManyKeys);
  value = reader.take(static_cast<size_t>(*count));
  return absl::OkStatus();
}

absl::Status Codec<InterCardLimit>::read(ArgReader& reader, InterCardLimit& value) {
  return read_options(kInterCardKeywords, reader, value);
}
void Codec<InterCardLimit>::print(const InterCardLimit& value, ArgPrinter& out) {
  print_options(kInterCardKeywords, value, out);
}

absl::Status Codec<SetScanArguments>::read(ArgReader& reader, SetScanArguments& value) {
  value.fault = Codec<ElementScanOptions>::read(reader, value.options);
  return absl::OkStatus();
}
void Codec<SetScanArguments>::print(const SetScanArguments& value, ArgPrinter& out) {
  Codec<ElementScanOptions>::print(value.options, out);
}

}  // namespace inlay
