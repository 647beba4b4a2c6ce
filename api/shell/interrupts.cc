#include "api/shell/interrupts.h"

#include <semaphore.h>

#include <atomic>
#include <csignal>

namespace inlay::shell {
namespace {

// What the handler touches. The flag is lock-free and nothing else is ordered by it: who reads it holds the mutex, or
// is the thread that begins.
std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);
sem_t arrived;
struct sigaction former = {};

}  // namespace

Interrupts::Interrupts() {
  sem_init(&arrived, 0, 0);
  struct sigaction action = {};
  action.sa_handler = [](int) {
    interrupted.store(true, std::memory_order_relaxed);
    sem_post(&arrived);
  };
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &former);
  watcher_ = std::thread([this] { watch(); });
}

Interrupts::~Interrupts() {
  sigaction(SIGINT, &former, nullptr);
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  sem_post(&arrived);
  watcher_.join();
  sem_destroy(&arrived);
}

std::stop_token Interrupts::begin() {
  const std::lock_guard lock(mutex_);
  interrupted.store(false, std::memory_order_relaxed);
  source_ = {};
  return source_.get_token();
}

bool Interrupts::came() const { return interrupted.load(std::memory_order_relaxed); }

void Interrupts::watch() {
  for (;;) {
    while (sem_wait(&arrived) != 0) {  // Another signal's handler ran.
    }
    std::stop_source running{std::nostopstate};
    {
      const std::lock_guard lock(mutex_);
      if (leaving_) return;
      // One that was forgotten meanwhile stops nothing.
      if (came()) running = source_;
    }
    running.request_stop();
  }
}

}  // namespace inlay::shell
