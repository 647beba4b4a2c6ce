// Typed calls for lines of a script: "LRANGE a 0 -1" becomes store.lrange("a", 0, -1).
#pragma once

#include <functional>
#include <random>
#include <span>
#include <string_view>

#include "fuzz/script.h"
#include "inlay/reply.h"
#include "inlay/store.h"

namespace inlay::fuzz {

/// One way to call a typed method.
struct TypedCall {
  /// The lines that it stands for. Capitals and numbers are themselves; int, ms, seconds, float, score, bound and lex are
  /// numbers and bounds of such kinds; other words are any bytes.
  std::string_view pattern;
  /// The reply that the line would get by name.
  std::function<Reply(Store& store, const Line& line)> run;
};

std::span<const TypedCall> typed_calls();

/// The call that says the same as `line`; null where there is none.
const TypedCall* typed_call_for(const Line& line);

}  // namespace inlay::fuzz
