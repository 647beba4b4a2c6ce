// A script on two stores, on one through typed methods where they can say the line, on the other by name: the replies
// and what the stores hold agree after every line. Directives: @advance ms, @maintain.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/commands/command.h"
#include "fuzz/script.h"
#include "fuzz/typed_call.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace {

using inlay::Reply;
using inlay::fuzz::Line;
using inlay::fuzz::TypedCall;

struct Side {
  std::shared_ptr<inlay::ManualClock> clock =
      std::make_shared<inlay::ManualClock>(inlay::from_unix_ms(1'767'225'600'000));
  std::unique_ptr<inlay::Store> store =
      inlay::Store::open(
          {.shards = 2, .clock = clock, .seed = 1, .background = inlay::Background::kManual, .databases = 3})
          .value();
  inlay::Session session{*store};

  Side() { session.execute({"CONFIG", "SET", "proto-max-bulk-len", "1mb"}); }

  Reply by_name(const Line& line) {
    // A call that would wait ends at once.
    std::stop_source stopped;
    stopped.request_stop();
    const std::vector<std::string_view> views(line.begin(), line.end());
    return session.execute(views, stopped.get_token());
  }
  void obey(const Line& line) {
    if (line[0] == "@maintain") store->maintain();
    if (line[0] != "@advance" || line.size() < 2) return;
    const int64_t ms = inlay::parse_int64(line[1]).value_or(0) % 31'536'000'000;
    clock->advance(std::chrono::milliseconds(ms));
  }
};

// A session's own state, its database before all, would part the two doors.
bool is_about_contents(const Line& line) {
  const std::vector<std::string_view> views(line.begin(), line.end());
  const inlay::Command* const command = inlay::find_command(views);
  return command != nullptr && command->spec.group <= inlay::Group::kGeneric;
}

// By name a double may have more digits than a double holds.
bool agree(const Reply& typed, const Reply& named) {
  if (typed.kind() == Reply::Kind::kDouble && named.kind() == Reply::Kind::kBulk) {
    const double a = typed.as_double();
    const double b = std::strtod(std::string(named.text()).c_str(), nullptr);
    return a == b || std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(a));
  }
  // A typed call with a span of time is the command in milliseconds, and its error says so.
  constexpr std::string_view kBadTime = "ERR invalid expire time";
  if (typed.is_error() && named.is_error() && typed.text().starts_with(kBadTime))
    return named.text().starts_with(kBadTime);
  return typed.resp2().to_string() == named.resp2().to_string();
}

// By name a draw may not ask for more pairs than half of what a reply can count, as they are two replies each.
bool counts_pairs_as_replies(const Line& line) {
  const std::string name = inlay::fuzz::lower(line[0]);
  return line.size() == 4 && (name == "zrandmember" || name == "hrandfield") &&
         inlay::parse_int64(line[2]).value_or(0) > INT64_MAX / 2;
}

void run(Side& typed, Side& named, const Line& line) {
  const TypedCall* const call = inlay::fuzz::typed_call_for(line);
  if (inlay::fuzz::is_too_heavy(line) || counts_pairs_as_replies(line) ||
      (call == nullptr && !is_about_contents(line)))
    return;
  const Reply expected = named.by_name(line);
  const Reply actual = call == nullptr ? typed.by_name(line) : call->run(*typed.store, line);
  if (!agree(actual, expected)) {
    inlay::fuzz::require(false, line, actual.to_string() + " is not " + expected.to_string());
  }
  inlay::fuzz::require(typed.store->digest() == named.store->digest(), line, "the contents differ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Side typed, named;
  for (const Line& line : inlay::fuzz::read_script({reinterpret_cast<const char*>(data), size})) {
    if (line[0].starts_with('@')) {
      typed.obey(line);
      named.obey(line);
    } else {
      run(typed, named, line);
    }
  }
  inlay::fuzz::require(typed.store->check_invariants().ok(), {}, "check_invariants");
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  return inlay::fuzz::mutate_script(
      reinterpret_cast<char*>(data), size, size_max, seed, [](inlay::fuzz::Random& random) -> Line {
        const auto kind = random() % 32;
        if (kind == 0) return {"@maintain"};
        if (kind == 1) return {"@advance", inlay::fuzz::argument_for("seconds", random)};
        if (kind < 6) return inlay::fuzz::any_call(random);
        const auto calls = inlay::fuzz::typed_calls();
        return inlay::fuzz::call_of(calls[random() % calls.size()].pattern, random);
      });
}
