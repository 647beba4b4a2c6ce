#include "engine/events.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/callback_gate.h"

namespace inlay {
namespace {

struct Flag {
  char letter;
  uint32_t bits;
};

constexpr uint32_t bit(EventClass event_class) { return static_cast<uint32_t>(event_class); }

// In the order in which Redis prints them.
constexpr std::array kClassFlags{
    Flag{'g', bit(EventClass::kGeneric)}, Flag{'$', bit(EventClass::kString)},
    Flag{'l', bit(EventClass::kList)},    Flag{'s', bit(EventClass::kSet)},
    Flag{'h', bit(EventClass::kHash)},    Flag{'z', bit(EventClass::kSortedSet)},
    Flag{'x', bit(EventClass::kExpired)}, Flag{'e', bit(EventClass::kEvicted)},
    Flag{'t', bit(EventClass::kStream)},  Flag{'d', bit(EventClass::kModule)},
};
constexpr Flag kNewFlag{'n', bit(EventClass::kNew)};
constexpr Flag kKeyMissFlag{'m', bit(EventClass::kKeyMiss)};

// What 'A' stands for, and what listeners are told of: everything but misses and new keys.
constexpr uint32_t all_classes() {
  uint32_t bits = 0;
  for (const Flag& flag : kClassFlags) bits |= flag.bits;
  return bits;
}

}  // namespace

struct EventHub::Listener {
  std::function<void(const KeyEvent&)> on_event;
  std::function<void(const RemovalEvent&)> on_removal;
  CallbackExecutor* executor = nullptr;  // Null: the thread that delivers.
  CallbackGate gate;

  bool wants(const QueuedEvent& event) const {
    if (event.name.empty()) return on_removal != nullptr;
    return on_event != nullptr && (bit(event.event_class) & all_classes()) != 0;
  }
  void tell(const QueuedEvent& event) {
    gate.pass([&] {
      if (event.name.empty()) {
        on_removal({event.key, type_name(event.type), event.cause, event.db});
      } else {
        on_event({event.name, event.key, event.db});
      }
    });
  }
};

class EventHub::Registration final : public internal::Cancellable {
 public:
  Registration(const std::shared_ptr<EventHub>& hub, std::shared_ptr<Listener> listener)
      : hub_(hub), listener_(std::move(listener)) {}

  void cancel() override {
    listener_->gate.close();
    const std::shared_ptr<EventHub> hub = hub_.lock();
    if (hub == nullptr) return;
    const std::lock_guard lock(hub->mutex_);
    auto rest = std::make_shared<Listeners>(*hub->listeners_);
    std::erase(*rest, listener_);
    hub->listeners_ = std::move(rest);
    hub->update_wanted();
  }

 private:
  const std::weak_ptr<EventHub> hub_;
  const std::shared_ptr<Listener> listener_;
};

Subscription EventHub::on_key_event(std::function<void(const KeyEvent&)> callback,
                                    CallbackExecutor* executor) {
  auto listener = std::make_shared<Listener>();
  listener->on_event = std::move(callback);
  listener->executor = executor;
  return add(std::move(listener));
}

Subscription EventHub::on_removal(std::function<void(const RemovalEvent&)> callback,
                                  CallbackExecutor* executor) {
  auto listener = std::make_shared<Listener>();
  listener->on_removal = std::move(callback);
  listener->executor = executor;
  return add(std::move(listener));
}

Subscription EventHub::add(std::shared_ptr<Listener> listener) {
  {
    const std::lock_guard lock(mutex_);
    auto more = std::make_shared<Listeners>(*listeners_);
    more->push_back(listener);
    listeners_ = std::move(more);
    update_wanted();
  }
  return Subscription(std::make_shared<Registration>(shared_from_this(), std::move(listener)));
}

// Under mutex_.
void EventHub::update_wanted() {
  uint32_t wanted = 0;
  if ((notifications_ & (kKeyspace | kKeyevent)) != 0) wanted = notifications_;
  for (const auto& listener : *listeners_) {
    if (listener->on_event != nullptr) wanted |= all_classes();
    if (listener->on_removal != nullptr) wanted |= kRemovals;
  }
  wanted_.store(wanted, std::memory_order_relaxed);
}

void EventHub::append(std::vector<QueuedEvent> events) {
  const std::lock_guard lock(mutex_);
  std::move(events.begin(), events.end(), std::back_inserter(queue_));
}

void EventHub::deliver() {
  std::unique_lock lock(mutex_);
  if (delivering_) return;
  delivering_ = true;
  while (!queue_.empty()) {
    const std::vector<QueuedEvent> batch = std::exchange(queue_, {});
    const std::shared_ptr<Listeners> listeners = listeners_;
    const uint32_t notifications = notifications_;
    lock.unlock();
    for (const QueuedEvent& event : batch) dispatch(event, *listeners, notifications);
    lock.lock();
  }
  delivering_ = false;
}

void EventHub::dispatch(const QueuedEvent& event, const Listeners& listeners, uint32_t notifications) const {
  for (const std::shared_ptr<Listener>& listener : listeners) {
    if (!listener->wants(event)) continue;
    if (listener->executor == nullptr) {
      listener->tell(event);
    } else {
      listener->executor->post([listener, event] { listener->tell(event); });
    }
  }
  if (event.name.empty() || (notifications & bit(event.event_class)) == 0) return;
  if ((notifications & kKeyspace) != 0)
    publish_(absl::StrCat("__keyspace@", event.db, "__:", event.key), event.name);
  if ((notifications & kKeyevent) != 0)
    publish_(
        absl::StrCat("__keyevent@", event.db, "__:", absl::string_view(event.name.data(), event.name.size())),
        event.key);
}

std::optional<uint32_t> EventHub::parse_notifications(std::string_view flags) {
  uint32_t bits = 0;
  for (const char letter : flags) {
    const auto flag = std::find_if(kClassFlags.begin(), kClassFlags.end(),
                                   [&](const Flag& known) { return known.letter == letter; });
    if (flag != kClassFlags.end()) {
      bits |= flag->bits;
    } else if (letter == 'A') {
      bits |= all_classes();
    } else if (letter == kNewFlag.letter) {
      bits |= kNewFlag.bits;
    } else if (letter == kKeyMissFlag.letter) {
      bits |= kKeyMissFlag.bits;
    } else if (letter == 'K') {
      bits |= kKeyspace;
    } else if (letter == 'E') {
      bits |= kKeyevent;
    } else {
      return std::nullopt;
    }
  }
  return bits;
}

void EventHub::set_notifications(std::string_view flags) {
  const uint32_t bits = parse_notifications(flags).value_or(0);
  const std::lock_guard lock(mutex_);
  notifications_ = bits;
  update_wanted();
}

std::string EventHub::notifications() const {
  const std::lock_guard lock(mutex_);
  std::string flags;
  if ((notifications_ & all_classes()) == all_classes()) {
    flags += 'A';
  } else {
    for (const Flag& flag : kClassFlags) {
      if ((notifications_ & flag.bits) != 0) flags += flag.letter;
    }
  }
  if ((notifications_ & kNewFlag.bits) != 0) flags += kNewFlag.letter;
  if ((notifications_ & kKeyspace) != 0) flags += 'K';
  if ((notifications_ & kKeyevent) != 0) flags += 'E';
  if ((notifications_ & kKeyMissFlag.bits) != 0) flags += kKeyMissFlag.letter;
  return flags;
}

}  // namespace inlay
