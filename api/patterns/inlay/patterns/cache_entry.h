// What a cache keeps under a key: ten bytes, then the value as its codec wrote it.
//
//   | kind: 1 | end: 6, unix ms | token: 3 | value ...
//
// The token differs from write to write, so that whoever read an entry can tell later whether it is still the same one.
// The first byte is none that a text begins with: what others wrote under the prefix is not taken for an entry.
//
//   kind        end                        then
//   kValue      when it turns stale        the value
//   kTimely     when the key expires       the value: the store itself enforces its end
//   kNegative   when the key expires       nothing: the record has no such key
//   kLease      part of the token          nothing: a load is under way. Whatever replaces or removes it wins over the load
//   kWriting    how many write             nothing: the record is being written; see CacheCore::begin_write()
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace inlay::internal {

enum class EntryKind : unsigned char {
  kNone = 0,  // No entry.
  kValue = 0xf8,
  kTimely = 0xf9,
  kNegative = 0xfa,
  kLease = 0xfb,
  kWriting = 0xfc,
};

class EntryHeader {
 public:
  static constexpr size_t kBytes = 10;
  /// The end of what does not end.
  static constexpr uint64_t kNever = (uint64_t{1} << 48) - 1;
  static constexpr uint32_t kTokenMask = (uint32_t{1} << 24) - 1;

  EntryHeader() = default;
  EntryHeader(EntryKind kind, uint64_t end, uint32_t token) {
    bytes_[0] = static_cast<char>(kind);
    std::memcpy(bytes_.data() + 1, &end, 6);
    std::memcpy(bytes_.data() + 7, &token, 3);
  }

  /// False, and unchanged, if `bytes` begin with no header.
  bool read(std::string_view bytes) {
    if (bytes.size() < kBytes || !is_kind(static_cast<unsigned char>(bytes[0]))) return false;
    std::memcpy(bytes_.data(), bytes.data(), kBytes);
    return true;
  }

  EntryKind kind() const { return static_cast<EntryKind>(bytes_[0]); }
  bool is_none() const { return kind() == EntryKind::kNone; }
  bool has_value() const { return kind() == EntryKind::kValue || kind() == EntryKind::kTimely; }
  uint64_t end() const {
    uint64_t end = 0;
    std::memcpy(&end, bytes_.data() + 1, 6);
    return end;
  }
  uint32_t token() const {
    uint32_t token = 0;
    std::memcpy(&token, bytes_.data() + 7, 3);
    return token;
  }
  std::string_view bytes() const { return {bytes_.data(), kBytes}; }

  friend bool operator==(const EntryHeader&, const EntryHeader&) = default;

 private:
  static bool is_kind(unsigned char byte) {
    return byte >= static_cast<unsigned char>(EntryKind::kValue) &&
           byte <= static_cast<unsigned char>(EntryKind::kWriting);
  }

  std::array<char, kBytes> bytes_{};
};

static_assert(sizeof(EntryHeader) == EntryHeader::kBytes);

}  // namespace inlay::internal
