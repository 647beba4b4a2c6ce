#include "tests/linearizability/linearizability.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tests/linearizability/keyspace_model.h"

namespace inlay::test {
namespace {

// The operations on one group of keys, by thread.
using Threads = std::vector<std::vector<const Operation*>>;

class Search {
 public:
  Search(const Threads& threads, size_t configurations_max) : threads_(threads), limit_(configurations_max) {
    for (const auto& thread : threads) total_ += thread.size();
  }

  LinearizabilityVerdict run() {
    push(Node{std::vector<uint32_t>(threads_.size(), 0), KeyspaceModel(), nullptr, {}});
    while (!path_.empty() && done() < total_) {
      if (seen_.size() > limit_) return verdict("undecided: the limit of configurations is reached\n");
      step();
    }
    if (path_.empty()) return verdict("not linearizable\n");
    return {.linearizable = true, .report = {}, .configurations = seen_.size()};
  }

 private:
  // The state after what is done, and what has yet to be tried from there.
  struct Node {
    std::vector<uint32_t> positions;
    KeyspaceModel state;
    const Operation* last;
    std::vector<size_t> candidates;  // Threads; the most promising one stands last.
  };

  size_t done() const { return path_.size() - 1; }
  const Operation* next_of(size_t thread, const Node& node) const {
    const uint32_t position = node.positions[thread];
    return position < threads_[thread].size() ? threads_[thread][position] : nullptr;
  }

  // Tries one more operation, or goes back.
  void step() {
    Node& node = path_.back();
    if (node.candidates.empty()) {
      path_.pop_back();
      return;
    }
    const size_t thread = node.candidates.back();
    node.candidates.pop_back();
    const Operation* next = next_of(thread, node);
    KeyspaceModel state = node.state;
    if (!explains(state, *next)) return;
    std::vector<uint32_t> positions = node.positions;
    ++positions[thread];
    push(Node{std::move(positions), std::move(state), next, {}});
  }

  // Applies an operation; whether every answer is as recorded.
  static bool explains(KeyspaceModel& state, const Operation& operation) {
    return std::ranges::all_of(operation.steps,
                               [&](const Step& step) { return state.apply(step.call) == step.answer; });
  }

  void push(Node node) {
    std::string configuration(reinterpret_cast<const char*>(node.positions.data()),
                              node.positions.size() * sizeof(uint32_t));
    if (!seen_.insert(configuration.append(node.state.encoded())).second) return;
    node.candidates = candidates(node);
    path_.push_back(std::move(node));
    if (path_.size() > deepest_.size()) note_deepest();
  }

  // The threads whose next operation was called before every one that is left was answered; the one answered first last.
  std::vector<size_t> candidates(const Node& node) const {
    uint64_t first_answer = std::numeric_limits<uint64_t>::max();
    for (size_t thread = 0; thread < threads_.size(); ++thread)
      if (const Operation* next = next_of(thread, node))
        first_answer = std::min(first_answer, next->answered);
    std::vector<size_t> found;
    for (size_t thread = 0; thread < threads_.size(); ++thread) {
      const Operation* next = next_of(thread, node);
      if (next != nullptr && next->called <= first_answer) found.push_back(thread);
    }
    std::ranges::sort(found, std::greater(), [&](size_t thread) { return next_of(thread, node)->answered; });
    return found;
  }

  void note_deepest() {
    deepest_.push_back(nullptr);
    // Only the end is told, so only the end need be right.
    for (size_t i = path_.size(); i-- > 0 && path_.size() - i <= kTold;) deepest_[i] = path_[i].last;
    deepest_node_ = path_.back();
  }

  LinearizabilityVerdict verdict(std::string report) const {
    const Node& node = *deepest_node_;
    report.append("operations explained: ").append(std::to_string(deepest_.size() - 1));
    report.append(" of ").append(std::to_string(total_)).append("; the last of them:\n");
    for (size_t i = deepest_.size() - std::min(deepest_.size(), kTold); i < deepest_.size(); ++i)
      if (deepest_[i] != nullptr) report.append("    ").append(to_string(*deepest_[i])).append("\n");
    report.append("  state: ").append(node.state.encoded()).append("\n  none of these can be next:\n");
    for (size_t thread : candidates(node)) {
      const Operation& next = *next_of(thread, node);
      report.append("    ").append(to_string(next)).append("\n      should have answered:");
      KeyspaceModel state = node.state;
      for (const Step& step : next.steps)
        report.append(" ").append(state.apply(step.call).to_string()).append(";");
      report.append("\n");
    }
    return {.linearizable = false, .report = std::move(report), .configurations = seen_.size()};
  }

  static constexpr size_t kTold = 12;  // Operations of the path that a report shows.

  const Threads& threads_;
  const size_t limit_;
  size_t total_ = 0;
  std::vector<Node> path_;
  std::unordered_set<std::string> seen_;
  std::vector<const Operation*> deepest_;
  std::optional<Node> deepest_node_;
};

// Which keys belong together: a forest over their numbers.
class Groups {
 public:
  size_t number_of(std::string_view key) {
    const auto [found, is_new] = numbers_.try_emplace(std::string(key), parents_.size());
    if (is_new) parents_.push_back(found->second);
    return found->second;
  }
  size_t root_of(size_t number) {
    while (parents_[number] != number) number = parents_[number] = parents_[parents_[number]];
    return number;
  }
  void join(size_t a, size_t b) { parents_[root_of(a)] = root_of(b); }

  // Joins all keys of an operation; returns one of them.
  size_t join_all(const Operation& operation) {
    std::optional<size_t> first;
    const auto add = [&](std::string_view key) {
      const size_t number = number_of(key);
      join(number, first.value_or(number));
      first = number;
    };
    for (const Step& step : operation.steps) {
      for (std::string_view key : keys_of(step.call)) add(key);
      if (concerns_time(step.call)) add(kClockKey);
    }
    return *first;
  }

 private:
  std::map<std::string, size_t> numbers_;
  std::vector<size_t> parents_;
};

// An operation's place among the threads of its group; threads are numbered anew within each group, to keep positions short.
std::vector<Threads> split(const History& history) {
  Groups groups;
  std::vector<size_t> key_of;
  for (const Operation& operation : history) key_of.push_back(groups.join_all(operation));
  std::map<size_t, std::map<int, std::vector<const Operation*>>> sorted;
  for (size_t i = 0; i < history.size(); ++i)
    if (history[i].committed) sorted[groups.root_of(key_of[i])][history[i].thread].push_back(&history[i]);
  std::vector<Threads> parts;
  for (auto& [root, by_thread] : sorted) {
    Threads& threads = parts.emplace_back();
    for (auto& [thread, operations] : by_thread) threads.push_back(std::move(operations));
  }
  return parts;
}

}  // namespace

LinearizabilityVerdict check_linearizable(const History& history, size_t configurations_max) {
  LinearizabilityVerdict all{.linearizable = true, .report = {}, .configurations = 0};
  for (const Threads& part : split(history)) {
    LinearizabilityVerdict one = Search(part, configurations_max).run();
    all.configurations += one.configurations;
    all.linearizable = all.linearizable && one.linearizable;
    all.report.append(one.report);
  }
  return all;
}

}  // namespace inlay::test
