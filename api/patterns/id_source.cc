#include "api/patterns/id_source.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace inlay::patterns_internal {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;

// The output function of SplitMix64.
uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

Result<std::string> IdSource::next() {
  std::array<unsigned char, kIdSize / 2> bytes;
  if (is_seeded_) {
    const uint64_t first = next_.fetch_add(2 * kGoldenRatio, std::memory_order_relaxed);
    const std::array<uint64_t, 2> words{mixed(first + kGoldenRatio), mixed(first + 2 * kGoldenRatio)};
    std::memcpy(bytes.data(), words.data(), bytes.size());
  } else if (getentropy(bytes.data(), bytes.size()) != 0) {
    return absl::UnavailableError("the system gives no random bytes");
  }
  std::string id;
  id.reserve(kIdSize);
  for (const unsigned char byte : bytes) {
    id.push_back(kDigits[byte >> 4]);
    id.push_back(kDigits[byte & 15]);
  }
  return id;
}

bool is_id(std::string_view text) {
  return text.size() == kIdSize && std::all_of(text.begin(), text.end(), [](char c) {
           return kDigits.find(c) != std::string_view::npos;
         });
}

}  // namespace inlay::patterns_internal
