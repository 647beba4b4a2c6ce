// How libFuzzer changes scripts. Without libFuzzer nobody calls this.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "api/commands/command.h"
#include "fuzz/script.h"

// libFuzzer's own mutations of bytes, its dictionary among them. Absent from a plain build.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace inlay::fuzz {
namespace {

using Words = std::vector<std::string>;

size_t below(Random& random, size_t bound) { return random() % std::max<size_t>(bound, 1); }

template <class List>
const auto& pick(const List& list, Random& random) {
  return list[below(random, std::size(list))];
}

// Few keys, so that calls meet. What an argument is called tells what it should be; the first part that occurs in the
// name decides.
const std::vector<std::pair<std::string_view, Words>>& arguments() {
  static const Words kKeys{"a", "b", "c", "dd", "", "e"};
  static const Words kTimes{
      "0", "1", "2", "100", "1000000", "-1", "1767225600", "1767225600000", "9223372036854775807"};
  static const Words kNumbers{"0",
                              "1",
                              "-1",
                              "2",
                              "3",
                              "-2",
                              "7",
                              "10",
                              "100",
                              "-100",
                              "1000",
                              "9223372036854775807",
                              "-9223372036854775808",
                              "4294967296"};
  static const Words kScores{"0", "1", "-1", "2", "2.5", "-0", "1e3", "inf", "-inf", "nan", "1e308", "0.1"};
  static const Words kBounds{"0", "-1", "1", "3", "(1", "(2.5", "-inf", "+inf", "[a", "(b", "-", "+", "[10"};
  static const Words kPatterns{"*", "a*", "[a-c]", "?", "*b*", "b*->a", "#", "nosort", "\\*"};
  static const std::vector<std::pair<std::string_view, Words>> kArguments{
      {"int", kNumbers},
      {"ms", kTimes},
      {"float", {"1", "-1", "0.25", "10", "1e3", "inf", "nan"}},
      {"bound", {"0", "-1", "1", "3", "(1", "(2.5", "-inf", "+inf"}},
      {"lex", {"[a", "(b", "-", "+", "[10", "["}},
      {"timeout", {"0", "1", "0.01", "-1"}},
      {"seconds", kTimes},
      {"time", kTimes},
      {"score", kScores},
      {"weight", kScores},
      {"increment", {"1", "-1", "0.25", "10", "1e3", "9223372036854775807", "inf", "nan"}},
      {"min", kBounds},
      {"max", kBounds},
      {"pattern", kPatterns},
      {"parameter",
       {"hash-max-listpack-entries", "hash-max-listpack-value", "list-max-listpack-size",
        "set-max-intset-entries", "zset-max-listpack-entries", "zset-max-listpack-value",
        "notify-keyspace-events", "maxmemory*"}},
      {"channel", {"ch", "a", "c*"}},
      {"type", {"string", "list", "set", "zset", "hash"}},
      {"db", {"0", "1", "2"}},
      {"count", kNumbers},
      {"cursor", kNumbers},
      {"start", kNumbers},
      {"stop", kNumbers},
      {"end", kNumbers},
      {"index", kNumbers},
      {"offset", kNumbers},
      {"rank", kNumbers},
      {"limit", kNumbers},
      {"len", kNumbers},
      {"num", kNumbers},
      {"key", kKeys},
      {"source", kKeys},
      {"destination", kKeys},
  };
  return kArguments;
}

// Writes a call word by word from its syntax, in which [..] is optional, [.. ...] repeats, and | parts alternatives.
class Caller {
 public:
  explicit Caller(Random& random) : random_(random) {}

  Line take() && { return std::move(line_); }

  void add(std::string_view syntax) {
    while (!syntax.empty()) {
      if (syntax.front() == ' ') {
        syntax.remove_prefix(1);
      } else if (syntax.front() == '[') {
        const size_t end = end_of_group(syntax);
        add_group(syntax.substr(1, end - 1));
        syntax.remove_prefix(std::min(end + 1, syntax.size()));
      } else {
        const size_t end = std::min(syntax.find(' '), syntax.size());
        const std::vector<std::string_view> choices = split(syntax.substr(0, end), '|');
        add_word(pick(choices, random_));
        syntax.remove_prefix(end);
      }
    }
  }

 private:
  static size_t end_of_group(std::string_view syntax) {
    int depth = 0;
    for (size_t i = 0; i < syntax.size(); ++i) {
      depth += syntax[i] == '[' ? 1 : syntax[i] == ']' ? -1 : 0;
      if (depth == 0) return i;
    }
    return syntax.size();
  }

  void add_group(std::string_view group) {
    if (group.ends_with(" ...")) {
      group.remove_suffix(4);
      size_t times = counted_ > 0 ? counted_ - 1 : below(random_, 4);
      while (times-- > 0) add(group);
      counted_ = 0;
    } else if (below(random_, 3) == 0) {
      const bool nested = group.find('[') != std::string_view::npos;
      const std::vector<std::string_view> choices = split(group, '|');
      add(nested ? group : pick(choices, random_));
    }
  }

  void add_word(std::string_view name) {
    if (name == "numkeys" || name == "numfields") {
      counted_ = 1 + below(random_, 3);
      line_.push_back(std::to_string(counted_));
      return;
    }
    const bool literal = std::ranges::none_of(name, [](unsigned char c) { return std::islower(c) != 0; });
    line_.push_back(literal ? std::string(name) : argument_for(name, random_));
  }

  Random& random_;
  Line line_;
  // How many of what follows the call has announced; 0: nothing.
  size_t counted_ = 0;
};

void change_bytes(std::string& word) {
  constexpr size_t kRoom = 64;
  if (LLVMFuzzerMutate == nullptr) return;
  const size_t size = word.size();
  word.resize(size + kRoom);
  word.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(word.data()), size, word.size()));
}

void change_words(Line& line, Random& random) {
  constexpr std::string_view kNames[] = {"key", "value", "count", "min", "score", "seconds", "pattern"};
  const size_t at = 1 + below(random, line.size());
  const auto place = line.begin() + static_cast<std::ptrdiff_t>(std::min(at, line.size()));
  const std::string fresh = argument_for(pick(kNames, random), random);
  if (place == line.end()) {
    line.push_back(fresh);
    return;
  }
  switch (below(random, 4)) {
    case 0: line.insert(place, fresh); break;
    case 1: line.erase(place); break;
    case 2: *place = fresh; break;
    default: change_bytes(*place);
  }
}

void change_lines(std::vector<Line>& lines, Random& random, const std::function<Line(Random&)>& fresh_line) {
  const auto place = lines.begin() + static_cast<std::ptrdiff_t>(below(random, lines.size() + 1));
  const size_t kind = below(random, 8);
  if (place == lines.end() || kind < 3) {
    lines.insert(place, fresh_line(random));
  } else if (kind == 3) {
    lines.erase(place);
  } else if (kind == 4) {
    Line copy = *place;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(below(random, lines.size())), std::move(copy));
  } else if (kind == 5) {
    std::swap(*place, lines[below(random, lines.size())]);
  } else {
    change_words(*place, random);
  }
}

}  // namespace

std::string argument_for(std::string_view name, Random& random) {
  static const Words kValues{"a",
                             "b",
                             "c",
                             "d",
                             "1",
                             "2",
                             "10",
                             "-5",
                             "3.5",
                             "007",
                             "",
                             "value",
                             std::string(70, 'x'),
                             std::string("\0\xff", 2)};
  for (const auto& [part, choices] : arguments()) {
    if (name.find(part) != std::string_view::npos) return pick(choices, random);
  }
  return pick(kValues, random);
}

Line call_of(std::string_view syntax, Random& random) {
  Caller caller(random);
  caller.add(syntax);
  return std::move(caller).take();
}

Line any_call(Random& random) {
  const Command& command = *pick(all_commands(), random);
  std::string syntax(command.name);
  std::ranges::replace(syntax, '|', ' ');
  absl::AsciiStrToUpper(&syntax);
  return call_of(syntax.append(" ").append(command.spec.syntax), random);
}

size_t mutate_script(char* data, size_t size, size_t size_max, unsigned seed,
                     const std::function<Line(Random&)>& fresh_line) {
  Random random(seed);
  std::vector<Line> lines = read_script({data, size});
  do {
    change_lines(lines, random, fresh_line);
  } while (below(random, 3) != 0);
  std::string text = write_script(lines);
  // Whole lines only.
  if (text.size() > size_max) text.resize(text.rfind('\n', size_max - 1) + 1);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace inlay::fuzz
