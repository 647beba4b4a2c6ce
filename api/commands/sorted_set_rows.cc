// The sorted set commands' rows in the table, and the replies whose shape depends on the arguments.
#include <array>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "api/commands/sorted_set.h"

namespace inlay {
namespace {

using Members = std::vector<ScoredMember>;

// Members, each with its score behind it where that is asked for.
Reply flat(const Members& members, bool with_scores) {
  Reply::Items items;
  items.reserve(members.size() * (with_scores ? 2 : 1));
  for (const ScoredMember& member : members) {
    items.push_back(Reply::bulk(member.member));
    if (with_scores) items.push_back(Reply::real(member.score));
  }
  return Reply::array(std::move(items));
}

// The words are the last of the arguments.
template <auto Fn>
const auto& words_of(const Parsed<Fn>& values) {
  return std::get<std::tuple_size_v<Parsed<Fn>> - 1>(values);
}

template <auto Fn>
Reply encode_members(const Members& members, const Parsed<Fn>& values) {
  return flat(members, words_of<Fn>(values).with_scores);
}

template <auto Fn>
Reply encode_all(const Members& members, const Parsed<Fn>&) {
  return flat(members, true);
}

Reply encode_zadd(const cmd::ZAddOutcome& outcome, const Parsed<cmd::zadd>& values) {
  const ZAddWords& words = std::get<1>(values);
  if (words.increment) return outcome.score.has_value() ? Reply::real(*outcome.score) : Reply::nil();
  return Reply::integer(outcome.added + (words.options.count_changed ? outcome.updated : 0));
}

template <auto Fn>
Reply encode_rank(const std::optional<RankAndScore>& found, const Parsed<Fn>& values) {
  const bool with_score = words_of<Fn>(values).with_score;
  if (!found.has_value()) return with_score ? Reply::nil_array() : Reply::nil();
  const Reply rank = Reply::integer(found->rank);
  return with_score ? Reply::array({rank, Reply::real(found->score)}) : rank;
}

Reply encode_zmpop(const std::optional<PoppedMembers>& popped, const Parsed<cmd::zmpop>&) {
  return encode_popped(popped);
}

Reply encode_zrandmember(const Members& members, const Parsed<cmd::zrandmember>& values) {
  const ZRandomWords& words = std::get<1>(values);
  if (words.count.has_value()) return flat(members, words.with_scores);
  return members.empty() ? Reply::nil() : Reply::bulk(members[0].member);
}

// A scan's scores are texts even where others are numbers.
Reply encode_zscan(const ScoredMemberPage& page, const Parsed<cmd::zscan>&) {
  return Reply::array({Reply::bulk(std::to_string(page.cursor)), flat(page.members, true).resp2()});
}

constexpr Group kGroup = Group::kSortedSet;

constexpr std::array kSortedSetCommands{
    command<cmd::zadd, encode_zadd>(
        "zadd", {"1.2.0", kGroup, "O(log(N)) for each member",
                 "Adds members to a sorted set or changes their scores. Creates the key if it doesn't exist.",
                 "key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]"}),
    command<cmd::zcard>("zcard",
                        {"1.2.0", kGroup, "O(1)", "Returns the number of members in a sorted set.", "key"}),
    command<cmd::zcount>("zcount",
                         {"2.0.0", kGroup, "O(log(N))",
                          "Returns the count of members that have scores within a range.", "key min max"}),
    command<cmd::zdiff, encode_members<cmd::zdiff>>(
        "zdiff", {"6.2.0", kGroup, "O(N) of the first set, times the number of sets",
                  "Returns the members of the first sorted set that no other one holds.",
                  "numkeys key [key ...] [WITHSCORES]"}),
    command<cmd::zdiffstore>(
        "zdiffstore",
        {"6.2.0", kGroup, "O(N) of the first set, times the number of sets",
         "Stores the difference of sorted sets in a key.", "destination numkeys key [key ...]"}),
    command<cmd::zincrby>("zincrby",
                          {"1.2.0", kGroup, "O(log(N))", "Increments the score of a member in a sorted set.",
                           "key increment member"}),
    command<cmd::zinter, encode_members<cmd::zinter>>(
        "zinter",
        {"6.2.0", kGroup,
         "O(N*K) of the smallest set, times the number of sets, plus O(M log(M)) of the result",
         "Returns the members that all sorted sets hold.",
         "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]"}),
    command<cmd::zintercard>(
        "zintercard",
        {"7.0.0", kGroup, "O(N*K) of the smallest set, times the number of sets",
         "Returns the number of members that all sorted sets hold.", "numkeys key [key ...] [LIMIT limit]"}),
    command<cmd::zinterstore>(
        "zinterstore",
        {"2.0.0", kGroup,
         "O(N*K) of the smallest set, times the number of sets, plus O(M log(M)) of the result",
         "Stores the intersection of sorted sets in a key.",
         "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM|MIN|MAX]"}),
    command<cmd::zlexcount>(
        "zlexcount",
        {"2.8.9", kGroup, "O(log(N))",
         "Returns the number of members in a sorted set within a lexicographical range.", "key min max"}),
    command<cmd::zmpop, encode_zmpop>("zmpop",
                                      {"7.0.0", kGroup, "O(K) keys plus O(M*log(N)) for the members popped",
                                       "Returns the highest- or lowest-scoring members of the first "
                                       "non-empty sorted set after removing them.",
                                       "numkeys key [key ...] MIN|MAX [COUNT count]"}),
    at_least(3, command<cmd::zmscore>("zmscore", {"6.2.0", kGroup, "O(1) for each member",
                                                  "Returns the scores of members in a sorted set.",
                                                  "key member [member ...]"})),
    command<cmd::zpopmax, encode_all<cmd::zpopmax>>(
        "zpopmax",
        {"5.0.0", kGroup, "O(log(N)) for each member",
         "Returns the highest-scoring members of a sorted set after removing them.", "key [count]"}),
    command<cmd::zpopmin, encode_all<cmd::zpopmin>>(
        "zpopmin",
        {"5.0.0", kGroup, "O(log(N)) for each member",
         "Returns the lowest-scoring members of a sorted set after removing them.", "key [count]"}),
    command<cmd::zrandmember, encode_zrandmember>(
        "zrandmember", {"6.2.0", kGroup, "O(log(N)) for each member",
                        "Returns random members of a sorted set.", "key [count [WITHSCORES]]"}),
    command<cmd::zrange, encode_members<cmd::zrange>>(
        "zrange", {"1.2.0", kGroup, "O(log(N)+M) for M members returned",
                   "Returns the members of a sorted set within a range of ranks, scores or members.",
                   "key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]"}),
    command<cmd::zrangebylex, encode_members<cmd::zrangebylex>>(
        "zrangebylex", {"2.8.9", kGroup, "O(log(N)+M) for M members returned",
                        "Returns the members of a sorted set within a lexicographical range.",
                        "key min max [LIMIT offset count]"}),
    command<cmd::zrangebyscore, encode_members<cmd::zrangebyscore>>(
        "zrangebyscore", {"1.0.5", kGroup, "O(log(N)+M) for M members returned",
                          "Returns the members of a sorted set within a range of scores.",
                          "key min max [WITHSCORES] [LIMIT offset count]"}),
    command<cmd::zrangestore>("zrangestore",
                              {"6.2.0", kGroup, "O(log(N)+M) for M members stored",
                               "Stores a range of members of a sorted set in a key.",
                               "destination source min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]"}),
    command<cmd::zrank, encode_rank<cmd::zrank>>(
        "zrank",
        {"2.0.0", kGroup, "O(log(N))", "Returns the rank of a member in a sorted set, by ascending scores.",
         "key member [WITHSCORE]"}),
    at_least(3, command<cmd::zrem>(
                    "zrem", {"1.2.0", kGroup, "O(log(N)) for each member",
                             "Removes members from a sorted set. Deletes the sorted set if none is left.",
                             "key member [member ...]"})),
    command<cmd::zremrangebylex>(
        "zremrangebylex",
        {"2.8.9", kGroup, "O(log(N)+M*log(N)) for M members removed",
         "Removes the members of a sorted set within a lexicographical range.", "key min max"}),
    command<cmd::zremrangebyrank>(
        "zremrangebyrank",
        {"2.0.0", kGroup, "O(log(N)+M) for M members removed",
         "Removes the members of a sorted set within a range of ranks.", "key start stop"}),
    command<cmd::zremrangebyscore>(
        "zremrangebyscore", {"1.2.0", kGroup, "O(log(N)+M) for M members removed",
                             "Removes the members of a sorted set within a range of scores.", "key min max"}),
    command<cmd::zrevrange, encode_members<cmd::zrevrange>>(
        "zrevrange",
        {"1.2.0", kGroup, "O(log(N)+M) for M members returned",
         "Returns the members of a sorted set within a range of ranks, from the highest score down.",
         "key start stop [WITHSCORES]"}),
    command<cmd::zrevrangebylex, encode_members<cmd::zrevrangebylex>>(
        "zrevrangebylex",
        {"2.8.9", kGroup, "O(log(N)+M) for M members returned",
         "Returns the members of a sorted set within a lexicographical range, from the greatest down.",
         "key max min [LIMIT offset count]"}),
    command<cmd::zrevrangebyscore, encode_members<cmd::zrevrangebyscore>>(
        "zrevrangebyscore",
        {"2.2.0", kGroup, "O(log(N)+M) for M members returned",
         "Returns the members of a sorted set within a range of scores, from the highest down.",
         "key max min [WITHSCORES] [LIMIT offset count]"}),
    command<cmd::zrevrank, encode_rank<cmd::zrevrank>>(
        "zrevrank",
        {"2.0.0", kGroup, "O(log(N))", "Returns the rank of a member in a sorted set, by descending scores.",
         "key member [WITHSCORE]"}),
    command<cmd::zscan, encode_zscan>("zscan", {"2.8.0", kGroup, "O(1) for each step, O(N) for a whole scan",
                                                "Iterates over the members and scores of a sorted set.",
                                                "key cursor [MATCH pattern] [COUNT count]"}),
    command<cmd::zscore>(
        "zscore", {"1.2.0", kGroup, "O(1)", "Returns the score of a member in a sorted set.", "key member"}),
    command<cmd::zunion, encode_members<cmd::zunion>>(
        "zunion",
        {"6.2.0", kGroup, "O(N)+O(M log(M)) for N members in all sets and M in the result",
         "Returns the members that any of the sorted sets holds.",
         "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]"}),
    command<cmd::zunionstore>(
        "zunionstore",
        {"2.0.0", kGroup, "O(N)+O(M log(M)) for N members in all sets and M in the result",
         "Stores the union of sorted sets in a key.",
         "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM|MIN|MAX]"}),
};

}  // namespace

Reply encode_popped(const std::optional<PoppedMembers>& popped) {
  if (!popped.has_value()) return Reply::nil_array();
  Reply::Items pairs;
  for (const ScoredMember& member : popped->members)
    pairs.push_back(Reply::array({Reply::bulk(member.member), Reply::real(member.score)}));
  return Reply::array({Reply::bulk(popped->key), Reply::array(std::move(pairs))});
}

std::span<const Command> sorted_set_rows() { return kSortedSetCommands; }

}  // namespace inlay
