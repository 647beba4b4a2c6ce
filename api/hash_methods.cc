// The typed hash methods of every front door.
#include "api/commands/hash.h"
#include "api/front_doors.h"
#include "inlay/commands/hash.h"
#include "inlay/datatypes/number.h"

namespace inlay {
namespace {

std::vector<FieldValueRef> refs(std::span<const FieldValue> pairs) {
  std::vector<FieldValueRef> refs;
  refs.reserve(pairs.size());
  for (const FieldValue& pair : pairs) refs.push_back({pair.field.view(), pair.value.view()});
  return refs;
}

Result<double> as_double(const Result<std::string>& sum) {
  if (!sum.ok()) return sum.status();
  return static_cast<double>(parse_long_double(*sum).value_or(0));
}

Nullable<std::string> first_field(Result<FieldValues> drawn) {
  if (!drawn.ok()) return drawn.status();
  if (drawn->empty()) return std::optional<std::string>();
  return std::optional(std::move(drawn->front().first));
}

Result<std::vector<std::string>> fields_only(Result<FieldValues> drawn) {
  if (!drawn.ok()) return drawn.status();
  std::vector<std::string> fields;
  fields.reserve(drawn->size());
  for (auto& [field, value] : *drawn) fields.push_back(std::move(field));
  return fields;
}

}  // namespace

namespace internal {

void keep(Arena& arena, FieldValueRef& pair) {
  keep(arena, pair.field);
  keep(arena, pair.value);
}
void keep(Arena& arena, FieldList& list) { keep(arena, list.fields); }
void keep(Arena& arena, ConditionalFields& fields) { keep(arena, fields.list); }
void keep(Arena& arena, HGetExArguments& arguments) { keep(arena, arguments.list); }
void keep(Arena& arena, HSetExArguments& arguments) {
  for (FieldValueRef& pair : arguments.pairs) keep(arena, pair);
}
template <>
inline constexpr bool kSelfContained<RandomFields> = true;
template <>
inline constexpr bool kSelfContained<FieldScanArguments> = true;

}  // namespace internal

using internal::FrontDoor;

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

INLAY_METHOD Out<int64_t> HashCommands<Self, Out>::hset(Key key, std::span<const FieldValue> pairs) {
  return FrontDoor::run<cmd::hset>(INLAY_SELF, key, refs(pairs));
}
INLAY_METHOD Out<bool> HashCommands<Self, Out>::hsetnx(Key key, Arg field, Arg value) {
  return FrontDoor::run<cmd::hsetnx>(INLAY_SELF, key, field.view(), value.view());
}
INLAY_METHOD Out<std::optional<std::string>> HashCommands<Self, Out>::hget(Key key, Arg field) {
  return FrontDoor::run<cmd::hget>(INLAY_SELF, key, field.view());
}
INLAY_METHOD Out<std::vector<std::optional<std::string>>> HashCommands<Self, Out>::hmget(
    Key key, std::span<const Bytes> fields) {
  return FrontDoor::run<cmd::hmget>(INLAY_SELF, key, fields);
}
INLAY_METHOD Out<FieldValues> HashCommands<Self, Out>::hgetall(Key key) {
  return FrontDoor::run<cmd::hgetall>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::vector<std::string>> HashCommands<Self, Out>::hkeys(Key key) {
  return FrontDoor::run<cmd::hkeys>(INLAY_SELF, key);
}
INLAY_METHOD Out<std::vector<std::string>> HashCommands<Self, Out>::hvals(Key key) {
  return FrontDoor::run<cmd::hvals>(INLAY_SELF, key);
}
INLAY_METHOD Out<bool> HashCommands<Self, Out>::hexists(Key key, Arg field) {
  return FrontDoor::run<cmd::hexists>(INLAY_SELF, key, field.view());
}
INLAY_METHOD Out<int64_t> HashCommands<Self, Out>::hlen(Key key) {
  return FrontDoor::run<cmd::hlen>(INLAY_SELF, key);
}
INLAY_METHOD Out<int64_t> HashCommands<Self, Out>::hstrlen(Key key, Arg field) {
  return FrontDoor::run<cmd::hstrlen>(INLAY_SELF, key, field.view());
}
INLAY_METHOD Out<int64_t> HashCommands<Self, Out>::hdel(Key key, std::span<const Bytes> fields) {
  return FrontDoor::run<cmd::hdel>(INLAY_SELF, key, fields);
}

INLAY_METHOD Out<int64_t> HashCommands<Self, Out>::hincrby(Key key, Arg field, int64_t by) {
  return FrontDoor::run<cmd::hincrby>(INLAY_SELF, key, field.view(), by);
}
INLAY_METHOD Out<double> HashCommands<Self, Out>::hincrbyfloat(Key key, Arg field, double by) {
  return FrontDoor::run<cmd::hincrbyfloat, as_double>(INLAY_SELF, key, field.view(), LateFloat{by, by == by});
}

INLAY_METHOD Out<std::optional<std::string>> HashCommands<Self, Out>::hrandfield(Key key) {
  return FrontDoor::run<cmd::hrandfield, first_field>(INLAY_SELF, key, RandomFields{});
}
INLAY_METHOD Out<std::vector<std::string>> HashCommands<Self, Out>::hrandfield(Key key, int64_t count) {
  return FrontDoor::run<cmd::hrandfield, fields_only>(INLAY_SELF, key, RandomFields{count});
}
INLAY_METHOD Out<FieldValues> HashCommands<Self, Out>::hrandfield_with_values(Key key, int64_t count) {
  return FrontDoor::run<cmd::hrandfield>(INLAY_SELF, key, RandomFields{count, true});
}
INLAY_METHOD Out<FieldScanPage> HashCommands<Self, Out>::hscan(Key key, uint64_t cursor,
                                                               const ElementScanOptions& options) {
  return FrontDoor::run<cmd::hscan>(INLAY_SELF, key, Cursor{cursor}, FieldScanArguments{options});
}

INLAY_METHOD Out<std::vector<FieldOutcome>> HashCommands<Self, Out>::hexpire(Key key, Duration ttl,
                                                                             std::span<const Bytes> fields,
                                                                             ExpireIf condition) {
  return FrontDoor::run<cmd::hpexpire>(INLAY_SELF, key, Milliseconds{ttl},
                                       ConditionalFields{condition, {fields}});
}
INLAY_METHOD Out<std::vector<FieldOutcome>> HashCommands<Self, Out>::hexpireat(Key key, TimePoint when,
                                                                               std::span<const Bytes> fields,
                                                                               ExpireIf condition) {
  return FrontDoor::run<cmd::hpexpireat>(INLAY_SELF, key, UnixMilliseconds{when},
                                         ConditionalFields{condition, {fields}});
}
INLAY_METHOD Out<std::vector<FieldOutcome>> HashCommands<Self, Out>::hpersist(Key key,
                                                                              std::span<const Bytes> fields) {
  return FrontDoor::run<cmd::hpersist>(INLAY_SELF, key, FieldList{fields});
}
INLAY_METHOD Out<std::vector<std::optional<Ttl>>> HashCommands<Self, Out>::httl(
    Key key, std::span<const Bytes> fields) {
  return FrontDoor::run<cmd::httl>(INLAY_SELF, key, FieldList{fields});
}
INLAY_METHOD Out<std::vector<std::optional<ExpireTime>>> HashCommands<Self, Out>::hexpiretime(
    Key key, std::span<const Bytes> fields) {
  return FrontDoor::run<cmd::hexpiretime>(INLAY_SELF, key, FieldList{fields});
}

INLAY_METHOD Out<std::vector<std::optional<std::string>>> HashCommands<Self, Out>::hgetdel(
    Key key, std::span<const Bytes> fields) {
  return FrontDoor::run<cmd::hgetdel>(INLAY_SELF, key, FieldList{fields});
}
INLAY_METHOD Out<std::vector<std::optional<std::string>>> HashCommands<Self, Out>::hgetex(
    Key key, std::span<const Bytes> fields, const GetExOptions& options) {
  return FrontDoor::run<cmd::hgetex>(INLAY_SELF, key, HGetExArguments{options, {fields}});
}
INLAY_METHOD Out<bool> HashCommands<Self, Out>::hsetex(Key key, std::span<const FieldValue> pairs,
                                                       const HSetExOptions& options) {
  return FrontDoor::run<cmd::hsetex>(INLAY_SELF, key, HSetExArguments{options, refs(pairs)});
}

#undef INLAY_METHOD
#undef INLAY_SELF

INLAY_INSTANTIATE_DOORS(HashCommands);

ScanRange<std::pair<std::string, std::string>> Database::hscan(Key key, ElementScanOptions options) const {
  using Range = ScanRange<std::pair<std::string, std::string>>;
  return Range([door = *this, key = std::string(key), options = std::move(options)](uint64_t cursor) {
    Range::Page page;
    // A key of another type is scanned as an empty one.
    Result<FieldScanPage> step =
        FrontDoor::run<cmd::hscan>(door, key, Cursor{cursor}, FieldScanArguments{options});
    if (step.ok()) {
      page.cursor = step->cursor;
      page.items = std::move(step->fields);
    }
    return page;
  });
}

}  // namespace inlay
