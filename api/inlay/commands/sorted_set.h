// Sorted set commands, typed. Every front door (Store, Database, later Pipeline) inherits these methods.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inlay/commands/sorted_set_types.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// A sorted set holds distinct members, each with a score, in order of score and, within one score, of bytes.
/// `Self` is the front door; `Out<T>` is what its methods return for a T: Result<T> where calls run at once.
///
/// All methods: an absent key counts as an empty sorted set, and one that becomes empty is removed; a key that holds
/// another type is a WRONGTYPE error; NaN for a score, a weight or a bound is an InvalidArgument error; a call that
/// memory cannot serve is ResourceExhausted. N is the size of the sorted set, M what is returned or removed. A score of
/// -0.0 is kept as 0.
template <class Self, template <class> class Out>
class SortedSetCommands {
 public:
  /// Adds members or changes their scores; returns how many were added (or changed, if options.count_changed). Keeps the
  /// deadline. O(members x log N). Errors: kIfAbsent with kGreater or kLess.
  Out<int64_t> zadd(Key key, std::span<const ScoreAndMember> members, const ZAddOptions& options = {});
  Out<int64_t> zadd(Key key, std::initializer_list<ScoreAndMember> members, const ZAddOptions& options = {}) {
    return zadd(key, std::span(members.begin(), members.size()), options);
  }
  /// The same for one member: whether it was added (or changed, if options.count_changed).
  Out<bool> zadd(Key key, double score, Arg member, const ZAddOptions& options = {});
  /// Adds to a member's score, 0 if it is absent, under conditions: the new score, or nil if the conditions refuse it.
  /// O(log N). Errors: as zadd; the sum is NaN (infinity minus infinity), and then nothing changes.
  Out<std::optional<double>> zadd_incr(Key key, double by, Arg member, const ZAddOptions& options);
  /// Adds to a member's score, 0 if it is absent; returns the sum. O(log N). Errors: the sum is NaN.
  Out<double> zincrby(Key key, double by, Arg member);
  /// Removes members; returns how many were there. O(members x log N).
  Out<int64_t> zrem(Key key, std::span<const Arg> members);
  Out<int64_t> zrem(Key key, std::initializer_list<Arg> members) {
    return zrem(key, std::span(members.begin(), members.size()));
  }

  /// The number of members. O(1).
  Out<int64_t> zcard(Key key);
  /// The score of a member, nil if it is absent. O(1).
  Out<std::optional<double>> zscore(Key key, Arg member);
  /// The scores of many members, nil for the absent. O(members).
  Out<std::vector<std::optional<double>>> zmscore(Key key, std::span<const Arg> members);
  Out<std::vector<std::optional<double>>> zmscore(Key key, std::initializer_list<Arg> members) {
    return zmscore(key, std::span(members.begin(), members.size()));
  }
  /// The number of members before this one, or after it; nil if it is absent. O(log N).
  Out<std::optional<int64_t>> zrank(Key key, Arg member);
  Out<std::optional<int64_t>> zrevrank(Key key, Arg member);
  /// The same with the score.
  Out<std::optional<RankAndScore>> zrank_with_score(Key key, Arg member);
  Out<std::optional<RankAndScore>> zrevrank_with_score(Key key, Arg member);

  /// The number of members in a range of scores. O(log N).
  Out<int64_t> zcount(Key key, const ScoreRange& range);
  /// The number of members in a range of members, if all scores are equal. O(log N).
  Out<int64_t> zlexcount(Key key, const LexRange& range);
  /// The elements of a range, in order: zrange("board", RankRange{0, 9}, {.reverse = true}) gives the ten best, best first.
  /// O(log N + M). Errors: a limit with a range of ranks.
  Out<std::vector<ScoredMember>> zrange(Key key, const RankRange& range = {},
                                        const ZRangeOptions& options = {});
  Out<std::vector<ScoredMember>> zrange(Key key, const ScoreRange& range, const ZRangeOptions& options = {});
  Out<std::vector<ScoredMember>> zrange(Key key, const LexRange& range, const ZRangeOptions& options = {});
  /// Makes `destination` a sorted set of a range of `source`, whatever it was, without a deadline; removes it if the range
  /// is empty. Returns how many elements it has. O(log N + M).
  Out<int64_t> zrangestore(Key destination, Key source, const RankRange& range,
                           const ZRangeOptions& options = {});
  Out<int64_t> zrangestore(Key destination, Key source, const ScoreRange& range,
                           const ZRangeOptions& options = {});
  Out<int64_t> zrangestore(Key destination, Key source, const LexRange& range,
                           const ZRangeOptions& options = {});
  /// Removes a range; returns how many elements it had. O(log N + M).
  Out<int64_t> zremrangebyrank(Key key, const RankRange& range);
  Out<int64_t> zremrangebyscore(Key key, const ScoreRange& range);
  Out<int64_t> zremrangebylex(Key key, const LexRange& range);

  /// Removes and returns the element of the lowest score, or the highest; nil for an absent key. O(log N).
  Out<std::optional<ScoredMember>> zpopmin(Key key);
  Out<std::optional<ScoredMember>> zpopmax(Key key);
  /// The same for up to `count` elements, the outermost first. O(log N + M). Errors: a negative count.
  Out<std::vector<ScoredMember>> zpopmin(Key key, int64_t count);
  Out<std::vector<ScoredMember>> zpopmax(Key key, int64_t count);
  /// Takes up to `count` elements from the first of the keys that has any; nil if none has. Errors: a count below 1.
  Out<std::optional<PoppedMembers>> zmpop(Keys keys, Extreme where, int64_t count = 1);
  Out<std::optional<PoppedMembers>> zmpop(std::initializer_list<Key> keys, Extreme where, int64_t count = 1) {
    return zmpop(Keys(keys.begin(), keys.size()), where, count);
  }
  /// An element drawn uniformly, nil for an absent key. O(1).
  Out<std::optional<ScoredMember>> zrandmember(Key key);
  /// Up to `count` distinct elements; with a negative count exactly -count, with repetitions. O(M x log N).
  Out<std::vector<ScoredMember>> zrandmember(Key key, int64_t count);

  // In these, sets count as sorted sets whose scores are 1. At least one key is needed.

  /// The members that any of the keys holds, that all hold, and that only the first one holds, in order. A member's score
  /// is made of its scores in the keys, times their weights; zdiff gives that of the first key.
  /// O(all elements + M log M). Errors: not as many weights as keys.
  Out<std::vector<ScoredMember>> zunion(Keys keys, const ZCombineOptions& options = {});
  Out<std::vector<ScoredMember>> zinter(Keys keys, const ZCombineOptions& options = {});
  Out<std::vector<ScoredMember>> zdiff(Keys keys);
  Out<std::vector<ScoredMember>> zunion(std::initializer_list<Key> keys,
                                        const ZCombineOptions& options = {}) {
    return zunion(Keys(keys.begin(), keys.size()), options);
  }
  Out<std::vector<ScoredMember>> zinter(std::initializer_list<Key> keys,
                                        const ZCombineOptions& options = {}) {
    return zinter(Keys(keys.begin(), keys.size()), options);
  }
  Out<std::vector<ScoredMember>> zdiff(std::initializer_list<Key> keys) {
    return zdiff(Keys(keys.begin(), keys.size()));
  }
  /// The number of members that all keys hold, counted up to `limit`; 0: no limit. Errors: a negative limit.
  Out<int64_t> zintercard(Keys keys, int64_t limit = 0);
  Out<int64_t> zintercard(std::initializer_list<Key> keys, int64_t limit = 0) {
    return zintercard(Keys(keys.begin(), keys.size()), limit);
  }
  /// As above, into `destination`, as zrangestore does. It may be one of the keys.
  Out<int64_t> zunionstore(Key destination, Keys keys, const ZCombineOptions& options = {});
  Out<int64_t> zinterstore(Key destination, Keys keys, const ZCombineOptions& options = {});
  Out<int64_t> zdiffstore(Key destination, Keys keys);
  Out<int64_t> zunionstore(Key destination, std::initializer_list<Key> keys,
                           const ZCombineOptions& options = {}) {
    return zunionstore(destination, Keys(keys.begin(), keys.size()), options);
  }
  Out<int64_t> zinterstore(Key destination, std::initializer_list<Key> keys,
                           const ZCombineOptions& options = {}) {
    return zinterstore(destination, Keys(keys.begin(), keys.size()), options);
  }
  Out<int64_t> zdiffstore(Key destination, std::initializer_list<Key> keys) {
    return zdiffstore(destination, Keys(keys.begin(), keys.size()));
  }

  /// One step over the elements from `cursor` on, 0 to begin and 0 at the end. Every element present throughout a whole
  /// scan is returned; a small sorted set is returned whole. O(count).
  Out<ScoredMemberPage> zscan(Key key, uint64_t cursor, const ElementScanOptions& options);
};

}  // namespace inlay
