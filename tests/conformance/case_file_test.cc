#include "tests/conformance/case_file.h"

#include <gtest/gtest.h>

namespace inlay::conformance {
namespace {

using Argv = std::vector<std::string>;
using Action = Step::Action;

Step only_step(const std::string& line) {
  auto groups = parse_cases("# g\n" + line + "\n");
  EXPECT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].fault, "") << line;
  return groups[0].steps[0];
}

TEST(CaseFile, groups_begin_at_their_titles_and_remarks_are_none) {
  const auto groups = parse_cases(
      "# about this file\n# more about it\n\n# first group (a, b): x => y\nPING => +PONG\n\nPING => +PONG\n"
      "# second\nPING => +PONG\n\n# second\nPING => +PONG\n# a remark at the end\n");
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].name, "first group (a, b): x => y");
  EXPECT_EQ(groups[0].steps.size(), 2u);
  EXPECT_EQ(groups[0].steps[1].line, 7u);
  EXPECT_EQ(groups[1].name, "second");
  EXPECT_EQ(groups[2].name, "second");
}

TEST(CaseFile, lines_before_any_title_are_a_group_too) {
  EXPECT_EQ(parse_cases("PING => +PONG").size(), 1u);
  EXPECT_TRUE(parse_cases("# nothing\n\n").empty());
}

TEST(CaseFile, a_command_has_arguments_and_a_reply) {
  const Step step = only_step(R"(SET "a\x00b => c" "" d => +OK)");
  EXPECT_EQ(step.action, Action::kCommand);
  EXPECT_EQ(step.session, 1);
  EXPECT_EQ(step.argv, (Argv{"SET", std::string("a\0b => c", 8), "", "d"}));
  EXPECT_TRUE(step.expected.matches(Reply::ok()));
}

TEST(CaseFile, the_space_at_the_end_of_an_error_stays) {
  EXPECT_TRUE(
      only_step("FOO bar => -ERR unknown command 'FOO', with args beginning with: 'bar' ")
          .expected.matches(Reply::error("ERR unknown command 'FOO', with args beginning with: 'bar' ")));
}

TEST(CaseFile, a_remark_after_the_reply_is_left_out) {
  EXPECT_TRUE(only_step("BLPOP l 0.1 => (nil-array)   ; blocked ~0.1s").expected.matches(Reply::nil_array()));
  EXPECT_TRUE(only_step("GET k => -ERR no   ; at all").expected.matches(Reply::error("ERR no")));
  EXPECT_TRUE(only_step("GET k => \"a;b\" ; x").expected.matches(Reply::bulk("a;b")));
}

TEST(CaseFile, sessions_have_prefixes) {
  const Step step = only_step("c12: GET k => \"v\"");
  EXPECT_EQ(step.session, 12);
  EXPECT_EQ(step.argv, (Argv{"GET", "k"}));
  EXPECT_EQ(only_step("copy: x => any").argv, (Argv{"copy:", "x"}));
}

TEST(CaseFile, waiting_messages_and_silence) {
  EXPECT_TRUE(only_step("c2: BLPOP l 0 => (blocks)").blocks);
  const Step message = only_step("c3: <- [\"message\", \"ch\", \"x\"]");
  EXPECT_EQ(message.action, Action::kMessage);
  EXPECT_EQ(message.session, 3);
  EXPECT_EQ(message.expected.items().size(), 3u);
  EXPECT_EQ(only_step("c2: <- (no message)").action, Action::kNoMessage);
  EXPECT_EQ(only_step("<- (nil)").session, 1);
}

TEST(CaseFile, time_passes) {
  const Step step = only_step("SLEEP 40 ms");
  EXPECT_EQ(step.action, Action::kSleep);
  EXPECT_EQ(step.sleep, std::chrono::milliseconds(40));
}

TEST(CaseFile, a_line_that_is_not_understood_is_the_fault_of_its_group_alone) {
  for (const char* line :
       {"GET k", "GET k => ", "=> +OK", "GET \"k => +OK", "GET k => \"a\" \"b\"", "GET k => OK", "<- "}) {
    const auto groups =
        parse_cases("# good\nPING => +PONG\n\n# bad\n" + std::string(line) + "\n\n# good\nPING => +PONG\n");
    ASSERT_EQ(groups.size(), 3u) << line;
    EXPECT_EQ(groups[0].fault, "") << line;
    EXPECT_NE(groups[1].fault.find("line 5"), std::string::npos) << line;
    EXPECT_EQ(groups[2].fault, "") << line;
  }
}

}  // namespace
}  // namespace inlay::conformance
