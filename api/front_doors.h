// The ways from all front doors to the engine: what the files of typed methods include.
#pragma once

#include "api/batch.h"
#include "api/scope.h"
#include "api/store_core.h"
#include "inlay/pipeline.h"
#include "inlay/view.h"

namespace inlay::internal {

template <auto Fn, auto Convert, class... Arguments>
auto FrontDoor::run(const Pipeline& door, const Arguments&... arguments) {
  return batch_to_queue(door).template queue<Fn, Convert>(arguments...);
}

template <auto Fn, auto Convert, class... Arguments>
auto FrontDoor::run(const ScopedCommands& door, const Arguments&... arguments) {
  return converted<Convert>(door.scope_.template run<Fn>(arguments...));
}

}  // namespace inlay::internal

// One family's methods of every front door.
#define INLAY_INSTANTIATE_DOORS(Commands)      \
  template class Commands<Database, Result>;   \
  template class Commands<Pipeline, Deferred>; \
  template class Commands<ScopedCommands, Result>
