// Engine: the shards of one store, its clock, its databases, and the thread that expires keys.
//
// Thread safety: thread-safe. The destructor may run at any time that no other thread is inside a call.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/events.h"
#include "engine/hash.h"
#include "engine/key.h"
#include "engine/memory_gate.h"
#include "engine/shard.h"
#include "inlay/expiry/clock.h"

namespace inlay {

class BlockedCalls;
class Broker;

inline constexpr size_t kShardsMax = 1024;

class Engine {
 public:
  struct Options {
    size_t shards;                 // A power of two up to kShardsMax.
    int databases;                 // 1 to kDatabasesMax.
    std::shared_ptr<Clock> clock;  // Null: the system's.
    uint64_t seed;
    bool background;  // A thread expires keys.
    Limits limits{};
  };

  explicit Engine(Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  size_t shard_count() const { return shard_count_; }
  int databases() const { return options_.databases; }
  const Options& options() const { return options_; }

  KeyRef key(Bytes bytes) const { return {bytes, hash_bytes(bytes, options_.seed)}; }
  size_t shard_index(uint64_t hash) const { return static_cast<size_t>((hash >> 1) >> shard_shift_); }
  Shard& shard(size_t index) { return shards_[index]; }
  Shard& shard_of(const KeyRef& key) {
    Shard* const shard = shards_ + shard_index(key.hash);
    if (shard == nullptr) __builtin_unreachable();  // Callers that pass its address on need not test it.
    return *shard;
  }

  /// Which physical database a number names. Held steady by any one shard's lock.
  int physical(int db) const { return physical_[static_cast<size_t>(db)]; }
  /// Exchanges two databases. All shards must be locked.
  void swap_databases(int a, int b) {
    std::swap(physical_[static_cast<size_t>(a)], physical_[static_cast<size_t>(b)]);
  }

  TimePoint now() const {
    return options_.clock == nullptr ? TimePoint(std::chrono::system_clock::now()) : options_.clock->now();
  }
  /// The same in Unix milliseconds.
  int64_t now_ms() const {
    return options_.clock == nullptr ? SystemClock::unix_ms() : to_unix_ms(options_.clock->now());
  }
  /// The second that accesses are stamped with, modulo 2^24: the given clock's, or one that is refreshed at
  /// least once a second while a background thread runs, and by every maintain() and every look at a deadline.
  uint32_t seen_s() const { return access_mark() >> kMarkBits; }
  /// That second above what the access byte of an entry is if another hit would not change it: who finds both in an entry,
  /// bits of access_ignored() aside, has nothing to note of a hit.
  uint32_t access_mark() const {
    if (options_.clock != nullptr) [[unlikely]]
      return given_clock_second() << kMarkBits | settled_access();
    return access_mark_.load(std::memory_order_relaxed);
  }
  uint32_t access_ignored() const { return access_ignored_.load(std::memory_order_relaxed); }
  /// What hits write from now on. All shards must be locked.
  void set_hit_mark(const HitMark& mark);
  void refresh_seen_s(int64_t now_ms) {
    if (options_.clock != nullptr) return;
    // Relaxed: a stamp orders nothing. Written only when it changes, as every call of every thread reads it.
    const uint32_t mark = stamp_of(now_ms) << kMarkBits | settled_access();
    if (access_mark_.load(std::memory_order_relaxed) != mark)
      access_mark_.store(mark, std::memory_order_relaxed);
  }
  /// Seconds since an access stamp.
  uint32_t idle_s(uint32_t stamp) const { return (stamp_of(now_ms()) - stamp) & 0xffffff; }

  const PagePool& pages() const { return pages_; }

  /// Channels and their subscribers, who may outlive the engine.
  Broker& broker() { return *broker_; }
  std::shared_ptr<Broker> shared_broker() { return broker_; }

  /// Removes every key whose deadline has come, in steps that hold a shard's lock briefly, and ends the waits, for keys
  /// and for messages, whose time is out. Returns how many keys it removed.
  size_t maintain();
  /// Whether the background thread and maintain() remove dead keys; accesses always do.
  void set_active_expire(bool on) { active_expire_.store(on, std::memory_order_relaxed); }

  /// The longest string that may be made, in bytes: what is set, or all memory where that is less.
  uint64_t string_bytes_max() const { return string_bytes_max_.load(std::memory_order_relaxed); }
  /// What is set.
  uint64_t string_bytes_setting() const { return string_bytes_setting_.load(std::memory_order_relaxed); }
  void set_string_bytes_max(uint64_t bytes) {
    string_bytes_setting_.store(bytes, std::memory_order_relaxed);
    bound_string_bytes(memory_.limits().max_memory);
  }
  /// To be called when the limit of memory changes; 0: none.
  void bound_string_bytes(uint64_t max_memory) {
    const uint64_t setting = string_bytes_setting();
    string_bytes_max_.store(max_memory == 0 ? setting : std::min(setting, max_memory),
                            std::memory_order_relaxed);
  }

  /// Where small containers become large ones: read at each change, set at any time.
  struct ContainerLimits {
    std::atomic<int64_t> list_max_listpack_size{-2};
    std::atomic<int64_t> hash_max_listpack_entries{128};
    std::atomic<int64_t> hash_max_listpack_value{64};
    std::atomic<int64_t> set_max_intset_entries{512};
    std::atomic<int64_t> zset_max_listpack_entries{128};
    std::atomic<int64_t> zset_max_listpack_value{64};
  };
  const ContainerLimits& container_limits() const { return container_limits_; }
  ContainerLimits& container_limits() { return container_limits_; }

  /// What keeps the store within its limits.
  MemoryGate& memory() { return memory_; }
  const MemoryGate& memory() const { return memory_; }
  /// Bytes that an empty store takes.
  size_t fixed_bytes() const { return sizeof(Engine) + shard_count_ * sizeof(Shard); }
  /// Removes up to `limit` keys of a shard whose deadline has come; returns how many. The shard must be locked.
  size_t expire_some(Shard& shard, int64_t now_ms, size_t limit, Aftermath& aftermath);
  /// Tells the background thread that calls have left something to evict.
  void debts_added() {
    if (options_.background) wake_background();
  }

  /// Who listens to what happens to keys.
  EventHub& events() { return *events_; }
  const EventHub& events() const { return *events_; }
  /// The number that names a physical database. Held steady by any one shard's lock.
  int logical(int physical) const {
    int db = 0;
    while (physical_[static_cast<size_t>(db)] != physical) ++db;
    return db;
  }

  /// Calls that wait for a key at this moment. A waiter is counted while its state is kWaiting.
  uint64_t blocked_waiters() const { return blocked_waiters_.load(std::memory_order_acquire); }
  void wait_began() { blocked_waiters_.fetch_add(1, std::memory_order_acq_rel); }
  /// The shard of a waiter's destination, if it has one.
  std::optional<uint16_t> needed_shard(const Waiter& waiter) const {
    if (!waiter.destination().has_value()) return std::nullopt;
    return static_cast<uint16_t>(shard_index(*waiter.destination()));
  }
  /// Ends a wait; true for the one caller who did.
  bool end_wait(Waiter& waiter, Waiter::State how) {
    if (!waiter.end(how)) return false;
    blocked_waiters_.fetch_sub(1, std::memory_order_acq_rel);
    return true;
  }

  /// The calls that wait, those of this engine's own making.
  BlockedCalls& blocked_calls() { return *blocked_calls_; }
  /// Tells the background thread that a wait may end before all others.
  void wait_deadline_added() {
    if (options_.background) wake_background();
  }

  /// Tells the background thread that a first timer exists somewhere.
  void timer_added() {
    if (options_.background && !ticking_.load(std::memory_order_relaxed)) [[unlikely]]
      wake_background();
  }

  /// Locks every shard in turn.
  bool check_invariants();

 private:
  static constexpr unsigned kMarkBits = 8;
  uint32_t settled_access() const { return settled_access_.load(std::memory_order_relaxed); }
  static uint32_t stamp_of(int64_t now_ms) { return static_cast<uint32_t>(now_ms / 1000) & 0xffffff; }
  // Out of line: a virtual call makes its caller save registers even where it is not made.
  uint32_t given_clock_second() const;
  void run_background();
  void wake_background();
  size_t expire_all(int64_t now_ms);
  int64_t next_deadline_bound();

  Options options_;
  size_t shard_count_;
  unsigned shard_shift_;
  PagePool pages_;
  Shard* shards_;  // shard_count_ of them, in one aligned array.
  std::array<uint8_t, kDatabasesMax> physical_{};
  std::atomic<uint32_t> access_mark_{0};
  // Set under all locks. Who refreshes the mark meanwhile may use an old one: for a second some hits are not counted.
  std::atomic<uint32_t> settled_access_{0xff};
  std::atomic<uint32_t> access_ignored_{0xff};  // Nothing is noted but the second.
  std::atomic<bool> active_expire_{true};
  std::atomic<uint64_t> string_bytes_setting_{uint64_t{512} << 20};
  std::atomic<uint64_t> string_bytes_max_{uint64_t{512} << 20};
  ContainerLimits container_limits_;
  std::shared_ptr<Broker> broker_;
  std::atomic<uint64_t> blocked_waiters_{0};
  std::shared_ptr<EventHub> events_;
  std::unique_ptr<BlockedCalls> blocked_calls_;
  MemoryGate memory_{*this};

  std::atomic<bool> ticking_{false};
  std::mutex background_mutex_;
  std::condition_variable background_wake_;
  bool closing_ = false;
  bool woken_ = false;
  std::thread background_;
};

}  // namespace inlay
