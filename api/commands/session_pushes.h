// SessionPushes: what a session is subscribed to, and what it is pushed besides its replies.
//
// A call that subscribes to several names answers with the first confirmation; the others are pushes, as are messages.
// They come in the order of a connection to Redis: a confirmation stands before the messages of its name, and behind
// those that the session had got before.
//
// Thread safety: thread-compatible, as the session that owns it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "engine/broker_client.h"
#include "engine/mailbox.h"
#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay {

class SessionPushes {
 public:
  SessionPushes(std::shared_ptr<Broker> broker, const SubscribeOptions& options);
  ~SessionPushes();
  SessionPushes(const SessionPushes&) = delete;
  SessionPushes& operator=(const SessionPushes&) = delete;

  /// Each returns the confirmation of the first name. Errors: the receiver is closed.
  Result<Reply> subscribe(std::span<const Bytes> channels);
  Result<Reply> psubscribe(std::span<const Bytes> patterns);
  /// No names: all that there are.
  Result<Reply> unsubscribe(std::span<const Bytes> channels);
  Result<Reply> punsubscribe(std::span<const Bytes> patterns);

  /// Whether it is subscribed to anything.
  bool is_subscribed() const { return client_->subscriptions() != 0; }

  std::optional<Reply> poll();
  /// Nil at once where nothing can come.
  Nullable<Reply> next(Duration timeout, const std::stop_token& stop);
  uint64_t dropped() const { return mailbox_->dropped(); }

 private:
  template <class Change>
  Result<Reply> change_each(std::string_view kind, std::span<const Bytes> names, Change change);
  Reply confirmation(std::string_view kind, Reply name) const;
  void take_waiting_messages();
  std::optional<Reply> take_confirmed();

  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<BrokerClient> client_;
  std::deque<Reply>
      confirmed_;  // Confirmations, and messages from before them: older than what the mailbox has.
};

}  // namespace inlay
