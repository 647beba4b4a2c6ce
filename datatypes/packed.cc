#include "inlay/datatypes/packed.h"

#include <malloc.h>

#include <bit>
#include <cassert>
#include <cstdlib>
#include <cstring>

namespace inlay {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as the machine holds them");

constexpr uint8_t kShortString = 0x80;
constexpr uint8_t kLongString = 0xc0;
constexpr uint8_t kInteger = 0xd0;
constexpr size_t kShortStringMax = 63;
// Blocks up to this size are not worth moving to a smaller one.
constexpr size_t kShrinkAbove = 256;

// Bytes that a signed integer takes: 1 to 6, or 8.
size_t integer_bytes(int64_t value) {
  const auto magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  const size_t bytes = (static_cast<size_t>(std::bit_width(magnitude)) + 8) / 8;
  return bytes <= 6 ? bytes : 8;
}

// Bytes that a string's length takes, 0 where the first byte holds it.
size_t length_bytes(size_t length) {
  return length <= kShortStringMax ? 0 : length <= 0xff ? 1 : length <= 0xffff ? 2 : 4;
}

uint64_t load_bytes(const char* from, size_t bytes) {
  uint64_t value = 0;
  std::memcpy(&value, from, bytes);
  return value;
}

int64_t load_integer(const char* from, size_t bytes) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes);
  return static_cast<int64_t>(load_bytes(from, bytes) << unused) >> unused;
}

}  // namespace

size_t Element::encoded_bytes() const {
  if (!is_integer_) return 1 + length_bytes(bytes_.size()) + bytes_.size();
  return integer_ >= 0 && integer_ <= 127 ? 1 : 1 + integer_bytes(integer_);
}

char* Element::encode(char* out) const {
  if (is_integer_) {
    if (integer_ >= 0 && integer_ <= 127) {
      *out = static_cast<char>(integer_);
      return out + 1;
    }
    const size_t bytes = integer_bytes(integer_);
    *out = static_cast<char>(kInteger | (bytes - 1));
    std::memcpy(out + 1, &integer_, bytes);
    return out + 1 + bytes;
  }
  const size_t length = bytes_.size();
  if (length <= kShortStringMax) {
    *out++ = static_cast<char>(kShortString | length);
    bytes_.copy(out, length);
    return out + length;
  }
  const size_t wide = length_bytes(length);
  *out++ = static_cast<char>(kLongString | wide);
  std::memcpy(out, &length, wide);
  bytes_.copy(out + wide, length);
  return out + wide + length;
}

Element Element::decode(const char*& at) {
  const auto head = static_cast<uint8_t>(*at++);
  if (head < kShortString) return Element(static_cast<int64_t>(head));
  if (head >= kInteger) {
    const size_t bytes = (head & 7u) + 1;
    at += bytes;
    return Element(load_integer(at - bytes, bytes));
  }
  size_t length = head & 63u;
  if (head >= kLongString) {
    const size_t wide = head & 7u;
    length = load_bytes(at, wide);
    at += wide;
  }
  at += length;
  return Element(std::string_view(at - length, length));
}

size_t Element::encoded_bytes_at(const char* at) {
  const auto head = static_cast<uint8_t>(*at);
  if (head < kShortString) return 1;
  if (head < kLongString) return 1 + (head & 63u);
  if (head >= kInteger) return 2 + (head & 7u);
  const size_t wide = head & 7u;
  return 1 + wide + load_bytes(at + 1, wide);
}

bool Element::decode_checked(const char*& at, const char* end, Element& element) {
  if (at == end) return false;
  const auto head = static_cast<uint8_t>(*at);
  const auto left = static_cast<size_t>(end - at);
  if (head >= kLongString && head < kInteger) {
    const size_t wide = head & 7u;
    if ((head & ~7u) != kLongString || (wide != 1 && wide != 2 && wide != 4) || left < 1 + wide) return false;
  }
  if (head >= kInteger && ((head & ~7u) != kInteger)) return false;
  if (encoded_bytes_at(at) > left) return false;
  const char* next = at;
  const Element read = decode(next);
  // Equal elements must be equal bytes.
  if (read.encoded_bytes() != static_cast<size_t>(next - at)) return false;
  at = next;
  element = read;
  return true;
}

Packed::~Packed() {
  if (capacity_ != 0) std::free(data_);
}

Packed Packed::borrow(std::string_view block) {
  Packed packed;
  assert(is_valid(block) && "a borrowed block is a Packed's");
  if (block.size() <= kHead) return packed;
  packed.data_ = const_cast<char*>(block.data());  // Copied before it is written to.
  packed.bytes_ = static_cast<uint32_t>(block.size());
  return packed;
}

bool Packed::is_valid(std::string_view block) {
  if (block.empty()) return true;
  if (block.size() < kHead || block.size() > kBytesMax) return false;
  const char* at = block.data() + kHead;
  const char* const end = block.data() + block.size();
  size_t elements = 0;
  Element element{int64_t{0}};
  while (at != end) {
    if (!Element::decode_checked(at, end, element)) return false;
    ++elements;
  }
  return elements == load_bytes(block.data(), kHead);
}

size_t Packed::size() const { return bytes_ == 0 ? 0 : load_bytes(data_, kHead); }

void Packed::set_size(size_t size) {
  const auto count = static_cast<uint16_t>(size);
  std::memcpy(data_, &count, sizeof count);
}

std::string_view Packed::bytes() const {
  return bytes_ == 0 ? std::string_view("\0", kHead) : std::string_view(data_, bytes_);
}

size_t Packed::memory_usage() const { return capacity_ == 0 ? 0 : malloc_usable_size(data_); }

Packed::Position Packed::nth(size_t index) const {
  if (index >= size()) return end();
  Position at = begin();
  while (index-- > 0) at = next(at);
  return at;
}

Packed::Position Packed::find(const Element& wanted, size_t stride) const {
  if (bytes_ == 0) return end();
  const size_t wanted_bytes = wanted.encoded_bytes();
  char form[72];
  // Long strings are compared behind their heads.
  const bool whole = wanted_bytes <= sizeof form;
  if (whole) wanted.encode(form);
  const char* const last = data_ + end();
  for (const char* at = data_ + begin(); at < last;) {
    const size_t bytes = Element::encoded_bytes_at(at);
    const char* place = at;
    if (bytes == wanted_bytes &&
        (whole ? std::memcmp(at, form, bytes) == 0 : Element::decode(place) == wanted)) {
      return static_cast<Position>(at - data_);
    }
    at += bytes;
    for (size_t skip = 1; skip < stride && at < last; ++skip) at += Element::encoded_bytes_at(at);
  }
  return end();
}

// Turns the `old_bytes` at `at` into `new_bytes`, to be filled in; copies a borrowed block.
bool Packed::make_room(Position at, size_t old_bytes, size_t new_bytes) {
  const size_t present = end();
  const size_t wanted = present - old_bytes + new_bytes;
  if (wanted > kBytesMax) return false;
  const size_t tail = present - at - old_bytes;
  const bool fits = capacity_ >= wanted;
  char* fresh = nullptr;
  if (!fits || (capacity_ > kShrinkAbove && wanted < capacity_ / 2)) {
    // The first block fits; one that grows gets room to go on.
    fresh = static_cast<char*>(std::malloc(bytes_ == 0 || wanted <= present ? wanted : wanted + wanted / 4));
    // A block that is only too large can stay.
    if (fresh == nullptr && !fits) return false;
  }
  if (fresh != nullptr) {
    if (bytes_ == 0) {
      std::memset(fresh, 0, kHead);
    } else {
      std::memcpy(fresh, data_, at);
      std::memcpy(fresh + at + new_bytes, data_ + at + old_bytes, tail);
    }
    if (capacity_ != 0) std::free(data_);
    data_ = fresh;
    capacity_ = static_cast<uint32_t>(malloc_usable_size(fresh));
  } else {
    std::memmove(data_ + at + new_bytes, data_ + at + old_bytes, tail);
  }
  bytes_ = static_cast<uint32_t>(wanted);
  return true;
}

bool Packed::insert(Position at, std::span<const Element> elements) {
  if (elements.empty()) return true;
  if (elements.size() > kElementsMax - size()) return false;
  size_t bytes = 0;
  for (const Element& element : elements) bytes += element.encoded_bytes();
  if (!make_room(at, 0, bytes)) return false;
  char* out = data_ + at;
  for (const Element& element : elements) out = element.encode(out);
  set_size(size() + elements.size());
  return true;
}

bool Packed::replace(Position at, const Element& element) {
  if (!make_room(at, Element::encoded_bytes_at(data_ + at), element.encoded_bytes())) return false;
  element.encode(data_ + at);
  return true;
}

bool Packed::erase(Position at, size_t count) {
  Position after = at;
  for (size_t i = 0; i < count; ++i) after = next(after);
  if (!make_room(at, after - at, 0)) return false;
  set_size(size() - count);
  return true;
}

bool Packed::own() { return !borrowed() || make_room(end(), 0, 0); }

bool Packed::check_invariants() const { return is_valid(bytes()) && (capacity_ == 0 || bytes_ <= capacity_); }

}  // namespace inlay
