// BlockedCall: a call that waits for one of its keys; BlockedCalls: all those of a store.
//
//   BlockedCalls   calls     -> call -> call -> call        everybody, to be cancelled when the store closes
//                  deadlines -> 12:00 call, 12:05 call      those that somebody else must wake when their time is out
//
//   a call's life:   enter() ──> in the queues of its keys, and here ──> served, timed out or cancelled ──> leave()
//                    under its keys' locks          whoever makes Engine::end_wait() true decides       by its owner
//
// Time is the store's clock where the program gave one, else the computer's monotonic clock. With the latter a parked
// thread wakes by itself; all other time-outs are fired by Engine::maintain() and the background thread.
//
// Invariants
//   1. A call is here from before it enters the first queue until after it has left the last one.
//   2. Engine::blocked_waiters() counts the calls here that nobody has ended yet.
//   3. After close() has returned nobody is here, and nobody comes.
//
// Complexity: add, remove O(log N). Lock order: the mutex comes after every shard's lock and is never held while a call
// is woken. Thread safety: thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/key.h"
#include "engine/waiter.h"
#include "inlay/expiry/clock.h"

namespace inlay {

class BlockedCall;
class Engine;

class BlockedCalls {
 public:
  /// When a call is to be timed out, in nanoseconds of the clock that rules waits.
  using Deadline = std::optional<int64_t>;

  explicit BlockedCalls(Engine& engine) : engine_(engine) {}
  BlockedCalls(const BlockedCalls&) = delete;
  BlockedCalls& operator=(const BlockedCalls&) = delete;

  /// Whether a parked thread must be woken when its time is out, as the clock is not one that it could sleep by.
  bool fires_all_deadlines() const;
  /// The deadline of a wait that begins now; none where it never ends.
  Deadline deadline_after(Duration timeout) const;

  /// Counts a call in; false once closed. `deadline` is the one to fire, if that is to be done here.
  bool add(const std::shared_ptr<BlockedCall>& call, Deadline deadline);
  /// Counts it out: the last thing that a call does with its engine.
  void remove(BlockedCall& call);

  /// Ends a call's wait and wakes it, unless it has ended.
  static void end(BlockedCall& call, Waiter::State how);
  /// Times out the calls whose deadline has come.
  void fire_due();
  /// How long until there may be something to fire; nothing if no call has a deadline here.
  std::optional<Duration> time_to_next() const;

  /// Waits until at least `count` calls are blocked, at most `patience` of real time; whether they are.
  bool wait_for(uint64_t count, Duration patience);

  /// Cancels everybody and waits until they have left.
  void close();
  bool is_closed() const;

 private:
  friend class BlockedCall;
  using Calls = std::list<std::shared_ptr<BlockedCall>>;
  using Deadlines = std::multimap<int64_t, std::shared_ptr<BlockedCall>>;

  int64_t now_ns() const;

  Engine& engine_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // Somebody was added; closed and somebody was removed.
  Calls calls_;                      // This and what follows: guarded by the mutex.
  Deadlines deadlines_;
  bool closed_ = false;
};

class BlockedCall : public Waiter, public std::enable_shared_from_this<BlockedCall> {
 public:
  /// Waits for any of `keys`, which may repeat, to hold a `type`.
  BlockedCall(Engine& engine, int db, Type type, std::span<const KeyRef> keys,
              std::optional<uint64_t> destination);

  /// Joins the queues of its keys, whose shards must be locked for writing. False, with nothing done, if the store is
  /// closed.
  bool enter(BlockedCalls::Deadline deadline);

 protected:
  /// Takes it out of everything. To be called once by its owner, without locks, after its wait has ended.
  void leave();
  Engine& engine() const { return engine_; }

 private:
  friend class BlockedCalls;
  struct OwnKey {
    std::string bytes;
    uint64_t hash;
    WaitTable::Place place;  // Of its shard.
    KeyRef ref() const { return {bytes, hash}; }
  };

  Engine& engine_;
  std::vector<OwnKey> keys_;  // Each once, in the order given.
  // Guarded by the mutex of BlockedCalls.
  BlockedCalls::Calls::iterator place_;
  std::optional<BlockedCalls::Deadlines::iterator> deadline_place_;
};

}  // namespace inlay
