// Can the transactions of a history have run one after the other, in an order that time allows?
//
// Every write appends an element of its own to a list (RPUSH) or to a string (APPEND "17,"), as in Elle (Kingsbury and
// Alvaro, VLDB 2020): whoever reads a key then sees, in order, every version that it ever had, so who depends on whom is
// read off the history and need not be searched for. The edges of Adya's graph ("Weak Consistency", MIT 1999):
//
//   ww   T2's element follows T1's in a list
//   wr   T2 read a list that ends in T1's element
//   rw   T1 read a list, and T2's element comes next
//   then T2 was called after T1 was answered, or follows it in the program of one thread
//
// A cycle is a violation: of ww alone it is a dirty write (G0), with wr circular information flow (G1c), with rw an
// anti-dependency cycle (G2; G-single with just one rw: lost update, fractured read), with `then` a violation of real
// time (stale read). No cycle: the transactions are strictly serializable. Seen without a graph: elements that nobody
// appended or that a refused transaction did (G1a), lists of which none is the beginning of the other, a transaction that
// does not see its own appends, and acknowledged appends missing from a later read.
//
// O(operations log operations + elements read). `then` needs one edge to and from a line of instants, not one per pair.
#pragma once

#include <string>

#include "tests/linearizability/history.h"

namespace inlay::test {

struct SerializabilityVerdict {
  bool serializable = false;
  /// "", or the name of what was found: "G0", "G1a", "G1c", "G-single", "G2", "real-time", "garbage", "duplicate",
  /// "order", "internal", "lost append".
  std::string anomaly;
  /// The transactions of the cycle, edge by edge, or the reads that contradict.
  std::string report;
};

/// Understands RPUSH, LRANGE, APPEND, GET and MGET. Ends best with a transaction that reads every key: what nobody read
/// afterwards cannot be missed.
SerializabilityVerdict check_serializable(const History& history);

}  // namespace inlay::test
