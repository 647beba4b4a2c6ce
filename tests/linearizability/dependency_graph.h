// DependencyGraph: which transaction must come before which, and a cycle if they cannot all have their way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inlay::test {

/// In the order of severity: a cycle of the first kinds alone is the graver find.
enum class EdgeKind : uint8_t { kWriteWrite, kWriteRead, kReadWrite, kThen };
std::string_view name_of(EdgeKind kind);

struct Edge {
  size_t from;
  size_t to;
  EdgeKind kind;
  /// For the reader: the key and the element.
  std::string why;
};

/// Edges among numbered nodes. Thread-compatible.
class DependencyGraph {
 public:
  explicit DependencyGraph(size_t nodes) : outgoing_(nodes) {}

  size_t add_node() {
    outgoing_.emplace_back();
    return outgoing_.size() - 1;
  }
  /// One from a node to itself says nothing and is left out.
  void add(Edge edge);

  /// A cycle as short as can be found, of edges whose kind is at most `worst`; none if there is none.
  /// O(nodes + edges) without one.
  std::optional<std::vector<Edge>> find_cycle(EdgeKind worst) const;

 private:
  std::vector<size_t> components(EdgeKind worst) const;
  std::vector<Edge> cycle_through(size_t start, EdgeKind worst, const std::vector<size_t>& component) const;

  std::vector<std::vector<Edge>> outgoing_;
};

}  // namespace inlay::test
