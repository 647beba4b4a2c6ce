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

// Answers that are texts for people: redis-cli prints their bytes as they are.
bool answers_text(std::span<const std::string> words) {
  if (equals_ignoring_case(words[0], "info") || equals_ignoring_case(words[0], "lolwut")) return true;
  if (words.size() < 2) return false;
  static constexpr std::string_view kTextSubcommands[][2] = {
      {"client", "list"},         {"client", "info"},    {"memory", "doctor"},
      {"memory", "malloc-stats"}, {"latency", "doctor"}, {"latency", "graph"},
  };
  for (const auto& [container, name] : kTextSubcommands) {
    if (equals_ignoring_case(words[0], container) && equals_ignoring_case(words[1], name)) return true;
  }
  return false;
}

// The number before a command, which asks for so many runs. Nothing if there is none; 0 if it makes no sense.
std::optional<long> repeat_count(std::span<const std::string> words) {
  if (words.size() < 2 || words[0].empty()) return std::nullopt;
  const char* const end = words[0].data() + words[0].size();
  long count = 0;
  const auto [after, error] = std::from_chars(words[0].data(), end, count);
  if (after != end || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc() && count > 0 ? count : 0;
}

bool is_hello(std::span<const std::string> words, std::string_view version) {
  return words.size() >= 2 && equals_ignoring_case(words[0], "hello") && words[1] == version;
}

}  // namespace

Interpreter::Outcome Interpreter::run(std::string_view line, Print print) {
  const auto [number, text] = split_session(line);
  const std::optional<std::vector<std::string>> words = split_words(text);
  if (!words) {
    print("Invalid argument(s)\n");
    return Outcome::kRefused;
  }
  return run(number, *words, print);
}

Interpreter::Outcome Interpreter::run(int number, std::span<const std::string> words, Print print) {
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
  while (repeats-- > 0) outcome = execute(client(number), words, print);
  return outcome;
}

Interpreter::Outcome Interpreter::execute(Client& client, std::span<const std::string> words, Print print) {
  const std::vector<std::string_view> argv(words.begin(), words.end());
  Reply reply = client.session.execute(argv);
  if (!reply.is_error() && is_hello(words, "2")) client.resp3 = false;
  if (!reply.is_error() && is_hello(words, "3")) client.resp3 = true;
  if (!reply.text().empty() && answers_text(words)) {
    print(std::string(reply.text()) + (reply.is_error() ? "\n" : ""));
  } else {
    print((client.resp3 ? reply : reply.resp2()).to_string() + '\n');
  }
  return reply.is_error() ? Outcome::kRefused : Outcome::kDone;
}

Interpreter::Client& Interpreter::client(int number) {
  const auto found = clients_.find(number);
  if (found != clients_.end()) return found->second;
  return clients_.emplace(number, Client{Session(store_)}).first->second;
}

}  // namespace inlay::shell
