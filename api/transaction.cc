// Transactions, atomic closures and registered functions: the doors that hold locks for more than one call.
#include "inlay/transaction.h"

#include <utility>

#include "absl/container/inlined_vector.h"
#include "api/batch.h"
#include "api/scope.h"
#include "engine/error.h"
#include "inlay/store.h"
#include "inlay/view.h"

namespace inlay {

absl::Status Transaction::multi(absl::FunctionRef<void(Pipeline&)> queue) {
  if (state_ != State::kOpen) return error(Error::kTransactionOver);
  Pipeline pipeline(new internal::Batch(scope_.core, scope_.db, /*is_transaction=*/true));
  queue(pipeline);
  const bool committed = scope_.watched->commit(internal::FrontDoor::batch_of(pipeline));
  state_ = committed ? State::kCommitted : State::kConflicted;
  return committed ? absl::OkStatus() : error(Error::kWatchFailed);
}

bool Transaction::finish() {
  if (state_ == State::kOpen)
    state_ = scope_.watched->commit(nullptr) ? State::kCommitted : State::kConflicted;
  return state_ == State::kCommitted;
}

absl::Status Database::run_watch(Keys keys, absl::FunctionRef<void(Transaction&)> body,
                                 const TxOptions& options) const {
  internal::WatchedKeys watched(*core_, index_, keys);
  for (int retries = 0; retries <= options.max_retries;) {
    retries += watched.begin();
    internal::Scope scope{.core = *core_, .db = index_, .watched = &watched};
    Transaction transaction(scope);
    body(transaction);
    if (transaction.finish()) return absl::OkStatus();
  }
  return error(Error::kWatchFailed);
}

void Database::run_atomically(Keys keys, absl::FunctionRef<void(View&)> body) const {
  Engine& engine = core_->engine;
  absl::InlinedVector<KeyRef, 8> declared;
  absl::InlinedVector<uint64_t, 8> hashes;
  for (const Key key : keys) {
    declared.push_back(engine.key(key));
    hashes.push_back(declared.back().hash);
  }
  HeldLocks held(engine, hashes, Access::kWrite);
  const HeldLocks::Narrowed narrowed(held, declared, Access::kWrite);
  internal::Scope scope{.core = *core_, .db = index_, .held = &held};
  View view(scope);
  body(view);
}

void Database::run_atomically_on_all(absl::FunctionRef<void(View&)> body) const {
  HeldLocks held(core_->engine);
  internal::Scope scope{.core = *core_, .db = index_, .held = &held};
  View view(scope);
  body(view);
}

Reply View::execute(std::span<const std::string_view> argv) {
  if (!scope_.session.has_value()) {
    scope_.session.emplace();
    scope_.session->db = scope_.db;
    scope_.session->functions = &scope_.core.functions;
  }
  return execute_command(scope_.core.executor, *scope_.session, argv, scope_.held);
}

TimePoint View::now() const { return scope_.core.engine.now(); }

absl::Status Store::register_function(std::string_view name, NativeFunction body,
                                      const FunctionOptions& options) {
  internal::StoreCore& core = *core_owner_;
  FunctionRow row;
  row.read_only = options.read_only;
  row.body = [&core, body = std::move(body)](HeldLocks& held, int db, Keys keys,
                                             std::span<const Bytes> args) {
    internal::Scope scope{.core = core, .db = db, .held = &held};
    View view(scope);
    return body(view, keys, args);
  };
  return core.functions.add(name, std::move(row));
}

bool Store::unregister_function(std::string_view name) { return core_owner_->functions.remove(name); }

}  // namespace inlay
