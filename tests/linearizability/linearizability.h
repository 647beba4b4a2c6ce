// Is there an order of these operations, one at a time, that explains every answer and puts what was answered first
// before what was called later?
//
//   thread 0   |--- SET x 1 ---|      |-- GET x -> 1 --|
//   thread 1        |------- SET x 2 -------|                 SET 2, SET 1, GET 1: yes
//
// The search is that of Wing and Gong ("Testing and Verifying Concurrent Objects", JPDC 1993) with the memory of Lowe
// ("Testing for linearizability", CCPE 2017): depth first, the next operation may be any that was called before each of
// those left was answered; a set of operations done together with the state they led to is not entered twice.
//
// A history falls into groups of keys that some operation joins, and each group is searched by itself: a history is
// linearizable if and only if each of its objects is (Herlihy and Wing, TOPLAS 1990). Keys that only calls on one key
// touch are such groups; an operation of many steps, a transaction, takes effect at one instant with all of them, so that
// within a group the test is one for strict serializability.
//
// What one thread did is in its program order, so a set of operations done is one position per thread: at most
// (operations per thread + 1)^threads positions, times the states. In truth only what overlaps can be exchanged: between
// two instants at which nothing ran (bursts of a workload end in one) it is the number of orders within, and across such
// an instant only the state is carried. With answers that tell states apart the search goes nearly straight: the
// histories here take 1 to 2 looks for each operation. Deciding is NP-complete in general; a limit says "undecided".
#pragma once

#include <cstddef>
#include <string>

#include "tests/linearizability/history.h"

namespace inlay::test {

struct LinearizabilityVerdict {
  bool linearizable = false;
  /// Empty, or why not: how far the search got, and what each thread would have to do next.
  std::string report;
  /// Pairs of positions and state that were looked at.
  size_t configurations = 0;
};

/// Starts from no keys at 0 ms. Transactions that were refused are left out: they promise nothing about what they read.
LinearizabilityVerdict check_linearizable(const History& history, size_t configurations_max = 2'000'000);

}  // namespace inlay::test
