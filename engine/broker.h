// Broker: who listens to which channels and patterns, and the way of a message to them.
//
//   publish ──> hash of the channel ──> stripe (lock, channels) ──> audience: seats of receivers ──> offer() to each
//                                          └──> patterns that match ──> their audiences         ──> offer() to each
//   unlock ──> Deliveries: wake readers, wait for room, call back
//
// A publisher takes one lock, its channel's stripe's, and then each receiver's own; no lock of the keyspace. Channels
// are guarded by their stripe's lock. Patterns may match any channel, so they are guarded by all of them: any one is
// enough to read them, and whoever changes them takes every one, in order.
//
// It follows that a subscription is active when subscribe() returns; that once unsubscribe() has returned, no message
// comes any more; and that the messages of one channel reach all its receivers in one order, save where a receiver lets
// its publishers wait.
//
// Lock order: a client's lock, stripes ascending, a receiver's lock. Nothing slow is done under a stripe's lock, and no
// code of a user's.
//
// Complexity: publish O(1) and per receiver O(1), plus for patterns see PatternTable; subscribe and unsubscribe O(1),
// of patterns O(stripes). Thread safety: thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "engine/audience.h"
#include "engine/key.h"
#include "engine/lock.h"
#include "engine/pattern_table.h"
#include "engine/receiver.h"
#include "engine/wait_clock.h"

namespace inlay {

class BrokerClient;

/// What a publisher still owes when it has let go of the broker's locks. It pays at the end of its life, which must come
/// with no lock held: settling may wait for a reader to make room, and runs callbacks. What callbacks publish is settled
/// after the debts at hand, so that every receiver gets the messages of one thread in order.
class Deliveries {
 public:
  Deliveries() = default;
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

 private:
  friend class Broker;
  struct Debt {
    std::shared_ptr<BrokerClient> client;
    Message message;
    Offer offer;
  };
  void pay();

  absl::InlinedVector<Debt, 2> debts_;
  static thread_local Deliveries* paying_;  // By this thread, now.
};

class Broker {
 public:
  struct Options {
    uint64_t seed;
    std::shared_ptr<Clock> clock;  // Null: the system's.
    bool background;               // Without, only tick() ends the waits of a given clock.
  };

  explicit Broker(Options options);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// Publishes, and pays what it owes. No lock may be held. Returns how many receive the message: one that has it for
  /// its channel and for two patterns counts three times, one that drops it counts too.
  int64_t publish(Bytes channel, Bytes payload) {
    Deliveries deliveries;
    return offer(channel, payload, deliveries);
  }
  /// The same in two halves: this one is short, and may be called under locks of the keyspace.
  int64_t offer(Bytes channel, Bytes payload, Deliveries& deliveries);

  /// The channels that have receivers and match `pattern`, if one is given; in no order. Patterns do not count.
  std::vector<std::string> channels(const std::optional<Bytes>& pattern);
  /// How many receive a channel by its name.
  int64_t receivers(Bytes channel);
  /// How many distinct patterns are subscribed to.
  int64_t patterns();

  /// Bytes of the messages that wait for receivers. O(messages).
  size_t queued_bytes();

  /// Lets waits time out: see WaitClock.
  void tick();
  /// Closes every receiver; from now on nobody can subscribe.
  void close();

  std::shared_ptr<const WaitClock> wait_clock() const { return wait_clock_; }

  /// Every channel and pattern with receivers, each receiver in its place. For tests.
  bool check_invariants();

 private:
  friend class BrokerClient;

  static constexpr size_t kStripes = 64;
  static constexpr unsigned kStripeShift = 58;  // A hash's top six bits choose.

  struct Channel {
    std::string name;
    uint64_t hash;
  };
  struct ChannelHash {
    using is_transparent = void;
    size_t operator()(const Channel& channel) const { return channel.hash; }
    size_t operator()(const KeyRef& name) const { return name.hash; }
  };
  struct ChannelEqual {
    using is_transparent = void;
    bool operator()(const Channel& a, const Channel& b) const { return a.name == b.name; }
    bool operator()(const Channel& a, const KeyRef& b) const { return a.name == b.bytes; }
  };
  struct alignas(64) Stripe {
    ShardLock lock;
    absl::flat_hash_map<Channel, Audience, ChannelHash, ChannelEqual> channels ABSL_GUARDED_BY(lock);
  };
  class AllStripes;
  // Whom a message goes to, and as what.
  struct Group {
    const Audience* audience;
    internal::MessageText* pattern;
  };
  struct Addressees {
    absl::InlinedVector<Group, 4> groups;
    uint32_t count = 0;  // Of receivers in all groups.
  };

  KeyRef name(Bytes channel) const;
  Stripe& stripe_of(const KeyRef& name) { return stripes_[name.hash >> kStripeShift]; }
  Addressees addressees(const Stripe& stripe, const KeyRef& channel) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(stripe.lock);
  static int64_t fan_out(const Addressees& to, internal::MessageText* text, Deliveries& deliveries);
  bool check(const Stripe& stripe) ABSL_NO_THREAD_SAFETY_ANALYSIS;

  // For a client, which holds its own lock.
  void subscribe(Bytes channel, Link& link);
  void unsubscribe(Bytes channel, Link& link);
  void psubscribe(Bytes pattern, Link& link);
  void punsubscribe(Bytes pattern, Link& link);
  bool enter(const std::shared_ptr<BrokerClient>& client);
  void leave(BrokerClient* client);
  std::vector<std::shared_ptr<BrokerClient>> clients();

  const uint64_t seed_;
  const std::shared_ptr<WaitClock> wait_clock_;
  // Subscriptions of all clients. A publisher that knows of one, by whatever means, sees it counted: relaxed is enough.
  std::atomic<uint64_t> subscriptions_{0};
  std::array<Stripe, kStripes> stripes_;
  PatternTable patterns_;  // Guarded by all stripes' locks, see above.

  ShardLock clients_lock_;
  absl::flat_hash_map<BrokerClient*, std::shared_ptr<BrokerClient>> clients_ ABSL_GUARDED_BY(clients_lock_);
  bool closed_ ABSL_GUARDED_BY(clients_lock_) = false;
};

}  // namespace inlay
