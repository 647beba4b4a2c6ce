// CallbackExecutor: where a program wants its callbacks to run.
#pragma once

#include "absl/functional/any_invocable.h"

namespace inlay {

/// Runs tasks on threads of the program's choosing: a pool, an event loop, the thread of a user interface. Inlay posts
/// the callbacks of a subscription through it, and has no threads of its own to do so.
///
/// Implementations are thread-safe: post() is called from any thread that uses the store, never under one of the store's
/// locks. It returns without running the task, which may run at any later time, on any thread. A task that never runs
/// is a callback that is never made; dropping tasks is safe. The executor must outlive the subscriptions that use it.
class CallbackExecutor {
 public:
  virtual ~CallbackExecutor() = default;
  virtual void post(absl::AnyInvocable<void()> task) = 0;
};

}  // namespace inlay
