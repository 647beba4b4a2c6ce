#include "datatypes/integer_block.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

namespace inlay {
namespace {

static_assert(std::endian::native == std::endian::little, "offsets are copied as the machine holds them");

template <class Offset>
Offset load(const char* offsets, size_t index) {
  Offset offset;
  std::memcpy(&offset, offsets + index * sizeof(Offset), sizeof offset);
  return offset;
}

template <class Offset>
void store(char* offsets, size_t index, uint64_t value) {
  const auto offset = static_cast<Offset>(value);
  std::memcpy(offsets + index * sizeof(Offset), &offset, sizeof offset);
}

// Calls with a zero of the type of offsets of 1 << width_log2 bytes.
template <class Visit>
[[gnu::always_inline]] inline auto by_width(unsigned width_log2, Visit&& visit) {
  switch (width_log2) {
    case 0: return visit(uint8_t{0});
    case 1: return visit(uint16_t{0});
    case 2: return visit(uint32_t{0});
    default: return visit(uint64_t{0});
  }
}

// How many of the sorted offsets are below `wanted`; without branches, which would be mispredicted.
template <class Offset>
size_t rank_among(const char* offsets, size_t count, Offset wanted) {
  size_t below = 0;
  while (count > 1) {
    const size_t half = count / 2;
    below += load<Offset>(offsets, below + half - 1) < wanted ? half : 0;
    count -= half;
  }
  return below + (count == 1 && load<Offset>(offsets, below) < wanted ? 1 : 0);
}

// Walks values and offsets side by side, without branches on what is compared. Returns how many values were kept;
// `value` ends at the first one that lies behind all offsets.
template <bool kMembers, class Offset>
size_t merge(const int64_t* values, size_t count, uint64_t base, const char* offsets, size_t offset_count,
             int64_t* out, size_t& value) {
  size_t kept = 0;
  size_t i = 0;
  for (size_t j = 0; i < count && j < offset_count;) {
    const int64_t here = values[i];
    const uint64_t wanted = static_cast<uint64_t>(here) - base;
    const uint64_t offset = load<Offset>(offsets, j);
    out[kept] = here;
    kept += kMembers ? wanted == offset : wanted < offset;
    i += wanted <= offset;
    j += offset <= wanted;
  }
  value = i;
  return kept;
}

}  // namespace

void IntegerBlock::write(std::span<const int64_t> members, bool mark, char* out) {
  assert(!members.empty() && members.size() <= kMembersMax);
  const unsigned width = width_log2_for(range_of(members.front(), members.back()));
  IntegerBlock block(out);
  block.set_head(kIntegerForm | (mark ? kMark : 0u) | width << kWidthShift |
                 static_cast<unsigned>(members.size()));
  block.set_first(members.front());
  const auto base = static_cast<uint64_t>(members.front());
  char* const offsets = block.offsets();
  by_width(width, [&](auto zero) {
    for (size_t i = 0; i < members.size(); ++i) {
      store<decltype(zero)>(offsets, i, static_cast<uint64_t>(members[i]) - base);
    }
  });
}

bool IntegerBlock::is_valid(std::string_view bytes) {
  if (bytes.size() <= kHead) return false;
  const IntegerBlock block(const_cast<char*>(bytes.data()));
  const size_t count = block.count();
  if ((block.head() & ~(kMark | 3u << kWidthShift | kCountMask)) != kIntegerForm) return false;
  if (count == 0 || count > kMembersMax || block.bytes() != bytes.size()) return false;
  const uint64_t offset_max = range_of(block.first(), std::numeric_limits<int64_t>::max());
  return by_width(block.width_log2(), [&](auto zero) {
    using Offset = decltype(zero);
    const char* const offsets = block.offsets();
    if (load<Offset>(offsets, 0) != 0 || load<Offset>(offsets, count - 1) > offset_max) return false;
    for (size_t i = 1; i < count; ++i) {
      if (load<Offset>(offsets, i) <= load<Offset>(offsets, i - 1)) return false;
    }
    return true;
  });
}

int64_t IntegerBlock::at(size_t index) const {
  return by_width(width_log2(), [&](auto zero) {
    return static_cast<int64_t>(static_cast<uint64_t>(first()) + load<decltype(zero)>(offsets(), index));
  });
}

size_t IntegerBlock::rank(int64_t value) const {
  const int64_t base = first();
  if (value <= base) return 0;
  const uint64_t wanted = range_of(base, value);
  const unsigned width = width_log2();
  if (width_log2_for(wanted) > width) return count();
  return by_width(width, [&](auto zero) {
    using Offset = decltype(zero);
    return rank_among<Offset>(offsets(), count(), static_cast<Offset>(wanted));
  });
}

void IntegerBlock::read(int64_t* out) const {
  const auto base = static_cast<uint64_t>(first());
  const size_t members = count();
  const char* const from = offsets();
  by_width(width_log2(), [&](auto zero) {
    for (size_t i = 0; i < members; ++i) {
      out[i] = static_cast<int64_t>(base + load<decltype(zero)>(from, i));
    }
  });
}

size_t IntegerBlock::filter(std::span<const int64_t> values, bool members, int64_t* out) const {
  size_t kept = 0;
  // A search for each of a few values reads less than a walk over the block.
  if (values.size() < count() / 16) {
    for (const int64_t value : values) {
      out[kept] = value;
      kept += contains(value) == members;
    }
    return kept;
  }
  const int64_t* from = values.data();
  size_t left = values.size();
  const auto below = static_cast<size_t>(std::lower_bound(from, from + left, first()) - from);
  if (!members) {
    std::memmove(out, from, below * sizeof *out);
    kept = below;
  }
  from += below;
  left -= below;
  const auto base = static_cast<uint64_t>(first());
  size_t walked = 0;
  kept += by_width(width_log2(), [&](auto zero) {
    using Offset = decltype(zero);
    return members ? merge<true, Offset>(from, left, base, offsets(), count(), out + kept, walked)
                   : merge<false, Offset>(from, left, base, offsets(), count(), out + kept, walked);
  });
  if (!members) {
    std::memmove(out + kept, from + walked, (left - walked) * sizeof *out);
    kept += left - walked;
  }
  return kept;
}

unsigned IntegerBlock::width_log2_with(int64_t value) const {
  const int64_t base = first();
  const unsigned needed = width_log2_for(value < base ? range_of(value, last()) : range_of(base, value));
  return std::max(needed, width_log2());
}

size_t IntegerBlock::bytes_with(int64_t value) const {
  return kHead + ((count() + 1) << width_log2_with(value));
}

void IntegerBlock::insert(size_t rank, int64_t value) {
  assert(!widens_with(value) && count() < kMembersMax);
  const size_t members = count();
  const int64_t base = first();
  char* const to = offsets();
  by_width(width_log2(), [&](auto zero) {
    using Offset = decltype(zero);
    char* const place = to + rank * sizeof(Offset);
    std::memmove(place + sizeof(Offset), place, (members - rank) * sizeof(Offset));
    if (rank != 0) return store<Offset>(to, rank, range_of(base, value));
    // A new smallest member is the new base.
    const uint64_t shift = range_of(value, base);
    store<Offset>(to, 0, 0);
    for (size_t i = 1; i <= members; ++i) store<Offset>(to, i, load<Offset>(to, i) + shift);
  });
  if (rank == 0) set_first(value);
  set_count(members + 1);
}

void IntegerBlock::erase(size_t index) {
  const size_t members = count() - 1;
  assert(members > 0 && index <= members);
  const int64_t second = at(1);
  char* const to = offsets();
  by_width(width_log2(), [&](auto zero) {
    using Offset = decltype(zero);
    char* const place = to + index * sizeof(Offset);
    std::memmove(place, place + sizeof(Offset), (members - index) * sizeof(Offset));
    if (index != 0) return;
    const uint64_t shift = load<Offset>(to, 0);
    for (size_t i = 0; i < members; ++i) store<Offset>(to, i, load<Offset>(to, i) - shift);
  });
  if (index == 0) set_first(second);
  set_count(members);
}

}  // namespace inlay
