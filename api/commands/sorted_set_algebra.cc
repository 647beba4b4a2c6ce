// Unions, intersections and differences of sorted sets.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "api/commands/sorted_set.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

using Visit = SortedSet::Visit;

// One of the sets that are combined: a sorted set, or a set whose members all score 1. Empty for an absent key.
class Source {
 public:
  static Result<Source> of(ReadTx& tx, const KeyRef& key, double weight) {
    Source source;
    source.weight = weight;
    const Entry* const entry = tx.peek(key);
    if (entry != nullptr && entry->type() == Type::kSet) {
      Result<ContainerView<Set>> set = tx.read<Set>(key);
      if (!set.ok()) return set.status();
      source.set_ = *std::move(set);
    } else {
      Result<ContainerView<SortedSet>> set = tx.read<SortedSet>(key);
      if (!set.ok()) return set.status();
      source.sorted_ = *std::move(set);
    }
    return source;
  }

  size_t size() const { return sorted_ ? sorted_->size() : set_ ? set_->size() : 0; }
  std::optional<double> score(std::string_view member) const {
    if (sorted_) return sorted_->score(member);
    return set_ && set_->contains(member) ? std::optional(1.0) : std::nullopt;
  }
  /// Visits all elements until `visit` returns false.
  void visit(absl::FunctionRef<bool(std::string_view, double)> visit) const {
    if (sorted_) {
      bool go_on = true;
      // In steps, so that whoever has enough is not given all the rest.
      constexpr size_t kStep = 256;
      for (size_t first = 0; go_on && first < sorted_->size(); first += kStep) {
        sorted_->visit({first, std::min(first + kStep, sorted_->size())}, SortedSet::Order::kAscending,
                       [&](std::string_view member, double score) { go_on = go_on && visit(member, score); });
      }
    } else if (set_) {
      set_->for_each([&](const Element& element) {
        char scratch[kInt64TextMax];
        return visit(element.text(scratch), 1);
      });
    }
  }

  double weight = 1;

 private:
  ContainerView<SortedSet> sorted_;
  ContainerView<Set> set_;
};

Result<std::vector<Source>> sources_of(ReadTx& tx, std::span<const KeyRef> keys, const ZCombineWords& words) {
  std::vector<Source> sources;
  sources.reserve(keys.size());
  const std::vector<double>& weights = words.options.weights;
  for (size_t i = 0; i < keys.size(); ++i) {
    Result<Source> source = Source::of(tx, keys[i], weights.empty() ? 1 : weights[i]);
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  // Redis looks at the words only now.
  if (!words.fault.ok()) return words.fault;
  return sources;
}

double or_zero(double score) { return std::isnan(score) ? 0 : score; }

double aggregated(Aggregate aggregate, double present, double added) {
  switch (aggregate) {
    case Aggregate::kSum: return or_zero(present + added);
    case Aggregate::kMin: return added < present ? added : present;
    case Aggregate::kMax: return added > present ? added : present;
  }
  return present;
}

// Sums of floats depend on their order: that of Redis is from the smallest set to the largest.
void order_by_size(std::vector<Source>& sources) {
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Source& a, const Source& b) { return a.size() < b.size(); });
}

// Visits what all sources hold, by the smallest one, until `visit` returns false.
void intersect(std::vector<Source>& sources, Aggregate aggregate,
               absl::FunctionRef<bool(std::string_view, double)> visit) {
  order_by_size(sources);
  sources.front().visit([&](std::string_view member, double own) {
    double score = or_zero(own * sources.front().weight);
    for (size_t i = 1; i < sources.size(); ++i) {
      const std::optional<double> other = sources[i].score(member);
      if (!other.has_value()) return true;
      score = aggregated(aggregate, score, *other * sources[i].weight);
    }
    return visit(member, score);
  });
}

void subtract(const std::vector<Source>& sources, absl::FunctionRef<bool(std::string_view, double)> visit) {
  sources.front().visit([&](std::string_view member, double score) {
    const auto holds = [&](const Source& other) { return other.score(member).has_value(); };
    return std::any_of(sources.begin() + 1, sources.end(), holds) || visit(member, score);
  });
}

// A sorted set that is being made of others.
class Combination {
 public:
  Combination(ReadTx& tx, const KeyRef& key)
      : limits_(sorted_set_limits(tx.engine())),
        set_(make_container<SortedSet>(tx.engine().shard_of(key).container_context())) {}

  /// False once memory is exhausted.
  bool put(std::string_view member, double score) {
    complete_ = set_.put(member, score, limits_) != SortedSet::Put::kOutOfMemory;
    return complete_;
  }
  std::optional<double> score(std::string_view member) const { return set_.score(member); }

  Result<SortedSet> take() {
    if (!complete_) return error(Error::kOutOfMemory);
    return std::move(set_);
  }

 private:
  SortedSet::Limits limits_;
  SortedSet set_;
  bool complete_ = true;
};

Result<SortedSet> unite(ReadTx& tx, std::span<const KeyRef> keys, const ZCombineWords& words) {
  Result<std::vector<Source>> sources = sources_of(tx, keys, words);
  if (!sources.ok()) return sources.status();
  order_by_size(*sources);
  Combination result(tx, keys.front());
  bool complete = true;
  for (const Source& source : *sources) {
    source.visit([&](std::string_view member, double own) {
      const double score = or_zero(own * source.weight);
      const std::optional<double> present = result.score(member);
      const double wanted =
          present.has_value() ? aggregated(words.options.aggregate, *present, score) : score;
      return complete = result.put(member, wanted);
    });
    if (!complete) break;
  }
  return result.take();
}

Result<SortedSet> intersect(ReadTx& tx, std::span<const KeyRef> keys, const ZCombineWords& words) {
  Result<std::vector<Source>> sources = sources_of(tx, keys, words);
  if (!sources.ok()) return sources.status();
  Combination result(tx, keys.front());
  intersect(*sources, words.options.aggregate,
            [&](std::string_view member, double score) { return result.put(member, score); });
  return result.take();
}

Result<SortedSet> subtract(ReadTx& tx, std::span<const KeyRef> keys, const ZCombineWords& words) {
  Result<std::vector<Source>> sources = sources_of(tx, keys, words);
  if (!sources.ok()) return sources.status();
  Combination result(tx, keys.front());
  subtract(*sources, [&](std::string_view member, double score) { return result.put(member, score); });
  return result.take();
}

Result<std::vector<ScoredMember>> listed(Result<SortedSet> set) {
  if (!set.ok()) return set.status();
  std::vector<ScoredMember> members;
  members.reserve(set->size());
  set->for_each([&](std::string_view member, double score) {
    members.push_back({std::string(member), score});
  });
  return members;
}

Result<int64_t> stored(WriteTx& tx, const KeyRef& destination, Result<SortedSet> set,
                       std::string_view event) {
  if (!set.ok()) return set.status();
  return store_sorted_set(tx, destination, *std::move(set), event);
}

}  // namespace

Result<std::vector<ScoredMember>> zunion(ReadTx& tx, ZInputKeys keys, const UnionWords& words) {
  return listed(unite(tx, keys.keys, words));
}
Result<std::vector<ScoredMember>> zinter(ReadTx& tx, ZInputKeys keys, const UnionWords& words) {
  return listed(intersect(tx, keys.keys, words));
}
Result<std::vector<ScoredMember>> zdiff(ReadTx& tx, ZInputKeys keys, const DiffWords& words) {
  return listed(subtract(tx, keys.keys, words));
}

Result<int64_t> zintercard(ReadTx& tx, ZInputKeys keys, const InterCardWords& words) {
  Result<std::vector<Source>> sources = sources_of(tx, keys.keys, words);
  if (!sources.ok()) return sources.status();
  int64_t count = 0;
  intersect(*sources, Aggregate::kSum,
            [&](std::string_view, double) { return ++count != words.limit || words.limit == 0; });
  return count;
}

Result<int64_t> zunionstore(WriteTx& tx, const KeyRef& destination, ZInputKeys keys,
                            const UnionStoreWords& words) {
  return stored(tx, destination, unite(tx, keys.keys, words), "zunionstore");
}
Result<int64_t> zinterstore(WriteTx& tx, const KeyRef& destination, ZInputKeys keys,
                            const UnionStoreWords& words) {
  return stored(tx, destination, intersect(tx, keys.keys, words), "zinterstore");
}
Result<int64_t> zdiffstore(WriteTx& tx, const KeyRef& destination, ZInputKeys keys,
                           const DiffStoreWords& words) {
  return stored(tx, destination, subtract(tx, keys.keys, words), "zdiffstore");
}

}  // namespace inlay::cmd
