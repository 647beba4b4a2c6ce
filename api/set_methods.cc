// The typed set methods of every front door.
#include "absl/container/inlined_vector.h"
#include "api/commands/set.h"
#include "api/front_doors.h"
#include "inlay/commands/set.h"

namespace inlay {

using internal::FrontDoor;

namespace {

absl::InlinedVector<Bytes, 8> views(std::span<const Arg> members) { return {members.begin(), members.end()}; }

// What a command on many gives for one.
Result<bool> for_one(const Result<int64_t>& count) {
  if (!count.ok()) return count.status();
  return *count != 0;
}

Nullable<std::string> first_of(Result<std::vector<std::string>> members) {
  if (!members.ok()) return members.status();
  if (members->empty()) return std::nullopt;
  return std::move(members->front());
}

}  // namespace

namespace internal {

template <>
inline constexpr bool kSelfContained<DrawCount> = true;
template <>
inline constexpr bool kSelfContained<InterCardLimit> = true;

}  // namespace internal

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

INLAY_METHOD Out<bool> SetCommands<Self, Out>::sadd(Key key, Arg member) {
  const Bytes bytes = member.view();
  return FrontDoor::run<cmd::sadd, for_one>(INLAY_SELF, key, std::span(&bytes, 1));
}
INLAY_METHOD Out<int64_t> SetCommands<Self, Out>::sadd(Key key, std::span<const Arg> members) {
  return FrontDoor::run<cmd::sadd>(INLAY_SELF, key, views(members));
}
INLAY_METHOD Out<bool> SetCommands<Self, Out>::srem(Key key, Arg member) {
  const Bytes bytes = member.view();
  return FrontDoor::run<cmd::srem, for_one>(INLAY_SELF, key, std::span(&bytes, 1));
}
INLAY_METHOD Out<int64_t> SetCommands<Self, Out>::srem(Key key, std::span<const Arg> members) {
  return FrontDoor::run<cmd::srem>(INLAY_SELF, key, views(members));
}
INLAY_METHOD Out<bool> SetCommands<Self, Out>::smove(Key source, Key destination, Arg member) {
  return FrontDoor::run<cmd::smove>(INLAY_SELF, source, destination, member.view());
}

INLAY_METHOD Out<int64_t> SetCommands<Self, Out>::scard(Key key) {
  return FrontDoor::run<cmd::scard>(INLAY_SELF, key);
}
INLAY_METHOD Out<bool> SetCommands<Self, Out>::sismember(Key key, Arg member) {
  return FrontDoor::run<cmd::sismember>(INLAY_SELF, key, member.view());
}
INLAY_METHOD Out<std::vector<bool>> SetCommands<Self, Out>::smismember(Key key,
                                                                       std::span<const Arg> members) {
  return FrontDoor::run<cmd::smismember>(INLAY_SELF, key, views(members));
}
INLAY_METHOD Out<std::vector<std::string>> SetCommands<Self, Out>::smembers(Key key) {
  return FrontDoor::run<cmd::smembers>(INLAY_SELF, key);
}
INLAY_METHOD Out<ScanPage> SetCommands<Self, Out>::sscan(Key key, uint64_t cursor,
                                                         const ElementScanOptions& options) {
  return FrontDoor::run<cmd::sscan>(INLAY_SELF, key, Cursor{cursor},
                                    ElementScanArguments{options, absl::OkStatus()});
}

INLAY_METHOD Out<std::optional<std::string>> SetCommands<Self, Out>::spop(Key key) {
  return FrontDoor::run<cmd::spop, first_of>(INLAY_SELF, key, PopCount{});
}
INLAY_METHOD Out<std::vector<std::string>> SetCommands<Self, Out>::spop(Key key, int64_t count) {
  return FrontDoor::run<cmd::spop>(INLAY_SELF, key, PopCount{count});
}
INLAY_METHOD Out<std::optional<std::string>> SetCommands<Self, Out>::srandmember(Key key) {
  return FrontDoor::run<cmd::srandmember, first_of>(INLAY_SELF, key, DrawCount{});
}
INLAY_METHOD Out<std::vector<std::string>> SetCommands<Self, Out>::srandmember(Key key, int64_t count) {
  return FrontDoor::run<cmd::srandmember>(INLAY_SELF, key, DrawCount{count});
}

INLAY_METHOD Out<std::vector<std::string>> SetCommands<Self, Out>::sinter(Keys keys) {
  return FrontDoor::run<cmd::sinter>(INLAY_SELF, keys);
}
INLAY_METHOD Out<int64_t> SetCommands<Self, Out>::sintercard(Keys keys, int64_t limit) {
  return FrontDoor::run<cmd::sintercard>(INLAY_SELF, keys, InterCardLimit{limit});
}
INLAY_METHOD Out<std::vector<std::string>> SetCommands<Self, Out>::sunion(Keys keys) {
  return FrontDoor::run<cmd::sunion>(INLAY_SELF, keys);
}
INLAY_METHOD Out<std::vector<std::string>> SetCommands<Self, Out>::sdiff(Keys keys) {
  return FrontDoor::run<cmd::sdiff>(INLAY_SELF, keys);
}
INLAY_METHOD Out<int64_t> SetCommands<Self, Out>::sinterstore(Key destination, Keys keys) {
  return FrontDoor::run<cmd::sinterstore>(INLAY_SELF, destination, keys);
}
INLAY_METHOD Out<int64_t> SetCommands<Self, Out>::sunionstore(Key destination, Keys keys) {
  return FrontDoor::run<cmd::sunionstore>(INLAY_SELF, destination, keys);
}
INLAY_METHOD Out<int64_t> SetCommands<Self, Out>::sdiffstore(Key destination, Keys keys) {
  return FrontDoor::run<cmd::sdiffstore>(INLAY_SELF, destination, keys);
}

#undef INLAY_METHOD
#undef INLAY_SELF

INLAY_INSTANTIATE_DOORS(SetCommands);

ScanRange<std::string> Database::sscan(Key key, ElementScanOptions options) const {
  return ScanRange<std::string>(
      [door = *this, key = std::string(key), options = std::move(options)](uint64_t cursor) {
        ScanRange<std::string>::Page page;
        // A key of another type, or a count below 1, scans nothing.
        Result<ScanPage> step = FrontDoor::run<cmd::sscan>(door, key, Cursor{cursor},
                                                           ElementScanArguments{options, absl::OkStatus()});
        if (step.ok()) {
          page.cursor = step->cursor;
          page.items = std::move(step->keys);
        }
        return page;
      });
}

}  // namespace inlay
