#include "inlay/session.h"

#include "api/commands/command.h"
#include "api/store_core.h"
#include "inlay/store.h"

namespace inlay {

struct Session::State {
  internal::StoreCore* core;
  SessionState session;
};

Session::Session(Store& store) : state_(new State{store.core_owner_.get(), {}}) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Reply Session::execute(std::span<const std::string_view> argv, const std::stop_token& stop) {
  return execute_command(state_->core->executor, state_->session, argv, &stop);
}

int Session::database() const { return state_->session.db; }

}  // namespace inlay
