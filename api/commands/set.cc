#include "api/commands/set.h"

#include <algorithm>
#include <array>
#include <memory>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "api/commands/set_codecs.h"
#include "engine/error.h"
#include "engine/glob.h"

namespace inlay::cmd {
namespace {

SetLimits limits_of(ReadTx& tx) {
  const auto& entries = tx.engine().container_limits().set_max_intset_entries;
  return {.intset_entries = static_cast<size_t>(entries.load(std::memory_order_relaxed))};
}

Random& random_of(ReadTx& tx, const KeyRef& key) { return tx.engine().shard_of(key).random(); }

// A FunctionRef calls through const.
auto drawing_from(Random& random) {
  return [&random]() { return random(); };
}

std::vector<std::string> all_members(const Set& set) {
  std::vector<std::string> members;
  members.reserve(set.size());
  set.for_each([&](const Element& member) {
    members.push_back(member.to_string());
    return true;
  });
  return members;
}

// Adds to one set, telling nobody; an OOM error leaves the set as it was.
Result<bool> add_one(WriteTx& tx, const KeyRef& key, Bytes member) {
  Result<Edit<Set>> set = tx.edit<Set>(key);
  if (!set.ok()) return set.status();
  const Insertion done = (*set)->insert(member, limits_of(tx));
  if (done == Insertion::kPresent) set->unchanged();
  if (done == Insertion::kOutOfMemory || !set->close()) return error(Error::kOutOfMemory);
  return done == Insertion::kAdded;
}

Result<bool> remove_one(WriteTx& tx, const KeyRef& key, Bytes member) {
  Result<Edit<Set>> set = tx.edit<Set>(key);
  if (!set.ok()) return set.status();
  const Removal done = (*set)->erase(member);
  if (done == Removal::kAbsent) set->unchanged();
  if (done == Removal::kOutOfMemory || !set->close("srem")) return error(Error::kOutOfMemory);
  return done == Removal::kRemoved;
}

}  // namespace

Result<int64_t> sadd(WriteTx& tx, const KeyRef& key, std::span<const Bytes> members) {
  Result<Edit<Set>> set = tx.edit<Set>(key);
  if (!set.ok()) return set.status();
  const SetLimits limits = limits_of(tx);
  int64_t added = 0;
  bool full = false;
  for (const Bytes member : members) {
    const Insertion done = (*set)->insert(member, limits);
    added += done == Insertion::kAdded;
    if ((full = done == Insertion::kOutOfMemory)) break;
  }
  if (added == 0) set->unchanged();
  if (full) return set->out_of_memory("sadd");
  if (!set->close("sadd")) return error(Error::kOutOfMemory);
  return added;
}

Result<int64_t> srem(LeanTx& tx, const KeyRef& key, std::span<const Bytes> members) {
  Result<Edit<Set>> set = tx.edit<Set>(key);
  if (!set.ok()) return set.status();
  int64_t removed = 0;
  bool full = false;
  for (const Bytes member : members) {
    const Removal done = (*set)->erase(member);
    removed += done == Removal::kRemoved;
    if ((full = done == Removal::kOutOfMemory)) break;
  }
  if (removed == 0) set->unchanged();
  if (full) return set->out_of_memory("srem");
  if (!set->close("srem")) return error(Error::kOutOfMemory);
  return removed;
}

Result<bool> smove(LeanTx& tx, const KeyRef& source, const KeyRef& destination, Bytes member) {
  const Result<ContainerView<Set>> from = tx.read<Set>(source);
  if (!from.ok()) return from.status();
  if (!*from) return false;
  const Result<ContainerView<Set>> to = tx.read<Set>(destination);
  if (!to.ok()) return to.status();
  if (!(*from)->contains(member)) return false;
  if (source.bytes == destination.bytes) return true;
  // Added first: if memory ends between the two, taking it out again needs none.
  const Result<bool> added = add_one(tx, destination, member);
  if (!added.ok()) return added;
  const Result<bool> removed = remove_one(tx, source, member);
  if (!removed.ok() && *added) (void)remove_one(tx, destination, member);
  if (removed.ok() && *added) tx.notify(EventClass::kSet, "sadd", destination);
  return removed;
}

Result<int64_t> scard(ReadTx& tx, const KeyRef& key) {
  const Result<ContainerView<Set>> set = tx.read<Set>(key);
  if (!set.ok()) return set.status();
  return *set ? static_cast<int64_t>((*set)->size()) : 0;
}

Result<bool> sismember(ReadTx& tx, const KeyRef& key, Bytes member) {
  const Result<ContainerView<Set>> set = tx.read<Set>(key);
  if (!set.ok()) return set.status();
  return *set && (*set)->contains(member);
}

Result<std::vector<bool>> smismember(ReadTx& tx, const KeyRef& key, std::span<const Bytes> members) {
  const Result<ContainerView<Set>> set = tx.read<Set>(key);
  if (!set.ok()) return set.status();
  std::vector<bool> result(members.size());
  if (!*set) return result;
  const auto found = std::make_unique<bool[]>(members.size());
  (*set)->contains_each(members, found.get());
  std::copy_n(found.get(), members.size(), result.begin());
  return result;
}

Result<std::vector<std::string>> smembers(ReadTx& tx, const KeyRef& key) {
  const Result<ContainerView<Set>> set = tx.read<Set>(key);
  if (!set.ok()) return set.status();
  return *set ? all_members(**set) : std::vector<std::string>();
}

Result<ScanPage> sscan(ReadTx& tx, const KeyRef& key, Cursor cursor, const ElementScanArguments& arguments) {
  const Result<ContainerView<Set>> set = tx.read<Set>(key);
  if (!set.ok()) return set.status();
  ScanPage page;
  if (!*set) return page;
  if (!arguments.fault.ok()) return arguments.fault;
  const ElementScanOptions& options = arguments.options;
  if (options.count < 1) return error(Error::kSyntax);
  page.cursor = (*set)->scan(cursor.value, static_cast<size_t>(options.count), [&](const Element& member) {
    char scratch[kInt64TextMax];
    const std::string_view text = member.text(scratch);
    if (options.match == "*" || glob_match(options.match, text)) page.keys.emplace_back(text);
  });
  return page;
}

Result<std::vector<std::string>> spop(LeanTx& tx, const KeyRef& key, PopCount count) {
  if (count.count.value_or(1) < 0) return error(Error::kNotPositive);
  Result<Edit<Set>> edit = tx.edit<Set>(key);
  if (!edit.ok()) return edit.status();
  std::vector<std::string> popped;
  Set& set = **edit;
  const uint64_t wanted = static_cast<uint64_t>(count.count.value_or(1));
  bool full = false;
  if (wanted >= set.size()) {
    popped = all_members(set);
    set.clear();
  } else {
    popped.reserve(wanted);
    const auto random = drawing_from(random_of(tx, key));
    while (popped.size() < wanted && !full) {
      const Element member = set.sample(random);
      popped.push_back(member.to_string());
      full = set.erase(member) == Removal::kOutOfMemory;
      if (full) popped.pop_back();
    }
  }
  if (popped.empty()) edit->unchanged();
  if (full) return edit->out_of_memory("spop");
  if (!edit->close("spop")) return error(Error::kOutOfMemory);
  return popped;
}

Result<std::vector<std::string>> srandmember(ReadTx& tx, const KeyRef& key, DrawCount count) {
  if (count.count == INT64_MIN) return error(Error::kLongOutOfRange);
  const Result<ContainerView<Set>> view = tx.read<Set>(key);
  if (!view.ok()) return view.status();
  std::vector<std::string> drawn;
  if (!*view) return drawn;
  const Set& set = **view;
  const auto random = drawing_from(random_of(tx, key));
  const int64_t wanted = count.count.value_or(1);
  if (wanted < -kDrawsMax) return error(Error::kOutOfMemory);
  if (wanted >= 0 && count.count.has_value()) {
    drawn.reserve(std::min(static_cast<size_t>(wanted), set.size()));
    set.sample_distinct(static_cast<size_t>(wanted), random,
                        [&](const Element& member) { drawn.push_back(member.to_string()); });
    return drawn;
  }
  const auto draws = static_cast<size_t>(wanted < 0 ? -wanted : wanted);
  drawn.reserve(draws);
  while (drawn.size() < draws) drawn.push_back(set.sample(random).to_string());
  return drawn;
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

// Without a count the reply is the member itself.
Reply members_or_one(const std::vector<std::string>& members, bool counted) {
  if (counted) return encode(members);
  return members.empty() ? Reply::nil() : Reply::bulk(members.front());
}
Reply spop_reply(const std::vector<std::string>& members, const Parsed<cmd::spop>& values) {
  return members_or_one(members, std::get<1>(values).count.has_value());
}
Reply srandmember_reply(const std::vector<std::string>& members, const Parsed<cmd::srandmember>& values) {
  return members_or_one(members, std::get<1>(values).count.has_value());
}

constexpr Group kSet = Group::kSet;

constexpr std::array kSetCommands{
    at_least(3, command<cmd::sadd>("sadd", {"1.0.0", kSet, "O(N) with N members", "Adds members to a set.",
                                            "key member [member ...]"})),
    command<cmd::scard>("scard", {"1.0.0", kSet, "O(1)", "Counts the members of a set.", "key"}),
    command<cmd::sdiff>("sdiff", {"1.0.0", kSet, "O(N*K) with N members of the first of K sets",
                                  "Lists the members that the first set alone has.", "key [key ...]"}),
    at_least(3, command<cmd::sdiffstore>(
                    "sdiffstore",
                    {"1.0.0", kSet, "O(N*K) with N members of the first of K sets",
                     "Stores the members that the first set alone has.", "destination key [key ...]"})),
    command<cmd::sinter>("sinter", {"1.0.0", kSet, "O(N*K) with N members of the smallest of K sets",
                                    "Lists the members that all sets have.", "key [key ...]"}),
    command<cmd::sintercard>(
        "sintercard", {"7.0.0", kSet, "O(N*K) with N members of the smallest of K sets",
                       "Counts the members that all sets have.", "numkeys key [key ...] [LIMIT limit]"}),
    at_least(3, command<cmd::sinterstore>(
                    "sinterstore", {"1.0.0", kSet, "O(N*K) with N members of the smallest of K sets",
                                    "Stores the members that all sets have.", "destination key [key ...]"})),
    command<cmd::sismember>("sismember",
                            {"1.0.0", kSet, "O(1)", "Tells whether a set has a member.", "key member"}),
    command<cmd::smembers>("smembers",
                           {"1.0.0", kSet, "O(N) with N members", "Lists the members of a set.", "key"}),
    at_least(3, command<cmd::smismember>(
                    "smismember", {"6.2.0", kSet, "O(N) with N members", "Tells which members a set has.",
                                   "key member [member ...]"})),
    command<cmd::smove>("smove", {"1.0.0", kSet, "O(1)", "Moves a member from one set to another.",
                                  "source destination member"}),
    command<cmd::spop, spop_reply>("spop", {"1.0.0", kSet, "O(N) with N members to take",
                                            "Takes random members out of a set.", "key [count]"}),
    command<cmd::srandmember, srandmember_reply>(
        "srandmember",
        {"1.0.0", kSet, "O(N) with N members to draw", "Draws random members of a set.", "key [count]"}),
    at_least(3, command<cmd::srem>("srem", {"1.0.0", kSet, "O(N) with N members",
                                            "Removes members from a set.", "key member [member ...]"})),
    command<cmd::sscan>(
        "sscan", {"2.8.0", kSet, "O(1) a call, O(N) for a whole scan",
                  "Walks over the members of a set in steps.", "key cursor [MATCH pattern] [COUNT count]"}),
    command<cmd::sunion>("sunion", {"1.0.0", kSet, "O(N) with N members in all sets",
                                    "Lists the members that any set has.", "key [key ...]"}),
    at_least(3, command<cmd::sunionstore>(
                    "sunionstore", {"1.0.0", kSet, "O(N) with N members in all sets",
                                    "Stores the members that any set has.", "destination key [key ...]"})),
};

}  // namespace

std::span<const Command> set_rows() { return kSetCommands; }

}  // namespace inlay
