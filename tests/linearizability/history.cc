#include "tests/linearizability/history.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace inlay::test {

uint64_t Stamps::take() {
  // Acquire and release: a stamp may not be taken later than what follows it, nor earlier than what precedes it.
  if (kind_ == Kind::kCounter) return counter_.fetch_add(1, std::memory_order_acq_rel);
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

std::string_view name_of(Way way) {
  constexpr std::string_view kNames[] = {"typed",      "by name", "pipeline",   "MULTI/EXEC",
                                         "WATCH/EXEC", "watch",   "atomically", "atomically_all"};
  return kNames[static_cast<size_t>(way)];
}

std::string to_string(const Operation& operation) {
  std::string text("thread ");
  text.append(std::to_string(operation.thread)).append(", ").append(name_of(operation.way)).append(", ");
  text.append(std::to_string(operation.called)).append("..").append(std::to_string(operation.answered));
  text.append(operation.committed ? ": " : ", refused: ");
  for (size_t i = 0; i < operation.steps.size(); ++i) {
    const Step& step = operation.steps[i];
    std::string answer = step.answer.to_string();
    std::ranges::replace(answer, '\n', ' ');
    if (i > 0) text.append("; ");
    text.append(to_string(step.call)).append(" -> ").append(answer);
  }
  return text;
}

size_t count_overlapping(const History& history) {
  // Sorted by call, an operation overlaps with an earlier one if some other thread's latest answer is not before it.
  std::vector<const Operation*> sorted;
  int threads = 0;
  for (const Operation& operation : history) {
    sorted.push_back(&operation);
    threads = std::max(threads, operation.thread + 1);
  }
  std::ranges::sort(sorted, {}, &Operation::called);
  std::vector<uint64_t> latest(static_cast<size_t>(threads), 0);
  size_t count = 0;
  for (const Operation* operation : sorted) {
    const auto own = static_cast<size_t>(operation->thread);
    bool overlaps = false;
    for (size_t i = 0; i < latest.size(); ++i) overlaps |= i != own && latest[i] > operation->called;
    count += overlaps;
    latest[own] = std::max(latest[own], operation->answered);
  }
  return count;
}

void Recorder::begin(Way way) {
  current_ = Operation{.thread = thread_, .way = way, .steps = {}};
  current_.called = stamps_.take();
}

void Recorder::end(bool committed) {
  current_.answered = stamps_.take();
  current_.committed = committed;
  if (!current_.steps.empty()) history_.push_back(std::move(current_));
}

void Recorder::end_each() {
  current_.answered = stamps_.take();
  for (Step& step : current_.steps) {
    Operation single{current_.thread, current_.way, current_.called, current_.answered, true, {}};
    single.steps.push_back(std::move(step));
    history_.push_back(std::move(single));
  }
}

}  // namespace inlay::test
