// A script of commands by name on one session of a deterministic store. Nothing may crash, the store's invariants hold,
// and a command that does not write changes nothing. Directives: @advance ms, @maintain.
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/commands/command.h"
#include "fuzz/script.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace {

using inlay::fuzz::Line;
using Views = std::vector<std::string_view>;

// Large strings only cost time; limits of memory are limits_fuzz.cc's.
bool is_left_out(const inlay::Command* command, const Line& line) {
  if (inlay::fuzz::is_too_heavy(line)) return true;
  if (command == nullptr || command->name != "config|set") return false;
  for (const std::string& word : line) {
    const std::string setting = inlay::fuzz::lower(word);
    if (setting.starts_with("maxmemory") || setting == "proto-max-bulk-len") return true;
  }
  return false;
}

struct Side {
  std::shared_ptr<inlay::ManualClock> clock =
      std::make_shared<inlay::ManualClock>(inlay::from_unix_ms(1'767'225'600'000));
  std::unique_ptr<inlay::Store> store =
      inlay::Store::open(
          {.shards = 2, .clock = clock, .seed = 1, .background = inlay::Background::kManual, .databases = 3})
          .value();
  inlay::Session session{*store};
};

void obey(Side& side, const Line& line) {
  if (line[0] == "@maintain") side.store->maintain();
  if (line[0] != "@advance" || line.size() < 2) return;
  // A year at most.
  const int64_t ms = inlay::parse_int64(line[1]).value_or(0) % 31'536'000'000;
  side.clock->advance(std::chrono::milliseconds(ms));
}

void run(Side& side, const Line& line) {
  const Views views(line.begin(), line.end());
  const inlay::Command* const command = inlay::find_command(views);
  if (is_left_out(command, line)) return;
  // A call that would wait ends at once.
  std::stop_source stopped;
  stopped.request_stop();
  const uint64_t before = side.store->digest();
  const inlay::Reply reply = side.session.execute(views, stopped.get_token());
  inlay::fuzz::require(!reply.to_string().empty(), line, "a reply without a text");
  // What EXEC runs may write.
  const bool may_write = command != nullptr && (command->writes || command->name == "exec");
  inlay::fuzz::require(may_write || side.store->digest() == before, line, "it should not write");
  while (side.session.next_push().has_value()) continue;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Side side;
  side.session.execute({"CONFIG", "SET", "proto-max-bulk-len", "1mb"});
  for (const Line& line : inlay::fuzz::read_script({reinterpret_cast<const char*>(data), size})) {
    if (line[0].starts_with('@')) {
      obey(side, line);
    } else {
      run(side, line);
    }
  }
  inlay::fuzz::require(side.store->check_invariants().ok(), {}, "check_invariants");
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  return inlay::fuzz::mutate_script(reinterpret_cast<char*>(data), size, size_max, seed,
                                    [](inlay::fuzz::Random& random) -> Line {
                                      const auto kind = random() % 20;
                                      if (kind == 0) return {"@maintain"};
                                      if (kind == 1)
                                        return {"@advance", inlay::fuzz::argument_for("seconds", random)};
                                      return inlay::fuzz::any_call(random);
                                    });
}
