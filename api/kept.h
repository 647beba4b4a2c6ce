// Kept<P>: a command's parameter between the moment it is queued and the moment the command runs.
//
// It is made of the same arguments as the executor's Bound<P>, and refers to nothing but itself and the arena. A
// parameter type says how: it is self-contained, or there is a keep(arena, value) that copies what it refers to. One of
// which neither is known does not compile.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include "api/arena.h"
#include "api/commands/arguments.h"
#include "engine/executor.h"

namespace inlay::internal {

/// Whether values of P refer to no bytes but their own. Each family of commands tells of its own types.
template <class P>
inline constexpr bool kSelfContained = std::is_arithmetic_v<P> || std::is_enum_v<P>;
template <TimeUnit unit, bool absolute>
inline constexpr bool kSelfContained<TimeArgument<unit, absolute>> = true;
template <>
inline constexpr bool kSelfContained<LateFloat> = true;
template <>
inline constexpr bool kSelfContained<LateInteger> = true;
template <>
inline constexpr bool kSelfContained<Cursor> = true;
template <>
inline constexpr bool kSelfContained<PopCount> = true;
template <>
inline constexpr bool kSelfContained<ElementScanArguments> = true;

template <class P>
requires kSelfContained<P>
void keep(Arena&, P&) {}
inline void keep(Arena& arena, Bytes& bytes) { bytes = arena.copy(bytes); }
template <class Element>
void keep(Arena& arena, std::span<const Element>& elements) {
  auto* const copies = arena.allocate_array<Element>(elements.size());
  std::uninitialized_copy(elements.begin(), elements.end(), copies);
  static_assert(std::is_trivially_destructible_v<Element>, "an arena destroys nothing");
  for (size_t i = 0; i < elements.size(); ++i) keep(arena, copies[i]);
  elements = {copies, elements.size()};
}
template <class T>
void keep(Arena& arena, std::optional<T>& value) {
  if (value.has_value()) keep(arena, *value);
}

template <class P>
struct Kept {
  template <class Argument>
  Kept(const Engine&, Arena& arena, const Argument& argument) : value(argument) {
    keep(arena, value);
  }
  const P& get() const { return value; }
  template <class Visit>
  void for_each_key(Visit&&) const {}
  P value;
};

template <>
struct Kept<KeyRef> {
  Kept(const Engine& engine, Arena& arena, Bytes key) : value(engine.key(arena.copy(key))) {}
  const KeyRef& get() const { return value; }
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    visit(value);
  }
  KeyRef value;
};

template <>
struct Kept<std::span<const KeyRef>> {
  template <class Keys>
  Kept(const Engine& engine, Arena& arena, const Keys& keys) {
    auto* next = arena.allocate_array<KeyRef>(std::size(keys));
    values = {next, std::size(keys)};
    for (const auto& key : keys) new (next++) KeyRef(engine.key(arena.copy(Bytes(key))));
  }
  std::span<const KeyRef> get() const { return values; }
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    for (const KeyRef& key : values) visit(key);
  }
  std::span<const KeyRef> values;
};

template <>
struct Kept<std::span<const KeyValueRef>> {
  template <class Pairs>
  Kept(const Engine& engine, Arena& arena, const Pairs& pairs) {
    auto* next = arena.allocate_array<KeyValueRef>(std::size(pairs));
    values = {next, std::size(pairs)};
    for (const auto& pair : pairs) {
      new (next++) KeyValueRef{engine.key(arena.copy(Bytes(pair.key))), arena.copy(Bytes(pair.value))};
    }
  }
  std::span<const KeyValueRef> get() const { return values; }
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    for (const KeyValueRef& pair : values) visit(pair.key);
  }
  std::span<const KeyValueRef> values;
};

template <std::derived_from<CountedKeys> Keys>
struct Kept<Keys> : Kept<std::span<const KeyRef>> {
  using Kept<std::span<const KeyRef>>::Kept;
  Keys get() const { return {{values}}; }
};

template <>
struct Kept<CountedPairs> : Kept<std::span<const KeyValueRef>> {
  using Kept<std::span<const KeyValueRef>>::Kept;
  CountedPairs get() const { return {values}; }
};

}  // namespace inlay::internal
