#include "tests/linearizability/serializability.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/linearizability/dependency_graph.h"

namespace inlay::test {
namespace {

using Elements = std::vector<std::string>;

Elements split_at_commas(std::string_view text) {
  Elements elements;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    elements.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return elements;
}

// What an append appends, and nothing of any other call.
Elements appended_by(const Call& call) {
  if (call.verb == Verb::kAppend) return split_at_commas(call.words[1]);
  if (call.verb == Verb::kRPush) return {call.words.begin() + 1, call.words.end()};
  return {};
}

struct KeyRead {
  std::string key;
  Elements elements;
};

std::vector<KeyRead> reads_of(const Step& step) {
  const Reply::Items& items = step.answer.items();
  const std::vector<std::string>& words = step.call.words;
  std::vector<KeyRead> reads;
  if (step.call.verb == Verb::kGet) {
    reads.push_back({words[0], split_at_commas(step.answer.text())});
  } else if (step.call.verb == Verb::kMGet) {
    for (size_t i = 0; i < words.size(); ++i) reads.push_back({words[i], split_at_commas(items[i].text())});
  } else if (step.call.verb == Verb::kLRange) {
    KeyRead& read = reads.emplace_back(KeyRead{words[0], {}});
    for (const Reply& item : items) read.elements.emplace_back(item.text());
  }
  return reads;
}

std::string joined(const Elements& elements) {
  std::string text("[");
  for (const std::string& element : elements) text.append(text.size() > 1 ? " " : "").append(element);
  return text.append("]");
}

std::string shortened(std::string text) {
  constexpr size_t kMax = 600;
  return text.size() <= kMax ? text : text.substr(0, kMax).append(" ...");
}

class Checker {
 public:
  explicit Checker(const History& history) : history_(history), graph_(history.size()) {}

  SerializabilityVerdict run() {
    collect_appends();
    for (size_t i = 0; i < history_.size() && !found_.has_value(); ++i)
      if (history_[i].committed) collect_reads(i);
    if (!found_.has_value()) find_orders();
    if (!found_.has_value()) find_lost_appends();
    if (!found_.has_value()) find_cycle();
    return found_.value_or(SerializabilityVerdict{.serializable = true, .anomaly = {}, .report = {}});
  }

 private:
  struct Append {
    size_t writer;
    std::string key;
  };
  struct Read {
    size_t reader;
    Elements elements;
  };

  void collect_appends() {
    for (size_t i = 0; i < history_.size(); ++i)
      for (const Step& step : history_[i].steps)
        for (std::string& element : appended_by(step.call))
          appends_.try_emplace(std::move(element), Append{i, step.call.words[0]});
  }

  // The reads of one transaction, each looked at by itself and beside the transaction's own appends.
  void collect_reads(size_t reader) {
    std::map<std::string, Elements> own;
    for (const Step& step : history_[reader].steps) {
      const Elements appended = appended_by(step.call);
      if (!appended.empty()) {
        Elements& before = own[step.call.words[0]];
        before.insert(before.end(), appended.begin(), appended.end());
      }
      for (KeyRead& read : reads_of(step)) {
        check_read(reader, read, own[read.key]);
        reads_[read.key].push_back({reader, std::move(read.elements)});
      }
    }
  }

  void check_read(size_t reader, const KeyRead& read, const Elements& own) {
    std::set<std::string_view> seen;
    Elements seen_own;
    for (const std::string& element : read.elements) {
      const auto append = appends_.find(element);
      if (append == appends_.end() || append->second.key != read.key)
        return report("garbage", "nobody appended " + element + " to " + read.key, {reader});
      const size_t writer = append->second.writer;
      if (!history_[writer].committed)
        return report("G1a", element + " is of a refused transaction", {writer, reader});
      if (!seen.insert(element).second)
        return report("duplicate", element + " was appended once", {writer, reader});
      if (writer == reader) seen_own.push_back(element);
    }
    if (seen_own != own)
      report("internal",
             "of its own appends to " + read.key + " it sees " + joined(seen_own) + ", not " + joined(own),
             {reader});
  }

  // The longest read of a key is the order of its versions; every other one is its beginning.
  void find_orders() {
    for (const auto& [key, reads] : reads_) {
      const Read& longest =
          *std::ranges::max_element(reads, {}, [](const Read& read) { return read.elements.size(); });
      for (const Read& read : reads) {
        if (!std::equal(read.elements.begin(), read.elements.end(), longest.elements.begin()))
          return report("order",
                        key + " was read as " + joined(read.elements) + " and as " + joined(longest.elements),
                        {read.reader, longest.reader});
        add_read_edges(key, read, longest.elements);
      }
      for (size_t i = 0; i + 1 < longest.elements.size(); ++i)
        graph_.add({writer_of(longest.elements[i]), writer_of(longest.elements[i + 1]), EdgeKind::kWriteWrite,
                    key + ": " + longest.elements[i] + ", then " + longest.elements[i + 1]});
      for (const std::string& element : longest.elements) ordered_.insert(element);
    }
  }

  void add_read_edges(const std::string& key, const Read& read, const Elements& order) {
    const size_t length = read.elements.size();
    if (length > 0)
      graph_.add({writer_of(order[length - 1]), read.reader, EdgeKind::kWriteRead,
                  key + ": reads " + order[length - 1]});
    if (length < order.size())
      graph_.add({read.reader, writer_of(order[length]), EdgeKind::kReadWrite,
                  key + ": does not see " + order[length]});
  }

  void find_lost_appends() {
    for (const auto& [element, append] : appends_) {
      const Operation& writer = history_[append.writer];
      if (!writer.committed || ordered_.contains(element)) continue;
      for (const Read& read : reads_[append.key])
        if (history_[read.reader].called > writer.answered)
          return report("lost append", element + " is missing from " + append.key,
                        {append.writer, read.reader});
    }
  }

  // A line of nodes, one for each answer in order: who answered leads onto it, who was called afterwards leaves it.
  void add_time_edges() {
    std::vector<size_t> order;
    std::map<int, size_t> last_of_thread;
    for (size_t i = 0; i < history_.size(); ++i) {
      if (!history_[i].committed) continue;
      order.push_back(i);
      const auto [last, is_first] = last_of_thread.try_emplace(history_[i].thread, i);
      if (!is_first) graph_.add({std::exchange(last->second, i), i, EdgeKind::kThen, {}});
    }
    std::ranges::sort(order, {}, [&](size_t i) { return history_[i].answered; });
    std::vector<size_t> line;
    for (size_t i : order) {
      line.push_back(graph_.add_node());
      graph_.add({i, line.back(), EdgeKind::kThen, {}});
      if (line.size() > 1) graph_.add({line[line.size() - 2], line.back(), EdgeKind::kThen, {}});
    }
    for (size_t i : order) {
      const auto before = std::ranges::lower_bound(order, history_[i].called, {},
                                                   [&](size_t k) { return history_[k].answered; });
      if (before != order.begin())
        graph_.add({line[static_cast<size_t>(before - order.begin()) - 1], i, EdgeKind::kThen, {}});
    }
  }

  void find_cycle() {
    add_time_edges();
    for (EdgeKind worst :
         {EdgeKind::kWriteWrite, EdgeKind::kWriteRead, EdgeKind::kReadWrite, EdgeKind::kThen}) {
      const std::optional<std::vector<Edge>> cycle = graph_.find_cycle(worst);
      if (!cycle.has_value()) continue;
      const auto reversals =
          std::ranges::count(*cycle, EdgeKind::kReadWrite, [](const Edge& edge) { return edge.kind; });
      found_ = SerializabilityVerdict{.anomaly = worst == EdgeKind::kWriteWrite  ? "G0"
                                                 : worst == EdgeKind::kWriteRead ? "G1c"
                                                 : worst == EdgeKind::kThen      ? "real-time"
                                                 : reversals == 1                ? "G-single"
                                                                                 : "G2",
                                      .report = told(*cycle)};
      return;
    }
  }

  // The cycle without the line of instants.
  std::string told(const std::vector<Edge>& cycle) const {
    std::string text("each of these must come before the next one, and the last one before the first:\n");
    for (const Edge& edge : cycle) {
      if (edge.from >= history_.size()) continue;
      text.append("  ").append(shortened(to_string(history_[edge.from]))).append("\n    ");
      text.append(name_of(edge.kind)).append(edge.why.empty() ? "" : " ").append(edge.why).append("\n");
    }
    return text;
  }

  void report(std::string anomaly, std::string what, const std::vector<size_t>& transactions) {
    if (found_.has_value()) return;
    what.append("\n");
    for (size_t i : transactions) what.append("  ").append(shortened(to_string(history_[i]))).append("\n");
    found_ = SerializabilityVerdict{.anomaly = std::move(anomaly), .report = std::move(what)};
  }

  size_t writer_of(const std::string& element) const { return appends_.at(element).writer; }

  const History& history_;
  DependencyGraph graph_;
  std::unordered_map<std::string, Append> appends_;
  std::map<std::string, std::vector<Read>> reads_;
  std::set<std::string> ordered_;
  std::optional<SerializabilityVerdict> found_;
};

}  // namespace

SerializabilityVerdict check_serializable(const History& history) { return Checker(history).run(); }

}  // namespace inlay::test
