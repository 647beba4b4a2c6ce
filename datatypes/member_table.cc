#include "datatypes/member_table.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "datatypes/equal_bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace inlay {
namespace {

constexpr size_t kShortMax = 254;
constexpr size_t kWideHead = 1 + sizeof(uint32_t);
// An index of so few members and so many bytes is sparse. In use, they take less than a tenth of it.
constexpr size_t kSparseMax = 256;
constexpr size_t kSparseBytesMax = 32 * 1024;

uint64_t hash_of(std::string_view member, uint64_t seed) {
  return XXH3_64bits_withSeed(member.data(), member.size(), seed);
}

size_t record_bytes(size_t length) { return length + (length <= kShortMax ? 1 : kWideHead); }

std::string_view member_of(const void* record) {
  const char* at = static_cast<const char*>(record);
  const auto length = static_cast<uint8_t>(*at);
  if (length <= kShortMax) return {at + 1, length};
  uint32_t wide;
  std::memcpy(&wide, at + 1, sizeof wide);
  return {at + kWideHead, wide};
}

void write_record(std::string_view member, char* out) {
  const auto length = static_cast<uint32_t>(member.size());
  *out = static_cast<char>(std::min<size_t>(length, kShortMax + 1));
  if (length > kShortMax) std::memcpy(out + 1, &length, sizeof length);
  member.copy(out + record_bytes(length) - length, length);
}

}  // namespace

MemberTable::~MemberTable() {
  if (large_bytes_ == 0) return;
  index_.for_each([this](void* record) {
    const size_t bytes = record_bytes(member_of(record).size());
    if (bytes > kSlabBlockMax) slab_.deallocate(record, bytes);
  });
}

size_t MemberTable::memory_usage() const {
  return malloc_usable_size(const_cast<MemberTable*>(this)) + slab_.page_bytes() + large_bytes_ +
         index_.memory_usage();
}

TagIndex::Slot MemberTable::find(std::string_view member, uint64_t hash) const {
  return index_.find(hash, [member](const void* record) { return equal_bytes(member_of(record), member); });
}

const void* MemberTable::find_record(std::string_view member, uint64_t hash) const {
  return index_.find_record(hash,
                            [member](const void* record) { return equal_bytes(member_of(record), member); });
}

bool MemberTable::contains(std::string_view member) const {
  return find_record(member, hash_of(member, seed_)) != nullptr;
}

Insertion MemberTable::insert(std::string_view member) {
  const uint64_t hash = hash_of(member, seed_);
  if (find(member, hash)) return Insertion::kPresent;
  if (member.size() > UINT32_MAX) return Insertion::kOutOfMemory;
  const size_t bytes = record_bytes(member.size());
  auto* const record = static_cast<char*>(slab_.allocate(bytes));
  if (record == nullptr) return Insertion::kOutOfMemory;
  write_record(member, record);
  if (!index_.insert(hash, record, [this](const void* other) { return hash_of(member_of(other), seed_); })) {
    slab_.deallocate(record, bytes);
    return Insertion::kOutOfMemory;
  }
  if (bytes > kSlabBlockMax) large_bytes_ += slab_.occupied(record, bytes) - Slab::rounded(sizeof(void*));
  return Insertion::kAdded;
}

bool MemberTable::erase(std::string_view member) {
  const uint64_t hash = hash_of(member, seed_);
  const TagIndex::Slot slot = find(member, hash);
  if (!slot) return false;
  void* const record = slot.record();
  // The caller's bytes may be the record's own.
  const size_t bytes = record_bytes(member.size());
  if (bytes > kSlabBlockMax) large_bytes_ -= slab_.occupied(record, bytes) - Slab::rounded(sizeof(void*));
  index_.erase(slot, hash);
  slab_.deallocate(record, bytes);
  if (index_.size() <= kSparseMax && index_.memory_usage() > kSparseBytesMax) rebuild_index();
  return true;
}

// An index keeps the segments of its largest days, which a few members left would be drawn from slowly. Without memory for
// another it stays.
void MemberTable::rebuild_index() {
  TagIndex fresh(slab_);
  const auto rehash = [this](const void* other) { return hash_of(member_of(other), seed_); };
  bool whole = true;
  index_.for_each([&](void* record) { whole = whole && fresh.insert(rehash(record), record, rehash); });
  if (whole) index_.swap(fresh);
}

bool MemberTable::copy_to(MemberTable& empty) const {
  return visit_batches([&](std::span<const std::string_view> batch) {
    return std::all_of(batch.begin(), batch.end(),
                       [&](std::string_view member) { return empty.insert(member) == Insertion::kAdded; });
  });
}

bool MemberTable::visit_batches(absl::FunctionRef<bool(std::span<std::string_view>)> visit) const {
  std::array<const char*, kBatchMax> records;
  size_t count = 0;
  bool going = true;
  const auto hand_over = [&] {
    std::array<std::string_view, kBatchMax> batch;
    for (size_t i = 0; i < count; ++i) batch[i] = member_of(records[i]);
    going = visit(std::span(batch).first(count));
    count = 0;
  };
  index_.for_each([&](void* record) {
    if (!going) return;
    records[count++] = static_cast<const char*>(record);
    __builtin_prefetch(record);
    if (count == kBatchMax) hand_over();
  });
  if (going && count != 0) hand_over();
  return going;
}

uint32_t MemberTable::scan(uint32_t cursor, size_t count,
                           absl::FunctionRef<void(std::string_view)> visit) const {
  return index_.scan(
      cursor, count, [this](const void* record) { return hash_of(member_of(record), seed_); },
      [visit](void* record) { visit(member_of(record)); });
}

std::string_view MemberTable::sample(absl::FunctionRef<uint64_t()> random) const {
  return member_of(index_.sample(random));
}

void MemberTable::contains_each(std::span<const std::string_view> values, bool* found) const {
  assert(values.size() <= kBatchMax);
  std::array<uint64_t, kBatchMax> hashes;
  for (size_t i = 0; i < values.size(); ++i) {
    hashes[i] = hash_of(values[i], seed_);
    index_.prefetch_tags(hashes[i]);
  }
  for (size_t i = 0; i < values.size(); ++i) index_.prefetch_record(hashes[i]);
  for (size_t i = 0; i < values.size(); ++i) found[i] = find_record(values[i], hashes[i]) != nullptr;
}

size_t MemberTable::filter(std::span<std::string_view> values, bool members) const {
  std::array<bool, kBatchMax> found;
  size_t kept = 0;
  for (size_t from = 0; from < values.size(); from += kBatchMax) {
    const auto batch = values.subspan(from, std::min(kBatchMax, values.size() - from));
    contains_each(batch, found.data());
    for (size_t i = 0; i < batch.size(); ++i) {
      values[kept] = batch[i];
      kept += found[i] == members;
    }
  }
  return kept;
}

bool MemberTable::check_invariants() const {
  const auto rehash = [this](const void* record) { return hash_of(member_of(record), seed_); };
  size_t large_bytes = 0;
  bool ok = true;
  index_.for_each([&](const void* record) {
    const std::string_view member = member_of(record);
    ok = ok && find(member, hash_of(member, seed_)).record() == record;
    const size_t bytes = record_bytes(member.size());
    if (bytes > kSlabBlockMax) large_bytes += slab_.occupied(record, bytes) - Slab::rounded(sizeof(void*));
  });
  return ok && large_bytes == large_bytes_ && slab_.check_invariants() && index_.check_invariants(rehash);
}

}  // namespace inlay
