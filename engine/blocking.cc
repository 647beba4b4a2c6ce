#include "engine/blocking.h"

#include <chrono>

namespace inlay::internal {

void Bed::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  // Whoever wakes a call holds it, so the bed is still there.
  woken_.notify_one();
}

bool Bed::sleep(std::optional<int64_t> deadline_ns) {
  std::unique_lock lock(mutex_);
  const auto is_woken = [this] { return is_woken_; };
  if (!deadline_ns.has_value()) {
    woken_.wait(lock, is_woken);
    return true;
  }
  const std::chrono::steady_clock::time_point deadline{std::chrono::nanoseconds(*deadline_ns)};
  return woken_.wait_until(lock, deadline, is_woken);
}

}  // namespace inlay::internal
