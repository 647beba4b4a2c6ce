// SortedSet: members with scores, found by member, by score, by rank, and walked in order.
//
// Use it for leaderboards, queues by time, and indexes over scores or names. Elements stand in order of score, those of
// one score in order of bytes (as memcmp has it). Every range is a range of ranks: score_range() and lex_range() find it,
// visit() walks it and erase() removes it.
//
//   small   one Packed    | member | score | member | score | ...          in order; a score is an integer or 8 bytes
//
//   large   TagIndex  --Ref-->  | score, 8 | length, 4 | member |  <--Ref--  CountedTree, a B+-tree with counts
//           member to block       in a Slab                                    leaves of (score, Ref), in order
//
// A set turns large, for good, when it outgrows Limits, which are Redis's; is_small() says whether it has. A set within
// large limits is kept as a large one all the same once its block would be slow to walk.
//
// Budget per element of 12 bytes: small 14 to 22; large 24 for the block, 9 to 11 in the index and 13 (loaded in order)
// to 17 (at random) in the tree, 47 to 52 in all.
//
// Invariants
//   1. Members are distinct; no score is NaN, and none is -0.0, which is kept as 0.
//   2. The packed elements ascend by (score, member); a score is an integer wherever it equals one.
//   3. The index and the tree of a large set hold the same blocks, and a leaf's score is its block's.
//
// Complexity: small O(bytes). Large: put, erase, rank, a range's ends O(log n); score O(1); walking O(1) per element.
// No call pays for all elements at once, but the one that turns a small set into a large one, and dropping a set, O(pages).
// Thread safety: thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "inlay/datatypes/packed.h"
#include "inlay/datatypes/slab.h"

namespace inlay {

class SortedSet {
 public:
  /// When a set stops being small; the defaults are Redis's.
  struct Limits {
    size_t packed_entries = 128;     // zset-max-listpack-entries
    size_t packed_value_bytes = 64;  // zset-max-listpack-value
  };

  /// The ranks from `first` up to, not including, `last`; none unless first < last.
  struct Range {
    size_t first = 0;
    size_t last = 0;
    bool empty() const { return first >= last; }
    size_t size() const { return empty() ? 0 : last - first; }
    bool operator==(const Range&) const = default;
  };
  struct ScoreBound {
    double score = 0;
    bool open = false;  // Leaves out elements of exactly this score.
  };
  struct LexBound {
    enum class Kind : uint8_t { kLeast, kClosed, kOpen, kGreatest };  // "-", "[member", "(member", "+"
    Kind kind = Kind::kLeast;
    std::string_view member = {};
  };
  enum class Order : uint8_t { kAscending, kDescending };

  enum class Put : uint8_t { kAdded, kUpdated, kSame, kOutOfMemory };
  enum class Erased : uint8_t { kErased, kAbsent, kOutOfMemory };

  /// Receives an element; `member` is good until it returns. It must not change the set.
  using Visit = absl::FunctionRef<void(std::string_view member, double score)>;

  /// An empty set. `pages` must outlive it; `seed` is the hash's.
  SortedSet(PagePool& pages, uint64_t seed);
  ~SortedSet();
  SortedSet(SortedSet&& other) noexcept;
  SortedSet& operator=(SortedSet&& other) noexcept;
  void swap(SortedSet& other) noexcept;

  /// A small set over another's packed_bytes(), which stay unchanged for as long as they are borrowed.
  static SortedSet borrow(PagePool& pages, uint64_t seed, std::string_view block);
  /// Whether nothing was changed since borrow().
  bool borrowed() const { return packed_.borrowed(); }
  /// Whether the whole set is packed_bytes(), from which borrow() would restore it.
  bool is_packed() const { return large_ == nullptr && small_; }
  std::string_view packed_bytes() const { return packed_.bytes(); }
  /// Whether the set is within the limits it was filled under: what Redis calls "listpack", else "skiplist".
  bool is_small() const { return small_; }

  size_t size() const;
  bool empty() const { return size() == 0; }
  /// Bytes of the heap and of the pool's pages held beyond sizeof(SortedSet). O(1).
  size_t memory_usage() const;

  // The changes. On kOutOfMemory or false nothing has changed; only a borrowed set can run out while erasing.

  /// Adds a member or changes its score. `score` must not be NaN.
  [[nodiscard]] Put put(std::string_view member, double score, const Limits& limits);
  [[nodiscard]] Erased erase(std::string_view member);
  /// Removes the elements of a range of ranks, each below size().
  [[nodiscard]] bool erase(Range ranks);

  /// The member's score, or nothing if it is absent.
  std::optional<double> score(std::string_view member) const;
  bool contains(std::string_view member) const { return score(member).has_value(); }
  /// The number of elements before the member, or nothing if it is absent. Its score goes to `score`, if given.
  std::optional<size_t> rank(std::string_view member, double* score = nullptr) const;

  /// The elements from `min` to `max`.
  Range score_range(ScoreBound min, ScoreBound max) const;
  /// The elements whose members are from `min` to `max`. Meant for sets whose scores are all equal; else the result is
  /// some range.
  Range lex_range(LexBound min, LexBound max) const;

  /// Visits a range of ranks, each below size(), from the first up or from the last down.
  void visit(Range ranks, Order order, Visit visit) const;
  /// Visits all elements, ascending.
  void for_each(Visit visit) const { this->visit({0, size()}, Order::kAscending, visit); }

  /// Visits elements in steps: at least `count` of them from `cursor` on (0 to begin), in no order. Returns the cursor
  /// to go on from, 0 at the end. An element present throughout a scan is visited; a small set is visited whole.
  uint32_t scan(uint32_t cursor, size_t count, Visit visit) const;
  /// Visits one element drawn uniformly, none if the set is empty; `random()` yields uniform 64-bit numbers.
  void sample(absl::FunctionRef<uint64_t()> random, Visit visit) const;

  /// Copies all into an empty set of any pool. False when memory is exhausted: `empty` is to be dropped then.
  [[nodiscard]] bool copy_to(SortedSet& empty) const;

  bool check_invariants() const;

 private:
  struct Large;

  bool insert_packed(Packed::Position at, std::string_view member, double score);
  Put rescore_packed(Packed::Position at, std::string_view member, double score);
  Put put_large(std::string_view member, double score, const Limits& limits);
  bool outgrows(std::string_view member, const Limits& limits) const;
  bool make_large();
  Packed::Position find_packed(std::string_view member) const;
  size_t count_below(double score, bool and_equal) const;
  size_t count_below_lex(std::string_view member, bool and_equal) const;

  PagePool* pages_;
  uint64_t seed_;
  Packed packed_;
  std::unique_ptr<Large> large_;  // Null while packed_ holds the elements.
  bool small_ = true;
};

}  // namespace inlay
