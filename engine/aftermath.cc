#include "engine/aftermath.h"

#include <cassert>
#include <cstdlib>
#include <utility>

namespace inlay {

void Graveyard::free_all() {
  while (last_ != nullptr) {
    StringBody* body = last_;
    last_ = body->buried_before;
    std::free(body);
  }
  while (last_container_ != nullptr) {
    Container* container = last_container_;
    last_container_ = container->buried_before;
    delete container;
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
