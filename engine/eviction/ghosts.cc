#include "engine/eviction/ghosts.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace inlay {

void Ghosts::resize(size_t ghosts) {
  sets_ = (ghosts + kWays - 1) / kWays;
  // Zeroed pages cost nothing before they are written, so that even a large table is made without a pause. One set more
  // than asked for, as the memory may begin between two sets.
  memory_.reset(sets_ == 0 ? nullptr : std::calloc(sets_ + 1, sizeof(Set)));
  if (memory_ == nullptr) sets_ = 0;
  const auto begin = reinterpret_cast<uintptr_t>(memory_.get());
  table_ = reinterpret_cast<Set*>((begin + alignof(Set) - 1) / alignof(Set) * alignof(Set));
  size_ = 0;
}

uint32_t Ghosts::Set::match(uint16_t fingerprint) const {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi16(static_cast<int16_t>(fingerprint));
  const auto* const halves = reinterpret_cast<const __m128i*>(ghosts);
  const __m128i equal = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_load_si128(halves), wanted),
                                        _mm_cmpeq_epi16(_mm_load_si128(halves + 1), wanted));
  return static_cast<uint32_t>(_mm_movemask_epi8(equal));
#else
  uint32_t mask = 0;
  for (unsigned i = 0; i < kWays; ++i) mask |= uint32_t{ghosts[i] == fingerprint} << i;
  return mask;
#endif
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
  const uint32_t found = at.set->match(at.fingerprint);
  if (found == 0) return false;
  // Its place ages on, so that the others are not remembered for longer.
  at.set->ghosts[std::countr_zero(found)] = kTaken;
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
