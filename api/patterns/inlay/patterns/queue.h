// Queue: jobs that are done at least once, whoever crashes while at it.
//
//   inlay::Queue queue(*store, "mail", {.visibility = 30s, .attempts_max = 5});
//   queue.push("to=ann&text=hello").value();
//   while (auto job = queue.reserve(inlay::kForever, stop).value()) {      // error | nil: out of time | Job
//     if (send(job->payload)) queue.ack(*job).value();                     // done: gone
//     else queue.nack(*job, 10s).value();                                  // again in ten seconds
//   }                                                                      // neither: again once 30 s have passed
//
//                        push(delay) ──> delayed ──┐ its time comes
//   push ──> ready <───────────────────────────────┘<──────────────┐
//              └─ reserve ──> reserved ── ack ──> gone              │
//                                ├── nack(delay) ──> delayed or ready
//                                ├── visibility passes ─────────────┘
//                                └── either, after the last attempt ──> dead ── revive ──> ready
//
//   <name>:ready     list    ids, next one first      <name>:payloads  hash    id -> payload
//   <name>:delayed   zset    id -> when it is ready   <name>:attempts  hash    id -> how often it was handed out
//   <name>:reserved  zset    id -> until when         <name>:last_id   string  stays, so that ids never repeat
//   <name>:dead      list    ids, oldest first        <name>:waiters, <name>:wake   while somebody waits
//   Times are in milliseconds since the Unix epoch.
//
// What a queue of LPUSH and BRPOP gets wrong, and this does not:
//   - A job is never only in a worker's memory. Taking it and noting until when are one step, and what is not
//     acknowledged in time comes back, before the jobs that came after it.
//   - A worker that was too slow cannot acknowledge a job that another one has by now: each hand-out has its number, and
//     ack, nack and extend of an older one are refused.
//   - A job that makes every worker crash is put aside after attempts_max hand-outs, where it can be looked at.
//   - Who waits sleeps: a push wakes one worker, and the next job whose time comes wakes them by itself. No thread sweeps;
//     whoever reserves brings back what is due, a bounded number at a time.
//
// At least once means: a worker that does a job and dies before ack leaves it to be done again. Make jobs idempotent.
// All who use a queue must give it equal options. Thread-safe; small values to copy; the store must outlive them.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay {

struct QueueOptions {
  /// How long a job is its worker's.
  Duration visibility = std::chrono::seconds(30);
  /// A job that was handed out so often and not acknowledged is dead; 0: never.
  int64_t attempts_max = 5;
};

/// A job in a worker's hands.
struct Job {
  std::string id;
  std::string payload;
  /// 1 for the first hand-out.
  int64_t attempt = 0;
  friend bool operator==(const Job&, const Job&) = default;
};

struct QueueCounts {
  int64_t ready = 0;
  int64_t delayed = 0;
  int64_t reserved = 0;
  int64_t dead = 0;
  friend bool operator==(const QueueCounts&, const QueueCounts&) = default;
};

class Queue {
 public:
  /// A visibility that is not positive, and negative attempts_max, are errors of every reserve.
  Queue(Database db, const std::string& name, QueueOptions options = {});

  /// Adds a job to be done after `delay`, and returns its id: a number, counted up. O(1), O(log N) with a delay.
  Result<std::string> push(Bytes payload, Duration delay = {});

  /// The next job, in this caller's hands until visibility has passed; nil if none is ready. O(log N), and O(log N) for
  /// each job whose time has come, up to 64 a call.
  Nullable<Job> try_reserve() { return reserve(Duration::zero()); }
  /// The same, and waits for one; nil if none comes within `wait`, kForever to wait without end. Who waits longest is
  /// woken first. Errors: Cancelled if `stop` is asked for while it waits, or the store closes.
  Nullable<Job> reserve(Duration wait, const std::stop_token& stop = {});

  /// The job is done, and forgotten. False, with nothing changed, if it is not in these hands any more: its time was out
  /// and it was brought back. O(log N).
  Result<bool> ack(const Job& job);
  /// The job failed: to be tried again after `delay`, at the end of the queue; or dead, if this was its last attempt. False
  /// as ack. O(log N).
  Result<bool> nack(const Job& job, Duration delay = {});
  /// The job stays in these hands for `time` from now on, shorter or longer than before. False as ack. O(log N).
  Result<bool> extend(const Job& job, Duration time);

  /// What there is at one instant; jobs whose time has come and that nobody brought back yet count where they were. O(1).
  Result<QueueCounts> counts();

  /// Up to `count` dead jobs, oldest first. O(count).
  Result<std::vector<Job>> dead_jobs(int64_t count = 100);
  /// Makes a dead job ready again, as a new one with the same payload, and returns its id; nil if there is none with this
  /// id. The id is new so that whoever still has the old job in hands cannot acknowledge this one. O(dead).
  Nullable<std::string> revive(std::string_view id);
  /// Forgets a dead job; false if there is none with this id. O(dead).
  Result<bool> discard(std::string_view id);

 private:
  class Step;
  struct Names {
    explicit Names(const std::string& name);
    std::string ready, delayed, reserved, dead, payloads, attempts, last_id, waiters, wake;
  };
  template <class Act>
  auto in_step(Act act);

  Database db_;
  Names names_;
  QueueOptions options_;
};

}  // namespace inlay
