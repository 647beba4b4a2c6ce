#include "api/patterns/wake_list.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/numbers.h"
#include "api/patterns/try.h"

namespace inlay::patterns_internal {
namespace {

constexpr Bytes kCount = "count";
constexpr Bytes kHorizon = "horizon";

}  // namespace

int64_t to_unix_ms_ceil(TimePoint time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time).time_since_epoch().count();
}

TimePoint time_after(TimePoint now, Duration span) {
  int64_t ns = 0;
  const bool overflows = __builtin_add_overflow(now.time_since_epoch().count(), span.count(), &ns);
  return overflows ? TimePoint::max() : TimePoint(Duration(ns));
}

Duration time_until(TimePoint now, int64_t unix_ms) {
  const TimePoint then = from_unix_ms(unix_ms);
  if (then == TimePoint::max()) return kForever;
  return then <= now ? Duration::zero() : then - now;
}

Result<int64_t> WakeList::count(View& view) const {
  INLAY_ASSIGN(const auto text, view.hget(waiters_, kCount));
  int64_t count = 0;
  if (text.has_value() && !absl::SimpleAtoi(*text, &count))
    return absl::FailedPreconditionError("the count of waiters is no number");
  return std::max<int64_t>(count, 0);
}

absl::Status WakeList::join(View& view) const { return view.hincrby(waiters_, kCount, 1).status(); }

Result<int64_t> WakeList::leave(View& view) const {
  INLAY_ASSIGN(const int64_t before, count(view));
  if (before > 1) return view.hincrby(waiters_, kCount, -1);
  INLAY_TRY(view.del({waiters_, wake_}));
  return 0;
}

absl::Status WakeList::sleep_until(View& view, int64_t event_unix_ms) const {
  INLAY_ASSIGN(const auto text, view.hget(waiters_, kHorizon));
  int64_t horizon = 0;
  const bool is_within = text.has_value() && absl::SimpleAtoi(*text, &horizon) && horizon >= event_unix_ms;
  return is_within ? absl::OkStatus() : view.hset(waiters_, kHorizon, event_unix_ms).status();
}

absl::Status WakeList::wake_one(View& view) const {
  INLAY_ASSIGN(const int64_t waiters, count(view));
  if (waiters == 0) return absl::OkStatus();
  INLAY_ASSIGN(const int64_t tokens, view.llen(wake_));
  return tokens < waiters ? hand_over(view, kLook) : absl::OkStatus();
}

absl::Status WakeList::event_at(View& view, int64_t unix_ms) const {
  INLAY_ASSIGN(const auto text, view.hget(waiters_, kHorizon));
  int64_t horizon = 0;
  if (!text.has_value() || !absl::SimpleAtoi(*text, &horizon) || unix_ms >= horizon) return absl::OkStatus();
  INLAY_ASSIGN(const int64_t waiters, count(view));
  INLAY_ASSIGN(const int64_t tokens, view.llen(wake_));
  for (int64_t i = tokens; i < waiters; ++i) INLAY_TRY(hand_over(view, kLook));
  return view.hset(waiters_, kHorizon, unix_ms).status();
}

Result<bool> WakeList::take_back(View& view, Bytes token) const {
  INLAY_ASSIGN(const int64_t removed, view.lrem(wake_, 1, token));
  return removed == 1;
}

Nullable<std::string> WakeList::sleep(const Database& db, Duration timeout,
                                      const std::stop_token& stop) const {
  Database waiting = db;
  INLAY_ASSIGN(auto woken, waiting.blpop({wake_}, timeout, stop));
  if (!woken.has_value()) return std::nullopt;
  return std::move(woken->element);
}

}  // namespace inlay::patterns_internal
