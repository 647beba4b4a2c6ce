#include "inlay/datatypes/list.h"

#include <cassert>

#include "datatypes/list_blocks.h"

namespace inlay {

List::~List() { ListBlocks::destroy(blocks_); }

List List::borrow(std::string_view block) {
  List list;
  list.packed_ = Packed::borrow(block);
  assert(list.packed_.size() <= kPackedElementsMax && block.size() <= kPackedBytesMax &&
         "a borrowed block is a List's");
  return list;
}

size_t List::size() const { return blocks_ == nullptr ? packed_.size() : blocks_->size(); }

size_t List::memory_usage() const {
  return blocks_ == nullptr ? packed_.memory_usage() : blocks_->memory_usage();
}

// Where the element with this index, or the end with size(), stands in the packed block.
const char* List::packed_place(size_t index) const {
  return skip_elements(packed_.bytes().data() + packed_.begin(), index);
}

Packed::Position List::packed_position(size_t index) const {
  return static_cast<Packed::Position>(packed_place(index) - packed_.bytes().data());
}

Element List::at(size_t index) const {
  if (blocks_ != nullptr) return blocks_->at(index);
  const char* at = packed_place(index);
  return next_element(at);
}

void List::visit(size_t from, Direction direction, absl::FunctionRef<bool(const Element&)> step) const {
  if (blocks_ != nullptr) return blocks_->visit(from, direction, step);
  if (from >= packed_.size()) return;
  if (direction == Direction::kForward) {
    const char* const end = packed_.bytes().data() + packed_.end();
    for (const char* at = packed_place(from); at != end;) {
      if (!step(next_element(at))) return;
    }
    return;
  }
  const char* starts[kPackedElementsMax];
  const char* at = packed_place(0);
  for (size_t i = 0; i <= from; ++i, at = skip_element(at)) starts[i] = at;
  for (size_t i = from + 1; i > 0; --i) {
    const char* start = starts[i - 1];
    if (!step(next_element(start))) return;
  }
}

bool List::fits_packed(const Element& element) const {
  return packed_.size() < kPackedElementsMax &&
         packed_.bytes().size() + element.encoded_bytes() <= kPackedBytesMax;
}

// Moves what is packed into blocks; nothing is packed if the first element is too long for that.
bool List::make_blocks() {
  ListBlocks* const blocks = ListBlocks::create();
  if (blocks == nullptr) return false;
  if (!packed_.empty()) {
    const std::string_view elements = packed_.bytes().substr(packed_.begin());
    if (!blocks->fill(elements.data(), elements.size(), packed_.size())) {
      ListBlocks::destroy(blocks);
      return false;
    }
  }
  packed_ = Packed();
  blocks_ = blocks;
  return true;
}

// After a change in blocks: an empty list is packed, and `shorter` ones that are short enough may be.
void List::settle(bool shorter) {
  constexpr size_t kBytesMax = kPackedBytesMax / 2;
  if (blocks_->size() > (shorter ? kPackedElementsMax / 2 : 0)) return;
  Packed packed;
  const bool is_short = [&] {
    bool fits = true;
    blocks_->visit(0, Direction::kForward, [&](const Element& element) {
      fits = packed.end() + element.encoded_bytes() <= kBytesMax && packed.push_back(element);
      return fits;
    });
    return fits;
  }();
  if (!is_short) return;
  ListBlocks::destroy(blocks_);
  blocks_ = nullptr;
  packed_ = std::move(packed);
}

bool List::push_front(const Element& element) {
  if (blocks_ == nullptr) {
    if (fits_packed(element)) return packed_.insert(packed_.begin(), element);
    if (!make_blocks()) return false;
  }
  if (blocks_->push_front(element)) return true;
  settle(false);
  return false;
}

bool List::push_back(const Element& element) {
  if (blocks_ == nullptr) {
    if (fits_packed(element)) return packed_.push_back(element);
    if (!make_blocks()) return false;
  }
  if (blocks_->push_back(element)) return true;
  settle(false);
  return false;
}

bool List::insert(size_t index, const Element& element) {
  if (blocks_ == nullptr) {
    if (fits_packed(element)) return packed_.insert(packed_position(index), element);
    if (!make_blocks()) return false;
  }
  if (index == 0) return push_front(element);
  return blocks_->insert(index, element);
}

bool List::set(size_t index, const Element& element) {
  if (blocks_ == nullptr) {
    const Packed::Position at = packed_position(index);
    const size_t others = packed_.bytes().size() - (packed_.next(at) - at);
    if (others + element.encoded_bytes() <= kPackedBytesMax) return packed_.replace(at, element);
    if (!make_blocks()) return false;
  }
  return blocks_->set(index, element);
}

bool List::pop_front() {
  if (blocks_ == nullptr) return packed_.erase(packed_.begin());
  blocks_->pop_front();
  settle(false);
  return true;
}

bool List::pop_back() {
  if (blocks_ == nullptr) return packed_.erase(packed_position(packed_.size() - 1));
  blocks_->pop_back();
  settle(false);
  return true;
}

bool List::erase(size_t index, size_t count) {
  assert(index + count <= size() && "elements that exist");
  if (count == 0) return true;
  if (blocks_ == nullptr) return packed_.erase(packed_position(index), count);
  blocks_->erase(index, count);
  settle(true);
  return true;
}

bool List::trim(size_t index, size_t count) {
  if (count == 0) return erase(0, size());
  return erase(index + count, size() - index - count) && erase(0, index);
}

std::optional<size_t> List::remove(const Element& wanted, size_t limit, Direction direction) {
  size_t from = 0;
  if (direction == Direction::kBackward && limit < size()) {
    // Whatever is equal from the limit-th match from the end on is to go.
    size_t matches = 0;
    size_t index = size();
    visit(size() - 1, direction, [&](const Element& element) {
      --index;
      if (element == wanted) ++matches;
      return matches < limit;
    });
    from = index;
  }
  if (blocks_ != nullptr) {
    const size_t removed = blocks_->remove(wanted, from, limit);
    if (removed != 0) settle(true);
    return removed;
  }
  size_t removed = 0;
  Packed::Position at = packed_position(from);
  while (at != packed_.end() && removed < limit) {
    if (!(packed_.at(at) == wanted)) {
      at = packed_.next(at);
      continue;
    }
    // Only the first one can find no memory.
    if (!packed_.erase(at)) return std::nullopt;
    ++removed;
  }
  return removed;
}

bool List::copy_to(List& empty) const {
  assert(empty.empty());
  if (blocks_ == nullptr) {
    Packed copy = Packed::borrow(packed_.bytes());
    // Any change copies, this one too.
    if (!packed_.empty() && !copy.erase(copy.begin(), 0)) return false;
    empty.packed_ = std::move(copy);
    return true;
  }
  ListBlocks* const blocks = ListBlocks::create();
  if (blocks == nullptr) return false;
  if (!blocks_->copy_to(*blocks)) {
    ListBlocks::destroy(blocks);
    return false;
  }
  empty.packed_ = Packed();
  empty.blocks_ = blocks;
  return true;
}

bool List::check_invariants() const {
  if (blocks_ != nullptr) return packed_.empty() && blocks_->check_invariants();
  return packed_.check_invariants() && packed_.size() <= kPackedElementsMax &&
         packed_.bytes().size() <= kPackedBytesMax;
}

}  // namespace inlay
