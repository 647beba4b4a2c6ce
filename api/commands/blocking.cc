#include "api/commands/blocking.h"

#include <array>
#include <cmath>
#include <limits>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "api/commands/sorted_set.h"
#include "engine/error.h"
#include "inlay/datatypes/number.h"

namespace inlay {

absl::Status read_timeout(ArgReader& reader, Duration& timeout) {
  const std::optional<long double> seconds = parse_long_double(reader.take());
  if (!seconds.has_value()) return error(Error::kTimeoutNotFloat);
  // Up to a whole millisecond, so that a short wait never becomes one without end.
  const long double ms = std::ceil(*seconds * 1000);
  // Redis's milliseconds are 64-bit integers, and too many of them negative.
  if (ms < 0 || !(ms <= static_cast<long double>(std::numeric_limits<int64_t>::max())))
    return error(Error::kTimeoutNegative);
  const auto whole_ms = static_cast<int64_t>(ms);
  constexpr int64_t kMsMax = std::numeric_limits<int64_t>::max() / 1'000'000;
  timeout = whole_ms == 0 || whole_ms > kMsMax ? kForever : std::chrono::milliseconds(whole_ms);
  return absl::OkStatus();
}

void print_timeout(Duration timeout, ArgPrinter& out) {
  if (timeout == kForever) return out.add(int64_t{0});
  const int64_t ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  ms % 1000 == 0 ? out.add(ms / 1000) : out.add(format_double(static_cast<double>(ms) / 1000));
}

}  // namespace inlay

namespace inlay::cmd {
namespace {

Nullable<KeyElement> pop_first(LeanTx& tx, LeadingKeys keys,
                               Nullable<std::string> (*pop)(LeanTx&, const KeyRef&)) {
  if (keys.keys.empty()) return error(Error::kNumkeys);
  for (const KeyRef& key : keys.keys) {
    Nullable<std::string> element = pop(tx, key);
    if (!element.ok()) return element.status();
    if (element->has_value()) return KeyElement{std::string(key.bytes), **std::move(element)};
  }
  return std::nullopt;
}

Nullable<KeyMember> pop_first(LeanTx& tx, LeadingKeys keys, Extreme where) {
  if (keys.keys.empty()) return error(Error::kNumkeys);
  Nullable<PoppedMembers> popped = zmpop(tx, keys, {where, 1});
  if (!popped.ok()) return popped.status();
  if (!popped->has_value()) return std::nullopt;
  return KeyMember{std::move((*popped)->key), std::move((*popped)->members.front())};
}

}  // namespace

Nullable<KeyElement> blpop(LeanTx& tx, LeadingKeys keys, ListWait) { return pop_first(tx, keys, lpop); }

Nullable<KeyElement> brpop(LeanTx& tx, LeadingKeys keys, ListWait) { return pop_first(tx, keys, rpop); }

Nullable<KeyElements> blmpop(LeanTx& tx, ListWait, CountedKeys keys, End from, const ListMPopCount& count) {
  return lmpop(tx, keys, from, count);
}

Nullable<std::string> blmove(WriteTx& tx, const KeyRef& source, const KeyRef& destination, End from, End to,
                             ListWait) {
  return lmove(tx, source, destination, from, to);
}

Nullable<std::string> brpoplpush(WriteTx& tx, const KeyRef& source, const KeyRef& destination, ListWait) {
  return rpoplpush(tx, source, destination);
}

Nullable<KeyMember> bzpopmin(LeanTx& tx, LeadingKeys keys, SortedSetWait) {
  return pop_first(tx, keys, Extreme::kMin);
}

Nullable<KeyMember> bzpopmax(LeanTx& tx, LeadingKeys keys, SortedSetWait) {
  return pop_first(tx, keys, Extreme::kMax);
}

Nullable<PoppedMembers> bzmpop(LeanTx& tx, SortedSetWait, CountedKeys keys, const ZMPopWords& words) {
  if (keys.keys.empty()) return error(Error::kNumkeys);
  if (words.count < 1) return error(Error::kCountNotPositive);
  return zmpop(tx, keys, words);
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

template <auto Fn>
Reply element_reply(const std::optional<KeyElement>& popped, const Parsed<Fn>&) {
  if (!popped.has_value()) return Reply::nil_array();
  return Reply::array({Reply::bulk(popped->key), Reply::bulk(popped->element)});
}

template <auto Fn>
Reply member_reply(const std::optional<KeyMember>& popped, const Parsed<Fn>&) {
  if (!popped.has_value()) return Reply::nil_array();
  return Reply::array(
      {Reply::bulk(popped->key), Reply::bulk(popped->member.member), Reply::real(popped->member.score)});
}

Reply elements_reply(const std::optional<KeyElements>& popped, const Parsed<cmd::blmpop>&) {
  return encode_popped(popped);
}

Reply members_reply(const std::optional<PoppedMembers>& popped, const Parsed<cmd::bzmpop>&) {
  return encode_popped(popped);
}

constexpr Group kList = Group::kList;
constexpr Group kSortedSet = Group::kSortedSet;

constexpr std::array kBlockingCommands{
    command<cmd::blmove>("blmove",
                         {"6.2.0", kList, "O(1)",
                          "Moves an element from one end of a list to an end of another, and waits for one.",
                          "source destination LEFT|RIGHT LEFT|RIGHT timeout"}),
    command<cmd::blmpop, elements_reply>(
        "blmpop", {"7.0.0", kList, "O(N+M) with N keys and M elements popped",
                   "Pops elements from the first list that has any, and waits for one.",
                   "timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]"}),
    command<cmd::blpop, element_reply<cmd::blpop>>(
        "blpop", {"2.0.0", kList, "O(N) with N keys",
                  "Pops the first element of the first list that has any, and waits for one.",
                  "key [key ...] timeout"}),
    command<cmd::brpop, element_reply<cmd::brpop>>(
        "brpop", {"2.0.0", kList, "O(N) with N keys",
                  "Pops the last element of the first list that has any, and waits for one.",
                  "key [key ...] timeout"}),
    command<cmd::brpoplpush>("brpoplpush",
                             {"2.2.0", kList, "O(1)",
                              "Moves the last element of a list to the head of another, and waits for one.",
                              "source destination timeout"}),
    command<cmd::bzmpop, members_reply>(
        "bzmpop", {"7.0.0", kSortedSet, "O(K) keys plus O(M*log(N)) for the members popped",
                   "Takes members from the first sorted set that has any, and waits for one.",
                   "timeout numkeys key [key ...] MIN|MAX [COUNT count]"}),
    command<cmd::bzpopmax, member_reply<cmd::bzpopmax>>(
        "bzpopmax",
        {"5.0.0", kSortedSet, "O(log(N))",
         "Takes the highest-scoring member of the first sorted set that has any, and waits for one.",
         "key [key ...] timeout"}),
    command<cmd::bzpopmin, member_reply<cmd::bzpopmin>>(
        "bzpopmin",
        {"5.0.0", kSortedSet, "O(log(N))",
         "Takes the lowest-scoring member of the first sorted set that has any, and waits for one.",
         "key [key ...] timeout"}),
};

}  // namespace

std::span<const Command> blocking_rows() { return kBlockingCommands; }

}  // namespace inlay
