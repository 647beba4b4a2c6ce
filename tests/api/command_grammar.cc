#include "tests/api/command_grammar.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

#include "inlay/reply.h"

namespace inlay::test {
namespace {

using Words = std::vector<std::string>;

constexpr Grammar kStrings[] = {
    {"SET key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-seconds|PXAT "
     "unix-milliseconds|KEEPTTL]",
     8},
    {"SET key value", 4},
    {"GET key", 3},
    {"GETDEL key"},
    {"GETEX key [EX seconds|PX milliseconds|EXAT unix-seconds|PXAT unix-milliseconds|PERSIST]", 3},
    {"GETSET key value"},
    {"SETNX key value"},
    {"SETEX key seconds value"},
    {"PSETEX key milliseconds value"},
    {"STRLEN key"},
    {"APPEND key value", 3},
    {"GETRANGE key position position", 2},
    {"SUBSTR key position position"},
    {"SETRANGE key offset value", 3},
    {"INCR key", 2},
    {"DECR key"},
    {"INCRBY key integer", 2},
    {"DECRBY key integer", 2},
    {"INCRBYFLOAT key float", 3},
    {"MGET key+", 2},
    {"MSET (key value)+", 2},
    {"MSETNX (key value)+"},
    {"LCS key key [LEN] [IDX] [MINMATCHLEN small] [WITHMATCHLEN]", 2},
};

constexpr Grammar kKeys[] = {
    {"SET key value [EX seconds|PXAT unix-milliseconds]", 6},
    {"INCR key"},
    {"DEL key+"},
    {"UNLINK key+"},
    {"EXISTS key+"},
    {"TOUCH key+"},
    {"TYPE key"},
    {"EXPIRE key seconds [NX|XX] [GT|LT]", 3},
    {"PEXPIRE key milliseconds [NX|XX] [GT|LT]", 2},
    {"EXPIREAT key unix-seconds [NX|XX] [GT|LT]", 2},
    {"PEXPIREAT key unix-milliseconds [NX|XX] [GT|LT]", 2},
    {"PERSIST key", 2},
    {"TTL key"},
    {"PTTL key"},
    {"EXPIRETIME key"},
    {"PEXPIRETIME key"},
    {"RENAME key key", 3},
    {"RENAMENX key key", 2},
    {"COPY key key [DB db] [REPLACE]", 3},
    {"KEYS pattern"},
    {"SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]", 2},
    {"RANDOMKEY"},
    {"DBSIZE"},
    {"OBJECT ENCODING key", 2},
    {"OBJECT REFCOUNT key"},
    {"OBJECT IDLETIME key"},
    {"OBJECT FREQ key"},
    {"MEMORY USAGE key [SAMPLES small]"},
};

constexpr Grammar kDatabases[] = {
    {"SELECT db", 4},
    {"MOVE key db", 3},
    {"COPY key key [DB db] [REPLACE]", 3},
    {"SWAPDB db db", 2},
    {"DBSIZE"},
    {"FLUSHDB [ASYNC|SYNC]"},
    {"FLUSHALL [ASYNC|SYNC]"},
    {"SET key value", 6},
    {"GET key"},
    {"ECHO value"},
    {"PING"},
    {"PING value"},
};

constexpr Grammar kDeadlines[] = {
    {"SET key value [NX|XX] [GET] [EXAT unix-seconds|PXAT unix-milliseconds|KEEPTTL]", 8},
    {"GETEX key [EXAT unix-seconds|PXAT unix-milliseconds|PERSIST]", 2},
    {"EXPIRE key seconds [NX|XX] [GT|LT]", 2},
    {"EXPIREAT key unix-seconds [NX|XX] [GT|LT]", 3},
    {"PEXPIREAT key unix-milliseconds [NX|XX] [GT|LT]", 3},
    {"PERSIST key"},
    {"TTL key"},
    {"PEXPIRETIME key"},
    {"DBSIZE", 3},
    {"KEYS pattern"},
    {"EXISTS key+"},
    {"SCAN cursor"},
    {"RANDOMKEY"},
    {"INCR key"},
    {"APPEND key value"},
    {"SETRANGE key offset value"},
    {"GETSET key value"},
    {"GETDEL key"},
    {"SETNX key value"},
    {"MSETNX (key value)+"},
    {"MGET key+"},
    {"RENAME key key", 2},
    {"RENAMENX key key"},
    {"COPY key key [REPLACE]", 2},
    {"MOVE key db"},
    {"DEL key+"},
};

// ------------------------------------------------------------------------------------------ single arguments

bool chance(unsigned percent) { return percent > 0 && *rc::gen::inRange(0u, 100u) < percent; }

std::string pick(std::initializer_list<std::string_view> texts) {
  return std::string(*rc::gen::elementOf(std::vector<std::string_view>(texts)));
}

std::string number_between(int64_t low, int64_t high) {
  // Not shrunk: times that became equal would make GT and LT depend on the millisecond.
  return std::to_string(*rc::gen::noShrink(rc::gen::resize(1000, rc::gen::inRange<int64_t>(low, high))));
}

std::string bytes(size_t size) {
  return *rc::gen::container<std::string>(size, rc::gen::resize(1000, rc::gen::inRange<char>(-128, 127)));
}

std::string junk() {
  return pick({"",
               "abc",
               "1.5",
               "+5",
               "007",
               "-0",
               " 10",
               "10 ",
               "1e3",
               "0x10",
               "nan",
               "NX",
               "xx",
               "GET",
               "9223372036854775808",
               "-9223372036854775809",
               "99999999999999999999999",
               "--1",
               "-",
               "*",
               std::string_view("1\0", 2)});
}

std::string integer(unsigned borderline_percent) {
  if (chance(borderline_percent)) {
    return chance(40) ? junk()
                      : pick({"9223372036854775807", "-9223372036854775808", "9223372036854775806",
                              "-9223372036854775807", "2147483647", "2147483648", "-2147483649", "4294967295",
                              "0", "-1"});
  }
  return pick({"0", "1", "-1", "2", "5", "10", "-10", "100", "9999", "10000", "-3"});
}

std::string float_text(unsigned borderline_percent) {
  if (chance(borderline_percent)) {
    return pick({"inf",    "-inf",   "+Inf",    "Infinity", "nan",    "1e400", "1e4931",
                 "1e5000", "1e-400", "1e-5000", "-1e18",    "",       " 1",    "1 ",
                 "0x1p4",  "0x.8p1", ".5",      "5.",       "1e",     "--1",   "1.5.1",
                 "abc",    "+1",     "-0",      "-0.0",     "1e17",   "1e18",  "99999999999999999999",
                 "0.1e1",  "1_0",    "1e+2",    "0X1F",     "infinit"});
  }
  return pick({"0", "1", "-1", "0.1", "0.2", "-0.3", "1.5", "3.0", "10.50", "5.0e3", "2.0e2", "1e-7",
               "0.000000000000000001", "123456789.123456789", "-4.1", "1e15"});
}

std::string value_text() {
  switch (*rc::gen::inRange(0, 8)) {
    case 0: return pick({"", "a", "v", "hello", "Hello World", "ohmytext", "mynewtext", "abcabcabc"});
    case 1: return integer(30);
    case 2: return float_text(30);
    case 3: return std::string(static_cast<size_t>(*rc::gen::inRange(0, 70)), 'x');
    case 4: return bytes(static_cast<size_t>(*rc::gen::inRange(0, 12)));
    case 5:
      return std::string(static_cast<size_t>(*rc::gen::elementOf(
                             std::vector{39, 40, 43, 44, 45, 64, 127, 128, 255, 256, 700})),
                         'y');
    case 6: return junk();
    default: return pick({"0", "1", "9", "10", "9999", "10000", "12345678901", "-7", "5.25", "1e5"});
  }
}

std::string key_text() {
  return pick({"k0", "k1", "k2", "k3", "k4", "k5", "k0", "k1", "k2", "", std::string_view("k\0\xff\r\n", 5),
               "a key of more than sixteen bytes"});
}

// Relative spans are so long and so far apart that a test's own running time decides nothing.
std::string seconds(const CallMix& mix) {
  if (chance(mix.past_percent))
    return pick({"0", "-1", "-100000", "-9223372036854775", "-9223372036854775807"});
  if (chance(mix.borderline_percent)) {
    return chance(40) ? junk()
                      : pick({"9223372036854775807", "9223372036854775", "9223372036854776",
                              "-9223372036854775808", "0", "-1", "9223370000000000"});
  }
  return number_between(100000, 1000000000);
}

std::string milliseconds(const CallMix& mix) {
  if (chance(mix.past_percent)) return pick({"0", "-1", "-100000", "-9223372036854775807"});
  if (chance(mix.borderline_percent)) {
    return chance(40) ? junk()
                      : pick({"9223372036854775807", "9223370000000000000", "-9223372036854775808", "0", "-1",
                              "9223372036854770000"});
  }
  return number_between(100000000, 1000000000000);
}

std::string unix_seconds(const CallMix& mix) {
  if (chance(mix.past_percent)) return pick({"1", "1000", "1000000000"});
  if (chance(mix.borderline_percent)) {
    return chance(40) ? junk()
                      : pick({"9223372036854775807", "9223372036854775", "9223372036854776",
                              "-9223372036854775808", "0", "-1", "-9223372036854775"});
  }
  return pick({"4102444800", "4102444801", "5000000000", "9223372036854775", "4294967296"});
}

std::string unix_milliseconds(const CallMix& mix) {
  if (chance(mix.past_percent)) return pick({"1", "1000", "1500", "1000000000000"});
  if (chance(mix.borderline_percent)) {
    return chance(40)
               ? junk()
               : pick({"9223372036854775807", "-9223372036854775808", "0", "-1", "9223372036854775806"});
  }
  return pick({"4102444800000", "4102444800499", "4102444800500", "5000000000123", "9223372036854775807"});
}

std::string offset(unsigned borderline_percent) {
  // Nothing between, so that no call makes a string of megabytes.
  if (chance(borderline_percent)) {
    return chance(50) ? junk() : pick({"-1", "536870912", "9223372036854775807", "-9223372036854775808"});
  }
  return std::to_string(*rc::gen::inRange(0, 70));
}

std::string glob() {
  if (*rc::gen::arbitrary<bool>()) {
    return pick({"*", "k*",  "?0", "k?", "k[0-2]", "k[^0]", "k[2-0]", "k[!0]",    "k\\0", "k[0",
                 "[", "k[]", "**", "",   "\\",     "k[^]",  "[k]*",   "k[\\0-1]", "K*",   "*0*"});
  }
  return *rc::gen::container<std::string>(static_cast<size_t>(*rc::gen::inRange(1, 7)),
                                          rc::gen::elementOf(std::string("k012*?[]^-\\!")));
}

std::string in_some_case(std::string_view word) {
  std::string text(word);
  const int style = *rc::gen::inRange(0, 4);
  for (size_t i = 0; i < text.size(); ++i) {
    if (style == 2 || (style == 3 && i % 2 == 1))
      text[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
  }
  return text;
}

// Few enough that calls meet; some beyond what a packed block takes.
std::string member_text() {
  switch (*rc::gen::inRange(0, 10)) {
    case 0: return pick({"", "abc", "field", std::string_view("m\0\xff", 3)});
    case 1: return pick({"1", "01", "+1", "-0", "1.0", "9223372036854775807", "-9223372036854775808"});
    case 2: return std::string(static_cast<size_t>(*rc::gen::elementOf(std::vector{63, 64, 65, 200})), 'm');
    case 3:
    case 4: return pick({"-70000", "40000", "3000000000", "-5", "127", "128", "300", "255", "65536", "2"});
    default: return pick({"a", "b", "c", "d", "e", "f", "aa", "ab"});
  }
}

std::string score_text(unsigned borderline_percent) {
  if (chance(borderline_percent)) {
    return pick({"inf",
                 "-inf",
                 "+inf",
                 "nan",
                 "1e308",
                 "-1e308",
                 "1e309",
                 "1e-400",
                 "0x10",
                 ".5",
                 "5.",
                 "",
                 " 1",
                 "abc",
                 "-0",
                 "-0.0",
                 "3.0000000000000004",
                 "9007199254740993",
                 "1e17",
                 "1e21",
                 "0.1e1"});
  }
  return pick({"0", "1", "2", "3", "-1", "1.5", "2.25", "10", "100", "-7.5", "0.1", "0.2", "1e3"});
}

std::string score_bound(unsigned borderline_percent) {
  const std::string score = chance(borderline_percent) ? pick({"(", "((1", "1e400", "-1e400", "(1e400"})
                                                       : score_text(borderline_percent);
  if (chance(15)) return pick({"-inf", "+inf", "(-inf", "(+inf"});
  return chance(30) ? "(" + score : score;
}

std::string lex_bound(unsigned borderline_percent) {
  if (chance(borderline_percent)) return pick({"a", "", "+a", "-inf", "[", "(", "++"});
  if (chance(30)) return pick({"-", "+"});
  return pick({"[", "("}) + member_text();
}

std::string argument(std::string_view sort, const CallMix& mix) {
  const unsigned borderline = mix.borderline_percent;
  if (sort == "key") return key_text();
  if (sort == "value") return value_text();
  if (sort == "integer" || sort == "position") return integer(borderline);
  if (sort == "float") return float_text(borderline);
  if (sort == "offset") return offset(borderline);
  if (sort == "digit") return pick({"0", "1", "2", "3", "4"});
  if (sort == "sort-pattern") return pick({"k*", "k*->a", "k*->", "#", "*", "nosort", "->a", "k*k*"});
  if (sort == "member" || sort == "field" || sort == "element") return member_text();
  if (sort == "score") return score_text(borderline);
  if (sort == "score-bound") return score_bound(borderline);
  if (sort == "lex-bound") return lex_bound(borderline);
  if (sort == "side") return in_some_case(pick({"LEFT", "RIGHT"}));
  if (sort == "end") return in_some_case(pick({"MIN", "MAX"}));
  if (sort == "where") return in_some_case(pick({"BEFORE", "AFTER"}));
  if (sort == "weight")
    return chance(borderline) ? score_text(100) : pick({"0", "1", "2", "-1", "0.5", "inf"});
  if (sort == "seconds") return seconds(mix);
  if (sort == "milliseconds") return milliseconds(mix);
  if (sort == "unix-seconds") return unix_seconds(mix);
  if (sort == "unix-milliseconds") return unix_milliseconds(mix);
  if (sort == "small") return chance(borderline) ? integer(100) : pick({"0", "1", "2", "3", "4"});
  if (sort == "pattern") return glob();
  if (sort == "cursor")
    return chance(borderline) ? pick({"abc", " 0", "18446744073709551616", "0x", "-", "1.0"}) : "0";
  if (sort == "count")
    return chance(borderline) ? pick({"0", "-1", "abc", "1.0", ""}) : pick({"1000", "100000"});
  // As many as there are, so that what is drawn is all; or none.
  if (sort == "whole-count")
    return chance(borderline) ? pick({"0", "abc", "1.0", "", "-9223372036854775808", "9223372036854775808"})
                              : pick({"1000", "100000", "4611686018427387904", "9223372036854775807"});
  if (sort == "type") return pick({"string", "STRING", "list", "zset", "nosuchtype", ""});
  if (sort == "db") {
    if (chance(borderline)) {
      return chance(30) ? junk()
                        : pick({"16", "-1", "15", "2147483648", "-2147483649", "9223372036854775807"});
    }
    return pick({"0", "0", "1", "2"});
  }
  RC_FAIL("no such sort of argument: " + std::string(sort));
}

// ------------------------------------------------------------------------------------------------- whole calls

// Reads a Grammar's syntax and makes one call of it.
class Maker {
 public:
  Maker(std::string_view syntax, const CallMix& mix) : rest_(syntax), mix_(mix) {}

  Words make() {
    Words argv = sequence("");
    RC_ASSERT(rest_.empty());
    return argv;
  }

 private:
  // Up to one of `ends`, which is left.
  Words sequence(std::string_view ends) {
    Words words;
    std::vector<Words> options;
    const auto flush = [&] {
      while (!options.empty()) {
        const auto i = *rc::gen::inRange<size_t>(0, options.size());
        words.insert(words.end(), options[i].begin(), options[i].end());
        options.erase(options.begin() + static_cast<std::ptrdiff_t>(i));
      }
    };
    for (skip_spaces(); !rest_.empty() && ends.find(rest_[0]) == std::string_view::npos; skip_spaces()) {
      if (rest_[0] == '[') {
        option(options);
        continue;
      }
      flush();
      rest_[0] == '(' ? repeat_group(words) : word(words);
    }
    flush();
    return words;
  }

  void option(std::vector<Words>& options) {
    std::vector<Words> alternatives;
    do {
      rest_.remove_prefix(1);  // "[" or "|"
      alternatives.push_back(sequence("|]"));
    } while (rest_[0] == '|');
    rest_.remove_prefix(1);
    for (int picks = *rc::gen::weightedElement<int>({{12, 0}, {10, 1}, {1, 2}}); picks > 0; --picks) {
      options.push_back(*rc::gen::elementOf(alternatives));
    }
  }

  void repeat_group(Words& words) {
    const std::string_view start = rest_.substr(1);
    for (int times = *rc::gen::inRange(1, 5); times > 0; --times) {
      rest_ = start;
      const Words once = sequence(")");
      words.insert(words.end(), once.begin(), once.end());
    }
    rest_.remove_prefix(2);  // ")+"
  }

  void word(Words& words) {
    const std::string_view text = rest_.substr(0, rest_.find_first_of(" |])+"));
    rest_.remove_prefix(text.size());
    const bool repeated = rest_.starts_with("+");
    if (repeated) rest_.remove_prefix(1);
    // "counted-keys": how many, then the keys.
    constexpr std::string_view kCounted = "counted-";
    if (text.starts_with(kCounted)) {
      const int count = *rc::gen::inRange(1, 4);
      const int said = chance(mix_.borderline_percent) ? *rc::gen::inRange(-1, 6) : count;
      words.push_back(std::to_string(said));
      for (int i = 0; i < count; ++i)
        words.push_back(argument(text.substr(kCounted.size(), 3) == "key" ? "key" : "field", mix_));
      return;
    }
    for (int times = repeated ? *rc::gen::inRange(1, 5) : 1; times > 0; --times) {
      const auto first = static_cast<unsigned char>(text[0]);
      const bool itself = std::isupper(first) || std::isdigit(first);
      words.push_back(itself ? in_some_case(text) : argument(text, mix_));
    }
  }

  void skip_spaces() {
    while (rest_.starts_with(" ")) rest_.remove_prefix(1);
  }

  std::string_view rest_;
  const CallMix& mix_;
};

void spoil(Words& argv) {
  const auto place = [&](size_t from) {
    return argv.begin() + static_cast<std::ptrdiff_t>(*rc::gen::inRange(from, argv.size()));
  };
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      if (argv.size() > 1) argv.erase(place(1));
      break;
    case 1:
      if (argv.size() > 1) argv.insert(place(1), *place(1));
      break;
    case 2:
      argv.push_back(
          chance(50) ? junk() : pick({"NX", "XX", "GT", "LT", "EX", "PX", "KEEPTTL", "REPLACE", "DB", "1"}));
      break;
    case 3:
      argv[0] = chance(60) ? junk()
                           : pick({"nosuchcommand", "a\r\nb", std::string_view("a\0b", 3), "\xff\xfe",
                                   "two words", std::string(126, 'n'), std::string(200, 'n')});
      break;
    default:
      if (argv.size() > 1) *place(1) = junk();
  }
}

}  // namespace

void showValue(const CommandCall& call, std::ostream& out) {
  for (size_t i = 0; i < call.argv.size(); ++i) {
    const std::string& word = call.argv[i];
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
      return c > ' ' && c < 127 && c != '"' && c != '\\';
    });
    out << (i == 0 ? "" : " ") << (plain ? word : inlay::quoted(word));
  }
}

std::span<const Grammar> string_grammars() { return kStrings; }
std::span<const Grammar> key_grammars() { return kKeys; }
std::span<const Grammar> database_grammars() { return kDatabases; }
std::span<const Grammar> deadline_grammars() { return kDeadlines; }

rc::Gen<CommandCall> calls(std::initializer_list<std::span<const Grammar>> tables, CallMix mix) {
  std::vector<std::string_view> drawn;  // Each as often as its weight says.
  for (const auto table : tables) {
    for (const Grammar& grammar : table)
      drawn.insert(drawn.end(), static_cast<size_t>(grammar.weight), grammar.syntax);
  }
  return rc::gen::exec([drawn, mix] {
    CommandCall call{Maker(*rc::gen::elementOf(drawn), mix).make()};
    if (chance(mix.malformed_percent)) spoil(call.argv);
    return call;
  });
}

}  // namespace inlay::test
