// EventHub: who listens to what happens to keys, and the way of an event to them.
//
//   call, under its locks:   append(events) ──> queue          in the order in which things happened, of every key
//   call, locks released:    deliver()      ──> one thread at a time empties the queue: listeners, then channels
//
// A call collects its events and appends them before it releases its locks, so the queue holds the events of one key in
// the order of its changes. One thread delivers; who finds another at it leaves, and the other goes on to what was added
// meanwhile. So every event is delivered once, in order, and outside every lock of the keyspace; a call returns after its
// events were delivered, unless another thread was at it.
//
// Cost: a branch per event where nobody wants its class. Thread safety: thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"
#include "inlay/callback_executor.h"
#include "inlay/event.h"
#include "inlay/subscription.h"

namespace inlay {

/// Classes of events as notify-keyspace-events knows them, one bit each.
enum class EventClass : uint32_t {
  kGeneric = 1 << 0,    // g
  kString = 1 << 1,     // $
  kList = 1 << 2,       // l
  kSet = 1 << 3,        // s
  kHash = 1 << 4,       // h
  kSortedSet = 1 << 5,  // z
  kExpired = 1 << 6,    // x
  kEvicted = 1 << 7,    // e
  kStream = 1 << 8,     // t
  kModule = 1 << 9,     // d
  kNew = 1 << 10,       // n
  kKeyMiss = 1 << 11,   // m
};

/// What happened to a key: an event with Redis's name, or the removal of a value.
struct QueuedEvent {
  std::string_view name;  // Of static storage; empty for a removal.
  EventClass event_class = EventClass::kGeneric;
  Type type = Type::kNone;  // Of what was removed.
  Cause cause = Cause::kDeleted;
  int db = 0;
  std::string key;
};

class EventHub : public std::enable_shared_from_this<EventHub> {
 public:
  /// Publishes a message to the subscribers of a channel.
  using Publish = std::function<void(std::string_view channel, std::string_view payload)>;

  explicit EventHub(Publish publish) : publish_(std::move(publish)) {}
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  // Relaxed: who registers a listener and then lets another thread know has it seen by that thread.
  bool wants(EventClass event_class) const {
    return (wanted_.load(std::memory_order_relaxed) & static_cast<uint32_t>(event_class)) != 0;
  }
  bool wants_removals() const { return (wanted_.load(std::memory_order_relaxed) & kRemovals) != 0; }

  /// Adds events to the queue, in order. To be called under the locks of their keys' shards.
  void append(std::vector<QueuedEvent> events);
  /// Delivers what is in the queue, unless another thread is at it. To be called without locks.
  void deliver();

  Subscription on_key_event(std::function<void(const KeyEvent&)> callback, CallbackExecutor* executor);
  Subscription on_removal(std::function<void(const RemovalEvent&)> callback, CallbackExecutor* executor);

  /// Whether `flags` are a value of the setting notify-keyspace-events.
  static bool are_notifications(std::string_view flags) { return parse_notifications(flags).has_value(); }
  /// Sets it: what is published to channels. The flags must be right.
  void set_notifications(std::string_view flags);
  /// The same in its canonical form.
  std::string notifications() const;

 private:
  struct Listener;
  class Registration;
  using Listeners = std::vector<std::shared_ptr<Listener>>;

  // Beside the classes in wanted_ and notifications_.
  static constexpr uint32_t kRemovals = 1 << 16;
  static constexpr uint32_t kKeyspace = 1 << 17;
  static constexpr uint32_t kKeyevent = 1 << 18;

  static std::optional<uint32_t> parse_notifications(std::string_view flags);
  Subscription add(std::shared_ptr<Listener> listener);
  void update_wanted();
  void dispatch(const QueuedEvent& event, const Listeners& listeners, uint32_t notifications) const;

  const Publish publish_;
  std::atomic<uint32_t> wanted_{0};
  mutable std::mutex mutex_;  // Guards what follows.
  std::vector<QueuedEvent> queue_;
  bool delivering_ = false;
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();  // Replaced, never changed.
  uint32_t notifications_ = 0;
};

}  // namespace inlay
