// What a Set does with many members at once: random choices, and algebra over several sets.
//
// One set drives: its members come in batches, integers sorted, and each other set strikes those out that it has, or that it
// has not. Integers are struck out by merging, strings by look-ups whose memory is fetched a batch ahead.
#include <algorithm>
#include <array>
#include <cassert>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "datatypes/member_table.h"
#include "inlay/datatypes/set.h"

namespace inlay {
namespace {

// A uniform number below `bound`: a 64-bit draw leaves a bias of bound / 2^64.
size_t below(size_t bound, Set::Random random) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<size_t>(static_cast<Wide>(random()) * bound >> 64);
}

// Members of one set: equal strings are the same bytes.
struct Hash {
  size_t operator()(const Element& member) const {
    return member.is_integer() ? absl::HashOf(member.integer()) : absl::HashOf(member.bytes().data());
  }
};
struct Same {
  bool operator()(const Element& a, const Element& b) const {
    return a.is_integer() ? b.is_integer() && a.integer() == b.integer()
                          : a.bytes().data() == b.bytes().data();
  }
};

}  // namespace

Element Set::sample(Random random) const {
  assert(!empty());
  const size_t position = below(size(), random);
  if (!packed_.empty()) return packed_.at(packed_.nth(position));
  if (position < integers_.size()) return Element(integers_.at(position));
  return Element(table_->sample(random));
}

void Set::sample_distinct(size_t count, Random random, absl::FunctionRef<void(const Element&)> visit) const {
  size_t left = size();
  if (count >= left / 4) {
    // Walks over all members, each taken with the chance that leaves all choices equally likely.
    size_t wanted = std::min(count, left);
    for_each([&](const Element& member) {
      if (below(left--, random) < wanted) {
        visit(member);
        --wanted;
      }
      return wanted != 0;
    });
    return;
  }
  // Draws until enough different ones came. Members of the table are told apart by their places.
  absl::flat_hash_set<Element, Hash, Same> drawn;
  drawn.reserve(count);
  while (drawn.size() < count) {
    const auto [member, fresh] = drawn.insert(sample(random));
    if (fresh) visit(*member);
  }
}

// Visits the members in batches, which `integers` and `texts` may overwrite: integers first, sorted within a batch.
bool Set::visit_parts(absl::FunctionRef<bool(std::span<int64_t>)> integers,
                      absl::FunctionRef<bool(std::span<std::string_view>)> texts) const {
  if (packed_.empty()) {
    return integers_.visit_runs(integers) && (table_ == nullptr || table_->visit_batches(texts));
  }
  std::array<int64_t, kPackedMembersMax> numbers;
  std::array<std::string_view, kPackedMembersMax> strings;
  size_t number_count = 0;
  size_t string_count = 0;
  for (Packed::Position at = packed_.begin(); at != packed_.end(); at = packed_.next(at)) {
    const Element member = packed_.at(at);
    if (member.is_integer()) {
      numbers[number_count++] = member.integer();
    } else {
      strings[string_count++] = member.bytes();
    }
  }
  std::sort(numbers.begin(), numbers.begin() + number_count);
  return (number_count == 0 || integers(std::span(numbers).first(number_count))) &&
         (string_count == 0 || texts(std::span(strings).first(string_count)));
}

size_t Set::filter(std::span<int64_t> sorted, bool members) const {
  if (packed_.empty()) return integers_.filter(sorted, members);
  const auto kept = std::remove_if(sorted.begin(), sorted.end(),
                                   [&](int64_t value) { return contains(Element(value)) != members; });
  return static_cast<size_t>(kept - sorted.begin());
}

size_t Set::filter(std::span<std::string_view> texts, bool members) const {
  if (table_ != nullptr) return table_->filter(texts, members);
  const auto kept = std::remove_if(texts.begin(), texts.end(),
                                   [&](std::string_view text) { return contains(Element(text)) != members; });
  return static_cast<size_t>(kept - texts.begin());
}

// Visits those members of `driver` that every other set has, or that none has.
bool Set::visit_filtered(const Set& driver, std::span<const Set* const> others, bool members, Visit visit) {
  const auto strike_out_and_visit = [&](auto batch) {
    size_t left = batch.size();
    for (const Set* other : others) {
      if ((left = other->filter(batch.first(left), members)) == 0) return true;
    }
    return std::all_of(batch.begin(), batch.begin() + static_cast<ptrdiff_t>(left),
                       [&](const auto& member) { return visit(Element(member)); });
  };
  return driver.visit_parts([&](std::span<int64_t> batch) { return strike_out_and_visit(batch); },
                            [&](std::span<std::string_view> batch) { return strike_out_and_visit(batch); });
}

bool Set::intersect(std::span<const Set* const> sets, Visit visit) {
  return visit_filtered(*sets.front(), sets.subspan(1), true, visit);
}

bool Set::subtract(std::span<const Set* const> sets, Visit visit) {
  return visit_filtered(*sets.front(), sets.subspan(1), false, visit);
}

bool Set::unite(std::span<const Set* const> sets, Visit visit) {
  for (size_t i = 0; i < sets.size(); ++i) {
    if (!visit_filtered(*sets[i], sets.first(i), false, visit)) return false;
  }
  return true;
}

}  // namespace inlay
