#include "api/commands/sorted_set.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "engine/error.h"
#include "engine/glob.h"

namespace inlay::cmd {

using Order = SortedSet::Order;
using Put = SortedSet::Put;
using Range = SortedSet::Range;

SortedSet::Limits sorted_set_limits(Engine& engine) {
  const auto& limits = engine.container_limits();
  return {static_cast<size_t>(limits.zset_max_listpack_entries.load(std::memory_order_relaxed)),
          static_cast<size_t>(limits.zset_max_listpack_value.load(std::memory_order_relaxed))};
}

namespace {

std::vector<ScoredMember> collect(const SortedSet& set, Range ranks, Order order) {
  std::vector<ScoredMember> members;
  members.reserve(ranks.size());
  set.visit(ranks, order, [&](std::string_view member, double score) {
    members.push_back({std::string(member), score});
  });
  return members;
}

// Whether the words let a present score become `wanted`.
bool may_replace(const ZAddOptions& options, double present, double wanted) {
  using Only = ZAddOptions::Only;
  if (options.when == When::kIfAbsent) return false;
  return options.only == Only::kAny || (options.only == Only::kGreater ? wanted > present : wanted < present);
}

absl::Status count_put(Put put, ZAddOutcome& outcome) {
  if (put == Put::kOutOfMemory) return error(Error::kOutOfMemory);
  outcome.added += put == Put::kAdded;
  outcome.updated += put == Put::kUpdated;
  return absl::OkStatus();
}

absl::Status add(SortedSet& set, const ZAddWords& words, const ScoredBytes& wanted,
                 const SortedSet::Limits& limits, ZAddOutcome& outcome) {
  const bool plain = words.options.when == When::kAlways && !words.increment &&
                     words.options.only == ZAddOptions::Only::kAny;
  if (plain) return count_put(set.put(wanted.member, wanted.score, limits), outcome);
  const std::optional<double> present = set.score(wanted.member);
  outcome.score.reset();
  if (!present.has_value() && words.options.when == When::kIfPresent) return absl::OkStatus();
  if (present.has_value() && words.options.when == When::kIfAbsent) return absl::OkStatus();
  const double score = words.increment && present.has_value() ? *present + wanted.score : wanted.score;
  if (std::isnan(score)) return error(Error::kScoreNaN);
  if (present.has_value() && !may_replace(words.options, *present, score)) return absl::OkStatus();
  outcome.score = score;
  return count_put(set.put(wanted.member, score, limits), outcome);
}

// Takes the first or the last `count` elements.
Result<std::vector<ScoredMember>> pop(WriteTx& tx, const KeyRef& key, Extreme where, uint64_t count) {
  Result<Edit<SortedSet>> set = tx.edit<SortedSet>(key);
  if (!set.ok()) return set.status();
  const size_t size = (*set)->size();
  const size_t taken = std::min<uint64_t>(count, size);
  const Range ranks = where == Extreme::kMin ? Range{0, taken} : Range{size - taken, size};
  const Order order = where == Extreme::kMin ? Order::kAscending : Order::kDescending;
  std::vector<ScoredMember> popped = collect(**set, ranks, order);
  if (popped.empty()) set->unchanged();
  if (!(*set)->erase(ranks)) {
    set->unchanged();
    return error(Error::kOutOfMemory);
  }
  if (!set->close(where == Extreme::kMin ? "zpopmin" : "zpopmax")) return error(Error::kOutOfMemory);
  return popped;
}

Nullable<RankAndScore> find_rank(ReadTx& tx, const KeyRef& key, Bytes member, bool from_greatest) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  if (!*set) return std::nullopt;
  double score = 0;
  const std::optional<size_t> rank = (*set)->rank(member, &score);
  if (!rank.has_value()) return std::nullopt;
  const size_t counted = from_greatest ? (*set)->size() - 1 - *rank : *rank;
  return RankAndScore{static_cast<int64_t>(counted), score};
}

// `count` distinct ranks below `size`, every choice and every order equally likely.
std::vector<size_t> distinct_ranks(size_t count, size_t size, Random& random) {
  // Floyd's sampling.
  absl::flat_hash_set<size_t> drawn;
  std::vector<size_t> ranks;
  ranks.reserve(count);
  for (size_t last = size - count; last < size; ++last) {
    size_t rank = random.below(last + 1);
    if (!drawn.insert(rank).second) drawn.insert(rank = last);
    ranks.push_back(rank);
  }
  for (size_t i = ranks.size(); i > 1; --i) std::swap(ranks[i - 1], ranks[random.below(i)]);
  return ranks;
}

std::vector<ScoredMember> draw(const SortedSet& set, int64_t count, Random& random) {
  std::vector<ScoredMember> drawn;
  const auto take = [&](std::string_view member, double score) {
    drawn.push_back({std::string(member), score});
  };
  if (count < 0) {
    const auto next = [&] { return random(); };
    for (int64_t i = count; i < 0; ++i) set.sample(next, take);
  } else if (static_cast<uint64_t>(count) >= set.size()) {
    set.for_each(take);
  } else {
    for (const size_t rank : distinct_ranks(static_cast<size_t>(count), set.size(), random))
      set.visit({rank, rank + 1}, Order::kAscending, take);
  }
  return drawn;
}

}  // namespace

Result<ZAddOutcome> zadd(WriteTx& tx, const KeyRef& key, const ZAddWords& words,
                         std::span<const ScoredBytes> members) {
  Result<Edit<SortedSet>> set = tx.edit<SortedSet>(key);
  if (!set.ok()) return set.status();
  const SortedSet::Limits limits = sorted_set_limits(tx.engine());
  Result<ZAddOutcome> result(absl::in_place);
  ZAddOutcome& outcome = *result;
  absl::Status status;
  for (const ScoredBytes& member : members) {
    status = add(**set, words, member, limits, outcome);
    if (!status.ok()) break;
  }
  if (outcome.added + outcome.updated == 0) set->unchanged();
  const std::string_view event = words.increment ? "zincr" : "zadd";
  if (status.code() == absl::StatusCode::kResourceExhausted) return set->out_of_memory(event);
  if (!set->close(event)) return error(Error::kOutOfMemory);
  if (!status.ok()) return status;
  return result;
}

Result<double> zincrby(WriteTx& tx, const KeyRef& key, Increment by, Bytes member) {
  ZAddWords words;
  words.increment = true;
  const ScoredBytes pair{by.by, member};
  const Result<ZAddOutcome> outcome = zadd(tx, key, words, std::span(&pair, 1));
  if (!outcome.ok()) return outcome.status();
  return *outcome->score;
}

Result<int64_t> zrem(LeanTx& tx, const KeyRef& key, std::span<const Bytes> members) {
  Result<Edit<SortedSet>> set = tx.edit<SortedSet>(key);
  if (!set.ok()) return set.status();
  int64_t erased = 0;
  bool complete = true;
  for (const Bytes member : members) {
    const SortedSet::Erased outcome = (*set)->erase(member);
    erased += outcome == SortedSet::Erased::kErased;
    complete = complete && outcome != SortedSet::Erased::kOutOfMemory;
  }
  if (erased == 0) set->unchanged();
  if (!complete) return set->out_of_memory("zrem");
  if (!set->close("zrem")) return error(Error::kOutOfMemory);
  return erased;
}

Result<int64_t> zcard(ReadTx& tx, const KeyRef& key) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  return *set ? static_cast<int64_t>((*set)->size()) : 0;
}

Nullable<double> zscore(ReadTx& tx, const KeyRef& key, Bytes member) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  // The score alone: copying the optional would wait until it has left for the cache.
  if (const auto score = *set ? (*set)->score(member) : std::nullopt; score.has_value()) return *score;
  return std::nullopt;
}

Result<std::vector<std::optional<double>>> zmscore(ReadTx& tx, const KeyRef& key,
                                                   std::span<const Bytes> members) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  std::vector<std::optional<double>> scores(members.size());
  for (size_t i = 0; *set && i < members.size(); ++i) scores[i] = (*set)->score(members[i]);
  return scores;
}

Nullable<RankAndScore> zrank(ReadTx& tx, const KeyRef& key, Bytes member, WithScore) {
  return find_rank(tx, key, member, false);
}

Nullable<RankAndScore> zrevrank(ReadTx& tx, const KeyRef& key, Bytes member, WithScore) {
  return find_rank(tx, key, member, true);
}

Result<std::vector<ScoredMember>> zpopmin(LeanTx& tx, const KeyRef& key, PopCount count) {
  return pop(tx, key, Extreme::kMin, static_cast<uint64_t>(count.count.value_or(1)));
}

Result<std::vector<ScoredMember>> zpopmax(LeanTx& tx, const KeyRef& key, PopCount count) {
  return pop(tx, key, Extreme::kMax, static_cast<uint64_t>(count.count.value_or(1)));
}

Nullable<PoppedMembers> zmpop(LeanTx& tx, CountedKeys keys, const ZMPopWords& words) {
  for (const KeyRef& key : keys.keys) {
    Result<std::vector<ScoredMember>> members = pop(tx, key, words.where, static_cast<uint64_t>(words.count));
    if (!members.ok()) return members.status();
    if (!members->empty()) return PoppedMembers{std::string(key.bytes), *std::move(members)};
  }
  return std::nullopt;
}

Result<std::vector<ScoredMember>> zrandmember(ReadTx& tx, const KeyRef& key, const ZRandomWords& words) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  if (!*set) return std::vector<ScoredMember>();
  const int64_t count = words.count.value_or(-1);
  if (count < -kDrawsMax) return error(Error::kOutOfMemory);
  return draw(**set, count, tx.engine().shard_of(key).random());
}

Result<ScoredMemberPage> zscan(ReadTx& tx, const KeyRef& key, Cursor cursor,
                               const ElementScanArguments& words) {
  const Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
  if (!set.ok()) return set.status();
  if (!*set) return ScoredMemberPage();
  if (!words.fault.ok()) return words.fault;
  if (words.options.count < 1) return error(Error::kSyntax);
  ScoredMemberPage page;
  if (cursor.value > UINT32_MAX) return page;
  const std::string& pattern = words.options.match;
  const bool all = pattern == "*";
  page.cursor = (*set)->scan(static_cast<uint32_t>(cursor.value), static_cast<size_t>(words.options.count),
                             [&](std::string_view member, double score) {
                               if (all || glob_match(pattern, member))
                                 page.members.push_back({std::string(member), score});
                             });
  return page;
}

}  // namespace inlay::cmd
