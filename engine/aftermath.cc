#include "engine/aftermath.h"

#include <cassert>
#include <cstdlib>
#include <utility>

namespace inlay {

void Graveyard::free_all() {
  while (last_ != 0) {
    if ((last_ & kContainer) != 0) {
      auto* const container = reinterpret_cast<Container*>(last_ & ~kContainer);
      last_ = container->buried_before;
      delete container;
    } else {
      auto* const body = reinterpret_cast<StringBody*>(last_);
      last_ = body->buried_before;
      std::free(body);
    }
  }
}

bool Aftermath::take_ready(ReadyKey& key) {
  Rare* rare = rare_or_null();
  if (rare == nullptr || rare->ready.empty()) return false;
  key = std::move(rare->ready.front());
  rare->ready.pop_front();
  return true;
}

void Aftermath::run_actions() {
  const std::unique_ptr<Rare> rare(rare_or_null());
  if (rare == nullptr) return;
  assert(rare->ready.empty() && "a call ended without looking at who waits");
  for (auto& action : rare->actions) action();
}

}  // namespace inlay
