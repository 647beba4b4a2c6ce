#include "datatypes/list_block.h"

#include <malloc.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>

namespace inlay {
bool ElementPattern::matches(const char* at, size_t bytes) const {
  if (bytes != bytes_) return false;
  return bytes <= sizeof form_ ? std::memcmp(at, form_, bytes) == 0 : Element::decode(at) == wanted_;
}

bool ListBlock::create(size_t bytes, ListBlock& block) {
  const size_t units = (bytes + kUnit - 1) / kUnit;
  assert(units > 0 && units * kUnit <= kBytesMax && "the capacity fits its byte");
  auto* data = static_cast<char*>(std::malloc(units * kUnit));
  if (data == nullptr) return false;
  block.data_ = data;
  block.begin_ = block.end_ = block.count_ = block.head_ = 0;
  block.units_ = static_cast<uint8_t>(units);
  return true;
}

bool ListBlock::create_lone(const Element& element, ListBlock& block) {
  auto* data = static_cast<char*>(std::malloc(element.encoded_bytes()));
  if (data == nullptr) return false;
  element.encode(data);
  block.data_ = data;
  block.begin_ = block.end_ = 0;
  block.count_ = block.head_ = 1;
  block.units_ = 0;
  return true;
}

bool ListBlock::create_from(const char* elements, size_t bytes, size_t count, ListBlock& block) {
  if (!create(bytes_needed(bytes, count), block)) return false;
  std::memcpy(block.data_, elements, bytes);
  block.end_ = static_cast<uint16_t>(bytes);
  block.count_ = static_cast<uint16_t>(count);
  block.head_ = static_cast<uint8_t>(std::min(count, kGroup));
  block.mark_from(0);
  return true;
}

bool ListBlock::copy_from(size_t index, ListBlock& block) const {
  if (lone()) {
    const char* at = data_;
    return create_lone(Element::decode(at), block);
  }
  const char* from = locate(index);
  return create_from(from, static_cast<size_t>(end() - from), count_ - index, block);
}

void ListBlock::release() { std::free(data_); }

size_t ListBlock::memory_usage() const { return malloc_usable_size(data_); }

const char* ListBlock::locate(size_t index) const {
  if (index < head_) return skip_elements(data_ + begin_, index);
  const size_t behind = index - head_;
  return skip_elements(data_ + mark(behind / kGroup), behind % kGroup);
}

void ListBlock::prefetch(size_t index) const {
  const uint32_t guess = static_cast<uint32_t>(bytes()) * static_cast<uint32_t>(index) / count_;
  __builtin_prefetch(data_ + begin_ + guess);
}

// Moves the elements until there are `front` bytes before and `back` bytes behind them; false if there are not as many,
// or if so little would be left over that the next push would have to move them again.
bool ListBlock::make_room(size_t front, size_t back, bool at_any_price) {
  const size_t floor = capacity() - kMark * marks();
  if (begin_ >= front && floor - end_ >= back) return true;
  const size_t room = floor - bytes();
  if (room < front + back) return false;
  const size_t spare = room - front - back;
  const bool mark_alone = front != 0 && begin_ >= front;
  if (!at_any_price && !mark_alone && spare < capacity() / 8) return false;
  const size_t spare_behind =
      mark_alone ? std::min(spare, kMarkRoom - kMark) : (front != 0 ? spare / 4 : spare - spare / 4);
  slide_to(floor - back - spare_behind - bytes());
  return true;
}

void ListBlock::slide_to(size_t begin) {
  std::memmove(data_ + begin, data_ + begin_, bytes());
  shift_marks(static_cast<ptrdiff_t>(begin) - begin_, 0);
  end_ = static_cast<uint16_t>(begin + bytes());
  begin_ = static_cast<uint16_t>(begin);
}

void ListBlock::shift_marks(ptrdiff_t delta, size_t from_group) {
  for (size_t group = from_group, groups = marks(); group < groups; ++group) {
    mark(group) = static_cast<uint16_t>(mark(group) + delta);
  }
}

// Sets the marks of the groups behind `group`, whose start is right.
void ListBlock::mark_from(size_t group) {
  const char* at = group_start(group);
  for (const size_t groups = marks(); group < groups; ++group) {
    at = skip_elements(at, group == 0 ? head_ : kGroup);
    mark(group) = static_cast<uint16_t>(at - data_);
  }
}

bool ListBlock::push_back(const Element& element, size_t bytes) {
  const bool opens_group = ends_with_full_group();
  if (!make_room(0, bytes + (opens_group ? kMark : 0), false)) return false;
  const uint16_t at = end_;
  element.encode(data_ + at);
  end_ = static_cast<uint16_t>(at + bytes);
  if (count_ == head_ && !opens_group) ++head_;
  ++count_;
  if (opens_group) mark(marks() - 1) = at;
  return true;
}

bool ListBlock::push_front(const Element& element, size_t bytes) {
  if (count_ == 0) {
    if (capacity() < bytes + kMarkRoom) return false;
    begin_ = end_ = static_cast<uint16_t>(capacity() - kMarkRoom);
  }
  const bool opens_group = head_ == kGroup;
  if (!make_room(bytes, opens_group ? kMark : 0, false)) return false;
  if (opens_group) {
    // The first group gets a mark, before those of the others.
    const size_t before = marks();
    char* const lowest = data_ + capacity() - kMark * before;
    std::memmove(lowest - kMark, lowest, kMark * before);
    mark(0) = begin_;
    head_ = 0;
  }
  ++head_;
  ++count_;
  begin_ = static_cast<uint16_t>(begin_ - bytes);
  element.encode(data_ + begin_);
  return true;
}

bool ListBlock::insert(size_t index, const Element& element, size_t bytes) {
  if (lone() || !make_room(0, bytes + kMark, true)) return false;
  char* const at = index == count_ ? data_ + end_ : const_cast<char*>(locate(index));
  const size_t group = index < head_ ? 0 : (index - head_) / kGroup + 1;
  std::memmove(at + bytes, at, static_cast<size_t>(end() - at));
  element.encode(at);
  end_ = static_cast<uint16_t>(end_ + bytes);
  ++count_;
  if (index <= head_ && head_ < kGroup) {
    ++head_;
    shift_marks(static_cast<ptrdiff_t>(bytes), 0);
  } else {
    mark_from(group == 0 ? 0 : group - 1);
  }
  return true;
}

bool ListBlock::replace(size_t index, const Element& element, size_t bytes) {
  if (lone() || bytes > kElementBytesMax) return false;
  const size_t old_bytes = Element::encoded_bytes_at(locate(index));
  if (bytes > old_bytes && !make_room(0, bytes - old_bytes, true)) return false;
  char* const at = const_cast<char*>(locate(index));
  if (bytes != old_bytes) {
    std::memmove(at + bytes, at + old_bytes, static_cast<size_t>(end() - at) - old_bytes);
    const ptrdiff_t delta = static_cast<ptrdiff_t>(bytes) - static_cast<ptrdiff_t>(old_bytes);
    end_ = static_cast<uint16_t>(end_ + delta);
    shift_marks(delta, index < head_ ? 0 : (index - head_) / kGroup + 1);
  }
  element.encode(at);
  return true;
}

bool ListBlock::append_all(const ListBlock& other) {
  if (lone() || other.lone()) return false;
  const size_t count = size_t{count_} + other.count_;
  // The head may stay as it is.
  const size_t marks_after = (count - head_ + kGroup - 1) / kGroup;
  if (!make_room(0, other.bytes() + kMark * (marks_after - marks()), true)) return false;
  std::memcpy(data_ + end_, other.first(), other.bytes());
  const size_t last_group = marks();
  end_ = static_cast<uint16_t>(end_ + other.bytes());
  if (last_group == 0) head_ = static_cast<uint8_t>(std::min(count, kGroup));
  count_ = static_cast<uint16_t>(count);
  mark_from(last_group);
  return true;
}

void ListBlock::pop_front(size_t count) {
  if (count == count_) {
    count_ = 0;
    return;
  }
  begin_ = static_cast<uint16_t>(locate(count) - data_);
  const size_t marks_before = marks();
  count_ = static_cast<uint16_t>(count_ - count);
  if (count < head_) {
    head_ = static_cast<uint8_t>(head_ - count);
    return;
  }
  const size_t gone = (count - head_) / kGroup + 1;
  head_ = static_cast<uint8_t>(std::min<size_t>(count_, kGroup - (count - head_) % kGroup));
  char* const lowest = data_ + capacity() - kMark * marks_before;
  std::memmove(lowest + kMark * gone, lowest, kMark * (marks_before - gone));
}

void ListBlock::pop_back(size_t count) {
  if (count < count_) end_ = static_cast<uint16_t>(locate(count_ - count) - data_);
  count_ = static_cast<uint16_t>(count_ - count);
  head_ = static_cast<uint8_t>(std::min<size_t>(head_, count_));
}

void ListBlock::erase(size_t index, size_t count) {
  if (index == 0) return pop_front(count);
  if (index + count == count_) return pop_back(count);
  char* const at = const_cast<char*>(locate(index));
  const char* const behind = locate(index + count);
  std::memmove(at, behind, static_cast<size_t>(end() - behind));
  end_ = static_cast<uint16_t>(end_ - (behind - at));
  count_ = static_cast<uint16_t>(count_ - count);
  const size_t group = index < head_ ? 0 : (index - head_) / kGroup;
  head_ = static_cast<uint8_t>(std::min<size_t>(head_, count_));
  mark_from(group);
}

size_t ListBlock::remove(const ElementPattern& pattern, size_t index, size_t limit) {
  const char* at = locate(index);
  if (lone()) {
    if (!pattern.matches(at, Element::encoded_bytes_at(at))) return 0;
    count_ = 0;
    return 1;
  }
  // Kept elements are moved a run at a time.
  char* out = const_cast<char*>(at);
  const char* kept = at;
  size_t removed = 0;
  const auto keep_until = [&](const char* stop) {
    const auto bytes = static_cast<size_t>(stop - kept);
    std::memmove(out, kept, bytes);
    out += bytes;
  };
  while (at != end() && removed < limit) {
    const char* const next = skip_element(at);
    if (pattern.matches(at, static_cast<size_t>(next - at))) {
      keep_until(at);
      kept = next;
      ++removed;
    }
    at = next;
  }
  if (removed == 0) return 0;
  keep_until(end());
  end_ = static_cast<uint16_t>(out - data_);
  count_ = static_cast<uint16_t>(count_ - removed);
  head_ = static_cast<uint8_t>(std::min<size_t>(head_, count_));
  mark_from(0);
  return removed;
}

bool ListBlock::resize(size_t bytes, bool room_in_front) {
  ListBlock fresh;
  if (!create(bytes, fresh)) return false;
  const size_t mark_bytes = kMark * marks();
  assert(fresh.capacity() >= this->bytes() + mark_bytes && "a block fits where it moves");
  const size_t room = fresh.capacity() - mark_bytes - this->bytes();
  const size_t begin = room_in_front ? room - std::min(room, kMarkRoom) : 0;
  std::memcpy(fresh.data_ + begin, first(), this->bytes());
  std::memcpy(fresh.data_ + fresh.capacity() - mark_bytes, data_ + capacity() - mark_bytes, mark_bytes);
  const ptrdiff_t delta = static_cast<ptrdiff_t>(begin) - begin_;
  fresh.begin_ = static_cast<uint16_t>(begin);
  fresh.end_ = static_cast<uint16_t>(begin + this->bytes());
  fresh.count_ = count_;
  fresh.head_ = head_;
  fresh.shift_marks(delta, 0);
  release();
  *this = fresh;
  return true;
}

void ListBlock::shrink() {
  constexpr size_t kWorthAMove = 64;
  const size_t needed = bytes() + kMark * marks();
  if (!lone() && capacity() >= needed + kWorthAMove) (void)resize(needed, false);
}

bool ListBlock::check_invariants() const {
  if (count_ == 0 || head_ == 0 || head_ > std::min<size_t>(count_, kGroup)) return false;
  if (lone()) return count_ == 1 && Element::encoded_bytes_at(data_) > kElementBytesMax;
  if (begin_ >= end_ || end_ + kMark * marks() > capacity()) return false;
  const char* at = first();
  Element element{int64_t{0}};
  for (size_t index = 0; index < count_; ++index) {
    const size_t behind = index - head_;
    if (index >= head_ && behind % kGroup == 0 && data_ + mark(behind / kGroup) != at) return false;
    const char* const start = at;
    if (!Element::decode_checked(at, end(), element)) return false;
    if (static_cast<size_t>(at - start) > kElementBytesMax) return false;
  }
  return at == end();
}

}  // namespace inlay
