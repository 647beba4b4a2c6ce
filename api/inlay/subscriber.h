// Subscriber: reads the messages of channels and patterns.
//
//   auto subscriber = store->subscriber({.capacity = 1000, .overflow = inlay::Overflow::kBlockPublisher});
//   subscriber->subscribe({"news"}).IgnoreError();
//   while (auto message = subscriber->next(1s); message.ok() && message->has_value()) use((*message)->payload());
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "inlay/message.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

class MessageRange;

/// One party that subscribes, made by Store::subscriber(). Channels know no databases. Messages wait in a queue of its
/// own, in the order in which each publisher sent them, until they are read; SubscribeOptions say what happens when it
/// is full. A publisher that is to wait for this one waits without a lock, but it waits: a thread that publishes to a
/// subscriber that only it reads, with Overflow::kBlockPublisher, waits for itself.
///
/// Thread-safe: any method may be called from any thread, so several may share the reading; each message is read once.
/// Destroying it is safe while others publish, and while nobody is in one of its methods. It may outlive its store, whose
/// end closes it.
class Subscriber {
 public:
  /// Closes it. What waits to be read is gone.
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Subscribes to channels; to be subscribed already is no error, and counts once. On return it is active: whatever is
  /// published from then on arrives. O(1) each. Errors: closed (Cancelled).
  absl::Status subscribe(std::span<const Bytes> channels);
  absl::Status subscribe(std::initializer_list<Bytes> channels) {
    return subscribe(std::span(channels.begin(), channels.size()));
  }
  /// The same for glob patterns, as of Database::keys(). A message that a channel's name and two patterns let through
  /// arrives three times.
  absl::Status psubscribe(std::span<const Bytes> patterns);
  absl::Status psubscribe(std::initializer_list<Bytes> patterns) {
    return psubscribe(std::span(patterns.begin(), patterns.size()));
  }
  /// Ends subscriptions; names that it does not have are passed over. On return no more messages of these come, but
  /// those that wait already can still be read. O(1) each.
  void unsubscribe(std::span<const Bytes> channels);
  void unsubscribe(std::initializer_list<Bytes> channels) {
    unsubscribe(std::span(channels.begin(), channels.size()));
  }
  void punsubscribe(std::span<const Bytes> patterns);
  void punsubscribe(std::initializer_list<Bytes> patterns) {
    punsubscribe(std::span(patterns.begin(), patterns.size()));
  }
  /// What it is subscribed to, in order of the names.
  std::vector<std::string> channels() const;
  std::vector<std::string> patterns() const;

  /// Takes the next message, and waits for it: without end by default, not at all with a timeout of zero. Nil when the
  /// time is out, by the store's clock; with Background::kManual and a clock of the program's own, only maintain() lets
  /// time pass for those who wait. Errors: closed and nothing left to read, or `stop` was asked for (Cancelled).
  Nullable<Message> next(Duration timeout = kForever, std::stop_token stop = {});
  /// The messages as a range that ends when next() would give an error:
  ///   for (const inlay::Message& message : subscriber->messages()) ...
  MessageRange messages(std::stop_token stop = {});

  /// Ends all subscriptions and wakes everyone who waits: publishers at once, readers when what is left has been read.
  /// May be called more than once.
  void close();
  bool is_closed() const;

  /// Messages that found no room: see Overflow. One that a publisher waited with until close() counts as well.
  uint64_t dropped() const;
  /// Messages that wait to be read.
  size_t pending() const;
  /// Threads that wait in next().
  size_t waiting() const;

 private:
  friend class Store;
  struct State;
  explicit Subscriber(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Single-pass. The subscriber must outlive it.
class MessageRange {
 public:
  class iterator {
   public:
    using value_type = Message;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    const Message& operator*() const { return range_->message_; }
    const Message* operator->() const { return &range_->message_; }
    iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.done(); }

   private:
    friend class MessageRange;
    explicit iterator(MessageRange* range) : range_(range) {}
    bool done() const { return range_->ended_; }
    MessageRange* range_ = nullptr;
  };

  /// Waits for the first message.
  iterator begin() {
    advance();
    return iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend class Subscriber;
  MessageRange(Subscriber& subscriber, std::stop_token stop)
      : subscriber_(&subscriber), stop_(std::move(stop)) {}

  void advance() {
    Nullable<Message> next = subscriber_->next(kForever, stop_);
    ended_ = !next.ok();
    if (next.ok()) message_ = **std::move(next);
  }

  Subscriber* subscriber_;
  std::stop_token stop_;
  Message message_;
  bool ended_ = false;
};

inline MessageRange Subscriber::messages(std::stop_token stop) {
  return MessageRange(*this, std::move(stop));
}

}  // namespace inlay
