#include "engine/engine.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

#include "engine/blocked_calls.h"
#include "engine/broker.h"

namespace inlay {
namespace {

// Keys removed, or timers looked at, per hold of a shard's lock.
constexpr size_t kExpireBatch = 64;
constexpr auto kTickMin = std::chrono::milliseconds(1);
constexpr auto kTickMax = std::chrono::milliseconds(25);
constexpr auto kIdleTick = std::chrono::seconds(1);

}  // namespace

Engine::Engine(Options options)
    : options_(std::move(options)),
      shard_count_(options_.shards),
      shard_shift_(63 - static_cast<unsigned>(std::countr_zero(options_.shards))),
      pages_(options_.background ? std::function<void()>([this] { wake_background(); }) : nullptr) {
  broker_ = std::make_shared<Broker>(Broker::Options{options_.seed, options_.clock, options_.background});
  events_ =
      std::make_shared<EventHub>([broker = broker_](std::string_view channel, std::string_view payload) {
        broker->publish(channel, payload);
      });
  blocked_calls_ = std::make_unique<BlockedCalls>(*this);
  assert(std::has_single_bit(shard_count_) && shard_count_ <= kShardsMax);
  for (int db = 0; db < kDatabasesMax; ++db) physical_[static_cast<size_t>(db)] = static_cast<uint8_t>(db);
  const int64_t now = now_ms();
  shards_ =
      static_cast<Shard*>(::operator new(sizeof(Shard) * shard_count_, std::align_val_t(alignof(Shard))));
  Random seeds(options_.seed ^ 0x9e3779b97f4a7c15);
  for (size_t i = 0; i < shard_count_; ++i) {
    new (shards_ + i) Shard({&pages_, options_.seed, seeds(), 63 - shard_shift_, now});
  }
  refresh_seen_s(now);
  memory_.change_limits([this](Limits& limits) { limits = options_.limits; });
  if (options_.background) background_ = std::thread([this] { run_background(); });
}

Engine::~Engine() {
  blocked_calls_->close();
  if (background_.joinable()) {
    {
      std::lock_guard lock(background_mutex_);
      closing_ = true;
    }
    background_wake_.notify_one();
    background_.join();
  }
  broker_->close();
  std::destroy_n(shards_, shard_count_);
  ::operator delete(shards_, std::align_val_t(alignof(Shard)));
}

uint32_t Engine::given_clock_second() const { return stamp_of(to_unix_ms(options_.clock->now())); }

void Engine::set_hit_mark(const HitMark& mark) {
  const auto set = [&](uint8_t settled, uint8_t ignored) {
    settled_access_.store(settled, std::memory_order_relaxed);
    access_ignored_.store(ignored, std::memory_order_relaxed);
  };
  switch (mark.rule) {
    case HitMark::Rule::kNone: set(0xff, 0xff); break;
    case HitMark::Rule::kCount: set(0xff, 0xfc); break;
    // No byte with bits of 0xfe in it is 0: every hit is looked at.
    case HitMark::Rule::kStamp:
    case HitMark::Rule::kFrequency: set(0, 0xfe); break;
  }
  refresh_seen_s(now_ms());
}

// One step, under the shard's lock.
size_t Engine::expire_some(Shard& shard, int64_t now_ms, size_t limit, Aftermath& aftermath) {
  std::vector<Expired> expired;
  const bool listened = events_->wants(EventClass::kExpired) || events_->wants(EventClass::kHash) ||
                        events_->wants(EventClass::kGeneric) || events_->wants_removals();
  const size_t removed = shard.expire(now_ms, limit, aftermath.graveyard(), listened ? &expired : nullptr);
  std::vector<QueuedEvent> events;
  for (const Expired& gone : expired) {
    const int db = logical(gone.physical_db);
    const auto tell = [&](EventClass event_class, std::string_view name) {
      if (events_->wants(event_class))
        events.push_back({.name = name, .event_class = event_class, .db = db, .key = gone.key});
    };
    if (gone.of_fields) tell(EventClass::kHash, "hexpired");
    if (gone.removed) {
      gone.of_fields ? tell(EventClass::kGeneric, "del") : tell(EventClass::kExpired, "expired");
      if (events_->wants_removals())
        events.push_back({.type = gone.type, .cause = Cause::kExpired, .db = db, .key = gone.key});
    }
  }
  if (!events.empty()) {
    events_->append(std::move(events));
    aftermath.after_locks([this] { events_->deliver(); });
  }
  return removed;
}

size_t Engine::expire_all(int64_t now_ms) {
  if (!active_expire_.load(std::memory_order_relaxed)) return 0;
  size_t removed = 0;
  for (size_t i = 0; i < shard_count_; ++i) {
    for (bool more = true; more;) {
      Aftermath aftermath;
      ShardLockGuard lock(shards_[i].lock());
      removed += expire_some(shards_[i], now_ms, kExpireBatch, aftermath);
      // A batch may end early with deadlines still due, so ask the wheel and not the count.
      more = shards_[i].timers() != 0 && shards_[i].next_deadline_bound() <= now_ms;
    }
  }
  return removed;
}

size_t Engine::maintain() {
  const int64_t now = now_ms();
  refresh_seen_s(now);
  broker_->tick();
  blocked_calls_->fire_due();
  const size_t removed = expire_all(now);
  memory_.pay_debts();
  return removed;
}

int64_t Engine::next_deadline_bound() {
  int64_t bound = INT64_MAX;
  for (size_t i = 0; i < shard_count_; ++i) {
    ShardLockGuard lock(shards_[i].lock());
    if (shards_[i].timers() != 0) bound = std::min(bound, shards_[i].next_deadline_bound());
  }
  return bound;
}

void Engine::wake_background() {
  {
    std::lock_guard lock(background_mutex_);
    woken_ = true;
  }
  background_wake_.notify_one();
}

// Ticks while any key has a deadline; otherwise wakes when a wait is out of time, when the pool wants a spare region, and
// once a second, to refresh the access stamp.
void Engine::run_background() {
  std::unique_lock lock(background_mutex_);
  while (!closing_) {
    woken_ = false;
    lock.unlock();
    pages_.stock_spare();
    maintain();
    int64_t bound = next_deadline_bound();
    if (bound == INT64_MAX) {
      // A deadline added from here on finds the flag down and wakes this thread; one added before is seen now.
      ticking_.store(false, std::memory_order_seq_cst);
      bound = next_deadline_bound();
    }
    std::chrono::milliseconds nap = kIdleTick;
    if (bound != INT64_MAX) {
      ticking_.store(true, std::memory_order_relaxed);
      const int64_t now = now_ms();
      const int64_t wait = bound <= now ? 0 : std::min<int64_t>(bound - now, kTickMax.count());
      nap = std::clamp(std::chrono::milliseconds(wait), kTickMin, kTickMax);
    }
    if (const std::optional<Duration> wait = blocked_calls_->time_to_next()) {
      // How fast another clock than the computer's runs cannot be known.
      const Duration next = options_.clock == nullptr ? *wait : kTickMax;
      nap = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(next), kTickMin, nap);
    }
    if (memory_.has_debts()) nap = kTickMin;
    lock.lock();
    background_wake_.wait_for(lock, nap, [this] { return closing_ || woken_; });
  }
}

bool Engine::check_invariants() {
  bool ok = broker_->check_invariants();
  for (size_t i = 0; i < shard_count_; ++i) {
    ShardLockGuard lock(shards_[i].lock());
    ok = shards_[i].check_invariants() && ok;
  }
  return ok;
}

}  // namespace inlay
