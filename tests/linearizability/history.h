// What clients did and what they were answered, with the instants between which it happened.
//
//   Stamps stamps(Stamps::Kind::kCounter);
//   Recorder recorder(stamps, /*thread=*/0);
//   recorder.begin(Way::kTyped);
//   recorder.add(call, answer);
//   recorder.end();
//
// A stamp is taken before the call and another one after the answer, so that an operation lies within its stamps. One
// that was answered before another one was called comes before it in every correct order: the checkers demand no more
// of time than that, and a stamp taken early or late only makes them demand less.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "inlay/reply.h"
#include "tests/linearizability/call.h"

namespace inlay::test {

/// Where stamps come from. Thread-safe.
class Stamps {
 public:
  enum class Kind : uint8_t {
    /// One counter of all threads: a total order without ties. But taking a stamp is a locked instruction on a shared
    /// word, which orders memory for the store around every call; it could cover up a barrier that the store lacks.
    kCounter,
    /// The computer's monotonic clock, which no thread writes and which orders nothing. What the clock calls earlier is
    /// earlier on all cores (Linux reads it behind a fence and keeps the cores' counters together); equal stamps count
    /// as overlap.
    kClock,
  };

  explicit Stamps(Kind kind) : kind_(kind) {}
  uint64_t take();

 private:
  const Kind kind_;
  std::atomic<uint64_t> counter_{0};
};

/// How a client made its calls.
enum class Way : uint8_t {
  kTyped,         // One typed call after the other.
  kByName,        // The same through a session.
  kPipeline,      // Queued: each by itself, in program order.
  kMultiExec,     // MULTI ... EXEC by name: all as one.
  kWatchedExec,   // WATCH, reads, MULTI, the rest, EXEC.
  kWatch,         // Store::watch() with Transaction::multi().
  kAtomically,    // Store::atomically() with the keys declared.
  kAtomicallyAll  // Store::atomically_all().
};
std::string_view name_of(Way way);

struct Step {
  Call call;
  Reply answer;  // In the form of the model: see canonical().
};

/// Steps that claim to have happened at one instant between two stamps.
struct Operation {
  int thread = 0;
  Way way = Way::kTyped;
  uint64_t called = 0;
  uint64_t answered = 0;
  /// False for a transaction that was refused: nobody may see anything of it.
  bool committed = true;
  std::vector<Step> steps;
};

/// The operations of all threads, those of each thread in its program order.
using History = std::vector<Operation>;

/// "thread 2, MULTI/EXEC, 10..14: GET a -> nil; SET a 7 -> OK"
std::string to_string(const Operation& operation);
/// How many operations overlap in time with one of another thread.
size_t count_overlapping(const History& history);

/// Writes down what one thread does. Thread-compatible.
class Recorder {
 public:
  Recorder(Stamps& stamps, int thread) : stamps_(stamps), thread_(thread) {}

  int thread() const { return thread_; }
  /// Takes the first stamp. Called again before end(), the operation begins anew.
  void begin(Way way);
  void add(Call call, Reply answer) { current_.steps.push_back({std::move(call), std::move(answer)}); }
  /// Takes the second stamp; all steps are one operation.
  void end(bool committed = true);
  /// The same, but each step is an operation of its own within these stamps.
  void end_each();

  History& history() { return history_; }

 private:
  Stamps& stamps_;
  const int thread_;
  Operation current_;
  History history_;
};

}  // namespace inlay::test
