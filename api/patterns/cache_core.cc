// Looking up, and deciding what a caller is to do.
#include "inlay/patterns/cache_core.h"

#include <algorithm>
#include <random>

#include "api/patterns/full_key.h"
#include "api/patterns/milliseconds.h"

namespace inlay::internal {
namespace {

// Policies that make no sense mean the nearest that does.
CachePolicy sane(CachePolicy policy) {
  policy.ttl = std::max(policy.ttl, Duration(std::chrono::milliseconds(1)));
  policy.jitter = std::clamp(policy.jitter, 0.0, 1.0);
  for (Duration* span :
       {&policy.refresh_ahead, &policy.serve_stale, &policy.stale_on_error, &policy.negative_ttl})
    *span = std::clamp(*span, Duration::zero(), Duration(std::chrono::hours(24 * 365 * 100)));
  if (policy.executor == nullptr) policy.refresh_ahead = {};
  return policy;
}

void take_nothing(Bytes) {}

}  // namespace

CacheCore::CacheCore(const Database& database, std::string prefix, const CachePolicy& policy)
    : database_(database),
      prefix_(std::move(prefix)),
      policy_(sane(policy)),
      // With refresh_ahead an entry stays so that a reload that ends after it can still be kept.
      kept_on_(std::max({policy_.serve_stale, policy_.stale_on_error, policy_.refresh_ahead})),
      tokens_(policy.seed.has_value() ? *policy.seed
                                      : (uint64_t{std::random_device{}()} << 32 | std::random_device{}())) {}

CacheStats CacheCore::stats() const {
  CacheStats stats;
  // Relaxed, here and where they are counted: they order nothing.
  for (const Counters& counters : counters_) {
    stats.hits += counters.of[kHits].load(std::memory_order_relaxed);
    stats.stale_hits += counters.of[kStaleHits].load(std::memory_order_relaxed);
    stats.misses += counters.of[kMisses].load(std::memory_order_relaxed);
  }
  stats.loads = loads_.load(std::memory_order_relaxed);
  stats.load_failures = load_failures_.load(std::memory_order_relaxed);
  stats.loads_dropped = loads_dropped_.load(std::memory_order_relaxed);
  stats.timeouts = timeouts_.load(std::memory_order_relaxed);
  stats.load_time = Duration(load_ns_.load(std::memory_order_relaxed));
  stats.waiting = flights_.waiting();
  return stats;
}

void CacheCore::count(Count what) {
  static thread_local const char place = 0;
  // The address tells threads apart; its low bits are the same for all of them.
  const size_t stripe = (reinterpret_cast<uintptr_t>(&place) >> 12) * 0x9e3779b97f4a7c15 >> 60;
  counters_[stripe % kStripes].of[what].fetch_add(1, std::memory_order_relaxed);
}

uint64_t CacheCore::next_token() { return tokens_.fetch_add(1, std::memory_order_relaxed); }

Result<CacheCore::Found> CacheCore::find(Key key, Take take) const {
  const Result<Seen> seen = look(FullKey(prefix_, key).view(), take);
  if (!seen.ok()) return seen.status();
  if (seen->worth == Worth::kDue) return Found::kDue;
  if (seen->worth != Worth::kFresh) return Found::kNothing;
  return seen->header.has_value() ? Found::kFresh : Found::kAbsent;
}

Result<CacheCore::Seen> CacheCore::look(std::string_view full, Take take) const {
  Seen seen;
  bool is_entry = true;
  const Result<bool> exists = database_.visit(full, [&](Bytes bytes) {
    is_entry = seen.header.read(bytes);
    if (seen.header.has_value()) take(bytes.substr(EntryHeader::kBytes));
  });
  if (!exists.ok()) return exists.status();
  if (!is_entry) return absl::DataLossError("what stands under the key was not written by a cache");
  seen.worth = worth_of(seen.header);
  return seen;
}

CacheCore::Worth CacheCore::worth_of(const EntryHeader& header) const {
  const bool is_negative = header.kind() == EntryKind::kNegative;
  if (!header.has_value() && !is_negative) return Worth::kNothing;
  const uint64_t end = header.end();
  if (end == EntryHeader::kNever) return Worth::kFresh;
  // Then it is alive, or it would not have been seen: the clock need not be read.
  if (header.kind() == EntryKind::kTimely && policy_.refresh_ahead == Duration::zero()) return Worth::kFresh;
  const int64_t left_ms = static_cast<int64_t>(end) - to_unix_ms(database_.now());
  if (is_negative) return left_ms > 0 ? Worth::kFresh : Worth::kNothing;
  if (left_ms > 0) return left_ms <= ms_of(policy_.refresh_ahead) ? Worth::kDue : Worth::kFresh;
  if (-left_ms < ms_of(policy_.serve_stale)) return Worth::kStale;
  return -left_ms < ms_of(policy_.stale_on_error) ? Worth::kSpare : Worth::kNothing;
}

Result<CacheCore::Plan> CacheCore::plan(Key key, const EntryHeader& refused, bool is_first, Take take) {
  const FullKey full(prefix_, key);
  for (;;) {
    Result<Seen> seen = look(full.view(), take);
    if (!seen.ok()) return seen.status();
    if (seen->header == refused) seen->worth = Worth::kNothing;
    if (seen->worth == Worth::kFresh) {
      if (is_first) count(kHits);
      return Plan{.seen = seen->header};
    }
    Result<std::optional<Plan>> plan = plan_reload(full.view(), key, *seen);
    if (!plan.ok()) return plan.status();
    if (!plan->has_value()) continue;
    const bool serves = (*plan)->act == Plan::Act::kServe || (*plan)->act == Plan::Act::kServeAndReload;
    if (is_first) count(!serves ? kMisses : seen->worth == Worth::kDue ? kHits : kStaleHits);
    return **std::move(plan);
  }
}

// Nil if the entry has changed since it was seen.
Result<std::optional<CacheCore::Plan>> CacheCore::plan_reload(std::string_view full, Key key,
                                                              const Seen& seen) {
  EntryHeader basis = seen.header;
  if (basis.is_none()) {
    bool is_taken = false;
    basis = place_lease(full, is_taken);
    if (is_taken) return std::nullopt;
  }
  const bool serves = seen.worth == Worth::kDue || seen.worth == Worth::kStale;
  const Flights::Need need = !serves                       ? Flights::Need::kResult
                             : policy_.executor != nullptr ? Flights::Need::kBackground
                                                           : Flights::Need::kRun;
  Result<Flights::Joined> joined = flights_.join(key, basis, need);
  if (!joined.ok()) {
    if (seen.header.is_none()) database_.del_if_equal(full, basis.bytes()).IgnoreError();
    return joined.status();
  }
  Plan plan{.seen = seen.header, .flight = std::move(joined->flight)};
  if (!joined->is_mine) {
    plan.act = serves ? Plan::Act::kServe : Plan::Act::kWait;
    return plan;
  }
  // Another flight may have landed between the look and the join; then this one would be a second load.
  const Result<Seen> again = look(full, take_nothing);
  if (!again.ok() || again->header != basis) {
    if (need == Flights::Need::kBackground) {
      flights_.drop_if_queued(*plan.flight);
    } else {
      flights_.land(*plan.flight, std::nullopt);
    }
    return std::nullopt;
  }
  plan.act = need == Flights::Need::kBackground ? Plan::Act::kServeAndReload : Plan::Act::kLoad;
  return plan;
}

// None where there is no memory for it: then the load is not kept.
EntryHeader CacheCore::place_lease(std::string_view full, bool& is_taken) {
  const uint64_t token = next_token();
  const EntryHeader lease(EntryKind::kLease, token >> 24, static_cast<uint32_t>(token));
  const Result<bool> placed = database_.setnx(full, lease.bytes());
  is_taken = placed.ok() && !*placed;
  return placed.ok() && *placed ? lease : EntryHeader();
}

bool CacheCore::may_stand_in(const EntryHeader& seen) {
  if (!seen.has_value()) return false;
  const int64_t past_ms = to_unix_ms(database_.now()) - static_cast<int64_t>(seen.end());
  if (past_ms >= ms_of(std::max(policy_.serve_stale, policy_.stale_on_error))) return false;
  count(kStaleHits);
  return true;
}

absl::Status CacheCore::wait(Flight& flight) {
  const TimePoint since = database_.now();
  absl::Status waited = flights_.wait(
      flight, [&] { return database_.now() - since >= policy_.load_timeout; },
      policy_.load_timeout != kForever);
  if (absl::IsDeadlineExceeded(waited)) timeouts_.fetch_add(1, std::memory_order_relaxed);
  return waited;
}

}  // namespace inlay::internal
