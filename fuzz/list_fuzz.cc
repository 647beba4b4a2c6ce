// Each three bytes change a list and a std vector in the same way; they must stay the same sequence.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "inlay/datatypes/list.h"

namespace {

using inlay::Element;
using inlay::List;

void require(bool holds) {
  if (!holds) std::abort();
}

// Every form of an element has its turn: integers of all widths, short strings, and strings that stand alone.
std::string text_of(uint8_t byte) {
  const unsigned size = byte >> 2;
  switch (byte & 3) {
    case 0: return std::to_string(int64_t{byte} - 100);
    case 1: return std::to_string((uint64_t{1} << size) - 1);
    case 2: return std::string(size, static_cast<char>(byte));
    default: return std::string(size * size / 2, static_cast<char>(byte));
  }
}

void require_same(const List& list, const std::vector<std::string>& model) {
  require(list.check_invariants() && list.size() == model.size());
  size_t i = 0;
  list.visit(0, List::Direction::kForward,
             [&](const Element& element) { return i < model.size() && element.to_string() == model[i++]; });
  require(i == model.size());
  if (model.empty()) return;
  list.visit(model.size() - 1, List::Direction::kBackward,
             [&](const Element& element) { return i > 0 && element.to_string() == model[--i]; });
  require(i == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kSizeMax = 600;
  if (size > kSizeMax) return 0;
  List list;
  std::vector<std::string> model;
  for (size_t i = 0; i + 2 < size; i += 3) {
    const std::string text = text_of(data[i + 1]);
    const size_t index = data[i + 2] * (model.size() + 1) / 256;
    // One step handles a run, so that short inputs reach blocks.
    const size_t run = model.size() < 2000 ? (data[i] >> 4) * (data[i] >> 4) + 1u : 1;
    const size_t count = std::min(run, model.size() - index);
    const auto at = [&](size_t place) { return model.begin() + static_cast<ptrdiff_t>(place); };
    switch (data[i] & 7) {
      case 0:
        for (size_t j = 0; j < run; ++j) require(list.push_front(text));
        model.insert(model.begin(), run, text);
        break;
      case 1:
        for (size_t j = 0; j < run; ++j) require(list.push_back(text));
        model.insert(model.end(), run, text);
        break;
      case 2:
      case 3:
        for (size_t j = 0; j < run; ++j) require(list.insert(index, text));
        model.insert(at(index), run, text);
        break;
      case 4:
        for (size_t j = index; j < index + count; ++j) {
          require(list.set(j, text));
          model[j] = text;
        }
        break;
      case 5:
        require(list.erase(index, count));
        model.erase(at(index), at(index + count));
        break;
      case 6:
        require(list.trim(index, count));
        model.erase(at(index + count), model.end());
        model.erase(model.begin(), at(index));
        break;
      default: {
        const auto first_kept = std::remove(model.begin(), model.end(), text);
        const auto matches = static_cast<size_t>(model.end() - first_kept);
        require(list.remove(Element::parse(text), model.size() + 1, List::Direction::kForward) == matches);
        model.erase(first_kept, model.end());
      }
    }
    require_same(list, model);
    // Pops at both ends.
    if (data[i] % 11 == 0 && !model.empty()) {
      require(list.pop_front());
      model.erase(model.begin());
    }
    if (data[i] % 13 == 0 && !model.empty()) {
      require(list.pop_back());
      model.pop_back();
    }
  }
  return 0;
}
