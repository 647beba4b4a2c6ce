#include "inlay/datatypes/tag_index.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace inlay {
namespace {

// Live plus deleted slots that a segment of `groups` groups may hold.
constexpr size_t limit_of(size_t groups) { return groups * 14; }

// Sizes step by about a quarter, so that a segment is 70 % full on the worst day and 78 % on average.
constexpr size_t next_groups(size_t groups) {
  return groups < 8 ? groups + 1 : groups < 16 ? groups + 2 : groups + 4;
}

// The smallest size that holds `records` with room for a tenth more.
constexpr size_t groups_for(size_t records) {
  size_t groups = 1;
  while (limit_of(groups) < records + records / 10 + 1) groups = next_groups(groups);
  return groups;
}

}  // namespace

void TagIndex::swap(TagIndex& other) noexcept {
  std::swap(root_, other.root_);
  std::swap(directory_, other.directory_);
  std::swap(depth_, other.depth_);
  std::swap(size_, other.size_);
  std::swap(bytes_, other.bytes_);
  if (directory_ == &other.root_) directory_ = &root_;
  if (other.directory_ == &root_) other.directory_ = &other.root_;
}

TagIndex::Segment TagIndex::allocate_segment(size_t groups, unsigned depth) {
  if (groups > kGroupsNameable) return Segment();
  const size_t bytes = segment_bytes(groups);
  auto* base = static_cast<uint8_t*>(std::malloc(bytes));
  if (base == nullptr) return Segment();
  assert((reinterpret_cast<uint64_t>(base) & ~kAddressMask) == 0 && "addresses have 48 bits");
  Segment segment(base, groups, depth);
  std::memset(base, kEmpty, segment.capacity());
  *segment.meta() = {0, 0};
  bytes_ += bytes;
  return segment;
}

void TagIndex::free_segment(Segment segment) {
  bytes_ -= segment_bytes(segment.groups());
  std::free(segment.tags());
}

void TagIndex::clear() {
  for (size_t i = 0; i < size_t{1} << depth_;) {
    const Segment segment = directory_[i];
    if (!segment) break;
    i += size_t{1} << (depth_ - segment.depth());
    free_segment(segment);
  }
  if (directory_ != &root_) std::free(directory_);
  directory_ = &root_;
  root_ = Segment();
  depth_ = 0;
  size_ = bytes_ = 0;
}

// Puts a word whose hash has these placing bits into a segment known to have room and not to hold it.
void TagIndex::place(Segment segment, uint64_t hash, uint64_t word) {
  uint8_t* const tags = segment.tags();
  for (size_t group = home_group(hash, segment);; group = group + 1 == segment.groups() ? 0 : group + 1) {
    const uint32_t empty = match(tags + group * kGroup, kEmpty);
    if (empty == 0) continue;
    const size_t i = group * kGroup + static_cast<size_t>(__builtin_ctz(empty));
    tags[i] = tag_of(hash);
    segment.slots()[i] = word;
    ++segment.meta()->used;
    return;
  }
}

// A hash that agrees with the record's own in every bit that placing it in `target` looks at.
uint64_t TagIndex::placing_hash(Segment target, uint8_t tag, uint64_t word, HashOf hash_of) {
  if (target.depth() <= kPlacedDepth) return (word & ~kAddressMask) | uint64_t{tag} << 32;
  return hash_of(reinterpret_cast<const void*>(word & kAddressMask));
}

void TagIndex::point_directory_at(uint64_t hash, Segment segment) {
  const size_t span = size_t{1} << (depth_ - segment.depth());
  const size_t first = directory_index(hash) & ~(span - 1);
  std::fill_n(directory_ + first, span, segment);
}

bool TagIndex::resize_segment(uint64_t hash, Segment segment, size_t groups, HashOf hash_of) {
  const Segment fresh = allocate_segment(groups, segment.depth());
  if (!fresh) return false;
  for (size_t i = 0; i < segment.capacity(); ++i) {
    const uint8_t tag = segment.tags()[i];
    if (tag <= kDeleted) continue;
    const uint64_t word = segment.slots()[i];
    place(fresh, placing_hash(fresh, tag, word, hash_of), word);
  }
  point_directory_at(hash, fresh);
  free_segment(segment);
  return true;
}

bool TagIndex::double_directory() {
  const size_t words = size_t{1} << depth_;
  auto* fresh = static_cast<Segment*>(std::malloc(2 * words * sizeof(Segment)));
  if (fresh == nullptr) return false;
  for (size_t i = 0; i < words; ++i) fresh[2 * i] = fresh[2 * i + 1] = directory_[i];
  bytes_ += 2 * words * sizeof(Segment);
  if (directory_ != &root_) {
    bytes_ -= words * sizeof(Segment);
    std::free(directory_);
  }
  directory_ = fresh;
  ++depth_;
  return true;
}

bool TagIndex::split_segment(uint64_t hash, Segment segment, HashOf hash_of) {
  const unsigned depth = segment.depth();
  if (depth == depth_ && !double_directory()) return false;
  const uint64_t side_bit = uint64_t{1} << (63 - depth);
  size_t records[2] = {0, 0};
  for (size_t i = 0; i < segment.capacity(); ++i) {
    if (segment.tags()[i] > kDeleted) ++records[(segment.slots()[i] & side_bit) != 0];
  }
  Segment sides[2];
  for (int side = 0; side < 2; ++side) {
    sides[side] = allocate_segment(groups_for(records[side]), depth + 1);
    if (sides[side]) continue;
    if (side == 1) free_segment(sides[0]);
    return false;
  }
  for (size_t i = 0; i < segment.capacity(); ++i) {
    const uint8_t tag = segment.tags()[i];
    if (tag <= kDeleted) continue;
    const uint64_t word = segment.slots()[i];
    const Segment target = sides[(word & side_bit) != 0];
    place(target, placing_hash(target, tag, word, hash_of), word);
  }
  point_directory_at(hash & ~side_bit, sides[0]);
  point_directory_at(hash | side_bit, sides[1]);
  free_segment(segment);
  return true;
}

bool TagIndex::make_room(uint64_t hash, HashOf hash_of) {
  const Segment segment = segment_for(hash);
  if (!segment) {
    root_ = allocate_segment(1, 0);
    return static_cast<bool>(root_);
  }
  const Segment::Meta meta = *segment.meta();
  if (meta.used + meta.deleted < limit_of(segment.groups())) return true;
  if (meta.deleted > meta.used / 8) return resize_segment(hash, segment, groups_for(meta.used), hash_of);
  if (segment.groups() < kGroupsMax || segment.depth() == kDepthMax) {
    return resize_segment(hash, segment, next_groups(segment.groups()), hash_of);
  }
  // Hashes that share a prefix can leave one side as full as before, so look again.
  return split_segment(hash, segment, hash_of) && make_room(hash, hash_of);
}

bool TagIndex::insert(uint64_t hash, void* record, HashOf hash_of) {
  assert((address(record) & ~kAddressMask) == 0 && "addresses have 48 bits");
  if (!make_room(hash, hash_of)) return false;
  place(segment_for(hash), hash, stored_bits(hash) << 48 | address(record));
  ++size_;
  return true;
}

void TagIndex::erase(Slot slot, uint64_t hash, HashOf hash_of) {
  const Segment segment = segment_for(hash);
  const size_t i = static_cast<size_t>(slot.tag_ - segment.tags());
  Segment::Meta* meta = segment.meta();
  // A group with an empty tag ends every probe, so the slot can be empty as well.
  const bool ends_probes = match(segment.tags() + i / kGroup * kGroup, kEmpty) != 0;
  *slot.tag_ = ends_probes ? kEmpty : kDeleted;
  if (!ends_probes) ++meta->deleted;
  --meta->used;
  if (--size_ == 0) return clear();
  // Shrinking may fail for want of memory; the table it leaves is merely roomy.
  if (segment.groups() > 1 && meta->used < segment.capacity() / 4) {
    (void)resize_segment(hash, segment, groups_for(meta->used), hash_of);
  }
}

void TagIndex::prefetch_tags(uint64_t hash) const {
  const Segment segment = segment_for(hash);
  if (!segment) return;
  const size_t group = home_group(hash, segment);
  __builtin_prefetch(segment.tags() + group * kGroup);
  __builtin_prefetch(segment.slots() + group * kGroup);
  __builtin_prefetch(segment.slots() + group * kGroup + 8);
}

void TagIndex::prefetch_record(uint64_t hash) const {
  const Segment segment = segment_for(hash);
  if (!segment) return;
  const size_t first = home_group(hash, segment) * kGroup;
  for (uint32_t hits = match(segment.tags() + first, tag_of(hash)); hits != 0; hits &= hits - 1) {
    const uint64_t word = segment.slots()[first + static_cast<size_t>(__builtin_ctz(hits))];
    if (word >> 48 != stored_bits(hash)) continue;
    const auto* record = reinterpret_cast<const char*>(word & kAddressMask);
    __builtin_prefetch(record);
    __builtin_prefetch(record + 63);  // A record may straddle two cache lines.
  }
}

uint32_t TagIndex::scan(uint32_t cursor, size_t count, absl::FunctionRef<void(void*)> visit) const {
  constexpr uint32_t kEnd = 1u << 16;
  std::vector<uint64_t> found;
  for (size_t visited = 0; cursor < kEnd;) {
    const Segment segment = segment_for(uint64_t{cursor} << 48);
    if (!segment) return 0;
    const uint32_t past_segment = ((cursor >> (16 - segment.depth())) + 1) << (16 - segment.depth());
    found.clear();
    for (size_t i = 0; i < segment.capacity(); ++i) {
      if (segment.tags()[i] > kDeleted && segment.slots()[i] >> 48 >= cursor) found.push_back(segment.slots()[i]);
    }
    // Whole runs of equal stored bits, so that the cursor can name the next run.
    uint64_t last = past_segment - 1;
    if (found.size() > count - visited) {
      const auto nth = found.begin() + static_cast<std::ptrdiff_t>(count - visited - 1);
      std::nth_element(found.begin(), nth, found.end());
      last = *nth >> 48;
    }
    std::sort(found.begin(), found.end());
    for (const uint64_t word : found) {
      if (word >> 48 > last) break;
      visit(reinterpret_cast<void*>(word & kAddressMask));
      ++visited;
    }
    cursor = static_cast<uint32_t>(last) + 1;
    if (visited >= count) break;
  }
  return cursor < kEnd ? cursor : 0;
}

void* TagIndex::sample(absl::FunctionRef<uint64_t()> random) const {
  if (size_ == 0) return nullptr;
  size_t capacity_max = kGroupsMax * kGroup;
  if (depth_ == kDepthMax) {  // Only the deepest segments may outgrow kGroupsMax.
    for (size_t i = 0; i < size_t{1} << depth_; ++i) capacity_max = std::max(capacity_max, directory_[i].capacity());
  } else if (depth_ == 0) {
    capacity_max = root_.capacity();
  }
  // Every record has the same chance per draw: one directory word of its segment, one of capacity_max places.
  for (;;) {
    const uint64_t draw = random();
    const size_t word = draw & ((size_t{1} << depth_) - 1);
    const Segment segment = directory_[word];
    if ((word & ((size_t{1} << (depth_ - segment.depth())) - 1)) != 0) continue;
    const size_t slot = static_cast<size_t>(((draw >> 32) * capacity_max) >> 32);
    if (slot < segment.capacity() && segment.tags()[slot] > kDeleted) {
      return reinterpret_cast<void*>(segment.slots()[slot] & kAddressMask);
    }
  }
}

bool TagIndex::check_invariants(HashOf hash_of) const {
  size_t records = 0;
  size_t bytes = depth_ == 0 ? 0 : sizeof(Segment) << depth_;
  for (size_t i = 0; i < size_t{1} << depth_;) {
    const Segment segment = directory_[i];
    if (!segment) return depth_ == 0 && size_ == 0;
    const size_t span = size_t{1} << (depth_ - segment.depth());
    if (i % span != 0) return false;
    for (size_t j = i; j < i + span; ++j) {
      if (!(directory_[j] == segment)) return false;
    }
    size_t used = 0;
    size_t deleted = 0;
    for (size_t slot = 0; slot < segment.capacity(); ++slot) {
      const uint8_t tag = segment.tags()[slot];
      if (tag == kDeleted) ++deleted;
      if (tag <= kDeleted) continue;
      ++used;
      const uint64_t word = segment.slots()[slot];
      const auto* record = reinterpret_cast<const void*>(word & kAddressMask);
      const uint64_t hash = hash_of(record);
      if (!(segment_for(hash) == segment) || tag != tag_of(hash)) return false;
      if (!find(hash, [&](const void* other) { return other == record; })) return false;
    }
    const Segment::Meta meta = *segment.meta();
    if (used != meta.used || deleted != meta.deleted || used + deleted > limit_of(segment.groups())) return false;
    records += used;
    bytes += segment_bytes(segment.groups());
    i += span;
  }
  return records == size_ && bytes == bytes_;
}

}  // namespace inlay
