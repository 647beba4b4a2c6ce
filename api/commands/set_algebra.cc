// Set commands over several keys.
#include <algorithm>

#include "api/commands/set.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

// A union of more sets is gathered in one set; of fewer, each member is looked up in the sets before its own.
constexpr size_t kLookUpSetsMax = 8;

// The sets of several keys, read in place.
struct Operands {
  std::vector<ContainerView<Set>> views;
  std::vector<const Set*> sets;  // Without those of absent keys.
  bool first_absent = false;
  bool any_absent() const { return sets.size() < views.size(); }
};

Result<Operands> read_sets(ReadTx& tx, std::span<const KeyRef> keys) {
  Operands operands;
  operands.views.reserve(keys.size());
  for (const KeyRef& key : keys) {
    Result<ContainerView<Set>> view = tx.read<Set>(key);
    if (!view.ok()) return view.status();
    operands.views.push_back(*std::move(view));
  }
  for (const ContainerView<Set>& view : operands.views) {
    if (view) operands.sets.push_back(&*view);
  }
  operands.first_absent = !operands.views.empty() && !operands.views.front();
  return operands;
}

// Each visits the members of its result until `visit` returns false. Members are good for the visit only. False
// means out of memory.

bool visit_intersection(Operands& operands, ContainerContext, Set::Visit visit) {
  if (operands.any_absent() || operands.sets.empty()) return true;
  std::stable_sort(operands.sets.begin(), operands.sets.end(),
                   [](const Set* a, const Set* b) { return a->size() < b->size(); });
  // A key that is named twice says nothing new.
  operands.sets.erase(std::unique(operands.sets.begin(), operands.sets.end()), operands.sets.end());
  Set::intersect(operands.sets, visit);
  return true;
}

bool visit_union(Operands& operands, ContainerContext context, Set::Visit visit) {
  if (operands.sets.size() <= kLookUpSetsMax) {
    Set::unite(operands.sets, visit);
    return true;
  }
  Set united(context.pages, context.seed);
  for (const Set* set : operands.sets) {
    const bool gathered = set->for_each(
        [&](const Element& member) { return united.insert(member, {}) != Insertion::kOutOfMemory; });
    if (!gathered) return false;
  }
  united.for_each(visit);
  return true;
}

bool visit_difference(Operands& operands, ContainerContext, Set::Visit visit) {
  if (!operands.first_absent && !operands.sets.empty()) Set::subtract(operands.sets, visit);
  return true;
}

using Algebra = bool(Operands& operands, ContainerContext context, Set::Visit visit);

Result<std::vector<std::string>> list(ReadTx& tx, std::span<const KeyRef> keys, Algebra* algebra) {
  Result<Operands> operands = read_sets(tx, keys);
  if (!operands.ok()) return operands.status();
  std::vector<std::string> members;
  if (keys.empty()) return members;
  const auto add = [&](const Element& member) {
    members.push_back(member.to_string());
    return true;
  };
  if (!algebra(*operands, tx.engine().shard_of(keys.front()).container_context(), add))
    return error(Error::kOutOfMemory);
  return members;
}

// The result is whole before the destination is touched: it may be one of the keys.
Result<int64_t> store(WriteTx& tx, const KeyRef& destination, std::span<const KeyRef> keys, Algebra* algebra,
                      std::string_view event) {
  const ContainerContext context = tx.engine().shard_of(destination).container_context();
  Set result(context.pages, context.seed);
  {
    Result<Operands> operands = read_sets(tx, keys);
    if (!operands.ok()) return operands.status();
    const auto& entries = tx.engine().container_limits().set_max_intset_entries;
    const SetLimits limits{.intset_entries = static_cast<size_t>(entries.load(std::memory_order_relaxed))};
    bool full = false;
    const auto add = [&](const Element& member) {
      full = result.insert(member, limits) == Insertion::kOutOfMemory;
      return !full;
    };
    if (!algebra(*operands, context, add) || full) return error(Error::kOutOfMemory);
  }
  const auto size = static_cast<int64_t>(result.size());
  if (!tx.put(destination, std::move(result), event)) return error(Error::kOutOfMemory);
  return size;
}

}  // namespace

Result<std::vector<std::string>> sinter(ReadTx& tx, std::span<const KeyRef> keys) {
  return list(tx, keys, visit_intersection);
}
Result<std::vector<std::string>> sunion(ReadTx& tx, std::span<const KeyRef> keys) {
  return list(tx, keys, visit_union);
}
Result<std::vector<std::string>> sdiff(ReadTx& tx, std::span<const KeyRef> keys) {
  return list(tx, keys, visit_difference);
}

Result<int64_t> sintercard(ReadTx& tx, InterCardKeys keys, InterCardLimit limit) {
  if (keys.keys.empty()) return error(Error::kNumkeys);
  if (limit.limit < 0) return error(Error::kNegativeLimit);
  Result<Operands> operands = read_sets(tx, keys.keys);
  if (!operands.ok()) return operands.status();
  int64_t count = 0;
  visit_intersection(*operands, tx.engine().shard_of(keys.keys.front()).container_context(),
                     [&](const Element&) { return ++count != limit.limit; });
  return count;
}

Result<int64_t> sinterstore(WriteTx& tx, const KeyRef& destination, std::span<const KeyRef> keys) {
  return store(tx, destination, keys, visit_intersection, "sinterstore");
}
Result<int64_t> sunionstore(WriteTx& tx, const KeyRef& destination, std::span<const KeyRef> keys) {
  return store(tx, destination, keys, visit_union, "sunionstore");
}
Result<int64_t> sdiffstore(WriteTx& tx, const KeyRef& destination, std::span<const KeyRef> keys) {
  return store(tx, destination, keys, visit_difference, "sdiffstore");
}

}  // namespace inlay::cmd
