// A world in which calls wait and others change keys, told as a script: played by a model, by Inlay, by a live Redis.
#pragma once

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "inlay/reply.h"
#include "inlay/types.h"
#include "tests/support/redis_client.h"

namespace inlay::test {

/// How a waiting call ended, by its number.
using Ending = std::pair<int, Reply>;

class BlockingWorld {
 public:
  virtual ~BlockingWorld() = default;
  /// Makes call number `id`, which may wait. `argv` ends in, or begins with, Redis's 0; `timeout` is what holds.
  virtual void block(int id, const Argv& argv, Duration timeout) = 0;
  virtual Reply call(const Argv& argv) = 0;
  virtual void stop(int id) = 0;
  virtual void pass(Duration time) = 0;
  /// The waits that ended since this was last asked.
  virtual std::vector<Ending> endings() = 0;
  virtual size_t blocked() = 0;
};

/// One step of a script.
struct BlockingStep {
  enum class Kind { kBlock, kCall, kStop, kPass };
  Kind kind = Kind::kCall;
  int id = 0;  // Of the call to make or to stop.
  Argv argv{};
  Duration time{};
};

/// Words of a script, drawn from few keys so that everything meets everything.
class BlockingScript {
 public:
  explicit BlockingScript(unsigned seed) : random_(seed) {}

  /// `timed`: with time-outs and stops, which a server's connections do not have.
  std::vector<BlockingStep> steps(int count, bool timed);

 private:
  using Kind = BlockingStep::Kind;
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  std::string key() { return std::string(1, static_cast<char>('a' + below(5))); }
  std::string element() { return std::string("e").append(std::to_string(++elements_)); }
  std::string side() { return below(2) == 0 ? "LEFT" : "RIGHT"; }
  void add_keys(Argv& argv);
  void add_counted_keys(Argv& argv);
  void add_count(Argv& argv);
  Argv blocking();
  Argv changing();

  std::minstd_rand random_;
  int elements_ = 0;
};

}  // namespace inlay::test
