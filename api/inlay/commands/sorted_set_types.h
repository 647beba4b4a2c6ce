// What the sorted set commands take and give.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/types.h"

namespace inlay {

/// An element of a sorted set.
struct ScoredMember {
  std::string member;
  double score = 0;
  friend bool operator==(const ScoredMember&, const ScoredMember&) = default;
};

/// What ZADD adds: {85, "bob"}.
struct ScoreAndMember {
  double score;
  Arg member;
};

struct ZAddOptions {
  /// Only members that are absent, or only those that are present.
  When when = When::kAlways;
  /// Present members only rise, or only fall. An absent one is added all the same.
  enum class Only : uint8_t { kAny, kGreater, kLess };
  Only only = Only::kAny;
  /// Count the members that changed their scores as well.
  bool count_changed = false;
  friend bool operator==(const ZAddOptions&, const ZAddOptions&) = default;
};

/// One end of a range; an open one leaves out what it names.
struct ScoreBound {
  double score = 0;
  bool open = false;
  friend bool operator==(const ScoreBound&, const ScoreBound&) = default;
};

/// The elements with scores from `min` to `max`: all of them by default.
struct ScoreRange {
  ScoreBound min{-std::numeric_limits<double>::infinity()};
  ScoreBound max{std::numeric_limits<double>::infinity()};

  static ScoreRange at_least(double score) { return {.min = {score}}; }
  static ScoreRange at_most(double score) { return {.max = {score}}; }
  static ScoreRange between(double min, double max) { return {{min}, {max}}; }
  friend bool operator==(const ScoreRange&, const ScoreRange&) = default;
};

/// One end of a range of members.
struct LexBound {
  enum class Kind : uint8_t { kLeast, kClosed, kOpen, kGreatest };
  Kind kind = Kind::kLeast;
  std::string_view member{};

  /// Before and after all members: "-" and "+".
  static LexBound least() { return {}; }
  static LexBound greatest() { return {Kind::kGreatest}; }
  /// This member, and next to it: "[m" and "(m".
  static LexBound closed(std::string_view member) { return {Kind::kClosed, member}; }
  static LexBound open(std::string_view member) { return {Kind::kOpen, member}; }
  friend bool operator==(const LexBound&, const LexBound&) = default;
};

/// The members from `min` to `max` as bytes, in a set whose scores are all equal: all of them by default.
struct LexRange {
  LexBound min = LexBound::least();
  LexBound max = LexBound::greatest();
  friend bool operator==(const LexRange&, const LexRange&) = default;
};

/// The elements of ranks `first` to `last`, inclusive; negative ranks count from the end.
struct RankRange {
  int64_t first = 0;
  int64_t last = -1;
  friend bool operator==(const RankRange&, const RankRange&) = default;
};

/// Leaves out the first `offset` elements and all after the next `count`; a negative count means all. A negative offset
/// leaves out everything.
struct RangeLimit {
  int64_t offset = 0;
  int64_t count = -1;
  friend bool operator==(const RangeLimit&, const RangeLimit&) = default;
};

struct ZRangeOptions {
  /// From the greatest down. The range itself stays written from least to greatest; ranks count from the greatest.
  bool reverse = false;
  /// Not for ranges of ranks.
  std::optional<RangeLimit> limit{};
  friend bool operator==(const ZRangeOptions&, const ZRangeOptions&) = default;
};

/// A member's rank and score.
struct RankAndScore {
  int64_t rank = 0;
  double score = 0;
  friend bool operator==(const RankAndScore&, const RankAndScore&) = default;
};

/// Which end of a sorted set.
enum class Extreme : uint8_t { kMin, kMax };

/// What ZMPOP took, and from where.
struct PoppedMembers {
  std::string key;
  std::vector<ScoredMember> members;
  friend bool operator==(const PoppedMembers&, const PoppedMembers&) = default;
};

/// How the scores of a member that several sets hold become one.
enum class Aggregate : uint8_t { kSum, kMin, kMax };

struct ZCombineOptions {
  /// A factor per key, or none: 1 each.
  std::vector<double> weights{};
  Aggregate aggregate = Aggregate::kSum;
  friend bool operator==(const ZCombineOptions&, const ZCombineOptions&) = default;
};

/// One step of a scan over a sorted set.
struct ScoredMemberPage {
  uint64_t cursor = 0;
  std::vector<ScoredMember> members;
  friend bool operator==(const ScoredMemberPage&, const ScoredMemberPage&) = default;
};

}  // namespace inlay
