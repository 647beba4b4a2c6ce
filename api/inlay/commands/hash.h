// HashCommands: the hash commands as typed methods, declared once for every front door.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inlay/commands/hash_types.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// `Self` is the front door; `Out<T>` is what its methods return for a result of T. Every method but where it says
/// otherwise fails with WRONGTYPE on a key that holds something else than a hash. An absent key counts as an empty
/// hash; a hash that loses its last field goes with its key. A field whose deadline has come is gone.
template <class Self, template <class> class Out>
class HashCommands {
 public:
  /// Sets fields, creating the key where needed, and takes their deadlines away. Returns how many fields were new.
  /// O(fields).
  Out<int64_t> hset(Key key, std::span<const FieldValue> pairs);
  Out<int64_t> hset(Key key, std::initializer_list<FieldValue> pairs) {
    return hset(key, std::span(pairs.begin(), pairs.size()));
  }
  Out<int64_t> hset(Key key, Arg field, Arg value) { return hset(key, {{field, value}}); }
  /// Sets a field if it is absent; false if it exists. O(1).
  Out<bool> hsetnx(Key key, Arg field, Arg value);
  /// The field's value; nil for an absent field or key. O(1).
  Out<std::optional<std::string>> hget(Key key, Arg field);
  /// The values in the order of the fields, nil for absent ones. O(fields).
  Out<std::vector<std::optional<std::string>>> hmget(Key key, std::span<const Bytes> fields);
  Out<std::vector<std::optional<std::string>>> hmget(Key key, std::initializer_list<Bytes> fields) {
    return hmget(key, std::span(fields.begin(), fields.size()));
  }
  /// All fields with their values; of a small hash in the order in which they were added. O(all fields).
  Out<FieldValues> hgetall(Key key);
  Out<std::vector<std::string>> hkeys(Key key);
  Out<std::vector<std::string>> hvals(Key key);
  /// Whether the field exists. O(1).
  Out<bool> hexists(Key key, Arg field);
  /// How many fields there are. O(1).
  Out<int64_t> hlen(Key key);
  /// How many bytes the field's value has, 0 for an absent one. O(1).
  Out<int64_t> hstrlen(Key key, Arg field);
  /// Removes fields and returns how many there were. O(fields).
  Out<int64_t> hdel(Key key, std::span<const Bytes> fields);
  Out<int64_t> hdel(Key key, std::initializer_list<Bytes> fields) {
    return hdel(key, std::span(fields.begin(), fields.size()));
  }

  /// Adds to the integer in a field; an absent one counts as 0. Keeps the field's deadline. Returns the sum. O(1).
  /// Errors: not an integer; overflow.
  Out<int64_t> hincrby(Key key, Arg field, int64_t by);
  /// The same for a decimal number, kept and added with the precision of long double. Errors: not a float; NaN or
  /// infinity.
  Out<double> hincrbyfloat(Key key, Arg field, double by);

  /// A field drawn uniformly; nil for an absent key. O(1).
  Out<std::optional<std::string>> hrandfield(Key key);
  /// `count` different fields, or all if there are no more; a negative count draws -count times with repetitions.
  /// O(count), O(all fields) from a quarter of them on.
  Out<std::vector<std::string>> hrandfield(Key key, int64_t count);
  /// The same with their values.
  Out<FieldValues> hrandfield_with_values(Key key, int64_t count);
  /// One step over the fields from `cursor` on. Every field present throughout a whole scan is returned, at least
  /// once. A small hash is given whole. O(count). Errors: a count below 1.
  Out<FieldScanPage> hscan(Key key, uint64_t cursor, const ElementScanOptions& options);

  /// Lets fields die after `ttl`; with zero they go at once. One outcome for each field. Errors: a negative span, a
  /// deadline after the year 4199. O(fields * log deadlines).
  Out<std::vector<FieldOutcome>> hexpire(Key key, Duration ttl, std::span<const Bytes> fields,
                                         ExpireIf condition = ExpireIf::kAlways);
  Out<std::vector<FieldOutcome>> hexpire(Key key, Duration ttl, std::initializer_list<Bytes> fields,
                                         ExpireIf condition = ExpireIf::kAlways) {
    return hexpire(key, ttl, std::span(fields.begin(), fields.size()), condition);
  }
  /// Lets fields die at an instant; with one in the past they go at once. As hexpire.
  Out<std::vector<FieldOutcome>> hexpireat(Key key, TimePoint when, std::span<const Bytes> fields,
                                           ExpireIf condition = ExpireIf::kAlways);
  Out<std::vector<FieldOutcome>> hexpireat(Key key, TimePoint when, std::initializer_list<Bytes> fields,
                                           ExpireIf condition = ExpireIf::kAlways) {
    return hexpireat(key, when, std::span(fields.begin(), fields.size()), condition);
  }
  /// Takes the deadlines of fields away. O(fields * log deadlines).
  Out<std::vector<FieldOutcome>> hpersist(Key key, std::span<const Bytes> fields);
  Out<std::vector<FieldOutcome>> hpersist(Key key, std::initializer_list<Bytes> fields) {
    return hpersist(key, std::span(fields.begin(), fields.size()));
  }
  /// The remaining lives of fields; nil for absent ones. O(fields).
  Out<std::vector<std::optional<Ttl>>> httl(Key key, std::span<const Bytes> fields);
  Out<std::vector<std::optional<Ttl>>> httl(Key key, std::initializer_list<Bytes> fields) {
    return httl(key, std::span(fields.begin(), fields.size()));
  }
  /// The deadlines of fields; nil for absent ones. O(fields).
  Out<std::vector<std::optional<ExpireTime>>> hexpiretime(Key key, std::span<const Bytes> fields);
  Out<std::vector<std::optional<ExpireTime>>> hexpiretime(Key key, std::initializer_list<Bytes> fields) {
    return hexpiretime(key, std::span(fields.begin(), fields.size()));
  }

  /// Reads fields and removes them; nil for absent ones. O(fields).
  Out<std::vector<std::optional<std::string>>> hgetdel(Key key, std::span<const Bytes> fields);
  Out<std::vector<std::optional<std::string>>> hgetdel(Key key, std::initializer_list<Bytes> fields) {
    return hgetdel(key, std::span(fields.begin(), fields.size()));
  }
  /// Reads fields and gives those that exist a deadline or takes it away; nil for absent ones. Errors: as hexpire.
  /// O(fields * log deadlines).
  Out<std::vector<std::optional<std::string>>> hgetex(Key key, std::span<const Bytes> fields,
                                                      const GetExOptions& options);
  Out<std::vector<std::optional<std::string>>> hgetex(Key key, std::initializer_list<Bytes> fields,
                                                      const GetExOptions& options) {
    return hgetex(key, std::span(fields.begin(), fields.size()), options);
  }
  /// Sets fields with one deadline, all or none; false if the condition refuses. Errors: as hexpire.
  /// O(fields * log deadlines).
  Out<bool> hsetex(Key key, std::span<const FieldValue> pairs, const HSetExOptions& options);
  Out<bool> hsetex(Key key, std::initializer_list<FieldValue> pairs, const HSetExOptions& options) {
    return hsetex(key, std::span(pairs.begin(), pairs.size()), options);
  }
};

}  // namespace inlay
