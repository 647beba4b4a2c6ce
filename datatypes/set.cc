#include "inlay/datatypes/set.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <vector>

#include "datatypes/member_table.h"

namespace inlay {
namespace {

// A packed set's block begins with its count, an integer set's with a number above any.
bool is_integer_form(std::string_view block) {
  return block.size() > 1 && (static_cast<uint8_t>(block[1]) & 0x80) != 0;
}

// Cursors: 0 to 2^32 - 1 are the table's; those with the top bit are places in the order of integers, which are halved to
// make room for it, so that a step never ends between two neighbours that have one place.
constexpr uint64_t kIntegerCursor = uint64_t{1} << 63;

uint64_t cursor_of(int64_t value) {
  return kIntegerCursor | (static_cast<uint64_t>(value) ^ kIntegerCursor) >> 1;
}
int64_t first_at(uint64_t cursor) { return static_cast<int64_t>(cursor << 1 ^ kIntegerCursor); }

}  // namespace

Set::Set(PagePool& pages, uint64_t seed) : pages_(&pages), seed_(seed) {}
Set::~Set() = default;
Set::Set(Set&& other) noexcept : Set(*other.pages_, other.seed_) { swap(other); }
Set& Set::operator=(Set&& other) noexcept {
  Set taken(std::move(other));
  swap(taken);
  return *this;
}

void Set::swap(Set& other) noexcept {
  std::swap(pages_, other.pages_);
  std::swap(seed_, other.seed_);
  integers_.swap(other.integers_);
  packed_.swap(other.packed_);
  table_.swap(other.table_);
  std::swap(was_table_, other.was_table_);
}

Set Set::borrow(PagePool& pages, uint64_t seed, std::string_view block) {
  Set set(pages, seed);
  if (is_integer_form(block)) {
    set.integers_ = IntegerSet::borrow(block);
    set.was_table_ = set.integers_.marked();
  } else {
    set.packed_ = Packed::borrow(block);
    set.was_table_ = !set.packed_.empty();
  }
  return set;
}

bool Set::is_valid(std::string_view block) {
  if (is_integer_form(block)) return IntegerSet::is_valid(block);
  if (!Packed::is_valid(block)) return false;
  const Packed packed = Packed::borrow(block);
  if (packed.size() > kPackedMembersMax || block.size() > kPackedBytesMax) return false;
  for (Packed::Position at = packed.begin(); at != packed.end(); at = packed.next(at)) {
    const Element member = packed.at(at);
    if (packed.find(member) != at || !fits_packed(member)) return false;
    if (!member.is_integer() && parse_int64(member.bytes()).has_value()) return false;
  }
  return true;
}

std::string_view Set::packed_bytes() const {
  assert(is_packed());
  return integers_.empty() ? packed_.bytes() : integers_.packed_bytes();
}

size_t Set::size() const {
  return integers_.size() + packed_.size() + (table_ == nullptr ? 0 : table_->size());
}

size_t Set::memory_usage() const {
  return integers_.memory_usage() + packed_.memory_usage() + (table_ == nullptr ? 0 : table_->memory_usage());
}

bool Set::fits_packed(const Element& member) {
  return member.is_integer() || member.bytes().size() <= kPackedMemberBytesMax;
}

bool Set::contains(const Element& member) const {
  if (!packed_.empty()) return packed_.find(member) != packed_.end();
  if (member.is_integer()) return integers_.contains(member.integer());
  return table_ != nullptr && table_->contains(member.bytes());
}

void Set::contains_each(std::span<const std::string_view> members, bool* found) const {
  // Strings that only the table may hold are looked up together.
  constexpr size_t kBatch = MemberTable::kBatchMax;
  std::array<std::string_view, kBatch> texts;
  std::array<bool*, kBatch> places;
  std::array<bool, kBatch> in_table;
  while (!members.empty()) {
    const auto batch = members.first(std::min(members.size(), kBatch));
    size_t count = 0;
    for (const std::string_view text : batch) {
      const Element member = Element::parse(text);
      if (table_ == nullptr || member.is_integer()) {
        *found++ = contains(member);
      } else {
        texts[count] = text;
        places[count++] = found++;
      }
    }
    if (count != 0) table_->contains_each(std::span(texts).first(count), in_table.data());
    for (size_t i = 0; i < count; ++i) *places[i] = in_table[i];
    members = members.subspan(batch.size());
  }
}

Insertion Set::insert(const Element& member, const SetLimits& limits) {
  if (!packed_.empty()) return insert_packed(member);
  if (!member.is_integer()) return insert_text(member.bytes());
  const Insertion done = integers_.insert(member.integer());
  if (done == Insertion::kAdded && (was_table_ || size() > limits.intset_entries)) note_table();
  return done;
}

// Inserts into a set in packed form.
Insertion Set::insert_packed(const Element& member) {
  if (packed_.find(member) != packed_.end()) return Insertion::kPresent;
  if (packed_.size() < kPackedMembersMax && fits_packed(member) &&
      packed_.bytes().size() + member.encoded_bytes() <= kPackedBytesMax) {
    return packed_.push_back(member) ? Insertion::kAdded : Insertion::kOutOfMemory;
  }
  Set split(*pages_, seed_);
  split.was_table_ = true;
  if (!make_table(split.table_)) return Insertion::kOutOfMemory;
  for (Packed::Position at = packed_.begin(); at != packed_.end(); at = packed_.next(at)) {
    const Element moved = packed_.at(at);
    const Insertion done =
        moved.is_integer() ? split.integers_.insert(moved.integer()) : split.table_->insert(moved.bytes());
    if (done == Insertion::kOutOfMemory) return done;
  }
  const Insertion done =
      member.is_integer() ? split.integers_.insert(member.integer()) : split.table_->insert(member.bytes());
  if (done == Insertion::kOutOfMemory) return done;
  split.drop_table_if_empty();
  split.note_table();
  swap(split);
  return done;
}

// Inserts a string into a set of integers, perhaps none, or into a split one.
Insertion Set::insert_text(std::string_view text) {
  if (table_ == nullptr) {
    if (text.size() <= kPackedMemberBytesMax && integers_.size() < kPackedMembersMax &&
        integers_.is_packed() && integers_.packed_bytes().size() + text.size() <= kPackedBytesMax / 2) {
      return pack_integers(Element(text)) ? Insertion::kAdded : Insertion::kOutOfMemory;
    }
    std::unique_ptr<MemberTable> table;
    if (!integers_.own() || !make_table(table) || table->insert(text) == Insertion::kOutOfMemory)
      return Insertion::kOutOfMemory;
    table_ = std::move(table);
    was_table_ = true;
    return Insertion::kAdded;
  }
  return table_->insert(text);
}

// Goes from integers to packed form with a further member.
bool Set::pack_integers(const Element& member) {
  std::vector<Element> members;
  members.reserve(integers_.size() + 1);
  integers_.visit_from(INT64_MIN, [&](int64_t value) {
    members.emplace_back(value);
    return true;
  });
  members.push_back(member);
  Packed packed;
  if (!packed.insert(packed.end(), members)) return false;
  packed_.swap(packed);
  integers_.clear();
  was_table_ = true;
  return true;
}

bool Set::make_table(std::unique_ptr<MemberTable>& table) const {
  table.reset(new (std::nothrow) MemberTable(*pages_, seed_));
  return table != nullptr;
}

void Set::drop_table_if_empty() {
  if (table_ != nullptr && table_->empty()) table_.reset();
}

Removal Set::erase(const Element& member) {
  if (!packed_.empty()) {
    const Packed::Position at = packed_.find(member);
    if (at == packed_.end()) return Removal::kAbsent;
    if (packed_.size() == 1) {
      packed_ = Packed();
      return Removal::kRemoved;
    }
    return packed_.erase(at) ? Removal::kRemoved : Removal::kOutOfMemory;
  }
  if (member.is_integer()) {
    const Removal done = integers_.erase(member.integer());
    if (done == Removal::kRemoved && was_table_) note_table();
    return done;
  }
  if (table_ == nullptr || !table_->erase(member.bytes())) return Removal::kAbsent;
  if (table_->empty()) {
    drop_table_if_empty();
    note_table();
  }
  return Removal::kRemoved;
}

void Set::clear() {
  Set fresh(*pages_, seed_);
  swap(fresh);
}

bool Set::copy_to(Set& empty) const {
  assert(empty.empty());
  Set copy(*empty.pages_, empty.seed_);
  copy.was_table_ = was_table_;
  if (!integers_.copy_to(copy.integers_)) return false;
  std::vector<Element> members;
  members.reserve(packed_.size());
  for (Packed::Position at = packed_.begin(); at != packed_.end(); at = packed_.next(at)) {
    members.push_back(packed_.at(at));
  }
  if (!copy.packed_.insert(copy.packed_.end(), members)) return false;
  if (table_ != nullptr && (!copy.make_table(copy.table_) || !table_->copy_to(*copy.table_))) return false;
  empty.swap(copy);
  return true;
}

bool Set::for_each(Visit visit) const {
  for (Packed::Position at = packed_.begin(); at != packed_.end(); at = packed_.next(at)) {
    if (!visit(packed_.at(at))) return false;
  }
  if (!packed_.empty()) return true;
  return visit_parts(
      [&](std::span<const int64_t> integers) {
        return std::all_of(integers.begin(), integers.end(),
                           [&](int64_t value) { return visit(Element(value)); });
      },
      [&](std::span<const std::string_view> texts) {
        return std::all_of(texts.begin(), texts.end(),
                           [&](std::string_view text) { return visit(Element(text)); });
      });
}

uint64_t Set::scan(uint64_t cursor, size_t count, absl::FunctionRef<void(const Element&)> visit) const {
  // Redis gives an intset whole whatever the cursor; a larger set may have shrunk to one block under a scan.
  if (!packed_.empty() || (is_packed() && (cursor == 0 || !was_table_))) {
    for_each([&](const Element& member) {
      visit(member);
      return true;
    });
    return 0;
  }
  size_t visited = 0;
  if (cursor < kIntegerCursor && table_ != nullptr) {
    const uint32_t next = table_->scan(static_cast<uint32_t>(cursor), count, [&](std::string_view text) {
      visit(Element(text));
      ++visited;
    });
    if (next != 0) return next;
  }
  if (integers_.empty()) return 0;
  if (cursor < kIntegerCursor) cursor = kIntegerCursor;
  uint64_t last = 0;
  uint64_t next = 0;
  integers_.visit_from(first_at(cursor), [&](int64_t value) {
    const uint64_t place = cursor_of(value);
    if (visited >= count && place != last) {
      next = place;
      return false;
    }
    visit(Element(value));
    last = place;
    ++visited;
    return true;
  });
  return next;
}

bool Set::check_invariants() const {
  if (!integers_.check_invariants() || !packed_.check_invariants()) return false;
  const bool in_table = table_ != nullptr;
  if (in_table && (table_->empty() || !table_->check_invariants())) return false;
  if (!packed_.empty() && (in_table || !integers_.empty() || !is_valid(packed_.bytes()))) return false;
  if ((in_table || !packed_.empty()) && !was_table_) return false;
  if (is_packed() && !integers_.empty() && integers_.marked() != was_table_) return false;
  bool ok = true;
  for_each([&](const Element& member) {
    return ok = contains(member) && (member.is_integer() || !parse_int64(member.bytes()).has_value());
  });
  return ok;
}

}  // namespace inlay
