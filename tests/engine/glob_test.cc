#include "engine/glob.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/glob_model.h"

namespace inlay {
namespace {

TEST(Glob, literals_compare_bytewise_and_case_sensitively) {
  EXPECT_TRUE(glob_match("abc", "abc"));
  EXPECT_FALSE(glob_match("abc", "ABC"));
  EXPECT_FALSE(glob_match("abc", "abcd"));
  EXPECT_FALSE(glob_match("abcd", "abc"));
  EXPECT_TRUE(glob_match(std::string("a\0b", 3), std::string("a\0b", 3)));
  EXPECT_FALSE(glob_match("é", "e"));
}

TEST(Glob, question_mark_takes_one_byte) {
  EXPECT_TRUE(glob_match("h?llo", "hello"));
  EXPECT_FALSE(glob_match("h?llo", "hllo"));
  EXPECT_FALSE(glob_match("?", "é"));  // Two bytes.
}

TEST(Glob, star_takes_any_run) {
  EXPECT_TRUE(glob_match("*", "anything"));
  EXPECT_TRUE(glob_match("h*llo", "hllo"));
  EXPECT_TRUE(glob_match("h*llo", "heeeello"));
  EXPECT_TRUE(glob_match("**", "a"));
  EXPECT_TRUE(glob_match("a**b", "ab"));
  EXPECT_TRUE(glob_match("a*", "a"));
  EXPECT_TRUE(glob_match("*a*b*", "xaxbx"));
  EXPECT_FALSE(glob_match("*a*b", "xbxa"));
}

TEST(Glob, empty_text_matches_the_empty_pattern_alone) {
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_FALSE(glob_match("*", ""));
  EXPECT_FALSE(glob_match("a", ""));
  EXPECT_FALSE(glob_match("", "a"));
}

TEST(Glob, sets_hold_members_and_ranges) {
  EXPECT_TRUE(glob_match("h[ae]llo", "hallo"));
  EXPECT_FALSE(glob_match("h[ae]llo", "hillo"));
  EXPECT_TRUE(glob_match("h[^e]llo", "hallo"));
  EXPECT_FALSE(glob_match("h[^e]llo", "hello"));
  EXPECT_TRUE(glob_match("h[a-b]llo", "hbllo"));
  EXPECT_FALSE(glob_match("h[a-b]llo", "hcllo"));
  EXPECT_TRUE(glob_match("[a-c-e]", "-"));
}

TEST(Glob, exclamation_mark_is_an_ordinary_member) {
  EXPECT_TRUE(glob_match("[!e]", "!"));
  EXPECT_TRUE(glob_match("[!e]", "e"));
  EXPECT_FALSE(glob_match("[!e]", "a"));
}

TEST(Glob, reversed_range_holds_the_same_bytes) {
  EXPECT_TRUE(glob_match("[e-a]", "c"));
  EXPECT_FALSE(glob_match("[e-a]", "f"));
}

TEST(Glob, range_bytes_compare_as_signed_numbers) {
  EXPECT_TRUE(glob_match("[\x80-a]", "A"));
  EXPECT_FALSE(glob_match("[a-\xff]", "b"));
}

TEST(Glob, empty_sets) {
  EXPECT_TRUE(glob_match("[^]x", "ax"));
  EXPECT_FALSE(glob_match("[]x", "ax"));
  EXPECT_FALSE(glob_match("[]", "]"));
  EXPECT_FALSE(glob_match("[", "["));
  EXPECT_TRUE(glob_match("[^", "a"));
}

TEST(Glob, unterminated_set_ends_with_the_pattern) {
  EXPECT_TRUE(glob_match("[ab", "a"));
  EXPECT_TRUE(glob_match("[ab", "b"));
  EXPECT_FALSE(glob_match("[ab", "c"));
  EXPECT_TRUE(glob_match("x[a-", "xa"));
  EXPECT_TRUE(glob_match("x[a-", "x-"));
}

TEST(Glob, backslash_takes_the_next_byte_literally) {
  EXPECT_TRUE(glob_match("\\*", "*"));
  EXPECT_FALSE(glob_match("\\*", "a"));
  EXPECT_TRUE(glob_match("\\\\", "\\"));
  EXPECT_TRUE(glob_match("[\\]]", "]"));
  EXPECT_TRUE(glob_match("[\\^a]", "^"));
  EXPECT_TRUE(glob_match("a\\", "a\\"));  // A trailing one matches itself.
}

// Calls visit(word) for every word over `alphabet` of at most `length_max` bytes.
template <class Visit>
void for_each_word(std::string_view alphabet, size_t length_max, const Visit& visit, std::string word = "") {
  visit(word);
  if (word.size() == length_max) return;
  for (const char letter : alphabet) for_each_word(alphabet, length_max, visit, word + letter);
}

TEST(Glob, all_short_patterns_agree_with_the_recursive_model) {
  for_each_word("ab*?[]^-\\", 5, [](const std::string& pattern) {
    for_each_word("a]-", 3, [&](const std::string& text) {
      if (glob_match(pattern, text) != model_glob_match(pattern, text))
        ADD_FAILURE() << pattern << " on " << text;
    });
  });
}

// Longer ones, over few bytes so that matches are common.
RC_GTEST_PROP(Glob, long_patterns_agree_with_the_recursive_model, ()) {
  const auto word = [](std::string alphabet) {
    return rc::gen::container<std::string>(rc::gen::elementOf(alphabet));
  };
  const std::string pattern = *rc::gen::resize(15, word("aab*?[]^-\\!c\x80\xff"));
  const auto texts =
      *rc::gen::container<std::vector<std::string>>(100, rc::gen::resize(15, word("aab]^-\\*!c\x90")));
  for (const std::string& text : texts)
    RC_ASSERT(glob_match(pattern, text) == model_glob_match(pattern, text));
}

// Time is bounded by pattern x text however many stars there are; by plain recursion this would outlive us.
TEST(Glob, many_stars_stay_fast) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  const std::string text(20'000, 'a');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_match(pattern + "b", text));
  EXPECT_TRUE(glob_match(pattern, text));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace inlay
