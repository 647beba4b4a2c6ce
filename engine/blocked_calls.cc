#include "engine/blocked_calls.h"

#include <algorithm>
#include <chrono>

#include "absl/container/flat_hash_set.h"
#include "engine/executor.h"

namespace inlay {
namespace {

// Longer than any program waits, and short enough to be added to any time.
constexpr Duration kWaitMax = std::chrono::hours(24 * 365 * 100);

int64_t count_ns(Duration duration) { return duration.count(); }

}  // namespace

bool BlockedCalls::fires_all_deadlines() const { return engine_.options().clock != nullptr; }

int64_t BlockedCalls::now_ns() const {
  const std::shared_ptr<Clock>& clock = engine_.options().clock;
  return clock == nullptr ? count_ns(std::chrono::steady_clock::now().time_since_epoch())
                          : count_ns(clock->now().time_since_epoch());
}

BlockedCalls::Deadline BlockedCalls::deadline_after(Duration timeout) const {
  int64_t deadline = 0;
  if (timeout == Duration::max() || __builtin_add_overflow(now_ns(), count_ns(timeout), &deadline))
    return std::nullopt;
  return deadline;
}

bool BlockedCalls::add(const std::shared_ptr<BlockedCall>& call, Deadline deadline) {
  bool is_nearest = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    call->place_ = calls_.insert(calls_.end(), call);
    if (deadline.has_value()) {
      call->deadline_place_ = deadlines_.emplace(*deadline, call);
      is_nearest = call->deadline_place_ == deadlines_.begin();
    }
    engine_.wait_began();
    changed_.notify_all();
  }
  if (is_nearest) engine_.wait_deadline_added();
  return true;
}

void BlockedCalls::remove(BlockedCall& call) {
  const std::lock_guard lock(mutex_);
  if (call.deadline_place_.has_value()) deadlines_.erase(*call.deadline_place_);
  calls_.erase(call.place_);
  // Under the mutex: close() may return, and all this may be gone, as soon as it is released.
  if (closed_) changed_.notify_all();
}

void BlockedCalls::end(BlockedCall& call, Waiter::State how) {
  // A call that has ended may have outlived its engine.
  if (call.state() == Waiter::State::kWaiting && call.engine_.end_wait(call, how)) call.wake();
}

void BlockedCalls::fire_due() {
  std::vector<std::shared_ptr<BlockedCall>> due;
  {
    const std::lock_guard lock(mutex_);
    if (deadlines_.empty()) return;
    const auto later = deadlines_.upper_bound(now_ns());
    for (auto it = deadlines_.begin(); it != later; ++it) {
      it->second->deadline_place_.reset();
      due.push_back(std::move(it->second));
    }
    deadlines_.erase(deadlines_.begin(), later);
  }
  for (const auto& call : due) end(*call, Waiter::State::kTimedOut);
}

std::optional<Duration> BlockedCalls::time_to_next() const {
  const std::lock_guard lock(mutex_);
  if (deadlines_.empty()) return std::nullopt;
  return Duration(std::max<int64_t>(deadlines_.begin()->first - now_ns(), 0));
}

bool BlockedCalls::wait_for(uint64_t count, Duration patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::min(patience, kWaitMax),
                           [&] { return engine_.blocked_waiters() >= count; });
}

void BlockedCalls::close() {
  Calls present;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    present = calls_;
  }
  for (const auto& call : present) end(*call, Waiter::State::kCancelled);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return calls_.empty(); });
}

bool BlockedCalls::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

BlockedCall::BlockedCall(Engine& engine, int db, Type type, std::span<const KeyRef> keys,
                         std::optional<uint64_t> destination)
    : Waiter(db, type, destination), engine_(engine) {
  absl::flat_hash_set<std::string_view> seen;
  for (const KeyRef& key : keys) {
    if (seen.insert(key.bytes).second) keys_.push_back({std::string(key.bytes), key.hash, {}});
  }
}

bool BlockedCall::enter(BlockedCalls::Deadline deadline) {
  if (!engine_.blocked_calls().add(shared_from_this(), deadline)) return false;
  for (OwnKey& key : keys_) {
    WaitTable& waiters = engine_.shard_of(key.ref()).waiters();
    waiters.add(key.ref(), shared_from_this(), key.place, engine_.needed_shard(*this));
  }
  return true;
}

void BlockedCall::leave() {
  // Whoever serves a call takes it out of the queue that it served.
  const bool stands_elsewhere = state() != State::kServed || keys_.size() > 1;
  for (size_t i = 0; stands_elsewhere && i < keys_.size(); ++i) {
    Shard& shard = engine_.shard_of(keys_[i].ref());
    const ShardLockGuard lock(shard.lock());
    if (!shard.has_waiters()) continue;
    (void)shard.waiters().remove(keys_[i].ref(), keys_[i].place, engine_.needed_shard(*this));
    shard.drop_idle_observers();
  }
  engine_.blocked_calls().remove(*this);
}

}  // namespace inlay
