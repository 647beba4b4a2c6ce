#include "inlay/patterns/rate_limiter.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/patterns/try.h"
#include "api/patterns/wake_list.h"

namespace inlay {
namespace {

using patterns_internal::to_unix_ms_ceil;

// Products of a count and a time.
__extension__ using Wide = __int128;

constexpr Duration kSpanMax = std::chrono::hours(24 * 365 * 10);

int64_t ns_of(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint time_of_ns(int64_t ns) { return TimePoint(Duration(ns)); }

absl::Status check_calls(int64_t n, int64_t n_max) {
  if (n < 1) return absl::InvalidArgumentError("a rate limiter counts at least one call");
  if (n > n_max) return absl::InvalidArgumentError("more calls at once than the rate limiter ever allows");
  return absl::OkStatus();
}

absl::Status check(const WindowOptions& options, int64_t n) {
  if (options.limit < 1) return absl::InvalidArgumentError("a rate limiter's limit is at least 1");
  if (options.window < std::chrono::milliseconds(1) || options.window > kSpanMax)
    return absl::InvalidArgumentError("a rate limiter's window is from a millisecond to ten years");
  return check_calls(n, options.limit);
}

absl::Status not_ours() {
  return absl::FailedPreconditionError("the key holds no state of this rate limiter");
}

Result<int64_t> number_in(std::string_view text) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number)) return not_ours();
  return number;
}

RateDecision allowed(int64_t remaining) { return {.allowed = true, .remaining = remaining}; }
RateDecision refused(int64_t remaining, Duration retry_after) {
  return {.remaining = remaining, .retry_after = std::max(retry_after, Duration(1))};
}

// ------------------------------------------------------------------------------------------- fixed window

Result<RateDecision> allow_in_fixed_window(View& view, Key key, const WindowOptions& options, int64_t n) {
  INLAY_ASSIGN(const auto text, view.get(key));
  INLAY_ASSIGN(const auto deadline, view.expiretime(key));
  if (text.has_value() && deadline.has_value() && !deadline->is_never()) {
    INLAY_ASSIGN(const int64_t count, number_in(*text));
    if (n > options.limit - count)
      return refused(std::max<int64_t>(options.limit - count, 0), deadline->at() - view.now());
    // INCR would make a key without a deadline, should the window have ended since.
    INLAY_ASSIGN(const SetOutcome counted,
                 view.set(key, count + n, {.keep_ttl = true, .when = When::kIfPresent}));
    if (counted.applied) return allowed(options.limit - count - n);
  }
  const TimePoint end = view.now() + options.window;
  INLAY_TRY(view.set(key, n, Expiry::at_unix_ms(to_unix_ms_ceil(end))));
  return allowed(options.limit - n);
}

// ------------------------------------------------------------------------------------------- sliding window log

// The time of a call in the log; nil if the log has ended meanwhile, as time goes on between two commands.
Nullable<int64_t> time_at(View& view, Key key, int64_t index) {
  INLAY_ASSIGN(const auto text, view.lindex(key, index));
  if (!text.has_value()) return std::nullopt;
  INLAY_ASSIGN(const int64_t time, number_in(*text));
  return time;
}

// Removes the calls that have left the window, and returns how many remain. The times ascend.
Result<int64_t> prune(View& view, Key key, int64_t ends_ns) {
  INLAY_ASSIGN(const int64_t size, view.llen(key));
  int64_t first = 0;
  for (int64_t end = size; first < end;) {
    const int64_t middle = first + (end - first) / 2;
    INLAY_ASSIGN(const auto time, time_at(view, key, middle));
    if (!time.has_value()) return 0;
    *time <= ends_ns ? void(first = middle + 1) : void(end = middle);
  }
  if (first > 0) INLAY_TRY(view.lpop(key, first));
  return size - first;
}

// Adds `n` calls, with the deadline of the last: both or neither.
absl::Status add_to_log(View& view, Key key, int64_t time_ns, Duration window, int64_t n) {
  const std::string text = absl::StrCat(time_ns);
  const std::vector<Bytes> times(static_cast<size_t>(n), text);
  const TimePoint deadline = from_unix_ms(to_unix_ms_ceil(time_of_ns(time_ns) + window));
  for (;;) {
    INLAY_TRY(view.rpush(key, times));
    const Result<bool> set = view.expireat(key, deadline);
    // False where the log before has ended, and these calls with it, before they had their deadline.
    if (set.ok() && !*set) continue;
    if (!set.ok()) view.rpop(key, n).IgnoreError();
    return set.status();
  }
}

// Nil if the log ended meanwhile.
Nullable<RateDecision> allow_in_log_once(View& view, Key key, const WindowOptions& options, int64_t n) {
  int64_t time_ns = ns_of(view.now());
  INLAY_ASSIGN(const int64_t size, prune(view, key, time_ns - options.window.count()));
  if (n > options.limit - size) {
    // As many must go as there are too many, the oldest first.
    INLAY_ASSIGN(const auto last_to_go, time_at(view, key, size - (options.limit - n) - 1));
    if (!last_to_go.has_value()) return std::nullopt;
    return refused(std::max<int64_t>(options.limit - size, 0),
                   Duration(*last_to_go + options.window.count() - time_ns));
  }
  // The times ascend even where the clock was set back.
  INLAY_ASSIGN(const auto last, time_at(view, key, -1));
  time_ns = std::max(time_ns, last.value_or(time_ns));
  INLAY_TRY(add_to_log(view, key, time_ns, options.window, n));
  return allowed(options.limit - size - n);
}

Result<RateDecision> allow_in_log(View& view, Key key, const WindowOptions& options, int64_t n) {
  for (;;) {
    INLAY_ASSIGN(const auto decision, allow_in_log_once(view, key, options, n));
    if (decision.has_value()) return *decision;
  }
}

// ------------------------------------------------------------------------------------------- sliding window counter

struct Windows {
  int64_t number = 0;
  int64_t current = 0;
  int64_t before = 0;
};

Result<Windows> read_windows(View& view, Key key, int64_t number) {
  INLAY_ASSIGN(const auto text, view.get(key));
  if (!text.has_value()) return Windows{.number = number};
  const std::vector<std::string> parts = absl::StrSplit(*text, ' ');
  if (parts.size() != 3) return not_ours();
  Windows windows;
  INLAY_ASSIGN(windows.number, number_in(parts[0]));
  INLAY_ASSIGN(windows.current, number_in(parts[1]));
  INLAY_ASSIGN(windows.before, number_in(parts[2]));
  // A clock that was set back stands still at the start of the window that it knew.
  if (windows.number >= number) return windows;
  return Windows{.number = number, .before = windows.number == number - 1 ? windows.current : 0};
}

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t ceil_div(Wide a, Wide b) { return static_cast<int64_t>((a + b - 1) / b); }

// How far into a window `calls` of the window before it have shrunk to `room`.
int64_t time_to_shrink(int64_t calls, int64_t room, int64_t window) {
  return calls <= room ? 0 : window - static_cast<int64_t>(Wide(room) * window / calls);
}

Result<RateDecision> allow_by_counters(View& view, Key key, const WindowOptions& options, int64_t n) {
  const int64_t window = options.window.count();
  const int64_t now_ns = ns_of(view.now());
  INLAY_ASSIGN(Windows windows, read_windows(view, key, floor_div(now_ns, window)));
  const int64_t start_ns = windows.number * window;
  const int64_t elapsed = std::max<int64_t>(now_ns - start_ns, 0);
  const auto weighted = [&] {
    return windows.current + ceil_div(Wide(windows.before) * (window - elapsed), window);
  };
  const int64_t room = options.limit - windows.current - n;
  if (weighted() + n > options.limit) {
    const int64_t free_ns =
        room >= 0 ? start_ns + time_to_shrink(windows.before, room, window)
                  : start_ns + window + time_to_shrink(windows.current, options.limit - n, window);
    return refused(std::max<int64_t>(options.limit - weighted(), 0), Duration(free_ns - now_ns));
  }
  windows.current += n;
  const int64_t dies_ms = to_unix_ms_ceil(time_of_ns(start_ns + 2 * window));
  INLAY_TRY(view.set(key, absl::StrCat(windows.number, " ", windows.current, " ", windows.before),
                     Expiry::at_unix_ms(dies_ms)));
  return allowed(options.limit - weighted());
}

// ------------------------------------------------------------------------------------------- token bucket

// How long a token takes to come back; an error for options that make no sense.
Result<int64_t> token_time(const TokenBucketOptions& options) {
  if (options.tokens < 1 || options.burst < 1 || options.per.count() < options.tokens ||
      options.per > kSpanMax)
    return absl::InvalidArgumentError(
        "a token bucket's tokens and burst are at least 1, a token's time at least 1 ns");
  const int64_t time = ceil_div(options.per.count(), options.tokens);
  if (Wide(time) * options.burst > kSpanMax.count())
    return absl::InvalidArgumentError("a token bucket is full within ten years");
  return time;
}

Result<RateDecision> take_tokens(View& view, Key key, int64_t token_ns, int64_t burst, int64_t n) {
  INLAY_ASSIGN(const auto text, view.get(key));
  const int64_t now_ns = ns_of(view.now());
  int64_t full_ns = now_ns;
  if (text.has_value()) {
    INLAY_ASSIGN(const int64_t kept, number_in(*text));
    full_ns = std::max(kept, now_ns);
  }
  const int64_t latest_ns = now_ns + burst * token_ns;
  const auto remaining = [&] { return std::max<int64_t>((latest_ns - full_ns) / token_ns, 0); };
  const int64_t then_full_ns = full_ns + n * token_ns;
  if (then_full_ns > latest_ns) return refused(remaining(), Duration(then_full_ns - latest_ns));
  full_ns = then_full_ns;
  INLAY_TRY(view.set(key, full_ns, Expiry::at_unix_ms(to_unix_ms_ceil(time_of_ns(full_ns)))));
  return allowed(remaining());
}

std::string key_of(const std::string& prefix, std::string_view caller) {
  return std::string(prefix).append(caller);
}

}  // namespace

Result<RateDecision> FixedWindow::allow(std::string_view caller, int64_t n) const {
  INLAY_TRY(check(options_, n));
  const std::string key = key_of(prefix_, caller);
  return db_.atomically({key}, [&](View& view) { return allow_in_fixed_window(view, key, options_, n); });
}

Result<RateDecision> SlidingWindowLog::allow(std::string_view caller, int64_t n) const {
  INLAY_TRY(check(options_, n));
  const std::string key = key_of(prefix_, caller);
  return db_.atomically({key}, [&](View& view) { return allow_in_log(view, key, options_, n); });
}

Result<RateDecision> SlidingWindowCounter::allow(std::string_view caller, int64_t n) const {
  INLAY_TRY(check(options_, n));
  const std::string key = key_of(prefix_, caller);
  return db_.atomically({key}, [&](View& view) { return allow_by_counters(view, key, options_, n); });
}

Result<RateDecision> TokenBucket::allow(std::string_view caller, int64_t n) const {
  INLAY_ASSIGN(const int64_t token_ns, token_time(options_));
  INLAY_TRY(check_calls(n, options_.burst));
  const std::string key = key_of(prefix_, caller);
  return db_.atomically({key},
                        [&](View& view) { return take_tokens(view, key, token_ns, options_.burst, n); });
}

Result<bool> FixedWindow::reset(std::string_view caller) const {
  return Database(db_).del(key_of(prefix_, caller));
}
Result<bool> SlidingWindowLog::reset(std::string_view caller) const {
  return Database(db_).del(key_of(prefix_, caller));
}
Result<bool> SlidingWindowCounter::reset(std::string_view caller) const {
  return Database(db_).del(key_of(prefix_, caller));
}
Result<bool> TokenBucket::reset(std::string_view caller) const {
  return Database(db_).del(key_of(prefix_, caller));
}

}  // namespace inlay
