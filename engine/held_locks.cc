#include "engine/held_locks.h"

#include <algorithm>

namespace inlay {

bool HeldLocks::is_declared(const KeyRef& key) const {
  return std::ranges::any_of(*declared_, [&](const KeyRef& declared) {
    return declared.hash == key.hash && declared.bytes == key.bytes;
  });
}

}  // namespace inlay
