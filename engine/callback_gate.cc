#include "engine/callback_gate.h"

namespace inlay {

thread_local const CallbackGate::Passage* CallbackGate::innermost_ = nullptr;

bool CallbackGate::enter(Passage& passage) {
  // Acquire and release order the callback's last call before what follows close(), and nothing more is needed: the
  // word is the only thing that both sides look at.
  uint32_t state = state_.load(std::memory_order_relaxed);
  do {
    if ((state & kShut) != 0) return false;
  } while (
      !state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire, std::memory_order_relaxed));
  passage = {this, innermost_};
  innermost_ = &passage;
  return true;
}

void CallbackGate::leave(const Passage& passage) {
  innermost_ = passage.outer;
  if (state_.fetch_sub(1, std::memory_order_release) == (kShut | 1)) state_.notify_all();
}

bool CallbackGate::is_inside() const {
  for (const Passage* passage = innermost_; passage != nullptr; passage = passage->outer) {
    if (passage->gate == this) return true;
  }
  return false;
}

void CallbackGate::close() {
  uint32_t state = state_.fetch_or(kShut, std::memory_order_acquire) | kShut;
  if (is_inside()) return;
  while (state != kShut) {
    state_.wait(state, std::memory_order_acquire);
    state = state_.load(std::memory_order_acquire);
  }
}

}  // namespace inlay
