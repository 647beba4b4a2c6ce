// The parameter types of the sorted set commands, and how they are read and printed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "api/commands/codec.h"
#include "inlay/commands/sorted_set_types.h"

namespace inlay {

/// ScoreAndMember, by reference.
struct ScoredBytes {
  double score = 0;
  Bytes member{};
};

/// The words before ZADD's pairs. INCR makes it ZINCRBY under conditions.
struct ZAddWords {
  ZAddOptions options;
  bool increment = false;
};

/// What ZINCRBY adds. In its place ZADD's words are read, and leave nothing to add.
struct Increment {
  double by = 0;
};

/// ZRANK's WITHSCORE.
struct WithScore {
  bool with_score = false;
};

/// A range of a sorted set, whatever names it, and which part of it is wanted in which order.
struct ZRangeQuery {
  std::variant<RankRange, ScoreRange, LexRange> range{};
  bool reverse = false;
  std::optional<RangeLimit> limit{};
  bool with_scores = false;
};

enum class RangeBy : uint8_t { kAny, kRank, kScore, kLex };
enum class RangeWay : uint8_t { kAny, kUp, kDown };
/// A query whose command settles what it ranges over and which way, or leaves it to words.
template <RangeBy by, RangeWay way, bool stores = false>
struct RangeArguments : ZRangeQuery {};
using AnyRange = RangeArguments<RangeBy::kAny, RangeWay::kAny>;
using StoredRange = RangeArguments<RangeBy::kAny, RangeWay::kAny, true>;
using RanksDown = RangeArguments<RangeBy::kRank, RangeWay::kDown>;
using ScoresUp = RangeArguments<RangeBy::kScore, RangeWay::kUp>;
using ScoresDown = RangeArguments<RangeBy::kScore, RangeWay::kDown>;
using LexUp = RangeArguments<RangeBy::kLex, RangeWay::kUp>;
using LexDown = RangeArguments<RangeBy::kLex, RangeWay::kDown>;

/// The tail of ZMPOP.
struct ZMPopWords {
  Extreme where = Extreme::kMin;
  int64_t count = 1;
};

/// The tail of ZRANDMEMBER. A negative count allows repetitions.
struct ZRandomWords {
  std::optional<int64_t> count{};
  bool with_scores = false;
};

/// The keys of ZUNION and its like, counted.
struct ZInputKeys : CountedKeys {};

/// The words after the keys of ZUNION and its like. A malformed one is refused only after the keys' types.
struct ZCombineWords {
  ZCombineOptions options{};
  bool with_scores = false;
  int64_t limit = 0;  // 0: none.
  absl::Status fault{};
};
/// Which words a command takes.
struct TakenWords {
  bool weights = false;  // And AGGREGATE.
  bool with_scores = false;
  bool limit = false;
};
template <TakenWords taken>
struct ZCombineArguments : ZCombineWords {};
using UnionWords = ZCombineArguments<TakenWords{.weights = true, .with_scores = true}>;
using UnionStoreWords = ZCombineArguments<TakenWords{.weights = true}>;
using DiffWords = ZCombineArguments<TakenWords{.with_scores = true}>;
using DiffStoreWords = ZCombineArguments<TakenWords{}>;
using InterCardWords = ZCombineArguments<TakenWords{.limit = true}>;

absl::Status read_range(ArgReader& reader, RangeBy by, RangeWay way, bool stores, ZRangeQuery& query);
void print_range(RangeBy by, RangeWay way, const ZRangeQuery& query, ArgPrinter& out);
absl::Status read_combine_words(ArgReader& reader, TakenWords taken, ZCombineWords& words);
void print_combine_words(TakenWords taken, const ZCombineWords& words, ArgPrinter& out);

struct TwoArguments {
  static constexpr int kMin = 2;
  static constexpr bool kOpen = false;
};

INLAY_DECLARE_CODEC(Increment, OneArgument);
INLAY_DECLARE_CODEC(ScoreRange, TwoArguments);
INLAY_DECLARE_CODEC(LexRange, TwoArguments);
INLAY_DECLARE_CODEC(RankRange, TwoArguments);
INLAY_DECLARE_CODEC(ZAddWords, Tail);
INLAY_DECLARE_CODEC(WithScore, Tail);
INLAY_DECLARE_CODEC(ZRandomWords, Tail);

template <>
struct Codec<std::span<const ScoredBytes>> {
  static constexpr int kMin = 2;
  static constexpr bool kOpen = true;
  using Value = std::vector<ScoredBytes>;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <>
struct Codec<ZInputKeys> : Codec<CountedKeys> {
  static absl::Status read(ArgReader& reader, Value& value);
};

template <>
struct Codec<ZMPopWords> {
  static constexpr int kMin = 1;
  static constexpr bool kOpen = true;
  using Value = ZMPopWords;
  static absl::Status read(ArgReader& reader, Value& value);
  static void print(const Value& value, ArgPrinter& out);
};

template <RangeBy by, RangeWay way, bool stores>
struct Codec<RangeArguments<by, way, stores>> {
  static constexpr int kMin = 2;
  static constexpr bool kOpen = true;
  using Value = RangeArguments<by, way, stores>;
  static absl::Status read(ArgReader& reader, Value& value) {
    return read_range(reader, by, way, stores, value);
  }
  static void print(const Value& value, ArgPrinter& out) { print_range(by, way, value, out); }
};

template <TakenWords taken>
struct Codec<ZCombineArguments<taken>> : Tail {
  using Value = ZCombineArguments<taken>;
  static absl::Status read(ArgReader& reader, Value& value) {
    return read_combine_words(reader, taken, value);
  }
  static void print(const Value& value, ArgPrinter& out) { print_combine_words(taken, value, out); }
};

}  // namespace inlay
