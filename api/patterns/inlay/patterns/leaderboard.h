// Leaderboard: who is first, and where am I.
//
//   inlay::Leaderboard board(*store, "game:7");
//   board.add("ann", 120).value();
//   const auto best = board.top(10).value();
//   for (const inlay::Standing& s : best) print(s.rank, s.member, s.score);
//   auto near = board.around("ann", 2).value();      // the two above, ann, the two below
//
//   <key>          zset   member -> score
//   <key>:scores   zset   each score once; only with Ranking::kDense
//
// What ZREVRANK and ZREVRANGE get wrong by themselves, and this does not:
//   - Equal scores share a rank. ZREVRANK gives them different ones, by the bytes of their names.
//   - A page is of one instant: ranks, scores and neighbours fit together. Asked for with two calls, the board moves
//     between them, and the page around a member may not show it.
//   - set_best() keeps the better of two scores in one step; a look and a write would lose one of two that come together.
//
// Ranks count from 1, for the best score: the highest, or the lowest with Order::kLowestFirst. Members of equal scores
// stand in order of their bytes, backward where the highest is first. N is the number of members.
//
// An absent key is an empty board. NaN for a score is an InvalidArgument error. Thread-safe; small values to copy; the
// store must outlive them. All who use a board must give it equal options, and with Ranking::kDense nobody may change its
// keys by other means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay {

/// The rank of who comes after equal scores.
enum class Ranking : uint8_t {
  kCompetition,  // 1, 2, 2, 4: one more than there are better members.
  kDense,        // 1, 2, 2, 3: one more than there are better scores. Costs a second sorted set of scores.
};

enum class Order : uint8_t { kHighestFirst, kLowestFirst };

struct LeaderboardOptions {
  Order order = Order::kHighestFirst;
  Ranking ranking = Ranking::kCompetition;
};

/// A member and where it stands.
struct Standing {
  std::string member;
  double score = 0;
  int64_t rank = 0;
  friend bool operator==(const Standing&, const Standing&) = default;
};

class Leaderboard {
 public:
  Leaderboard(Database db, const std::string& key, LeaderboardOptions options = {})
      : db_(db), key_(key), scores_key_(key + ":scores"), options_(options) {}

  /// Sets a score; whether the member is new. O(log N).
  Result<bool> set(std::string_view member, double score);
  /// Sets a score if it is better than the one that the member has, or the member is new; whether it is. O(log N).
  Result<bool> set_best(std::string_view member, double score);
  /// Adds to a score, 0 for a new member; returns the sum. O(log N). Errors: the sum is NaN.
  Result<double> add(std::string_view member, double by);
  /// Takes a member off the board; false if it was not on it. O(log N).
  Result<bool> remove(std::string_view member);
  /// Takes everybody off the board. O(1), the freeing outside the lock.
  absl::Status clear();

  /// How many members there are. O(1).
  Result<int64_t> count();
  /// A member's score and rank; nil if it is not on the board. O(log N).
  Nullable<Standing> find(std::string_view member);
  /// The first `count` members. O(log N + count). Those below zero are none.
  Result<std::vector<Standing>> top(int64_t count) { return page(0, count); }
  /// `count` members after the first `offset`; fewer where the board ends. O(log N + count). Errors: a negative offset.
  Result<std::vector<Standing>> page(int64_t offset, int64_t count);
  /// A member with up to `neighbours` before and after it; empty if it is not on the board. O(log N + neighbours).
  /// Errors: negative neighbours.
  Result<std::vector<Standing>> around(std::string_view member, int64_t neighbours);

 private:
  struct Step;

  Database db_;
  std::string key_;
  std::string scores_key_;
  LeaderboardOptions options_;
};

}  // namespace inlay
