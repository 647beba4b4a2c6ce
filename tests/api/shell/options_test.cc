#include "api/shell/options.h"

#include <gtest/gtest.h>

namespace inlay::shell {
namespace {

using Words = std::vector<std::string>;

struct Options : testing::Test {
  Options() {
    reader.add("--keys", &keys, 1, 20'000'000);
    reader.add("--seconds", &seconds, 0.5, 10.0);
    reader.add_flag("--uniform", &uniform);
  }
  // What the program would say, without reading further.
  std::string complaint(const Words& arguments) {
    reader.read(arguments);
    testing::internal::CaptureStderr();
    const bool wrong = reader.complain();
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_EQ(wrong, !text.empty());
    return text.substr(0, text.find('\n'));
  }

  uint64_t keys = 7;
  double seconds = 5;
  bool uniform = false;
  OptionReader reader{"inlay bench"};
};

TEST_F(Options, absent_options_keep_defaults) {
  EXPECT_EQ(reader.read({}), Words{});
  EXPECT_EQ(keys, 7u);
  EXPECT_FALSE(reader.given("--keys"));
  EXPECT_FALSE(reader.complain());
}

TEST_F(Options, values_follow_or_are_joined_by_equals) {
  const Words arguments{"file", "--keys", "3", "--seconds=2.5", "--uniform", "--", "--keys"};
  EXPECT_EQ(reader.read(arguments), (Words{"file", "--keys"}));
  EXPECT_EQ(keys, 3u);
  EXPECT_EQ(seconds, 2.5);
  EXPECT_TRUE(uniform);
  EXPECT_TRUE(reader.given("--keys"));
}

TEST_F(Options, letters_scale_whole_numbers) {
  reader.read(Words{"--keys", "10M"});
  EXPECT_EQ(keys, 10'000'000u);
  reader.read(Words{"--keys=2k"});
  EXPECT_EQ(keys, 2'000u);
}

TEST_F(Options, help_is_always_known) {
  reader.read(Words{"--help"});
  EXPECT_TRUE(reader.wants_help());
}

TEST_F(Options, unknown_name_is_named) {
  EXPECT_EQ(complaint({"--kes=1"}), "inlay bench: unknown option '--kes'");
}
TEST_F(Options, missing_value_is_named) {
  EXPECT_EQ(complaint({"--keys"}), "inlay bench: --keys needs a value");
}
TEST_F(Options, flag_with_value_is_refused) {
  EXPECT_EQ(complaint({"--uniform=1"}), "inlay bench: --uniform takes no value");
}
TEST_F(Options, first_mistake_counts) {
  EXPECT_EQ(complaint({"--nope", "--keys"}), "inlay bench: unknown option '--nope'");
}

TEST_F(Options, bad_numbers_are_refused) {
  for (const char* text : {"", "0", "x", "3x", "-1", "1.5", "20000001", "21M", "99999999999999999999",
                           "9999999999999999G", " 3"}) {
    OptionReader one("inlay bench");
    one.add("--keys", &keys, 1, 20'000'000);
    one.read(Words{"--keys", text});
    testing::internal::CaptureStderr();
    EXPECT_TRUE(one.complain()) << text;
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "inlay bench: --keys takes a number from 1 to 20000000, not '" + std::string(text) +
                  "'\nTry 'inlay bench --help'.\n");
  }
  EXPECT_EQ(keys, 7u);
  for (const char* text : {"", "nan", "inf", "0.4", "1e9", "2s"}) {
    OptionReader one("inlay bench");
    one.add("--seconds", &seconds, 0.5, 10.0);
    one.read(Words{"--seconds", text});
    testing::internal::CaptureStderr();
    EXPECT_TRUE(one.complain()) << text;
    testing::internal::GetCapturedStderr();
  }
  EXPECT_EQ(seconds, 5);
}

}  // namespace
}  // namespace inlay::shell
