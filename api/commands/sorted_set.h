// The sorted set commands. Semantics: redis.io/commands, group sorted-set; differences in docs/differences.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/commands/sorted_set_arguments.h"
#include "engine/transaction.h"
#include "inlay/commands/sorted_set_types.h"
#include "inlay/reply.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay::cmd {

struct ZAddOutcome {
  int64_t added = 0;
  int64_t updated = 0;
  /// Of the last member: nothing if the conditions refused it.
  std::optional<double> score{};
};

// sorted_set.cc: members and their scores.
Result<ZAddOutcome> zadd(WriteTx& tx, const KeyRef& key, const ZAddWords& words,
                         std::span<const ScoredBytes> members);
Result<double> zincrby(WriteTx& tx, const KeyRef& key, Increment by, Bytes member);
Result<int64_t> zrem(LeanTx& tx, const KeyRef& key, std::span<const Bytes> members);
Result<int64_t> zcard(ReadTx& tx, const KeyRef& key);
Nullable<double> zscore(ReadTx& tx, const KeyRef& key, Bytes member);
Result<std::vector<std::optional<double>>> zmscore(ReadTx& tx, const KeyRef& key,
                                                   std::span<const Bytes> members);
Nullable<RankAndScore> zrank(ReadTx& tx, const KeyRef& key, Bytes member, WithScore with_score);
Nullable<RankAndScore> zrevrank(ReadTx& tx, const KeyRef& key, Bytes member, WithScore with_score);
Result<std::vector<ScoredMember>> zpopmin(LeanTx& tx, const KeyRef& key, PopCount count);
Result<std::vector<ScoredMember>> zpopmax(LeanTx& tx, const KeyRef& key, PopCount count);
Nullable<PoppedMembers> zmpop(LeanTx& tx, CountedKeys keys, const ZMPopWords& words);
/// Without a count: one element, or none if the key is absent.
Result<std::vector<ScoredMember>> zrandmember(ReadTx& tx, const KeyRef& key, const ZRandomWords& words);
Result<ScoredMemberPage> zscan(ReadTx& tx, const KeyRef& key, Cursor cursor,
                               const ElementScanArguments& words);

// sorted_set_range.cc: ranges by rank, score and member.
Result<std::vector<ScoredMember>> query_range(ReadTx& tx, const KeyRef& key, const ZRangeQuery& query);
Result<std::vector<ScoredMember>> zrange(ReadTx& tx, const KeyRef& key, const AnyRange& range);
Result<std::vector<ScoredMember>> zrevrange(ReadTx& tx, const KeyRef& key, const RanksDown& range);
Result<std::vector<ScoredMember>> zrangebyscore(ReadTx& tx, const KeyRef& key, const ScoresUp& range);
Result<std::vector<ScoredMember>> zrevrangebyscore(ReadTx& tx, const KeyRef& key, const ScoresDown& range);
Result<std::vector<ScoredMember>> zrangebylex(ReadTx& tx, const KeyRef& key, const LexUp& range);
Result<std::vector<ScoredMember>> zrevrangebylex(ReadTx& tx, const KeyRef& key, const LexDown& range);
Result<int64_t> zrangestore(WriteTx& tx, const KeyRef& destination, const KeyRef& source,
                            const StoredRange& range);
Result<int64_t> zcount(ReadTx& tx, const KeyRef& key, const ScoreRange& range);
Result<int64_t> zlexcount(ReadTx& tx, const KeyRef& key, const LexRange& range);
Result<int64_t> zremrangebyrank(LeanTx& tx, const KeyRef& key, const RankRange& range);
Result<int64_t> zremrangebyscore(LeanTx& tx, const KeyRef& key, const ScoreRange& range);
Result<int64_t> zremrangebylex(LeanTx& tx, const KeyRef& key, const LexRange& range);

// sorted_set_algebra.cc: unions, intersections and differences. Sets count as sorted sets whose scores are 1.
Result<std::vector<ScoredMember>> zunion(ReadTx& tx, ZInputKeys keys, const UnionWords& words);
Result<std::vector<ScoredMember>> zinter(ReadTx& tx, ZInputKeys keys, const UnionWords& words);
Result<std::vector<ScoredMember>> zdiff(ReadTx& tx, ZInputKeys keys, const DiffWords& words);
Result<int64_t> zintercard(ReadTx& tx, ZInputKeys keys, const InterCardWords& words);
Result<int64_t> zunionstore(WriteTx& tx, const KeyRef& destination, ZInputKeys keys,
                            const UnionStoreWords& words);
Result<int64_t> zinterstore(WriteTx& tx, const KeyRef& destination, ZInputKeys keys,
                            const UnionStoreWords& words);
Result<int64_t> zdiffstore(WriteTx& tx, const KeyRef& destination, ZInputKeys keys,
                           const DiffStoreWords& words);

/// Where small sorted sets become large ones.
SortedSet::Limits sorted_set_limits(Engine& engine);
/// Puts `set` under `destination`, whatever stood there, without a deadline; an empty one only removes what stood there.
/// Returns its size.
Result<int64_t> store_sorted_set(WriteTx& tx, const KeyRef& destination, SortedSet set,
                                 std::string_view event);

}  // namespace inlay::cmd

namespace inlay {

/// The reply of ZMPOP.
Reply encode_popped(const std::optional<PoppedMembers>& popped);

}  // namespace inlay
