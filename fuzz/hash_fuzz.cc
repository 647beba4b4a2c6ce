// The first byte chooses the limits; each further group of three puts, erases, gives or takes a deadline, expires or
// copies. The hash must hold what a std map holds.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "inlay/datatypes/hash.h"

namespace {

using inlay::Element;
using inlay::Hash;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr inlay::HashLimits kLimits[] = {
    {}, {.packed_entries = 0}, {.packed_entries = 8}, {.packed_value_bytes = 10}, {.packed_entries = 10'000}};

struct Value {
  std::string text;
  std::optional<int64_t> deadline;
};

std::string text_of(uint8_t seed) {
  if (seed < 100) return std::to_string(int64_t{seed} - 10);
  if (seed < 200) return std::string(seed - 100u, 'x');
  return std::string(size_t{seed} * 4, static_cast<char>(seed));
}

void check(const Hash& hash, const std::map<std::string, Value>& model) {
  require(hash.check_invariants() && hash.size() == model.size());
  size_t fields = 0;
  uint32_t cursor = 0;
  do {
    cursor = hash.scan(cursor, 3, [&](const Element& field, const Element& value) {
      const auto it = model.find(field.to_string());
      require(it != model.end() && it->second.text == value.to_string());
      require(hash.deadline(it->first) == it->second.deadline);
      ++fields;
    });
  } while (cursor != 0);
  require(fields == model.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Long inputs repeat themselves.
  constexpr size_t kSizeMax = 600;
  if (size == 0 || size > kSizeMax) return 0;
  const inlay::HashLimits& limits = kLimits[data[0] % std::size(kLimits)];
  inlay::PagePool pages;
  Hash hash(pages, data[0]);
  std::map<std::string, Value> model;
  for (size_t i = 1; i + 2 < size; i += 3) {
    const std::string field = text_of(data[i + 1]);
    const auto it = model.find(field);
    const bool present = it != model.end();
    const bool keep = data[i] & 1;
    switch (data[i] >> 1 & 7) {
      case 0:
      case 1:
      case 2: {
        const std::string text = text_of(data[i + 2]);
        require(hash.put(field, text, limits, keep) == (present ? Hash::Put::kReplaced : Hash::Put::kAdded));
        Value& value = model[field];
        value.text = text;
        if (!keep) value.deadline.reset();
        break;
      }
      case 3:
        require(hash.erase(field) == (present ? Hash::Erase::kErased : Hash::Erase::kAbsent));
        model.erase(field);
        break;
      case 4:
        require(hash.set_deadline(field, data[i + 2]) ==
                (present ? Hash::Deadline::kSet : Hash::Deadline::kAbsent));
        if (present) it->second.deadline = data[i + 2];
        break;
      case 5:
        require(hash.clear_deadline(field) == (present && it->second.deadline.has_value()));
        if (present) it->second.deadline.reset();
        break;
      case 6:
        hash.expire(data[i + 1], data[i + 2], [&](const Element& expired) {
          const auto due = model.find(expired.to_string());
          require(due != model.end() && due->second.deadline <= int64_t{data[i + 1]});
          model.erase(due);
        });
        break;
      default: {
        Hash copy(pages, data[i + 1]);
        require(hash.copy_to(copy) && copy.encoding() == hash.encoding());
        hash = std::move(copy);
      }
    }
    if (i % 8 == 1) check(hash, model);
  }
  check(hash, model);
  return 0;
}
