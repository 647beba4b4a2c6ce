#include "tests/conformance/runner.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "tests/conformance/inlay_target.h"

namespace inlay::conformance {
namespace {

using std::chrono::milliseconds;

// Answers from a script: what each command gives, and what comes afterwards without being asked.
struct Script {
  std::map<std::string, std::deque<Reply>> replies;  // By the command's name.
  milliseconds passed{0};
  int sessions = 0;
};

class ScriptedClient final : public Client {
 public:
  explicit ScriptedClient(Script& script) : script_(script) {}
  void send(const std::vector<std::string>& argv) override {
    for (const Reply& reply : script_.replies[argv[0]]) arrived_.push_back(reply);
  }
  Nullable<Reply> receive(Wait) override {
    if (arrived_.empty()) return std::optional<Reply>();
    Reply reply = arrived_.front();
    arrived_.pop_front();
    return reply;
  }

 private:
  Script& script_;
  std::deque<Reply> arrived_;
};

class ScriptedTarget final : public Target {
 public:
  explicit ScriptedTarget(Script& script) : script_(script) {}
  Result<std::unique_ptr<Client>> connect() override {
    ++script_.sessions;
    return std::make_unique<ScriptedClient>(script_);
  }
  void let_pass(milliseconds time) override { script_.passed += time; }

 private:
  Script& script_;
};

// "" if the group passes, otherwise "where|expected|actual".
std::string outcome(Script script, const std::string& lines) {
  ScriptedTarget target(script);
  const auto failure = run_group(parse_cases("# g\n" + lines).at(0), target);
  return failure.has_value() ? failure->where + "|" + failure->expected + "|" + failure->actual : "";
}

Reply pmessage(const char* pattern, const char* payload = "x") {
  return Reply::array(
      {Reply::bulk("pmessage"), Reply::bulk(pattern), Reply::bulk("ch"), Reply::bulk(payload)});
}

TEST(Runner, the_first_line_that_differs_is_named) {
  const Script script{.replies = {{"GET", {Reply::bulk("v")}}, {"TTL", {Reply::integer(-1)}}}};
  EXPECT_EQ(outcome(script, "GET k => \"v\"\nTTL k => (integer) in -1..5\n"), "");
  EXPECT_EQ(outcome(script, "GET k => \"v\"\nTTL k => (integer) 5\nGET k => (nil)\n"),
            "line 3: TTL k => (integer) 5|(integer) 5|(integer) -1");
}

TEST(Runner, the_two_nils_do_not_pass_for_each_other) {
  EXPECT_NE(outcome({.replies = {{"LPOP", {Reply::nil_array()}}}}, "LPOP k => (nil)\n"), "");
  EXPECT_NE(outcome({.replies = {{"LPOP", {Reply::nil()}}}}, "LPOP k 1 => (nil-array)\n"), "");
}

TEST(Runner, a_command_that_answers_does_not_block) {
  EXPECT_EQ(outcome({}, "c2: BLPOP l 0 => (blocks)\nc2: <- (no message)\n"), "");
  EXPECT_NE(outcome({.replies = {{"BLPOP", {Reply::nil_array()}}}}, "BLPOP l 0 => (blocks)\n"), "");
}

TEST(Runner, a_missing_and_an_unwanted_message_are_failures) {
  const Script script{.replies = {{"SUBSCRIBE", {Reply::bulk("s"), Reply::bulk("m")}}}};
  EXPECT_EQ(outcome(script, "SUBSCRIBE ch => \"s\"\n<- \"m\"\n<- (no message)\n"), "");
  EXPECT_EQ(outcome(script, "SUBSCRIBE ch => \"s\"\n<- (no message)\n"),
            "line 3: <- (no message)|(no message)|\"m\"");
  EXPECT_EQ(outcome(script, "SUBSCRIBE ch => \"s\"\n<- \"m\"\n<- \"m\"\n"),
            "line 4: <- \"m\"|\"m\"|(no message)");
  EXPECT_EQ(outcome({}, "GET k => \"v\"\n"), "line 2: GET k => \"v\"|\"v\"|(no message)");
}

TEST(Runner, one_message_by_several_patterns_comes_in_any_order) {
  const char lines[] =
      "SUB => +OK\n<- [\"pmessage\", \"*h\", \"ch\", \"x\"]\n<- [\"pmessage\", \"c*\", \"ch\", \"x\"]\n";
  EXPECT_EQ(outcome({.replies = {{"SUB", {Reply::ok(), pmessage("*h"), pmessage("c*")}}}}, lines), "");
  EXPECT_EQ(outcome({.replies = {{"SUB", {Reply::ok(), pmessage("c*"), pmessage("*h")}}}}, lines), "");
  EXPECT_NE(outcome({.replies = {{"SUB", {Reply::ok(), pmessage("c*"), pmessage("c*")}}}}, lines), "");
  EXPECT_NE(outcome({.replies = {{"SUB", {Reply::ok(), pmessage("c*")}}}}, lines), "");
}

TEST(Runner, different_messages_keep_their_order) {
  const char lines[] =
      "SUB => +OK\n<- [\"pmessage\", \"*h\", \"ch\", \"1\"]\n<- [\"pmessage\", \"*h\", \"ch\", \"2\"]\n";
  EXPECT_EQ(outcome({.replies = {{"SUB", {Reply::ok(), pmessage("*h", "1"), pmessage("*h", "2")}}}}, lines),
            "");
  EXPECT_NE(outcome({.replies = {{"SUB", {Reply::ok(), pmessage("*h", "2"), pmessage("*h", "1")}}}}, lines),
            "");
}

TEST(Runner, time_passes_and_sessions_are_opened_once) {
  Script script{.replies = {{"PING", {Reply::ok()}}}};
  ScriptedTarget target(script);
  const auto groups =
      parse_cases("# g\nPING => +OK\nSLEEP 40 ms\nc2: PING => +OK\nPING => +OK\nSLEEP 2 ms\n");
  EXPECT_FALSE(run_group(groups[0], target).has_value());
  EXPECT_EQ(script.passed, milliseconds(42));
  EXPECT_EQ(script.sessions, 2);
}

TEST(Runner, a_line_that_is_not_understood_fails_its_group) { EXPECT_NE(outcome({}, "PING\n"), ""); }

// Against a real store: the clock is moved, never waited for.
TEST(InlayTarget, keys_die_when_the_case_sleeps) {
  auto target = open_inlay_target();
  ASSERT_TRUE(target.ok()) << target.status();
  const auto groups = parse_cases(
      "# g\nSET k v PX 3600000 => +OK\nSET j v => +OK\nc2: TTL k => (integer) in 3599..3600\nSLEEP 3599999 "
      "ms\n"
      "c3: EXISTS k => (integer) 1\nSLEEP 1 ms\nEXISTS k => (integer) 0\nGET j => \"v\"\n");
  const auto failure = run_group(groups[0], **target);
  EXPECT_FALSE(failure.has_value()) << failure->where << " gave " << failure->actual;
}

TEST(InlayTarget, a_wrong_case_fails) {
  auto target = open_inlay_target();
  ASSERT_TRUE(target.ok()) << target.status();
  const auto groups = parse_cases("# g\nSET k v => +OK\nGET k => (nil)\n");
  const auto failure = run_group(groups[0], **target);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->where, "line 3: GET k => (nil)");
  EXPECT_EQ(failure->actual, "\"v\"");
}

}  // namespace
}  // namespace inlay::conformance
