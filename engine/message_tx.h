// MessageTx: publishes as one call among others that share locks.
//
// It reads and writes no key, so that it needs none of the locks, and is content with any. Whom a message wakes, waits
// for or calls back is dealt with after the locks.
//
// Thread safety: used by one thread, within one call.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "engine/broker.h"
#include "engine/engine.h"
#include "engine/transaction.h"

namespace inlay {

class MessageTx : public ReadTx {
 public:
  using ReadTx::ReadTx;

  /// Puts the message into its receivers' queues at once, so that the answer is exact: how many there are.
  int64_t publish(Bytes channel, Bytes payload) {
    auto deliveries = std::make_unique<Deliveries>();
    const int64_t received = engine().broker().offer(channel, payload, *deliveries);
    if (received != 0)
      aftermath_.after_locks([deliveries = std::move(deliveries)]() mutable { deliveries.reset(); });
    return received;
  }
};

}  // namespace inlay
