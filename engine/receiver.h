// Receiver: what a message is handed to, in two steps.
//
//   the broker's lock held      offer()   takes the message, or says what is still to do
//   every lock released         settle()  waits, wakes, calls back: all that may be slow
//
// Thread safety: thread-safe; offers that concern one channel come one after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "inlay/message.h"

namespace inlay {

/// What became of an offered message.
enum class Offer : uint8_t {
  kDone,     // Taken, or dropped as the receiver's policy says.
  kSettle,   // settle() is due: with the message if offer() has left it, with an empty one otherwise.
  kLeave,    // The receiver has closed itself: its subscriptions are to end.
  kRefused,  // The receiver is closed: the message does not count as received.
};

class Receiver {
 public:
  virtual ~Receiver() = default;

  /// Short, and never waits. Moves from `message` if it takes it.
  virtual Offer offer(Message&& message) = 0;
  /// What offer() has put off, done by the same thread, in the order of its offers.
  virtual void settle(Message&& message) = 0;
  /// The store's clock is looked at: time-outs that were waited for may have come.
  virtual void tick() {}
  /// Bytes of the messages that wait in it, one that several receivers share counted in parts. O(messages).
  virtual size_t queued_bytes() const { return 0; }
  /// No more messages will come.
  virtual void close() = 0;
};

}  // namespace inlay
