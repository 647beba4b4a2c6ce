// Mailbox: the queue of messages between publishers and one subscriber, bounded, with a rule for what does not fit.
//
//   offer() ──> | ring of Messages, 16 bytes each, grown by doubling up to the capacity | ──> next()
//     full: a message is dropped and counted, or the publisher waits for room, or the mailbox closes
//
// Invariants
//   1. Every message offered to an open mailbox is taken out by next() or poll(), counted by dropped(), or still here.
//   2. Messages of one publisher come out in the order of their offers: while a publisher waits for room, nobody passes it.
//   3. A closed mailbox accepts nothing; what it holds can still be taken.
//
// Complexity: O(1) for everything. Thread safety: thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "engine/lock.h"
#include "engine/receiver.h"
#include "engine/wait_clock.h"
#include "engine/wait_point.h"
#include "inlay/result.h"

namespace inlay {

class alignas(64) Mailbox : public Receiver {
 public:
  Mailbox(const SubscribeOptions& options, std::shared_ptr<const WaitClock> clock);

  Offer offer(Message&& message) override;
  void settle(Message&& message) override;
  void tick() override;
  size_t queued_bytes() const override;
  /// Wakes every waiting reader and publisher, whose message counts as dropped.
  void close() override;

  /// The oldest message; waits for one. Nil after `timeout`; Cancelled when closed and empty, and, with messages left
  /// where they are, when `stop` is asked for.
  Nullable<Message> next(Duration timeout, const std::stop_token& stop);
  /// The oldest message, if there is one.
  std::optional<Message> poll() { return take(false); }

  size_t size() const;
  uint64_t dropped() const;
  bool is_closed() const;
  /// How many threads wait in next().
  size_t waiting() const;

 protected:
  /// Tells a waiting reader that there is something to take. Called without locks.
  virtual void wake() { arrived_.signal(); }
  /// As poll(); where there is nothing, wake() is called once something is there.
  std::optional<Message> poll_or_rest() { return take(true); }

 private:
  Offer overflow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock_);
  void push(Message&& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock_);
  Message pop() ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock_);
  void grow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock_);
  std::optional<Message> take(bool rest_if_empty);
  Nullable<Message> wait_for_message(Duration timeout, const std::stop_token& stop);

  // What every offer touches stands in one cache line.
  mutable ShardLock lock_;
  bool closed_ ABSL_GUARDED_BY(lock_) = false;
  const Overflow overflow_;
  uint32_t blocked_ ABSL_GUARDED_BY(lock_) = 0;  // Publishers whose message waits for room.
  const uint32_t capacity_;
  uint32_t slot_count_ ABSL_GUARDED_BY(lock_) = 0;  // A power of two, or none yet.
  uint32_t head_ ABSL_GUARDED_BY(lock_) = 0;        // The oldest message is in slot head_ modulo slot_count_.
  uint32_t size_ ABSL_GUARDED_BY(lock_) = 0;
  std::unique_ptr<Message[]> slots_ ABSL_GUARDED_BY(lock_);
  WaitPoint arrived_;  // Readers; guarded by lock_, but for its signals.

  WaitPoint room_;  // Publishers; the same.
  uint64_t dropped_ ABSL_GUARDED_BY(lock_) = 0;
  const std::shared_ptr<const WaitClock> clock_;
};

}  // namespace inlay
