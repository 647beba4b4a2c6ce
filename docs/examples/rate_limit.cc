// Four rate limiters judge the same calls: the moments at which files were changed, as bursty as the life of a machine.
//
//   rate_limit [DIRECTORY]      default: /var/lib/dpkg/info
//
// Each file's time of change is a call at that time. The store's clock is set to it, so years pass in a moment.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/patterns/rate_limiter.h"
#include "inlay/store.h"

namespace {

using namespace std::chrono_literals;

constexpr int64_t kLimit = 5;
constexpr inlay::Duration kWindow = 1s;

std::vector<inlay::TimePoint> read_times(const std::string& directory) {
  std::vector<inlay::TimePoint> times;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    struct stat info;
    if (::stat(file.path().c_str(), &info) != 0) continue;
    times.emplace_back(std::chrono::seconds(info.st_mtim.tv_sec) +
                       std::chrono::nanoseconds(info.st_mtim.tv_nsec));
  }
  std::sort(times.begin(), times.end());
  return times;
}

// The most calls in any window that begins with one.
size_t most_in_a_window(const std::vector<inlay::TimePoint>& calls) {
  size_t most = 0;
  for (size_t first = 0, end = 0; first < calls.size(); ++first) {
    while (end < calls.size() && calls[end] < calls[first] + kWindow) ++end;
    most = std::max(most, end - first);
  }
  return most;
}

// The calls that a limiter allows.
template <class Limiter>
std::vector<inlay::TimePoint> allowed_by(const char* name, const std::vector<inlay::TimePoint>& calls,
                                         inlay::ManualClock& clock, const Limiter& limiter,
                                         examples::Checks& checks) {
  std::vector<inlay::TimePoint> allowed;
  std::optional<inlay::TimePoint> retry;  // Of the call before, if it was refused.
  for (const inlay::TimePoint call : calls) {
    clock.set(call);
    const inlay::RateDecision decision = limiter.allow("machine").value();
    checks.expect(!retry || decision.allowed == (call >= *retry),
                  "a refused caller was told when to come again");
    retry.reset();
    decision.allowed ? allowed.push_back(call) : void(retry = call + decision.retry_after);
  }
  std::printf("%-24s %6zu of %zu allowed, at most %zu within %lld ms\n", name, allowed.size(), calls.size(),
              most_in_a_window(allowed), static_cast<long long>(kWindow / 1ms));
  return allowed;
}

}  // namespace

int main(int argc, char** argv) {
  const auto calls = read_times(argc > 1 ? argv[1] : "/var/lib/dpkg/info");
  if (calls.empty()) return 1;
  examples::Checks checks;
  auto clock = std::make_shared<inlay::ManualClock>(calls.front());
  auto store = inlay::Store::open({.clock = clock, .background = inlay::Background::kManual}).value();
  std::printf("%zu calls, %zu of them within one window; the limit is %lld\n\n", calls.size(),
              most_in_a_window(calls), static_cast<long long>(kLimit));

  const inlay::WindowOptions window{.limit = kLimit, .window = kWindow};
  const auto fixed =
      allowed_by("fixed window", calls, *clock, inlay::FixedWindow(*store, "fixed:", window), checks);
  const auto counter = allowed_by("sliding window counter", calls, *clock,
                                  inlay::SlidingWindowCounter(*store, "counter:", window), checks);
  const auto log = allowed_by("sliding window log", calls, *clock,
                              inlay::SlidingWindowLog(*store, "log:", window), checks);
  const auto bucket = allowed_by(
      "token bucket", calls, *clock,
      inlay::TokenBucket(*store, "bucket:", {.tokens = kLimit, .per = kWindow, .burst = kLimit}), checks);

  checks.expect(most_in_a_window(log) <= kLimit, "the log never allows more than the limit in any window");
  checks.expect(most_in_a_window(fixed) <= 2 * kLimit, "the fixed window allows at most twice as much");
  checks.expect(most_in_a_window(counter) < 2 * kLimit, "the counter allows less than that");
  checks.expect(most_in_a_window(bucket) < 2 * kLimit,
                "the bucket allows its burst and what comes back meanwhile");
  checks.expect(!fixed.empty() && !counter.empty() && !bucket.empty() && fixed.front() == calls.front(),
                "the first call is always allowed");

  // No counter outlives its window, whatever becomes of the program.
  clock->advance(1h);
  store->maintain();
  checks.expect(store->dbsize().value() == 0, "no key is left");
  return checks.exit_code();
}
