#include "inlay/datatypes/hash.h"

#include <malloc.h>

#include <array>
#include <cassert>
#include <new>
#include <set>
#include <string>
#include <utility>

#include "datatypes/field_table.h"

namespace inlay {
namespace {

size_t text_bytes(const Element& element) {
  char scratch[kInt64TextMax];
  return element.text(scratch).size();
}

}  // namespace

Hash::Hash(PagePool& pages, uint64_t seed) : pages_(&pages), seed_(seed) {}
Hash::~Hash() = default;
Hash::Hash(Hash&& other) noexcept = default;
Hash& Hash::operator=(Hash&& other) noexcept = default;

Hash Hash::borrow(PagePool& pages, uint64_t seed, std::string_view block) {
  Hash hash(pages, seed);
  hash.packed_ = Packed::borrow(block);
  return hash;
}

Hash::Encoding Hash::encoding() const {
  if (!listpack_) return Encoding::kHashtable;
  return has_deadlines() ? Encoding::kListpackEx : Encoding::kListpack;
}

size_t Hash::size() const { return table_ != nullptr ? table_->size() : packed_.size() / 2; }

size_t Hash::memory_usage() const {
  if (table_ == nullptr) return packed_.memory_usage();
  return malloc_usable_size(table_.get()) + table_->memory_usage();
}

std::optional<Element> Hash::find(std::string_view field) const {
  if (table_ != nullptr) {
    const FieldTable::Record record = table_->find(field);
    if (record == nullptr) return std::nullopt;
    return FieldTable::value_of(record);
  }
  const Packed::Position at = packed_.find(Element::parse(field), 2);
  if (at == packed_.end()) return std::nullopt;
  return packed_.at(packed_.next(at));
}

void Hash::find_each(std::span<const std::string_view> fields,
                     absl::FunctionRef<void(size_t, const std::optional<Element>&)> visit) const {
  if (table_ == nullptr) {
    for (size_t i = 0; i < fields.size(); ++i) visit(i, find(fields[i]));
    return;
  }
  table_->find_each(fields, [&](size_t index, FieldTable::Record record) {
    visit(index, record == nullptr ? std::nullopt : std::optional(FieldTable::value_of(record)));
  });
}

// Turns the packed form into a table; false, with nothing changed, when memory is exhausted.
bool Hash::make_table() {
  std::unique_ptr<FieldTable> table(new (std::nothrow) FieldTable(*pages_, seed_));
  if (table == nullptr) return false;
  char scratch[kInt64TextMax];
  for (auto at = packed_.begin(); at != packed_.end();) {
    const Element field = packed_.at(at);
    const Packed::Position value = packed_.next(at);
    if (table->put(field.text(scratch), packed_.at(value), false) != Put::kAdded) return false;
    at = packed_.next(value);
  }
  table_ = std::move(table);
  packed_ = Packed();
  return true;
}

bool Hash::put_packed(Packed::Position at, const Element& field, const Element& value) {
  if (at != packed_.end()) return packed_.replace(packed_.next(at), value);
  const std::array<Element, 2> pair = {field, value};
  return packed_.insert(at, pair);
}

Hash::Put Hash::put(std::string_view field, const Element& value, const HashLimits& limits,
                    bool keep_deadline) {
  // As Redis: a text that is too long converts before it is put, too many fields after.
  const bool short_enough = listpack_ && field.size() <= limits.packed_value_bytes &&
                            text_bytes(value) <= limits.packed_value_bytes;
  if (table_ == nullptr) {
    const Element name = Element::parse(field);
    const Packed::Position at = packed_.find(name, 2);
    const bool adds = at == packed_.end();
    const size_t fields = size() + adds;
    const size_t bytes = packed_.bytes().size() + name.encoded_bytes() + value.encoded_bytes();
    if (short_enough && fields <= limits.packed_entries && fields <= kPackedFieldsMax &&
        bytes <= kPackedBytesMax) {
      if (!put_packed(at, name, value)) return Put::kOutOfMemory;
      return adds ? Put::kAdded : Put::kReplaced;
    }
    if (!make_table()) return Put::kOutOfMemory;
  }
  const Put result = table_->put(field, value, keep_deadline);
  if (result != Put::kOutOfMemory) listpack_ = short_enough && size() <= limits.packed_entries;
  return result;
}

Hash::Erase Hash::erase(std::string_view field) {
  if (table_ != nullptr) return table_->erase(field) ? Erase::kErased : Erase::kAbsent;
  const Packed::Position at = packed_.find(Element::parse(field), 2);
  if (at == packed_.end()) return Erase::kAbsent;
  return packed_.erase(at, 2) ? Erase::kErased : Erase::kOutOfMemory;
}

void Hash::for_each(Visit visit) const {
  if (table_ != nullptr) {
    table_->for_each([&](FieldTable::Record record) {
      visit(FieldTable::field_of(record), FieldTable::value_of(record));
    });
    return;
  }
  for (auto at = packed_.begin(); at != packed_.end();) {
    const Packed::Position value = packed_.next(at);
    visit(packed_.at(at), packed_.at(value));
    at = packed_.next(value);
  }
}

uint32_t Hash::scan(uint32_t cursor, size_t count, Visit visit) const {
  if (table_ == nullptr) {
    for_each(visit);
    return 0;
  }
  return table_->scan(cursor, count, [&](FieldTable::Record record) {
    visit(FieldTable::field_of(record), FieldTable::value_of(record));
  });
}

std::optional<Hash::Pair> Hash::sample(absl::FunctionRef<uint64_t()> random) const {
  if (empty()) return std::nullopt;
  if (table_ != nullptr) {
    const FieldTable::Record record = table_->sample(random);
    return Pair{FieldTable::field_of(record), FieldTable::value_of(record)};
  }
  // The upper half of the number, scaled: even to 1 in 2^23 for the few fields of a block.
  const Packed::Position at = packed_.nth(((random() >> 32) * size() >> 32) * 2);
  return Pair{packed_.at(at), packed_.at(packed_.next(at))};
}

bool Hash::copy_to(Hash& empty) const {
  assert(empty.empty() && "a copy goes to an empty hash");
  empty.listpack_ = listpack_;
  if (table_ == nullptr) {
    empty.table_.reset();
    empty.packed_ = Packed::borrow(packed_.bytes());
    return empty.packed_.own();
  }
  empty.packed_ = Packed();
  empty.table_.reset(new (std::nothrow) FieldTable(*empty.pages_, empty.seed_));
  return empty.table_ != nullptr && table_->copy_to(*empty.table_);
}

Hash::Deadline Hash::set_deadline(std::string_view field, int64_t deadline_ms) {
  assert(deadline_ms != kNone && "kNone is no deadline");
  if (!contains(field)) return Deadline::kAbsent;
  if (table_ == nullptr && !make_table()) return Deadline::kOutOfMemory;
  return table_->set_deadline(table_->find(field), deadline_ms) ? Deadline::kSet : Deadline::kOutOfMemory;
}

bool Hash::clear_deadline(std::string_view field) {
  if (!has_deadlines()) return false;
  const FieldTable::Record record = table_->find(field);
  return record != nullptr && table_->clear_deadline(record);
}

std::optional<int64_t> Hash::deadline(std::string_view field) const {
  if (!has_deadlines()) return std::nullopt;
  const FieldTable::Record record = table_->find(field);
  return record == nullptr ? std::nullopt : table_->deadline(record);
}

int64_t Hash::next_deadline() const {
  if (table_ == nullptr || table_->deadlines().empty()) return kNone;
  return table_->deadlines().deadline(0);
}

size_t Hash::expire(int64_t now_ms, size_t limit, absl::FunctionRef<void(const Element&)> expired) {
  size_t removed = 0;
  while (removed < limit && has_deadlines() && next_deadline() <= now_ms) {
    table_->erase_earliest(expired);
    ++removed;
  }
  return removed;
}

bool Hash::check_invariants() const {
  if (table_ != nullptr) return packed_.empty() && table_->check_invariants();
  if (!packed_.check_invariants() || packed_.size() % 2 != 0) return false;
  std::set<std::string> fields;
  for_each([&](const Element& field, const Element&) { fields.insert(field.to_string()); });
  return fields.size() == size();
}

}  // namespace inlay
