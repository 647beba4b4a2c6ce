// String commands, typed. Every front door (Store, Database, later Pipeline) inherits these methods.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// `Self` is the front door; `Out<T>` is what its methods return for a T: Result<T> where calls run at once.
///
/// All methods: a key that holds another type is a WRONGTYPE error unless said otherwise; a value over the
/// string limit (512 MiB by default) is an OutOfRange error; a call that memory cannot serve is
/// ResourceExhausted and changes nothing.
template <class Self, template <class> class Out>
class StringCommands {
 public:
  /// The value of `key`, or nil when it is absent. O(value).
  Out<std::optional<std::string>> get(Key key);
  /// Sets `key` to `value`, replacing a value of any type and dropping its deadline. O(value).
  Out<Ok> set(Key key, Arg value);
  /// The same, and the key dies after `ttl` (or at an instant). Errors: a span that is not positive.
  Out<Ok> set(Key key, Arg value, Expiry ttl);
  /// The same under conditions. Not applied is no error: see SetOutcome. Errors: as above; ttl with keep_ttl.
  Out<SetOutcome> set(Key key, Arg value, const SetOptions& options);
  /// Sets an absent key; false if `key` exists, whatever its type. O(value).
  Out<bool> setnx(Key key, Arg value);
  /// Sets `key` to `value` for `ttl`. Same as the three-argument set. O(value).
  Out<Ok> setex(Key key, Expiry ttl, Arg value);
  /// Sets `key` and returns its old value, nil when it was absent. Drops the deadline. O(value).
  Out<std::optional<std::string>> getset(Key key, Arg value);
  /// Returns the value and removes the key; nil when it is absent. O(value).
  Out<std::optional<std::string>> getdel(Key key);
  /// Returns the value and sets or removes the deadline; nil when the key is absent. O(value).
  /// Errors: a span that is not positive, for an existing key.
  Out<std::optional<std::string>> getex(Key key, const GetExOptions& options = {});

  /// The length of the value in bytes, 0 for an absent key. O(1).
  Out<int64_t> strlen(Key key);
  /// Appends to the value, creating the key; returns the new length. Keeps the deadline. O(appended), amortised.
  Out<int64_t> append(Key key, Arg value);
  /// The bytes from `start` to `end` inclusive; negative positions count from the end; clamped. Empty for an
  /// absent key. O(returned).
  Out<std::string> getrange(Key key, int64_t start, int64_t end);
  /// Overwrites from `offset` on, filling a gap with zero bytes; returns the new length. An empty value changes
  /// nothing. Keeps the deadline. Errors: a negative offset. O(value + gap).
  Out<int64_t> setrange(Key key, int64_t offset, Arg value);

  /// Adds 1 and returns the sum; an absent key counts as 0. Keeps the deadline. O(1).
  /// Errors: the value is not an integer; the sum does not fit 64 bits.
  Out<int64_t> incr(Key key);
  /// Adds `by`. As incr.
  Out<int64_t> incr(Key key, int64_t by);
  /// Subtracts 1. As incr.
  Out<int64_t> decr(Key key);
  /// Subtracts `by`. As incr; the smallest integer is refused.
  Out<int64_t> decr(Key key, int64_t by);
  /// Adds `by` in extended precision and returns the sum; an absent key counts as 0. Keeps the deadline. O(1).
  /// Errors: the value is not a float; the sum is NaN or infinite.
  Out<double> incrbyfloat(Key key, double by);

  /// The values of many keys at one instant; nil for the absent and for those of other types. Shards are locked
  /// once and memory is fetched ahead: several times the speed of single gets on a large store. O(keys).
  Out<std::vector<std::optional<std::string>>> mget(Keys keys);
  Out<std::vector<std::optional<std::string>>> mget(std::initializer_list<Key> keys) {
    return mget(Keys(keys.begin(), keys.size()));
  }
  /// Sets many keys at one instant, replacing values of any type and dropping deadlines. O(pairs).
  Out<Ok> mset(std::span<const KeyValue> pairs);
  Out<Ok> mset(std::initializer_list<KeyValue> pairs) { return mset(std::span(pairs.begin(), pairs.size())); }
  /// Sets all the keys or, if any exists, none; returns which. O(pairs).
  Out<bool> msetnx(std::span<const KeyValue> pairs);
  Out<bool> msetnx(std::initializer_list<KeyValue> pairs) {
    return msetnx(std::span(pairs.begin(), pairs.size()));
  }
  /// Sets all the keys with one deadline, or none if the condition fails for any. O(pairs).
  Out<bool> msetex(std::span<const KeyValue> pairs, const MSetExOptions& options);
  Out<bool> msetex(std::initializer_list<KeyValue> pairs, const MSetExOptions& options) {
    return msetex(std::span(pairs.begin(), pairs.size()), options);
  }

  /// Removes the key if it holds exactly `expected`; returns whether it did. False for an absent key. O(value).
  Out<bool> del_if_equal(Key key, Arg expected);

  /// The longest common subsequence of two strings; absent keys count as empty. O(a x b) time and memory.
  /// Errors: length_only together with matches; a table over the string limit.
  Out<LcsResult> lcs(Key a, Key b, const LcsOptions& options = {});
};

}  // namespace inlay
