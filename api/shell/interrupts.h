// Interrupts: Ctrl-C as a stop token.
//
//   SIGINT ──> handler: a flag, a semaphore ──> thread ──> stop_source ──> the command that runs
//
// Stopping takes locks, which a signal handler may not; so a thread of its own does it.
#pragma once

#include <mutex>
#include <stop_token>
#include <thread>

namespace inlay::shell {

/// Catches SIGINT in the whole process while it lives; one at a time. To be used by one thread.
class Interrupts {
 public:
  Interrupts();
  /// SIGINT does again what it did before.
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Forgets what came so far. The token that it gives is asked to stop by the next SIGINT.
  std::stop_token begin();
  /// Whether one came since.
  bool came() const;

 private:
  void watch();

  std::mutex mutex_;
  std::stop_source source_;  // Guarded by the mutex, as leaving_ is.
  bool leaving_ = false;
  std::thread watcher_;
};

}  // namespace inlay::shell
