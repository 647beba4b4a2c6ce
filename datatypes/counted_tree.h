// CountedTree: a B+-tree with counts over the members of a sorted set, in order of score and, within one score, of
// bytes. It finds a member's rank and a rank's member alike, so every range of a sorted set is a range of ranks.
//
//   inner, 776 bytes, malloc   | count | least scores, 32 x 8 | least refs, 32 x 4 | sizes, 32 x 4 | children, 32 x 8 |
//                                   |                                                                  |
//   leaf, 448 bytes, own Slab  | count, prev, next | scores, 36 x 8 | refs, 36 x 4 |   <-->   | next leaf ... |
//                                                                          |
//   member, the owner's Slab   | score, 8 | length, 4 | bytes |  <----------+
//
// A search compares the scores of a node all at once, in a few cache lines fetched side by side; bytes are read only
// where scores are equal. A full leaf first shares with a neighbour that has room, so leaves are about 80 % full;
// at either end of the set it splits off one element alone, so a set loaded in order has full leaves.
// Leaves go page by page when a tree is dropped; only inner nodes are freed one by one.
//
// Budget: 12.6 bytes per element in a full leaf, 16 in an average one, and 1 for the inner nodes.
//
// Invariants
//   1. Elements ascend strictly by (score, bytes) across the chain of leaves; a leaf stands at depth height_.
//   2. A child's entry holds the child's first (score, ref) and the number of elements below it.
//   3. No node is empty; the root has two children or is a leaf, unless memory ran out while it grew.
//
// Complexity: all O(log n), a run of k elements O(k + log n). Thread safety: thread-compatible.
// After: Bayer and McCreight, "Organization and maintenance of large ordered indices" (1972); Knuth 6.2.3 on ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "inlay/datatypes/slab.h"

namespace inlay {

/// A member and its score, in one block of a Slab.
class MemberBlock {
 public:
  static constexpr size_t block_bytes(size_t length) { return kHead + length; }
  /// Fills a block of block_bytes(bytes.size()) bytes.
  static MemberBlock* create(void* block, double score, std::string_view bytes) {
    auto* member = static_cast<MemberBlock*>(block);
    member->score_ = score;
    member->length_ = static_cast<uint32_t>(bytes.size());
    bytes.copy(static_cast<char*>(block) + kHead, bytes.size());
    return member;
  }

  double score() const { return score_; }
  void set_score(double score) { score_ = score; }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(this) + kHead, length_}; }
  size_t block_bytes() const { return block_bytes(length_); }

 private:
  static constexpr size_t kHead = 12;
  double score_;
  uint32_t length_;
};

class CountedTree {
 public:
  using Ref = Slab::Ref;

  /// A place between elements, or at one.
  struct Bound {
    enum class Tie : uint8_t {
      kFirst,  // Before all elements of this score,
      kLast,   // after all of them,
      kAt,     // before those whose bytes are not below `bytes`,
      kPast,   // after those whose bytes are not above.
    };
    double score = 0;
    Tie tie = Tie::kFirst;
    bool any_score = false;  // Looks at bytes alone: for sets whose scores are all equal.
    std::string_view bytes = {};
  };

  /// A tree over ScoredMembers in blocks of `members`. Both must outlive it.
  CountedTree(const Slab& members, PagePool& pages) : members_(&members), leaves_(pages) {}
  ~CountedTree();
  CountedTree(const CountedTree&) = delete;
  CountedTree& operator=(const CountedTree&) = delete;

  size_t size() const { return size_; }
  /// Bytes of inner nodes and of the pages that hold leaves.
  size_t memory_usage() const { return inner_bytes_ + leaves_.page_bytes(); }

  /// Adds a member that is absent under this score. False, with nothing changed, when memory is exhausted.
  [[nodiscard]] bool insert(const MemberBlock* member, double score);
  /// Moves a member that stands under score `from` to `to`, another one. False, with nothing changed, when memory is exhausted.
  /// The member's own score is left alone.
  [[nodiscard]] bool move(const MemberBlock* member, double from, double to);
  /// Removes a member that stands under this score.
  void erase(const MemberBlock* member, double score);
  /// Removes `count` elements from `rank` on and hands each to `dispose`, which may free it.
  void erase_run(size_t rank, size_t count, absl::FunctionRef<void(MemberBlock*)> dispose);

  /// The number of elements before a present member.
  size_t rank(const MemberBlock* member) const;
  /// The number of elements before `bound`.
  size_t count_before(const Bound& bound) const;
  /// The element of this rank, below size().
  const MemberBlock* at(size_t rank) const;
  /// Visits `count` elements from `rank` on, upward or downward; all these ranks are below size().
  template <class Visit>
  void visit_up(size_t rank, size_t count, Visit&& visit) const;
  template <class Visit>
  void visit_down(size_t rank, size_t count, Visit&& visit) const;

  bool check_invariants() const;

 private:
  static constexpr unsigned kLeafMax = 36;
  static constexpr unsigned kInnerMax = 32;
  static constexpr unsigned kHeightMax = 16;
  // How many elements ahead a walk asks for members.
  static constexpr unsigned kAhead = 12;

  struct Leaf {
    uint32_t count;
    Ref prev;  // kNone at the ends.
    Ref next;
    uint32_t unused;
    double scores[kLeafMax];
    Ref refs[kLeafMax];

    static constexpr unsigned kMax = kLeafMax;
    void open_gap(unsigned at, unsigned width);
    void close_gap(unsigned at, unsigned width);
    void copy_from(unsigned at, const Leaf& other, unsigned from, unsigned width);
    uint32_t elements() const { return count; }
  };
  static_assert(sizeof(Leaf) == 448 && sizeof(Leaf) == Slab::rounded(sizeof(Leaf)));

  struct Inner {
    uint32_t count;
    double scores[kInnerMax];
    Ref refs[kInnerMax];
    uint32_t sizes[kInnerMax];
    void* children[kInnerMax];

    static constexpr unsigned kMax = kInnerMax;
    void open_gap(unsigned at, unsigned width);
    void close_gap(unsigned at, unsigned width);
    void copy_from(unsigned at, const Inner& other, unsigned from, unsigned width);
    uint32_t elements() const;
    // Reads child `at` anew.
    template <class Node>
    void describe(unsigned at, const Node* child);
  };
  static_assert(sizeof(Inner) == 776);

  // A name that no block has: it would stand at the head of a region.
  static constexpr Ref kNone = 0;

  // The inner nodes from the root to a leaf, and the child taken in each.
  struct Path {
    struct Step {
      Inner* node;
      unsigned index;
    };
    Step steps[kHeightMax];
    unsigned length = 0;
  };

  struct Place {
    const Leaf* leaf;
    unsigned index;
  };

  const MemberBlock* member_at(Ref ref) const { return static_cast<const MemberBlock*>(members_->at(ref)); }
  Leaf* leaf_at(Ref ref) const { return ref == kNone ? nullptr : static_cast<Leaf*>(leaves_.at(ref)); }
  static Bound at_member(const MemberBlock* member, double score) {
    return {score, Bound::Tie::kAt, false, member->bytes()};
  }

  template <class Node>
  unsigned entries_before(const Node& node, const Bound& bound) const;
  unsigned child_of(const Inner& node, const Bound& bound) const;
  Leaf* descend(const Bound& bound, Path& path) const;
  Place place_of(size_t rank) const;
  unsigned index_in(const Leaf& leaf, double score, Ref ref) const;
  void prefetch_member(Ref ref) const;

  static void put(Leaf* leaf, unsigned at, double score, Ref ref);
  static void settle(const Path& path, const Leaf* leaf, int added);
  bool make_room(const Bound& bound);
  bool grow_root();
  bool relieve_leaf(Inner* parent, unsigned index, const Bound& bound);
  bool split_leaf(Inner* parent, unsigned index, unsigned at);
  bool split_inner(Inner* parent, unsigned index, unsigned at);
  template <class Node>
  static void share(Inner* parent, unsigned left_index);
  template <class Node>
  void thicken(Inner* parent, unsigned index);
  void settle_erased(const Path& path, Leaf* leaf, unsigned erased);
  void shorten_root();

  Leaf* make_leaf();
  Inner* make_inner();
  void drop(Leaf* leaf);
  void drop(Inner* inner);
  void drop_inner_nodes(void* node, unsigned height);
  bool check(const void* node, unsigned height, size_t* elements, const Leaf** last) const;

  const Slab* members_;
  Slab leaves_;
  void* root_ = nullptr;  // A Leaf where height_ is 0.
  unsigned height_ = 0;
  size_t size_ = 0;
  size_t inner_bytes_ = 0;
};

inline void CountedTree::prefetch_member(Ref ref) const {
  const char* member = static_cast<const char*>(members_->at(ref));
  __builtin_prefetch(member);
  __builtin_prefetch(member + 23);  // A short member may straddle two cache lines.
}

template <class Visit>
void CountedTree::visit_up(size_t rank, size_t count, Visit&& visit) const {
  if (count == 0) return;
  auto [leaf, index] = place_of(rank);
  const Leaf* next = leaf_at(leaf->next);
  for (unsigned i = index; i < leaf->count && i < index + kAhead; ++i) prefetch_member(leaf->refs[i]);
  for (;;) {
    if (next != nullptr) {
      const char* lines = reinterpret_cast<const char*>(next);
      for (size_t at = 0; at < sizeof(Leaf); at += 64) __builtin_prefetch(lines + at);
    }
    for (; index < leaf->count; ++index) {
      const unsigned ahead = index + kAhead;
      if (ahead < leaf->count) {
        prefetch_member(leaf->refs[ahead]);
      } else if (next != nullptr && ahead - leaf->count < next->count && count > kAhead) {
        prefetch_member(next->refs[ahead - leaf->count]);
      }
      visit(member_at(leaf->refs[index]), leaf->scores[index]);
      if (--count == 0) return;
    }
    leaf = next;
    next = leaf_at(leaf->next);
    index = 0;
  }
}

template <class Visit>
void CountedTree::visit_down(size_t rank, size_t count, Visit&& visit) const {
  if (count == 0) return;
  auto [leaf, index] = place_of(rank);
  const Leaf* prev = leaf_at(leaf->prev);
  for (unsigned i = 0; i <= index && i < kAhead; ++i) prefetch_member(leaf->refs[index - i]);
  for (;;) {
    if (prev != nullptr) {
      const char* lines = reinterpret_cast<const char*>(prev);
      for (size_t at = 0; at < sizeof(Leaf); at += 64) __builtin_prefetch(lines + at);
    }
    for (;; --index) {
      if (index >= kAhead) {
        prefetch_member(leaf->refs[index - kAhead]);
      } else if (prev != nullptr && kAhead - index <= prev->count && count > kAhead) {
        prefetch_member(prev->refs[prev->count - (kAhead - index)]);
      }
      visit(member_at(leaf->refs[index]), leaf->scores[index]);
      if (--count == 0) return;
      if (index == 0) break;
    }
    leaf = prev;
    prev = leaf_at(leaf->prev);
    index = leaf->count - 1;
  }
}

}  // namespace inlay
