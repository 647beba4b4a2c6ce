// Set commands, typed. Every front door inherits these methods.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// See StringCommands for `Self` and `Out`. A set is distinct byte strings; one that loses its last member goes, with its
/// key and deadline.
///
/// All methods: an absent key counts as an empty set; a key of another type is a WRONGTYPE error, except as the destination of a
/// store; a call that memory cannot serve is ResourceExhausted. Members come in no particular order.
template <class Self, template <class> class Out>
class SetCommands {
 public:
  /// Adds a member; false if it was there. Keeps the deadline. O(1); O(log members) for integers.
  Out<bool> sadd(Key key, Arg member);
  /// Adds members and returns how many were new. O(members).
  Out<int64_t> sadd(Key key, std::span<const Arg> members);
  Out<int64_t> sadd(Key key, std::initializer_list<Arg> members) {
    return sadd(key, std::span(members.begin(), members.size()));
  }
  /// Removes a member; false if it was not there. O(1); O(log members) for integers.
  Out<bool> srem(Key key, Arg member);
  /// Removes members and returns how many there were. O(members).
  Out<int64_t> srem(Key key, std::span<const Arg> members);
  Out<int64_t> srem(Key key, std::initializer_list<Arg> members) {
    return srem(key, std::span(members.begin(), members.size()));
  }
  /// Moves a member from one set to another at one instant; false if `source` does not have it. O(1).
  /// WRONGTYPE only if `source` exists.
  Out<bool> smove(Key source, Key destination, Arg member);

  /// How many members the set has. O(1).
  Out<int64_t> scard(Key key);
  /// Whether the set has the member. O(1); O(log members) for integers.
  Out<bool> sismember(Key key, Arg member);
  /// Whether the set has each of the members. Memory is fetched for many at once. O(members).
  Out<std::vector<bool>> smismember(Key key, std::span<const Arg> members);
  Out<std::vector<bool>> smismember(Key key, std::initializer_list<Arg> members) {
    return smismember(key, std::span(members.begin(), members.size()));
  }
  /// All members. O(set).
  Out<std::vector<std::string>> smembers(Key key);
  /// One step over the set from `cursor` on. A member present throughout a whole scan is returned exactly once, however
  /// the set changes meanwhile. A small set is returned whole. O(count).
  Out<ScanPage> sscan(Key key, uint64_t cursor, const ElementScanOptions& options = {});

  /// Removes a member drawn uniformly and returns it; nil for an absent key. O(1).
  Out<std::optional<std::string>> spop(Key key);
  /// Removes `count` members drawn uniformly, all if there are no more, and returns them. O(count).
  /// Errors: a negative count.
  Out<std::vector<std::string>> spop(Key key, int64_t count);
  /// A member drawn uniformly; nil for an absent key. O(1).
  Out<std::optional<std::string>> srandmember(Key key);
  /// `count` distinct members drawn uniformly, all if there are no more; for a negative count, so many draws that may repeat.
  /// O(count), at most O(set) if positive. Errors: the smallest integer.
  Out<std::vector<std::string>> srandmember(Key key, int64_t count);

  /// Members that all sets have. O(smallest set x sets).
  Out<std::vector<std::string>> sinter(Keys keys);
  Out<std::vector<std::string>> sinter(std::initializer_list<Key> keys) { return sinter(list(keys)); }
  /// How many those are, counted up to `limit` (0: without limit). O(smallest set x sets). Errors: a negative limit, no keys.
  Out<int64_t> sintercard(Keys keys, int64_t limit = 0);
  Out<int64_t> sintercard(std::initializer_list<Key> keys, int64_t limit = 0) {
    return sintercard(list(keys), limit);
  }
  /// Members that any set has. O(members of all sets).
  Out<std::vector<std::string>> sunion(Keys keys);
  Out<std::vector<std::string>> sunion(std::initializer_list<Key> keys) { return sunion(list(keys)); }
  /// Members of the first set that no other has. O(first set x sets).
  Out<std::vector<std::string>> sdiff(Keys keys);
  Out<std::vector<std::string>> sdiff(std::initializer_list<Key> keys) { return sdiff(list(keys)); }

  /// Sets `destination` to what sinter gives and returns how many members that is. Replaces a value of any type and drops
  /// its deadline; an empty result removes the key. `destination` may be one of the keys.
  Out<int64_t> sinterstore(Key destination, Keys keys);
  Out<int64_t> sinterstore(Key destination, std::initializer_list<Key> keys) {
    return sinterstore(destination, list(keys));
  }
  /// The same with sunion.
  Out<int64_t> sunionstore(Key destination, Keys keys);
  Out<int64_t> sunionstore(Key destination, std::initializer_list<Key> keys) {
    return sunionstore(destination, list(keys));
  }
  /// The same with sdiff.
  Out<int64_t> sdiffstore(Key destination, Keys keys);
  Out<int64_t> sdiffstore(Key destination, std::initializer_list<Key> keys) {
    return sdiffstore(destination, list(keys));
  }

 private:
  static Keys list(std::initializer_list<Key> keys) { return Keys(keys.begin(), keys.size()); }
};

}  // namespace inlay
