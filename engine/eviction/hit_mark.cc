#include "engine/eviction/hit_mark.h"

namespace inlay {

uint8_t HitMark::frequency_after_hit(uint8_t frequency, uint32_t idle_minutes, Random& random) {
  constexpr uint64_t kLogFactor = 10;
  const uint8_t now = faded(frequency, idle_minutes);
  if (now == UINT8_MAX) return now;
  const uint64_t excess = now > kNewFrequency ? now - kNewFrequency : 0;
  return static_cast<uint8_t>(now + (random.below(1 + excess * kLogFactor) == 0));
}

}  // namespace inlay
