#include "engine/eviction/ghosts.h"

#include <algorithm>
#include <cstring>

namespace inlay {

void Ghosts::resize(size_t ghosts) {
  sets_ = (ghosts + kWays - 1) / kWays;
  // Zeroed pages cost nothing before they are written, so that even a large table is made without a pause.
  table_.reset(sets_ == 0 ? nullptr : static_cast<Set*>(std::calloc(sets_, sizeof(Set))));
  if (table_ == nullptr) sets_ = 0;
  counts_[0] = counts_[1] = 0;
}

Ghosts::Place Ghosts::place(ResidentName name) const {
  const uint64_t hash = name * 0x9e3779b97f4a7c15;
  // The set by the top 32 bits; the fingerprint from bits that those do not tell.
  auto fingerprint = static_cast<uint16_t>((hash >> 16 & 0x7fff) << 1);
  if (fingerprint == 0) fingerprint = 2;
  return {&table_[((hash >> 32) * sets_) >> 32], fingerprint};
}

void Ghosts::prefetch(ResidentName name) const {
  if (sets_ != 0) __builtin_prefetch(place(name).set);
}

void Ghosts::put(ResidentName name, Kind kind) {
  if (sets_ == 0) return;
  const Place at = place(name);
  if (const uint16_t forgotten = at.set->ghosts[kWays - 1]; forgotten != 0) --count_of(forgotten);
  std::memmove(at.set->ghosts + 1, at.set->ghosts, sizeof(Set) - sizeof(uint16_t));
  at.set->ghosts[0] = static_cast<uint16_t>(at.fingerprint | (kind == Kind::kSecond));
  ++count_of(at.set->ghosts[0]);
}

Ghosts::Kind Ghosts::take(ResidentName name) {
  if (sets_ == 0) return Kind::kNone;
  const Place at = place(name);
  uint16_t* const begin = at.set->ghosts;
  uint16_t* const end = begin + kWays;
  uint16_t* const found =
      std::find_if(begin, end, [&](uint16_t ghost) { return (ghost & ~1) == at.fingerprint; });
  if (found == end) return Kind::kNone;
  const Kind kind = (*found & 1) != 0 ? Kind::kSecond : Kind::kFirst;
  --count_of(*found);
  std::move(found + 1, end, found);
  end[-1] = 0;
  return kind;
}

bool Ghosts::check_invariants() const {
  size_t counts[2] = {};
  for (size_t i = 0; i < sets_; ++i) {
    const uint16_t* const begin = table_[i].ghosts;
    const uint16_t* const first_empty = std::find(begin, begin + kWays, 0);
    if (std::any_of(first_empty, begin + kWays, [](uint16_t ghost) { return ghost != 0; })) return false;
    for (const uint16_t* ghost = begin; ghost != first_empty; ++ghost) {
      if (*ghost < 2) return false;
      ++counts[*ghost & 1];
    }
  }
  return counts[0] == counts_[0] && counts[1] == counts_[1];
}

}  // namespace inlay
