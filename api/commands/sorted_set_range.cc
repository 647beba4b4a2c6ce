// The sorted set commands over ranges: read, count, remove, store.
#include <algorithm>
#include <utility>
#include <variant>

#include "api/commands/sorted_set.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

using Order = SortedSet::Order;
using Ranks = SortedSet::Range;

SortedSet::ScoreBound inner(const ScoreBound& bound) { return {bound.score, bound.open}; }
SortedSet::LexBound inner(const LexBound& bound) {
  return {static_cast<SortedSet::LexBound::Kind>(bound.kind), bound.member};
}
static_assert(static_cast<int>(LexBound::Kind::kGreatest) ==
              static_cast<int>(SortedSet::LexBound::Kind::kGreatest));

Ranks ranks_of(const SortedSet& set, const RankRange& range) {
  const auto size = static_cast<int64_t>(set.size());
  const int64_t first = std::max<int64_t>(range.first < 0 ? range.first + size : range.first, 0);
  const int64_t last = std::min(range.last < 0 ? range.last + size : range.last, size - 1);
  if (first > last) return {};
  return {static_cast<size_t>(first), static_cast<size_t>(last) + 1};
}

Ranks ranks_of(const SortedSet& set, const ScoreRange& range) {
  return set.score_range(inner(range.min), inner(range.max));
}

Ranks ranks_of(const SortedSet& set, const LexRange& range) {
  return set.lex_range(inner(range.min), inner(range.max));
}

Ranks limited(Ranks ranks, const RangeLimit& limit, bool reverse) {
  if (limit.offset < 0) return {};
  const uint64_t skipped = std::min<uint64_t>(static_cast<uint64_t>(limit.offset), ranks.size());
  const uint64_t rest = ranks.size() - skipped;
  const uint64_t taken =
      limit.count < 0 ? rest : std::min<uint64_t>(rest, static_cast<uint64_t>(limit.count));
  const size_t first = reverse ? ranks.last - skipped - taken : ranks.first + skipped;
  return {first, first + taken};
}

Ranks ranks_of(const SortedSet& set, const ZRangeQuery& query) {
  Ranks ranks = std::visit([&](const auto& range) { return ranks_of(set, range); }, query.range);
  if (ranks.empty()) return {};
  if (std::holds_alternative<RankRange>(query.range)) {
    if (query.reverse) ranks = {set.size() - ranks.last, set.size() - ranks.first};
    return ranks;
  }
  return query.limit.has_value() ? limited(ranks, *query.limit, query.reverse) : ranks;
}

Order order_of(const ZRangeQuery& query) { return query.reverse ? Order::kDescending : Order::kAscending; }

template <class Range>
Result<int64_t> count(ReadTx& tx, const KeyRef& key, const Range& range) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  return *set ? static_cast<int64_t>(ranks_of(**set, range).size()) : 0;
}

template <class Range>
Result<int64_t> remove(WriteTx& tx, const KeyRef& key, const Range& range, std::string_view event) {
  Result<Edit<SortedSet>> set = tx.edit<SortedSet>(key);
  if (!set.ok()) return set.status();
  const Ranks ranks = ranks_of(**set, range);
  const bool erased = (*set)->erase(ranks);
  if (!erased || ranks.empty()) set->unchanged();
  if (!set->close(event) || !erased) return error(Error::kOutOfMemory);
  return static_cast<int64_t>(ranks.size());
}

}  // namespace

Result<std::vector<ScoredMember>> query_range(ReadTx& tx, const KeyRef& key, const ZRangeQuery& query) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  std::vector<ScoredMember> members;
  if (!*set) return members;
  const Ranks ranks = ranks_of(**set, query);
  members.reserve(ranks.size());
  (*set)->visit(ranks, order_of(query), [&](std::string_view member, double score) {
    members.push_back({std::string(member), score});
  });
  return members;
}

Result<std::vector<ScoredMember>> zrange(ReadTx& tx, const KeyRef& key, const AnyRange& range) {
  return query_range(tx, key, range);
}
Result<std::vector<ScoredMember>> zrevrange(ReadTx& tx, const KeyRef& key, const RanksDown& range) {
  return query_range(tx, key, range);
}
Result<std::vector<ScoredMember>> zrangebyscore(ReadTx& tx, const KeyRef& key, const ScoresUp& range) {
  return query_range(tx, key, range);
}
Result<std::vector<ScoredMember>> zrevrangebyscore(ReadTx& tx, const KeyRef& key, const ScoresDown& range) {
  return query_range(tx, key, range);
}
Result<std::vector<ScoredMember>> zrangebylex(ReadTx& tx, const KeyRef& key, const LexUp& range) {
  return query_range(tx, key, range);
}
Result<std::vector<ScoredMember>> zrevrangebylex(ReadTx& tx, const KeyRef& key, const LexDown& range) {
  return query_range(tx, key, range);
}

Result<int64_t> zcount(ReadTx& tx, const KeyRef& key, const ScoreRange& range) {
  return count(tx, key, range);
}
Result<int64_t> zlexcount(ReadTx& tx, const KeyRef& key, const LexRange& range) {
  return count(tx, key, range);
}

Result<int64_t> zremrangebyrank(LeanTx& tx, const KeyRef& key, const RankRange& range) {
  return remove(tx, key, range, "zremrangebyrank");
}
Result<int64_t> zremrangebyscore(LeanTx& tx, const KeyRef& key, const ScoreRange& range) {
  return remove(tx, key, range, "zremrangebyscore");
}
Result<int64_t> zremrangebylex(LeanTx& tx, const KeyRef& key, const LexRange& range) {
  return remove(tx, key, range, "zremrangebylex");
}

Result<int64_t> store_sorted_set(WriteTx& tx, const KeyRef& destination, SortedSet set,
                                 std::string_view event) {
  const auto size = static_cast<int64_t>(set.size());
  if (!tx.put(destination, std::move(set), event)) return error(Error::kOutOfMemory);
  return size;
}

Result<int64_t> zrangestore(WriteTx& tx, const KeyRef& destination, const KeyRef& source,
                            const StoredRange& range) {
  SortedSet result = make_container<SortedSet>(tx.engine().shard_of(destination).container_context());
  {
    const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(source);
    if (!set.ok()) return set.status();
    const SortedSet::Limits limits = sorted_set_limits(tx.engine());
    bool complete = true;
    if (*set) {
      (*set)->visit(ranks_of(**set, range), Order::kAscending, [&](std::string_view member, double score) {
        complete = complete && result.put(member, score, limits) != SortedSet::Put::kOutOfMemory;
      });
    }
    if (!complete) return error(Error::kOutOfMemory);
  }
  return store_sorted_set(tx, destination, std::move(result), "zrangestore");
}

}  // namespace inlay::cmd
