// Entry: one key and its value in one block.
//
//   offset  0      1        2..4     5..                     then, only with a TTL   then
//          +------+--------+--------+-----------------------+-----------------------+----------+----------------+
//          | kind | access | seen_s | key length, value     | timer handle, 4 bytes | key      | value          |
//          |      |        |        | length: 1 + 1 or 4 + 4|                       |          |                |
//          +------+--------+--------+-----------------------+-----------------------+----------+----------------+
//   kind: type 3 bits, encoding 2, has_timer 1, wide lengths 1, raw (a container: has field deadlines) 1
//   value: the bytes of a small string or the packed block of a small container; an int64_t; or the address of a
//   body (a large string or a large container)
//
// Budget: 7 bytes over key + value for a short string, 11 with a TTL (plus 24 in the timer slab), 13 and 17
// with wide lengths. A 17-byte key with a 32-byte value takes a block of 56 bytes; with an integer 32.
//
// Invariants
//   1. block_bytes() follows from the header alone, so that a block is freed with the size it was allocated with.
//   2. An integer's text is canonical: a string that spells a 64-bit integer when stored whole is kept as one.
//   3. A string whose block would exceed kSlabBlockMax has its bytes in a StringBody.
//
// Fields are read and written through memcpy, so alignment does not matter.
// Thread safety: owned by its shard; every access holds the shard's lock.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "datatypes/equal_bytes.h"
#include "inlay/datatypes/number.h"
#include "inlay/datatypes/slab.h"
#include "inlay/expiry/timer_wheel.h"

namespace inlay {

enum class Type : uint8_t { kNone, kString, kList, kHash, kSet, kSortedSet };

/// What TYPE calls it.
constexpr std::string_view type_name(Type type) {
  switch (type) {
    case Type::kNone: return "none";
    case Type::kString: return "string";
    case Type::kList: return "list";
    case Type::kHash: return "hash";
    case Type::kSet: return "set";
    case Type::kSortedSet: return "zset";
  }
  return "none";
}

/// How a value is held.
enum class Encoding : uint8_t {
  kInline,   // The bytes stand in the entry: a string's, or a container's packed block.
  kInteger,  // An int64_t stands in the entry.
  kBody,     // The entry holds the address of a body.
};

/// The bytes of a large string, with room to grow.
struct StringBody {
  union {
    size_t size;
    uintptr_t buried_before;  // In a Graveyard: a link of its chain.
  };
  size_t capacity;
  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
};

class Entry {
 public:
  /// What a new entry is made of. `value_bytes` is the room for the value: its length, or 8 for the other encodings.
  struct Shape {
    Type type = Type::kString;
    Encoding encoding = Encoding::kInline;
    bool raw = false;
    bool has_timer = false;
    uint32_t key_bytes = 0;
    uint32_t value_bytes = 0;

    bool wide() const { return key_bytes > 255 || value_bytes > 255; }
    size_t block_bytes() const {
      return kFixed + (wide() ? 8 : 2) + (has_timer ? 4 : 0) + size_t{key_bytes} + value_bytes;
    }
  };

  /// Whether a value of so many bytes stands in the entry of a key of this length, a deadline counted in, so that one
  /// never moves a value out.
  static bool fits_inline(size_t key_bytes, size_t value_bytes) {
    if (key_bytes > kSlabBlockMax || value_bytes > kSlabBlockMax) return false;
    Shape shape;
    shape.has_timer = true;
    shape.key_bytes = static_cast<uint32_t>(key_bytes);
    shape.value_bytes = static_cast<uint32_t>(value_bytes);
    return shape.block_bytes() <= kSlabBlockMax;
  }

  /// Writes header and key into `block`, which has shape.block_bytes() bytes; value and timer are left to be set.
  static Entry* create(void* block, const Shape& shape, std::string_view key, uint32_t seen_s) {
    auto* entry = static_cast<Entry*>(block);
    const bool wide = shape.wide();
    entry->kind_ =
        static_cast<uint8_t>(static_cast<unsigned>(shape.type) | static_cast<unsigned>(shape.encoding) << 3 |
                             shape.has_timer * kTimerBit | wide * kWideBit | shape.raw * kRawBit);
    entry->access_ = 0;
    entry->set_seen_s(seen_s);
    if (wide) {
      std::memcpy(entry->lengths(), &shape.key_bytes, 4);
      std::memcpy(entry->lengths() + 4, &shape.value_bytes, 4);
    } else {
      entry->lengths()[0] = static_cast<char>(shape.key_bytes);
      entry->lengths()[1] = static_cast<char>(shape.value_bytes);
    }
    key.copy(entry->after_lengths() + (shape.has_timer ? 4 : 0), key.size());
    return entry;
  }

  Type type() const { return static_cast<Type>(kind_ & 7); }
  Encoding encoding() const { return static_cast<Encoding>(kind_ >> 3 & 3); }
  bool has_timer() const { return (kind_ & kTimerBit) != 0; }
  /// Whether it, or all that it holds, may be dead: it has a deadline, or fields of it have.
  bool may_be_dead() const {
    // Most have neither of the bits, which one look tells.
    return (kind_ & (kTimerBit | kRawBit)) != 0 && (has_timer() || has_field_deadlines());
  }
  /// Containers use the raw bit for this.
  bool has_field_deadlines() const { return raw() && type() != Type::kString; }
  void set_has_field_deadlines(bool has) {
    assert(type() != Type::kString);
    set_raw(has);
  }
  /// Set for strings that APPEND or SETRANGE made: OBJECT ENCODING calls them "raw" whatever their length.
  bool raw() const { return (kind_ & kRawBit) != 0; }
  void set_raw(bool raw) { kind_ = static_cast<uint8_t>(raw ? kind_ | kRawBit : kind_ & ~kRawBit); }

  Shape shape() const { return {type(), encoding(), raw(), has_timer(), key_bytes(), value_bytes()}; }
  size_t block_bytes() const { return shape().block_bytes(); }

  std::string_view key() const { return {key_data(), key_bytes()}; }
  [[gnu::always_inline]] bool has_key(std::string_view key) const {
    // One load for all that says where a short key stands.
    uint64_t head;
    std::memcpy(&head, this, sizeof head);
    if ((head & kWideBit) != 0) [[unlikely]]
      return this->key() == key;
    const size_t timer_bytes = head >> 3 & 4;
    return (head >> 40 & 0xff) == key.size() &&
           equal_bytes(reinterpret_cast<const char*>(this) + kFixed + 2 + timer_bytes, key.data(),
                       key.size());
  }

  /// What the eviction policy notes of it.
  uint8_t& access() { return access_; }
  uint8_t access() const { return access_; }
  /// Whether the access byte and the second above it are `mark`, whatever the bits of `ignored`.
  bool is_marked(uint32_t mark, uint32_t ignored) const {
    uint32_t word;
    std::memcpy(&word, reinterpret_cast<const char*>(this) + 1, sizeof word);
    return (word | ignored) == mark;
  }
  /// The second of the last access, modulo 2^24.
  uint32_t seen_s() const {
    // One load for the three bytes and the one before them.
    uint32_t word;
    std::memcpy(&word, reinterpret_cast<const char*>(this) + 1, sizeof word);
    return word >> 8;
  }
  void set_seen_s(uint32_t second) {
    seen_s_[0] = static_cast<uint8_t>(second);
    seen_s_[1] = static_cast<uint8_t>(second >> 8);
    seen_s_[2] = static_cast<uint8_t>(second >> 16);
  }

  TimerWheel::Handle timer() const {
    assert(has_timer());
    TimerWheel::Handle handle;
    std::memcpy(&handle, after_lengths(), sizeof handle);
    return handle;
  }
  void set_timer(TimerWheel::Handle handle) {
    assert(has_timer());
    std::memcpy(after_lengths(), &handle, sizeof handle);
  }

  /// Whether this is a string of this length that stands in the entry.
  bool is_inline_of(size_t size) const {
    return encoding() == Encoding::kInline && type() == Type::kString && value_bytes() == size;
  }
  [[gnu::always_inline]] std::string_view inline_value() const {
    assert(encoding() == Encoding::kInline);
    return {value_data(), value_bytes()};
  }
  /// Makes the inline value `bytes` long, within the same block: block_bytes() must round to the same, and lengths be
  /// as wide as before. Its bytes are left to be set.
  void resize_inline(uint32_t bytes) {
    assert(encoding() == Encoding::kInline && (wide() || bytes <= 255));
    if (wide()) {
      std::memcpy(lengths() + 4, &bytes, 4);
    } else {
      lengths()[1] = static_cast<char>(bytes);
    }
  }
  /// Writable bytes of an inline value.
  char* inline_data() {
    assert(encoding() == Encoding::kInline);
    return const_cast<char*>(value_data());
  }

  int64_t integer() const {
    assert(encoding() == Encoding::kInteger);
    return load<int64_t>();
  }
  void set_integer(int64_t value) { store(value); }

  /// The body's address. `Body` is StringBody for strings, Container for the other types.
  template <class Body>
  Body* body() const {
    assert(encoding() == Encoding::kBody);
    return load<Body*>();
  }
  template <class Body>
  void set_body(Body* body) {
    store(body);
  }

  /// Whether this is what most entries are: a string whose bytes stand in it, with short lengths and no deadline.
  bool is_plain() const { return kind_ == kPlain; }
  /// The bytes of a string of any encoding; an integer is printed into `scratch`, of kInt64TextMax bytes.
  [[gnu::always_inline]] std::string_view string_value(char* scratch) const {
    if (is_plain()) [[likely]]
      return inline_value();
    return other_string_value(scratch);
  }

 private:
  static constexpr size_t kFixed = 5;
  static constexpr uint8_t kTimerBit = 1 << 5;  // has_key() takes it for 4 bytes.
  static constexpr uint8_t kWideBit = 1 << 6;
  static constexpr uint8_t kRawBit = 1 << 7;
  static constexpr uint8_t kPlain =
      static_cast<uint8_t>(Type::kString) | static_cast<uint8_t>(Encoding::kInline) << 3;

  Entry() = default;

  // Apart, so that the plain ones pay nothing for it.
  [[gnu::noinline]] std::string_view other_string_value(char* scratch) const {
    if (encoding() == Encoding::kInline) [[likely]]
      return inline_value();
    if (encoding() == Encoding::kInteger) return {scratch, format_int64(integer(), scratch)};
    const auto* bytes = body<StringBody>();
    return {bytes->data(), bytes->size};
  }

  bool wide() const { return (kind_ & kWideBit) != 0; }
  uint32_t key_bytes() const { return wide() ? wide_length(0) : static_cast<uint8_t>(lengths()[0]); }
  uint32_t value_bytes() const { return wide() ? wide_length(4) : static_cast<uint8_t>(lengths()[1]); }
  uint32_t wide_length(size_t offset) const {
    uint32_t length;
    std::memcpy(&length, lengths() + offset, sizeof length);
    return length;
  }

  // The block goes on behind the fixed fields, so its bytes are reached from its start.
  char* lengths() { return reinterpret_cast<char*>(this) + kFixed; }
  const char* lengths() const { return reinterpret_cast<const char*>(this) + kFixed; }
  char* after_lengths() { return lengths() + (wide() ? 8 : 2); }
  const char* after_lengths() const { return const_cast<Entry*>(this)->after_lengths(); }
  const char* key_data() const { return after_lengths() + (has_timer() ? 4 : 0); }
  [[gnu::always_inline]] const char* value_data() const {
    if ((kind_ & (kTimerBit | kWideBit)) == 0) [[likely]]
      return lengths() + 2 + static_cast<uint8_t>(lengths()[0]);
    return key_data() + key_bytes();
  }

  template <class T>
  T load() const {
    T value;
    std::memcpy(&value, value_data(), sizeof value);
    return value;
  }
  template <class T>
  void store(T value) {
    std::memcpy(const_cast<char*>(value_data()), &value, sizeof value);
  }

  uint8_t kind_;
  uint8_t access_;
  uint8_t seen_s_[3];
};
static_assert(alignof(Entry) == 1 && sizeof(Entry) == 5);
static_assert(std::endian::native == std::endian::little,
              "seen_s() reads its bytes as one little-endian word");

}  // namespace inlay
