// inlay_conformance: replays recorded cases and tells which groups go as they did on a Redis 7.0.15.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/commands/command.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/conformance/case_file.h"
#include "tests/conformance/inlay_target.h"
#include "tests/conformance/redis_target.h"
#include "tests/conformance/runner.h"

namespace inlay::conformance {
namespace {

constexpr char kUsage[] =
    "usage: inlay_conformance [options] FILE...\n"
    "  --list           print the names of the groups and end\n"
    "  --only TEXT      only groups whose name contains TEXT\n"
    "  --implemented    skip groups that use a command or a setting which this build does not have\n"
    "  --redis          replay against a redis-server instead: checks the replay itself\n"
    "Exit status: 0 if no group failed, 1 if one did, 2 if nothing could be replayed.\n";

// Some recorded replies hold on a server only most of the time: of a millisecond's course, or of its hash seed.
constexpr int kRedisAttempts = 6;

struct Arguments {
  bool list = false, implemented = false, redis = false;
  std::string only;
  std::vector<std::string> files;
};

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--list") {
      arguments.list = true;
    } else if (word == "--implemented") {
      arguments.implemented = true;
    } else if (word == "--redis") {
      arguments.redis = true;
    } else if (word == "--only" && i + 1 < argc) {
      arguments.only = argv[++i];
    } else if (word.starts_with("-")) {
      return std::nullopt;
    } else {
      arguments.files.emplace_back(word);
    }
  }
  if (arguments.files.empty()) return std::nullopt;
  return arguments;
}

// Whether the store takes a setting that a Redis took; Inlay's settings grow with the features that they rule.
bool takes_setting(const Step& step) {
  const Reply* reply = step.expected.exact();
  const std::vector<Bytes> argv(step.argv.begin(), step.argv.end());
  if (argv.empty() || reply == nullptr || *reply != Reply::ok() || find_command(argv)->name != "config|set")
    return true;
  auto store = Store::open({.background = Background::kManual});
  return store.ok() && !Session(**store).execute(argv).is_error();
}

// The first call that this build cannot make; nullopt if it can make them all. A line that was recorded to show an
// unknown command does not count.
std::optional<std::string> missing_feature(const Group& group) {
  for (const Step& step : group.steps) {
    const Reply* reply = step.expected.exact();
    if (step.argv.empty() || (reply != nullptr && reply->text().starts_with("ERR unknown command"))) continue;
    const std::vector<Bytes> argv(step.argv.begin(), step.argv.end());
    if (find_command(argv) == nullptr) return step.argv[0];
    if (!takes_setting(step)) return step.text;
  }
  return std::nullopt;
}

class Replay {
 public:
  explicit Replay(const Arguments& arguments) : arguments_(arguments) {}

  void run(const Group& group) {
    if (group.name.find(arguments_.only) == std::string::npos) return;
    if (arguments_.list) {
      std::printf("%s\n", group.name.c_str());
      return;
    }
    if (arguments_.implemented) {
      if (const auto missing = missing_feature(group)) {
        std::printf("SKIP %s (%s)\n", group.name.c_str(), missing->c_str());
        ++skipped_;
        return;
      }
    }
    std::optional<Failure> failure = run_on_fresh_target(group);
    for (int left = kRedisAttempts; arguments_.redis && failure.has_value() && --left > 0;) {
      failure = run_on_fresh_target(group);
    }
    ++(failure.has_value() ? failed_ : passed_);
    std::printf("%s %s\n", failure.has_value() ? "FAIL" : "PASS", group.name.c_str());
    if (failure.has_value()) {
      std::printf("  %s\n  expected: %s\n  actual:   %s\n", failure->where.c_str(), failure->expected.c_str(),
                  failure->actual.c_str());
    }
    std::fflush(stdout);
  }

  int finish() const {
    if (arguments_.list) return 0;
    if (arguments_.implemented)
      std::printf("%d skipped: this build does not have all their commands and settings\n", skipped_);
    std::printf("%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  std::optional<Failure> run_on_fresh_target(const Group& group) const {
    auto target = arguments_.redis ? open_redis_target() : open_inlay_target();
    if (!target.ok())
      return Failure{"before the first line", "a store", std::string(target.status().message())};
    return run_group(group, **target);
  }

  const Arguments& arguments_;
  int passed_ = 0, failed_ = 0, skipped_ = 0;
};

int run(const Arguments& arguments) {
  Replay replay(arguments);
  for (const std::string& file : arguments.files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::fprintf(stderr, "inlay_conformance: cannot read %s\n", file.c_str());
      return 2;
    }
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const Group& group : parse_cases(text)) replay.run(group);
  }
  return replay.finish();
}

}  // namespace
}  // namespace inlay::conformance

int main(int argc, char** argv) {
  const auto arguments = inlay::conformance::parse(argc, argv);
  if (!arguments.has_value()) {
    std::fputs(inlay::conformance::kUsage, stderr);
    return 2;
  }
  return inlay::conformance::run(*arguments);
}
