// The blocking calls for a program with a loop of its own: nothing waits, the outcome comes as a task for its executor.
//
//   inlay::AsyncDatabase async = store->async(loop);
//   async.blpop({"jobs"}, 5s, stop).then([](inlay::Nullable<inlay::KeyElement> job) { ... });
//   inlay::Nullable<inlay::KeyElement> job = co_await async.blpop(keys, inlay::kForever, stop);
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "inlay/callback_executor.h"
#include "inlay/commands/blocking.h"
#include "inlay/result.h"

namespace inlay {

class Database;
namespace internal {
struct FrontDoor;
struct StoreCore;
}  // namespace internal

/// A call that has not been made yet: then() or co_await makes it, once. It holds copies of its arguments. Movable;
/// thread-compatible.
template <class T>
class [[nodiscard]] AsyncCall {
 public:
  using Callback = absl::AnyInvocable<void(Result<T> outcome)>;
  using Start = absl::AnyInvocable<void(Callback)>;

  explicit AsyncCall(Start start) : start_(std::move(start)) {}

  /// Makes the call. `callback` runs in a task of the executor, exactly once, also where the call ended at once; never,
  /// if the executor drops the task, and then an element that it was given is lost.
  void then(Callback callback) && {
    // Moved out first: the callback may end whoever holds this.
    Start start = std::move(start_);
    start(std::move(callback));
  }

  /// Makes the call and suspends the coroutine, which goes on in a task of the executor. If the executor drops the task
  /// it never goes on.
  auto operator co_await() && { return Awaiter{std::move(start_), std::nullopt}; }

 private:
  struct Awaiter {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) {
      AsyncCall(std::move(start)).then([this, coroutine](Result<T> result) {
        outcome.emplace(std::move(result));
        coroutine.resume();
      });
    }
    Result<T> await_resume() { return *std::move(outcome); }

    Start start;
    std::optional<Result<T>> outcome;
  };

  Start start_;
};

/// The blocking calls of a database, not waiting. A small value; the store and the executor must outlive it and its
/// calls: when the store closes they end with Cancelled, their tasks posted before close() returns.
class AsyncDatabase : public BlockingCommands<AsyncDatabase, AsyncCall> {
 private:
  friend class Database;
  friend struct internal::FrontDoor;
  AsyncDatabase(internal::StoreCore* core, int index, CallbackExecutor& executor)
      : core_(core), index_(index), executor_(&executor) {}

  internal::StoreCore* core_;
  int index_;
  CallbackExecutor* executor_;
};

extern template class BlockingCommands<AsyncDatabase, AsyncCall>;

}  // namespace inlay
