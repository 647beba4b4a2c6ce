// The calls that wait for an element, typed. Stores and databases have them, and, not waiting but calling back, what
// Database::async() gives.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stop_token>
#include <string>

#include "inlay/commands/blocking_types.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// `Self` is the front door; `Out<T>` is what its methods return for a T: Result<T> where the thread waits,
/// AsyncCall<T> where it does not.
///
/// All methods take what is there at once; where nothing is, they wait until some key that they wait for holds an
/// element, or `timeout` is over, which gives nil. kForever waits without end; a timeout of zero or less does not wait.
///
/// Who waits longest for a key is served first. A waiter is served at the end of the call or transaction that brought
/// the element, and sees the state that it left behind. Of several keys the first one in order that holds an element
/// gives it; once waiting, the first one that comes to hold one. An element is handed over exactly once: a wait that is
/// stopped or out of time in the same moment either has it or leaves it where it was.
///
/// Time-outs are measured by the store's clock, if it was given one, and then end when Store::maintain() or the
/// background thread looks at it; else by the computer's monotonic clock, and a waiting thread ends by itself.
///
/// Errors: WRONGTYPE for a key that holds another type and stands before the first one with elements (a key that comes to
/// do so while the call waits is not looked at); Cancelled if `stop` is asked for while it waits, or the store closes;
/// ResourceExhausted out of memory, with the element left where it was. O(1) for each key, besides the pop itself.
template <class Self, template <class> class Out>
class BlockingCommands {
 public:
  /// Pops the first element of one of the lists. Errors: no keys.
  Out<std::optional<KeyElement>> blpop(Keys keys, Duration timeout, std::stop_token stop = {});
  Out<std::optional<KeyElement>> blpop(std::initializer_list<Key> keys, Duration timeout,
                                       std::stop_token stop = {}) {
    return blpop(Keys(keys.begin(), keys.size()), timeout, std::move(stop));
  }
  /// Pops the last element of one of the lists. Errors: no keys.
  Out<std::optional<KeyElement>> brpop(Keys keys, Duration timeout, std::stop_token stop = {});
  Out<std::optional<KeyElement>> brpop(std::initializer_list<Key> keys, Duration timeout,
                                       std::stop_token stop = {}) {
    return brpop(Keys(keys.begin(), keys.size()), timeout, std::move(stop));
  }
  /// Pops up to `count` elements of one of the lists. Errors: no keys; a count that is not positive.
  Out<std::optional<KeyElements>> blmpop(Keys keys, End from, int64_t count, Duration timeout,
                                         std::stop_token stop = {});
  Out<std::optional<KeyElements>> blmpop(std::initializer_list<Key> keys, End from, int64_t count,
                                         Duration timeout, std::stop_token stop = {}) {
    return blmpop(Keys(keys.begin(), keys.size()), from, count, timeout, std::move(stop));
  }
  /// Moves an element from an end of one list to an end of another, or of itself, and returns it. What arrives at
  /// `destination` serves those who wait for it. Errors: WRONGTYPE for `destination` too, once there is an element, which
  /// stays in `source`.
  Out<std::optional<std::string>> blmove(Key source, Key destination, End from, End to, Duration timeout,
                                         std::stop_token stop = {});
  /// Moves the last element of `source` to the head of `destination`: blmove from kRight to kLeft.
  Out<std::optional<std::string>> brpoplpush(Key source, Key destination, Duration timeout,
                                             std::stop_token stop = {});

  /// Takes the member with the lowest score from one of the sorted sets. Errors: no keys.
  Out<std::optional<KeyMember>> bzpopmin(Keys keys, Duration timeout, std::stop_token stop = {});
  Out<std::optional<KeyMember>> bzpopmin(std::initializer_list<Key> keys, Duration timeout,
                                         std::stop_token stop = {}) {
    return bzpopmin(Keys(keys.begin(), keys.size()), timeout, std::move(stop));
  }
  /// Takes the member with the highest score from one of the sorted sets. Errors: no keys.
  Out<std::optional<KeyMember>> bzpopmax(Keys keys, Duration timeout, std::stop_token stop = {});
  Out<std::optional<KeyMember>> bzpopmax(std::initializer_list<Key> keys, Duration timeout,
                                         std::stop_token stop = {}) {
    return bzpopmax(Keys(keys.begin(), keys.size()), timeout, std::move(stop));
  }
  /// Takes up to `count` members from one of the sorted sets, the outermost first. Errors: no keys; a count that is not
  /// positive.
  Out<std::optional<PoppedMembers>> bzmpop(Keys keys, Extreme where, int64_t count, Duration timeout,
                                           std::stop_token stop = {});
  Out<std::optional<PoppedMembers>> bzmpop(std::initializer_list<Key> keys, Extreme where, int64_t count,
                                           Duration timeout, std::stop_token stop = {}) {
    return bzmpop(Keys(keys.begin(), keys.size()), where, count, timeout, std::move(stop));
  }
};

}  // namespace inlay
