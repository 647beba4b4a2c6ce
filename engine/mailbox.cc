#include "engine/mailbox.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "engine/error.h"

namespace inlay {
namespace {

constexpr uint32_t kSlotsFirst = 8;
constexpr uint32_t kSlotsPerLine = 64 / sizeof(Message);
constexpr size_t kCapacityMax = size_t{1} << 31;

}  // namespace

Mailbox::Mailbox(const SubscribeOptions& options, std::shared_ptr<const WaitClock> clock)
    : overflow_(options.overflow),
      capacity_(static_cast<uint32_t>(std::clamp<size_t>(options.capacity, 1, kCapacityMax))),
      clock_(std::move(clock)) {}

Offer Mailbox::offer(Message&& message) {
  Message displaced;  // Let go of after the lock.
  const ShardLockGuard guard(lock_);
  if (closed_) return Offer::kRefused;
  if (size_ >= capacity_ || blocked_ != 0) [[unlikely]] {
    if (overflow_ != Overflow::kDropOldest) return overflow();
    displaced = pop();
    ++dropped_;
  }
  push(std::move(message));
  return arrived_.claim() ? Offer::kSettle : Offer::kDone;
}

// What every policy but kDropOldest does about a message without room.
Offer Mailbox::overflow() {
  if (overflow_ == Overflow::kBlockPublisher) {
    ++blocked_;
    return Offer::kSettle;
  }
  ++dropped_;
  if (overflow_ == Overflow::kDropNewest) return Offer::kDone;
  closed_ = true;
  return Offer::kLeave;
}

void Mailbox::settle(Message&& message) {
  if (message.is_empty()) return wake();
  bool claimed = false;
  {
    const ShardLockGuard guard(lock_);
    while (!closed_ && size_ >= capacity_) room_.wait(lock_);
    --blocked_;
    if (closed_) return;
    push(std::move(message));
    claimed = arrived_.claim();
  }
  if (claimed) wake();
}

void Mailbox::tick() {
  {
    // A reader that has looked at the clock already waits by the time the lock is had.
    const ShardLockGuard guard(lock_);
    if (arrived_.waiting() == 0) return;
  }
  arrived_.signal_all();
}

void Mailbox::close() {
  {
    const ShardLockGuard guard(lock_);
    if (!closed_) dropped_ += blocked_;
    closed_ = true;
  }
  arrived_.signal_all();
  room_.signal_all();
}

Nullable<Message> Mailbox::next(Duration timeout, const std::stop_token& stop) {
  if (stop.stop_requested()) return error(Error::kWaitStopped);
  if (auto message = poll()) return message;
  return wait_for_message(timeout, stop);
}

Nullable<Message> Mailbox::wait_for_message(Duration timeout, const std::stop_token& stop) {
  const Duration deadline = timeout <= Duration::zero() ? Duration::min() : clock_->deadline_after(timeout);
  // Made outside the lock: it runs at once if a stop was asked for meanwhile.
  const std::stop_callback on_stop(stop, [this] {
    { const ShardLockGuard guard(lock_); }
    arrived_.signal_all();
  });
  // Where there are more readers than cores, sleeping at once would make the publisher wake each of them for each message.
  // Who lets the others run first mostly finds several when it looks again.
  if (timeout > Duration::zero()) std::this_thread::yield();
  std::optional<Message> message;
  bool claimed = false;
  {
    const ShardLockGuard guard(lock_);
    // Messages first: a reader that was chosen for one must not leave it behind.
    while (size_ == 0) {
      if (closed_) return error(Error::kSubscriberClosed);
      if (stop.stop_requested()) return error(Error::kWaitStopped);
      if (clock_->has_passed(deadline)) return std::optional<Message>();
      arrived_.wait(lock_, clock_->sleep_until(deadline));
    }
    message = pop();
    claimed = room_.claim();
  }
  if (claimed) room_.signal();
  return message;
}

std::optional<Message> Mailbox::take(bool rest_if_empty) {
  std::optional<Message> message;
  bool claimed = false;
  {
    const ShardLockGuard guard(lock_);
    if (size_ == 0) {
      if (rest_if_empty) arrived_.rest();
      return std::nullopt;
    }
    message = pop();
    claimed = blocked_ != 0 && room_.claim();
  }
  if (claimed) room_.signal();
  return message;
}

size_t Mailbox::size() const {
  const ShardLockGuard guard(lock_);
  return size_;
}

size_t Mailbox::queued_bytes() const {
  const ShardLockGuard guard(lock_);
  size_t bytes = slot_count_ * sizeof(Message);
  for (uint32_t i = 0; i < size_; ++i) bytes += slots_[(head_ + i) & (slot_count_ - 1)].shared_bytes();
  return bytes;
}

uint64_t Mailbox::dropped() const {
  const ShardLockGuard guard(lock_);
  return dropped_;
}

bool Mailbox::is_closed() const {
  const ShardLockGuard guard(lock_);
  return closed_;
}

size_t Mailbox::waiting() const {
  const ShardLockGuard guard(lock_);
  return arrived_.waiting();
}

void Mailbox::push(Message&& message) {
  if (size_ == slot_count_) grow();
  slots_[(head_ + size_++) & (slot_count_ - 1)] = std::move(message);
  // The line that comes next, so that no publisher waits for it while it has the lock.
  __builtin_prefetch(&slots_[(head_ + size_ + kSlotsPerLine - 1) & (slot_count_ - 1)], 1);
}

Message Mailbox::pop() {
  --size_;
  return std::move(slots_[head_++ & (slot_count_ - 1)]);
}

void Mailbox::grow() {
  const uint32_t count = std::max(kSlotsFirst, slot_count_ * 2);
  auto slots = std::make_unique<Message[]>(count);
  for (uint32_t i = 0; i < size_; ++i) slots[i] = std::move(slots_[(head_ + i) & (slot_count_ - 1)]);
  slots_ = std::move(slots);
  slot_count_ = count;
  head_ = 0;
}

}  // namespace inlay
