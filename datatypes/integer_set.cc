#include "inlay/datatypes/integer_set.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>

#include "datatypes/integer_block.h"

namespace inlay {
namespace {

// What a member may cost by widening the offsets of its block; beyond it, the member gets a block of its own.
constexpr size_t kWidenBytesMax = 320;
// Blocks with fewer members look for a neighbour to merge with, every so many removals.
constexpr size_t kSparse = 64;
constexpr size_t kSparseCheck = 16;
constexpr size_t kMergedMax = 256;

using Members = std::array<int64_t, IntegerBlock::kMembersMax>;

std::span<int64_t> read(char* block, Members& members) {
  const IntegerBlock view(block);
  view.read(members.data());
  return std::span(members).first(view.count());
}

// Whether a block takes a further member without growing out of proportion.
bool takes(const IntegerBlock& block, int64_t value) {
  const size_t members = block.count();
  if (members == IntegerBlock::kMembersMax) return false;
  return !block.widens_with(value) || block.bytes_with(value) <= block.bytes() + kWidenBytesMax;
}

}  // namespace

static_assert(IntegerSet::kRunMax == IntegerBlock::kMembersMax);

void IntegerSet::swap(IntegerSet& other) noexcept {
  std::swap(block_, other.block_);
  std::swap(chunks_, other.chunks_);
  std::swap(chunk_count_, other.chunk_count_);
  std::swap(chunk_capacity_, other.chunk_capacity_);
  std::swap(size_, other.size_);
  std::swap(bytes_, other.bytes_);
  std::swap(borrowed_, other.borrowed_);
}

IntegerSet IntegerSet::borrow(std::string_view block) {
  IntegerSet set;
  if (block.empty()) return set;
  assert(is_valid(block) && "a borrowed block is an IntegerSet's");
  set.block_ = const_cast<char*>(block.data());  // Copied before it is written to.
  set.size_ = IntegerBlock(set.block_).count();
  set.borrowed_ = true;
  return set;
}

bool IntegerSet::is_valid(std::string_view block) { return IntegerBlock::is_valid(block); }

std::string_view IntegerSet::packed_bytes() const {
  assert(is_packed());
  return block_ == nullptr ? std::string_view() : std::string_view(block_, IntegerBlock(block_).bytes());
}

void IntegerSet::mark() {
  assert(!borrowed_ && "a borrowed block is never written to");
  if (chunk_count_ == 0 && block_ != nullptr) IntegerBlock(block_).set_mark();
}

bool IntegerSet::marked() const {
  return chunk_count_ == 0 && block_ != nullptr && IntegerBlock(block_).mark();
}

// The block that holds the value or would: the last one whose first member is not above it, or the first one.
IntegerSet::Place IntegerSet::locate(int64_t value) const {
  Place place;
  if (chunk_count_ == 0) return place;
  const auto last_not_above = [value](const auto* sorted, size_t count) {
    size_t found = 0;
    while (count > 1) {
      const size_t half = count / 2;
      found += sorted[found + half].first <= value ? half : 0;
      count -= half;
    }
    return static_cast<uint32_t>(found);
  };
  place.chunk = last_not_above(chunks_, chunk_count_);
  const Chunk& chunk = chunks_[place.chunk];
  place.block = last_not_above(chunk.blocks, chunk.count);
  return place;
}

bool IntegerSet::previous(Place& place) const {
  if (place.block > 0) {
    --place.block;
    return true;
  }
  if (place.chunk == 0) return false;
  --place.chunk;
  place.block = chunks_[place.chunk].count - 1;
  return true;
}

bool IntegerSet::next(Place& place) const {
  if (chunk_count_ == 0) return false;
  if (place.block + 1 < chunks_[place.chunk].count) {
    ++place.block;
    return true;
  }
  if (place.chunk + 1 == chunk_count_) return false;
  ++place.chunk;
  place.block = 0;
  return true;
}

bool IntegerSet::contains(int64_t value) const {
  return size_ != 0 && IntegerBlock(block_at(locate(value))).contains(value);
}

int64_t IntegerSet::at(size_t position) const {
  assert(position < size_);
  if (chunk_count_ == 0) return IntegerBlock(block_).at(position);
  const Chunk* chunk = chunks_;
  for (; position >= chunk->members; ++chunk) position -= chunk->members;
  const Descriptor* block = chunk->blocks;
  for (; position >= block->count(); ++block) position -= block->count();
  return IntegerBlock(block->block()).at(position);
}

bool IntegerSet::visit_runs(absl::FunctionRef<bool(std::span<int64_t>)> visit) const {
  if (size_ == 0) return true;
  Members members;
  Place place;
  do {
    Place ahead = place;
    if (next(ahead)) __builtin_prefetch(block_at(ahead));
    if (!visit(read(block_at(place), members))) return false;
  } while (next(place));
  return true;
}

bool IntegerSet::visit_from(int64_t first, absl::FunctionRef<bool(int64_t)> visit) const {
  if (size_ == 0) return true;
  Place place = locate(first);
  size_t index = IntegerBlock(block_at(place)).rank(first);
  do {
    const IntegerBlock block(block_at(place));
    for (const size_t count = block.count(); index < count; ++index) {
      if (!visit(block.at(index))) return false;
    }
    index = 0;
  } while (next(place));
  return true;
}

size_t IntegerSet::filter(std::span<int64_t> values, bool members) const {
  if (size_ == 0) return members ? 0 : values.size();
  size_t kept = 0;
  for (size_t i = 0; i < values.size();) {
    const Place place = locate(values[i]);
    Place behind = place;
    size_t end = values.size();
    if (next(behind)) {
      const int64_t bound = chunks_[behind.chunk].blocks[behind.block].first;
      end = static_cast<size_t>(
          std::lower_bound(values.begin() + static_cast<ptrdiff_t>(i), values.end(), bound) - values.begin());
    }
    kept += IntegerBlock(block_at(place)).filter(values.subspan(i, end - i), members, values.data() + kept);
    i = end;
  }
  return kept;
}

char* IntegerSet::allocate(size_t bytes) {
  auto* block = static_cast<char*>(std::malloc(bytes));
  if (block != nullptr) bytes_ += malloc_usable_size(block);
  return block;
}

void IntegerSet::release(char* block) {
  bytes_ -= malloc_usable_size(block);
  std::free(block);
}

// Puts a block, changed or another, in its place's books.
void IntegerSet::set_block(Place place, char* block) {
  if (chunk_count_ == 0) {
    block_ = block;
    return;
  }
  Chunk& chunk = chunks_[place.chunk];
  Descriptor& descriptor = chunk.blocks[place.block];
  const IntegerBlock view(block);
  const size_t count = view.count();
  chunk.members += count - descriptor.count();
  descriptor = Descriptor(view.first(), block, count);
  chunk.first = chunk.blocks[0].first;
}

// Copies a borrowed block, before the first change.
bool IntegerSet::own() {
  if (!borrowed_) return true;
  const std::string_view bytes = packed_bytes();
  char* const copy = allocate(bytes.size());
  if (copy == nullptr) return false;
  bytes.copy(copy, bytes.size());
  block_ = copy;
  borrowed_ = false;
  return true;
}

Insertion IntegerSet::insert(int64_t value) {
  if (size_ == 0) {
    char* const block = allocate(IntegerBlock::bytes_for(std::span(&value, 1)));
    if (block == nullptr) return Insertion::kOutOfMemory;
    IntegerBlock::write(std::span(&value, 1), false, block);
    block_ = block;
    size_ = 1;
    return Insertion::kAdded;
  }
  Place place = locate(value);
  const IntegerBlock found(block_at(place));
  const size_t count = found.count();
  const size_t rank = found.rank(value);
  if (rank < count && found.at(rank) == value) return Insertion::kPresent;
  if (!own()) return Insertion::kOutOfMemory;
  bool added;
  Place behind = place;
  if (takes(IntegerBlock(block_at(place)), value)) {
    added = grow(place, rank, value);
  } else if (rank == count && next(behind) && takes(IntegerBlock(block_at(behind)), value)) {
    added = grow(behind, 0, value);
  } else if (rank == 0 || rank == count) {
    if (rank == count) ++place.block;
    added = add_block(place, std::span(&value, 1));
  } else {
    return split(place) ? insert(value) : Insertion::kOutOfMemory;
  }
  if (!added) return Insertion::kOutOfMemory;
  ++size_;
  return Insertion::kAdded;
}

// Inserts a value that its block takes.
bool IntegerSet::grow(Place place, size_t rank, int64_t value) {
  char* block = block_at(place);
  IntegerBlock view(block);
  const size_t bytes = view.bytes_with(value);
  if (view.widens_with(value)) {
    std::array<int64_t, IntegerBlock::kMembersMax> members;
    view.read(members.data());
    const size_t count = view.count();
    std::copy_backward(members.begin() + rank, members.begin() + count, members.begin() + count + 1);
    members[rank] = value;
    char* const fresh = allocate(bytes + bytes / 8);
    if (fresh == nullptr) return false;
    IntegerBlock::write(std::span(members).first(count + 1), view.mark(), fresh);
    release(block);
    set_block(place, fresh);
    return true;
  }
  const size_t capacity = malloc_usable_size(block);
  if (capacity < bytes) {
    block = static_cast<char*>(std::realloc(block, bytes + bytes / 8));
    if (block == nullptr) return false;
    bytes_ += malloc_usable_size(block) - capacity;
  }
  IntegerBlock(block).insert(rank, value);
  set_block(place, block);
  return true;
}

// Adds a block before the one at `place`, which may be one behind the last of its chunk.
bool IntegerSet::add_block(Place place, std::span<const int64_t> members) {
  char* const block = allocate(IntegerBlock::bytes_for(members));
  if (block == nullptr) return false;
  if (!make_directory() || !make_room_in(place.chunk)) {
    release(block);
    drop_directory_of_one();
    return false;
  }
  // Making room may have split the chunk.
  if (place.block > chunks_[place.chunk].count) {
    place.block -= chunks_[place.chunk].count;
    ++place.chunk;
  }
  IntegerBlock::write(members, false, block);
  Chunk& chunk = chunks_[place.chunk];
  Descriptor* const at = chunk.blocks + place.block;
  std::memmove(at + 1, at, (chunk.count - place.block) * sizeof *at);
  *at = Descriptor(members.front(), block, members.size());
  ++chunk.count;
  chunk.members += members.size();
  chunk.first = chunk.blocks[0].first;
  return true;
}

// Moves the upper half of a block to one of its own.
bool IntegerSet::split(Place place) {
  Members buffer;
  char* const block = block_at(place);
  const std::span<int64_t> members = read(block, buffer);
  const size_t half = members.size() / 2;
  if (!add_block({place.chunk, place.block + 1}, members.subspan(half))) return false;
  place = locate(members.front());
  IntegerBlock(block).truncate(half);
  set_block(place, block);
  shrink(place);
  return true;
}

// Gives back what a block holds beyond its members; failing at that costs nothing but the room.
void IntegerSet::shrink(Place place) {
  char* const block = block_at(place);
  const IntegerBlock view(block);
  Members buffer;
  const std::span<const int64_t> members = read(block, buffer);
  char* const fresh = allocate(IntegerBlock::bytes_for(members));
  if (fresh == nullptr) return;
  IntegerBlock::write(members, view.mark(), fresh);
  release(block);
  set_block(place, fresh);
}

Removal IntegerSet::erase(int64_t value) {
  if (size_ == 0) return Removal::kAbsent;
  const Place place = locate(value);
  const size_t rank = IntegerBlock(block_at(place)).rank(value);
  const IntegerBlock found(block_at(place));
  if (rank == found.count() || found.at(rank) != value) return Removal::kAbsent;
  if (size_ == 1) {
    clear();
    return Removal::kRemoved;
  }
  if (!own()) return Removal::kOutOfMemory;
  --size_;
  char* const block = block_at(place);
  IntegerBlock view(block);
  const size_t left = view.count() - 1;
  if (left == 0) {
    remove_block(place);
    return Removal::kRemoved;
  }
  view.erase(rank);
  set_block(place, block);
  if (left < kSparse && left % kSparseCheck == 0) {
    Place before = place;
    Place behind = place;
    if ((previous(before) && try_merge(before, place)) || (next(behind) && try_merge(place, behind))) {
      return Removal::kRemoved;
    }
  }
  if (malloc_usable_size(block) > 2 * view.bytes() + 32) shrink(place);
  return Removal::kRemoved;
}

// Makes one block of two neighbours, if that does not cost much.
bool IntegerSet::try_merge(Place left, Place right) {
  const IntegerBlock low(block_at(left));
  const IntegerBlock high(block_at(right));
  if (low.count() + high.count() > kMergedMax) return false;
  Members members;
  low.read(members.data());
  high.read(members.data() + low.count());
  const auto merged = std::span(members).first(low.count() + high.count());
  const size_t bytes = IntegerBlock::bytes_for(merged);
  if (bytes > low.bytes() + high.bytes() + kWidenBytesMax) return false;
  char* const fresh = allocate(bytes);
  if (fresh == nullptr) return false;
  IntegerBlock::write(merged, false, fresh);
  release(block_at(left));
  set_block(left, fresh);
  remove_block(right);
  return true;
}

void IntegerSet::remove_block(Place place) {
  release(block_at(place));
  Chunk& chunk = chunks_[place.chunk];
  Descriptor* const at = chunk.blocks + place.block;
  chunk.members -= at->count();
  --chunk.count;
  std::memmove(at, at + 1, (chunk.count - place.block) * sizeof *at);
  if (chunk.count == 0) {
    remove_chunk(place.chunk);
  } else {
    chunk.first = chunk.blocks[0].first;
    trim_chunk(place.chunk);
  }
  drop_directory_of_one();
}

void IntegerSet::clear() {
  if (chunk_count_ == 0 && !borrowed_) std::free(block_);
  for (uint32_t i = 0; i < chunk_count_; ++i) {
    for (uint32_t j = 0; j < chunks_[i].count; ++j) std::free(chunks_[i].blocks[j].block());
    std::free(chunks_[i].blocks);
  }
  std::free(chunks_);
  block_ = nullptr;
  chunks_ = nullptr;
  chunk_count_ = chunk_capacity_ = 0;
  size_ = bytes_ = 0;
  borrowed_ = false;
}

bool IntegerSet::copy_to(IntegerSet& empty) const {
  assert(empty.size_ == 0);
  if (size_ == 0) return true;
  IntegerSet copy;
  Place place;
  do {
    Members buffer;
    const std::span<const int64_t> members = read(block_at(place), buffer);
    if (copy.size_ == 0) {
      copy.block_ = copy.allocate(IntegerBlock::bytes_for(members));
      if (copy.block_ == nullptr) return false;
      IntegerBlock::write(members, marked(), copy.block_);
    } else {
      const uint32_t chunk = copy.chunk_count_ == 0 ? 0 : copy.chunk_count_ - 1;
      const uint32_t block = copy.chunk_count_ == 0 ? 1 : copy.chunks_[chunk].count;
      if (!copy.add_block({chunk, block}, members)) return false;
    }
    copy.size_ += members.size();
  } while (next(place));
  empty.swap(copy);
  return true;
}

bool IntegerSet::check_invariants() const {
  if (size_ == 0) return block_ == nullptr && chunk_count_ == 0 && bytes_ == 0;
  if (chunk_count_ == 0) {
    const IntegerBlock block(block_);
    return IntegerBlock::is_valid(packed_bytes()) && block.count() == size_ &&
           bytes_ == (borrowed_ ? 0 : malloc_usable_size(block_)) && (borrowed_ || block.bytes() <= bytes_);
  }
  size_t members = 0;
  size_t blocks = 0;
  size_t bytes = malloc_usable_size(chunks_);
  const char* before = nullptr;
  for (const Chunk& chunk : std::span(chunks_, chunk_count_)) {
    size_t chunk_members = 0;
    bytes += malloc_usable_size(chunk.blocks);
    if (chunk.count == 0 || chunk.count > chunk.capacity || chunk.first != chunk.blocks[0].first)
      return false;
    for (const Descriptor& descriptor : std::span(chunk.blocks, chunk.count)) {
      const IntegerBlock block(descriptor.block());
      const size_t usable = malloc_usable_size(descriptor.block());
      if (block.bytes() > usable || !IntegerBlock::is_valid({descriptor.block(), block.bytes()}))
        return false;
      if (block.first() != descriptor.first || block.count() != descriptor.count()) return false;
      if (before != nullptr && IntegerBlock(const_cast<char*>(before)).last() >= block.first()) return false;
      before = descriptor.block();
      chunk_members += block.count();
      bytes += usable;
      ++blocks;
    }
    if (chunk_members != chunk.members) return false;
    members += chunk_members;
  }
  return blocks > 1 && members == size_ && bytes == bytes_ && block_ == nullptr && !borrowed_;
}

}  // namespace inlay
