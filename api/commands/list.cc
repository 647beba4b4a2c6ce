#include "api/commands/list.h"

#include <algorithm>
#include <array>
#include <limits>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"
#include "inlay/datatypes/list.h"

namespace inlay::cmd {
namespace {

using Direction = List::Direction;

bool is_too_long(WriteTx& tx, Bytes element) { return element.size() > tx.engine().string_bytes_max(); }
// Why: it is longer than strings may be, or than all memory.
Error why_too_long(WriteTx& tx, Bytes element) {
  return element.size() > tx.engine().string_bytes_setting() ? Error::kStringTooLong
                                                             : Error::kLargerThanMemory;
}

[[nodiscard]] bool push_at(List& list, End end, Bytes element) {
  return end == End::kLeft ? list.push_front(element) : list.push_back(element);
}

[[nodiscard]] bool pop_at(List& list, End end) {
  return end == End::kLeft ? list.pop_front() : list.pop_back();
}

std::string read_at(const List& list, End end) {
  return (end == End::kLeft ? list.front() : list.back()).to_string();
}

std::string_view push_event(End end) { return end == End::kLeft ? "lpush" : "rpush"; }
std::string_view pop_event(End end) { return end == End::kLeft ? "lpop" : "rpop"; }

Result<int64_t> push(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements, End end, When when) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  List& list = **edit;
  if (when == When::kIfPresent && list.empty()) {
    edit->unchanged();
    return 0;
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    const bool too_long = is_too_long(tx, elements[i]);
    if (!too_long && push_at(list, end, elements[i])) continue;
    for (; i > 0; --i) (void)pop_at(list, end);
    edit->unchanged();
    return error(too_long ? why_too_long(tx, elements[i]) : Error::kOutOfMemory);
  }
  const auto size = static_cast<int64_t>(list.size());
  if (!edit->close(push_event(end))) return error(Error::kOutOfMemory);
  return size;
}

Nullable<std::string> pop(WriteTx& tx, const KeyRef& key, End end) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  List& list = **edit;
  if (list.empty()) return std::nullopt;
  std::string element = read_at(list, end);
  if (!pop_at(list, end) || !edit->close(pop_event(end))) return error(Error::kOutOfMemory);
  return element;
}

// Up to `count` elements from one end on, in the order of their popping.
std::vector<std::string> first_elements(const List& list, End end, size_t count) {
  std::vector<std::string> elements;
  if (count == 0) return elements;
  elements.reserve(count);
  const bool left = end == End::kLeft;
  list.visit(left ? 0 : list.size() - 1, left ? Direction::kForward : Direction::kBackward,
             [&](const Element& element) {
               elements.push_back(element.to_string());
               return elements.size() < count;
             });
  return elements;
}

// Nil for an absent key.
Nullable<std::vector<std::string>> pop_many(WriteTx& tx, const KeyRef& key, End end, int64_t count) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  List& list = **edit;
  if (list.empty()) return std::nullopt;
  const auto popped = static_cast<size_t>(std::min(count, static_cast<int64_t>(list.size())));
  if (popped == 0) edit->unchanged();
  std::vector<std::string> elements = first_elements(list, end, popped);
  if (!list.erase(end == End::kLeft ? 0 : list.size() - popped, popped) || !edit->close(pop_event(end)))
    return error(Error::kOutOfMemory);
  return elements;
}

Nullable<std::vector<std::string>> pop_many(WriteTx& tx, const KeyRef& key, End end, const PopCount& count) {
  const int64_t wanted = count.count.value_or(1);
  if (wanted < 0) return error(Error::kNotPositive);
  return pop_many(tx, key, end, wanted);
}

// The last element becomes the first, or the other way round.
Nullable<std::string> rotate(WriteTx& tx, const KeyRef& key, End from, End to) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  List& list = **edit;
  if (list.empty()) return std::nullopt;
  std::string element = read_at(list, from);
  if (from == to || list.size() == 1) {
    // It stays where it is; yet whoever watches the key is told, as Redis does.
    if (!list.set(from == End::kLeft ? 0 : list.size() - 1, element)) return error(Error::kOutOfMemory);
  } else if (!push_at(list, to, element) || !pop_at(list, from)) {
    edit->unchanged();
    return error(Error::kOutOfMemory);
  }
  tx.notify(EventClass::kList, push_event(to), key);
  if (!edit->close(pop_event(from))) return error(Error::kOutOfMemory);
  return element;
}

// `index` from the head, or nothing where there is no such element.
std::optional<size_t> place_of(const List& list, int64_t index) {
  const auto size = static_cast<int64_t>(list.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::nullopt;
  return static_cast<size_t>(index);
}

struct Range {
  size_t first = 0;
  size_t count = 0;
};

// What `start` to `stop` inclusive is of a list.
Range clamped(const List& list, int64_t start, int64_t stop) {
  const auto size = static_cast<int64_t>(list.size());
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (stop < 0) stop += size;
  stop = std::min(stop, size - 1);
  if (start > stop) return {};
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

// 0 stands for all.
uint64_t limit_of(int64_t value) {
  return value == 0 ? std::numeric_limits<uint64_t>::max() : magnitude(value);
}

absl::Status check(const LPosArguments& arguments) {
  if (arguments.options.rank == 0) return error(Error::kRankZero);
  if (arguments.count.value_or(0) < 0) return error(Error::kNegativeCount);
  if (arguments.options.length_max < 0) return error(Error::kNegativeMaxlen);
  return absl::OkStatus();
}

}  // namespace

Result<int64_t> lpush(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements) {
  return push(tx, key, elements, End::kLeft, When::kAlways);
}

Result<int64_t> lpushx(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements) {
  return push(tx, key, elements, End::kLeft, When::kIfPresent);
}

Result<int64_t> rpush(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements) {
  return push(tx, key, elements, End::kRight, When::kAlways);
}

Result<int64_t> rpushx(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements) {
  return push(tx, key, elements, End::kRight, When::kIfPresent);
}

Nullable<std::string> lpop(LeanTx& tx, const KeyRef& key) { return pop(tx, key, End::kLeft); }

Nullable<std::string> rpop(LeanTx& tx, const KeyRef& key) { return pop(tx, key, End::kRight); }

Nullable<std::vector<std::string>> lpop_many(LeanTx& tx, const KeyRef& key, const ListPopCount& count) {
  return pop_many(tx, key, End::kLeft, count);
}

Nullable<std::vector<std::string>> rpop_many(LeanTx& tx, const KeyRef& key, const ListPopCount& count) {
  return pop_many(tx, key, End::kRight, count);
}

Nullable<KeyElements> lmpop(LeanTx& tx, CountedKeys keys, End from, const ListMPopCount& count) {
  const int64_t wanted = count.value.value_or(1);
  if (keys.keys.empty()) return error(Error::kNumkeys);
  if (wanted < 1) return error(Error::kCountNotPositive);
  for (const KeyRef& key : keys.keys) {
    Nullable<std::vector<std::string>> popped = pop_many(tx, key, from, wanted);
    if (!popped.ok()) return popped.status();
    if (popped->has_value()) return KeyElements{std::string(key.bytes), **std::move(popped)};
  }
  return std::nullopt;
}

Nullable<std::string> lmove(WriteTx& tx, const KeyRef& source, const KeyRef& destination, End from, End to) {
  if (source.bytes == destination.bytes) return rotate(tx, source, from, to);
  std::string element;
  {
    const Result<ContainerView<List>> list = tx.read<List>(source);
    if (!list.ok()) return list.status();
    if (!*list) return std::nullopt;
    element = read_at(**list, from);
  }
  const Bytes pushed = element;
  if (const auto size = push(tx, destination, std::span(&pushed, 1), to, When::kAlways); !size.ok())
    return size.status();
  if (absl::Status status = pop(tx, source, from).status(); !status.ok()) {
    (void)pop(tx, destination, to);
    return status;
  }
  return element;
}

Nullable<std::string> rpoplpush(WriteTx& tx, const KeyRef& source, const KeyRef& destination) {
  return lmove(tx, source, destination, End::kRight, End::kLeft);
}

Result<int64_t> llen(ReadTx& tx, const KeyRef& key) {
  const Result<ContainerView<List>> list = tx.read<List>(key);
  if (!list.ok()) return list.status();
  return *list ? static_cast<int64_t>((*list)->size()) : 0;
}

Nullable<std::string> lindex(ReadTx& tx, const KeyRef& key, LateInteger index) {
  const Result<ContainerView<List>> list = tx.read<List>(key);
  if (!list.ok()) return list.status();
  if (!*list) return std::nullopt;
  if (!index.valid) return error(Error::kNotInteger);
  const std::optional<size_t> place = place_of(**list, index.value);
  if (!place.has_value()) return std::nullopt;
  return (*list)->at(*place).to_string();
}

Result<std::vector<std::string>> lrange(ReadTx& tx, const KeyRef& key, int64_t start, int64_t stop) {
  const Result<ContainerView<List>> list = tx.read<List>(key);
  if (!list.ok()) return list.status();
  std::vector<std::string> elements;
  if (!*list) return elements;
  const Range range = clamped(**list, start, stop);
  if (range.count == 0) return elements;
  elements.reserve(range.count);
  (*list)->visit(range.first, Direction::kForward, [&](const Element& element) {
    char scratch[kInt64TextMax];
    elements.emplace_back(element.text(scratch));
    return elements.size() < range.count;
  });
  return elements;
}

Result<std::vector<int64_t>> lpos(ReadTx& tx, const KeyRef& key, Bytes element,
                                  const LPosArguments& arguments) {
  if (absl::Status status = check(arguments); !status.ok()) return status;
  const Result<ContainerView<List>> list = tx.read<List>(key);
  if (!list.ok()) return list.status();
  std::vector<int64_t> found;
  if (!*list) return found;
  const bool forward = arguments.options.rank > 0;
  const Element wanted = Element::parse(element);
  const uint64_t matches_wanted = limit_of(arguments.count.value_or(1));
  // The smallest rank has no positive counterpart; to Redis it is -1.
  constexpr int64_t kRankMin = std::numeric_limits<int64_t>::min();
  uint64_t matches_skipped = arguments.options.rank == kRankMin ? 0 : magnitude(arguments.options.rank) - 1;
  uint64_t looks_left = limit_of(arguments.options.length_max);
  int64_t index = forward ? 0 : static_cast<int64_t>((*list)->size()) - 1;
  (*list)->visit(static_cast<size_t>(index), forward ? Direction::kForward : Direction::kBackward,
                 [&](const Element& looked_at) {
                   if (looked_at == wanted) {
                     if (matches_skipped > 0) {
                       --matches_skipped;
                     } else {
                       found.push_back(index);
                     }
                   }
                   index += forward ? 1 : -1;
                   return found.size() < matches_wanted && --looks_left > 0;
                 });
  return found;
}

absl::Status lset(WriteTx& tx, const KeyRef& key, LateInteger index, Bytes element) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  List& list = **edit;
  const auto refused = [&](Error why) {
    edit->unchanged();
    return error(why);
  };
  if (list.empty()) return refused(Error::kNoSuchKey);
  if (!index.valid) return refused(Error::kNotInteger);
  const std::optional<size_t> place = place_of(list, index.value);
  if (!place.has_value()) return refused(Error::kIndexOutOfRange);
  if (is_too_long(tx, element)) return refused(why_too_long(tx, element));
  if (!list.set(*place, element)) return refused(Error::kOutOfMemory);
  return edit->close("lset") ? absl::OkStatus() : error(Error::kOutOfMemory);
}

Result<int64_t> linsert(WriteTx& tx, const KeyRef& key, InsertAt at, Bytes pivot, Bytes element) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  List& list = **edit;
  const auto refused = [&](auto answer) -> Result<int64_t> {
    edit->unchanged();
    return answer;
  };
  if (list.empty()) return refused(0);
  const Element wanted = Element::parse(pivot);
  size_t index = 0;
  list.visit(0, Direction::kForward, [&](const Element& looked_at) {
    if (looked_at == wanted) return false;
    ++index;
    return true;
  });
  if (index == list.size()) return refused(-1);
  if (is_too_long(tx, element)) return refused(error(why_too_long(tx, element)));
  if (!list.insert(at == InsertAt::kAfter ? index + 1 : index, element))
    return refused(error(Error::kOutOfMemory));
  const auto size = static_cast<int64_t>(list.size());
  if (!edit->close("linsert")) return error(Error::kOutOfMemory);
  return size;
}

Result<int64_t> lrem(LeanTx& tx, const KeyRef& key, int64_t count, Bytes element) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  const std::optional<size_t> removed = (*edit)->remove(
      Element::parse(element), limit_of(count), count < 0 ? Direction::kBackward : Direction::kForward);
  if (removed.value_or(0) == 0) edit->unchanged();
  if (!removed.has_value() || !edit->close("lrem")) return error(Error::kOutOfMemory);
  return static_cast<int64_t>(*removed);
}

absl::Status ltrim(LeanTx& tx, const KeyRef& key, int64_t start, int64_t stop) {
  Result<Edit<List>> edit = tx.edit<List>(key);
  if (!edit.ok()) return edit.status();
  List& list = **edit;
  const Range kept = clamped(list, start, stop);
  if (kept.count == list.size()) {
    edit->unchanged();
    if (!list.empty()) tx.notify(EventClass::kList, "ltrim", key);
    return absl::OkStatus();
  }
  if (!list.trim(kept.first, kept.count) || !edit->close("ltrim")) return error(Error::kOutOfMemory);
  return absl::OkStatus();
}

}  // namespace inlay::cmd

namespace inlay {

Reply encode_popped(const std::optional<KeyElements>& popped) {
  if (!popped.has_value()) return Reply::nil_array();
  return Reply::array({Reply::bulk(popped->key), encode(popped->elements)});
}

namespace {

// With a count the reply is an array.
template <auto Fn>
Reply pop_reply(const std::optional<std::vector<std::string>>& popped, const Parsed<Fn>& values) {
  const bool counted = std::get<1>(values).count.has_value();
  if (!popped.has_value()) return counted ? Reply::nil_array() : Reply::nil();
  return counted ? encode(*popped) : encode(popped->front());
}

Reply lmpop_reply(const std::optional<KeyElements>& popped, const Parsed<cmd::lmpop>&) {
  return encode_popped(popped);
}

Reply lpos_reply(const std::vector<int64_t>& found, const Parsed<cmd::lpos>& values) {
  if (std::get<2>(values).count.has_value()) return encode(found);
  return found.empty() ? Reply::nil() : Reply::integer(found.front());
}

constexpr Group kList = Group::kList;

constexpr std::array kListCommands{
    command<cmd::lindex>("lindex", {"1.0.0", kList, "O(N/65536) with N elements",
                                    "Reads an element by its index.", "key index"}),
    command<cmd::linsert>("linsert",
                          {"2.2.0", kList, "O(N) with N elements up to the pivot",
                           "Inserts an element beside another one.", "key BEFORE|AFTER pivot element"}),
    command<cmd::llen>("llen", {"1.0.0", kList, "O(1)", "Counts the elements of a list.", "key"}),
    command<cmd::lmove>(
        "lmove", {"6.2.0", kList, "O(1)", "Moves an element from one end of a list to an end of another.",
                  "source destination LEFT|RIGHT LEFT|RIGHT"}),
    command<cmd::lmpop, lmpop_reply>("lmpop", {"7.0.0", kList, "O(N+M) with N keys and M elements popped",
                                               "Pops elements from the first list that has any.",
                                               "numkeys key [key ...] LEFT|RIGHT [COUNT count]"}),
    command<cmd::lpop_many, pop_reply<cmd::lpop_many>>(
        "lpop", {"1.0.0", kList, "O(N) with N elements popped",
                 "Removes elements at the head and returns them.", "key [count]"}),
    command<cmd::lpos, lpos_reply>(
        "lpos", {"6.0.6", kList, "O(N) with N elements looked at", "Finds the indexes of an element.",
                 "key element [RANK rank] [COUNT num-matches] [MAXLEN len]"}),
    at_least(3, command<cmd::lpush>("lpush",
                                    {"1.0.0", kList, "O(N) with N elements pushed",
                                     "Pushes elements at the head of a list.", "key element [element ...]"})),
    at_least(3, command<cmd::lpushx>("lpushx", {"2.2.0", kList, "O(N) with N elements pushed",
                                                "Pushes elements at the head of a list that exists.",
                                                "key element [element ...]"})),
    command<cmd::lrange>("lrange", {"1.0.0", kList, "O(N) with N elements returned",
                                    "Reads the elements in a range of indexes.", "key start stop"}),
    command<cmd::lrem>("lrem", {"1.0.0", kList, "O(N) with N elements", "Removes elements by their value.",
                                "key count element"}),
    command<cmd::lset>("lset", {"1.0.0", kList, "O(N/65536) with N elements",
                                "Replaces an element by its index.", "key index element"}),
    command<cmd::ltrim>("ltrim", {"1.0.0", kList, "O(N/370) with N elements removed",
                                  "Keeps only the elements in a range of indexes.", "key start stop"}),
    command<cmd::rpop_many, pop_reply<cmd::rpop_many>>(
        "rpop", {"1.0.0", kList, "O(N) with N elements popped",
                 "Removes elements at the tail and returns them.", "key [count]"}),
    command<cmd::rpoplpush>(
        "rpoplpush", {"1.2.0", kList, "O(1)", "Moves the last element of a list to the head of another.",
                      "source destination"}),
    at_least(3, command<cmd::rpush>("rpush",
                                    {"1.0.0", kList, "O(N) with N elements pushed",
                                     "Pushes elements at the tail of a list.", "key element [element ...]"})),
    at_least(3, command<cmd::rpushx>("rpushx", {"2.2.0", kList, "O(N) with N elements pushed",
                                                "Pushes elements at the tail of a list that exists.",
                                                "key element [element ...]"})),
};

}  // namespace

std::span<const Command> list_rows() { return kListCommands; }

}  // namespace inlay
