// Command: a row of the table that by-name calls, COMMAND, the shell and the documents are made from.
//
// command<Fn>(name, spec) derives from Fn's signature how many arguments it takes, which are keys, whether it
// writes, how arguments are read and printed, and how the result becomes a reply. Written by hand are only the
// words that a signature does not hold.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "api/commands/session_pushes.h"
#include "api/commands/session_transaction.h"
#include "engine/executor.h"
#include "engine/snapshot.h"
#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay {

struct Command;
class FunctionRegistry;
class HeldLocks;

/// What one session keeps between its commands.
struct SessionState {
  int db = 0;
  SessionTransaction transaction{};
  /// What FCALL may call; null: nothing.
  const FunctionRegistry* functions = nullptr;
  /// Of the pushes that wait to be read.
  SubscribeOptions push_options{};
  /// Null until the session subscribes for the first time.
  std::unique_ptr<SessionPushes> pushes{};

  bool is_subscribed() const { return pushes != nullptr && pushes->is_subscribed(); }
};

/// A call by name on its way to the function.
struct Call {
  const Executor& executor;
  SessionState& session;
  const Command& command;
  /// The arguments after the name (after both names, for a subcommand).
  std::span<const Bytes> args;
  /// The locks that the call runs under, as one of a transaction; null: it locks for itself, and may wait.
  HeldLocks* held = nullptr;
  /// Asks a wait to end. Null: the call must not wait, as within a transaction, and tries once.
  const std::stop_token* wait_until = nullptr;
};

enum class Group : uint8_t {
  kString,
  kList,
  kHash,
  kSet,
  kSortedSet,
  kGeneric,
  kTransactions,
  kScripting,
  kPubSub,
  kConnection,
  kServer
};
std::string_view group_name(Group group);

/// Words about a command that its signature does not tell.
struct CommandSpec {
  std::string_view since;
  Group group;
  std::string_view complexity;
  std::string_view summary;
  /// The arguments as a user would write them: "key seconds [NX|XX|GT|LT]".
  std::string_view syntax = "";
};

/// Which arguments are keys, counted from 1 (the name is 0); `last` may be negative, from the end. All 0: none.
struct KeySpec {
  int first = 0;
  int last = 0;
  int step = 0;
  /// The argument at `first - 1` says how many keys follow.
  bool counted = false;
  /// A key stands before that count: a destination.
  bool has_destination = false;
  /// A count that does not fit means no keys rather than an error.
  bool optional = false;
};

/// What a command needs locked.
enum class Reach : uint8_t { kNothing, kKeys, kKeyspace };

/// That of a command with this transaction.
template <class Tx>
constexpr Reach reach_of() {
  if constexpr (std::is_same_v<Tx, KeyspaceTx>) return Reach::kKeyspace;
  return std::derived_from<Tx, ReadTx> || std::is_same_v<Tx, SnapshotTx> ? Reach::kKeys : Reach::kNothing;
}

struct Command {
  /// Lower case; a subcommand is "container|name".
  std::string_view name;
  CommandSpec spec;
  /// Arguments with the name; negative: at least so many.
  int arity;
  KeySpec keys;
  bool writes;
  /// May have to wait.
  bool blocks;
  /// Has subcommands, which are rows of their own.
  bool is_container;
  Reply (*execute)(const Call& call);
  /// Reads the arguments and prints them again in their canonical form: what a log would hold.
  Result<std::vector<std::string>> (*reprint)(const Call& call);
  Reach reach = Reach::kNothing;
  /// May need memory: refused where there is none and nothing may be evicted.
  bool grows = false;
  /// Whether MULTI puts it into the queue; else it runs at once even then.
  bool is_queued = true;
  /// Whether a session that is subscribed to something may still run it.
  bool while_subscribed = false;
};

/// All rows, in the order of the table.
std::span<const Command* const> all_commands();

/// The row that `argv` names, subcommand included, in any case. Null if there is none; a container whose
/// subcommand is unknown or missing gives the container.
const Command* find_command(std::span<const Bytes> argv);

/// Looks the command up, checks its arity, and runs it, or queues it after MULTI. With `held` it runs under these locks. A
/// call that would have to wait does so if `wait_until` is there.
Reply execute_command(const Executor& executor, SessionState& session, std::span<const Bytes> argv,
                      HeldLocks* held = nullptr, const std::stop_token* wait_until = nullptr);
/// Runs a command that has been looked up and whose arity fits.
Reply run_command(const Executor& executor, SessionState& session, const Command& command,
                  std::span<const Bytes> argv, HeldLocks* held, const std::stop_token* wait_until = nullptr);

/// Visits the key arguments of a call, in order. Errors: a count of keys that does not fit; then none is visited.
absl::Status for_each_key(const Command& command, std::span<const Bytes> argv,
                          absl::FunctionRef<void(Bytes key)> visit);
/// The same as a list.
Result<std::vector<std::string>> keys_of(const Command& command, std::span<const Bytes> argv);

}  // namespace inlay
