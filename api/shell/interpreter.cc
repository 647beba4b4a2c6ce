#include "api/shell/interpreter.h"

#include <charconv>
#include <optional>
#include <vector>

#include "api/shell/grammar.h"
#include "api/shell/help.h"
#include "api/shell/line_parser.h"
#include "inlay/reply.h"

namespace inlay::shell {
namespace {

// INFO answers a text for people: redis-cli prints its bytes as they are, and its errors bare.
bool answers_text(std::span<const std::string> words) { return equals_ignoring_case(words[0], "info"); }

// The number before a command, which asks for so many runs. Nothing if there is none; 0 if it makes no sense.
std::optional<long> repeat_count(std::span<const std::string> words) {
  if (words.size() < 2 || words[0].empty()) return std::nullopt;
  const char* const end = words[0].data() + words[0].size();
  long count = 0;
  const auto [after, error] = std::from_chars(words[0].data(), end, count);
  if (after != end || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc() && count > 0 ? count : 0;
}

}  // namespace

Interpreter::Outcome Interpreter::run(std::string_view line, Print print, const std::stop_token& stop) {
  const auto [number, text] = split_session(line);
  const std::optional<std::vector<std::string>> words = split_words(text);
  if (!words) {
    print("Invalid argument(s)\n");
    return Outcome::kRefused;
  }
  return run(number, *words, print, stop);
}

Interpreter::Outcome Interpreter::run(int number, std::span<const std::string> words, Print print,
                                      const std::stop_token& stop) {
  if (words.empty()) return Outcome::kDone;
  long repeats = 1;
  if (const std::optional<long> count = repeat_count(words)) {
    if (*count == 0) {
      print("Invalid repeat count\n");
      return Outcome::kRefused;
    }
    repeats = *count;
    words = words.subspan(1);
  }
  if (equals_ignoring_case(words[0], "quit") || equals_ignoring_case(words[0], "exit")) return Outcome::kQuit;
  if (equals_ignoring_case(words[0], "help") || words[0] == "?") {
    print(help_text(words.subspan(1)));
    return Outcome::kDone;
  }
  Outcome outcome = Outcome::kDone;
  do {
    outcome = execute(session(number), words, print, stop);
    print_pushes(print);
  } while (--repeats > 0 && !stop.stop_requested());
  return outcome;
}

Interpreter::Outcome Interpreter::execute(Session& session, std::span<const std::string> words, Print print,
                                          const std::stop_token& stop) {
  const std::vector<std::string_view> argv(words.begin(), words.end());
  const Reply reply = session.execute(argv, stop);
  if (!answers_text(words)) {
    print(reply.resp2().to_string() + '\n');
  } else if (reply.is_error()) {
    print(std::string(reply.text()) + '\n');
  } else {
    print(reply.text());
  }
  return reply.is_error() ? Outcome::kRefused : Outcome::kDone;
}

void Interpreter::print_pushes(Print print) {
  for (auto& [number, session] : sessions_) {
    while (const std::optional<Reply> push = session.next_push()) print(push->to_string() + '\n');
  }
}

Session& Interpreter::session(int number) {
  const auto found = sessions_.find(number);
  return found != sessions_.end() ? found->second : sessions_.emplace(number, Session(store_)).first->second;
}

}  // namespace inlay::shell
