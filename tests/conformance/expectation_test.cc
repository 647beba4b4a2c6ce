#include "tests/conformance/expectation.h"

#include <gtest/gtest.h>

namespace inlay::conformance {
namespace {

Expectation notation(std::string_view text) {
  Scanner scanner(text);
  auto expectation = Expectation::read(scanner);
  EXPECT_TRUE(expectation.ok()) << text << ": " << expectation.status();
  EXPECT_EQ(scanner.rest(), "") << text;
  return expectation.ok() ? *expectation : Expectation::exactly(Reply::error("unread"));
}

bool refuses(std::string_view text) {
  Scanner scanner(text);
  return !Expectation::read(scanner).ok();
}

Reply bulks(std::initializer_list<const char*> texts) {
  Reply::Items items;
  for (const char* text : texts) items.push_back(Reply::bulk(text));
  return Reply::array(std::move(items));
}

TEST(Expectation, each_notation_matches_its_own_kind_and_no_other) {
  const std::pair<const char*, Reply> pairs[] = {
      {"+OK", Reply::simple("OK")},
      {"-OK", Reply::error("OK")},
      {"\"OK\"", Reply::bulk("OK")},
      {"(integer) 1", Reply::integer(1)},
      {"\"1\"", Reply::bulk("1")},
      {"(nil)", Reply::nil()},
      {"(nil-array)", Reply::nil_array()},
      {"\"\"", Reply::bulk("")},
      {"[]", Reply::array({})},
      {"[(nil)]", Reply::array({Reply::nil()})},
      {"[(nil-array)]", Reply::array({Reply::nil_array()})},
      {"[[]]", Reply::array({Reply::array({})})},
  };
  for (const auto& [text, own] : pairs) {
    for (const auto& [other_text, reply] : pairs) {
      EXPECT_EQ(notation(text).matches(reply), own == reply) << text << " against " << to_notation(reply);
    }
    EXPECT_EQ(to_notation(own), text);
    EXPECT_EQ(notation(text).to_string(), text);
  }
}

TEST(Expectation, an_array_is_refused_for_order_number_and_nesting) {
  const Expectation expected = notation("[\"a\", \"b\", [(integer) 1, \"c\"]]");
  const Reply inner = Reply::array({Reply::integer(1), Reply::bulk("c")});
  EXPECT_TRUE(expected.matches(Reply::array({Reply::bulk("a"), Reply::bulk("b"), inner})));
  EXPECT_FALSE(expected.matches(Reply::array({Reply::bulk("b"), Reply::bulk("a"), inner})));
  EXPECT_FALSE(expected.matches(Reply::array({Reply::bulk("a"), Reply::bulk("b")})));
  EXPECT_FALSE(expected.matches(Reply::array({Reply::bulk("a"), Reply::bulk("b"), inner, inner})));
  EXPECT_FALSE(expected.matches(
      Reply::array({Reply::bulk("a"), Reply::bulk("b"), Reply::integer(1), Reply::bulk("c")})));
}

TEST(Expectation, sorted_compares_as_a_multiset) {
  const Expectation expected = notation("sorted[\"a\", \"b\", \"a\"]");
  EXPECT_TRUE(expected.matches(bulks({"b", "a", "a"})));
  EXPECT_FALSE(expected.matches(bulks({"b", "a", "b"})));
  EXPECT_FALSE(expected.matches(bulks({"b", "a"})));
  EXPECT_FALSE(expected.matches(Reply::nil_array()));
  EXPECT_TRUE(notation("sorted[]").matches(Reply::array({})));
  EXPECT_TRUE(
      notation("[\"0\", sorted[\"a\", \"b\"]]").matches(Reply::array({Reply::bulk("0"), bulks({"b", "a"})})));
}

TEST(Expectation, sorted_gives_a_narrow_item_what_a_wide_one_could_take) {
  const Expectation expected = notation("sorted[any, (integer) in 1..5, (integer) 3]");
  EXPECT_TRUE(expected.matches(Reply::array({Reply::integer(3), Reply::integer(4), Reply::bulk("x")})));
  EXPECT_FALSE(expected.matches(Reply::array({Reply::integer(9), Reply::integer(4), Reply::bulk("x")})));
}

TEST(Expectation, pairs_keep_field_and_value_together) {
  const Expectation expected = notation("pairs[\"f\", \"1\", \"g\", \"2\"]");
  EXPECT_TRUE(expected.matches(bulks({"g", "2", "f", "1"})));
  EXPECT_FALSE(expected.matches(bulks({"f", "2", "g", "1"})));
  EXPECT_FALSE(expected.matches(bulks({"f", "1", "2", "g"})));
  EXPECT_FALSE(expected.matches(bulks({"f", "1"})));
  EXPECT_TRUE(notation("pairs[\"f\"=\"1\", \"g\" => \"2\"]").matches(bulks({"g", "2", "f", "1"})));
  EXPECT_TRUE(refuses("pairs[\"f\"]"));
  EXPECT_TRUE(refuses("[\"f\"=\"1\"]"));
}

TEST(Expectation, ranges_hold_both_ends) {
  const Expectation expected = notation("(integer) in -1..2");
  for (const int64_t inside : {-1, 0, 2}) EXPECT_TRUE(expected.matches(Reply::integer(inside)));
  for (const int64_t outside : {-2, 3}) EXPECT_FALSE(expected.matches(Reply::integer(outside)));
  EXPECT_FALSE(expected.matches(Reply::bulk("1")));
  EXPECT_EQ(expected.to_string(), "(integer) in -1..2");
}

TEST(Expectation, length_counts_items_or_bytes) {
  EXPECT_TRUE(notation("length(2)").matches(bulks({"x", "y"})));
  EXPECT_FALSE(notation("length(2)").matches(bulks({"x"})));
  EXPECT_TRUE(notation("length(2)").matches(Reply::bulk("xy")));
  EXPECT_FALSE(notation("length(0)").matches(Reply::nil_array()));
  EXPECT_FALSE(notation("length(0)").matches(Reply::nil()));
}

TEST(Expectation, any_matches_everything_with_or_without_an_example) {
  for (const char* text :
       {"any", "(any)", "(any; e.g. [\"0\", [\"a)\", \"(c\"]])", "(any; e.g. (integer) 3)"}) {
    EXPECT_TRUE(notation(text).matches(Reply::nil())) << text;
    EXPECT_TRUE(notation(text).matches(Reply::error("ERR"))) << text;
  }
}

TEST(Expectation, escapes_are_undone) {
  EXPECT_TRUE(notation(R"("a\x00\xfF\n\r\t\"\\")").matches(Reply::bulk(std::string("a\0\xff\n\r\t\"\\", 8))));
  EXPECT_EQ(notation(R"("a\x00\xff\n")").to_string(), R"("a\x00\xff\n")");
  EXPECT_TRUE(refuses("\"never ends"));
  EXPECT_TRUE(refuses("\"\\xg0\""));
}

TEST(Expectation, error_texts_keep_their_spaces_and_commas) {
  EXPECT_TRUE(notation("-ERR unknown command 'FOO', with args beginning with: 'x' ")
                  .matches(Reply::error("ERR unknown command 'FOO', with args beginning with: 'x' ")));
  const Expectation nested = notation("[+OK, -ERR NX and XX, GT or LT options, \"a\", -ERR, +Q]");
  EXPECT_TRUE(nested.matches(Reply::array({Reply::ok(), Reply::error("ERR NX and XX, GT or LT options"),
                                           Reply::bulk("a"), Reply::error("ERR"), Reply::simple("Q")})));
}

TEST(Expectation, what_is_no_notation_is_refused) {
  for (const char* text :
       {"", "OK", "(integer) x", "(integer) in 1-2", "[\"a\"", "[\"a\" \"b\"]", "(null)", "length(x)"}) {
    EXPECT_TRUE(refuses(text)) << text;
  }
}

}  // namespace
}  // namespace inlay::conformance
