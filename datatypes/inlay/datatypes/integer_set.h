// IntegerSet: a sorted set of 64-bit integers in packed blocks.
//
// Use it for sets of identifiers, from one to hundreds of millions: it takes 2 to 9 bytes per member, finds one by value or by
// position in about 20 steps, and gives its members in order, so that sets are intersected by merging them.
//
//   up to 512 members, if close enough      more
//   +-------+                               +---------------------+---------------------+--
//   | block |                               | first, count, blocks | first, count, blocks |   chunks, sorted by first member
//   +-------+                               +------------------|--+---------------------+--
//                                                              v
//                                           +-------+-------+-------+--
//                                           | first | first | first |   up to 128 descriptors of 16 bytes:
//                                           | block | block | block |   first member, block's address, members in it
//                                           +---|---+-------+-------+--
//                                               v
//                                           +------+------+--------+--------+--
//                                           | head | base | offset | offset |   up to 512 members, as offsets of 1, 2, 4
//                                           +------+------+--------+--------+-- or 8 bytes over the first one
//
// Blocks split in two when full, but one whose members come in order starts a new one and stays full. A member that
// would widen the offsets of many goes to a block of its own. A whole set in one block can stand in another's memory: see borrow().
//
// Budget: a tiny set takes 10 bytes and 1 to 8 per member. A large one takes the offsets (2 bytes per member where
// neighbours differ by up to 100, 4 up to millions, 8 beyond), a fifth to a half more as room to grow on where members came in
// random order, and about 30 bytes per block of 256 to 512 members. A million members in random order out of ten million: 3 bytes each.
//
// Invariants
//   1. Every block is valid (see datatypes/integer_block.h), and each one's members are below the next one's.
//   2. A descriptor's first member and count are its block's; a chunk's are the first and the sum of its blocks'.
//   3. A set of one block has no chunks; no chunk is empty, nor is any block.
//   4. size() is the sum of the blocks' counts, memory_usage() of the allocations' usable sizes.
//
// Complexity: contains, insert, erase O(log size + members of a block); at() O(size / 30 000 + blocks of a chunk);
// filter() O(values + members of the blocks they fall into). No change moves more than a chunk of descriptors and a block, beyond
// the array of chunks: 32 bytes per 30 000 members.
// Thread safety: thread-compatible.
// After: Redis's intset; Rosenberg and Snyder, "Time- and Space-Optimality in B-Trees" (TODS 1981), for dense leaves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"

namespace inlay {

enum class Insertion : uint8_t { kAdded, kPresent, kOutOfMemory };
enum class Removal : uint8_t { kRemoved, kAbsent, kOutOfMemory };

class IntegerSet {
 public:
  /// The most members that visit_runs() hands over at a time.
  static constexpr size_t kRunMax = 512;

  IntegerSet() = default;
  ~IntegerSet() { clear(); }
  IntegerSet(IntegerSet&& other) noexcept { swap(other); }
  IntegerSet& operator=(IntegerSet&& other) noexcept {
    IntegerSet taken(std::move(other));
    swap(taken);
    return *this;
  }
  void swap(IntegerSet& other) noexcept;

  /// A set over a block that stays unchanged for as long as it is borrowed. `block` is another's packed_bytes().
  static IntegerSet borrow(std::string_view block);
  /// Whether the block is still another's: nothing was changed since borrow().
  bool borrowed() const { return borrowed_; }
  /// Whether foreign bytes are a block of members; borrow() takes others only if they are empty.
  static bool is_valid(std::string_view block);
  /// Whether the whole set is one block (or empty).
  bool is_packed() const { return chunk_count_ == 0; }
  /// The block of a packed set, empty for the empty set. Its first two bytes, read as a little-endian integer, are 32768 or more.
  std::string_view packed_bytes() const;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Bytes of the heap that it holds. O(1).
  size_t memory_usage() const { return bytes_; }

  bool contains(int64_t value) const;
  /// The changes; out of memory, they change nothing.
  [[nodiscard]] Insertion insert(int64_t value);
  [[nodiscard]] Removal erase(int64_t value);
  void clear();
  /// Copies a borrowed block, as the first change does; false when out of memory.
  [[nodiscard]] bool own();
  /// Makes `empty` a copy with blocks of its own; false when out of memory, with `empty` still so.
  [[nodiscard]] bool copy_to(IntegerSet& empty) const;

  /// The member with this position in the order of size, below size().
  int64_t at(size_t position) const;

  /// Visits the members in order, in runs, until `visit` returns false. Runs may be overwritten by `visit`, which must
  /// not change the set. False if stopped.
  bool visit_runs(absl::FunctionRef<bool(std::span<int64_t>)> visit) const;
  /// Visits the members from `first` on, in order, until `visit` returns false. False if stopped.
  bool visit_from(int64_t first, absl::FunctionRef<bool(int64_t)> visit) const;

  /// Keeps those of the sorted `values` that are members, or those that are not, in order at the span's start; returns
  /// how many. What stands behind them is undefined.
  size_t filter(std::span<int64_t> values, bool members) const;

  /// A mark that a packed set's bytes carry, for the owner's use. mark() is lost with the last member.
  void mark();
  bool marked() const;

  bool check_invariants() const;

 private:
  static constexpr size_t kChunkBlocksMax = 128;

  // A block of a chunk: the address takes 48 bits of the word, the count the others.
  struct Descriptor {
    int64_t first;
    uint64_t word;
    Descriptor() = default;
    Descriptor(int64_t first_member, char* block, size_t count)
        : first(first_member), word(reinterpret_cast<uint64_t>(block) | uint64_t{count} << 48) {}
    char* block() const { return reinterpret_cast<char*>(word & ((uint64_t{1} << 48) - 1)); }
    size_t count() const { return word >> 48; }
  };
  struct Chunk {
    int64_t first;
    Descriptor* blocks;
    size_t members;
    uint32_t count;
    uint32_t capacity;
  };
  // Where a block stands; all zero for the only one.
  struct Place {
    uint32_t chunk = 0;
    uint32_t block = 0;
  };

  Place locate(int64_t value) const;
  char* block_at(Place place) const {
    return chunk_count_ == 0 ? block_ : chunks_[place.chunk].blocks[place.block].block();
  }
  bool previous(Place& place) const;
  bool next(Place& place) const;

  char* allocate(size_t bytes);
  void release(char* block);
  void set_block(Place place, char* block);
  bool grow(Place place, size_t rank, int64_t value);
  bool add_block(Place place, std::span<const int64_t> members);
  bool split(Place place);
  void remove_block(Place place);
  void shrink(Place place);
  bool try_merge(Place left, Place right);

  bool make_directory();
  void drop_directory_of_one();
  bool reserve_chunk();
  bool split_chunk(uint32_t chunk);
  bool make_room_in(uint32_t chunk);
  void trim_chunk(uint32_t chunk);
  void remove_chunk(uint32_t chunk);

  char* block_ = nullptr;  // The only one, without a directory.
  Chunk* chunks_ = nullptr;
  uint32_t chunk_count_ = 0;
  uint32_t chunk_capacity_ = 0;
  size_t size_ = 0;
  size_t bytes_ = 0;
  bool borrowed_ = false;
};

}  // namespace inlay
