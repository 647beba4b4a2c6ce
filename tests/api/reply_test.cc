#include "inlay/reply.h"

#include <gtest/gtest.h>

namespace inlay {
namespace {

using Items = Reply::Items;

Reply word(const char* text) { return Reply::bulk(text); }

TEST(Reply, scalars_print_as_redis_cli_prints_them) {
  EXPECT_EQ(Reply::ok().to_string(), "OK");
  EXPECT_EQ(Reply::error("ERR no").to_string(), "(error) ERR no");
  EXPECT_EQ(Reply::integer(-3).to_string(), "(integer) -3");
  EXPECT_EQ(Reply::nil().to_string(), "(nil)");
  EXPECT_EQ(Reply::nil_array().to_string(), "(nil)");
  EXPECT_EQ(Reply::boolean(true).to_string(), "(true)");
  EXPECT_EQ(Reply::real(0.1).to_string(), "(double) 0.10000000000000001");
  EXPECT_EQ(Reply::real(1e22).to_string(), "(double) 1e+22");
  EXPECT_EQ(Reply::bulk("a\n\"\\\a\b\x7f\xff").to_string(), R"("a\n\"\\\a\b\x7f\xff")");
}

TEST(Reply, empty_aggregates_name_their_kind) {
  EXPECT_EQ(Reply::array({}).to_string(), "(empty array)");
  EXPECT_EQ(Reply::map({}).to_string(), "(empty hash)");
  EXPECT_EQ(Reply::set({}).to_string(), "(empty set)");
  EXPECT_EQ(Reply::push({}).to_string(), "(empty push)");
}

TEST(Reply, nested_lines_stand_under_their_element) {
  EXPECT_EQ(Reply::array(
                {word("a"), Reply::array({word("b"), Reply::array({Reply::integer(1), Reply::integer(2)})})})
                .to_string(),
            "1) \"a\"\n"
            "2) 1) \"b\"\n"
            "   2) 1) (integer) 1\n"
            "      2) (integer) 2");
}

TEST(Reply, numbers_are_aligned_to_the_right) {
  const std::string text = Reply::array(Items(10, Reply::nil())).to_string();
  EXPECT_TRUE(text.starts_with(" 1) (nil)\n 2) (nil)\n")) << text;
  EXPECT_TRUE(text.ends_with("\n10) (nil)")) << text;
}

// A value of several lines begins below its key; one of a single line stands beside it.
TEST(Reply, maps_print_pairs) {
  const Reply one = Reply::array({word("x")});
  const Reply two = Reply::array({word("x"), word("y")});
  EXPECT_EQ(Reply::map({word("a"), one, word("b"), two}).to_string(),
            "1# \"a\" => 1) \"x\"\n"
            "2# \"b\" => \n"
            "   1) \"x\"\n"
            "   2) \"y\"");
  EXPECT_EQ(Reply::set({word("a"), word("b")}).to_string(), "1~ \"a\"\n2~ \"b\"");
}

TEST(Reply, resp2_has_arrays_and_strings_only) {
  const Reply reply = Reply::map({word("a"), Reply::set({Reply::real(0.5), Reply::boolean(true)})});
  EXPECT_EQ(reply.resp2(), Reply::array({word("a"), Reply::array({word("0.5"), Reply::integer(1)})}));
  EXPECT_EQ(Reply::real(0.1).resp2(), word("0.10000000000000001"));
  EXPECT_EQ(Reply::nil_array().resp2(), Reply::nil_array());
}

}  // namespace
}  // namespace inlay
