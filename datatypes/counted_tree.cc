#include "datatypes/counted_tree.h"

#include <malloc.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <numeric>

namespace inlay {
namespace {

// Scores below, and not above, `score` among the first `count`. All are compared, so that the cache lines of a cold
// node arrive side by side and nothing is left to predict.
unsigned count_below(const double* scores, unsigned count, double score) {
  uint64_t below = 0;
  for (unsigned i = 0; i < count; ++i) below += scores[i] < score;
  return static_cast<unsigned>(below);
}

unsigned count_up_to(const double* scores, unsigned count, double score) {
  uint64_t up_to = 0;
  for (unsigned i = 0; i < count; ++i) up_to += scores[i] <= score;
  return static_cast<unsigned>(up_to);
}

template <class T>
void shift(T* values, unsigned from, unsigned to, unsigned end) {
  std::memmove(values + to, values + from, (end - from) * sizeof(T));
}

template <class T>
void copy(T* values, unsigned at, const T* others, unsigned from, unsigned width) {
  std::memcpy(values + at, others + from, width * sizeof(T));
}

}  // namespace

// The gap's entries are left to be filled in, and are counted.
void CountedTree::Leaf::open_gap(unsigned at, unsigned width) {
  shift(scores, at, at + width, count);
  shift(refs, at, at + width, count);
  count += width;
}

void CountedTree::Leaf::close_gap(unsigned at, unsigned width) {
  shift(scores, at + width, at, count);
  shift(refs, at + width, at, count);
  count -= width;
}

void CountedTree::Leaf::copy_from(unsigned at, const Leaf& other, unsigned from, unsigned width) {
  copy(scores, at, other.scores, from, width);
  copy(refs, at, other.refs, from, width);
}

void CountedTree::Inner::open_gap(unsigned at, unsigned width) {
  shift(scores, at, at + width, count);
  shift(refs, at, at + width, count);
  shift(sizes, at, at + width, count);
  shift(children, at, at + width, count);
  count += width;
}

void CountedTree::Inner::close_gap(unsigned at, unsigned width) {
  shift(scores, at + width, at, count);
  shift(refs, at + width, at, count);
  shift(sizes, at + width, at, count);
  shift(children, at + width, at, count);
  count -= width;
}

void CountedTree::Inner::copy_from(unsigned at, const Inner& other, unsigned from, unsigned width) {
  copy(scores, at, other.scores, from, width);
  copy(refs, at, other.refs, from, width);
  copy(sizes, at, other.sizes, from, width);
  copy(children, at, other.children, from, width);
}

uint32_t CountedTree::Inner::elements() const { return std::accumulate(sizes, sizes + count, uint32_t{0}); }

template <class Node>
void CountedTree::Inner::describe(unsigned at, const Node* child) {
  scores[at] = child->scores[0];
  refs[at] = child->refs[0];
  sizes[at] = child->elements();
}

CountedTree::~CountedTree() {
  if (root_ != nullptr) drop_inner_nodes(root_, height_);
}

void CountedTree::drop_inner_nodes(void* node, unsigned height) {
  if (height == 0) return;
  auto* const inner = static_cast<Inner*>(node);
  for (unsigned i = 0; height > 1 && i < inner->count; ++i) drop_inner_nodes(inner->children[i], height - 1);
  drop(inner);
}

CountedTree::Leaf* CountedTree::make_leaf() {
  auto* const leaf = static_cast<Leaf*>(leaves_.allocate(sizeof(Leaf)));
  if (leaf == nullptr) return nullptr;
  assert(leaves_.ref_of(leaf) != kNone && "a page's head precedes its blocks");
  leaf->count = 0;
  leaf->prev = leaf->next = kNone;
  return leaf;
}

CountedTree::Inner* CountedTree::make_inner() {
  auto* const inner = static_cast<Inner*>(std::malloc(sizeof(Inner)));
  if (inner == nullptr) return nullptr;
  inner->count = 0;
  inner_bytes_ += malloc_usable_size(inner);
  return inner;
}

void CountedTree::drop(Leaf* leaf) {
  Leaf* const prev = leaf_at(leaf->prev);
  Leaf* const next = leaf_at(leaf->next);
  if (prev != nullptr) prev->next = leaf->next;
  if (next != nullptr) next->prev = leaf->prev;
  leaves_.deallocate(leaf, sizeof(Leaf));
}

void CountedTree::drop(Inner* inner) {
  inner_bytes_ -= malloc_usable_size(inner);
  std::free(inner);
}

// The entries of a node that precede `bound`. In an inner node, an entry equal to `bound` does too: the element itself
// is in that child.
template <class Node>
unsigned CountedTree::entries_before(const Node& node, const Bound& bound) const {
  using Tie = Bound::Tie;
  unsigned low = 0;
  unsigned high = node.count;
  if (!bound.any_score) {
    low = count_below(node.scores, node.count, bound.score);
    if (low == node.count || node.scores[low] != bound.score || bound.tie == Tie::kFirst) return low;
    high = count_up_to(node.scores, node.count, bound.score);
    if (bound.tie == Tie::kLast) return high;
  }
  const bool with_equal = bound.tie == Tie::kPast || Node::kMax == kInnerMax;
  while (low < high) {
    const unsigned middle = (low + high) / 2;
    const int order = member_at(node.refs[middle])->bytes().compare(bound.bytes);
    if (order < 0 || (order == 0 && with_equal)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

unsigned CountedTree::child_of(const Inner& node, const Bound& bound) const {
  const unsigned before = entries_before(node, bound);
  return before == 0 ? 0 : before - 1;
}

CountedTree::Leaf* CountedTree::descend(const Bound& bound, Path& path) const {
  void* node = root_;
  path.length = 0;
  for (unsigned height = height_; height > 0; --height) {
    auto* const inner = static_cast<Inner*>(node);
    const unsigned index = child_of(*inner, bound);
    path.steps[path.length++] = {inner, index};
    node = inner->children[index];
  }
  return static_cast<Leaf*>(node);
}

// Where the leaf holds this member under this score. Equal scores are told apart without reading members.
unsigned CountedTree::index_in(const Leaf& leaf, double score, Ref ref) const {
  const unsigned first = count_below(leaf.scores, leaf.count, score);
  const Ref* const found = std::find(leaf.refs + first, leaf.refs + leaf.count, ref);
  assert(found != leaf.refs + leaf.count && "the tree holds every member under its score");
  return static_cast<unsigned>(found - leaf.refs);
}

size_t CountedTree::rank(const MemberBlock* member) const {
  Path path;
  const Leaf* const leaf = descend(at_member(member, member->score()), path);
  size_t rank = index_in(*leaf, member->score(), members_->ref_of(member));
  for (unsigned i = 0; i < path.length; ++i) {
    const Path::Step& step = path.steps[i];
    rank += std::accumulate(step.node->sizes, step.node->sizes + step.index, uint32_t{0});
  }
  return rank;
}

size_t CountedTree::count_before(const Bound& bound) const {
  if (root_ == nullptr) return 0;
  Path path;
  const Leaf* const leaf = descend(bound, path);
  size_t before = entries_before(*leaf, bound);
  for (unsigned i = 0; i < path.length; ++i) {
    const Path::Step& step = path.steps[i];
    before += std::accumulate(step.node->sizes, step.node->sizes + step.index, uint32_t{0});
  }
  return before;
}

CountedTree::Place CountedTree::place_of(size_t rank) const {
  assert(rank < size_ && "a rank is below the size");
  const void* node = root_;
  for (unsigned height = height_; height > 0; --height) {
    const auto* const inner = static_cast<const Inner*>(node);
    unsigned index = 0;
    while (rank >= inner->sizes[index]) rank -= inner->sizes[index++];
    node = inner->children[index];
  }
  return {static_cast<const Leaf*>(node), static_cast<unsigned>(rank)};
}

const MemberBlock* CountedTree::at(size_t rank) const {
  const Place place = place_of(rank);
  return member_at(place.leaf->refs[place.index]);
}

void CountedTree::put(Leaf* leaf, unsigned at, double score, Ref ref) {
  leaf->open_gap(at, 1);
  leaf->scores[at] = score;
  leaf->refs[at] = ref;
}

// Carries a leaf's new first element and size up to the root.
void CountedTree::settle(const Path& path, const Leaf* leaf, int added) {
  double score = leaf->scores[0];
  Ref ref = leaf->refs[0];
  for (unsigned i = path.length; i-- > 0;) {
    const auto [node, index] = path.steps[i];
    node->sizes[index] += static_cast<uint32_t>(added);
    node->scores[index] = score;
    node->refs[index] = ref;
    score = node->scores[0];
    ref = node->refs[0];
  }
}

bool CountedTree::insert(const MemberBlock* member, double score) {
  if (root_ == nullptr && (root_ = make_leaf()) == nullptr) return false;
  const Bound bound = at_member(member, score);
  Path path;
  Leaf* leaf = descend(bound, path);
  if (leaf->count == kLeafMax) {
    if (!make_room(bound)) return false;
    leaf = descend(bound, path);
  }
  put(leaf, entries_before(*leaf, bound), score, members_->ref_of(member));
  settle(path, leaf, 1);
  ++size_;
  return true;
}

bool CountedTree::move(const MemberBlock* member, double from, double to) {
  const Ref ref = members_->ref_of(member);
  const Bound bound = at_member(member, to);
  Path source_path;
  Path target_path;
  Leaf* const source = descend(at_member(member, from), source_path);
  Leaf* const target = descend(bound, target_path);
  const unsigned index = index_in(*source, from, ref);
  unsigned wanted = entries_before(*target, bound);
  if (source == target) {
    if (wanted > index) --wanted;
    source->close_gap(index, 1);
    put(source, wanted, to, ref);
    settle(source_path, source, 0);
    return true;
  }
  if (target->count == kLeafMax) {
    // Under both scores for a moment, so that nothing is lost if memory is.
    if (!insert(member, to)) return false;
    erase(member, from);
    return true;
  }
  put(target, wanted, to, ref);
  settle(target_path, target, 1);
  source->close_gap(index, 1);
  settle_erased(source_path, source, 1);
  return true;
}

// Makes the leaf that `bound` leads to, which is full, have room: full nodes on the way are split from the root down,
// so that every step leaves a valid tree.
bool CountedTree::make_room(const Bound& bound) {
  if (height_ == 0 || static_cast<Inner*>(root_)->count == kInnerMax) {
    if (!grow_root()) return false;
  }
  auto* node = static_cast<Inner*>(root_);
  bool first = true;
  bool last = true;
  for (unsigned height = height_; height > 1; --height) {
    unsigned index = child_of(*node, bound);
    first = first && index == 0;
    last = last && index + 1 == node->count;
    const auto* const child = static_cast<Inner*>(node->children[index]);
    if (child->count == kInnerMax) {
      const unsigned below = child_of(*child, bound);
      const unsigned at = last && below == kInnerMax - 1 ? kInnerMax - 1
                          : first && below == 0          ? 1
                                                         : kInnerMax / 2;
      if (!split_inner(node, index, at)) return false;
      if (below >= at) ++index;
    }
    node = static_cast<Inner*>(node->children[index]);
  }
  return relieve_leaf(node, child_of(*node, bound), bound);
}

bool CountedTree::grow_root() {
  assert(height_ < kHeightMax && "31-bit names have no room for higher trees");
  Inner* const root = make_inner();
  if (root == nullptr) return false;
  root->count = 1;
  root->children[0] = root_;
  if (height_ == 0) {
    root->describe(0, static_cast<Leaf*>(root_));
  } else {
    root->describe(0, static_cast<Inner*>(root_));
  }
  root_ = root;
  ++height_;
  return true;
}

bool CountedTree::relieve_leaf(Inner* parent, unsigned index, const Bound& bound) {
  const auto* const leaf = static_cast<Leaf*>(parent->children[index]);
  const unsigned at = entries_before(*leaf, bound);
  if (leaf->next == kNone && at == kLeafMax) return split_leaf(parent, index, kLeafMax - 1);
  if (leaf->prev == kNone && at == 0) return split_leaf(parent, index, 1);
  constexpr uint32_t kRoomy = kLeafMax * 7 / 9;
  if (index + 1 < parent->count && parent->sizes[index + 1] <= kRoomy) {
    share<Leaf>(parent, index);
    return true;
  }
  if (index > 0 && parent->sizes[index - 1] <= kRoomy) {
    share<Leaf>(parent, index - 1);
    return true;
  }
  return split_leaf(parent, index, kLeafMax / 2);
}

// Moves the entries from `at` on into a new child to the right. The parent has room for it.
bool CountedTree::split_leaf(Inner* parent, unsigned index, unsigned at) {
  auto* const left = static_cast<Leaf*>(parent->children[index]);
  Leaf* const right = make_leaf();
  if (right == nullptr) return false;
  right->prev = leaves_.ref_of(left);
  right->next = left->next;
  left->next = leaves_.ref_of(right);
  if (Leaf* const after = leaf_at(right->next)) after->prev = left->next;
  right->count = left->count - at;
  right->copy_from(0, *left, at, right->count);
  left->count = at;
  parent->open_gap(index + 1, 1);
  parent->children[index + 1] = right;
  parent->describe(index, left);
  parent->describe(index + 1, right);
  return true;
}

bool CountedTree::split_inner(Inner* parent, unsigned index, unsigned at) {
  auto* const left = static_cast<Inner*>(parent->children[index]);
  Inner* const right = make_inner();
  if (right == nullptr) return false;
  right->count = left->count - at;
  right->copy_from(0, *left, at, right->count);
  left->count = at;
  parent->open_gap(index + 1, 1);
  parent->children[index + 1] = right;
  parent->describe(index, left);
  parent->describe(index + 1, right);
  return true;
}

// Makes a child and the one to its right equally long.
template <class Node>
void CountedTree::share(Inner* parent, unsigned left_index) {
  auto* const left = static_cast<Node*>(parent->children[left_index]);
  auto* const right = static_cast<Node*>(parent->children[left_index + 1]);
  const unsigned wanted = (left->count + right->count) / 2;
  if (left->count > wanted) {
    const unsigned moved = left->count - wanted;
    right->open_gap(0, moved);
    right->copy_from(0, *left, wanted, moved);
    left->count = wanted;
  } else {
    const unsigned moved = wanted - left->count;
    left->copy_from(left->count, *right, 0, moved);
    left->count = wanted;
    right->close_gap(0, moved);
  }
  parent->describe(left_index, left);
  parent->describe(left_index + 1, right);
}

// Joins a child that has become thin with a neighbour, or lets it have some of the neighbour's entries.
template <class Node>
void CountedTree::thicken(Inner* parent, unsigned index) {
  if (parent->count < 2) return;
  const unsigned left_index = index + 1 < parent->count ? index : index - 1;
  auto* const left = static_cast<Node*>(parent->children[left_index]);
  auto* const right = static_cast<Node*>(parent->children[left_index + 1]);
  if (left->count + right->count > Node::kMax * 7 / 8) return share<Node>(parent, left_index);
  left->copy_from(left->count, *right, 0, right->count);
  left->count += right->count;
  drop(right);
  parent->close_gap(left_index + 1, 1);
  parent->describe(left_index, left);
}

void CountedTree::erase(const MemberBlock* member, double score) {
  Path path;
  Leaf* const leaf = descend(at_member(member, score), path);
  leaf->close_gap(index_in(*leaf, score, members_->ref_of(member)), 1);
  --size_;
  settle_erased(path, leaf, 1);
}

void CountedTree::erase_run(size_t rank, size_t count, absl::FunctionRef<void(MemberBlock*)> dispose) {
  while (count > 0) {
    Path path;
    void* node = root_;
    size_t at = rank;
    for (unsigned height = height_; height > 0; --height) {
      auto* const inner = static_cast<Inner*>(node);
      unsigned index = 0;
      while (at >= inner->sizes[index]) at -= inner->sizes[index++];
      path.steps[path.length++] = {inner, index};
      node = inner->children[index];
    }
    auto* const leaf = static_cast<Leaf*>(node);
    const auto first = static_cast<unsigned>(at);
    const auto erased = static_cast<unsigned>(std::min<size_t>(count, leaf->count - first));
    for (unsigned i = first; i < first + erased; ++i) prefetch_member(leaf->refs[i]);
    for (unsigned i = first; i < first + erased; ++i)
      dispose(static_cast<MemberBlock*>(members_->at(leaf->refs[i])));
    leaf->close_gap(first, erased);
    size_ -= erased;
    count -= erased;
    settle_erased(path, leaf, erased);
  }
}

// Carries a loss of elements up to the root, dropping empty nodes and thickening thin ones.
void CountedTree::settle_erased(const Path& path, Leaf* leaf, unsigned erased) {
  if (height_ == 0) {
    if (leaf->count != 0) return;
    drop(leaf);
    root_ = nullptr;
    return;
  }
  if (leaf->count >= kLeafMax / 4) return settle(path, leaf, -static_cast<int>(erased));
  auto [node, index] = path.steps[path.length - 1];
  if (leaf->count == 0) {
    drop(leaf);
    node->close_gap(index, 1);
  } else {
    node->describe(index, leaf);
    thicken<Leaf>(node, index);
  }
  for (unsigned i = path.length - 1; i-- > 0;) {
    const auto [parent, at] = path.steps[i];
    if (node->count == 0) {
      drop(node);
      parent->close_gap(at, 1);
    } else {
      parent->describe(at, node);
      if (node->count < kInnerMax / 4) thicken<Inner>(parent, at);
    }
    node = parent;
  }
  shorten_root();
}

void CountedTree::shorten_root() {
  while (height_ > 0) {
    auto* const root = static_cast<Inner*>(root_);
    if (root->count > 1) return;
    root_ = root->count == 0 ? nullptr : root->children[0];
    height_ = root_ == nullptr ? 0 : height_ - 1;
    drop(root);
  }
}

bool CountedTree::check(const void* node, unsigned height, size_t* elements, const Leaf** last) const {
  if (height > 0) {
    const auto* const inner = static_cast<const Inner*>(node);
    if (inner->count == 0 || inner->count > kInnerMax) return false;
    for (unsigned i = 0; i < inner->count; ++i) {
      const size_t before = *elements;
      if (!check(inner->children[i], height - 1, elements, last)) return false;
      if (*elements - before != inner->sizes[i]) return false;
      const MemberBlock* first = at(before);
      if (first != member_at(inner->refs[i]) || first->score() != inner->scores[i]) return false;
    }
    return true;
  }
  const auto* const leaf = static_cast<const Leaf*>(node);
  if (leaf->count == 0 || leaf->count > kLeafMax || leaf_at(leaf->prev) != *last) return false;
  if (*last != nullptr && leaf_at((*last)->next) != leaf) return false;
  const MemberBlock* before = nullptr;
  if (*last != nullptr) before = member_at((*last)->refs[(*last)->count - 1]);
  for (unsigned i = 0; i < leaf->count; ++i) {
    const MemberBlock* const member = member_at(leaf->refs[i]);
    if (member->score() != leaf->scores[i]) return false;
    if (before != nullptr && (before->score() > member->score() ||
                              (before->score() == member->score() && before->bytes() >= member->bytes()))) {
      return false;
    }
    before = member;
  }
  *elements += leaf->count;
  *last = leaf;
  return true;
}

bool CountedTree::check_invariants() const {
  if (root_ == nullptr) return size_ == 0 && height_ == 0 && inner_bytes_ == 0;
  size_t elements = 0;
  const Leaf* last = nullptr;
  return check(root_, height_, &elements, &last) && elements == size_ && last->next == kNone;
}

}  // namespace inlay
