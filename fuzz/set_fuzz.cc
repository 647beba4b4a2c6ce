// The first byte chooses the limit and each further pair of bytes inserts, erases, lends out or scans; or the whole input is
// taken as a foreign block. The set must hold what a std::set holds.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "inlay/datatypes/set.h"

namespace {

using inlay::Element;
using inlay::Insertion;
using inlay::Removal;
using inlay::Set;

void require(bool holds) {
  if (!holds) std::abort();
}

// A block that calls itself valid can be read whole and changed.
void read_foreign_block(inlay::PagePool& pages, std::string_view block) {
  if (!Set::is_valid(block)) return;
  Set set = Set::borrow(pages, 1, block);
  require(set.check_invariants());
  (void)set.insert("added", {});
  (void)set.insert("77", {});
  require(set.contains("added") && set.contains("77") && set.check_invariants());
}

// Neighbours, distant integers, short and long strings.
std::string member_of(unsigned kind, uint64_t id) {
  if (kind == 0) return std::to_string(id);
  if (kind == 1) return std::to_string(static_cast<int64_t>(id * 0x9e3779b97f4a7c15));
  if (kind == 2) return std::string("m").append(std::to_string(id));
  return std::string(id, 'x');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kSizeMax = 400;
  if (size == 0 || size > kSizeMax) return 0;
  inlay::PagePool pages;
  read_foreign_block(pages, {reinterpret_cast<const char*>(data), size});
  const inlay::SetLimits limits{.intset_entries = data[0]};
  Set set(pages, 1);
  std::set<std::string> model;
  std::string block;
  uint64_t cursor = 0;
  for (size_t i = 1; i + 1 < size; i += 2) {
    const unsigned operation = data[i] >> 4;
    const unsigned kind = data[i] & 3;
    // One step handles a run of members, so that short inputs reach every form.
    const uint64_t run = operation % 4 == 0 ? 1 : 64;
    if (operation == 14 && set.is_packed()) {
      block = set.packed_bytes();
      set = Set::borrow(pages, 1, block);
      continue;
    }
    if (operation == 15) {
      cursor = set.scan(cursor, data[i + 1],
                        [&](const Element& member) { require(model.contains(member.to_string())); });
      continue;
    }
    for (uint64_t id = data[i + 1]; id < data[i + 1] + run; ++id) {
      const std::string member = member_of(kind, id);
      if (operation < 8) {
        require((set.insert(member, limits) == Insertion::kAdded) == model.insert(member).second);
      } else {
        require((set.erase(member) == Removal::kRemoved) == (model.erase(member) != 0));
      }
    }
    require(set.size() == model.size());
  }
  require(set.check_invariants());
  for (const std::string& member : model) require(set.contains(member));
  return 0;
}
