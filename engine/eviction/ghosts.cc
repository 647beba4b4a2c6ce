#include "engine/eviction/ghosts.h"

#include <algorithm>
#include <cstring>

namespace inlay {

void Ghosts::resize(size_t ghosts) {
  sets_ = (ghosts + kWays - 1) / kWays;
  // Zeroed pages cost nothing before they are written, so that even a large table is made without a pause.
  table_.reset(sets_ == 0 ? nullptr : static_cast<Set*>(std::calloc(sets_, sizeof(Set))));
  if (table_ == nullptr) sets_ = 0;
  size_ = 0;
}

Ghosts::Place Ghosts::place(ResidentName name) const {
  const uint64_t hash = name * 0x9e3779b97f4a7c15;
  // The set by the top 32 bits; the fingerprint from bits that those do not tell.
  auto fingerprint = static_cast<uint16_t>(hash >> 16);
  if (fingerprint <= kTaken) fingerprint = kTaken + 1;
  return {&table_[((hash >> 32) * sets_) >> 32], fingerprint};
}

void Ghosts::prefetch(ResidentName name) const {
  if (sets_ != 0) __builtin_prefetch(place(name).set);
}

void Ghosts::put(ResidentName name) {
  if (sets_ == 0) return;
  const Place at = place(name);
  size_ += at.set->ghosts[kWays - 1] <= kTaken;
  std::memmove(at.set->ghosts + 1, at.set->ghosts, sizeof(Set) - sizeof(uint16_t));
  at.set->ghosts[0] = at.fingerprint;
}

bool Ghosts::take(ResidentName name) {
  if (sets_ == 0) return false;
  const Place at = place(name);
  uint16_t* const begin = at.set->ghosts;
  uint16_t* const end = begin + kWays;
  uint16_t* const found = std::find(begin, end, at.fingerprint);
  if (found == end) return false;
  // Its place ages on, so that the others are not remembered for longer.
  *found = kTaken;
  --size_;
  return true;
}

bool Ghosts::check_invariants() const {
  size_t ghosts = 0;
  for (size_t i = 0; i < sets_; ++i) {
    const uint16_t* const begin = table_[i].ghosts;
    const uint16_t* const first_empty = std::find(begin, begin + kWays, 0);
    if (std::any_of(first_empty, begin + kWays, [](uint16_t ghost) { return ghost != 0; })) return false;
    ghosts +=
        static_cast<size_t>(std::count_if(begin, first_empty, [](uint16_t ghost) { return ghost > kTaken; }));
  }
  return ghosts == size_;
}

}  // namespace inlay
