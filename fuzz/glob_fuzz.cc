// The bytes before the first line feed are a pattern, those after it a text: the matcher and plain recursion agree.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/glob.h"
#include "tests/engine/glob_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = std::min(input.find('\n'), input.size());
  const std::string_view pattern = input.substr(0, split);
  const std::string_view text = input.substr(std::min(split + 1, input.size()));
  const bool matches = inlay::glob_match(pattern, text);
  // Beyond these lengths plain recursion takes too long.
  constexpr size_t kLengthMax = 12;
  if (pattern.size() > kLengthMax || text.size() > kLengthMax) return 0;
  if (matches != inlay::model_glob_match(pattern, text)) std::abort();
  return 0;
}
