#include "engine/held_locks.h"

#include <algorithm>

namespace inlay {

bool HeldLocks::is_declared(const KeyRef& key) const {
  return std::ranges::any_of(*declared_, [&](const KeyRef& declared) {
    return declared.hash == key.hash && declared.bytes == key.bytes;
  });
}

bool HeldLocks::admit(bool grows) {
  const bool asks = grows && !may_grow_.has_value();
  if (is_admitted_ && !asks) return !grows || *may_grow_;
  is_admitted_ = true;
  const bool answer = engine_.memory().admit(guard_, aftermath_, written_, grows);
  if (grows) may_grow_ = answer;
  return answer;
}

void HeldLocks::note_written(uint64_t hash) {
  noted_.push_back(hash);
  written_ = noted_;
  // The list has moved, perhaps.
  if (is_admitted_) aftermath_.settle_later(nullptr, written_);
}

}  // namespace inlay
