// List commands, typed. Every front door (Store, Database, later Pipeline) inherits these methods.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inlay/commands/list_types.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// `Self` is the front door; `Out<T>` is what its methods return for a T: Result<T> where calls run at once.
///
/// All methods: an index counts from the head, and from the tail where it is negative (-1 is the last element); a list
/// that becomes empty goes with its key; a key that holds another type is a WRONGTYPE error; a call that memory cannot
/// serve is ResourceExhausted and changes nothing. B is the number of blocks of some 4 KiB a long list has.
template <class Self, template <class> class Out>
class ListCommands {
 public:
  /// Pushes `element` at the head, creating an absent key; returns the new length. Keeps the deadline. O(1).
  Out<int64_t> lpush(Key key, Arg element);
  /// Pushes the elements at the head one after the other, so that the last comes first. O(elements).
  Out<int64_t> lpush(Key key, std::span<const Bytes> elements);
  Out<int64_t> lpush(Key key, std::initializer_list<Arg> elements);
  /// As lpush, but only onto a list that exists: 0 for an absent key.
  Out<int64_t> lpushx(Key key, Arg element);
  Out<int64_t> lpushx(Key key, std::span<const Bytes> elements);
  Out<int64_t> lpushx(Key key, std::initializer_list<Arg> elements);
  /// Pushes `element` at the tail, creating an absent key; returns the new length. Keeps the deadline. O(1).
  Out<int64_t> rpush(Key key, Arg element);
  /// Pushes the elements at the tail in their order. O(elements).
  Out<int64_t> rpush(Key key, std::span<const Bytes> elements);
  Out<int64_t> rpush(Key key, std::initializer_list<Arg> elements);
  /// As rpush, but only onto a list that exists: 0 for an absent key.
  Out<int64_t> rpushx(Key key, Arg element);
  Out<int64_t> rpushx(Key key, std::span<const Bytes> elements);
  Out<int64_t> rpushx(Key key, std::initializer_list<Arg> elements);

  /// Removes and returns the first element; nil for an absent key. O(1).
  Out<std::optional<std::string>> lpop(Key key);
  /// Removes and returns up to `count` elements from the head; empty for an absent key. O(count).
  /// Errors: a negative count.
  Out<std::vector<std::string>> lpop(Key key, int64_t count);
  /// Removes and returns the last element; nil for an absent key. O(1).
  Out<std::optional<std::string>> rpop(Key key);
  /// Removes and returns up to `count` elements from the tail, the last one first; empty for an absent key. O(count).
  /// Errors: a negative count.
  Out<std::vector<std::string>> rpop(Key key, int64_t count);
  /// Pops up to `count` elements from the first of the lists that is there; nil if none is. O(keys + count).
  /// Errors: no keys; a count that is not positive; WRONGTYPE for a key before that list.
  Out<std::optional<KeyElements>> lmpop(Keys keys, End from, int64_t count = 1);
  Out<std::optional<KeyElements>> lmpop(std::initializer_list<Key> keys, End from, int64_t count = 1) {
    return lmpop(Keys(keys.begin(), keys.size()), from, count);
  }
  /// Moves an element from one end of a list to an end of another, or of itself, and returns it; nil, with nothing
  /// changed, if `source` is absent. Keeps the deadlines. O(1). Errors: WRONGTYPE for either key.
  Out<std::optional<std::string>> lmove(Key source, Key destination, End from, End to);
  /// Moves the last element of `source` to the head of `destination`: lmove from kRight to kLeft.
  Out<std::optional<std::string>> rpoplpush(Key source, Key destination);

  /// The number of elements, 0 for an absent key. O(1).
  Out<int64_t> llen(Key key);
  /// The element at `index`; nil if there is none, or no list. O(B / 256).
  Out<std::optional<std::string>> lindex(Key key, int64_t index);
  /// The elements from `start` to `stop` inclusive, clamped; empty for an absent key. O(B / 256 + returned).
  Out<std::vector<std::string>> lrange(Key key, int64_t start = 0, int64_t stop = -1);
  /// The index of the first element equal to `element`, or of the one that `options` ask for; nil if there is none.
  /// O(elements looked at). Errors: a rank of 0; a negative length_max.
  Out<std::optional<int64_t>> lpos(Key key, Arg element, const LPosOptions& options = {});
  /// The indexes of up to `count` such elements, 0 for all, in the order they are found; empty if there is none.
  /// Errors: as above; a negative count.
  Out<std::vector<int64_t>> lpos(Key key, Arg element, int64_t count, const LPosOptions& options = {});

  /// Replaces the element at `index`. O(B / 256 + 4 KiB). Errors: no such key; no such index (OutOfRange).
  Out<Ok> lset(Key key, int64_t index, Arg element);
  /// Inserts `element` beside the first element equal to `pivot`; returns the new length, -1 if there is no such
  /// element, 0 for an absent key. O(elements up to the pivot).
  Out<int64_t> linsert(Key key, InsertAt at, Arg pivot, Arg element);
  /// Removes `count` elements equal to `element`: the first ones, the last ones for a negative count, all for 0; returns
  /// how many there were. O(N).
  Out<int64_t> lrem(Key key, int64_t count, Arg element);
  /// Keeps only the elements from `start` to `stop` inclusive, clamped. O(blocks removed).
  Out<Ok> ltrim(Key key, int64_t start, int64_t stop);
};

}  // namespace inlay
