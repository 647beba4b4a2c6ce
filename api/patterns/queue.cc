#include "inlay/patterns/queue.h"

#include <array>

#include "api/patterns/queue_step.h"
#include "api/patterns/try.h"
#include "api/patterns/wake_list.h"

namespace inlay {

using patterns_internal::WakeList;

Queue::Names::Names(const std::string& name)
    : ready(name + ":ready"),
      delayed(name + ":delayed"),
      reserved(name + ":reserved"),
      dead(name + ":dead"),
      payloads(name + ":payloads"),
      attempts(name + ":attempts"),
      last_id(name + ":last_id"),
      waiters(name + ":waiters"),
      wake(name + ":wake") {}

Queue::Queue(Database db, const std::string& name, QueueOptions options)
    : db_(db), names_(name), options_(options) {}

template <class Act>
auto Queue::in_step(Act act) {
  const std::array<Key, 9> keys{names_.ready,   names_.delayed,  names_.reserved,
                                names_.dead,    names_.payloads, names_.attempts,
                                names_.last_id, names_.waiters,  names_.wake};
  return db_.atomically(keys, [&](View& view) {
    Step step(view, names_, options_);
    return act(step);
  });
}

Result<std::string> Queue::push(Bytes payload, Duration delay) {
  return in_step([&](Step& step) { return step.push(payload, delay); });
}

Nullable<Job> Queue::reserve(Duration wait, const std::stop_token& stop) {
  if (options_.visibility <= Duration::zero() || options_.attempts_max < 0)
    return absl::InvalidArgumentError("a queue's visibility is positive, its attempts_max not negative");
  Step::Wait state{.patience = wait};
  for (;;) {
    auto job = in_step([&](Step& step) { return step.take_or_wait(state); });
    if (state.is_over) return job;
    absl::Status status = job.status();
    if (status.ok() && state.nap > Duration::zero())
      status = WakeList(names_.waiters, names_.wake).sleep(db_, state.nap, stop).status();
    if (!status.ok()) {
      if (state.is_joined) in_step([](Step& step) { return step.leave(); }).IgnoreError();
      return status;
    }
  }
}

Result<bool> Queue::ack(const Job& job) {
  return in_step([&](Step& step) { return step.ack(job); });
}
Result<bool> Queue::nack(const Job& job, Duration delay) {
  return in_step([&](Step& step) { return step.nack(job, delay); });
}
Result<bool> Queue::extend(const Job& job, Duration time) {
  return in_step([&](Step& step) { return step.extend(job, time); });
}
Result<QueueCounts> Queue::counts() {
  return in_step([](Step& step) { return step.counts(); });
}
Result<std::vector<Job>> Queue::dead_jobs(int64_t count) {
  return in_step([&](Step& step) { return step.dead_jobs(count); });
}
Nullable<std::string> Queue::revive(std::string_view id) {
  return in_step([&](Step& step) { return step.revive(id); });
}
Result<bool> Queue::discard(std::string_view id) {
  return in_step([&](Step& step) { return step.discard(id); });
}

}  // namespace inlay
