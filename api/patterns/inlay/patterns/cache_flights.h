// The loads of a cache that are under way, and who waits for them. Internal to inlay/patterns/cache.h.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "inlay/patterns/cache_entry.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay::internal {

/// One load. What a load may replace is its basis: the entry that stood under the key when it was decided on. Once there
/// is another, those who come must not share the load, for it may have read the record before it was changed.
class Flight {
 public:
  Flight(std::string key, const EntryHeader& basis) : key(std::move(key)), basis(basis) {}

  const std::string key;  // Without the prefix.
  const EntryHeader basis;

  /// Set when the loader begins.
  TimePoint began{};

  /// What came of it, the value encoded behind space for a header. To be read once wait() has returned OK. None: it was
  /// given up before it began, and whoever waited looks again.
  const std::optional<Nullable<std::string>>& outcome() const { return outcome_; }

 private:
  friend class Flights;
  enum class State : uint8_t { kQueued, kRunning };

  // Under Flights' mutex.
  State state_ = State::kQueued;
  std::thread::id loader_{};  // Of the thread that runs it.
  bool is_in_background_ = false;

  // Under its own mutex, and constant once done_.
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::optional<Nullable<std::string>> outcome_;
};

/// Thread-safe. Calls nothing of the user's but the clock, and never the store.
class Flights {
 public:
  struct Joined {
    std::shared_ptr<Flight> flight;
    /// The flight is the caller's to run: nobody runs it yet.
    bool is_mine = false;
  };

  enum class Need : uint8_t {
    kResult,      // The caller runs the load or waits for it.
    kRun,         // It runs the load, if nobody does.
    kBackground,  // It has the load run later, if nobody does or will.
  };

  /// The load of `key` on `basis`, a new one if there is none. One that is queued and that nobody runs becomes the
  /// caller's if it needs the result: so no caller waits for an executor that waits for the caller.
  /// Errors: FailedPrecondition if this thread is inside a loader of that key.
  Result<Joined> join(std::string_view key, const EntryHeader& basis, Need need);
  /// For the task of a queued load: true if it is to run it now. False once somebody else does or the cache is closing.
  bool claim(Flight& flight);

  /// Waits until the flight has landed. `timed_out` is asked every few milliseconds where it is given.
  /// Errors: DeadlineExceeded; FailedPrecondition if this thread runs a loader that the flight waits for itself.
  absl::Status wait(Flight& flight, absl::FunctionRef<bool()> timed_out, bool may_time_out);

  /// Ends a flight that its caller runs.
  void land(Flight& flight, std::optional<Nullable<std::string>> outcome);
  /// Ends a flight that is still queued.
  void drop_if_queued(Flight& flight);
  /// No queued load begins any more; returns when those in the background have landed.
  void close();

  uint64_t waiting() const;

 private:
  void remove(const Flight& flight);
  static void publish(Flight& flight, std::optional<Nullable<std::string>> outcome);
  bool depends_on_me(const Flight& flight) const;

  // Guards all below, and the state of every flight.
  mutable std::mutex mutex_;
  // A handful of flights for a key at most: one for each basis.
  std::unordered_map<std::string, std::vector<std::shared_ptr<Flight>>> flights_;
  // What the threads that wait are waiting for.
  std::unordered_map<std::thread::id, const Flight*> waits_;
  std::condition_variable background_ended_;
  size_t in_background_ = 0;
  bool closing_ = false;
};

}  // namespace inlay::internal
