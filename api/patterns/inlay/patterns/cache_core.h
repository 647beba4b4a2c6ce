// What a Cache<V> does that does not depend on V. Internal to inlay/patterns/cache.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "inlay/patterns/cache_entry.h"
#include "inlay/patterns/cache_flights.h"
#include "inlay/patterns/cache_policy.h"
#include "inlay/result.h"
#include "inlay/store.h"
#include "inlay/types.h"

namespace inlay::internal {

/// Thread-safe. The store alone says what is true: a load is kept only if the entry that it began from still stands, and
/// one that begins from nothing first leaves a lease, so that there is something to be removed. Hence a put or an
/// invalidation by any cache over the prefix, or a plain DEL, wins over the loads that were under way.
class CacheCore {
 public:
  using Take = absl::FunctionRef<void(Bytes value)>;

  CacheCore(const Database& database, std::string prefix, const CachePolicy& policy);
  CacheCore(const CacheCore&) = delete;
  CacheCore& operator=(const CacheCore&) = delete;

  const CachePolicy& policy() const { return policy_; }
  CacheStats stats() const;

  enum class Found : uint8_t {
    kNothing,  // Nothing fresh.
    kAbsent,   // The record is known to have no such key.
    kFresh,
    kDue,  // Fresh, and to be reloaded.
  };
  /// Gives the value of an entry to `take`, under the shard's lock, and tells what it is worth. Counts nothing.
  Result<Found> find(Key key, Take take) const;
  void count_hit() { count(kHits); }
  void count_miss() { count(kMisses); }

  struct Plan {
    enum class Act : uint8_t { kServe, kServeAndReload, kLoad, kWait };
    Act act = Act::kServe;
    /// What stood under the key. Its value, if it has one, was given to `take`.
    EntryHeader seen{};
    std::shared_ptr<Flight> flight{};
  };
  /// What a caller of get_or_load is to do. An entry equal to `refused` counts as none: its value cannot be read.
  /// `is_first` is false when the same call asks again, so that it is counted once.
  Result<Plan> plan(Key key, const EntryHeader& refused, bool is_first, Take take);
  /// Whether the value of `seen` may be served since another could not be had. Counts it.
  bool may_stand_in(const EntryHeader& seen);
  absl::Status wait(Flight& flight);

  /// Room for a header: encode the value behind it.
  static std::string header_space();
  absl::Status put(Key key, std::string encoded, Duration ttl);
  absl::Status invalidate(Key key);
  int64_t invalidate_prefix(std::string_view prefix);

  struct WriteMark {
    uint32_t token = 0;
    TimePoint began{};
  };
  /// Writing through: between these two, no load is kept, and of writes that overlap none is, for nobody can tell in which
  /// order the record has seen them.
  WriteMark begin_write(Key key);
  /// Puts what was written, or leaves nothing if that is not given.
  absl::Status end_write(Key key, const WriteMark& mark, std::optional<std::string> encoded, Duration ttl);

  void begin(Flight& flight) { flight.began = database_.now(); }
  /// Keeps what was loaded, if it still may be kept, and tells those who wait.
  void settle(Flight& flight, Nullable<std::string> encoded);
  Flights& flights() { return flights_; }
  void post(absl::AnyInvocable<void()> task) { policy_.executor->post(std::move(task)); }

 private:
  // What an entry is worth at this moment: nothing; fresh; fresh, but due to be reloaded; to be served while one caller
  // reloads; to be served only if a load fails.
  enum class Worth : uint8_t { kNothing, kFresh, kDue, kStale, kSpare };
  struct Seen {
    EntryHeader header{};
    Worth worth = Worth::kNothing;
  };
  struct Life {
    uint64_t end = EntryHeader::kNever;
    std::optional<Expiry> expiry{};  // Of the key.
    bool is_over = false;            // It would be dead on arrival.
  };
  enum Count : uint8_t { kHits, kStaleHits, kMisses, kCounts };
  // One of a few that threads are spread over, so that counting a hit is no meeting place.
  struct alignas(64) Counters {
    std::atomic<uint64_t> of[kCounts]{};
  };

  Result<Seen> look(std::string_view full, Take take) const;
  Worth worth_of(const EntryHeader& header) const;
  Result<std::optional<Plan>> plan_reload(std::string_view full, Key key, const Seen& seen);
  EntryHeader place_lease(std::string_view full, bool& is_taken);
  Life life_from(TimePoint start, Duration ttl, Duration kept_on, Key key, uint32_t token) const;
  Result<bool> set_value(auto& door, std::string_view full, Key key, std::string& encoded, TimePoint start,
                         Duration ttl);
  Result<bool> set_negative(View& view, std::string_view full, Key key, TimePoint start);
  bool keep(const Flight& flight, Nullable<std::string>& encoded);
  Result<bool> replace(const Flight& flight, absl::FunctionRef<Result<bool>(View& view, Key full)> with);
  uint64_t next_token();
  void count(Count what);

  Database database_;
  const std::string prefix_;
  const CachePolicy policy_;
  const Duration kept_on_;  // How long an entry stays after its end.
  Flights flights_;
  std::atomic<uint64_t> tokens_;

  static constexpr size_t kStripes = 16;
  Counters counters_[kStripes];
  std::atomic<uint64_t> loads_{0}, load_failures_{0}, loads_dropped_{0}, timeouts_{0};
  std::atomic<int64_t> load_ns_{0};
};

/// A load that this thread runs. One that is not finished, because its loader was left by an exception, fails.
class RunningLoad {
 public:
  RunningLoad(CacheCore& core, std::shared_ptr<Flight> flight) : core_(core), flight_(std::move(flight)) {
    core_.begin(*flight_);
  }
  ~RunningLoad() {
    if (flight_ != nullptr) finish(absl::InternalError("the loader ended without a result"));
  }
  RunningLoad(const RunningLoad&) = delete;
  RunningLoad& operator=(const RunningLoad&) = delete;

  void finish(Nullable<std::string> encoded) {
    core_.settle(*std::exchange(flight_, nullptr), std::move(encoded));
  }

 private:
  CacheCore& core_;
  std::shared_ptr<Flight> flight_;
};

/// A load that waits for the executor. Given up if the executor drops it.
class QueuedLoad {
 public:
  QueuedLoad(std::shared_ptr<CacheCore> core, std::shared_ptr<Flight> flight)
      : core_(std::move(core)), flight_(std::move(flight)) {}
  ~QueuedLoad() {
    if (flight_ != nullptr) core_->flights().drop_if_queued(*flight_);
  }
  QueuedLoad(QueuedLoad&&) noexcept = default;
  QueuedLoad& operator=(QueuedLoad&&) = delete;

  /// Null if somebody else runs it or the cache is gone.
  std::shared_ptr<Flight> claim() {
    return core_->flights().claim(*flight_) ? std::exchange(flight_, nullptr) : nullptr;
  }
  CacheCore& core() { return *core_; }

 private:
  std::shared_ptr<CacheCore> core_;
  std::shared_ptr<Flight> flight_;
};

/// A write to the record. One that is not committed leaves the cache without an entry.
class RecordWrite {
 public:
  RecordWrite(CacheCore& core, Key key, const CacheCore::WriteMark& mark)
      : core_(core), key_(key), mark_(mark) {}
  ~RecordWrite() {
    if (!ended_) core_.end_write(key_, mark_, std::nullopt, {}).IgnoreError();
  }
  RecordWrite(const RecordWrite&) = delete;
  RecordWrite& operator=(const RecordWrite&) = delete;

  absl::Status commit(std::optional<std::string> encoded, Duration ttl) {
    ended_ = true;
    return core_.end_write(key_, mark_, std::move(encoded), ttl);
  }

 private:
  CacheCore& core_;
  Key key_;
  CacheCore::WriteMark mark_;
  bool ended_ = false;
};

}  // namespace inlay::internal
