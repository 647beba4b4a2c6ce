// Random calls of commands: valid ones, borderline ones and malformed ones, from a table of what each command takes.
#pragma once

#include <rapidcheck.h>

#include <initializer_list>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inlay::test {

/// A command and its arguments.
struct CommandCall {
  std::vector<std::string> argv;
  friend bool operator==(const CommandCall&, const CommandCall&) = default;
};
void showValue(const CommandCall& call, std::ostream& out);

/// What a command takes.
///   SET key value [NX|XX] [GET]    a word in capitals stands for itself, in any case, as does a number; the first one is the name
///   key, value, seconds, ...       arguments of that sort: see argument() for all
///   counted-keys, counted-fields   a number, and mostly as many of them
///   [a|b c]                        options: one of them, none, sometimes two; those side by side come in any order
///   (key value)+                   one to four times
struct Grammar {
  std::string_view syntax;
  int weight = 1;
};

/// The string commands, the generic ones on single keys and on many, and those about databases.
std::span<const Grammar> string_grammars();
std::span<const Grammar> key_grammars();
std::span<const Grammar> database_grammars();
/// Those that make keys die, and the ones that show it.
std::span<const Grammar> deadline_grammars();

struct CallMix {
  /// Of a hundred calls, how many are made malformed: an argument is lost, doubled, added or replaced by junk.
  unsigned malformed_percent = 0;
  /// Of a hundred numbers and times, how many are at or beyond what the command allows.
  unsigned borderline_percent = 0;
  /// Of a hundred deadlines, how many have passed already.
  unsigned past_percent = 0;
};

/// Calls of all the commands in `tables`.
rc::Gen<CommandCall> calls(std::initializer_list<std::span<const Grammar>> tables, CallMix mix);

}  // namespace inlay::test
