// Comparing short keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace inlay {

/// Whether two runs of `size` bytes are equal: memcmp without the call and, up to 32 bytes, with few branches.
[[gnu::always_inline]] inline bool equal_bytes(const char* a, const char* b, size_t size) {
  // All bits in which the words at `at` differ.
  const auto differ = [&]<class Word>(Word, size_t at) {
    Word x, y;
    std::memcpy(&x, a + at, sizeof x);
    std::memcpy(&y, b + at, sizeof y);
    return x ^ y;
  };
  // The last words may overlap the first.
  constexpr uint64_t kWord = 0;
  if (size >= 16) {
    if (size > 32) return std::memcmp(a, b, size) == 0;
    return (differ(kWord, 0) | differ(kWord, 8) | differ(kWord, size - 16) | differ(kWord, size - 8)) == 0;
  }
  if (size >= 8) return (differ(kWord, 0) | differ(kWord, size - 8)) == 0;
  if (size >= 4) return (differ(uint32_t{0}, 0) | differ(uint32_t{0}, size - 4)) == 0;
  for (size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

[[gnu::always_inline]] inline bool equal_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && equal_bytes(a.data(), b.data(), a.size());
}

}  // namespace inlay
