// HitMark: what a hit writes into an entry's access byte.
//
// It stands by value where the shard's hot path reads it without a detour; the policy changes it. Every rule leaves a
// byte that would not change unwritten, so that hot entries stay clean in the caches of other cores.
//
// Thread safety: thread-compatible (owned by its shard).
#pragma once

#include <cstdint>

#include "engine/random.h"

namespace inlay {

struct HitMark {
  enum class Rule : uint8_t {
    kNone,       // Nothing.
    kCount,      // Counts to 3 in the two lowest bits and leaves the others.
    kStamp,      // Writes `stamp`, which the policy moves on.
    kFrequency,  // Counts logarithmically, and the count fades.
  };
  Rule rule = Rule::kNone;
  uint8_t stamp = 0;

  /// Notes a hit. `idle_minutes()` says how long ago the last access was, and is called for kFrequency alone; so the
  /// time of this access is to be noted after this call.
  template <class IdleMinutes>
  [[gnu::always_inline]] void apply(uint8_t& access, Random& random, IdleMinutes&& idle_minutes) const {
    if (rule == Rule::kCount) [[likely]] {
      if ((access & 3) != 3) ++access;
    } else if (rule == Rule::kStamp) {
      if (access != stamp) access = stamp;
    } else if (rule == Rule::kFrequency) {
      const uint8_t frequency = frequency_after_hit(access, idle_minutes(), random);
      if (access != frequency) access = frequency;
    }
  }

  /// Redis's counter: a hit moves it on with a chance of 1 in 1 + 10 times its excess over kNewFrequency, so that 255
  /// stands for some millions of hits, and every idle minute takes one off.
  static uint8_t frequency_after_hit(uint8_t frequency, uint32_t idle_minutes, Random& random);
  static uint8_t faded(uint8_t frequency, uint32_t idle_minutes) {
    return frequency > idle_minutes ? static_cast<uint8_t>(frequency - idle_minutes) : 0;
  }
  /// What a new entry begins with, so that it is not the first to go.
  static constexpr uint8_t kNewFrequency = 5;
};
static_assert(sizeof(HitMark) == 2);

}  // namespace inlay
