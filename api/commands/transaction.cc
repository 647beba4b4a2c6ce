#include "api/commands/transaction.h"

#include <array>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

// Within a transaction that somebody else runs there can be no other.
absl::Status refuse_inside(const Call& call) {
  return call.held == nullptr ? absl::OkStatus() : error(Error::kNotInTransaction, call.command.name);
}

}  // namespace

absl::Status multi(const Call& call) {
  if (absl::Status status = refuse_inside(call); !status.ok()) return status;
  if (call.session.transaction.is_open()) return error(Error::kNestedMulti);
  call.session.transaction.open();
  return absl::OkStatus();
}

Result<Reply> exec(const Call& call) {
  if (absl::Status status = refuse_inside(call); !status.ok()) return status;
  if (!call.session.transaction.is_open()) return error(Error::kExecWithoutMulti);
  return call.session.transaction.exec(call.executor, call.session);
}

absl::Status discard(const Call& call) {
  if (!call.session.transaction.is_open()) return error(Error::kDiscardWithoutMulti);
  call.session.transaction.close();
  return absl::OkStatus();
}

absl::Status watch(const Call& call, std::span<const Bytes> keys) {
  if (absl::Status status = refuse_inside(call); !status.ok()) return status;
  if (call.session.transaction.is_open()) return error(Error::kWatchInMulti);
  Engine& engine = call.executor.engine();
  for (const Bytes key : keys) call.session.transaction.watch(engine, call.session.db, engine.key(key));
  return absl::OkStatus();
}

absl::Status unwatch(const Call& call) {
  // Queued, it finds that EXEC has done so already.
  call.session.transaction.unwatch();
  return absl::OkStatus();
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

constexpr Command with_keys(KeySpec keys, Command row) {
  row.keys = keys;
  return row;
}

constexpr Group kTransactions = Group::kTransactions;

constexpr std::array kTransactionCommands{
    never_queued(command<cmd::discard>(
        "discard", {"2.0.0", kTransactions, "O(N) with N calls queued", "Forgets the calls since MULTI."})),
    never_queued(command<cmd::exec>("exec", {"1.2.0", kTransactions, "That of the calls",
                                             "Runs the calls since MULTI as one, or nothing of them."})),
    never_queued(command<cmd::multi>(
        "multi", {"1.2.0", kTransactions, "O(1)", "Queues the calls from here to EXEC."})),
    command<cmd::unwatch>("unwatch",
                          {"2.2.0", kTransactions, "O(N) with N keys watched", "Watches nothing any more."}),
    with_keys({1, -1, 1}, never_queued(at_least(
                              2, command<cmd::watch>("watch", {"2.2.0", kTransactions, "O(1) for each key",
                                                               "Lets EXEC run nothing if a key changes "
                                                               "until then.",
                                                               "key [key ...]"})))),
};

}  // namespace

std::span<const Command> transaction_rows() { return kTransactionCommands; }

}  // namespace inlay
