// How the list commands' own arguments are read and printed.
#include <array>

#include "api/commands/keywords.h"
#include "api/commands/list.h"
#include "inlay/datatypes/number.h"

namespace inlay {
namespace {

// Reads the next argument as an integer of at least `least`; all else is this error.
bool read_at_least(int64_t least, Error otherwise, ArgReader& reader, int64_t& value, absl::Status& status) {
  if (reader.left() == 0) return false;
  const auto number = parse_int64(reader.take());
  if (!number.has_value() || *number < least) {
    status = error(otherwise);
  } else {
    value = *number;
  }
  return true;
}

constexpr std::array kLPosKeywords{
    Keyword<LPosArguments>{
        "RANK",
        [](std::string_view, LPosArguments& arguments, ArgReader& reader, absl::Status& status) {
          if (reader.left() == 0) return false;
          status = read_integer(reader, arguments.options.rank);
          if (status.ok() && arguments.options.rank == 0) status = error(Error::kRankZero);
          return true;
        },
        [](std::string_view name, const LPosArguments& arguments, ArgPrinter& out) {
          if (arguments.options.rank == 1) return;
          out.add(name);
          out.add(arguments.options.rank);
        }},
    Keyword<LPosArguments>{
        "COUNT",
        [](std::string_view, LPosArguments& arguments, ArgReader& reader, absl::Status& status) {
          return read_at_least(0, Error::kNegativeCount, reader, arguments.count.emplace(), status);
        },
        [](std::string_view name, const LPosArguments& arguments, ArgPrinter& out) {
          if (!arguments.count.has_value()) return;
          out.add(name);
          out.add(*arguments.count);
        }},
    Keyword<LPosArguments>{
        "MAXLEN",
        [](std::string_view, LPosArguments& arguments, ArgReader& reader, absl::Status& status) {
          return read_at_least(0, Error::kNegativeMaxlen, reader, arguments.options.length_max, status);
        },
        [](std::string_view name, const LPosArguments& arguments, ArgPrinter& out) {
          if (arguments.options.length_max == 0) return;
          out.add(name);
          out.add(arguments.options.length_max);
        }},
};

constexpr std::array kMPopKeywords{
    Keyword<ListMPopCount>{
        "COUNT",
        [](std::string_view, ListMPopCount& count, ArgReader& reader, absl::Status& status) {
          if (count.value.has_value()) return false;
          return read_at_least(1, Error::kCountNotPositive, reader, count.value.emplace(), status);
        },
        [](std::string_view name, const ListMPopCount& count, ArgPrinter& out) {
          if (!count.value.has_value()) return;
          out.add(name);
          out.add(*count.value);
        }},
};

}  // namespace

absl::Status Codec<LPosArguments>::read(ArgReader& reader, LPosArguments& value) {
  return read_options(kLPosKeywords, reader, value);
}
void Codec<LPosArguments>::print(const LPosArguments& value, ArgPrinter& out) {
  print_options(kLPosKeywords, value, out);
}

absl::Status Codec<ListMPopCount>::read(ArgReader& reader, ListMPopCount& value) {
  return read_options(kMPopKeywords, reader, value);
}
void Codec<ListMPopCount>::print(const ListMPopCount& value, ArgPrinter& out) {
  print_options(kMPopKeywords, value, out);
}

absl::Status Codec<End>::read(ArgReader& reader, End& value) {
  // Counted keys may have taken all.
  const Bytes text = reader.left() == 0 ? Bytes() : reader.take();
  if (is_word(text, "LEFT")) {
    value = End::kLeft;
  } else if (is_word(text, "RIGHT")) {
    value = End::kRight;
  } else {
    return error(Error::kSyntax);
  }
  return absl::OkStatus();
}
void Codec<End>::print(const End& value, ArgPrinter& out) { out.add(value == End::kLeft ? "LEFT" : "RIGHT"); }

absl::Status Codec<InsertAt>::read(ArgReader& reader, InsertAt& value) {
  const Bytes text = reader.take();
  if (is_word(text, "BEFORE")) {
    value = InsertAt::kBefore;
  } else if (is_word(text, "AFTER")) {
    value = InsertAt::kAfter;
  } else {
    return error(Error::kSyntax);
  }
  return absl::OkStatus();
}
void Codec<InsertAt>::print(const InsertAt& value, ArgPrinter& out) {
  out.add(value == InsertAt::kBefore ? "BEFORE" : "AFTER");
}

absl::Status Codec<LateInteger>::read(ArgReader& reader, LateInteger& value) {
  const auto number = parse_int64(reader.take());
  value = {number.value_or(0), number.has_value()};
  return absl::OkStatus();
}
void Codec<LateInteger>::print(const LateInteger& value, ArgPrinter& out) { out.add(value.value); }

absl::Status Codec<ListPopCount>::read(ArgReader& reader, ListPopCount& value) {
  if (reader.left() == 0) return absl::OkStatus();
  if (reader.left() > 1) return error(Error::kWrongArity, reader.command());
  const auto number = parse_int64(reader.take());
  if (!number.has_value() || *number < 0) return error(Error::kNotPositive);
  value.value = *number;
  return absl::OkStatus();
}
void Codec<ListPopCount>::print(const ListPopCount& value, ArgPrinter& out) {
  if (value.value.has_value()) out.add(*value.value);
}

}  // namespace inlay
