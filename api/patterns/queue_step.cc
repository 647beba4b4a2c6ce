#include "api/patterns/queue_step.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/patterns/try.h"

namespace inlay {

using patterns_internal::kNever;
using patterns_internal::time_after;
using patterns_internal::time_until;
using patterns_internal::to_unix_ms_ceil;

namespace {

// So many jobs one call brings back, that none may take long.
constexpr int64_t kSweepMax = 64;

}  // namespace

Result<std::string> Queue::Step::push(Bytes payload, Duration delay) {
  INLAY_ASSIGN(const int64_t number, view_.incr(names_.last_id));
  std::string id = absl::StrCat(number);
  INLAY_TRY(view_.hset(names_.payloads, id, payload));
  const absl::Status queued =
      delay > Duration::zero() ? schedule(names_.delayed, id, delay) : make_ready(id, End::kRight);
  if (!queued.ok()) {
    view_.hdel(names_.payloads, {id}).IgnoreError();
    return queued;
  }
  return id;
}

Nullable<Job> Queue::Step::take() {
  INLAY_TRY(bring_back_due());
  for (;;) {
    INLAY_ASSIGN(const auto id, view_.lindex(names_.ready, 0));
    if (!id.has_value()) return std::nullopt;
    INLAY_ASSIGN(auto job, hand_out(*id));
    INLAY_TRY(view_.lpop(names_.ready));
    // Ids without a payload are what a program's own tampering leaves.
    if (job.has_value()) return job;
  }
}

Nullable<Job> Queue::Step::take_or_wait(Wait& wait) {
  INLAY_ASSIGN(auto job, take());
  INLAY_ASSIGN(const int64_t due_ms, next_due_ms());
  if (!wait.deadline.has_value()) wait.deadline = time_after(now_, wait.patience);
  // As the sweep is limited, more may be due already.
  const bool is_more_due = due_ms <= to_unix_ms(now_);
  if (job.has_value() || (*wait.deadline <= now_ && !is_more_due)) {
    if (wait.is_joined) INLAY_TRY(leave());
    wait.is_joined = false;
    wait.is_over = true;
    return job;
  }
  wait.nap = Duration::zero();
  if (is_more_due) return std::nullopt;
  if (!wait.is_joined) INLAY_TRY(wake_list_.join(view_));
  wait.is_joined = true;
  INLAY_TRY(wake_list_.sleep_until(view_, due_ms));
  const Duration patience = *wait.deadline == TimePoint::max() ? kForever : *wait.deadline - now_;
  wait.nap = std::min(patience, time_until(now_, due_ms));
  return std::nullopt;
}

// Notes that a job is in somebody's hands; the id is still among the ready ones.
Nullable<Job> Queue::Step::hand_out(const std::string& id) {
  INLAY_ASSIGN(auto payload, view_.hget(names_.payloads, id));
  if (!payload.has_value()) return std::nullopt;
  INLAY_ASSIGN(const int64_t attempt, view_.hincrby(names_.attempts, id, 1));
  INLAY_TRY(schedule(names_.reserved, id, options_.visibility));
  return Job{.id = id, .payload = *std::move(payload), .attempt = attempt};
}

absl::Status Queue::Step::bring_back_due() {
  const ScoreRange due = ScoreRange::at_most(static_cast<double>(to_unix_ms(now_)));
  const RangeLimit some{.count = kSweepMax};
  INLAY_ASSIGN(auto lapsed, view_.zrange(names_.reserved, due, {.limit = some}));
  // Each goes to the head, so the oldest goes last.
  std::reverse(lapsed.begin(), lapsed.end());
  for (const ScoredMember& each : lapsed) INLAY_TRY(bring_back(names_.reserved, each.member));
  INLAY_ASSIGN(const auto delayed, view_.zrange(names_.delayed, due, {.limit = some}));
  for (const ScoredMember& each : delayed) INLAY_TRY(bring_back(names_.delayed, each.member));
  return absl::OkStatus();
}

absl::Status Queue::Step::bring_back(Key from, const std::string& id) {
  const bool was_reserved = from == names_.reserved;
  INLAY_ASSIGN(const bool is_spent_now, was_reserved ? is_spent(id) : Result<bool>(false));
  INLAY_TRY(is_spent_now ? bury(id) : make_ready(id, was_reserved ? End::kLeft : End::kRight));
  return view_.zrem(from, {id}).status();
}

absl::Status Queue::Step::make_ready(Bytes id, End end) {
  INLAY_TRY(end == End::kLeft ? view_.lpush(names_.ready, id) : view_.rpush(names_.ready, id));
  return wake_list_.wake_one(view_);
}

absl::Status Queue::Step::schedule(Key where, Bytes id, Duration delay) {
  const int64_t due_ms = to_unix_ms_ceil(time_after(now_, delay));
  INLAY_TRY(view_.zadd(where, static_cast<double>(due_ms), id));
  return wake_list_.event_at(view_, due_ms);
}

absl::Status Queue::Step::bury(Bytes id) { return view_.rpush(names_.dead, id).status(); }

Result<int64_t> Queue::Step::attempts(Bytes id) {
  INLAY_ASSIGN(const auto text, view_.hget(names_.attempts, id));
  int64_t attempts = 0;
  if (text.has_value() && !absl::SimpleAtoi(*text, &attempts))
    return absl::FailedPreconditionError("a job's attempts are no number");
  return attempts;
}

Result<bool> Queue::Step::is_spent(Bytes id) {
  if (options_.attempts_max == 0) return false;
  INLAY_ASSIGN(const int64_t attempt, attempts(id));
  return attempt >= options_.attempts_max;
}

Result<bool> Queue::Step::is_in_hands(const Job& job) {
  INLAY_ASSIGN(const auto until, view_.zscore(names_.reserved, job.id));
  if (!until.has_value()) return false;
  INLAY_ASSIGN(const int64_t attempt, attempts(job.id));
  return attempt == job.attempt;
}

Result<bool> Queue::Step::ack(const Job& job) {
  INLAY_ASSIGN(const bool is_ours, is_in_hands(job));
  if (!is_ours) return false;
  INLAY_TRY(view_.hdel(names_.payloads, {job.id}));
  INLAY_TRY(view_.hdel(names_.attempts, {job.id}));
  INLAY_TRY(view_.zrem(names_.reserved, {job.id}));
  return true;
}

Result<bool> Queue::Step::nack(const Job& job, Duration delay) {
  INLAY_ASSIGN(const bool is_ours, is_in_hands(job));
  if (!is_ours) return false;
  INLAY_ASSIGN(const bool is_last, is_spent(job.id));
  if (is_last) {
    INLAY_TRY(bury(job.id));
  } else {
    INLAY_TRY(delay > Duration::zero() ? schedule(names_.delayed, job.id, delay)
                                       : make_ready(job.id, End::kRight));
  }
  INLAY_TRY(view_.zrem(names_.reserved, {job.id}));
  return true;
}

Result<bool> Queue::Step::extend(const Job& job, Duration time) {
  INLAY_ASSIGN(const bool is_ours, is_in_hands(job));
  if (is_ours) INLAY_TRY(schedule(names_.reserved, job.id, time));
  return is_ours;
}

// When the next job comes that is not ready, kNever if there is none.
Result<int64_t> Queue::Step::next_due_ms() {
  int64_t due_ms = kNever;
  for (const std::string* key : {&names_.reserved, &names_.delayed}) {
    INLAY_ASSIGN(const auto first, view_.zrange(*key, RankRange{0, 0}));
    if (!first.empty()) due_ms = std::min(due_ms, static_cast<int64_t>(first.front().score));
  }
  return due_ms;
}

absl::Status Queue::Step::leave() {
  INLAY_ASSIGN(const int64_t remaining, wake_list_.leave(view_));
  if (remaining == 0) return absl::OkStatus();
  INLAY_ASSIGN(const int64_t ready, view_.llen(names_.ready));
  return ready > 0 ? wake_list_.wake_one(view_) : absl::OkStatus();
}

Result<QueueCounts> Queue::Step::counts() {
  QueueCounts counts;
  INLAY_ASSIGN(counts.ready, view_.llen(names_.ready));
  INLAY_ASSIGN(counts.delayed, view_.zcard(names_.delayed));
  INLAY_ASSIGN(counts.reserved, view_.zcard(names_.reserved));
  INLAY_ASSIGN(counts.dead, view_.llen(names_.dead));
  return counts;
}

Result<std::vector<Job>> Queue::Step::dead_jobs(int64_t count) {
  std::vector<Job> jobs;
  if (count <= 0) return jobs;
  INLAY_ASSIGN(const auto ids, view_.lrange(names_.dead, 0, count - 1));
  for (const std::string& id : ids) {
    INLAY_ASSIGN(const auto payload, view_.hget(names_.payloads, id));
    INLAY_ASSIGN(const int64_t attempt, attempts(id));
    jobs.push_back({.id = id, .payload = payload.value_or(""), .attempt = attempt});
  }
  return jobs;
}

Nullable<std::string> Queue::Step::revive(std::string_view id) {
  INLAY_ASSIGN(const auto place, view_.lpos(names_.dead, id));
  if (!place.has_value()) return std::nullopt;
  INLAY_ASSIGN(const auto payload, view_.hget(names_.payloads, id));
  INLAY_ASSIGN(std::string new_id, push(payload.value_or(""), Duration::zero()));
  INLAY_TRY(discard(id));
  return new_id;
}

Result<bool> Queue::Step::discard(std::string_view id) {
  INLAY_ASSIGN(const int64_t removed, view_.lrem(names_.dead, 1, id));
  if (removed == 0) return false;
  INLAY_TRY(view_.hdel(names_.payloads, {id}));
  INLAY_TRY(view_.hdel(names_.attempts, {id}));
  return true;
}

}  // namespace inlay
