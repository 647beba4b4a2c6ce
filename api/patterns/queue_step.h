// Queue::Step: what a queue does under the locks of all its keys. Every method is atomic with the closure around it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/patterns/wake_list.h"
#include "inlay/patterns/queue.h"

namespace inlay {

// Order of writes: what keeps a job reachable comes before what lets go of it. A step that runs out of memory half-way
// then leaves a job that is handed out once more, and never one that is lost.
class Queue::Step {
 public:
  Step(View& view, const Names& names, const QueueOptions& options)
      : view_(view),
        names_(names),
        options_(options),
        wake_list_(names.waiters, names.wake),
        now_(view.now()) {}

  /// How a call of reserve() stands.
  struct Wait {
    Duration patience{};
    std::optional<TimePoint> deadline{};  // Since the first look.
    bool is_joined = false;
    bool is_over = false;  // With the job, or without as the time is out.
    Duration nap{};        // Else: how long to sleep before the next look.
  };

  Result<std::string> push(Bytes payload, Duration delay);
  /// The next job; nil if none is ready.
  Nullable<Job> take();
  /// The same. Where there is none, joins those who wait, or leaves them if there is no time left.
  Nullable<Job> take_or_wait(Wait& wait);
  Result<bool> ack(const Job& job);
  Result<bool> nack(const Job& job, Duration delay);
  Result<bool> extend(const Job& job, Duration time);
  Result<QueueCounts> counts();
  Result<std::vector<Job>> dead_jobs(int64_t count);
  Nullable<std::string> revive(std::string_view id);
  Result<bool> discard(std::string_view id);

  /// Leaves; and if there is still something to do wakes another, as this one may have been woken for it.
  absl::Status leave();

 private:
  Result<int64_t> next_due_ms();
  absl::Status bring_back_due();
  absl::Status bring_back(Key from, const std::string& id);
  absl::Status make_ready(Bytes id, End end);
  absl::Status schedule(Key where, Bytes id, Duration delay);
  absl::Status bury(Bytes id);
  Result<bool> is_spent(Bytes id);
  Result<bool> is_in_hands(const Job& job);
  Result<int64_t> attempts(Bytes id);
  Nullable<Job> hand_out(const std::string& id);

  View& view_;
  const Names& names_;
  const QueueOptions& options_;
  const patterns_internal::WakeList wake_list_;
  const TimePoint now_;
};

}  // namespace inlay
