// A script of commands by name on one session of a deterministic store. Nothing may crash, the store's invariants hold,
// and a command that does not write changes nothing. Directives: @advance ms, @maintain.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/commands/command.h"
#include "fuzz/script.h"
#include "fuzz/script_store.h"

namespace {

using inlay::fuzz::Line;
using inlay::fuzz::ScriptStore;
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

void run(ScriptStore& side, const Line& line) {
  const Views views(line.begin(), line.end());
  const inlay::Command* const command = inlay::find_command(views);
  if (is_left_out(command, line)) return;
  const uint64_t before = side.store->digest();
  const inlay::Reply reply = side.call(line);
  inlay::fuzz::require(!reply.to_string().empty(), line, "a reply without a text");
  // What EXEC runs may write.
  const bool may_write = command != nullptr && (command->writes || command->name == "exec");
  inlay::fuzz::require(may_write || side.store->digest() == before, line, "it should not write");
  while (side.session.next_push().has_value()) continue;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ScriptStore side;
  for (const Line& line : inlay::fuzz::read_script({reinterpret_cast<const char*>(data), size})) {
    if (line[0].starts_with('@')) {
      side.obey(line);
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
