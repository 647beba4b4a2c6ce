// StoreCore: what a store's front doors share, hidden from the public headers.
#pragma once

#include "engine/engine.h"
#include "engine/executor.h"
#include "inlay/store.h"

namespace inlay::internal {

struct StoreCore {
  explicit StoreCore(Engine::Options options) : engine(std::move(options)), executor(engine) {}

  Engine engine;
  Executor executor;
};

/// The way from a front door to the executor.
struct FrontDoor {
  template <auto Fn, class... Arguments>
  static auto run(const Database& door, const Arguments&... arguments) {
    return door.core_->executor.run<Fn>(door.index_, arguments...);
  }
  /// The same for a command that may have to wait: waits, or gives an AsyncCall. Defined in blocking_methods.cc.
  template <auto Fn, class... Arguments>
  static auto block(const Database& door, const std::stop_token& stop, const Arguments&... arguments);
  template <auto Fn, class... Arguments>
  static auto block(const AsyncDatabase& door, std::stop_token stop, const Arguments&... arguments);
};

}  // namespace inlay::internal
