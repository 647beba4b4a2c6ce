// Recorded cases: a text file of commands and the replies that a Redis gave.
//
//   # name of the group              each group starts from an empty store and fresh sessions
//   SET k "a\x00b" => +OK            command => reply; see expectation.h for the notation of replies
//   c2: BLPOP l 0 => (blocks)        session 2 (1 is the one without a prefix) now waits
//   c2: <- ["l", "a"]                session 2 reads a reply that it waits for, or a message pushed to it
//   c2: <- (no message)              there is none
//   SLEEP 40 ms                      time passes
//   BLPOP l 0.1 => (nil-array)   ; a remark
//
// Arguments are separated by spaces; those in double quotes may hold \xHH \n \r \t \" \\. Lines of '#' that no
// command follows are remarks on the file.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/expectation.h"

namespace inlay::conformance {

/// What one line asks for.
struct Step {
  enum class Action : unsigned char { kCommand, kMessage, kNoMessage, kSleep };

  Action action = Action::kCommand;
  size_t line = 0;   // Counted from 1.
  std::string text;  // The whole line.
  int session = 1;
  std::vector<std::string> argv;
  bool blocks = false;
  Expectation expected;  // Of the reply or the message.
  std::chrono::milliseconds sleep{0};
};

struct Group {
  std::string name;
  std::vector<Step> steps;
  /// What the reader did not understand; empty if all is well. Such a group cannot pass.
  std::string fault;
};

std::vector<Group> parse_cases(std::string_view text);

}  // namespace inlay::conformance
