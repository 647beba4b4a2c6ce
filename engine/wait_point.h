// WaitPoint: where threads wait, under a ShardLock of the owner's, for something that others bring about.
//
// Whoever brings it about claims a waiter under the lock and signals after it, so that a thread that wakes finds the
// lock free, and that nobody is signalled twice: a waiter that has been claimed is not counted until it runs again.
//
// Invariant: signalled_ <= waiting_. Thread safety: guarded by the owner's lock, but for signal() and signal_all().
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>

#include "engine/lock.h"

namespace inlay {

class WaitPoint {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// Chooses a waiter that signal() is then due for, if there is one that has not been chosen yet.
  bool claim() {
    if (signalled_ == waiting_) return false;
    ++signalled_;
    return true;
  }
  void signal() { condition_.notify_one(); }
  void signal_all() { condition_.notify_all(); }

  /// Releases `lock`, waits for a signal or, where one is given, until `deadline`, and takes `lock` again. May also
  /// return without cause.
  void wait(ShardLock& lock, SteadyTime deadline = SteadyTime::max()) {
    ++waiting_;
    // wait_until would add to the latest time.
    if (deadline == SteadyTime::max()) {
      condition_.wait(lock);
    } else {
      condition_.wait_until(lock, deadline);
    }
    --waiting_;
    if (signalled_ > 0) --signalled_;
  }

  /// How many wait.
  uint32_t waiting() const { return waiting_; }

  /// Counts one waiter that is no thread: it rests from here until it is claimed, and rests again when this is called
  /// anew.
  void rest() {
    waiting_ = 1;
    signalled_ = 0;
  }

 private:
  uint32_t waiting_ = 0;
  uint32_t signalled_ = 0;
  std::condition_variable_any condition_;
};

}  // namespace inlay
