// A store on which a script is played, with a clock of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string_view>
#include <vector>

#include "fuzz/script.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::fuzz {

struct ScriptStore {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(from_unix_ms(1'767'225'600'000));
  std::unique_ptr<Store> store =
      Store::open({.shards = 2, .clock = clock, .seed = 1, .background = Background::kManual, .databases = 3})
          .value();
  Session session{*store};

  /// Large strings only cost time.
  ScriptStore() { session.execute({"CONFIG", "SET", "proto-max-bulk-len", "1mb"}); }

  /// Calls by name. A call that would wait ends at once.
  Reply call(const Line& line) {
    std::stop_source stopped;
    stopped.request_stop();
    const std::vector<std::string_view> words(line.begin(), line.end());
    return session.execute(words, stopped.get_token());
  }

  /// Follows @maintain and @advance.
  void obey(const Line& line) {
    if (line[0] == "@maintain") store->maintain();
    if (line[0] != "@advance" || line.size() < 2) return;
    // A year at most.
    const int64_t ms = parse_int64(line[1]).value_or(0) % 31'536'000'000;
    clock->advance(std::chrono::milliseconds(ms));
  }
};

}  // namespace inlay::fuzz
