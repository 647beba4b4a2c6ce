#include "inlay/session.h"

#include "api/commands/command.h"
#include "api/store_core.h"
#include "inlay/store.h"

namespace inlay {

struct Session::State {
  internal::StoreCore* core;
  SessionState session;
};

Session::Session(Store& store)
    : state_(new State{store.core_owner_.get(), {.functions = &store.core_owner_->functions}}) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Reply Session::execute(std::span<const std::string_view> argv) {
  return execute_command(state_->core->executor, state_->session, argv);
}

int Session::database() const { return state_->session.db; }

}  // namespace inlay
