// The first byte chooses how bad the hash is; each further pair of bytes inserts, erases or scans. The index must
// hold what a std map holds.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <vector>

#include "inlay/datatypes/tag_index.h"

namespace {

using inlay::TagIndex;

void require(bool holds) {
  if (!holds) std::abort();
}

// A record is its own hash: distinct ids below 2^12 give distinct records, of which only the mask's bits are hashed.
struct Record {
  uint64_t hash;
  uint64_t id;
};

constexpr uint64_t kMasks[] = {~uint64_t{0}, ~uint64_t{0} >> 8, ~uint64_t{0} >> 16, uint64_t{0xf} << 58, 0};

uint64_t hash_of(const void* record) { return static_cast<const Record*>(record)->hash; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Long inputs repeat themselves; a bad hash makes them slow.
  constexpr size_t kSizeMax = 400;
  if (size == 0 || size > kSizeMax) return 0;
  const uint64_t mask = kMasks[data[0] % std::size(kMasks)];
  inlay::PagePool pages;
  inlay::Slab slab(pages);
  TagIndex index(slab);
  std::map<uint64_t, Record*> model;
  uint32_t cursor = 0;
  for (size_t i = 1; i + 1 < size; i += 2) {
    const unsigned operation = data[i] >> 4;
    // One step handles a run of ids, so that short inputs reach splits.
    const uint64_t first = (data[i] & 15u) << 8 | data[i + 1];
    for (uint64_t id = first; id < first + (operation % 4 == 0 ? 1 : 64); ++id) {
      const uint64_t hash = id * 0x9e3779b97f4a7c15 & mask;
      const auto same = [&](const void* record) { return static_cast<const Record*>(record)->id == id; };
      const TagIndex::Slot slot = index.find(hash, same);
      require(static_cast<bool>(slot) == model.contains(id));
      if (operation < 8 && !slot) {
        model[id] = new (slab.allocate(sizeof(Record))) Record{hash, id};
        require(index.insert(hash, model[id], hash_of));
      }
      if (operation >= 8 && operation < 14 && slot) {
        index.erase(slot, hash);
        slab.deallocate(model[id], sizeof(Record));
        model.erase(id);
      }
    }
    if (operation >= 14) {
      cursor = index.scan(cursor, first % 100 + 1, hash_of,
                          [&](void* record) { require(model.contains(static_cast<Record*>(record)->id)); });
    }
  }
  require(index.size() == model.size() && index.check_invariants(hash_of));
  return 0;
}
