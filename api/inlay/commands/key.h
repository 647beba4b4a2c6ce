// Commands on keys of any type, typed. Every front door inherits these methods.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// See StringCommands for `Self` and `Out`. None of these methods cares about a key's type.
template <class Self, template <class> class Out>
class KeyCommands {
 public:
  /// Removes the key; false if it was absent. Large values are freed after the shard is unlocked. O(1).
  Out<bool> del(Key key);
  /// Removes many keys at one instant and returns how many there were. O(keys).
  Out<int64_t> del(Keys keys);
  Out<int64_t> del(std::initializer_list<Key> keys) { return del(Keys(keys.begin(), keys.size())); }
  /// The same as del: neither frees under a lock.
  Out<int64_t> unlink(Keys keys);
  Out<int64_t> unlink(std::initializer_list<Key> keys) { return unlink(Keys(keys.begin(), keys.size())); }
  /// Whether the key exists. O(1).
  Out<bool> exists(Key key);
  /// How many of the keys exist, each counted as often as it is named. O(keys).
  Out<int64_t> exists(Keys keys);
  Out<int64_t> exists(std::initializer_list<Key> keys) { return exists(Keys(keys.begin(), keys.size())); }
  /// As exists, and stamps each as used just now. O(keys).
  Out<int64_t> touch(Keys keys);
  Out<int64_t> touch(std::initializer_list<Key> keys) { return touch(Keys(keys.begin(), keys.size())); }
  /// "string", "list", "set", "zset", "hash", or "none" for an absent key. O(1).
  Out<std::string> type(Key key);

  /// Lets the key die after `ttl`; a span of zero or less removes it at once. False if the key is absent or the
  /// condition fails. Errors: a deadline that 64 bits of milliseconds cannot hold. O(1).
  Out<bool> expire(Key key, Duration ttl, ExpireIf condition = ExpireIf::kAlways);
  /// Lets the key die at an instant; one in the past removes it at once. As expire.
  Out<bool> expireat(Key key, TimePoint when, ExpireIf condition = ExpireIf::kAlways);
  /// Removes the deadline; false if the key is absent or has none. O(1).
  Out<bool> persist(Key key);
  /// The remaining life; nil for an absent key. O(1).
  Out<std::optional<Ttl>> ttl(Key key);
  /// The deadline; nil for an absent key. O(1).
  Out<std::optional<ExpireTime>> expiretime(Key key);

  /// Gives the value and deadline of `from` to `to`, replacing what was there. O(1). Errors: `from` is absent.
  Out<Ok> rename(Key from, Key to);
  /// The same if `to` is absent; false if it exists. Errors: `from` is absent.
  Out<bool> renamenx(Key from, Key to);
  /// Copies value and deadline. False if `from` is absent, or `to` exists and replace is not set. O(value).
  /// Errors: both are the same key of the same database; no such database.
  Out<bool> copy(Key from, Key to, const CopyOptions& options = {});
  /// Moves the key to another database. False if it is absent, or present there. O(1).
  /// Errors: the same database; no such database.
  Out<bool> move(Key key, int db);

  /// The elements of a list, set or sorted set in an order of their own or by values under other keys, or those values:
  /// see SortOptions. Empty for an absent key. O(n log n); patterns that read other keys lock every shard.
  /// Errors: WRONGTYPE; an element or weight that is no number, without alpha.
  Out<std::vector<std::optional<std::string>>> sort(Key key, const SortOptions& options = {});
  /// The same into a list under `destination`, whatever it held; nil becomes "". Returns its length; of 0, the key is
  /// removed.
  Out<int64_t> sort_store(Key key, Key destination, const SortOptions& options = {});

  /// All keys that match the glob, at one instant. O(all keys), with every shard locked: for tests and small stores.
  Out<std::vector<std::string>> keys(std::string_view pattern);
  /// One step over the keyspace from `cursor` on. Every key present throughout a whole scan is returned, exactly
  /// once unless it is removed and added again, however the keyspace grows meanwhile. O(count).
  Out<ScanPage> scan(uint64_t cursor, const ScanOptions& options);
  /// A key drawn uniformly; nil for an empty database. O(shards).
  Out<std::optional<std::string>> randomkey();
  /// How many keys there are, dead ones that nothing has touched yet included. O(shards).
  Out<int64_t> dbsize();
  /// Removes every key of this database at one instant. O(keys), the freeing in steps outside the instant.
  Out<Ok> flushdb();

  /// How Redis 7.0 names the value's encoding ("int", "embstr", "raw", ...); nil for an absent key. O(1).
  Out<std::optional<std::string>> object_encoding(Key key);
  /// Whole seconds since the key was last read or written; nil for an absent key. O(1).
  Out<std::optional<Duration>> object_idletime(Key key);
  /// Redis's reference count: 1, or INT_MAX for the small integers that it shares; nil for an absent key. O(1).
  Out<std::optional<int64_t>> object_refcount(Key key);
  /// The access frequency counter. Error: no LFU policy is selected; nil for an absent key. O(1).
  Out<std::optional<int64_t>> object_freq(Key key);
  /// Bytes that key and value occupy, to the allocator's rounding, with their share of the index; nil for an
  /// absent key. O(1).
  Out<std::optional<int64_t>> memory_usage(Key key);
};

}  // namespace inlay
