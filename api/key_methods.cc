// The typed methods of every front door on keys of any type.
#include <array>

#include "api/commands/key.h"
#include "api/commands/server.h"
#include "api/commands/sort.h"
#include "api/front_doors.h"
#include "inlay/commands/key.h"

namespace inlay {

using internal::FrontDoor;

namespace {

// What a command on many keys gives for one.
Result<bool> for_one(const Result<int64_t>& count) {
  if (!count.ok()) return count.status();
  return *count == 1;
}

Result<int64_t> stored_only(const Result<cmd::SortOutcome>& outcome) {
  if (!outcome.ok()) return outcome.status();
  return *outcome->stored;
}

Nullable<Duration> as_duration(const Nullable<int64_t>& seconds) {
  if (!seconds.ok()) return seconds.status();
  if (!seconds->has_value()) return std::nullopt;
  return Duration(std::chrono::seconds(**seconds));
}

}  // namespace

namespace internal {

template <>
inline constexpr bool kSelfContained<CopyOptions> = true;
template <>
inline constexpr bool kSelfContained<DbNumber> = true;
template <>
inline constexpr bool kSelfContained<SortReadArguments> = true;
template <>
inline constexpr bool kSelfContained<SortArguments> = true;
template <>
inline constexpr bool kSelfContained<ScanOptions> = true;
template <>
inline constexpr bool kSelfContained<FlushMode> = true;
template <>
inline constexpr bool kSelfContained<MemoryUsageOptions> = true;

}  // namespace internal

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

INLAY_METHOD Out<bool> KeyCommands<Self, Out>::del(Key key) {
  return FrontDoor::run<cmd::del, for_one>(INLAY_SELF, std::array{key});
}
INLAY_METHOD Out<int64_t> KeyCommands<Self, Out>::del(Keys keys) {
  return FrontDoor::run<cmd::del>(INLAY_SELF, keys);
}
INLAY_METHOD Out<int64_t> KeyCommands<Self, Out>::unlink(Keys keys) {
  return FrontDoor::run<cmd::del>(INLAY_SELF, keys);
}
INLAY_METHOD Out<bool> KeyCommands<Self, Out>::exists(Key key) {
  return FrontDoor::run<cmd::exists, for_one>(INLAY_SELF, std::array{key});
}
INLAY_METHOD Out<int64_t> KeyCommands<Self, Out>::exists(Keys keys) {
  return FrontDoor::run<cmd::exists>(INLAY_SELF, keys);
}
INLAY_METHOD Out<int64_t> KeyCommands<Self, Out>::touch(Keys keys) {
  return FrontDoor::run<cmd::touch>(INLAY_SELF, keys);
}
INLAY_METHOD Out<std::string> KeyCommands<Self, Out>::type(Key key) {
  return FrontDoor::run<cmd::type>(INLAY_SELF, key);
}

INLAY_METHOD Out<bool> KeyCommands<Self, Out>::expire(Key key, Duration ttl, ExpireIf condition) {
  return FrontDoor::run<cmd::pexpire>(INLAY_SELF, key, Milliseconds{ttl}, condition);
}
INLAY_METHOD Out<bool> KeyCommands<Self, Out>::expireat(Key key, TimePoint when, ExpireIf condition) {
  return FrontDoor::run<cmd::pexpireat>(INLAY_SELF, key, UnixMilliseconds{when}, condition);
}
INLAY_METHOD Out<bool> KeyCommands<Self, Out>::persist(Key key) {
  return FrontDoor::run<cmd::persist>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<Ttl>> KeyCommands<Self, Out>::ttl(Key key) {
  return FrontDoor::run<cmd::ttl>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<ExpireTime>> KeyCommands<Self, Out>::expiretime(Key key) {
  return FrontDoor::run<cmd::expiretime>(INLAY_SELF, key);
}

INLAY_METHOD Out<Ok> KeyCommands<Self, Out>::rename(Key from, Key to) {
  return FrontDoor::run<cmd::rename>(INLAY_SELF, from, to);
}
INLAY_METHOD Out<bool> KeyCommands<Self, Out>::renamenx(Key from, Key to) {
  return FrontDoor::run<cmd::renamenx>(INLAY_SELF, from, to);
}
INLAY_METHOD Out<bool> KeyCommands<Self, Out>::copy(Key from, Key to, const CopyOptions& options) {
  return FrontDoor::run<cmd::copy>(INLAY_SELF, from, to, options);
}
INLAY_METHOD Out<bool> KeyCommands<Self, Out>::move(Key key, int db) {
  return FrontDoor::run<cmd::move>(INLAY_SELF, key, DbNumber{db});
}

INLAY_METHOD Out<std::vector<std::optional<std::string>>> KeyCommands<Self, Out>::sort(
    Key key, const SortOptions& options) {
  return FrontDoor::run<cmd::sort_ro>(INLAY_SELF, key, SortReadArguments{options});
}
INLAY_METHOD Out<int64_t> KeyCommands<Self, Out>::sort_store(Key key, Key destination,
                                                             const SortOptions& options) {
  return FrontDoor::run<cmd::sort, stored_only>(INLAY_SELF, key,
                                                SortArguments{options, std::string(destination)});
}

INLAY_METHOD Out<std::vector<std::string>> KeyCommands<Self, Out>::keys(std::string_view pattern) {
  return FrontDoor::run<cmd::keys>(INLAY_SELF, pattern);
}
INLAY_METHOD Out<ScanPage> KeyCommands<Self, Out>::scan(uint64_t cursor, const ScanOptions& options) {
  return FrontDoor::run<cmd::scan>(INLAY_SELF, Cursor{cursor}, options);
}
INLAY_METHOD Out<std::optional<std::string>> KeyCommands<Self, Out>::randomkey() {
  return FrontDoor::run<cmd::randomkey>(INLAY_SELF);
}
INLAY_METHOD Out<int64_t> KeyCommands<Self, Out>::dbsize() { return FrontDoor::run<cmd::dbsize>(INLAY_SELF); }
INLAY_METHOD Out<Ok> KeyCommands<Self, Out>::flushdb() {
  return FrontDoor::run<cmd::flushdb>(INLAY_SELF, FlushMode{});
}

INLAY_METHOD Out<std::optional<std::string>> KeyCommands<Self, Out>::object_encoding(Key key) {
  return FrontDoor::run<cmd::object_encoding>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<Duration>> KeyCommands<Self, Out>::object_idletime(Key key) {
  return FrontDoor::run<cmd::object_idletime, as_duration>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<int64_t>> KeyCommands<Self, Out>::object_refcount(Key key) {
  return FrontDoor::run<cmd::object_refcount>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<int64_t>> KeyCommands<Self, Out>::object_freq(Key key) {
  return FrontDoor::run<cmd::object_freq>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::optional<int64_t>> KeyCommands<Self, Out>::memory_usage(Key key) {
  return FrontDoor::run<cmd::memory_usage>(INLAY_SELF, key, MemoryUsageOptions{});
}

#undef INLAY_METHOD
#undef INLAY_SELF

INLAY_INSTANTIATE_DOORS(KeyCommands);

}  // namespace inlay
