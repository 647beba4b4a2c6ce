#include "engine/broker_client.h"

#include <utility>

#include "engine/error.h"

namespace inlay {
namespace {

std::vector<std::string> names(const std::map<std::string, Link, std::less<>>& links) {
  std::vector<std::string> names;
  for (const auto& [name, link] : links) names.push_back(name);
  return names;
}

}  // namespace

std::shared_ptr<BrokerClient> BrokerClient::open(std::shared_ptr<Broker> broker,
                                                 std::shared_ptr<Receiver> receiver) {
  std::shared_ptr<BrokerClient> client(new BrokerClient(std::move(broker), std::move(receiver)));
  if (!client->broker_->enter(client)) client->leave();
  return client;
}

absl::Status BrokerClient::subscribe(Bytes channel) {
  const ShardLockGuard guard(lock_);
  if (left_) return error(Error::kSubscriberClosed);
  const auto [link, fresh] = channels_.try_emplace(std::string(channel), Link{this});
  if (fresh) broker_->subscribe(channel, link->second);
  return absl::OkStatus();
}

void BrokerClient::unsubscribe(Bytes channel) {
  const ShardLockGuard guard(lock_);
  const auto link = channels_.find(channel);
  if (link == channels_.end()) return;
  broker_->unsubscribe(channel, link->second);
  channels_.erase(link);
}

absl::Status BrokerClient::psubscribe(Bytes pattern) {
  const ShardLockGuard guard(lock_);
  if (left_) return error(Error::kSubscriberClosed);
  const auto [link, fresh] = patterns_.try_emplace(std::string(pattern), Link{this});
  if (fresh) broker_->psubscribe(pattern, link->second);
  return absl::OkStatus();
}

void BrokerClient::punsubscribe(Bytes pattern) {
  const ShardLockGuard guard(lock_);
  const auto link = patterns_.find(pattern);
  if (link == patterns_.end()) return;
  broker_->punsubscribe(pattern, link->second);
  patterns_.erase(link);
}

std::vector<std::string> BrokerClient::channels() const {
  const ShardLockGuard guard(lock_);
  return names(channels_);
}

std::vector<std::string> BrokerClient::patterns() const {
  const ShardLockGuard guard(lock_);
  return names(patterns_);
}

size_t BrokerClient::subscriptions() const {
  const ShardLockGuard guard(lock_);
  return channels_.size() + patterns_.size();
}

void BrokerClient::leave() {
  {
    const ShardLockGuard guard(lock_);
    left_ = true;
    for (auto& [channel, link] : channels_) broker_->unsubscribe(channel, link);
    for (auto& [pattern, link] : patterns_) broker_->punsubscribe(pattern, link);
    channels_.clear();
    patterns_.clear();
  }
  receiver_->close();
  broker_->leave(this);
}

}  // namespace inlay
