// StoreCore: what a store's front doors share, hidden from the public headers.
#pragma once

#include <type_traits>
#include <utility>

#include "api/commands/functions.h"
#include "engine/engine.h"
#include "engine/executor.h"
#include "inlay/store.h"

namespace inlay::internal {

struct StoreCore {
  explicit StoreCore(Engine::Options options) : engine(std::move(options)), executor(engine) {}

  Engine engine;
  Executor executor;
  FunctionRegistry functions;
};

/// What `Convert` makes of a command's result: the result itself where Convert is null.
template <auto Convert, class R>
auto converted(R&& result) {
  if constexpr (std::is_null_pointer_v<decltype(Convert)>) {
    return std::forward<R>(result);
  } else {
    return Convert(std::forward<R>(result));
  }
}

/// The way from a front door that runs calls at once to the executor. `Convert` is a function that makes of Fn's result
/// what the method returns. The other doors' ways are in front_doors.h.
struct FrontDoor {
  template <auto Fn, auto Convert = nullptr, class... Arguments>
  static auto run(const Database& door, const Arguments&... arguments) {
    if constexpr (std::is_null_pointer_v<decltype(Convert)>) {
      return door.core_->executor.run<Fn>(door.index_, arguments...);
    } else {
      return Convert(door.core_->executor.run<Fn>(door.index_, arguments...));
    }
  }
  /// Queues the call.
  template <auto Fn, auto Convert = nullptr, class... Arguments>
  static auto run(const Pipeline& door, const Arguments&... arguments);
  /// The batch that a pipeline's next call goes to.
  static Batch& batch_to_queue(const Pipeline& door);
  /// What a pipeline has queued; null once it was moved from.
  static Batch* batch_of(const Pipeline& door) { return door.batch_; }
  /// Runs it at once if it keeps to the declared keys.
  template <auto Fn, auto Convert = nullptr, class... Arguments>
  static auto run(const ScopedCommands& door, const Arguments&... arguments);
  /// The same for a command that may have to wait: waits, or gives an AsyncCall. Defined in blocking_methods.cc.
  template <auto Fn, class... Arguments>
  static auto block(const Database& door, const std::stop_token& stop, const Arguments&... arguments);
  template <auto Fn, class... Arguments>
  static auto block(const AsyncDatabase& door, std::stop_token stop, const Arguments&... arguments);
};

}  // namespace inlay::internal
