#include "api/shell/line_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "inlay/reply.h"

namespace inlay::shell {
namespace {

using Words = std::vector<std::string>;

TEST(LineParser, words_are_parted_by_blanks) {
  EXPECT_EQ(split_words("SET a 1"), (Words{"SET", "a", "1"}));
  EXPECT_EQ(split_words("  SET \t a  1\r"), (Words{"SET", "a", "1"}));
  EXPECT_EQ(split_words("\v\fGET a\v"), (Words{"GET", "a\v"}));
}

TEST(LineParser, blank_line_has_no_words) {
  EXPECT_EQ(split_words(""), Words{});
  EXPECT_EQ(split_words(" \t\r"), Words{});
}

TEST(LineParser, double_quotes_know_escapes) {
  EXPECT_EQ(split_words(R"("a b" "\n\r\t\b\a" "\\\"" "\x41\xfF")"),
            (Words{"a b", "\n\r\t\b\a", "\\\"", "A\xff"}));
  EXPECT_EQ(split_words(R"("\q\x4\xg0")"), (Words{"qx4xg0"}));
  EXPECT_EQ(split_words(R"("\x00")"), (Words{std::string(1, '\0')}));
  EXPECT_EQ(split_words(R"("")"), (Words{""}));
}

TEST(LineParser, single_quotes_know_only_the_escaped_quote) {
  EXPECT_EQ(split_words(R"('a b' 'it\'s' '\n\\ ' '"')"), (Words{"a b", "it's", "\\n\\\\ ", "\""}));
}

TEST(LineParser, quotes_may_begin_inside_a_word) {
  EXPECT_EQ(split_words(R"(a"b c" d'e')"), (Words{"ab c", "de"}));
}

TEST(LineParser, unbalanced_quotes_are_refused) {
  for (const char* line :
       {"\"a", "'a", "\"a\\", "\"a\\\"", "'a\\'", "\"", "'", "GET \"a\"b", "'a'b", "\"a\"\"b\""}) {
    EXPECT_EQ(split_words(line), std::nullopt) << line;
  }
}

TEST(LineParser, escapes_outside_quotes_are_plain) {
  EXPECT_EQ(split_words(R"(a\n \x41)"), (Words{"a\\n", "\\x41"}));
}

TEST(LineParser, session_is_cut_off) {
  EXPECT_EQ(split_session("c2: GET a").session, 2);
  EXPECT_EQ(split_session("c2: GET a").text, " GET a");
  EXPECT_EQ(split_session(" c15:GET a").session, 15);
  EXPECT_EQ(split_session("c3:").text, "");
}

TEST(LineParser, other_lines_are_of_session_zero) {
  for (const char* line :
       {"", "c", "c2", "GET a", "c: GET", "c-1: GET", "cx: GET", "c1234567: GET", "C2: GET", "c2 : GET"}) {
    EXPECT_EQ(split_session(line).session, 0) << line;
    EXPECT_EQ(split_session(line).text, line);
  }
}

// What redis-cli prints of any bytes can be typed again.
RC_GTEST_PROP(LineParser, quoted_bytes_read_back, (const std::vector<std::string>& values)) {
  std::string line;
  for (const std::string& value : values) line += inlay::quoted(value) + ' ';
  RC_ASSERT(split_words(line) == values);
}

// Single quotes hold any bytes too, except a backslash in front of a quote or of the end.
RC_GTEST_PROP(LineParser, single_quoted_bytes_read_back, (std::string value)) {
  std::erase(value, '\\');
  std::string line = "'";
  for (const char c : value) line += c == '\'' ? std::string("\\'") : std::string(1, c);
  RC_ASSERT(split_words(line + "'") == Words{value});
}

// No line crashes, and a refused line has a quote in it.
RC_GTEST_PROP(LineParser, any_line_is_read, ()) {
  const auto line =
      *rc::gen::container<std::string>(rc::gen::element(' ', '"', '\'', '\\', 'x', '4', 'n', 'c', ':'));
  if (!split_words(split_session(line).text)) RC_ASSERT(line.find_first_of("'\"") != std::string::npos);
}

}  // namespace
}  // namespace inlay::shell
