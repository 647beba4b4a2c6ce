// BrokerClient: one party that subscribes, with one receiver and any number of channels and patterns.
//
// It belongs to the broker while it is open: leave() ends its subscriptions, closes its receiver and takes it out.
// Whoever has opened one must see to that. Both may outlive the broker's owner, which closes them all when it goes.
//
// Thread safety: thread-safe; calls on one client come one after the other.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "engine/audience.h"
#include "engine/broker.h"
#include "engine/key.h"
#include "engine/lock.h"

namespace inlay {

class BrokerClient : public std::enable_shared_from_this<BrokerClient> {
 public:
  /// A client of an open broker; of a closed one it is closed from the start.
  static std::shared_ptr<BrokerClient> open(std::shared_ptr<Broker> broker,
                                            std::shared_ptr<Receiver> receiver);
  BrokerClient(const BrokerClient&) = delete;
  BrokerClient& operator=(const BrokerClient&) = delete;

  /// Subscribes to a channel. Nothing happens if it is subscribed to already. Errors: closed.
  absl::Status subscribe(Bytes channel);
  /// Nothing happens if it is not subscribed to.
  void unsubscribe(Bytes channel);
  /// The same with patterns.
  absl::Status psubscribe(Bytes pattern);
  void punsubscribe(Bytes pattern);
  /// What it is subscribed to, in order.
  std::vector<std::string> channels() const;
  std::vector<std::string> patterns() const;
  /// Channels and patterns together.
  size_t subscriptions() const;

  /// Ends all subscriptions for good and closes the receiver. May be called more than once, and without locks only.
  void leave();

  Receiver& receiver() const { return *receiver_; }

 private:
  using Links = std::map<std::string, Link, std::less<>>;

  BrokerClient(std::shared_ptr<Broker> broker, std::shared_ptr<Receiver> receiver)
      : broker_(std::move(broker)), receiver_(std::move(receiver)) {}

  const std::shared_ptr<Broker> broker_;
  const std::shared_ptr<Receiver> receiver_;
  mutable ShardLock lock_;
  bool left_ ABSL_GUARDED_BY(lock_) = false;
  // A link's address is known to the broker.
  Links channels_ ABSL_GUARDED_BY(lock_);
  Links patterns_ ABSL_GUARDED_BY(lock_);
};

}  // namespace inlay
