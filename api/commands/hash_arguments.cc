#include "api/commands/hash_arguments.h"

#include <array>
#include <climits>

#include "engine/error.h"
#include "inlay/datatypes/number.h"

namespace inlay {
namespace {

// Reads FIELDS and what follows it to the end. `bad_count` is the command's text for a number of fields below 1.
void read_fields(ArgReader& reader, FieldList& list, Error bad_count) {
  const auto refuse = [&](Error fault) {
    if (list.fault.ok()) list.fault = error(fault);
    (void)reader.take(reader.left());
  };
  if (reader.left() == 0 || !is_word(reader.take(), "FIELDS")) return refuse(Error::kFieldsMissing);
  if (reader.left() == 0) return refuse(bad_count);
  const auto count = parse_int64(reader.take());
  if (!count.has_value() || *count < 1) return refuse(bad_count);
  if (static_cast<uint64_t>(*count) != reader.left()) return refuse(Error::kFieldsMismatch);
  list.fields = reader.take(reader.left());
}

void print_fields(const FieldList& list, ArgPrinter& out) {
  out.add("FIELDS");
  out.add(static_cast<int64_t>(list.fields.size()));
  for (const Bytes field : list.fields) out.add(field);
}

struct TtlWord {
  std::string_view word;
  TimeUnit unit;
  bool absolute;
};
constexpr std::array kTtlWordList{
    TtlWord{"EX", TimeUnit::kSeconds, false},
    TtlWord{"PX", TimeUnit::kMilliseconds, false},
    TtlWord{"EXAT", TimeUnit::kSeconds, true},
    TtlWord{"PXAT", TimeUnit::kMilliseconds, true},
};

const TtlWord* ttl_word(Bytes text) {
  for (const TtlWord& row : kTtlWordList) {
    if (is_word(text, row.word)) return &row;
  }
  return nullptr;
}

void print_ttl(const std::optional<Expiry>& ttl, ArgPrinter& out) {
  if (!ttl.has_value()) return;
  out.add(ttl->kind() == Expiry::Kind::kAt ? "PXAT" : "PX");
  out.add(ttl->ms());
}

std::optional<ExpireIf> condition_word(Bytes text) {
  if (is_word(text, "NX")) return ExpireIf::kNoTtl;
  if (is_word(text, "XX")) return ExpireIf::kHasTtl;
  if (is_word(text, "GT")) return ExpireIf::kGreater;
  if (is_word(text, "LT")) return ExpireIf::kLess;
  return std::nullopt;
}

void read_pairs(ArgReader& reader, std::vector<FieldValueRef>& pairs) {
  pairs.reserve(reader.left() / 2);
  while (reader.left() > 0) {
    const Bytes field = reader.take();
    pairs.push_back({field, reader.take()});
  }
}

}  // namespace

absl::Status Codec<std::span<const FieldValueRef>>::read(ArgReader& reader, Value& value) {
  if (reader.left() % 2 != 0) return error(Error::kWrongArity, reader.command());
  read_pairs(reader, value);
  return absl::OkStatus();
}

void Codec<std::span<const FieldValueRef>>::print(const Value& value, ArgPrinter& out) {
  for (const FieldValueRef& pair : value) {
    out.add(pair.field);
    out.add(pair.value);
  }
}

absl::Status Codec<FieldList>::read(ArgReader& reader, FieldList& value) {
  read_fields(reader, value, Error::kNumFields);
  return absl::OkStatus();
}
void Codec<FieldList>::print(const FieldList& value, ArgPrinter& out) { print_fields(value, out); }

absl::Status Codec<ConditionalFields>::read(ArgReader& reader, ConditionalFields& value) {
  if (const auto condition = condition_word(reader.peek()); condition.has_value()) {
    value.condition = *condition;
    (void)reader.take();
  }
  read_fields(reader, value.list, Error::kNumFieldsParameter);
  return absl::OkStatus();
}

void Codec<ConditionalFields>::print(const ConditionalFields& value, ArgPrinter& out) {
  switch (value.condition) {
    case ExpireIf::kAlways: break;
    case ExpireIf::kNoTtl: out.add("NX"); break;
    case ExpireIf::kHasTtl: out.add("XX"); break;
    case ExpireIf::kGreater: out.add("GT"); break;
    case ExpireIf::kLess:
    case ExpireIf::kHasTtlAndLess: out.add("LT"); break;
  }
  print_fields(value.list, out);
}

absl::Status Codec<HGetExArguments>::read(ArgReader& reader, HGetExArguments& value) {
  if (const TtlWord* row = ttl_word(reader.peek()); row != nullptr) {
    (void)reader.take();
    value.options.ttl = read_expiry(reader, row->unit, row->absolute);
  } else if (is_word(reader.peek(), "PERSIST")) {
    (void)reader.take();
    value.options.persist = true;
  }
  read_fields(reader, value.list, Error::kNumFields);
  return absl::OkStatus();
}

void Codec<HGetExArguments>::print(const HGetExArguments& value, ArgPrinter& out) {
  print_ttl(value.options.ttl, out);
  if (value.options.persist) out.add("PERSIST");
  print_fields(value.list, out);
}

absl::Status Codec<HSetExArguments>::read(ArgReader& reader, HSetExArguments& value) {
  while (reader.left() > 0) {
    const Bytes word = reader.take();
    if (is_word(word, "FIELDS")) {
      if (reader.left() < 3) break;
      const auto count = parse_int64(reader.take());
      if (!count.has_value() || *count < 1 || *count > INT_MAX) return error(Error::kHSetExNumFields);
      if (reader.left() % 2 != 0 || static_cast<uint64_t>(*count) != reader.left() / 2) break;
      read_pairs(reader, value.pairs);
      return absl::OkStatus();
    }
    const TtlWord* ttl = ttl_word(word);
    if (ttl != nullptr || is_word(word, "KEEPTTL")) {
      if (value.options.ttl.has_value() || value.options.keep_ttl) return error(Error::kHSetExTtl);
      if (ttl == nullptr) {
        value.options.keep_ttl = true;
      } else {
        if (reader.left() == 0) return error(Error::kMissingExpire);
        value.options.ttl = read_expiry(reader, ttl->unit, ttl->absolute);
      }
      continue;
    }
    const bool absent = is_word(word, "FNX");
    if (!absent && !is_word(word, "FXX")) return error(Error::kUnknownArgument, word);
    if (value.options.when != When::kAlways) return error(Error::kHSetExCondition);
    value.options.when = absent ? When::kIfAbsent : When::kIfPresent;
  }
  return error(Error::kWrongArity, reader.command());
}

void Codec<HSetExArguments>::print(const HSetExArguments& value, ArgPrinter& out) {
  if (value.options.when != When::kAlways) out.add(value.options.when == When::kIfAbsent ? "FNX" : "FXX");
  print_ttl(value.options.ttl, out);
  if (value.options.keep_ttl) out.add("KEEPTTL");
  out.add("FIELDS");
  out.add(static_cast<int64_t>(value.pairs.size()));
  Codec<std::span<const FieldValueRef>>::print(value.pairs, out);
}

absl::Status Codec<RandomFields>::read(ArgReader& reader, RandomFields& value) {
  if (reader.left() == 0) return absl::OkStatus();
  int64_t count = 0;
  if (absl::Status status = read_integer(reader, count); !status.ok()) return status;
  if (count == INT64_MIN) return error(Error::kLongOutOfRange);
  value.count = count;
  if (reader.left() == 0) return absl::OkStatus();
  if (reader.left() > 1 || !is_word(reader.take(), "WITHVALUES")) return error(Error::kSyntax);
  if (count < -INT64_MAX / 2 || count > INT64_MAX / 2) return error(Error::kValueOutOfRange);
  value.with_values = true;
  return absl::OkStatus();
}

void Codec<RandomFields>::print(const RandomFields& value, ArgPrinter& out) {
  if (value.count.has_value()) out.add(*value.count);
  if (value.with_values) out.add("WITHVALUES");
}

absl::Status Codec<FieldScanArguments>::read(ArgReader& reader, FieldScanArguments& value) {
  // NOVALUES may stand anywhere among the words that all scans take, each of which has one argument.
  std::vector<Bytes> rest;
  while (reader.left() > 0) {
    const Bytes word = reader.take();
    if (is_word(word, "NOVALUES")) {
      value.no_values = true;
      continue;
    }
    rest.push_back(word);
    if (reader.left() > 0) rest.push_back(reader.take());
  }
  ArgReader options(reader.command(), rest, reader.databases());
  value.fault = Codec<ElementScanOptions>::read(options, value.options);
  return absl::OkStatus();
}

void Codec<FieldScanArguments>::print(const FieldScanArguments& value, ArgPrinter& out) {
  Codec<ElementScanOptions>::print(value.options, out);
  if (value.no_values) out.add("NOVALUES");
}

}  // namespace inlay
