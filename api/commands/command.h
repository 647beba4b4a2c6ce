// Command: a row of the table that by-name calls, COMMAND, the shell and the documents are made from.
//
// command<Fn>(name, spec) derives from Fn's signature how many arguments it takes, which are keys, whether it
// writes, how arguments are read and printed, and how the result becomes a reply. Written by hand are only the
// words that a signature does not hold.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/executor.h"
#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay {

struct Command;

/// What one session keeps between its commands.
struct SessionState {
  int db = 0;
};

/// A call by name on its way to the function.
struct Call {
  const Executor& executor;
  SessionState& session;
  const Command& command;
  /// The arguments after the name (after both names, for a subcommand).
  std::span<const Bytes> args;
  /// Asks a wait to end. Null: the call must not wait, as within a transaction, and tries once.
  const std::stop_token* wait_until = nullptr;
};

enum class Group : uint8_t { kString, kList, kHash, kSet, kSortedSet, kGeneric, kConnection, kServer };
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
  /// A destination, the first argument, stands before that.
  bool after_destination = false;
};

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
};

/// All rows, in the order of the table.
std::span<const Command* const> all_commands();

/// The row that `argv` names, subcommand included, in any case. Null if there is none; a container whose
/// subcommand is unknown or missing gives the container.
const Command* find_command(std::span<const Bytes> argv);

/// Looks the command up, checks its arity and runs it. A call that would have to wait does so if `wait_until` is there.
Reply execute_command(const Executor& executor, SessionState& session, std::span<const Bytes> argv,
                      const std::stop_token* wait_until = nullptr);

/// The key arguments of a call, in order.
Result<std::vector<std::string>> keys_of(const Command& command, std::span<const Bytes> argv);

}  // namespace inlay
