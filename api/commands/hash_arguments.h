// The parameter types of the hash commands, and their codecs.
//
// Commands on deadlines of fields look at the key's type before they look at their arguments: what is wrong with those
// waits in a `fault`.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "api/commands/codec.h"
#include "inlay/commands/hash_types.h"
#include "inlay/types.h"

namespace inlay {

struct FieldValueRef {
  Bytes field;
  Bytes value;
};

/// FIELDS numfields field [field ...].
struct FieldList {
  std::span<const Bytes> fields;
  absl::Status fault{};
};

/// [NX|XX|GT|LT] FIELDS numfields field [field ...].
struct ConditionalFields {
  ExpireIf condition = ExpireIf::kAlways;
  FieldList list{};
};

/// [EX seconds|...|PERSIST] FIELDS numfields field [field ...].
struct HGetExArguments {
  GetExOptions options;
  FieldList list{};
};

/// [FNX|FXX] [EX seconds|...|KEEPTTL] FIELDS numfields field value [field value ...].
struct HSetExArguments {
  HSetExOptions options;
  std::vector<FieldValueRef> pairs;
};

/// [count [WITHVALUES]]: a negative count allows repetitions, none at all asks for one field.
struct RandomFields {
  std::optional<int64_t> count{};
  bool with_values = false;
};

/// ElementScanOptions and whether to leave values out; errors wait until the key's type is known.
struct FieldScanArguments {
  ElementScanOptions options;
  bool no_values = false;
  absl::Status fault{};
};

template <>
struct Codec<std::span<const FieldValueRef>> {
  static constexpr int kMin = 2;
  static constexpr bool kOpen = true;
  using Value = std::vector<FieldValueRef>;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

/// A tail that holds at least a FIELDS block of `least` arguments.
template <int least>
struct FieldsTail {
  static constexpr int kMin = least;
  static constexpr bool kOpen = true;
};

INLAY_DECLARE_CODEC(FieldList, FieldsTail<3>);
INLAY_DECLARE_CODEC(ConditionalFields, FieldsTail<3>);
INLAY_DECLARE_CODEC(HGetExArguments, FieldsTail<3>);
INLAY_DECLARE_CODEC(HSetExArguments, FieldsTail<4>);
INLAY_DECLARE_CODEC(RandomFields, Tail);
INLAY_DECLARE_CODEC(FieldScanArguments, Tail);

}  // namespace inlay
