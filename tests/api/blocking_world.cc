#include "tests/api/blocking_world.h"

namespace inlay::test {

void BlockingScript::add_keys(Argv& argv) {
  for (unsigned count = 1 + below(3); count > 0; --count) argv.push_back(key());
}

void BlockingScript::add_counted_keys(Argv& argv) {
  Argv keys;
  add_keys(keys);
  argv.push_back(std::to_string(keys.size()));
  for (std::string& key : keys) argv.push_back(std::move(key));
}

void BlockingScript::add_count(Argv& argv) {
  argv.emplace_back("COUNT");
  argv.push_back(std::to_string(1 + below(3)));
}

Argv BlockingScript::blocking() {
  Argv argv;
  switch (below(12)) {
    case 0:
    case 1:
    case 2: argv = {"BLPOP"}; break;
    case 3: argv = {"BRPOP"}; break;
    case 4: argv = {"BZPOPMIN"}; break;
    case 5: argv = {"BZPOPMAX"}; break;
    case 6: {
      argv = {"BLMPOP", "0"};
      add_counted_keys(argv);
      argv.push_back(side());
      add_count(argv);
      return argv;
    }
    case 7: {
      argv = {"BZMPOP", "0"};
      add_counted_keys(argv);
      argv.emplace_back(below(2) == 0 ? "MIN" : "MAX");
      add_count(argv);
      return argv;
    }
    case 8: return {"BRPOPLPUSH", key(), key(), "0"};
    default: return {"BLMOVE", key(), key(), side(), side(), "0"};
  }
  add_keys(argv);
  argv.emplace_back("0");
  return argv;
}

Argv BlockingScript::changing() {
  switch (below(20)) {
    case 0: return {"LPOP", key()};
    case 1: return {"DEL", key()};
    case 2: return {"SET", key(), "v"};
    case 3: return {"RENAME", key(), key()};
    case 4: return {"LMOVE", key(), key(), side(), side()};
    case 5: return {"COPY", key(), key(), "REPLACE"};
    case 6: return {"ZPOPMIN", key()};
    case 7:
    case 8:
    case 9: {
      Argv argv{"ZADD", key()};
      for (unsigned count = 1 + below(3); count > 0; --count) {
        argv.push_back(std::to_string(below(5)));
        argv.push_back(element());
      }
      return argv;
    }
    default: {
      Argv argv{below(2) == 0 ? "RPUSH" : "LPUSH", key()};
      for (unsigned count = 1 + below(3); count > 0; --count) argv.push_back(element());
      return argv;
    }
  }
}

std::vector<BlockingStep> BlockingScript::steps(int count, bool timed) {
  using namespace std::chrono_literals;
  std::vector<BlockingStep> steps;
  int calls = 0;
  for (int i = 0; i < count; ++i) {
    const unsigned dice = below(timed ? 20 : 16);
    if (dice < 8) {
      const Duration timeout = !timed || below(3) == 0 ? kForever : Duration(below(6) * 1ms);
      steps.push_back({Kind::kBlock, calls++, blocking(), timeout});
    } else if (dice < 16) {
      steps.push_back({Kind::kCall, 0, changing(), {}});
    } else if (dice < 18) {
      steps.push_back({Kind::kPass, 0, {}, Duration(below(4) * 1ms)});
    } else if (calls > 0) {
      steps.push_back({Kind::kStop, static_cast<int>(below(static_cast<unsigned>(calls))), {}, {}});
    }
  }
  return steps;
}

}  // namespace inlay::test
