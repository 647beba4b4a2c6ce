#include "datatypes/field_table.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "datatypes/equal_bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace inlay {
namespace {

constexpr char kMark = static_cast<char>(0xff);
constexpr size_t kMarkBytes = DeadlineHeap::kPositionOffset + sizeof(DeadlineHeap::Position);

bool is_marked(const char* record) { return *record == kMark; }
const char* field_at(const char* record) { return record + (is_marked(record) ? kMarkBytes : 0); }
const char* value_at(const char* record) {
  const char* field = field_at(record);
  return field + Element::encoded_bytes_at(field);
}
size_t record_bytes(const char* record) {
  const char* value = value_at(record);
  return static_cast<size_t>(value - record) + Element::encoded_bytes_at(value);
}

DeadlineHeap::Position position_of(const char* record) {
  return is_marked(record) ? DeadlineHeap::position_of(record) : DeadlineHeap::kNowhere;
}

void mark(char* record) {
  *record = kMark;
  DeadlineHeap::set_position(record, DeadlineHeap::kNowhere);
}

// A field that is looked for. A head that tells the length is compared before the bytes behind it.
class Wanted {
 public:
  explicit Wanted(std::string_view field) : element_(Element::parse(field)) {
    if (const size_t bytes = element_.encoded_bytes(); bytes <= form_.size()) {
      element_.encode(form_.data());
      rest_ = bytes - 1;
    }
  }
  bool operator()(const void* record) const {
    const char* field = field_at(static_cast<const char*>(record));
    if (rest_ != kLong) return *field == form_[0] && equal_bytes(field + 1, form_.data() + 1, rest_);
    return Element::decode(field) == element_;
  }

 private:
  static constexpr size_t kLong = ~size_t{0};
  Element element_;
  size_t rest_ = kLong;
  std::array<char, 64> form_;  // The longest form without a length behind its head.
};

// Whether a block of `old_bytes` can stay for `new_bytes`.
bool stays(size_t old_bytes, size_t new_bytes) {
  if (old_bytes <= kSlabBlockMax) {
    return new_bytes <= kSlabBlockMax && Slab::rounded(old_bytes) == Slab::rounded(new_bytes);
  }
  return new_bytes > kSlabBlockMax && new_bytes <= old_bytes && new_bytes > old_bytes / 2;
}

}  // namespace

FieldTable::~FieldTable() {
  // The slab drops its pages by itself.
  if (large_ == 0) return;
  index_.for_each([this](void* block) {
    auto* record = static_cast<char*>(block);
    if (const size_t bytes = record_bytes(record); bytes > kSlabBlockMax) release(record, bytes);
  });
}

size_t FieldTable::memory_usage() const {
  return slab_.page_bytes() + large_bytes_ + index_.memory_usage() + deadlines_.memory_usage();
}

Element FieldTable::field_of(Record record) {
  const char* at = field_at(record);
  return Element::decode(at);
}

Element FieldTable::value_of(Record record) {
  const char* at = value_at(record);
  return Element::decode(at);
}

uint64_t FieldTable::hash_of(const void* record) const {
  char scratch[kInt64TextMax];
  const std::string_view text = field_of(static_cast<Record>(record)).text(scratch);
  return XXH3_64bits_withSeed(text.data(), text.size(), seed_);
}

FieldTable::Record FieldTable::find(std::string_view field) const {
  const uint64_t hash = XXH3_64bits_withSeed(field.data(), field.size(), seed_);
  return static_cast<Record>(index_.find_record(hash, Wanted(field)));
}

void FieldTable::find_each(std::span<const std::string_view> fields,
                           absl::FunctionRef<void(size_t, Record)> visit) const {
  constexpr size_t kBatch = 16;
  uint64_t hashes[kBatch];
  for (size_t first = 0; first < fields.size(); first += kBatch) {
    const auto batch = fields.subspan(first, std::min(kBatch, fields.size() - first));
    for (size_t i = 0; i < batch.size(); ++i) {
      hashes[i] = XXH3_64bits_withSeed(batch[i].data(), batch[i].size(), seed_);
      index_.prefetch_tags(hashes[i]);
    }
    for (size_t i = 0; i < batch.size(); ++i) index_.prefetch_record(hashes[i]);
    for (size_t i = 0; i < batch.size(); ++i) {
      visit(first + i, static_cast<Record>(index_.find_record(hashes[i], Wanted(batch[i]))));
    }
  }
}

// Records are visited a few places behind where they are fetched.
void FieldTable::for_each(absl::FunctionRef<void(Record)> visit) const {
  constexpr size_t kAhead = 16;
  Record ring[kAhead];
  size_t seen = 0;
  index_.for_each([&](void* record) {
    __builtin_prefetch(record);
    Record& place = ring[seen % kAhead];
    if (seen++ >= kAhead) visit(place);
    place = static_cast<Record>(record);
  });
  for (size_t i = seen < kAhead ? 0 : seen - kAhead; i < seen; ++i) visit(ring[i % kAhead]);
}

uint32_t FieldTable::scan(uint32_t cursor, size_t count, absl::FunctionRef<void(Record)> visit) const {
  return index_.scan(
      cursor, count, [this](const void* record) { return hash_of(record); },
      [&](void* record) { visit(static_cast<Record>(record)); });
}

TagIndex::Slot FieldTable::find_slot(uint64_t hash, std::string_view field) const {
  return index_.find(hash, Wanted(field));
}

TagIndex::Slot FieldTable::slot_of(Record record, uint64_t hash) const {
  return index_.find(hash, [&](const void* other) { return other == record; });
}

char* FieldTable::allocate(size_t bytes) {
  auto* block = static_cast<char*>(slab_.allocate(bytes));
  if (block != nullptr && bytes > kSlabBlockMax) {
    ++large_;
    // The stub stands in the pages.
    large_bytes_ += slab_.occupied(block, bytes) - Slab::rounded(sizeof(void*));
  }
  return block;
}

void FieldTable::release(char* record, size_t bytes) {
  if (bytes > kSlabBlockMax) {
    --large_;
    large_bytes_ -= slab_.occupied(record, bytes) - Slab::rounded(sizeof(void*));
  }
  slab_.deallocate(record, bytes);
}

// Names a finished record in the index, or frees it.
bool FieldTable::insert(uint64_t hash, char* record, size_t bytes) {
  if (index_.insert(hash, record, [this](const void* other) { return hash_of(other); })) return true;
  release(record, bytes);
  return false;
}

Hash::Put FieldTable::put(std::string_view field, const Element& value, bool keep_deadline) {
  const uint64_t hash = XXH3_64bits_withSeed(field.data(), field.size(), seed_);
  const TagIndex::Slot slot = find_slot(hash, field);
  if (!slot) {
    const Element name = Element::parse(field);
    const size_t bytes = name.encoded_bytes() + value.encoded_bytes();
    char* record = allocate(bytes);
    if (record == nullptr) return Hash::Put::kOutOfMemory;
    value.encode(name.encode(record));
    return insert(hash, record, bytes) ? Hash::Put::kAdded : Hash::Put::kOutOfMemory;
  }
  auto* old = static_cast<char*>(slot.record());
  const size_t old_bytes = record_bytes(old);
  const DeadlineHeap::Position position = position_of(old);
  const bool had_deadline = position != DeadlineHeap::kNowhere;
  const bool keeps = had_deadline && keep_deadline;
  const size_t head = keeps ? kMarkBytes : 0;
  const char* const name = field_at(old);
  const size_t name_bytes = Element::encoded_bytes_at(name);
  const size_t bytes = head + name_bytes + value.encoded_bytes();
  char* record = old;
  if (!stays(old_bytes, bytes) && (record = allocate(bytes)) == nullptr) return Hash::Put::kOutOfMemory;
  if (had_deadline && !keeps) deadlines_.erase(position);
  if (record != old && keeps) {
    *record = kMark;
    deadlines_.rename(position, record);
  }
  std::memmove(record + head, name, name_bytes);
  value.encode(record + head + name_bytes);
  if (record != old) {
    index_.replace(slot, record);
    release(old, old_bytes);
  }
  return Hash::Put::kReplaced;
}

void FieldTable::erase_slot(TagIndex::Slot slot, uint64_t hash) {
  auto* record = static_cast<char*>(slot.record());
  const size_t bytes = record_bytes(record);
  if (const auto at = position_of(record); at != DeadlineHeap::kNowhere) deadlines_.erase(at);
  index_.erase(slot, hash);
  release(record, bytes);
}

bool FieldTable::erase(std::string_view field) {
  const uint64_t hash = XXH3_64bits_withSeed(field.data(), field.size(), seed_);
  const TagIndex::Slot slot = find_slot(hash, field);
  if (!slot) return false;
  erase_slot(slot, hash);
  return true;
}

std::optional<int64_t> FieldTable::deadline(Record record) const {
  const auto at = position_of(record);
  if (at == DeadlineHeap::kNowhere) return std::nullopt;
  return deadlines_.deadline(at);
}

bool FieldTable::set_deadline(Record record, int64_t deadline) {
  auto* old = const_cast<char*>(record);
  if (const auto at = position_of(old); at != DeadlineHeap::kNowhere) {
    deadlines_.update(at, deadline);
    return true;
  }
  if (is_marked(old)) return deadlines_.insert(old, deadline);
  const size_t old_bytes = record_bytes(old);
  const size_t bytes = old_bytes + kMarkBytes;
  // The heap is the last that may fail, so a record is marked in place only once its entry stands.
  char* fresh = allocate(bytes);
  if (fresh == nullptr) return false;
  mark(fresh);
  std::memcpy(fresh + kMarkBytes, old, old_bytes);
  if (!deadlines_.insert(fresh, deadline)) {
    release(fresh, bytes);
    return false;
  }
  index_.replace(slot_of(old, hash_of(old)), fresh);
  release(old, old_bytes);
  return true;
}

bool FieldTable::clear_deadline(Record record) {
  const auto at = position_of(record);
  if (at == DeadlineHeap::kNowhere) return false;
  deadlines_.erase(at);
  return true;
}

void FieldTable::erase_earliest(absl::FunctionRef<void(const Element& field)> expired) {
  const auto* record = static_cast<Record>(deadlines_.block(0));
  const uint64_t hash = hash_of(record);
  const TagIndex::Slot slot = slot_of(record, hash);
  expired(field_of(record));
  erase_slot(slot, hash);
}

bool FieldTable::copy_to(FieldTable& empty) const {
  bool ok = true;
  for_each([&](Record record) {
    if (!ok) return;
    const std::optional<int64_t> due = deadline(record);
    const size_t head = due.has_value() ? kMarkBytes : 0;
    const char* const field = field_at(record);
    const size_t bytes = record_bytes(record) - static_cast<size_t>(field - record) + head;
    char* copy = empty.allocate(bytes);
    ok = copy != nullptr;
    if (!ok) return;
    if (due.has_value()) mark(copy);
    std::memcpy(copy + head, field, bytes - head);
    ok = empty.insert(empty.hash_of(copy), copy, bytes) &&
         (!due.has_value() || empty.deadlines_.insert(copy, *due));
  });
  return ok;
}

bool FieldTable::check_invariants() const {
  bool ok = true;
  size_t large = 0, large_bytes = 0, small_bytes = 0, deadlines = 0;
  index_.for_each([&](void* block) {
    const auto* record = static_cast<Record>(block);
    const size_t bytes = record_bytes(record);
    const char* at = field_at(record);
    Element element{int64_t{0}};
    ok = ok && Element::decode_checked(at, record + bytes, element);
    ok = ok && Element::decode_checked(at, record + bytes, element) && at == record + bytes;
    char scratch[kInt64TextMax];
    ok = ok && find(field_of(record).text(scratch)) == record;
    deadlines += position_of(record) != DeadlineHeap::kNowhere;
    small_bytes += Slab::rounded(std::min(bytes, sizeof(void*)));
    if (bytes > kSlabBlockMax) {
      ++large;
      large_bytes += slab_.occupied(record, bytes) - Slab::rounded(sizeof(void*));
    } else {
      small_bytes += Slab::rounded(bytes) - Slab::rounded(std::min(bytes, sizeof(void*)));
    }
  });
  return ok && large == large_ && large_bytes == large_bytes_ && deadlines == deadlines_.size() &&
         small_bytes + large_bytes == slab_.bytes() && slab_.check_invariants() &&
         deadlines_.check_invariants() &&
         index_.check_invariants([this](const void* record) { return hash_of(record); });
}

}  // namespace inlay
