// Client: one thread's access to a store, in every way there is, written down.
//
//   Client client(store, recorder, {.seed = 7});
//   client.run(Way::kWatch, {{Verb::kGet, {"a"}}, {Verb::kSet, {"a", "1"}}});
//
// It can also be told to lie: to claim as one instant what it does in several, or as fresh what it remembers. A checker
// that believes it is none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/linearizability/history.h"

namespace inlay::test {

enum class Fault : uint8_t {
  kNone,
  kSplit,       // A transaction of any way is two.
  kUnwatched,   // watch() and WATCH watch nothing.
  kCachedRead,  // A GET by itself is answered with what the client read before.
};

struct ClientOptions {
  uint64_t seed = 0;
  Fault fault = Fault::kNone;
  /// Moved by ticks.
  std::shared_ptr<ManualClock> clock{};
  /// Called in the middle of operations, where others can come between, or would if they were not kept out.
  std::function<void()> between = [] {};
};

/// Thread-compatible; the store and the recorder must outlive it.
class Client {
 public:
  Client(Store& store, Recorder& recorder, ClientOptions options);

  /// Makes the calls this way. Those that a watching way reads before it decides are the reads that stand first.
  void run(Way way, std::span<const Call> calls);
  void run(Way way, std::initializer_list<Call> calls) { run(way, std::span(calls.begin(), calls.size())); }

 private:
  using Calls = std::span<const Call>;

  void run_singly(Way way, Calls calls);
  void run_pipeline(Calls calls);
  void run_multi_exec(Calls calls);
  void run_watched_exec(Calls calls);
  void run_watch(Calls calls);
  void run_atomically(Way way, Calls calls);
  void run_split(Way way, Calls calls);

  // Makes calls as one, and writes down nothing.
  std::vector<Reply> closure(Way way, Calls calls);
  Reply single(Way way, const Call& call);
  Reply cached(const Call& call, Reply fresh);
  Reply by_name(const Call& call);
  // EXEC for what `queue` holds: the answers, or none if it was refused.
  std::optional<Reply::Items> exec(Calls queue);
  void record(Calls calls, const std::vector<Reply>& answers);

  Store& store_;
  Recorder& recorder_;
  ClientOptions options_;
  Session session_;
  std::mt19937_64 random_;
  std::map<std::string, Reply> cache_;
};

}  // namespace inlay::test
