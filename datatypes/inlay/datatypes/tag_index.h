// TagIndex: a hash index over the blocks of a Slab, each of which holds its own key.
//
// Use it where millions of single-block records are found by a 64-bit hash, memory counts, and no insert may
// stall: it grows one segment of at most 512 slots at a time. The index owns its tables, never the records.
//
//   directory (2^depth words)         segment: an open-addressed table of `groups` x 16 slots
//   +---------------------------+     +-------------------------+--------------------+------------------+------+
//   | groups | local | pointer -+---> | slots, 16 x 4 per group | tags, 16 x 1       | windows, 16 x 2  | meta |
//   +---------------------------+     +-------------------------+--------------------+------------------+------+
//     indexed by the hash's top         the record's Slab::Ref;   0 empty, 1 deleted,  16 hash bits, for
//     `depth` bits                      one cache line            else 8 hash bits     placing it again
//
// A lookup reads one directory word, compares 16 tags with one SIMD instruction, and touches a slot and a record
// only where a tag agrees: a miss reads tags alone (and a record in 1 of 20). A full segment grows by about a quarter,
// up to 32 groups, then splits in two. Its records stay untouched: their windows hold the bits that place them. Only
// every eighth split of a segment hashes its records again, to move the windows on.
// Within a segment the home group follows the eight hash bits below the prefix, so that groups are in hash order.
//
// Hashes must be uniform in bits 63..16; the lowest 16 bits are not looked at.
//
// Budget: 7 bytes per slot at 65-81 % load, 9 to 11 bytes per record, plus 8 bytes per ~400 records.
//
// Invariants
//   1. Every directory word whose index starts with a segment's prefix holds that segment's address, depth and size.
//   2. A record stands in the segment of its hash's prefix; between the group its hash selects and the group
//      it stands in, no group has an empty tag.
//   3. A segment has at least one empty tag; live plus deleted slots stay at or under 13/16 of it.
//   4. size() is the number of tags above 1.
//
// Complexity: find, insert, erase O(1) expected; the worst insert moves 512 slots or copies the directory.
// Thread safety: thread-compatible (owned by its shard).
// After: Fagin et al., "Extendible Hashing" (TODS 1979); Abseil's Swiss tables; Lu et al., "Dash" (VLDB 2020).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "inlay/datatypes/slab.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace inlay {

class TagIndex {
 public:
  /// Computes a record's hash again.
  using HashOf = absl::FunctionRef<uint64_t(const void* record)>;

  /// Where a record's address stands. Valid until the next insert, erase or clear.
  class Slot {
   public:
    Slot() = default;
    // Word by word: a copy through vector registers waits until the words just stored have left for the cache.
    [[gnu::always_inline]] Slot(const Slot& other)
        : record_(other.record_), ref_(other.ref_), tag_(other.tag_) {}
    [[gnu::always_inline]] Slot& operator=(const Slot& other) {
      record_ = other.record_;
      ref_ = other.ref_;
      tag_ = other.tag_;
      return *this;
    }
    explicit operator bool() const { return record_ != nullptr; }
    void* record() const { return record_; }

   private:
    friend class TagIndex;
    Slot(void* record, Slab::Ref* ref, uint8_t* tag) : record_(record), ref_(ref), tag_(tag) {}
    void* record_ = nullptr;
    Slab::Ref* ref_ = nullptr;
    uint8_t* tag_ = nullptr;
  };

  /// An index over blocks of `slab`, which must outlive it.
  explicit TagIndex(const Slab& slab) : slab_(&slab) {}
  ~TagIndex() { clear(); }
  TagIndex(TagIndex&& other) noexcept : slab_(other.slab_) { swap(other); }
  TagIndex& operator=(TagIndex&& other) noexcept {
    TagIndex taken(std::move(other));
    swap(taken);
    return *this;
  }
  void swap(TagIndex& other) noexcept;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Bytes of the directory and the segments.
  size_t memory_usage() const { return bytes_; }

  /// The slot of the record with this hash for which `equals(const void*)` holds, or an empty Slot.
  template <class Equals>
  [[gnu::always_inline]] Slot find(uint64_t hash, Equals&& equals) const {
    const Place place = find_place(hash, equals);
    if (place.record == nullptr) return Slot();
    const Segment segment = segment_for(hash);
    return Slot(place.record, segment.slots() + place.index, segment.tags() + place.index);
  }
  /// The record itself, or null: for who only reads it.
  template <class Equals>
  [[gnu::always_inline]] void* find_record(uint64_t hash, Equals&& equals) const {
    return find_place(hash, equals).record;
  }

  /// Adds a record that is absent: a live block of the slab. False, with nothing changed, when memory is
  /// exhausted, or when more than 26 000 hashes share their 16 top bits.
  bool insert(uint64_t hash, void* record, HashOf hash_of);
  /// Puts another block with the same hash in the slot's place.
  void replace(Slot slot, const void* record) { *slot.ref_ = slab_->ref_of(record); }
  /// Removes the record in `slot`, which has this hash.
  void erase(Slot slot, uint64_t hash);
  /// Forgets all records and frees the tables.
  void clear();

  /// Batches hide memory latency: call each stage for every hash before the next stage.
  void prefetch_tags(uint64_t hash) const;
  void prefetch_record(uint64_t hash) const;

  /// Visits records in steps: those whose hash begins with `cursor` or more, in the order of groups, until at least
  /// `count` were visited. Returns the cursor to go on from, 0 at the end. A cursor is a place in the order of hashes
  /// and stays good while the index grows and shrinks: a record present throughout a whole scan is visited exactly
  /// once. `visit` must not change the index.
  uint32_t scan(uint32_t cursor, size_t count, HashOf hash_of,
                absl::FunctionRef<void(void* record)> visit) const;

  /// A record drawn uniformly; `random()` yields uniform 64-bit numbers. Null when empty. O(1) expected.
  void* sample(absl::FunctionRef<uint64_t()> random) const;

  /// Fills `out` from the front with different records that stand together at a place that `draw`, a uniform number,
  /// chooses; returns how many. Fewer than asked for where a segment ends, but none only when empty. Hashes decide who
  /// stands together. O(out) expected.
  size_t sample_run(uint64_t draw, std::span<void*> out) const;
  /// Two stages that start the memory reads of sample_run() with the same draw, the second some time after the first.
  void prefetch_sample_place(uint64_t draw) const;
  void prefetch_sample_records(uint64_t draw) const;

  /// Visits every record, in no particular order. `visit` must not change the index.
  template <class Visit>
  void for_each(Visit&& visit) const;

  bool check_invariants(HashOf hash_of) const;

 private:
  static constexpr size_t kGroup = 16;
  static constexpr size_t kGroupsMax = 32;
  static constexpr unsigned kDepthMax = 16;
  // Only at kDepthMax may a segment outgrow kGroupsMax; a directory word has 11 bits for its size.
  static constexpr size_t kGroupsNameable = 2047;
  static constexpr uint8_t kEmpty = 0;
  static constexpr uint8_t kDeleted = 1;
  static constexpr uint8_t kLowestTag = 2;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;

  // A directory word: where a segment is, how long, and how many bits of prefix its records share.
  struct Segment {
    uint64_t word = 0;
    Segment() = default;
    Segment(void* memory, size_t groups, unsigned depth)
        : word(reinterpret_cast<uint64_t>(memory) | uint64_t{groups} << 53 | uint64_t{depth} << 48) {}
    explicit operator bool() const { return word != 0; }
    void* memory() const { return reinterpret_cast<void*>(word & kAddressMask); }
    size_t groups() const { return word >> 53; }
    unsigned depth() const { return static_cast<unsigned>(word >> 48) & 31; }
    size_t capacity() const { return groups() * kGroup; }
    // Slots come first: aligned to a cache line, those of a group are fetched by one prefetch.
    Slab::Ref* slots() const { return static_cast<Slab::Ref*>(memory()); }
    uint8_t* tags() const { return reinterpret_cast<uint8_t*>(slots() + capacity()); }
    uint16_t* windows() const { return reinterpret_cast<uint16_t*>(tags() + capacity()); }
    struct Meta {
      uint32_t used;     // Live records.
      uint32_t deleted;  // Slots that no longer hold one but still lengthen probes.
    };
    Meta* meta() const { return reinterpret_cast<Meta*>(windows() + capacity()); }
    bool operator==(const Segment& other) const { return word == other.word; }
  };

  static uint8_t tag_of(uint64_t hash) { return std::max(static_cast<uint8_t>(hash >> 16), kLowestTag); }

  // The group where probing starts: the eight bits below the prefix, scaled to the number of groups.
  static size_t home_group(uint64_t hash, Segment segment) {
    return (hash << segment.depth() >> 56) * segment.groups() >> 8;
  }

  // Windows begin at every eighth bit of the hash, so that one holds prefix and placing bits for eight depths.
  static unsigned window_offset(unsigned depth) { return depth & 7; }
  static uint16_t window_of(uint64_t hash, unsigned depth) {
    return static_cast<uint16_t>(hash << (depth - window_offset(depth)) >> 48);
  }

  // A record, or null, and the slot of its segment that names it. Returned in registers.
  struct Place {
    void* record = nullptr;
    size_t index = 0;
  };
  template <class Equals>
  Place find_place(uint64_t hash, Equals& equals) const;
  template <class Equals>
  Place find_thoroughly(uint64_t hash, Equals equals) const;

  Segment segment_for(uint64_t hash) const { return directory_[directory_index(hash)]; }
  size_t directory_index(uint64_t hash) const { return (hash >> 1) >> (63 - depth_); }

  // One bit per tag of the group that equals `tag`.
  static uint32_t match(const uint8_t* group, uint8_t tag) {
#if defined(__SSE2__)
    return match(group, _mm_set1_epi8(static_cast<char>(tag)));
#else
    uint32_t mask = 0;
    for (unsigned i = 0; i < kGroup; ++i) mask |= uint32_t{group[i] == tag} << i;
    return mask;
#endif
  }
  // One bit per tag that equals tag_of(hash).
  static uint32_t match_tag(const uint8_t* group, uint64_t hash) {
#if defined(__SSE2__)
    // The lowest tag is seen to in the vector, by one instruction.
    return match(group, _mm_max_epu8(_mm_set1_epi8(static_cast<char>(hash >> 16)),
                                     _mm_set1_epi8(static_cast<char>(kLowestTag))));
#else
    return match(group, tag_of(hash));
#endif
  }
#if defined(__SSE2__)
  static uint32_t match(const uint8_t* group, __m128i tags) {
    const __m128i present = _mm_load_si128(reinterpret_cast<const __m128i*>(group));
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(present, tags)));
  }
#endif

  static size_t segment_bytes(size_t groups) { return groups * kGroup * 7 + sizeof(Segment::Meta); }
  Segment allocate_segment(size_t groups, unsigned depth);
  void free_segment(Segment segment);
  void point_directory_at(uint64_t hash, Segment segment);
  bool make_room(uint64_t hash, HashOf hash_of);
  bool resize_segment(uint64_t hash, Segment segment, size_t groups);
  bool split_segment(uint64_t hash, Segment segment, HashOf hash_of);
  bool double_directory();
  static void place(Segment segment, uint8_t tag, uint16_t window, Slab::Ref ref);
  size_t visit_home_group(Segment segment, size_t group, uint32_t cursor, HashOf hash_of,
                          absl::FunctionRef<void(void* record)> visit) const;

  // Where in its segment a sample begins.
  static size_t sample_start(uint64_t draw, Segment segment) {
    return static_cast<size_t>((draw & 0xffff) * segment.capacity() >> 16);
  }

  const Slab* slab_;
  Segment* directory_ = &root_;
  unsigned depth_ = 0;
  Segment root_;  // The directory while depth_ is 0.
  size_t size_ = 0;
  size_t bytes_ = 0;
};

// Looks at the first tag of the home group that agrees, which is where nearly all look-ups end. Inlined by force: it is most
// of a short command.
template <class Equals>
[[gnu::always_inline]] inline TagIndex::Place TagIndex::find_place(uint64_t hash, Equals& equals) const {
  const Segment segment = segment_for(hash);
  if (!segment) return {};
  const size_t group = home_group(hash, segment) * kGroup;
  // Fetch the slots while the tags are on their way.
  __builtin_prefetch(segment.slots() + group);
  const uint8_t* const tags = segment.tags() + group;
  const uint32_t hits = match_tag(tags, hash);
  if (hits != 0) {
    const size_t index = group + static_cast<unsigned>(__builtin_ctz(hits));
    void* const record = slab_->at(segment.slots()[index]);
    if (equals(const_cast<const void*>(record))) [[likely]]
      return {record, index};
  } else if (match(tags, kEmpty) != 0) [[likely]] {
    return {};
  }
  return find_thoroughly(hash, equals);
}

// From the beginning, through as many groups as it takes. Apart, so that it takes no register from the others.
template <class Equals>
[[gnu::noinline]] TagIndex::Place TagIndex::find_thoroughly(uint64_t hash, Equals equals) const {
  const Segment segment = segment_for(hash);
  for (size_t group = home_group(hash, segment) * kGroup;;) {
    const uint8_t* const tags = segment.tags() + group;
    for (uint32_t hits = match_tag(tags, hash); hits != 0; hits &= hits - 1) {
      const size_t index = group + static_cast<unsigned>(__builtin_ctz(hits));
      void* const record = slab_->at(segment.slots()[index]);
      if (equals(const_cast<const void*>(record))) return {record, index};
    }
    if (match(tags, kEmpty) != 0) return {};
    if ((group += kGroup) == segment.capacity()) group = 0;
  }
}

template <class Visit>
void TagIndex::for_each(Visit&& visit) const {
  for (size_t i = 0; i < size_t{1} << depth_;) {
    const Segment segment = directory_[i];
    if (!segment) return;
    for (size_t slot = 0; slot < segment.capacity(); ++slot) {
      if (segment.tags()[slot] > kDeleted) visit(slab_->at(segment.slots()[slot]));
    }
    i += size_t{1} << (depth_ - segment.depth());
  }
}

}  // namespace inlay
