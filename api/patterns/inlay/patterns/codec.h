// Codec<V>: how a pattern turns a value of the program into bytes and back.
//
// Strings and trivially copyable types have one. For a type of your own, specialise it:
//
//   template <>
//   struct inlay::Codec<Profile> {
//     static void encode(const Profile& profile, std::string& out) { out += to_json(profile); }
//     static inlay::Result<Profile> decode(inlay::Bytes bytes) { return from_json(bytes); }
//   };
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

namespace internal {

/// DataLoss: `bytes` bytes were found where a value takes `expected`.
absl::Status wrong_size(size_t bytes, size_t expected);

/// Trivially copyable, and no address: what an address refers to would be gone when it is read back.
template <class V>
inline constexpr bool kStoredAsBytes =
    std::is_trivially_copyable_v<V>&& std::is_default_constructible_v<V> && !std::is_pointer_v<V> &&
    !std::is_member_pointer_v<V> && !std::is_same_v<V, std::string_view>;

}  // namespace internal

/// A codec has
///   static void encode(const V& value, std::string& out)   which appends the value's bytes, and
///   static Result<V> decode(Bytes bytes)                   which reads them, or refuses them with an error.
/// Both are called from any thread, and throw nothing. With
///   static constexpr bool kCheap = true
/// decode is short and calls nothing of Inlay, so that it may run under a shard's lock, on the stored bytes themselves;
/// otherwise they are copied first.
template <class V>
struct Codec;

template <>
struct Codec<std::string> {
  static constexpr bool kCheap = true;
  static void encode(const std::string& value, std::string& out) { out += value; }
  static Result<std::string> decode(Bytes bytes) { return std::string(bytes); }
};

/// The bytes of the object as they stand in memory. Meant for stores that live and die with the program: the layout is
/// the compiler's, and the contents of padding are kept too.
template <class V>
requires internal::kStoredAsBytes<V>
struct Codec<V> {
  static constexpr bool kCheap = sizeof(V) <= 4096;
  static void encode(const V& value, std::string& out) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static Result<V> decode(Bytes bytes) {
    if (bytes.size() != sizeof(V)) return internal::wrong_size(bytes.size(), sizeof(V));
    V value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};

namespace internal {

/// Whether `C` says that it may decode under a lock.
template <class C>
constexpr bool decodes_cheaply() {
  if constexpr (requires { C::kCheap; }) {
    return C::kCheap;
  } else {
    return false;
  }
}

}  // namespace internal

}  // namespace inlay
