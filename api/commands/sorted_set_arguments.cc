#include "api/commands/sorted_set_arguments.h"

#include <string>
#include <utility>

#include "inlay/datatypes/number.h"

namespace inlay {
namespace {

absl::Status read_double(ArgReader& reader, Error refusal, double& value) {
  const auto parsed = parse_double(reader.take());
  if (!parsed.has_value()) return error(refusal);
  value = *parsed;
  return absl::OkStatus();
}

// An integer from `min` on; `refusal` answers whatever else it is.
absl::Status read_count(ArgReader& reader, int64_t min, Error refusal, int64_t& value) {
  const auto parsed = parse_int64(reader.take());
  if (!parsed.has_value() || *parsed < min) return error(refusal);
  value = *parsed;
  return absl::OkStatus();
}

bool read_bound(Bytes text, ScoreBound& bound) {
  bound.open = !text.empty() && text[0] == '(';
  const auto score = parse_double_leniently(text.substr(bound.open ? 1 : 0));
  bound.score = score.value_or(0);
  return score.has_value();
}

// A sign stands alone; C strings end at a NUL.
bool stands_alone(Bytes text) { return text.size() == 1 || text[1] == '\0'; }

bool read_bound(Bytes text, LexBound& bound) {
  if (text.empty()) return false;
  switch (text[0]) {
    case '-': bound = LexBound::least(); return stands_alone(text);
    case '+': bound = LexBound::greatest(); return stands_alone(text);
    case '[': bound = LexBound::closed(text.substr(1)); return true;
    case '(': bound = LexBound::open(text.substr(1)); return true;
    default: return false;
  }
}

std::string text_of(const ScoreBound& bound) {
  std::string text(bound.open ? "(" : "");
  return text += format_double(bound.score);
}

std::string text_of(const LexBound& bound) {
  switch (bound.kind) {
    case LexBound::Kind::kLeast: return "-";
    case LexBound::Kind::kGreatest: return "+";
    default: break;
  }
  std::string text(bound.kind == LexBound::Kind::kOpen ? "(" : "[");
  return text += bound.member;
}

absl::Status parse_range(Bytes min, Bytes max, RankRange& range) {
  const auto first = parse_int64(min);
  const auto last = parse_int64(max);
  if (!first.has_value() || !last.has_value()) return error(Error::kNotInteger);
  range = {*first, *last};
  return absl::OkStatus();
}

absl::Status parse_range(Bytes min, Bytes max, ScoreRange& range) {
  const bool good = read_bound(min, range.min) && read_bound(max, range.max);
  return good ? absl::OkStatus() : error(Error::kBoundNotFloat);
}

absl::Status parse_range(Bytes min, Bytes max, LexRange& range) {
  const bool good = read_bound(min, range.min) && read_bound(max, range.max);
  return good ? absl::OkStatus() : error(Error::kBoundNotLex);
}

template <class Range>
absl::Status read_two(ArgReader& reader, Range& range) {
  const Bytes min = reader.take();
  return parse_range(min, reader.take(), range);
}

}  // namespace

absl::Status Codec<Increment>::read(ArgReader& reader, Increment& value) {
  for (const std::string_view word : {"NX", "XX", "GT", "LT", "CH", "INCR"}) {
    if (is_word(reader.peek(), word)) return error(Error::kSyntax);
  }
  return read_double(reader, Error::kNotFloat, value.by);
}
void Codec<Increment>::print(const Increment& value, ArgPrinter& out) { out.add(format_double(value.by)); }

absl::Status Codec<RankRange>::read(ArgReader& reader, RankRange& value) { return read_two(reader, value); }
void Codec<RankRange>::print(const RankRange& value, ArgPrinter& out) {
  out.add(value.first);
  out.add(value.last);
}

absl::Status Codec<ScoreRange>::read(ArgReader& reader, ScoreRange& value) { return read_two(reader, value); }
void Codec<ScoreRange>::print(const ScoreRange& value, ArgPrinter& out) {
  out.add(text_of(value.min));
  out.add(text_of(value.max));
}

absl::Status Codec<LexRange>::read(ArgReader& reader, LexRange& value) { return read_two(reader, value); }
void Codec<LexRange>::print(const LexRange& value, ArgPrinter& out) {
  out.add(text_of(value.min));
  out.add(text_of(value.max));
}

// ZADD: the words end where the first score stands. Redis looks at the number of pairs before it looks at the words.
absl::Status Codec<ZAddWords>::read(ArgReader& reader, ZAddWords& value) {
  bool nx = false, xx = false, gt = false, lt = false;
  for (; reader.left() > 0; reader.take()) {
    const Bytes word = reader.peek();
    if (is_word(word, "NX")) {
      nx = true;
    } else if (is_word(word, "XX")) {
      xx = true;
    } else if (is_word(word, "GT")) {
      gt = true;
    } else if (is_word(word, "LT")) {
      lt = true;
    } else if (is_word(word, "CH")) {
      value.options.count_changed = true;
    } else if (is_word(word, "INCR")) {
      value.increment = true;
    } else {
      break;
    }
  }
  if (reader.left() == 0 || reader.left() % 2 != 0) return error(Error::kSyntax);
  if (nx && xx) return error(Error::kZAddNxAndXx);
  if ((gt && nx) || (lt && nx) || (gt && lt)) return error(Error::kZAddGtLtNx);
  if (value.increment && reader.left() > 2) return error(Error::kZAddIncrPairs);
  value.options.when = nx ? When::kIfAbsent : xx ? When::kIfPresent : When::kAlways;
  using Only = ZAddOptions::Only;
  value.options.only = gt ? Only::kGreater : lt ? Only::kLess : Only::kAny;
  return absl::OkStatus();
}

void Codec<ZAddWords>::print(const ZAddWords& value, ArgPrinter& out) {
  if (value.options.when != When::kAlways) out.add(value.options.when == When::kIfAbsent ? "NX" : "XX");
  if (value.options.only != ZAddOptions::Only::kAny)
    out.add(value.options.only == ZAddOptions::Only::kGreater ? "GT" : "LT");
  if (value.options.count_changed) out.add("CH");
  if (value.increment) out.add("INCR");
}

absl::Status Codec<std::span<const ScoredBytes>>::read(ArgReader& reader, Value& value) {
  value.reserve(reader.left() / 2);
  while (reader.left() > 0) {
    ScoredBytes pair;
    if (absl::Status status = read_double(reader, Error::kNotFloat, pair.score); !status.ok()) return status;
    pair.member = reader.take();
    value.push_back(pair);
  }
  return absl::OkStatus();
}

void Codec<std::span<const ScoredBytes>>::print(const Value& value, ArgPrinter& out) {
  for (const ScoredBytes& pair : value) {
    out.add(format_double(pair.score));
    out.add(pair.member);
  }
}

// Redis 7.0 takes no word here, and WITHSCORE is the only one since.
absl::Status Codec<WithScore>::read(ArgReader& reader, WithScore& value) {
  if (reader.left() == 0) return absl::OkStatus();
  value.with_score = is_word(reader.take(), "WITHSCORE") && reader.left() == 0;
  return value.with_score ? absl::OkStatus() : error(Error::kWrongArity, reader.command());
}
void Codec<WithScore>::print(const WithScore& value, ArgPrinter& out) {
  if (value.with_score) out.add("WITHSCORE");
}

absl::Status Codec<ZMPopWords>::read(ArgReader& reader, ZMPopWords& value) {
  if (reader.left() == 0) return error(Error::kSyntax);
  const Bytes where = reader.take();
  if (!is_word(where, "MIN") && !is_word(where, "MAX")) return error(Error::kSyntax);
  value.where = is_word(where, "MIN") ? Extreme::kMin : Extreme::kMax;
  if (reader.left() == 0) return absl::OkStatus();
  if (!is_word(reader.take(), "COUNT") || reader.left() == 0) return error(Error::kSyntax);
  if (absl::Status status = read_count(reader, 1, Error::kCountNotPositive, value.count); !status.ok())
    return status;
  return reader.left() == 0 ? absl::OkStatus() : error(Error::kSyntax);
}
void Codec<ZMPopWords>::print(const ZMPopWords& value, ArgPrinter& out) {
  out.add(value.where == Extreme::kMin ? "MIN" : "MAX");
  out.add("COUNT");
  out.add(value.count);
}

absl::Status Codec<ZRandomWords>::read(ArgReader& reader, ZRandomWords& value) {
  if (reader.left() == 0) return absl::OkStatus();
  int64_t count = 0;
  if (absl::Status status = read_integer(reader, count); !status.ok()) return status;
  if (count == INT64_MIN) return error(Error::kLongOutOfRange);
  value.count = count;
  if (reader.left() == 0) return absl::OkStatus();
  value.with_scores = is_word(reader.take(), "WITHSCORES");
  if (!value.with_scores || reader.left() > 0) return error(Error::kSyntax);
  // Twice as many replies must be countable.
  if (count < -INT64_MAX / 2 || count > INT64_MAX / 2) return error(Error::kValueOutOfRange);
  return absl::OkStatus();
}
void Codec<ZRandomWords>::print(const ZRandomWords& value, ArgPrinter& out) {
  if (!value.count.has_value()) return;
  out.add(*value.count);
  if (value.with_scores) out.add("WITHSCORES");
}

absl::Status read_range(ArgReader& reader, RangeBy by, RangeWay way, bool stores, ZRangeQuery& query) {
  Bytes min = reader.take();
  Bytes max = reader.take();
  RangeLimit limit;
  while (reader.left() > 0) {
    const Bytes word = reader.take();
    if (!stores && is_word(word, "WITHSCORES")) {
      query.with_scores = true;
    } else if (is_word(word, "LIMIT") && reader.left() >= 2) {
      if (absl::Status status = read_integer(reader, limit.offset); !status.ok()) return status;
      if (absl::Status status = read_integer(reader, limit.count); !status.ok()) return status;
    } else if (way == RangeWay::kAny && is_word(word, "REV")) {
      way = RangeWay::kDown;
    } else if (by == RangeBy::kAny && is_word(word, "BYLEX")) {
      by = RangeBy::kLex;
    } else if (by == RangeBy::kAny && is_word(word, "BYSCORE")) {
      by = RangeBy::kScore;
    } else {
      return error(Error::kSyntax);
    }
  }
  const bool ranks = by == RangeBy::kAny || by == RangeBy::kRank;
  // As in Redis, a limit that takes all is let through.
  if (limit.count != -1 && ranks) return error(Error::kLimitNeedsBy);
  if (query.with_scores && by == RangeBy::kLex) return error(Error::kLexWithScores);
  query.reverse = way == RangeWay::kDown;
  if (query.reverse && !ranks) std::swap(min, max);
  if (ranks) return parse_range(min, max, query.range.emplace<RankRange>());
  query.limit = limit;
  if (by == RangeBy::kScore) return parse_range(min, max, query.range.emplace<ScoreRange>());
  return parse_range(min, max, query.range.emplace<LexRange>());
}

void print_range(RangeBy by, RangeWay way, const ZRangeQuery& query, ArgPrinter& out) {
  std::string least, greatest;
  if (const auto* ranks = std::get_if<RankRange>(&query.range)) {
    least = std::to_string(ranks->first);
    greatest = std::to_string(ranks->last);
  } else if (const auto* scores = std::get_if<ScoreRange>(&query.range)) {
    least = text_of(scores->min);
    greatest = text_of(scores->max);
  } else {
    least = text_of(std::get<LexRange>(query.range).min);
    greatest = text_of(std::get<LexRange>(query.range).max);
  }
  const bool ranks = std::holds_alternative<RankRange>(query.range);
  if (query.reverse && !ranks) std::swap(least, greatest);
  out.add(least);
  out.add(greatest);
  if (by == RangeBy::kAny && !ranks)
    out.add(std::holds_alternative<ScoreRange>(query.range) ? "BYSCORE" : "BYLEX");
  if (way == RangeWay::kAny && query.reverse) out.add("REV");
  if (query.limit.has_value() && *query.limit != RangeLimit{}) {
    out.add("LIMIT");
    out.add(query.limit->offset);
    out.add(query.limit->count);
  }
  if (query.with_scores) out.add("WITHSCORES");
}

absl::Status Codec<ZInputKeys>::read(ArgReader& reader, Value& value) {
  int64_t count = 0;
  if (absl::Status status = read_integer(reader, count); !status.ok()) return status;
  if (count < 1) return error(Error::kNoInputKeys, reader.command());
  if (static_cast<uint64_t>(count) > reader.left()) return error(Error::kSyntax);
  value = reader.take(static_cast<size_t>(count));
  reader.count_keys(value.size());
  return absl::OkStatus();
}

namespace {

bool read_aggregate(Bytes word, Aggregate& aggregate) {
  if (is_word(word, "SUM")) {
    aggregate = Aggregate::kSum;
  } else if (is_word(word, "MIN")) {
    aggregate = Aggregate::kMin;
  } else if (is_word(word, "MAX")) {
    aggregate = Aggregate::kMax;
  } else {
    return false;
  }
  return true;
}

absl::Status read_words(ArgReader& reader, TakenWords taken, ZCombineWords& words) {
  while (reader.left() > 0) {
    const Bytes word = reader.take();
    if (taken.weights && is_word(word, "WEIGHTS") && reader.left() >= reader.keys_counted()) {
      words.options.weights.resize(reader.keys_counted());
      for (double& weight : words.options.weights) {
        if (absl::Status status = read_double(reader, Error::kWeightNotFloat, weight); !status.ok())
          return status;
      }
    } else if (taken.weights && is_word(word, "AGGREGATE") && reader.left() >= 1) {
      if (!read_aggregate(reader.take(), words.options.aggregate)) return error(Error::kSyntax);
    } else if (taken.with_scores && is_word(word, "WITHSCORES")) {
      words.with_scores = true;
    } else if (taken.limit && is_word(word, "LIMIT") && reader.left() >= 1) {
      if (absl::Status status = read_count(reader, 0, Error::kNegativeLimit, words.limit); !status.ok())
        return status;
    } else {
      return error(Error::kSyntax);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status read_combine_words(ArgReader& reader, TakenWords taken, ZCombineWords& words) {
  words.fault = read_words(reader, taken, words);
  return absl::OkStatus();
}

void print_combine_words(TakenWords taken, const ZCombineWords& words, ArgPrinter& out) {
  if (!words.options.weights.empty()) out.add("WEIGHTS");
  for (const double weight : words.options.weights) out.add(format_double(weight));
  if (taken.weights && words.options.aggregate != Aggregate::kSum) {
    out.add("AGGREGATE");
    out.add(words.options.aggregate == Aggregate::kMin ? "MIN" : "MAX");
  }
  if (words.with_scores) out.add("WITHSCORES");
  if (words.limit != 0) {
    out.add("LIMIT");
    out.add(words.limit);
  }
}

}  // namespace inlay
