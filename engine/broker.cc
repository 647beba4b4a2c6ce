#include "engine/broker.h"

#include <algorithm>
#include <utility>

#include "engine/broker_client.h"
#include "engine/glob.h"
#include "engine/hash.h"

namespace inlay {
namespace {

// A longer message is copied before the lock is taken, at the price of looking twice whether anybody wants it.
constexpr size_t kCopiedUnderLockMax = 4096;
// Seats whose receivers are fetched ahead of their turn.
constexpr size_t kAhead = 4;

}  // namespace

thread_local Deliveries* Deliveries::paying_ = nullptr;

Deliveries::~Deliveries() {
  if (debts_.empty()) return;
  if (paying_ == nullptr) {
    pay();
  } else {
    for (Debt& debt : debts_) paying_->debts_.push_back(std::move(debt));
  }
}

void Deliveries::pay() {
  paying_ = this;
  for (size_t i = 0; i < debts_.size(); ++i) {
    Debt debt = std::move(debts_[i]);  // More may come meanwhile, and move the others.
    if (debt.offer == Offer::kLeave) {
      debt.client->leave();
    } else {
      debt.client->receiver().settle(std::move(debt.message));
    }
  }
  paying_ = nullptr;
}

// Holds every stripe's lock.
class Broker::AllStripes {
 public:
  explicit AllStripes(Broker& broker) ABSL_NO_THREAD_SAFETY_ANALYSIS : broker_(broker) {
    for (Stripe& stripe : broker_.stripes_) stripe.lock.lock();
  }
  ~AllStripes() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (Stripe& stripe : broker_.stripes_) stripe.lock.unlock();
  }
  AllStripes(const AllStripes&) = delete;
  AllStripes& operator=(const AllStripes&) = delete;

 private:
  Broker& broker_;
};

Broker::Broker(Options options)
    : seed_(options.seed),
      wait_clock_(std::make_shared<WaitClock>(std::move(options.clock), !options.background)) {}

KeyRef Broker::name(Bytes channel) const { return {channel, hash_bytes(channel, seed_)}; }

int64_t Broker::offer(Bytes channel, Bytes payload, Deliveries& deliveries) {
  if (subscriptions_.load(std::memory_order_relaxed) == 0) return 0;
  const KeyRef key = name(channel);
  Stripe& stripe = stripe_of(key);
  internal::MessageText* large = nullptr;
  if (channel.size() + payload.size() > kCopiedUnderLockMax) {
    {
      const ShardLockGuard guard(stripe.lock);
      if (addressees(stripe, key).count == 0) return 0;
    }
    large = internal::MessageText::make(channel, payload, 1);
  }
  const ShardLockGuard guard(stripe.lock);
  const Addressees to = addressees(stripe, key);
  int64_t received = 0;
  if (large != nullptr) {
    large->retain(to.count);
    received = fan_out(to, large, deliveries);
    large->release();
  } else if (to.count != 0) {
    received = fan_out(to, internal::MessageText::make(channel, payload, to.count), deliveries);
  }
  return received;
}

Broker::Addressees Broker::addressees(const Stripe& stripe, const KeyRef& channel) const {
  Addressees to;
  const auto add = [&to](const Audience& audience, internal::MessageText* pattern) {
    to.groups.push_back({&audience, pattern});
    to.count += static_cast<uint32_t>(audience.size());
  };
  if (const auto found = stripe.channels.find(channel); found != stripe.channels.end())
    add(found->second, nullptr);
  if (patterns_.size() != 0) {
    patterns_.for_each_match(channel.bytes, [&](const Audience& audience, internal::MessageText& pattern) {
      add(audience, &pattern);
    });
  }
  return to;
}

// Each receiver takes over a reference to `text`.
int64_t Broker::fan_out(const Addressees& to, internal::MessageText* text, Deliveries& deliveries) {
  int64_t received = 0;
  for (const Group& group : to.groups) {
    const std::vector<Audience::Seat>& seats = group.audience->seats();
    if (group.pattern != nullptr) group.pattern->retain(static_cast<uint32_t>(seats.size()));
    for (size_t i = 0; i < seats.size(); ++i) {
      if (i + kAhead < seats.size()) __builtin_prefetch(seats[i + kAhead].receiver, 1);
      Message message(text, group.pattern);
      const Offer offer = seats[i].receiver->offer(std::move(message));
      received += offer != Offer::kRefused;
      if (offer == Offer::kSettle || offer == Offer::kLeave) [[unlikely]] {
        deliveries.debts_.push_back({seats[i].link->client->shared_from_this(), std::move(message), offer});
      }
    }
  }
  return received;
}

std::vector<std::string> Broker::channels(const std::optional<Bytes>& pattern) {
  std::vector<std::string> names;
  for (Stripe& stripe : stripes_) {
    const ShardLockGuard guard(stripe.lock);
    for (const auto& [channel, audience] : stripe.channels) {
      if (!pattern.has_value() || glob_match(*pattern, channel.name)) names.push_back(channel.name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

int64_t Broker::receivers(Bytes channel) {
  const KeyRef key = name(channel);
  Stripe& stripe = stripe_of(key);
  const ShardLockGuard guard(stripe.lock);
  const auto found = stripe.channels.find(key);
  return found == stripe.channels.end() ? 0 : static_cast<int64_t>(found->second.size());
}

int64_t Broker::patterns() {
  const ShardLockGuard guard(stripes_.front().lock);  // Any one will do.
  return static_cast<int64_t>(patterns_.size());
}

void Broker::tick() {
  if (!wait_clock_->is_by_hand()) return;
  wait_clock_->tick();
  for (const auto& client : clients()) client->receiver().tick();
}

void Broker::close() {
  {
    const ShardLockGuard guard(clients_lock_);
    closed_ = true;
  }
  for (const auto& client : clients()) client->leave();
}

bool Broker::check_invariants() {
  const AllStripes guard(*this);
  bool sound = patterns_.check_invariants();
  for (const Stripe& stripe : stripes_) sound = check(stripe) && sound;
  return sound;
}

// All stripes are locked.
bool Broker::check(const Stripe& stripe) {
  for (const auto& [channel, audience] : stripe.channels) {
    if (audience.empty() || !audience.check_invariants() || &stripe_of(name(channel.name)) != &stripe)
      return false;
  }
  return true;
}

void Broker::subscribe(Bytes channel, Link& link) {
  const KeyRef key = name(channel);
  Stripe& stripe = stripe_of(key);
  const ShardLockGuard guard(stripe.lock);
  auto found = stripe.channels.find(key);
  if (found == stripe.channels.end()) {
    found = stripe.channels.emplace(Channel{std::string(channel), key.hash}, Audience()).first;
  }
  found->second.add(link.client->receiver(), link);
  subscriptions_.fetch_add(1, std::memory_order_relaxed);
}

void Broker::unsubscribe(Bytes channel, Link& link) {
  const KeyRef key = name(channel);
  Stripe& stripe = stripe_of(key);
  const ShardLockGuard guard(stripe.lock);
  const auto found = stripe.channels.find(key);
  found->second.remove(link);
  if (found->second.empty()) stripe.channels.erase(found);
  subscriptions_.fetch_sub(1, std::memory_order_relaxed);
}

void Broker::psubscribe(Bytes pattern, Link& link) {
  const AllStripes guard(*this);
  patterns_.add(pattern, link.client->receiver(), link);
  subscriptions_.fetch_add(1, std::memory_order_relaxed);
}

void Broker::punsubscribe(Bytes pattern, Link& link) {
  const AllStripes guard(*this);
  patterns_.remove(pattern, link);
  subscriptions_.fetch_sub(1, std::memory_order_relaxed);
}

bool Broker::enter(const std::shared_ptr<BrokerClient>& client) {
  const ShardLockGuard guard(clients_lock_);
  if (!closed_) clients_.emplace(client.get(), client);
  return !closed_;
}

void Broker::leave(BrokerClient* client) {
  std::shared_ptr<BrokerClient> last;  // Let go of after the lock.
  const ShardLockGuard guard(clients_lock_);
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  last = std::move(found->second);
  clients_.erase(found);
}

size_t Broker::queued_bytes() {
  size_t bytes = 0;
  for (const auto& client : clients()) bytes += client->receiver().queued_bytes();
  return bytes;
}

std::vector<std::shared_ptr<BrokerClient>> Broker::clients() {
  std::vector<std::shared_ptr<BrokerClient>> clients;
  const ShardLockGuard guard(clients_lock_);
  for (const auto& [address, client] : clients_) clients.push_back(client);
  return clients;
}

}  // namespace inlay
