// A script on two stores, on one through typed methods where they can say the line, on the other by name: the replies
// and what the stores hold agree after every line. Directives: @advance ms, @maintain.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "api/commands/command.h"
#include "fuzz/script.h"
#include "fuzz/script_store.h"
#include "fuzz/typed_call.h"

namespace {

using inlay::Reply;
using inlay::fuzz::Line;
using inlay::fuzz::ScriptStore;
using inlay::fuzz::TypedCall;

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

void run(ScriptStore& typed, ScriptStore& named, const Line& line) {
  const TypedCall* const call = inlay::fuzz::typed_call_for(line);
  if (inlay::fuzz::is_too_heavy(line) || counts_pairs_as_replies(line) ||
      (call == nullptr && !is_about_contents(line)))
    return;
  const Reply expected = named.call(line);
  const Reply actual = call == nullptr ? typed.call(line) : call->run(*typed.store, line);
  if (!agree(actual, expected)) {
    inlay::fuzz::require(false, line, actual.to_string() + " is not " + expected.to_string());
  }
  inlay::fuzz::require(typed.store->digest() == named.store->digest(), line, "the contents differ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ScriptStore typed, named;
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
