// Transaction: read, decide, and change only if what was read still holds.
//
//   absl::Status paid = store->watch({"balance"}, [](inlay::Transaction& tx) -> absl::Status {
//     const auto balance = tx.get("balance");
//     if (!can_pay(balance)) return absl::FailedPreconditionError("too little");
//     return tx.multi([](inlay::Pipeline& p) { p.decr("balance", 5); });
//   });
#pragma once

#include "absl/functional/function_ref.h"
#include "inlay/pipeline.h"
#include "inlay/result.h"
#include "inlay/view.h"

namespace inlay {

struct TxOptions {
  /// How often a transaction begins anew because a watched key was changed meanwhile.
  int max_retries = 16;
};

/// What a closure of Store::watch() works with. It reads the watched keys, and nothing else: so a transaction that
/// commits is one that could have run alone, whatever others did meanwhile. No lock is held while the closure runs.
class Transaction : public ScopedCommands {
 public:
  explicit Transaction(internal::Scope& scope) : ScopedCommands(scope) {}

  /// Runs the calls that `queue` queues, on any keys, as one, if no watched key has changed since the closure began. To be
  /// called once, as the closure's last act. Errors: Aborted if one has; then the closure is called again, or store
  /// gives up with that error. Calls that fail by themselves do not undo the others: look at their results.
  absl::Status multi(absl::FunctionRef<void(Pipeline&)> queue);

 private:
  friend class Database;
  /// Ends the closure: true if it has committed, or has read nothing that changed meanwhile.
  bool finish();

  enum class State : unsigned char { kOpen, kCommitted, kConflicted };
  State state_ = State::kOpen;
};

}  // namespace inlay
