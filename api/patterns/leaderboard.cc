#include "inlay/patterns/leaderboard.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "api/patterns/try.h"

namespace inlay {

// What a board does under the locks of its keys.
struct Leaderboard::Step {
  View& view;
  const Leaderboard& board;

  Result<std::optional<double>> score(std::string_view member) { return view.zscore(board.key_, member); }
  bool is_dense() const { return board.options_.ranking == Ranking::kDense; }
  bool is_highest_first() const { return board.options_.order == Order::kHighestFirst; }
  bool is_better(double a, double b) const { return is_highest_first() ? a > b : a < b; }

  // The scores better than this one.
  ScoreRange better_than(double score) const {
    const ScoreBound bound{.score = score, .open = true};
    return is_highest_first() ? ScoreRange{.min = bound} : ScoreRange{.max = bound};
  }

  Result<int64_t> rank(double score) {
    INLAY_ASSIGN(const int64_t better,
                 view.zcount(is_dense() ? board.scores_key_ : board.key_, better_than(score)));
    return better + 1;
  }

  // With dense ranks, the scores that some member has. One that comes is noted before the member gets it.
  absl::Status note_coming(double after) {
    return is_dense() ? view.zadd(board.scores_key_, after, after).status() : absl::OkStatus();
  }
  absl::Status note_gone(double score) {
    if (!is_dense()) return absl::OkStatus();
    INLAY_ASSIGN(const int64_t holders, view.zcount(board.key_, ScoreRange::between(score, score)));
    return holders > 0 ? absl::OkStatus() : view.zrem(board.scores_key_, {Arg(score)}).status();
  }

  // Gives a member the score that `choose` makes of the one it has; nothing happens if it makes none.
  template <class Choose>
  absl::Status change(std::string_view member, Choose choose) {
    INLAY_ASSIGN(const std::optional<double> before, score(member));
    INLAY_ASSIGN(const std::optional<double> after, choose(before));
    if (!after.has_value()) return absl::OkStatus();
    // Normalised as the sorted set keeps it: there is one zero.
    const double kept = *after + 0.0;
    INLAY_TRY(note_coming(kept));
    if (const Result<bool> added = view.zadd(board.key_, kept, member); !added.ok()) {
      note_gone(kept).IgnoreError();
      return added.status();
    }
    return before.has_value() && *before != kept ? note_gone(*before) : absl::OkStatus();
  }

  // `count` members after the first `offset`, with ranks that begin from the first one's.
  Result<std::vector<Standing>> page(int64_t offset, int64_t count) {
    std::vector<Standing> page;
    if (count <= 0) return page;
    const int64_t last = count > INT64_MAX - offset ? INT64_MAX : offset + count - 1;
    INLAY_ASSIGN(auto members,
                 view.zrange(board.key_, RankRange{offset, last}, {.reverse = is_highest_first()}));
    if (members.empty()) return page;
    INLAY_ASSIGN(int64_t rank_now, rank(members.front().score));
    for (size_t i = 0; i < members.size(); ++i) {
      const double score = members[i].score;
      if (i > 0 && score != members[i - 1].score)
        rank_now = is_dense() ? rank_now + 1 : offset + static_cast<int64_t>(i) + 1;
      page.push_back({.member = std::move(members[i].member), .score = score, .rank = rank_now});
    }
    return page;
  }
};

Result<bool> Leaderboard::set(std::string_view member, double score) {
  return db_.atomically({key_, scores_key_}, [&](View& view) -> Result<bool> {
    bool is_new = false;
    INLAY_TRY((Step{view, *this}.change(member, [&](std::optional<double> before) -> Nullable<double> {
      is_new = !before.has_value();
      return score;
    })));
    return is_new;
  });
}

Result<bool> Leaderboard::set_best(std::string_view member, double score) {
  return db_.atomically({key_, scores_key_}, [&](View& view) -> Result<bool> {
    Step step{view, *this};
    bool is_best = false;
    INLAY_TRY(step.change(member, [&](std::optional<double> before) -> Nullable<double> {
      // A score that is no number goes on to be refused.
      is_best = !before.has_value() || step.is_better(score, *before) || score != score;
      return is_best ? std::optional(score) : std::nullopt;
    }));
    return is_best;
  });
}

Result<double> Leaderboard::add(std::string_view member, double by) {
  return db_.atomically({key_, scores_key_}, [&](View& view) -> Result<double> {
    double sum = 0;
    INLAY_TRY((Step{view, *this}.change(member, [&](std::optional<double> before) -> Nullable<double> {
      sum = before.value_or(0) + by;
      return sum;
    })));
    return sum;
  });
}

Result<bool> Leaderboard::remove(std::string_view member) {
  return db_.atomically({key_, scores_key_}, [&](View& view) -> Result<bool> {
    Step step{view, *this};
    INLAY_ASSIGN(const std::optional<double> score, step.score(member));
    if (!score.has_value()) return false;
    INLAY_TRY(view.zrem(key_, {member}));
    INLAY_TRY(step.note_gone(*score));
    return true;
  });
}

absl::Status Leaderboard::clear() { return db_.del({key_, scores_key_}).status(); }

Result<int64_t> Leaderboard::count() { return db_.zcard(key_); }

Nullable<Standing> Leaderboard::find(std::string_view member) {
  return db_.atomically({key_, scores_key_}, [&](View& view) -> Nullable<Standing> {
    Step step{view, *this};
    INLAY_ASSIGN(const std::optional<double> score, step.score(member));
    if (!score.has_value()) return std::nullopt;
    INLAY_ASSIGN(const int64_t rank, step.rank(*score));
    return Standing{.member = std::string(member), .score = *score, .rank = rank};
  });
}

Result<std::vector<Standing>> Leaderboard::page(int64_t offset, int64_t count) {
  if (offset < 0) return absl::InvalidArgumentError("a page of a leaderboard starts at 0 or after");
  return db_.atomically({key_, scores_key_}, [&](View& view) {
    return Step{view, *this}.page(offset, count);
  });
}

Result<std::vector<Standing>> Leaderboard::around(std::string_view member, int64_t neighbours) {
  if (neighbours < 0) return absl::InvalidArgumentError("a member's neighbours are none or more");
  return db_.atomically({key_, scores_key_}, [&](View& view) -> Result<std::vector<Standing>> {
    Step step{view, *this};
    INLAY_ASSIGN(const auto place,
                 step.is_highest_first() ? view.zrevrank(key_, member) : view.zrank(key_, member));
    if (!place.has_value()) return std::vector<Standing>();
    const int64_t first = neighbours > *place ? 0 : *place - neighbours;
    const int64_t after = std::min(neighbours, INT64_MAX - *place - 1);
    return step.page(first, *place - first + 1 + after);
  });
}

}  // namespace inlay
