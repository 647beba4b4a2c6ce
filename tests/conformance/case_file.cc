#include "tests/conformance/case_file.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace inlay::conformance {
namespace {

absl::Status malformed(std::string_view what) { return absl::InvalidArgumentError(std::string(what)); }

// "c12: " in front of a line; session 1 without it.
int take_session(Scanner& scanner) {
  Scanner ahead = scanner;
  if (!ahead.take("c")) return 1;
  const std::optional<int64_t> number = ahead.take_integer();
  if (!number.has_value() || *number < 1 || *number > 1000 || !ahead.take(":")) return 1;
  ahead.skip_spaces();
  scanner = ahead;
  return static_cast<int>(*number);
}

Result<Expectation> read_to_end(Scanner& scanner) {
  Result<Expectation> expected = Expectation::read(scanner);
  if (!expected.ok()) return expected;
  scanner.skip_spaces();
  if (!scanner.at_end() && !scanner.starts_with(";")) return malformed("more than one reply");
  return expected;
}

absl::Status parse_message(Scanner& scanner, Step& step) {
  step.action = Step::Action::kMessage;
  if (scanner.take("(no message)")) {
    step.action = Step::Action::kNoMessage;
    return absl::OkStatus();
  }
  Result<Expectation> expected = read_to_end(scanner);
  if (!expected.ok()) return expected.status();
  step.expected = *std::move(expected);
  return absl::OkStatus();
}

absl::Status parse_command(Scanner& scanner, Step& step) {
  for (scanner.skip_spaces(); !scanner.starts_with("=> "); scanner.skip_spaces()) {
    if (scanner.at_end()) return malformed("no \" => \"");
    if (scanner.starts_with("\"")) {
      std::optional<std::string> argument = scanner.take_quoted();
      if (!argument.has_value()) return malformed("a quoted argument that does not end");
      step.argv.push_back(*std::move(argument));
    } else {
      step.argv.emplace_back(scanner.take_word());
    }
  }
  if (step.argv.empty()) return malformed("no command");
  scanner.take("=> ");
  scanner.skip_spaces();
  step.blocks = scanner.take("(blocks)");
  if (step.blocks) return absl::OkStatus();
  Result<Expectation> expected = read_to_end(scanner);
  if (!expected.ok()) return expected.status();
  step.expected = *std::move(expected);
  return absl::OkStatus();
}

// "SLEEP 40 ms"; leaves a step alone that is none.
bool parse_sleep(std::string_view line, Step& step) {
  Scanner scanner(line);
  if (!scanner.take("SLEEP ")) return false;
  const std::optional<int64_t> ms = scanner.take_integer();
  scanner.skip_spaces();
  if (!ms.has_value() || *ms < 0 || !scanner.take("ms")) return false;
  step.action = Step::Action::kSleep;
  step.sleep = std::chrono::milliseconds(*ms);
  return true;
}

absl::Status parse_step(std::string_view line, Step& step) {
  if (parse_sleep(line, step)) return absl::OkStatus();
  Scanner scanner(line);
  step.session = take_session(scanner);
  return scanner.take("<- ") ? parse_message(scanner, step) : parse_command(scanner, step);
}

std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::vector<Group> parse_cases(std::string_view text) {
  std::vector<Group> groups;
  std::string name = "(no name)";
  bool begun = false;  // Whether the group of this name has a line yet.
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (line.starts_with("#")) {
      Scanner title(line.substr(1));
      title.skip_spaces();
      name = title.rest();
      begun = false;
      continue;
    }
    if (!std::exchange(begun, true)) groups.push_back({.name = name});
    Step step{.line = number, .text = std::string(line)};
    if (const absl::Status status = parse_step(line, step); !status.ok() && groups.back().fault.empty()) {
      groups.back().fault = absl::StrCat("line ", number, ": ", status.message(), ": ", step.text);
    }
    groups.back().steps.push_back(std::move(step));
  }
  return groups;
}

}  // namespace inlay::conformance
