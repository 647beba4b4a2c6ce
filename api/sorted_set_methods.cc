// The typed sorted set methods of every front door.
#include <cmath>

#include "api/commands/sorted_set.h"
#include "api/front_doors.h"
#include "engine/error.h"
#include "inlay/commands/sorted_set.h"

namespace inlay {

using internal::FrontDoor;

namespace {

// By name these never get as far as the commands.

absl::Status checked(const ZAddOptions& options, std::span<const ScoredBytes> members) {
  using Only = ZAddOptions::Only;
  if (options.when == When::kIfAbsent && options.only != Only::kAny) return error(Error::kZAddGtLtNx);
  for (const ScoredBytes& member : members) {
    if (std::isnan(member.score)) return error(Error::kNotFloat);
  }
  return absl::OkStatus();
}

absl::Status checked(const RankRange&) { return absl::OkStatus(); }
absl::Status checked(const LexRange&) { return absl::OkStatus(); }
absl::Status checked(const ScoreRange& range) {
  const bool good = !std::isnan(range.min.score) && !std::isnan(range.max.score);
  return good ? absl::OkStatus() : error(Error::kBoundNotFloat);
}

absl::Status checked(const ZRangeQuery& query) {
  if (query.limit.has_value() && std::holds_alternative<RankRange>(query.range))
    return error(Error::kLimitNeedsBy);
  return std::visit([](const auto& range) { return checked(range); }, query.range);
}

absl::Status checked(Keys keys, const ZCombineOptions& options, std::string_view command) {
  if (keys.empty()) return error(Error::kNoInputKeys, command);
  if (!options.weights.empty() && options.weights.size() != keys.size()) return error(Error::kSyntax);
  for (const double weight : options.weights) {
    if (std::isnan(weight)) return error(Error::kWeightNotFloat);
  }
  return absl::OkStatus();
}

template <class Query, class Range>
Query query_of(const Range& range, const ZRangeOptions& options) {
  Query query;
  query.range = range;
  query.reverse = options.reverse;
  query.limit = options.limit;
  query.with_scores = true;
  return query;
}

template <class Words>
Words words_of(const ZCombineOptions& options) {
  Words words;
  words.options = options;
  words.with_scores = true;
  return words;
}

std::vector<ScoredBytes> bytes_of(std::span<const ScoreAndMember> members) {
  std::vector<ScoredBytes> bytes;
  bytes.reserve(members.size());
  for (const ScoreAndMember& member : members) bytes.push_back({member.score, member.member.view()});
  return bytes;
}

Nullable<ScoredMember> only_one(Result<std::vector<ScoredMember>> members) {
  if (!members.ok()) return members.status();
  if (members->empty()) return std::nullopt;
  return std::move(members->front());
}

Nullable<int64_t> rank_alone(const Nullable<RankAndScore>& found) {
  if (!found.ok()) return found.status();
  return found->has_value() ? std::optional((*found)->rank) : std::nullopt;
}

// What ZADD counts.

Result<int64_t> added(const Result<cmd::ZAddOutcome>& outcome) {
  if (!outcome.ok()) return outcome.status();
  return outcome->added;
}
Result<int64_t> added_or_updated(const Result<cmd::ZAddOutcome>& outcome) {
  if (!outcome.ok()) return outcome.status();
  return outcome->added + outcome->updated;
}
template <Result<int64_t> (*Count)(const Result<cmd::ZAddOutcome>&)>
Result<bool> any(const Result<cmd::ZAddOutcome>& outcome) {
  const Result<int64_t> count = Count(outcome);
  if (!count.ok()) return count.status();
  return *count != 0;
}
Nullable<double> score_only(const Result<cmd::ZAddOutcome>& outcome) {
  if (!outcome.ok()) return outcome.status();
  return outcome->score;
}

}  // namespace

namespace internal {

void keep(Arena& arena, ScoredBytes& member) { keep(arena, member.member); }
void keep(Arena& arena, LexRange& range) {
  keep(arena, range.min.member);
  keep(arena, range.max.member);
}
template <RangeBy by, RangeWay way, bool stores>
void keep(Arena& arena, RangeArguments<by, way, stores>& query) {
  if (auto* lex = std::get_if<LexRange>(&query.range)) keep(arena, *lex);
}
template <TakenWords taken>
inline constexpr bool kSelfContained<ZCombineArguments<taken>> = true;
template <>
inline constexpr bool kSelfContained<ZAddWords> = true;
template <>
inline constexpr bool kSelfContained<Increment> = true;
template <>
inline constexpr bool kSelfContained<WithScore> = true;
template <>
inline constexpr bool kSelfContained<ScoreRange> = true;
template <>
inline constexpr bool kSelfContained<RankRange> = true;
template <>
inline constexpr bool kSelfContained<ZMPopWords> = true;
template <>
inline constexpr bool kSelfContained<ZRandomWords> = true;

}  // namespace internal

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>
#define INLAY_CHECK(...) \
  if (absl::Status status = checked(__VA_ARGS__); !status.ok()) return status

INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zadd(Key key, std::span<const ScoreAndMember> members,
                                                             const ZAddOptions& options) {
  const std::vector<ScoredBytes> bytes = bytes_of(members);
  INLAY_CHECK(options, bytes);
  const ZAddWords words{options};
  return options.count_changed
             ? FrontDoor::run<cmd::zadd, added_or_updated>(INLAY_SELF, key, words, std::span(bytes))
             : FrontDoor::run<cmd::zadd, added>(INLAY_SELF, key, words, std::span(bytes));
}
INLAY_METHOD Out<bool> SortedSetCommands<Self, Out>::zadd(Key key, double score, Arg member,
                                                          const ZAddOptions& options) {
  const ScoredBytes bytes{score, member.view()};
  INLAY_CHECK(options, std::span(&bytes, 1));
  const ZAddWords words{options};
  return options.count_changed
             ? FrontDoor::run<cmd::zadd, any<added_or_updated>>(INLAY_SELF, key, words, std::span(&bytes, 1))
             : FrontDoor::run<cmd::zadd, any<added>>(INLAY_SELF, key, words, std::span(&bytes, 1));
}
INLAY_METHOD Out<std::optional<double>> SortedSetCommands<Self, Out>::zadd_incr(Key key, double by,
                                                                                Arg member,
                                                                                const ZAddOptions& options) {
  const ScoredBytes bytes{by, member.view()};
  INLAY_CHECK(options, std::span(&bytes, 1));
  return FrontDoor::run<cmd::zadd, score_only>(INLAY_SELF, key, ZAddWords{options, true},
                                               std::span(&bytes, 1));
}
INLAY_METHOD Out<double> SortedSetCommands<Self, Out>::zincrby(Key key, double by, Arg member) {
  if (std::isnan(by)) return error(Error::kNotFloat);
  return FrontDoor::run<cmd::zincrby>(INLAY_SELF, key, Increment{by}, member.view());
}
INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zrem(Key key, std::span<const Arg> members) {
  const std::vector<Bytes> bytes(members.begin(), members.end());
  return FrontDoor::run<cmd::zrem>(INLAY_SELF, key, std::span(bytes));
}

INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zcard(Key key) {
  return FrontDoor::run<cmd::zcard>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<double>> SortedSetCommands<Self, Out>::zscore(Key key, Arg member) {
  return FrontDoor::run<cmd::zscore>(INLAY_SELF, key, member.view());
}
INLAY_METHOD Out<std::vector<std::optional<double>>> SortedSetCommands<Self, Out>::zmscore(
    Key key, std::span<const Arg> members) {
  const std::vector<Bytes> bytes(members.begin(), members.end());
  return FrontDoor::run<cmd::zmscore>(INLAY_SELF, key, std::span(bytes));
}
INLAY_METHOD Out<std::optional<int64_t>> SortedSetCommands<Self, Out>::zrank(Key key, Arg member) {
  return FrontDoor::run<cmd::zrank, rank_alone>(INLAY_SELF, key, member.view(), WithScore{});
}
INLAY_METHOD Out<std::optional<int64_t>> SortedSetCommands<Self, Out>::zrevrank(Key key, Arg member) {
  return FrontDoor::run<cmd::zrevrank, rank_alone>(INLAY_SELF, key, member.view(), WithScore{});
}
INLAY_METHOD Out<std::optional<RankAndScore>> SortedSetCommands<Self, Out>::zrank_with_score(Key key,
                                                                                             Arg member) {
  return FrontDoor::run<cmd::zrank>(INLAY_SELF, key, member.view(), WithScore{true});
}
INLAY_METHOD Out<std::optional<RankAndScore>> SortedSetCommands<Self, Out>::zrevrank_with_score(Key key,
                                                                                                Arg member) {
  return FrontDoor::run<cmd::zrevrank>(INLAY_SELF, key, member.view(), WithScore{true});
}

INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zcount(Key key, const ScoreRange& range) {
  INLAY_CHECK(range);
  return FrontDoor::run<cmd::zcount>(INLAY_SELF, key, range);
}
INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zlexcount(Key key, const LexRange& range) {
  return FrontDoor::run<cmd::zlexcount>(INLAY_SELF, key, range);
}

#define INLAY_RANGE_METHODS(Range)                                                     \
  INLAY_METHOD Out<std::vector<ScoredMember>> SortedSetCommands<Self, Out>::zrange(    \
      Key key, const Range& range, const ZRangeOptions& options) {                     \
    const auto query = query_of<AnyRange>(range, options);                             \
    INLAY_CHECK(query);                                                                \
    return FrontDoor::run<cmd::zrange>(INLAY_SELF, key, query);                        \
  }                                                                                    \
  INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zrangestore(                 \
      Key destination, Key source, const Range& range, const ZRangeOptions& options) { \
    const auto query = query_of<StoredRange>(range, options);                          \
    INLAY_CHECK(query);                                                                \
    return FrontDoor::run<cmd::zrangestore>(INLAY_SELF, destination, source, query);   \
  }
INLAY_RANGE_METHODS(RankRange)
INLAY_RANGE_METHODS(ScoreRange)
INLAY_RANGE_METHODS(LexRange)
#undef INLAY_RANGE_METHODS

INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zremrangebyrank(Key key, const RankRange& range) {
  return FrontDoor::run<cmd::zremrangebyrank>(INLAY_SELF, key, range);
}
INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zremrangebyscore(Key key, const ScoreRange& range) {
  INLAY_CHECK(range);
  return FrontDoor::run<cmd::zremrangebyscore>(INLAY_SELF, key, range);
}
INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zremrangebylex(Key key, const LexRange& range) {
  return FrontDoor::run<cmd::zremrangebylex>(INLAY_SELF, key, range);
}

INLAY_METHOD Out<std::optional<ScoredMember>> SortedSetCommands<Self, Out>::zpopmin(Key key) {
  return FrontDoor::run<cmd::zpopmin, only_one>(INLAY_SELF, key, PopCount{});
}
INLAY_METHOD Out<std::optional<ScoredMember>> SortedSetCommands<Self, Out>::zpopmax(Key key) {
  return FrontDoor::run<cmd::zpopmax, only_one>(INLAY_SELF, key, PopCount{});
}
INLAY_METHOD Out<std::vector<ScoredMember>> SortedSetCommands<Self, Out>::zpopmin(Key key, int64_t count) {
  if (count < 0) return error(Error::kNotPositive);
  return FrontDoor::run<cmd::zpopmin>(INLAY_SELF, key, PopCount{count});
}
INLAY_METHOD Out<std::vector<ScoredMember>> SortedSetCommands<Self, Out>::zpopmax(Key key, int64_t count) {
  if (count < 0) return error(Error::kNotPositive);
  return FrontDoor::run<cmd::zpopmax>(INLAY_SELF, key, PopCount{count});
}
INLAY_METHOD Out<std::optional<PoppedMembers>> SortedSetCommands<Self, Out>::zmpop(Keys keys, Extreme where,
                                                                                   int64_t count) {
  if (keys.empty()) return error(Error::kNumkeys);
  if (count < 1) return error(Error::kCountNotPositive);
  return FrontDoor::run<cmd::zmpop>(INLAY_SELF, keys, ZMPopWords{where, count});
}
INLAY_METHOD Out<std::optional<ScoredMember>> SortedSetCommands<Self, Out>::zrandmember(Key key) {
  return FrontDoor::run<cmd::zrandmember, only_one>(INLAY_SELF, key, ZRandomWords{});
}
INLAY_METHOD Out<std::vector<ScoredMember>> SortedSetCommands<Self, Out>::zrandmember(Key key,
                                                                                      int64_t count) {
  if (count == INT64_MIN) return error(Error::kLongOutOfRange);
  return FrontDoor::run<cmd::zrandmember>(INLAY_SELF, key, ZRandomWords{count, true});
}

#define INLAY_COMBINING_METHODS(name, Words, StoreWords)                                                   \
  INLAY_METHOD Out<std::vector<ScoredMember>> SortedSetCommands<Self, Out>::name(                          \
      Keys keys, const ZCombineOptions& options) {                                                         \
    INLAY_CHECK(keys, options, #name);                                                                     \
    return FrontDoor::run<cmd::name>(INLAY_SELF, keys, words_of<Words>(options));                          \
  }                                                                                                        \
  INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::name##store(Key destination, Keys keys,          \
                                                                      const ZCombineOptions& options) {    \
    INLAY_CHECK(keys, options, #name "store");                                                             \
    return FrontDoor::run<cmd::name##store>(INLAY_SELF, destination, keys, words_of<StoreWords>(options)); \
  }
INLAY_COMBINING_METHODS(zunion, UnionWords, UnionStoreWords)
INLAY_COMBINING_METHODS(zinter, UnionWords, UnionStoreWords)
#undef INLAY_COMBINING_METHODS

INLAY_METHOD Out<std::vector<ScoredMember>> SortedSetCommands<Self, Out>::zdiff(Keys keys) {
  INLAY_CHECK(keys, {}, "zdiff");
  return FrontDoor::run<cmd::zdiff>(INLAY_SELF, keys, DiffWords{});
}
INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zdiffstore(Key destination, Keys keys) {
  INLAY_CHECK(keys, {}, "zdiffstore");
  return FrontDoor::run<cmd::zdiffstore>(INLAY_SELF, destination, keys, DiffStoreWords{});
}
INLAY_METHOD Out<int64_t> SortedSetCommands<Self, Out>::zintercard(Keys keys, int64_t limit) {
  INLAY_CHECK(keys, {}, "zintercard");
  if (limit < 0) return error(Error::kNegativeLimit);
  InterCardWords words;
  words.limit = limit;
  return FrontDoor::run<cmd::zintercard>(INLAY_SELF, keys, words);
}

INLAY_METHOD Out<ScoredMemberPage> SortedSetCommands<Self, Out>::zscan(Key key, uint64_t cursor,
                                                                       const ElementScanOptions& options) {
  return FrontDoor::run<cmd::zscan>(INLAY_SELF, key, Cursor{cursor}, ElementScanArguments{options, {}});
}

#undef INLAY_CHECK
#undef INLAY_METHOD
#undef INLAY_SELF

ScanRange<ScoredMember> Database::zscan(Key key, ElementScanOptions options) const {
  return ScanRange<ScoredMember>(
      [door = *this, key = std::string(key), options = std::move(options)](uint64_t cursor) {
        ScanRange<ScoredMember>::Page page;
        // An error ends the scan.
        Result<ScoredMemberPage> step =
            FrontDoor::run<cmd::zscan>(door, Key(key), Cursor{cursor}, ElementScanArguments{options, {}});
        if (step.ok()) {
          page.cursor = step->cursor;
          page.items = std::move(step->members);
        }
        return page;
      });
}

INLAY_INSTANTIATE_DOORS(SortedSetCommands);

}  // namespace inlay
