// The typed string methods of every front door.
#include <array>

#include "api/commands/string.h"
#include "api/front_doors.h"
#include "inlay/commands/string.h"

namespace inlay {

using internal::FrontDoor;

namespace {

absl::Status without_outcome(const Result<SetOutcome>& outcome) { return outcome.status(); }

Result<double> as_double(const Result<std::string>& sum) {
  if (!sum.ok()) return sum.status();
  return static_cast<double>(parse_long_double(*sum).value_or(0));
}

}  // namespace

namespace internal {

void keep(Arena& arena, SetOptions& options) { keep(arena, options.if_equal); }
template <>
inline constexpr bool kSelfContained<GetExOptions> = true;
template <>
inline constexpr bool kSelfContained<MSetExOptions> = true;
template <>
inline constexpr bool kSelfContained<LcsArguments> = true;

}  // namespace internal

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

INLAY_METHOD Out<std::optional<std::string>> StringCommands<Self, Out>::get(Key key) {
  return FrontDoor::run<cmd::get>(INLAY_SELF, key);
}
INLAY_METHOD Out<Ok> StringCommands<Self, Out>::set(Key key, Arg value) {
  return FrontDoor::run<cmd::set_value>(INLAY_SELF, key, value.view());
}
INLAY_METHOD Out<Ok> StringCommands<Self, Out>::set(Key key, Arg value, Expiry ttl) {
  SetOptions options;
  options.ttl = ttl;
  return FrontDoor::run<cmd::set, without_outcome>(INLAY_SELF, key, value.view(), options);
}
INLAY_METHOD Out<SetOutcome> StringCommands<Self, Out>::set(Key key, Arg value, const SetOptions& options) {
  return FrontDoor::run<cmd::set>(INLAY_SELF, key, value.view(), options);
}
INLAY_METHOD Out<bool> StringCommands<Self, Out>::setnx(Key key, Arg value) {
  return FrontDoor::run<cmd::setnx>(INLAY_SELF, key, value.view());
}
INLAY_METHOD Out<Ok> StringCommands<Self, Out>::setex(Key key, Expiry ttl, Arg value) {
  return FrontDoor::run<cmd::psetex>(INLAY_SELF, key, Milliseconds{ttl}, value.view());
}
INLAY_METHOD Out<std::optional<std::string>> StringCommands<Self, Out>::getset(Key key, Arg value) {
  return FrontDoor::run<cmd::getset>(INLAY_SELF, key, value.view());
}
INLAY_METHOD Out<std::optional<std::string>> StringCommands<Self, Out>::getdel(Key key) {
  return FrontDoor::run<cmd::getdel>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<std::string>> StringCommands<Self, Out>::getex(Key key,
                                                                              const GetExOptions& options) {
  return FrontDoor::run<cmd::getex>(INLAY_SELF, key, options);
}

INLAY_METHOD Out<int64_t> StringCommands<Self, Out>::strlen(Key key) {
  return FrontDoor::run<cmd::strlen>(INLAY_SELF, key);
}
INLAY_METHOD Out<int64_t> StringCommands<Self, Out>::append(Key key, Arg value) {
  return FrontDoor::run<cmd::append>(INLAY_SELF, key, value.view());
}
INLAY_METHOD Out<std::string> StringCommands<Self, Out>::getrange(Key key, int64_t start, int64_t end) {
  return FrontDoor::run<cmd::getrange>(INLAY_SELF, key, start, end);
}
INLAY_METHOD Out<int64_t> StringCommands<Self, Out>::setrange(Key key, int64_t offset, Arg value) {
  return FrontDoor::run<cmd::setrange>(INLAY_SELF, key, offset, value.view());
}

INLAY_METHOD Out<int64_t> StringCommands<Self, Out>::incr(Key key) {
  return FrontDoor::run<cmd::incr>(INLAY_SELF, key);
}
INLAY_METHOD Out<int64_t> StringCommands<Self, Out>::incr(Key key, int64_t by) {
  return FrontDoor::run<cmd::incrby>(INLAY_SELF, key, by);
}
INLAY_METHOD Out<int64_t> StringCommands<Self, Out>::decr(Key key) {
  return FrontDoor::run<cmd::decr>(INLAY_SELF, key);
}
INLAY_METHOD Out<int64_t> StringCommands<Self, Out>::decr(Key key, int64_t by) {
  return FrontDoor::run<cmd::decrby>(INLAY_SELF, key, by);
}
INLAY_METHOD Out<double> StringCommands<Self, Out>::incrbyfloat(Key key, double by) {
  return FrontDoor::run<cmd::incrbyfloat, as_double>(INLAY_SELF, key, LateFloat{by, by == by});
}

INLAY_METHOD Out<std::vector<std::optional<std::string>>> StringCommands<Self, Out>::mget(Keys keys) {
  return FrontDoor::run<cmd::mget>(INLAY_SELF, keys);
}
INLAY_METHOD Out<Ok> StringCommands<Self, Out>::mset(std::span<const KeyValue> pairs) {
  return FrontDoor::run<cmd::mset>(INLAY_SELF, pairs);
}
INLAY_METHOD Out<bool> StringCommands<Self, Out>::msetnx(std::span<const KeyValue> pairs) {
  return FrontDoor::run<cmd::msetnx>(INLAY_SELF, pairs);
}
INLAY_METHOD Out<bool> StringCommands<Self, Out>::msetex(std::span<const KeyValue> pairs,
                                                         const MSetExOptions& options) {
  return FrontDoor::run<cmd::msetex>(INLAY_SELF, pairs, options);
}

INLAY_METHOD Out<bool> StringCommands<Self, Out>::del_if_equal(Key key, Arg expected) {
  return FrontDoor::run<cmd::delifeq>(INLAY_SELF, key, expected.view());
}
INLAY_METHOD Out<LcsResult> StringCommands<Self, Out>::lcs(Key a, Key b, const LcsOptions& options) {
  return FrontDoor::run<cmd::lcs>(INLAY_SELF, a, b, LcsArguments{options});
}

#undef INLAY_METHOD
#undef INLAY_SELF

INLAY_INSTANTIATE_DOORS(StringCommands);

}  // namespace inlay
