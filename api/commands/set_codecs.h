// How the parameters of the set commands are read and printed.
#pragma once

#include <span>

#include "api/commands/codec.h"
#include "api/commands/set_arguments.h"

namespace inlay {

template <>
struct Codec<PopCount> : Tail {
  using Value = PopCount;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <>
struct Codec<DrawCount> : Tail {
  using Value = DrawCount;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <>
struct Codec<InterCardKeys> : Codec<CountedKeys> {
  static absl::Status read(ArgReader& reader, Value& value);
};

template <>
struct Codec<InterCardLimit> : Tail {
  using Value = InterCardLimit;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <>
struct Codec<SetScanArguments> : Tail {
  using Value = SetScanArguments;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

}  // namespace inlay
