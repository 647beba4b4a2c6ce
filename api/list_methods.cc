// The typed list methods of every front door.
#include "absl/container/inlined_vector.h"
#include "api/commands/list.h"
#include "api/front_doors.h"
#include "inlay/commands/list.h"

namespace inlay {

using internal::FrontDoor;

namespace {

absl::InlinedVector<Bytes, 8> views(std::initializer_list<Arg> elements) {
  return absl::InlinedVector<Bytes, 8>(elements.begin(), elements.end());
}

Result<std::vector<std::string>> or_empty(Nullable<std::vector<std::string>> elements) {
  if (!elements.ok()) return elements.status();
  return (*std::move(elements)).value_or(std::vector<std::string>());
}

Nullable<int64_t> first_of(const Result<std::vector<int64_t>>& places) {
  if (!places.ok()) return places.status();
  return places->empty() ? std::optional<int64_t>() : places->front();
}

}  // namespace

namespace internal {

template <>
inline constexpr bool kSelfContained<ListPopCount> = true;
template <>
inline constexpr bool kSelfContained<ListMPopCount> = true;
template <>
inline constexpr bool kSelfContained<LPosArguments> = true;

}  // namespace internal

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

#define INLAY_PUSH_METHODS(name)                                                                          \
  INLAY_METHOD Out<int64_t> ListCommands<Self, Out>::name(Key key, Arg element) {                         \
    const Bytes bytes = element.view();                                                                   \
    return FrontDoor::run<cmd::name>(INLAY_SELF, key, std::span(&bytes, 1));                              \
  }                                                                                                       \
  INLAY_METHOD Out<int64_t> ListCommands<Self, Out>::name(Key key, std::span<const Bytes> elements) {     \
    return FrontDoor::run<cmd::name>(INLAY_SELF, key, elements);                                          \
  }                                                                                                       \
  INLAY_METHOD Out<int64_t> ListCommands<Self, Out>::name(Key key, std::initializer_list<Arg> elements) { \
    return FrontDoor::run<cmd::name>(INLAY_SELF, key, std::span<const Bytes>(views(elements)));           \
  }
INLAY_PUSH_METHODS(lpush)
INLAY_PUSH_METHODS(lpushx)
INLAY_PUSH_METHODS(rpush)
INLAY_PUSH_METHODS(rpushx)
#undef INLAY_PUSH_METHODS

INLAY_METHOD Out<std::optional<std::string>> ListCommands<Self, Out>::lpop(Key key) {
  return FrontDoor::run<cmd::lpop>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::vector<std::string>> ListCommands<Self, Out>::lpop(Key key, int64_t count) {
  return FrontDoor::run<cmd::lpop_many, or_empty>(INLAY_SELF, key, ListPopCount{{count}});
}
INLAY_METHOD Out<std::optional<std::string>> ListCommands<Self, Out>::rpop(Key key) {
  return FrontDoor::run<cmd::rpop>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::vector<std::string>> ListCommands<Self, Out>::rpop(Key key, int64_t count) {
  return FrontDoor::run<cmd::rpop_many, or_empty>(INLAY_SELF, key, ListPopCount{{count}});
}
INLAY_METHOD Out<std::optional<KeyElements>> ListCommands<Self, Out>::lmpop(Keys keys, End from,
                                                                            int64_t count) {
  return FrontDoor::run<cmd::lmpop>(INLAY_SELF, keys, from, ListMPopCount{count});
}
INLAY_METHOD Out<std::optional<std::string>> ListCommands<Self, Out>::lmove(Key source, Key destination,
                                                                            End from, End to) {
  return FrontDoor::run<cmd::lmove>(INLAY_SELF, source, destination, from, to);
}
INLAY_METHOD Out<std::optional<std::string>> ListCommands<Self, Out>::rpoplpush(Key source, Key destination) {
  return FrontDoor::run<cmd::rpoplpush>(INLAY_SELF, source, destination);
}

INLAY_METHOD Out<int64_t> ListCommands<Self, Out>::llen(Key key) {
  return FrontDoor::run<cmd::llen>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<std::string>> ListCommands<Self, Out>::lindex(Key key, int64_t index) {
  return FrontDoor::run<cmd::lindex>(INLAY_SELF, key, LateInteger{index, true});
}
INLAY_METHOD Out<std::vector<std::string>> ListCommands<Self, Out>::lrange(Key key, int64_t start,
                                                                           int64_t stop) {
  return FrontDoor::run<cmd::lrange>(INLAY_SELF, key, start, stop);
}
INLAY_METHOD Out<std::optional<int64_t>> ListCommands<Self, Out>::lpos(Key key, Arg element,
                                                                       const LPosOptions& options) {
  return FrontDoor::run<cmd::lpos, first_of>(INLAY_SELF, key, element.view(), LPosArguments{options, {}});
}
INLAY_METHOD Out<std::vector<int64_t>> ListCommands<Self, Out>::lpos(Key key, Arg element, int64_t count,
                                                                     const LPosOptions& options) {
  return FrontDoor::run<cmd::lpos>(INLAY_SELF, key, element.view(), LPosArguments{options, count});
}

INLAY_METHOD Out<Ok> ListCommands<Self, Out>::lset(Key key, int64_t index, Arg element) {
  return FrontDoor::run<cmd::lset>(INLAY_SELF, key, LateInteger{index, true}, element.view());
}
INLAY_METHOD Out<int64_t> ListCommands<Self, Out>::linsert(Key key, InsertAt at, Arg pivot, Arg element) {
  return FrontDoor::run<cmd::linsert>(INLAY_SELF, key, at, pivot.view(), element.view());
}
INLAY_METHOD Out<int64_t> ListCommands<Self, Out>::lrem(Key key, int64_t count, Arg element) {
  return FrontDoor::run<cmd::lrem>(INLAY_SELF, key, count, element.view());
}
INLAY_METHOD Out<Ok> ListCommands<Self, Out>::ltrim(Key key, int64_t start, int64_t stop) {
  return FrontDoor::run<cmd::ltrim>(INLAY_SELF, key, start, stop);
}

#undef INLAY_METHOD
#undef INLAY_SELF

INLAY_INSTANTIATE_DOORS(ListCommands);

}  // namespace inlay
