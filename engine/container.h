// Container: a list, hash, set or sorted set as the engine holds it where it is too large to stand in its entry.
//
// The structures themselves live in datatypes and know nothing of the engine. A small one is a packed block inside
// its entry and is borrowed in place for each call; a larger one is Held<C>, allocated once, and its entry has the
// address. Held<C> owns all its memory (pages of the pool, never blocks of a shard), so it moves between shards
// and is freed outside any lock.
//
// Thread safety: owned by the shard of its key.
#pragma once

#include <malloc.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine/entry.h"
#include "inlay/datatypes/hash.h"
#include "inlay/datatypes/list.h"
#include "inlay/datatypes/set.h"
#include "inlay/datatypes/slab.h"
#include "inlay/datatypes/sorted_set.h"

namespace inlay {

/// What containers are made with.
struct ContainerContext {
  PagePool& pages;
  uint64_t seed;
};

template <class C>
inline constexpr Type kTypeOf = Type::kNone;
template <>
inline constexpr Type kTypeOf<List> = Type::kList;
template <>
inline constexpr Type kTypeOf<Hash> = Type::kHash;
template <>
inline constexpr Type kTypeOf<Set> = Type::kSet;
template <>
inline constexpr Type kTypeOf<SortedSet> = Type::kSortedSet;

template <class C>
C make_container(ContainerContext context) {
  if constexpr (std::is_default_constructible_v<C>) {
    return C();
  } else {
    return C(context.pages, context.seed);
  }
}
/// The container whose packed block this is; `block` stays unchanged while it is in use.
template <class C>
C borrow_container(ContainerContext context, std::string_view block) {
  if constexpr (std::is_default_constructible_v<C>) {
    return C::borrow(block);
  } else {
    return C::borrow(context.pages, context.seed, block);
  }
}

/// Calls visit(std::type_identity<C>()) for the structure of a container's type.
template <class Visit>
decltype(auto) with_container_type(Type type, Visit&& visit) {
  switch (type) {
    case Type::kList: return visit(std::type_identity<List>());
    case Type::kHash: return visit(std::type_identity<Hash>());
    case Type::kSet: return visit(std::type_identity<Set>());
    default: assert(type == Type::kSortedSet); return visit(std::type_identity<SortedSet>());
  }
}

class Container {
 public:
  static constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

  virtual ~Container() = default;

  virtual bool empty() const = 0;
  /// Everything that it occupies, itself included.
  virtual size_t bytes() const = 0;
  /// A copy; null out of memory.
  virtual std::unique_ptr<Container> clone(ContainerContext context) const = 0;
  /// The earliest deadline of an element, kNoDeadline if none has one.
  virtual int64_t next_deadline() const = 0;
  /// Removes up to `limit` elements whose deadline has come.
  virtual void expire(int64_t now_ms, size_t limit) = 0;
  virtual bool check_invariants() const = 0;

  uintptr_t buried_before = 0;                            // In a Graveyard: a link of its chain.
  TimerWheel::Handle field_timer = TimerWheel::kNoTimer;  // Fires at next_deadline().
};

template <class C>
class Held final : public Container {
 public:
  explicit Held(C container) : value(std::move(container)) {}

  bool empty() const override { return value.empty(); }
  size_t bytes() const override { return malloc_usable_size(const_cast<Held*>(this)) + value.memory_usage(); }
  std::unique_ptr<Container> clone(ContainerContext context) const override {
    return copy_of(context, value);
  }
  static std::unique_ptr<Container> copy_of(ContainerContext context, const C& container) {
    std::unique_ptr<Held> copy(new (std::nothrow) Held(make_container<C>(context)));
    if (copy == nullptr || !container.copy_to(copy->value)) return nullptr;
    return copy;
  }
  int64_t next_deadline() const override {
    if constexpr (kExpires) {
      if (value.has_deadlines()) return value.next_deadline();
    }
    return kNoDeadline;
  }
  void expire([[maybe_unused]] int64_t now_ms, [[maybe_unused]] size_t limit) override {
    if constexpr (kExpires) value.expire(now_ms, limit, [](const Element&) {});
  }
  bool check_invariants() const override { return value.check_invariants(); }

  /// Whether its elements may have deadlines.
  static constexpr bool kExpires = requires(C & c) { c.has_deadlines(); };

  C value;
};

/// The structure of an entry that holds a container: what its body is, or its block borrowed for the visit.
template <class Visit>
decltype(auto) visit_container(ContainerContext context, const Entry* entry, Visit&& visit) {
  return with_container_type(entry->type(), [&]<class C>(std::type_identity<C>) -> decltype(auto) {
    if (entry->encoding() == Encoding::kBody)
      return visit(std::as_const(static_cast<Held<C>*>(entry->body<Container>())->value));
    const C borrowed = borrow_container<C>(context, entry->inline_value());
    return visit(borrowed);
  });
}

/// The container that this block is, on its own; null out of memory.
inline std::unique_ptr<Container> hold_copy(ContainerContext context, Type type, std::string_view block) {
  return with_container_type(type, [&]<class C>(std::type_identity<C>) {
    return Held<C>::copy_of(context, borrow_container<C>(context, block));
  });
}

}  // namespace inlay
