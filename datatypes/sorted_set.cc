#include "inlay/datatypes/sorted_set.h"

#include <malloc.h>

#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "datatypes/counted_tree.h"
#include "datatypes/equal_bytes.h"
#include "inlay/datatypes/tag_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace inlay {
namespace {

// Where a walk over a block takes longer than the tables, whatever the limits say.
constexpr size_t kPackedElementsMax = 256;
constexpr size_t kPackedBytesMax = 16384;

// A score as an element: an integer where it equals one, else the bytes of the double.
class ScoreElement {
 public:
  explicit ScoreElement(double score) : score_(score) {}
  Element element() const {
    constexpr double kLimit = 9223372036854775808.0;  // 2^63
    if (score_ >= -kLimit && score_ < kLimit && score_ == std::trunc(score_))
      return Element(static_cast<int64_t>(score_));
    return Element(std::string_view(reinterpret_cast<const char*>(&score_), sizeof score_));
  }

 private:
  double score_;
};

double score_of(const Element& element) {
  if (element.is_integer()) return static_cast<double>(element.integer());
  double score;
  std::memcpy(&score, element.bytes().data(), sizeof score);
  return score;
}

// An element of a packed set; `end` is the position after it.
struct Pair {
  Element member;
  double score;
  Packed::Position end;

  Pair(const Packed& packed, Packed::Position at)
      : member(packed.at(at)),
        score(score_of(packed.at(packed.next(at)))),
        end(packed.next(packed.next(at))) {}
  bool precedes(double other_score, std::string_view other) const {
    if (score != other_score) return score < other_score;
    char scratch[kInt64TextMax];
    return member.text(scratch) < other;
  }
};

// The elements at the front for which `precedes(pair)` holds.
template <class Precedes>
size_t count_while(const Packed& packed, Precedes&& precedes) {
  size_t count = 0;
  for (auto at = packed.begin(); at != packed.end(); ++count) {
    const Pair pair(packed, at);
    if (!precedes(pair)) break;
    at = pair.end;
  }
  return count;
}

// The position of the first element that does not precede (score, member).
Packed::Position place_for(const Packed& packed, double score, std::string_view member) {
  auto at = packed.begin();
  while (at != packed.end()) {
    const Pair pair(packed, at);
    if (!pair.precedes(score, member)) break;
    at = pair.end;
  }
  return at;
}

}  // namespace

struct SortedSet::Large {
  Large(PagePool& pages, uint64_t seed)
      : seed(seed), slab(pages, Slab::kSmallPages), index(slab), tree(slab, pages) {}
  ~Large() {
    if (long_block_bytes == 0) return;
    index.for_each([this](void* record) {
      const size_t bytes = static_cast<MemberBlock*>(record)->block_bytes();
      if (bytes > kSlabBlockMax) slab.deallocate(record, bytes);
    });
  }

  uint64_t hash(std::string_view bytes) const {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
  }
  uint64_t hash_of(const void* record) const {
    return hash(static_cast<const MemberBlock*>(record)->bytes());
  }
  auto hasher() const {
    return [this](const void* record) { return hash_of(record); };
  }

  MemberBlock* find(std::string_view bytes) const { return find(hash(bytes), bytes); }
  MemberBlock* find(uint64_t hash, std::string_view bytes) const {
    return static_cast<MemberBlock*>(index.find_record(hash, [bytes](const void* record) {
      return equal_bytes(static_cast<const MemberBlock*>(record)->bytes(), bytes);
    }));
  }

  /// Adds an absent member; false when memory is exhausted.
  bool add(uint64_t hash, std::string_view bytes, double score);
  /// Removes a member from the index and frees it.
  void drop(MemberBlock* member);

  size_t memory_usage() const {
    return slab.page_bytes() + long_block_bytes + index.memory_usage() + tree.memory_usage();
  }

  uint64_t seed;
  size_t long_block_bytes = 0;  // What blocks over kSlabBlockMax take beyond the slab's pages.
  Slab slab;
  TagIndex index;
  CountedTree tree;

 private:
  void* allocate(size_t bytes);
  void deallocate(void* block, size_t bytes);
  size_t bytes_off_pages(const void* block, size_t bytes) const {
    return bytes <= kSlabBlockMax ? 0 : slab.occupied(block, bytes) - Slab::rounded(sizeof(void*));
  }
};

void* SortedSet::Large::allocate(size_t bytes) {
  void* const block = slab.allocate(bytes);
  if (block != nullptr) long_block_bytes += bytes_off_pages(block, bytes);
  return block;
}

void SortedSet::Large::deallocate(void* block, size_t bytes) {
  long_block_bytes -= bytes_off_pages(block, bytes);
  slab.deallocate(block, bytes);
}

bool SortedSet::Large::add(uint64_t hash, std::string_view bytes, double score) {
  if (bytes.size() > std::numeric_limits<uint32_t>::max()) return false;
  void* const block = allocate(MemberBlock::block_bytes(bytes.size()));
  if (block == nullptr) return false;
  auto* const member = MemberBlock::create(block, score, bytes);
  if (tree.insert(member, score)) {
    if (index.insert(hash, member, hasher())) return true;
    tree.erase(member, score);
  }
  deallocate(block, member->block_bytes());
  return false;
}

void SortedSet::Large::drop(MemberBlock* member) {
  const uint64_t hash = hash_of(member);
  index.erase(index.find(hash, [member](const void* record) { return record == member; }), hash);
  deallocate(member, member->block_bytes());
}

SortedSet::SortedSet(PagePool& pages, uint64_t seed) : pages_(&pages), seed_(seed) {}
SortedSet::~SortedSet() = default;

SortedSet::SortedSet(SortedSet&& other) noexcept : SortedSet(*other.pages_, other.seed_) { swap(other); }

SortedSet& SortedSet::operator=(SortedSet&& other) noexcept {
  SortedSet taken(std::move(other));
  swap(taken);
  return *this;
}

void SortedSet::swap(SortedSet& other) noexcept {
  std::swap(pages_, other.pages_);
  std::swap(seed_, other.seed_);
  packed_.swap(other.packed_);
  large_.swap(other.large_);
  std::swap(small_, other.small_);
}

SortedSet SortedSet::borrow(PagePool& pages, uint64_t seed, std::string_view block) {
  SortedSet set(pages, seed);
  set.packed_ = Packed::borrow(block);
  return set;
}

size_t SortedSet::size() const { return large_ != nullptr ? large_->tree.size() : packed_.size() / 2; }

size_t SortedSet::memory_usage() const {
  if (large_ == nullptr) return packed_.memory_usage();
  return malloc_usable_size(large_.get()) + large_->memory_usage();
}

bool SortedSet::outgrows(std::string_view member, const Limits& limits) const {
  return size() >= limits.packed_entries || member.size() > limits.packed_value_bytes;
}

SortedSet::Put SortedSet::put(std::string_view member, double score, const Limits& limits) {
  assert(!std::isnan(score) && "scores are ordered");
  if (score == 0) score = 0;  // -0.0 is no score of its own.
  if (large_ != nullptr) return put_large(member, score, limits);
  const Packed::Position present = find_packed(member);
  if (present != packed_.end()) return rescore_packed(present, member, score);
  const bool fits = small_ && !outgrows(member, limits) && size() < kPackedElementsMax &&
                    packed_.bytes().size() + member.size() < kPackedBytesMax;
  if (!fits) return make_large() ? put_large(member, score, limits) : Put::kOutOfMemory;
  return insert_packed(place_for(packed_, score, member), member, score) ? Put::kAdded : Put::kOutOfMemory;
}

// The member's position; the end if it is absent.
Packed::Position SortedSet::find_packed(std::string_view member) const {
  return packed_.empty() ? packed_.end() : packed_.find(Element::parse(member), 2);
}

bool SortedSet::insert_packed(Packed::Position at, std::string_view member, double score) {
  const ScoreElement score_element(score);
  const Element pair[] = {Element::parse(member), score_element.element()};
  return packed_.insert(at, pair);
}

SortedSet::Put SortedSet::rescore_packed(Packed::Position at, std::string_view member, double score) {
  const Pair present(packed_, at);
  if (present.score == score) return Put::kSame;
  Packed::Position wanted = place_for(packed_, score, member);
  // While an element moves up it precedes its own place.
  if (wanted == at || wanted == present.end) {
    const ScoreElement score_element(score);
    const bool done = packed_.replace(packed_.next(at), score_element.element());
    return done ? Put::kUpdated : Put::kOutOfMemory;
  }
  // The new pair goes in before the old one leaves, so that nothing is lost if memory is.
  const size_t bytes_before = packed_.bytes().size();
  if (!insert_packed(wanted, member, score)) return Put::kOutOfMemory;
  if (wanted < at) at += static_cast<Packed::Position>(packed_.bytes().size() - bytes_before);
  const bool erased = packed_.erase(at, 2);
  assert(erased && "the block is our own by now");
  (void)erased;
  return Put::kUpdated;
}

SortedSet::Put SortedSet::put_large(std::string_view member, double score, const Limits& limits) {
  const uint64_t hash = large_->hash(member);
  if (MemberBlock* const present = large_->find(hash, member)) {
    if (present->score() == score) return Put::kSame;
    if (!large_->tree.move(present, present->score(), score)) return Put::kOutOfMemory;
    present->set_score(score);
    return Put::kUpdated;
  }
  const bool outgrown = outgrows(member, limits);
  if (!large_->add(hash, member, score)) return Put::kOutOfMemory;
  small_ = small_ && !outgrown;
  return Put::kAdded;
}

bool SortedSet::make_large() {
  std::unique_ptr<Large> large(new (std::nothrow) Large(*pages_, seed_));
  if (large == nullptr) return false;
  for (auto at = packed_.begin(); at != packed_.end();) {
    const Pair pair(packed_, at);
    char scratch[kInt64TextMax];
    const std::string_view member = pair.member.text(scratch);
    if (!large->add(large->hash(member), member, pair.score)) return false;
    at = pair.end;
  }
  large_ = std::move(large);
  packed_ = Packed();
  return true;
}

SortedSet::Erased SortedSet::erase(std::string_view member) {
  if (large_ == nullptr) {
    const Packed::Position at = find_packed(member);
    if (at == packed_.end()) return Erased::kAbsent;
    return packed_.erase(at, 2) ? Erased::kErased : Erased::kOutOfMemory;
  }
  MemberBlock* const present = large_->find(member);
  if (present == nullptr) return Erased::kAbsent;
  large_->tree.erase(present, present->score());
  large_->drop(present);
  return Erased::kErased;
}

bool SortedSet::erase(Range ranks) {
  if (ranks.empty()) return true;
  assert(ranks.last <= size() && "ranks are below the size");
  if (large_ == nullptr) return packed_.erase(packed_.nth(2 * ranks.first), 2 * ranks.size());
  if (ranks.size() == size()) {
    large_.reset();
  } else {
    large_->tree.erase_run(ranks.first, ranks.size(), [&](MemberBlock* member) { large_->drop(member); });
  }
  return true;
}

std::optional<double> SortedSet::score(std::string_view member) const {
  if (large_ != nullptr) {
    const MemberBlock* const present = large_->find(member);
    if (present == nullptr) return std::nullopt;
    return present->score();
  }
  const Packed::Position at = find_packed(member);
  if (at == packed_.end()) return std::nullopt;
  return Pair(packed_, at).score;
}

std::optional<size_t> SortedSet::rank(std::string_view member, double* score) const {
  if (large_ != nullptr) {
    const MemberBlock* const present = large_->find(member);
    if (present == nullptr) return std::nullopt;
    if (score != nullptr) *score = present->score();
    return large_->tree.rank(present);
  }
  const Element wanted = Element::parse(member);
  const size_t before = count_while(packed_, [&](const Pair& pair) {
    if (score != nullptr) *score = pair.score;
    return !(pair.member == wanted);
  });
  if (before == size()) return std::nullopt;
  return before;
}

// The elements with a score below this one, or this one too.
size_t SortedSet::count_below(double score, bool and_equal) const {
  if (large_ != nullptr) {
    using Tie = CountedTree::Bound::Tie;
    return large_->tree.count_before({score, and_equal ? Tie::kLast : Tie::kFirst});
  }
  return count_while(
      packed_, [&](const Pair& pair) { return pair.score < score || (and_equal && pair.score == score); });
}

// The elements with a member below this one, or this one too.
size_t SortedSet::count_below_lex(std::string_view member, bool and_equal) const {
  if (large_ != nullptr) {
    using Tie = CountedTree::Bound::Tie;
    return large_->tree.count_before({0, and_equal ? Tie::kPast : Tie::kAt, true, member});
  }
  return count_while(packed_, [&](const Pair& pair) {
    char scratch[kInt64TextMax];
    const int order = pair.member.text(scratch).compare(member);
    return order < 0 || (and_equal && order == 0);
  });
}

SortedSet::Range SortedSet::score_range(ScoreBound min, ScoreBound max) const {
  if (min.score > max.score) return {};
  return {count_below(min.score, min.open), count_below(max.score, !max.open)};
}

SortedSet::Range SortedSet::lex_range(LexBound min, LexBound max) const {
  const auto below = [&](const LexBound& bound, LexBound::Kind past) {
    if (bound.kind == LexBound::Kind::kLeast) return size_t{0};
    if (bound.kind == LexBound::Kind::kGreatest) return size();
    return count_below_lex(bound.member, bound.kind == past);
  };
  return {below(min, LexBound::Kind::kOpen), below(max, LexBound::Kind::kClosed)};
}

void SortedSet::visit(Range ranks, Order order, Visit visit) const {
  if (ranks.empty()) return;
  assert(ranks.last <= size() && "ranks are below the size");
  if (large_ != nullptr) {
    const auto pass = [&](const MemberBlock* member, double score) { visit(member->bytes(), score); };
    if (order == Order::kAscending) {
      large_->tree.visit_up(ranks.first, ranks.size(), pass);
    } else {
      large_->tree.visit_down(ranks.last - 1, ranks.size(), pass);
    }
    return;
  }
  const auto visit_at = [&](Packed::Position at) {
    const Pair pair(packed_, at);
    char scratch[kInt64TextMax];
    visit(pair.member.text(scratch), pair.score);
    return pair.end;
  };
  Packed::Position at = packed_.nth(2 * ranks.first);
  if (order == Order::kAscending) {
    for (size_t i = 0; i < ranks.size(); ++i) at = visit_at(at);
    return;
  }
  Packed::Position places[kPackedElementsMax];
  for (size_t i = 0; i < ranks.size(); ++i) {
    places[i] = at;
    at = packed_.next(packed_.next(at));
  }
  for (size_t i = ranks.size(); i-- > 0;) visit_at(places[i]);
}

uint32_t SortedSet::scan(uint32_t cursor, size_t count, Visit visit) const {
  if (large_ == nullptr) {
    for_each(visit);
    return 0;
  }
  return large_->index.scan(cursor, count, large_->hasher(), [&](void* record) {
    const auto* const member = static_cast<const MemberBlock*>(record);
    visit(member->bytes(), member->score());
  });
}

void SortedSet::sample(absl::FunctionRef<uint64_t()> random, Visit visit) const {
  if (empty()) return;
  if (large_ == nullptr) {
    const size_t rank = random() % size();
    return this->visit({rank, rank + 1}, Order::kAscending, visit);
  }
  const auto* const member = static_cast<const MemberBlock*>(large_->index.sample(random));
  visit(member->bytes(), member->score());
}

bool SortedSet::copy_to(SortedSet& empty) const {
  assert(empty.empty() && "a copy goes into an empty set");
  empty.small_ = small_;
  if (large_ == nullptr) {
    if (packed_.empty()) return true;
    Packed copy = Packed::borrow(packed_.bytes());
    // Any change makes the block its own.
    if (!copy.replace(copy.begin(), packed_.at(packed_.begin()))) return false;
    empty.packed_ = std::move(copy);
    return true;
  }
  if (!empty.make_large()) return false;
  Large& target = *empty.large_;
  bool complete = true;
  large_->tree.visit_up(0, size(), [&](const MemberBlock* member, double score) {
    complete = complete && target.add(target.hash(member->bytes()), member->bytes(), score);
  });
  return complete;
}

bool SortedSet::check_invariants() const {
  if (large_ != nullptr) {
    if (!packed_.empty() || large_->index.size() != large_->tree.size()) return false;
    size_t in_both = 0;
    size_t block_bytes = 0;
    large_->tree.visit_up(0, size(), [&](const MemberBlock* member, double score) {
      in_both += large_->find(member->bytes()) == member && (score != 0 || !std::signbit(score));
      block_bytes += large_->slab.occupied(member, member->block_bytes());
    });
    return in_both == size() && block_bytes == large_->slab.bytes() && large_->slab.check_invariants() &&
           large_->index.check_invariants(large_->hasher()) && large_->tree.check_invariants();
  }
  if (!packed_.check_invariants() || packed_.size() % 2 != 0 || size() > kPackedElementsMax) return false;
  double last_score = -std::numeric_limits<double>::infinity();
  std::string last;
  for (auto at = packed_.begin(); at != packed_.end();) {
    const Pair pair(packed_, at);
    const Element score = packed_.at(packed_.next(at));
    if (!(score == ScoreElement(pair.score).element())) return false;
    const std::string member = pair.member.to_string();
    if (!(Element::parse(member) == pair.member)) return false;
    const bool first = at == packed_.begin();
    if (!first && (last_score > pair.score || (last_score == pair.score && last >= member))) return false;
    last_score = pair.score;
    last = member;
    at = pair.end;
  }
  return true;
}

}  // namespace inlay
