// Audience: the receivers of one channel or of one pattern, as an array that a publisher walks.
//
//   seats   | receiver, link | receiver, link | ...      a seat's link knows the seat's number
//
// Sixteen bytes a seat; a receiver leaves in O(1): the last one takes its seat. Invariant: seats_[i].link->seat == i.
// Thread safety: guarded by the broker's locks.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/receiver.h"

namespace inlay {

class BrokerClient;

/// One client's subscription to one channel or pattern.
struct Link {
  BrokerClient* client = nullptr;
  size_t seat = 0;
};

class Audience {
 public:
  struct Seat {
    Receiver* receiver;
    Link* link;
  };

  /// `link` stays where it is until removed.
  void add(Receiver& receiver, Link& link) {
    link.seat = seats_.size();
    seats_.push_back({&receiver, &link});
  }
  void remove(const Link& link) {
    seats_[link.seat] = seats_.back();
    seats_[link.seat].link->seat = link.seat;
    seats_.pop_back();
  }

  const std::vector<Seat>& seats() const { return seats_; }
  size_t size() const { return seats_.size(); }
  bool empty() const { return seats_.empty(); }

  bool check_invariants() const {
    for (size_t i = 0; i < seats_.size(); ++i) {
      if (seats_[i].link->seat != i) return false;
    }
    return true;
  }

 private:
  std::vector<Seat> seats_;
};

}  // namespace inlay
