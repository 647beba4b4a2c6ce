// Interpreter: runs typed lines as the sessions of one store and prints what redis-cli would print.
#pragma once

#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::shell {

/// Thread-compatible. The store must outlive it.
class Interpreter {
 public:
  using Print = absl::FunctionRef<void(std::string_view text)>;
  enum class Outcome {
    kDone,
    kRefused,  // The answer was an error.
    kQuit,     // The line asks to leave.
  };

  explicit Interpreter(Store& store) : store_(store) {}

  /// Runs one line: "GET a", "c2: GET a" as session 2, "3 INCR a" three times, "help SET", "quit".
  /// Prints every answer with its newline, and behind it what it made the sessions be pushed, in order of their numbers;
  /// a blank line prints nothing. `stop` ends repetitions, and the wait of a command that waits: it answers an error.
  Outcome run(std::string_view line, Print print, const std::stop_token& stop = {});
  /// Runs one command of session 0 that is split into words already.
  Outcome run(std::span<const std::string> words, Print print) { return run(0, words, print, {}); }

  /// The database that session 0 has selected.
  int database() { return session(0).database(); }

 private:
  Outcome run(int number, std::span<const std::string> words, Print print, const std::stop_token& stop);
  Outcome execute(Session& session, std::span<const std::string> words, Print print,
                  const std::stop_token& stop);
  void print_pushes(Print print);
  Session& session(int number);

  Store& store_;
  std::map<int, Session> sessions_;
};

}  // namespace inlay::shell
