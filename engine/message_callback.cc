#include "engine/message_callback.h"

#include <atomic>
#include <optional>
#include <utility>

#include "engine/broker_client.h"
#include "engine/callback_gate.h"
#include "engine/mailbox.h"

namespace inlay {
namespace {

// Calls on the publisher's thread.
class DirectReceiver final : public Receiver {
 public:
  explicit DirectReceiver(MessageCallback callback) : callback_(std::move(callback)) {}

  // Whether the gate is open shows when it is passed; messages that find it shut are of a client that leaves.
  Offer offer(Message&&) override { return Offer::kSettle; }
  void settle(Message&& message) override {
    gate_.pass([&] { callback_(message); });
  }
  void close() override { gate_.close(); }

 private:
  CallbackGate gate_;
  MessageCallback callback_;
};

// Calls on an executor's threads.
class PostingReceiver final : public Mailbox, public std::enable_shared_from_this<PostingReceiver> {
 public:
  PostingReceiver(MessageCallback callback, CallbackExecutor& executor, const SubscribeOptions& options,
                  std::shared_ptr<const WaitClock> clock)
      : Mailbox(options, std::move(clock)), executor_(executor), callback_(std::move(callback)) {
    (void)poll_or_rest();
  }

  void close() override {
    Mailbox::close();
    gate_.close();
  }

 private:
  void wake() override {
    executor_.post([self = shared_from_this()] { self->drain(); });
  }
  // At most one runs or is on its way: the next is posted only for a message that has found the mailbox at rest.
  void drain() {
    while (const std::optional<Message> message = poll_or_rest()) {
      if (!gate_.pass([&] { callback_(*message); })) return;
    }
  }

  CallbackExecutor& executor_;
  CallbackGate gate_;
  MessageCallback callback_;
};

class CallbackSource final : public internal::Cancellable {
 public:
  explicit CallbackSource(std::shared_ptr<BrokerClient> client) : client_(std::move(client)) {}
  void cancel() override { client_->leave(); }

 private:
  std::shared_ptr<BrokerClient> client_;
};

std::shared_ptr<Receiver> make_receiver(MessageCallback callback, CallbackExecutor* executor,
                                        const SubscribeOptions& options,
                                        std::shared_ptr<const WaitClock> clock) {
  if (executor == nullptr) return std::make_shared<DirectReceiver>(std::move(callback));
  return std::make_shared<PostingReceiver>(std::move(callback), *executor, options, std::move(clock));
}

}  // namespace

Subscription subscribe_callback(std::shared_ptr<Broker> broker, std::span<const Bytes> channels,
                                std::span<const Bytes> patterns, MessageCallback callback,
                                CallbackExecutor* executor, const SubscribeOptions& options) {
  auto receiver = make_receiver(std::move(callback), executor, options, broker->wait_clock());
  auto client = BrokerClient::open(std::move(broker), std::move(receiver));
  // Only a closed broker refuses, and then the callback is never made.
  for (const Bytes channel : channels) client->subscribe(channel).IgnoreError();
  for (const Bytes pattern : patterns) client->psubscribe(pattern).IgnoreError();
  return Subscription(std::make_shared<CallbackSource>(std::move(client)));
}

}  // namespace inlay
