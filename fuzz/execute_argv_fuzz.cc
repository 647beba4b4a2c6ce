// Bytes become commands by name, of the table's own commands on few keys, run one after another on one session of a
// deterministic store. Nothing may crash, the store's invariants hold, and a command that does not write changes
// nothing.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "api/commands/command.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace {

using namespace std::chrono_literals;

// Arguments that lead somewhere: keys (the empty one too), options, and numbers from harmless to hostile.
const std::vector<std::string>& words() {
  static const std::vector<std::string> words = absl::StrSplit(
      "a b c dd  0 1 -1 2 10 100 3.5 1e3 -inf nan 007 1000000 value * [a-b]* 9223372036854775807 "
      "-9223372036854775808 EX PX EXAT PXAT NX XX GT LT GET IFEQ KEEPTTL LEN IDX COUNT MATCH TYPE "
      "string DB REPLACE SYNC ASYNC PERSIST WITHMATCHLEN MINMATCHLEN 4294967296 1767225600 "
      "12345678901234567890 LEFT RIGHT BEFORE AFTER RANK MAXLEN FIELDS NOVALUES FNX FXX MIN MAX WITHSCORES "
      "BYSCORE BYLEX "
      "REV LIMIT WEIGHTS AGGREGATE SUM INCR CH ALPHA BY DESC STORE b* [a (b (1 - + list set zset hash",
      ' ');
  return words;
}

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return byte;
  }
  // One of the words, or up to 63 literal bytes.
  std::string argument() {
    const uint8_t choice = byte();
    if (choice < 0xc0) return words()[choice % words().size()];
    const std::string_view bytes = rest_.substr(0, choice & 0x3f);
    rest_.remove_prefix(bytes.size());
    return std::string(bytes);
  }

 private:
  std::string_view rest_;
};

// "object|encoding" becomes two words; the arguments are near the number that the command takes.
std::vector<std::string> read_call(Input& input, const inlay::Command& command) {
  std::vector<std::string> argv{std::string(command.name)};
  if (const size_t bar = command.name.find('|'); bar != std::string_view::npos) {
    argv = {std::string(command.name.substr(0, bar)), std::string(command.name.substr(bar + 1))};
  }
  const uint8_t shape = input.byte();
  const auto least = static_cast<size_t>(std::abs(command.arity));
  const size_t words = shape % 8 == 7 ? shape / 8u % 4 : least + (command.arity < 0 ? shape % 7u : 0);
  while (argv.size() < words) argv.push_back(input.argument());
  return argv;
}

void require(bool holds, const std::vector<std::string>& argv) {
  if (holds) return;
  for (const std::string& word : argv) std::fprintf(stderr, "%s ", inlay::quoted(word).c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kCallsMax = 200;
  const auto clock = std::make_shared<inlay::ManualClock>();
  const auto store =
      inlay::Store::open(
          {.shards = 2, .clock = clock, .seed = 1, .background = inlay::Background::kManual, .databases = 3})
          .value();
  inlay::Session session(*store);
  // Long strings only cost time.
  session.execute({"CONFIG", "SET", "proto-max-bulk-len", "1mb"});
  // A call that would wait ends at once.
  std::stop_source stopped;
  stopped.request_stop();
  const auto commands = inlay::all_commands();
  Input input(data, size);
  for (int calls = 0; !input.empty() && calls < kCallsMax; ++calls) {
    const inlay::Command& command = *commands[input.byte() % commands.size()];
    if (command.name == "config|set") continue;
    const std::vector<std::string> argv = read_call(input, command);
    const std::vector<std::string_view> views(argv.begin(), argv.end());
    const uint64_t before = store->digest();
    const inlay::Reply reply = session.execute(views, stopped.get_token());
    require(!reply.to_string().empty() || reply.kind() == inlay::Reply::Kind::kBulk, argv);
    // What EXEC runs may write.
    require(command.writes || command.name == "exec" || store->digest() == before, argv);
    if (calls % 5 == 4) clock->advance(700ms);
    if (calls % 16 == 15) store->maintain();
  }
  require(store->check_invariants().ok(), {"check_invariants"});
  return 0;
}
