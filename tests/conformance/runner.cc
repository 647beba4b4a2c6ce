#include "tests/conformance/runner.h"

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace inlay::conformance {
namespace {

std::string describe(const Nullable<Reply>& reply) {
  if (!reply.ok()) return std::string(reply.status().message());
  return reply->has_value() ? to_notation(**reply) : "(no message)";
}

// Which delivery of which message a pmessage is: [pmessage, pattern, channel, payload]. Nullopt for other steps.
std::optional<std::pair<Reply, Reply>> pattern_delivery(const Step& step) {
  const auto items = step.expected.items();
  if (step.action != Step::Action::kMessage || items.size() != 4) return std::nullopt;
  for (const Expectation& item : items) {
    if (item.exact() == nullptr) return std::nullopt;
  }
  if (items[0].exact()->text() != "pmessage") return std::nullopt;
  return std::pair(*items[2].exact(), *items[3].exact());
}

class GroupRun {
 public:
  explicit GroupRun(Target& target) : target_(target) {}

  std::optional<Failure> run(std::span<const Step> steps) {
    while (!steps.empty()) {
      const size_t count = together(steps);
      if (auto failure = count == 1 ? run_step(steps[0]) : run_deliveries(steps.first(count))) return failure;
      steps = steps.subspan(count);
    }
    return std::nullopt;
  }

 private:
  // A message that several patterns of one session match arrives once for each, in no order that Redis promises:
  // such steps are looked at together.
  static size_t together(std::span<const Step> steps) {
    const auto delivery = pattern_delivery(steps[0]);
    size_t count = 1;
    while (delivery.has_value() && count < steps.size() && steps[count].session == steps[0].session &&
           pattern_delivery(steps[count]) == delivery) {
      ++count;
    }
    return count;
  }

  std::optional<Failure> run_step(const Step& step) {
    if (step.action == Step::Action::kSleep) {
      target_.let_pass(step.sleep);
      return std::nullopt;
    }
    Result<Client*> client = session(step.session);
    if (!client.ok()) return fail(step, "a session", std::string(client.status().message()));
    Wait wait = step.action == Step::Action::kMessage ? Wait::kMessage : Wait::kSilence;
    if (step.action == Step::Action::kCommand) {
      (*client)->send(step.argv);
      if (!step.blocks) wait = Wait::kReply;
    }
    const Nullable<Reply> reply = (*client)->receive(wait);
    if (wait == Wait::kSilence) {
      if (is_nil(reply)) return std::nullopt;
      return fail(step, step.blocks ? "(blocks)" : "(no message)", describe(reply));
    }
    if (reply.ok() && reply->has_value() && step.expected.matches(**reply)) return std::nullopt;
    return fail(step, step.expected.to_string(), describe(reply));
  }

  std::optional<Failure> run_deliveries(std::span<const Step> steps) {
    Result<Client*> client = session(steps[0].session);
    if (!client.ok()) return fail(steps[0], "a session", std::string(client.status().message()));
    std::vector<Expectation> expected;
    std::vector<Reply> replies;
    std::string actual;
    for (const Step& step : steps) {
      const Nullable<Reply> reply = (*client)->receive(Wait::kMessage);
      expected.push_back(step.expected);
      absl::StrAppend(&actual, actual.empty() ? "" : ", ", describe(reply));
      if (!reply.ok() || !reply->has_value()) return fail(step, step.expected.to_string(), actual);
      replies.push_back(**reply);
    }
    if (match_as_sets(expected, replies)) return std::nullopt;
    return fail(steps[0], absl::StrCat("these ", steps.size(), " messages in any order"), actual);
  }

  Result<Client*> session(int number) {
    std::unique_ptr<Client>& client = clients_[number];
    if (client == nullptr) {
      auto connected = target_.connect();
      if (!connected.ok()) return connected.status();
      client = *std::move(connected);
    }
    return client.get();
  }

  static Failure fail(const Step& step, std::string expected, std::string actual) {
    return {absl::StrCat("line ", step.line, ": ", step.text), std::move(expected), std::move(actual)};
  }

  Target& target_;
  std::map<int, std::unique_ptr<Client>> clients_;
};

}  // namespace

std::optional<Failure> run_group(const Group& group, Target& target) {
  if (!group.fault.empty()) return Failure{group.fault, "a line of the format", "something else"};
  return GroupRun(target).run(group.steps);
}

}  // namespace inlay::conformance
