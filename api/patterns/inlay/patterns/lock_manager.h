// LockManager: one at a time, for as long as it says, with a number that tells the latest holder from those before.
//
//   inlay::LockManager locks(*store);
//   auto lock = locks.acquire("invoice:17", 30s, 5s, stop).value();   // error | nil: out of time | Lock
//   if (!lock) return busy();
//   write_invoice(lock->fencing_number(), ...);                       // which refuses a lower number than the last it saw
//                                                                     // released at the end of the scope
//
//   <prefix>held:<resource>      string  the holder's token, or "reserved"; dies with the holder's time
//   <prefix>fence:<resource>     string  the last fencing number; stays, so that numbers never repeat
//   <prefix>waiters:<resource>   hash    while somebody waits: how many do, and until when they sleep
//   <prefix>wake:<resource>      list    while somebody waits: who is to wake
//
// What a lock by SET NX and DEL gets wrong, and this does not:
//   - Only who holds a lock releases or extends it: its token is compared in the same step. A holder whose time ran out
//     cannot take the lock from the next one.
//   - A lock always has a deadline, so none outlives a holder that never comes back.
//   - Time can run out while the holder is at work, whatever the lock does: it may be suspended just before it writes. So
//     each holder gets a fencing number, greater than those of all holders of the resource before it. What is protected
//     keeps the greatest that it has seen, and refuses lower ones; see docs/patterns/locks.md.
//   - Who waits sleeps. It wakes when the lock is released, and when its time runs out, which nobody announces.
//   - A released lock is kept for the one that has waited longest, so newcomers cannot starve it. Where time ran out,
//     all who wait try, and any may win.
//
// Thread-safe. Holders may be any threads and any managers with the same prefix. The store must outlive all of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay {

struct LockOptions {
  std::string prefix = "lock:";
  /// For tests: tokens from a fixed sequence. Managers of one store need different seeds.
  std::optional<uint64_t> seed{};
};

/// A lock that was acquired. It is released when this goes. Movable; thread-compatible.
class [[nodiscard]] Lock {
 public:
  Lock(Lock&& other) noexcept = default;
  /// Releases the lock that this was before.
  Lock& operator=(Lock&& other) noexcept;
  ~Lock();

  const std::string& resource() const { return resource_; }
  /// Greater than those of all earlier holders of this resource; at least 1. They have gaps where an attempt failed.
  int64_t fencing_number() const { return fencing_number_; }

  /// Whether this is the holder at this moment. False once released, or when time ran out. O(1).
  Result<bool> is_held() const;
  /// Lets the lock last for `ttl` from now on, shorter or longer than before; false, with nothing changed, if it is not
  /// held any more. O(1). Errors: InvalidArgument for a span that is not positive, or kForever.
  Result<bool> extend(Duration ttl);
  /// Gives the lock up, and wakes the next; false, with nothing changed, if it was not held any more. O(1).
  Result<bool> release();

 private:
  friend class LockManager;
  struct Names;
  Lock(Database db, std::string prefix, std::string resource, std::string token, int64_t fencing_number)
      : db_(std::make_unique<Database>(db)),
        prefix_(std::move(prefix)),
        resource_(std::move(resource)),
        token_(std::move(token)),
        fencing_number_(fencing_number) {}

  std::unique_ptr<Database> db_;  // Null once released or moved from.
  std::string prefix_;
  std::string resource_;
  std::string token_;
  int64_t fencing_number_;
};

class LockManager {
 public:
  explicit LockManager(Database db, LockOptions options = {});

  /// The lock, for `ttl` unless it is released or extended; nil if somebody holds it. O(1).
  /// Errors: InvalidArgument for a ttl that is not positive, or kForever; Unavailable without randomness.
  Nullable<Lock> try_acquire(std::string_view resource, Duration ttl) const;
  /// The same, and waits for it; nil if it cannot be had within `wait`, kForever to wait without end. A holder that waits
  /// for its own lock waits for its time to run out. Errors: as above; Cancelled if `stop` is asked for while it waits, or
  /// the store closes.
  Nullable<Lock> acquire(std::string_view resource, Duration ttl, Duration wait,
                         const std::stop_token& stop = {}) const;

 private:
  Result<std::string> next_token() const;

  Database db_;
  std::string prefix_;
  Result<std::string> id_;
  std::shared_ptr<std::atomic<uint64_t>> tokens_;
};

}  // namespace inlay
