// What the tests of Cache share: a store whose time stands still, and an executor that runs when told to.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "inlay/callback_executor.h"
#include "inlay/patterns/cache.h"
#include "inlay/store.h"

namespace inlay {

class ManualExecutor final : public CallbackExecutor {
 public:
  void post(absl::AnyInvocable<void()> task) override { tasks_.push_back(std::move(task)); }

  /// Runs what was posted before, and returns how many tasks that were.
  size_t run() {
    std::deque<absl::AnyInvocable<void()>> tasks = std::exchange(tasks_, {});
    for (auto& task : tasks) task();
    return tasks.size();
  }
  void drop() { tasks_.clear(); }
  size_t size() const { return tasks_.size(); }

 private:
  std::deque<absl::AnyInvocable<void()>> tasks_;
};

struct CacheWorld {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(TimePoint(std::chrono::hours(1)));
  std::unique_ptr<Store> store =
      Store::open({.clock = clock, .seed = 1, .background = Background::kManual}).value();
  ManualExecutor executor;
};

/// A loader that returns `value`, and counts its calls in `calls`.
inline auto counted(std::string value, int& calls) {
  return [value = std::move(value), &calls]() -> Nullable<std::string> {
    ++calls;
    return value;
  };
}

inline Nullable<std::string> fails() { return absl::UnavailableError("the record is down"); }
inline Nullable<std::string> finds_none() { return std::nullopt; }
/// For calls that must not load.
inline Nullable<std::string> must_not_load() { return absl::InternalError("loaded"); }

}  // namespace inlay
