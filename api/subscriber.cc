#include "inlay/subscriber.h"

#include <utility>

#include "api/store_core.h"
#include "engine/broker_client.h"
#include "engine/mailbox.h"
#include "engine/message_callback.h"
#include "inlay/store.h"

namespace inlay {

struct Subscriber::State {
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<BrokerClient> client;
};

Subscriber::Subscriber(std::unique_ptr<State> state) : state_(std::move(state)) {}

Subscriber::~Subscriber() { close(); }

absl::Status Subscriber::subscribe(std::span<const Bytes> channels) {
  for (const Bytes channel : channels) {
    if (absl::Status status = state_->client->subscribe(channel); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Subscriber::psubscribe(std::span<const Bytes> patterns) {
  for (const Bytes pattern : patterns) {
    if (absl::Status status = state_->client->psubscribe(pattern); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void Subscriber::unsubscribe(std::span<const Bytes> channels) {
  for (const Bytes channel : channels) state_->client->unsubscribe(channel);
}

void Subscriber::punsubscribe(std::span<const Bytes> patterns) {
  for (const Bytes pattern : patterns) state_->client->punsubscribe(pattern);
}

std::vector<std::string> Subscriber::channels() const { return state_->client->channels(); }

std::vector<std::string> Subscriber::patterns() const { return state_->client->patterns(); }

Nullable<Message> Subscriber::next(Duration timeout, std::stop_token stop) {
  return state_->mailbox->next(timeout, stop);
}

void Subscriber::close() { state_->client->leave(); }

bool Subscriber::is_closed() const { return state_->mailbox->is_closed(); }

uint64_t Subscriber::dropped() const { return state_->mailbox->dropped(); }

size_t Subscriber::pending() const { return state_->mailbox->size(); }

size_t Subscriber::waiting() const { return state_->mailbox->waiting(); }

std::unique_ptr<Subscriber> Store::subscriber(const SubscribeOptions& options) {
  auto broker = core_owner_->engine.shared_broker();
  auto mailbox = std::make_shared<Mailbox>(options, broker->wait_clock());
  auto client = BrokerClient::open(std::move(broker), mailbox);
  return std::unique_ptr<Subscriber>(new Subscriber(
      std::make_unique<Subscriber::State>(Subscriber::State{std::move(mailbox), std::move(client)})));
}

Subscription Store::on_message(std::span<const Bytes> channels, MessageCallback callback,
                               CallbackExecutor* executor, const SubscribeOptions& options) {
  return subscribe_callback(core_owner_->engine.shared_broker(), channels, {}, std::move(callback), executor,
                            options);
}

Subscription Store::on_pmessage(std::span<const Bytes> patterns, MessageCallback callback,
                                CallbackExecutor* executor, const SubscribeOptions& options) {
  return subscribe_callback(core_owner_->engine.shared_broker(), {}, patterns, std::move(callback), executor,
                            options);
}

}  // namespace inlay
