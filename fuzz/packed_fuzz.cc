// An even first byte: the rest is a foreign block; what is_valid() accepts must walk, and build again to the same bytes.
// An odd one: the rest is a list of operations; the sequence must hold what a std vector of strings holds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/datatypes/packed.h"

namespace {

using inlay::Element;
using inlay::Packed;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_foreign(std::string_view block) {
  if (!Packed::is_valid(block)) return;
  const Packed borrowed = Packed::borrow(block);
  Packed rebuilt;
  size_t elements = 0;
  for (auto at = borrowed.begin(); at != borrowed.end(); at = borrowed.next(at), ++elements) {
    require(rebuilt.push_back(borrowed.at(at)));
    require(borrowed.find(borrowed.at(at)) <= at);
  }
  require(elements == borrowed.size() && rebuilt.bytes() == borrowed.bytes());
}

// The text that two bytes stand for: lengths around 64 and 256, and integers of every width.
std::string text_of(uint8_t kind, uint8_t seed) {
  if (kind % 3 == 0) return std::string(size_t{seed} + kind, static_cast<char>('a' + seed % 26));
  if (kind % 3 == 1) return std::to_string(static_cast<int64_t>(uint64_t{seed} << kind % 64));
  return std::string(seed % 70, static_cast<char>('0' + kind % 10));
}

void change(const uint8_t* data, size_t size) {
  Packed packed;
  std::vector<std::string> model;
  std::string lent;
  for (size_t i = 0; i + 3 < size; i += 4) {
    const size_t index = data[i + 1] % (model.size() + 1);
    const auto place = model.begin() + static_cast<std::ptrdiff_t>(index);
    const std::string text = text_of(data[i + 2], data[i + 3]);
    const Element element = Element::parse(text);
    switch (data[i] % 5) {
      case 0:
      case 1:
        require(packed.insert(packed.nth(index), element));
        model.insert(place, text);
        break;
      case 2:
        if (index == model.size()) break;
        require(packed.replace(packed.nth(index), element));
        *place = text;
        break;
      case 3: {
        const size_t count = std::min<size_t>(data[i + 2], model.size() - index);
        require(packed.erase(packed.nth(index), count));
        model.erase(place, place + static_cast<std::ptrdiff_t>(count));
        break;
      }
      default: {
        std::string block(packed.bytes());
        packed = Packed();
        lent = std::move(block);
        packed = Packed::borrow(lent);
      }
    }
    require(packed.check_invariants() && packed.size() == model.size());
    const auto found = std::find(model.begin(), model.end(), text);
    require(packed.find(element) == packed.nth(static_cast<size_t>(found - model.begin())));
  }
  auto at = packed.begin();
  for (const std::string& text : model) {
    require(packed.at(at).to_string() == text);
    at = packed.next(at);
  }
  require(at == packed.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kSizeMax = 4'000;
  if (size == 0 || size > kSizeMax) return 0;
  if (data[0] % 2 == 0) {
    read_foreign({reinterpret_cast<const char*>(data) + 1, size - 1});
  } else {
    change(data + 1, size - 1);
  }
  return 0;
}
