#include "api/commands/session_pushes.h"

#include <string>
#include <utility>

namespace inlay {
namespace {

Reply bulk(std::string_view text) { return Reply::bulk(std::string(text)); }

Reply push_of(const Message& message) {
  if (const auto pattern = message.pattern()) {
    return Reply::push({bulk("pmessage"), bulk(*pattern), bulk(message.channel()), bulk(message.payload())});
  }
  return Reply::push({bulk("message"), bulk(message.channel()), bulk(message.payload())});
}

std::vector<Bytes> views(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

SessionPushes::SessionPushes(std::shared_ptr<Broker> broker, const SubscribeOptions& options)
    : mailbox_(std::make_shared<Mailbox>(options, broker->wait_clock())),
      client_(BrokerClient::open(std::move(broker), mailbox_)) {}

SessionPushes::~SessionPushes() { client_->leave(); }

template <class Change>
Result<Reply> SessionPushes::change_each(std::string_view kind, std::span<const Bytes> names, Change change) {
  if (names.empty()) return confirmation(kind, Reply::nil());
  if (names.size() > 1) take_waiting_messages();
  std::optional<Reply> first;
  for (const Bytes name : names) {
    if (absl::Status status = change(name); !status.ok()) return status;
    Reply confirmed = confirmation(kind, bulk(name));
    if (first.has_value()) {
      confirmed_.push_back(std::move(confirmed));
    } else {
      first = std::move(confirmed);
    }
  }
  return *std::move(first);
}

Result<Reply> SessionPushes::subscribe(std::span<const Bytes> channels) {
  return change_each("subscribe", channels, [this](Bytes channel) { return client_->subscribe(channel); });
}

Result<Reply> SessionPushes::psubscribe(std::span<const Bytes> patterns) {
  return change_each("psubscribe", patterns, [this](Bytes pattern) { return client_->psubscribe(pattern); });
}

Result<Reply> SessionPushes::unsubscribe(std::span<const Bytes> channels) {
  const std::vector<std::string> all = channels.empty() ? client_->channels() : std::vector<std::string>();
  const std::vector<Bytes> names = views(all);
  return change_each("unsubscribe", channels.empty() ? names : channels, [this](Bytes channel) {
    client_->unsubscribe(channel);
    return absl::OkStatus();
  });
}

Result<Reply> SessionPushes::punsubscribe(std::span<const Bytes> patterns) {
  const std::vector<std::string> all = patterns.empty() ? client_->patterns() : std::vector<std::string>();
  const std::vector<Bytes> names = views(all);
  return change_each("punsubscribe", patterns.empty() ? names : patterns, [this](Bytes pattern) {
    client_->punsubscribe(pattern);
    return absl::OkStatus();
  });
}

Reply SessionPushes::confirmation(std::string_view kind, Reply name) const {
  const auto count = static_cast<int64_t>(client_->subscriptions());
  return Reply::push({bulk(kind), std::move(name), Reply::integer(count)});
}

void SessionPushes::take_waiting_messages() {
  while (const std::optional<Message> message = mailbox_->poll()) confirmed_.push_back(push_of(*message));
}

std::optional<Reply> SessionPushes::take_confirmed() {
  if (confirmed_.empty()) return std::nullopt;
  Reply push = std::move(confirmed_.front());
  confirmed_.pop_front();
  return push;
}

std::optional<Reply> SessionPushes::poll() {
  if (auto push = take_confirmed()) return push;
  const std::optional<Message> message = mailbox_->poll();
  if (!message.has_value()) return std::nullopt;
  return push_of(*message);
}

Nullable<Reply> SessionPushes::next(Duration timeout, const std::stop_token& stop) {
  if (auto push = take_confirmed()) return push;
  const Nullable<Message> message = mailbox_->next(is_subscribed() ? timeout : Duration::zero(), stop);
  if (!message.ok()) return message.status();
  if (!message->has_value()) return std::optional<Reply>();
  return push_of(**message);
}

}  // namespace inlay
