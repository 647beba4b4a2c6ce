#include "inlay/datatypes/tag_index.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace inlay {
namespace {

// Live plus deleted slots that a segment of `groups` groups may hold. Few groups are full at this load, so that
// nearly every search ends in its first one: no second look, no mispredicted branch.
constexpr size_t limit_of(size_t groups) { return groups * 13; }

// Sizes step by about a quarter, so that a segment is 65 % full on the worst day and 73 % on average.
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
  std::swap(slab_, other.slab_);
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
  void* const memory = slab_->pages().allocate_table(bytes);
  if (memory == nullptr) return Segment();
  assert((reinterpret_cast<uint64_t>(memory) & ~kAddressMask) == 0 && "addresses have 48 bits");
  Segment segment(memory, groups, depth);
  std::memset(segment.tags(), kEmpty, segment.capacity());
  *segment.meta() = {0, 0};
  bytes_ += PagePool::table_bytes(bytes);
  return segment;
}

void TagIndex::free_segment(Segment segment) {
  const size_t bytes = segment_bytes(segment.groups());
  bytes_ -= PagePool::table_bytes(bytes);
  slab_->pages().deallocate_table(segment.memory(), bytes);
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

// Puts a record into a segment known to have room and not to hold it.
void TagIndex::place(Segment segment, uint8_t tag, uint16_t window, Slab::Ref ref) {
  uint8_t* const tags = segment.tags();
  // The same group as home_group() finds from the whole hash.
  const auto placing_bits = static_cast<uint16_t>(window << window_offset(segment.depth())) >> 8;
  size_t group = static_cast<size_t>(placing_bits) * segment.groups() >> 8;
  for (;; group = group + 1 == segment.groups() ? 0 : group + 1) {
    const uint32_t empty = match(tags + group * kGroup, kEmpty);
    if (empty == 0) continue;
    const size_t i = group * kGroup + static_cast<size_t>(__builtin_ctz(empty));
    tags[i] = tag;
    segment.slots()[i] = ref;
    segment.windows()[i] = window;
    ++segment.meta()->used;
    return;
  }
}

void TagIndex::point_directory_at(uint64_t hash, Segment segment) {
  const size_t span = size_t{1} << (depth_ - segment.depth());
  const size_t first = directory_index(hash) & ~(span - 1);
  std::fill_n(directory_ + first, span, segment);
}

bool TagIndex::resize_segment(uint64_t hash, Segment segment, size_t groups) {
  const Segment fresh = allocate_segment(groups, segment.depth());
  if (!fresh) return false;
  for (size_t i = 0; i < segment.capacity(); ++i) {
    const uint8_t tag = segment.tags()[i];
    if (tag > kDeleted) place(fresh, tag, segment.windows()[i], segment.slots()[i]);
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
  const auto side_of = [&](size_t slot) {
    return segment.windows()[slot] >> (15 - window_offset(depth)) & 1;
  };
  size_t records[2] = {0, 0};
  for (size_t i = 0; i < segment.capacity(); ++i) {
    if (segment.tags()[i] > kDeleted) ++records[side_of(i)];
  }
  Segment sides[2];
  for (int side = 0; side < 2; ++side) {
    sides[side] = allocate_segment(groups_for(records[side]), depth + 1);
    if (sides[side]) continue;
    if (side == 1) free_segment(sides[0]);
    return false;
  }
  // Windows that hold no more bits move on, which takes the whole hash; all records are fetched ahead of it.
  const bool moves_windows = window_offset(depth + 1) == 0;
  for (size_t i = 0; moves_windows && i < segment.capacity(); ++i) {
    if (segment.tags()[i] > kDeleted) __builtin_prefetch(slab_->at(segment.slots()[i]));
  }
  for (size_t i = 0; i < segment.capacity(); ++i) {
    const uint8_t tag = segment.tags()[i];
    if (tag <= kDeleted) continue;
    const Slab::Ref ref = segment.slots()[i];
    const uint16_t window =
        moves_windows ? window_of(hash_of(slab_->at(ref)), depth + 1) : segment.windows()[i];
    place(sides[side_of(i)], tag, window, ref);
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
  if (meta.deleted > meta.used / 8) return resize_segment(hash, segment, groups_for(meta.used));
  if (segment.groups() < kGroupsMax || segment.depth() == kDepthMax) {
    return resize_segment(hash, segment, next_groups(segment.groups()));
  }
  // Hashes that share a prefix can leave one side as full as before, so look again.
  return split_segment(hash, segment, hash_of) && make_room(hash, hash_of);
}

bool TagIndex::insert(uint64_t hash, void* record, HashOf hash_of) {
  if (!make_room(hash, hash_of)) return false;
  const Segment segment = segment_for(hash);
  place(segment, tag_of(hash), window_of(hash, segment.depth()), slab_->ref_of(record));
  ++size_;
  return true;
}

void TagIndex::erase(Slot slot, uint64_t hash) {
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
    (void)resize_segment(hash, segment, groups_for(meta->used));
  }
}

void TagIndex::prefetch_tags(uint64_t hash) const {
  const Segment segment = segment_for(hash);
  if (!segment) return;
  const size_t group = home_group(hash, segment);
  __builtin_prefetch(segment.tags() + group * kGroup);
  __builtin_prefetch(segment.slots() + group * kGroup);
}

void TagIndex::prefetch_record(uint64_t hash) const {
  const Segment segment = segment_for(hash);
  if (!segment) return;
  const size_t first = home_group(hash, segment) * kGroup;
  for (uint32_t hits = match(segment.tags() + first, tag_of(hash)); hits != 0; hits &= hits - 1) {
    const auto* record = static_cast<const char*>(
        slab_->at(segment.slots()[first + static_cast<size_t>(__builtin_ctz(hits))]));
    __builtin_prefetch(record);
    __builtin_prefetch(record + 63);  // A record may straddle two cache lines.
  }
}

// Visits the records whose home is `group` and whose hash begins with `cursor` or more; returns how many.
size_t TagIndex::visit_home_group(Segment segment, size_t group, uint32_t cursor, HashOf hash_of,
                                  absl::FunctionRef<void(void*)> visit) const {
  size_t visited = 0;
  // Records overflow into later groups, but never past one that has an empty slot.
  for (size_t at = group;; at = at + 1 == segment.groups() ? 0 : at + 1) {
    for (size_t i = at * kGroup; i < (at + 1) * kGroup; ++i) {
      if (segment.tags()[i] <= kDeleted) continue;
      void* const record = slab_->at(segment.slots()[i]);
      const uint64_t hash = hash_of(record);
      if (home_group(hash, segment) != group || hash >> 32 < cursor) continue;
      visit(record);
      ++visited;
    }
    if (match(segment.tags() + at * kGroup, kEmpty) != 0) return visited;
  }
}

uint32_t TagIndex::scan(uint32_t cursor, size_t count, HashOf hash_of,
                        absl::FunctionRef<void(void*)> visit) const {
  constexpr uint64_t kEnd = uint64_t{1} << 32;
  uint64_t place = cursor;  // The top 32 bits of a hash.
  for (size_t visited = 0; place < kEnd && visited < count;) {
    const uint64_t hash = place << 32;
    const Segment segment = segment_for(hash);
    if (!segment) return 0;
    const size_t group = home_group(hash, segment);
    visited += visit_home_group(segment, group, static_cast<uint32_t>(place), hash_of, visit);
    // The first place whose home is the next group, or the next segment.
    const uint64_t fraction = (((group + 1) << 8) + segment.groups() - 1) / segment.groups();
    const uint64_t prefix = place >> (32 - segment.depth()) << (32 - segment.depth());
    place = prefix + (fraction << 24 >> segment.depth());
  }
  return place < kEnd ? static_cast<uint32_t>(place) : 0;
}

void* TagIndex::sample(absl::FunctionRef<uint64_t()> random) const {
  if (size_ == 0) return nullptr;
  size_t capacity_max = kGroupsMax * kGroup;
  if (depth_ == kDepthMax) {  // Only the deepest segments may outgrow kGroupsMax.
    for (size_t i = 0; i < size_t{1} << depth_; ++i)
      capacity_max = std::max(capacity_max, directory_[i].capacity());
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
      return slab_->at(segment.slots()[slot]);
    }
  }
}

size_t TagIndex::sample_run(uint64_t draw, std::span<void*> out) const {
  if (size_ == 0 || out.empty()) return 0;
  const size_t words = size_t{1} << depth_;
  // On to the next segment while one is empty.
  for (size_t word = directory_index(draw);;
       word = (word + (words >> directory_[word].depth())) & (words - 1)) {
    const Segment segment = directory_[word];
    if (segment.meta()->used == 0) continue;
    const size_t start = sample_start(draw, segment);
    size_t found = 0;
    for (size_t i = 0; i < segment.capacity() && found < out.size(); ++i) {
      const size_t slot = start + i < segment.capacity() ? start + i : start + i - segment.capacity();
      if (segment.tags()[slot] > kDeleted) out[found++] = slab_->at(segment.slots()[slot]);
    }
    return found;
  }
}

void TagIndex::prefetch_sample_place(uint64_t draw) const {
  const Segment segment = segment_for(draw);
  if (!segment) return;
  const size_t start = sample_start(draw, segment);
  __builtin_prefetch(segment.tags() + start);
  __builtin_prefetch(segment.slots() + start);
}

void TagIndex::prefetch_sample_records(uint64_t draw) const {
  constexpr size_t kSlots = 8;
  const Segment segment = segment_for(draw);
  if (!segment) return;
  const size_t start = sample_start(draw, segment);
  for (size_t slot = start; slot < std::min(start + kSlots, segment.capacity()); ++slot) {
    if (segment.tags()[slot] > kDeleted) __builtin_prefetch(slab_->at(segment.slots()[slot]));
  }
}

bool TagIndex::check_invariants(HashOf hash_of) const {
  size_t records = 0;
  size_t bytes = depth_ == 0 ? 0 : (size_t{1} << depth_) * sizeof(Segment);
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
      const void* record = slab_->at(segment.slots()[slot]);
      const uint64_t hash = hash_of(record);
      if (!(segment_for(hash) == segment) || tag != tag_of(hash)) return false;
      if (segment.windows()[slot] != window_of(hash, segment.depth())) return false;
      if (!find(hash, [&](const void* other) { return other == record; })) return false;
    }
    const Segment::Meta meta = *segment.meta();
    if (used != meta.used || deleted != meta.deleted || used + deleted > limit_of(segment.groups()))
      return false;
    records += used;
    bytes += PagePool::table_bytes(segment_bytes(segment.groups()));
    i += span;
  }
  return records == size_ && bytes == bytes_;
}

}  // namespace inlay
