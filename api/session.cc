#include "inlay/session.h"

#include "api/commands/command.h"
#include "api/store_core.h"
#include "inlay/store.h"

namespace inlay {

struct Session::State {
  internal::StoreCore* core;
  SessionState session;
};

Session::Session(Store& store, const SubscribeOptions& pushes)
    : state_(new State{store.core_owner_.get(),
                       {.functions = &store.core_owner_->functions, .push_options = pushes}}) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Reply Session::execute(std::span<const std::string_view> argv, const std::stop_token& stop) {
  return execute_command(state_->core->executor, state_->session, argv, nullptr, &stop);
}

std::optional<Reply> Session::next_push() {
  SessionPushes* const pushes = state_->session.pushes.get();
  return pushes == nullptr ? std::nullopt : pushes->poll();
}

Nullable<Reply> Session::next_push(Duration timeout, std::stop_token stop) {
  SessionPushes* const pushes = state_->session.pushes.get();
  return pushes == nullptr ? std::optional<Reply>() : pushes->next(timeout, stop);
}

uint64_t Session::dropped_pushes() const {
  const SessionPushes* const pushes = state_->session.pushes.get();
  return pushes == nullptr ? 0 : pushes->dropped();
}

int Session::database() const { return state_->session.db; }

}  // namespace inlay
