// ReliableList: a producer and its consumers over BLMOVE, no more than that.
//
//   inlay::ReliableList lines(*store, "lines");
//   lines.push("first");
//   auto item = lines.take("worker-1", 5s, stop).value();     // error | nil: out of time | the item
//   if (item) { handle(*item); lines.done("worker-1", *item).value(); }
//
//   <key>                        list   what waits, oldest first
//   <key>:processing:<consumer>  list   what that consumer has taken and not finished
//
// With BRPOP an item is in nobody's keeping but the consumer's memory; here it moves in one step to the consumer's own
// list, and recover() puts back what a consumer left that is known to have ended. Unlike a Queue it knows no times: nothing
// comes back by itself, nothing is counted, and any number of equal items are kept apart by nothing but their number.
// Use it where there is a supervisor who knows which consumers are alive.
//
// Thread-safe; small values to copy. The store must outlive them. A consumer's name belongs to one consumer at a time.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay {

class ReliableList {
 public:
  ReliableList(Database db, std::string key) : db_(db), key_(std::move(key)) {}

  /// Adds an item; returns how many wait, if none is taken at once. O(1).
  Result<int64_t> push(Bytes item);
  /// The oldest item, now among those that `consumer` processes; waits for one, nil if none comes within `wait`, kForever
  /// to wait without end. Who waits longest gets it. O(1). Errors: Cancelled if `stop` is asked for while it waits, or the
  /// store closes.
  Nullable<std::string> take(std::string_view consumer, Duration wait, std::stop_token stop = {});
  /// The consumer has finished an item; false if it did not have it. O(what it processes).
  Result<bool> done(std::string_view consumer, Bytes item);
  /// Puts what an ended consumer left back in front of all that waits, in its old order, each in a step of its own; returns
  /// how many items that were. Who waits for items gets them. O(items).
  Result<int64_t> recover(std::string_view consumer);

  /// How many items wait. O(1).
  Result<int64_t> size();
  /// What a consumer has taken and not finished, oldest first. O(returned).
  Result<std::vector<std::string>> processing(std::string_view consumer);

 private:
  std::string processing_key(std::string_view consumer) const;

  Database db_;
  std::string key_;
};

}  // namespace inlay
