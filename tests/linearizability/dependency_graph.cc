#include "tests/linearizability/dependency_graph.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace inlay::test {

std::string_view name_of(EdgeKind kind) {
  constexpr std::string_view kNames[] = {"ww", "wr", "rw", "then"};
  return kNames[static_cast<size_t>(kind)];
}

void DependencyGraph::add(Edge edge) {
  if (edge.from != edge.to) outgoing_[edge.from].push_back(std::move(edge));
}

std::optional<std::vector<Edge>> DependencyGraph::find_cycle(EdgeKind worst) const {
  const std::vector<size_t> component = components(worst);
  std::vector<size_t> sizes(outgoing_.size(), 0);
  for (size_t number : component) ++sizes[number];
  std::optional<std::vector<Edge>> shortest;
  size_t tried = 0;
  for (size_t node = 0; node < outgoing_.size() && tried < 64; ++node) {
    if (sizes[component[node]] < 2) continue;
    ++tried;
    std::vector<Edge> cycle = cycle_through(node, worst, component);
    if (!shortest.has_value() || cycle.size() < shortest->size()) shortest = std::move(cycle);
  }
  return shortest;
}

// Tarjan's strongly connected components, with a stack of its own: histories are longer than call stacks are deep.
std::vector<size_t> DependencyGraph::components(EdgeKind worst) const {
  constexpr size_t kNone = SIZE_MAX;
  struct Visit {
    size_t node;
    size_t edge;
  };
  const size_t nodes = outgoing_.size();
  std::vector<size_t> index(nodes, kNone), low(nodes, 0), component(nodes, kNone), open;
  std::vector<Visit> visits;
  size_t next_index = 0, next_component = 0;
  const auto enter = [&](size_t node) {
    index[node] = low[node] = next_index++;
    open.push_back(node);
    visits.push_back({node, 0});
  };
  const auto leave = [&](size_t node) {
    visits.pop_back();
    if (!visits.empty()) low[visits.back().node] = std::min(low[visits.back().node], low[node]);
    if (low[node] != index[node]) return;
    size_t member;
    do {
      member = open.back();
      open.pop_back();
      component[member] = next_component;
    } while (member != node);
    ++next_component;
  };
  for (size_t root = 0; root < nodes; ++root) {
    if (index[root] == kNone) enter(root);
    while (!visits.empty()) {
      const size_t node = visits.back().node;
      if (visits.back().edge == outgoing_[node].size()) {
        leave(node);
        continue;
      }
      const Edge& edge = outgoing_[node][visits.back().edge++];
      if (edge.kind > worst) continue;
      if (index[edge.to] == kNone) {
        enter(edge.to);
      } else if (component[edge.to] == kNone) {
        low[node] = std::min(low[node], index[edge.to]);
      }
    }
  }
  return component;
}

// Breadth first from `start`, which lies on a cycle within its component, until it is met again.
std::vector<Edge> DependencyGraph::cycle_through(size_t start, EdgeKind worst,
                                                 const std::vector<size_t>& component) const {
  std::vector<const Edge*> came_by(outgoing_.size(), nullptr);
  std::deque<size_t> queue{start};
  while (came_by[start] == nullptr) {
    const size_t node = queue.front();
    queue.pop_front();
    for (const Edge& edge : outgoing_[node]) {
      if (edge.kind > worst || component[edge.to] != component[start] || came_by[edge.to] != nullptr)
        continue;
      came_by[edge.to] = &edge;
      queue.push_back(edge.to);
    }
  }
  std::vector<Edge> cycle;
  size_t node = start;
  do {
    cycle.push_back(*came_by[node]);
    node = came_by[node]->from;
  } while (node != start);
  std::ranges::reverse(cycle);
  return cycle;
}

}  // namespace inlay::test
