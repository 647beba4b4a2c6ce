#include "api/commands/sort.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "api/commands/keywords.h"
#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

// A pattern of BY or GET: where the element goes in, and the field of a hash that is meant.
class Pattern {
 public:
  explicit Pattern(std::string_view text) : is_element_(text == "#") {
    const size_t star = text.find('*');
    if (star == std::string_view::npos) return;
    names_key_ = true;
    before_ = text.substr(0, star);
    after_ = text.substr(star + 1);
    const size_t arrow = after_.find("->");
    if (arrow == std::string_view::npos || arrow + 2 == after_.size()) return;
    field_ = after_.substr(arrow + 2);
    after_ = after_.substr(0, arrow);
  }

  /// Whether other keys are read for it.
  bool names_key() const { return names_key_; }

  std::optional<std::string> look_up(WriteTx& tx, std::string_view element) const {
    if (is_element_) return std::string(element);
    if (!names_key_) return std::nullopt;
    std::string name(before_);
    name.append(element).append(after_);
    const KeyRef key = tx.engine().key(name);
    return field_.empty() ? string_of(tx, key) : field_of(tx, key);
  }

 private:
  static std::optional<std::string> string_of(WriteTx& tx, const KeyRef& key) {
    const Entry* entry = tx.find(key);
    if (entry == nullptr || entry->type() != Type::kString) return std::nullopt;
    char scratch[kInt64TextMax];
    return std::string(entry->string_value(scratch));
  }

  std::optional<std::string> field_of(WriteTx& tx, const KeyRef& key) const {
    const Result<ContainerView<Hash>> hash = tx.read<Hash>(key);
    if (!hash.ok() || !*hash) return std::nullopt;
    const auto value = (*hash)->find(field_);
    return value.has_value() ? std::optional(value->to_string()) : std::nullopt;
  }

  bool is_element_;
  bool names_key_ = false;
  std::string_view before_, after_, field_;
};

struct Item {
  std::string element;
  double weight = 0;
  std::optional<std::string> text;  // What BY found, when sorting by bytes.
};

Result<std::vector<Item>> elements_of(WriteTx& tx, const KeyRef& key) {
  std::vector<Item> items;
  const Entry* entry = tx.find(key);
  if (entry == nullptr) return items;
  const auto add = [&](std::string element) { items.push_back({std::move(element), 0, std::nullopt}); };
  switch (entry->type()) {
    case Type::kList:
      (*tx.read<List>(key))->visit(0, List::Direction::kForward, [&](const Element& element) {
        add(element.to_string());
        return true;
      });
      return items;
    case Type::kSet:
      (*tx.read<Set>(key))->for_each([&](const Element& element) {
        add(element.to_string());
        return true;
      });
      return items;
    case Type::kSortedSet:
      (*tx.read<SortedSet>(key))->for_each([&](std::string_view member, double) {
        add(std::string(member));
      });
      return items;
    default: return error(Error::kWrongType);
  }
}

// As SORT reads a weight: any form of strtod, whole; nothing is 0.
std::optional<double> parse_weight(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const double weight = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(weight)) return std::nullopt;
  return weight;
}

int three_way(const Item& a, const Item& b, bool alpha, bool by_pattern) {
  if (!alpha) {
    if (a.weight != b.weight) return a.weight < b.weight ? -1 : 1;
    return a.element.compare(b.element);
  }
  if (!by_pattern) return a.element.compare(b.element);
  if (a.text.has_value() != b.text.has_value()) return a.text.has_value() ? 1 : -1;
  return a.text.has_value() ? a.text->compare(*b.text) : 0;
}

absl::Status order(WriteTx& tx, std::vector<Item>& items, const SortOptions& options,
                   const std::optional<Pattern>& by) {
  for (Item& item : items) {
    const std::optional<std::string> found = by.has_value() ? by->look_up(tx, item.element) : std::nullopt;
    if (options.alpha) {
      item.text = found;
    } else if (found.has_value() || !by.has_value()) {
      const std::optional<double> weight = parse_weight(by.has_value() ? *found : item.element);
      if (!weight.has_value()) return error(Error::kSortNotNumbers);
      item.weight = *weight;
    }
  }
  std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    const int compared = three_way(a, b, options.alpha, by.has_value());
    return options.descending ? compared > 0 : compared < 0;
  });
  return absl::OkStatus();
}

void cut(std::vector<Item>& items, int64_t offset, int64_t count) {
  const auto size = static_cast<int64_t>(items.size());
  const int64_t start = std::clamp<int64_t>(offset, 0, size);
  const int64_t length = count < 0 ? size - start : std::min(count, size - start);
  items.erase(items.begin() + start + length, items.end());
  items.erase(items.begin(), items.begin() + start);
}

Result<std::vector<std::optional<std::string>>> sorted(WriteTx& tx, const KeyRef& key, SortOptions options,
                                                       bool stores) {
  Result<std::vector<Item>> items = elements_of(tx, key);
  if (!items.ok()) return items.status();
  std::optional<Pattern> by;
  bool sorts = true;
  if (options.by.has_value()) {
    by.emplace(*options.by);
    sorts = by->names_key();
    if (!sorts) by.reset();
  }
  const Entry* entry = tx.peek(key);
  if (!sorts && stores && entry != nullptr && entry->type() == Type::kSet) {
    // What is stored should not depend on the order of a table.
    sorts = options.alpha = true;
  }
  if (sorts) {
    if (absl::Status status = order(tx, *items, options, by); !status.ok()) return status;
  } else if (options.descending && entry != nullptr && entry->type() != Type::kSet) {
    std::reverse(items->begin(), items->end());
  }
  cut(*items, options.offset, options.count);
  std::vector<std::optional<std::string>> values;
  for (Item& item : *items) {
    for (const std::string& get : options.get) values.push_back(Pattern(get).look_up(tx, item.element));
    if (options.get.empty()) values.emplace_back(std::move(item.element));
  }
  return values;
}

Result<int64_t> store(WriteTx& tx, const KeyRef& key, const std::vector<std::optional<std::string>>& values) {
  List list = make_container<List>(tx.engine().shard_of(key).container_context());
  for (const auto& value : values) {
    if (!list.push_back(value.has_value() ? std::string_view(*value) : std::string_view()))
      return error(Error::kOutOfMemory);
  }
  if (!tx.put(key, std::move(list), "sortstore")) return error(Error::kOutOfMemory);
  return static_cast<int64_t>(values.size());
}

bool reads_other_keys(const SortOptions& options) {
  const auto names_key = [](const std::string& pattern) { return Pattern(pattern).names_key(); };
  return (options.by.has_value() && names_key(*options.by)) || std::ranges::any_of(options.get, names_key);
}

}  // namespace

namespace {

// `grows`: whether it is refused where there is no memory, as Redis refuses SORT even where it stores nothing.
Result<SortOutcome> run_sort(KeyspaceTx& tx, Bytes key, const SortArguments& arguments, bool grows) {
  const Bytes destination = arguments.store.has_value() ? Bytes(*arguments.store) : Bytes();
  const std::array<KeyRef, 2> keys{tx.engine().key(key), tx.engine().key(destination)};
  const size_t count = arguments.store.has_value() ? 2 : 1;
  Result<SortOutcome> outcome = SortOutcome();
  const auto body = [&](WriteTx& locked) {
    auto values = sorted(locked, keys[0], arguments.options, arguments.store.has_value());
    if (!values.ok()) {
      outcome = values.status();
    } else if (arguments.store.has_value()) {
      const Result<int64_t> stored = store(locked, keys[1], *values);
      if (stored.ok()) {
        outcome->stored = *stored;
      } else {
        outcome = stored.status();
      }
    } else {
      outcome->values = *std::move(values);
    }
  };
  const bool all = reads_other_keys(arguments.options);
  if (!tx.locked(std::span(keys).first(count), all, grows, body)) return error(Error::kOutOfMemory);
  return outcome;
}

}  // namespace

Result<SortOutcome> sort(KeyspaceTx& tx, Bytes key, const SortArguments& arguments) {
  return run_sort(tx, key, arguments, true);
}

Result<std::vector<std::optional<std::string>>> sort_ro(KeyspaceTx& tx, Bytes key,
                                                        const SortReadArguments& arguments) {
  Result<SortOutcome> outcome = run_sort(tx, key, SortArguments{arguments.options, std::nullopt}, false);
  if (!outcome.ok()) return outcome.status();
  return std::move(outcome->values);
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

template <class Arguments, bool value>
constexpr Keyword<Arguments> order_keyword(std::string_view word) {
  return {word,
          [](std::string_view, Arguments& arguments, ArgReader&, absl::Status&) {
            arguments.options.descending = value;
            return true;
          },
          [](std::string_view name, const Arguments& arguments, ArgPrinter& out) {
            if (value && arguments.options.descending) out.add(name);
          }};
}

template <class Arguments>
constexpr std::array<Keyword<Arguments>, 6> kSortKeywords{
    order_keyword<Arguments, false>("ASC"),
    order_keyword<Arguments, true>("DESC"),
    Keyword<Arguments>{"ALPHA",
                       [](std::string_view, Arguments& arguments, ArgReader&, absl::Status&) {
                         return arguments.options.alpha = true;
                       },
                       [](std::string_view name, const Arguments& arguments, ArgPrinter& out) {
                         if (arguments.options.alpha) out.add(name);
                       }},
    Keyword<Arguments>{"LIMIT",
                       [](std::string_view, Arguments& arguments, ArgReader& reader, absl::Status& status) {
                         if (reader.left() < 2) return false;
                         status = read_integer(reader, arguments.options.offset);
                         if (status.ok()) status = read_integer(reader, arguments.options.count);
                         return true;
                       },
                       [](std::string_view name, const Arguments& arguments, ArgPrinter& out) {
                         if (arguments.options.offset == 0 && arguments.options.count == -1) return;
                         out.add(name);
                         out.add(arguments.options.offset);
                         out.add(arguments.options.count);
                       }},
    Keyword<Arguments>{"BY",
                       [](std::string_view, Arguments& arguments, ArgReader& reader, absl::Status&) {
                         if (reader.left() == 0) return false;
                         arguments.options.by = std::string(reader.take());
                         return true;
                       },
                       [](std::string_view name, const Arguments& arguments, ArgPrinter& out) {
                         if (!arguments.options.by.has_value()) return;
                         out.add(name);
                         out.add(*arguments.options.by);
                       }},
    Keyword<Arguments>{"GET",
                       [](std::string_view, Arguments& arguments, ArgReader& reader, absl::Status&) {
                         if (reader.left() == 0) return false;
                         arguments.options.get.emplace_back(reader.take());
                         return true;
                       },
                       [](std::string_view name, const Arguments& arguments, ArgPrinter& out) {
                         for (const std::string& pattern : arguments.options.get) {
                           out.add(name);
                           out.add(pattern);
                         }
                       }},
};

constexpr std::array kStoreKeyword{
    Keyword<SortArguments>{"STORE",
                           [](std::string_view, SortArguments& arguments, ArgReader& reader, absl::Status&) {
                             if (reader.left() == 0) return false;
                             arguments.store = std::string(reader.take());
                             return true;
                           },
                           [](std::string_view name, const SortArguments& arguments, ArgPrinter& out) {
                             if (!arguments.store.has_value()) return;
                             out.add(name);
                             out.add(*arguments.store);
                           }},
};

constexpr auto kSortStoreKeywords = [] {
  std::array<Keyword<SortArguments>, 7> all{};
  std::copy(kSortKeywords<SortArguments>.begin(), kSortKeywords<SortArguments>.end(), all.begin());
  all.back() = kStoreKeyword[0];
  return all;
}();

Reply sort_reply(const cmd::SortOutcome& outcome, const Parsed<cmd::sort>&) {
  return outcome.stored.has_value() ? Reply::integer(*outcome.stored) : encode(outcome.values);
}

constexpr std::string_view kSyntax =
    "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA]";
constexpr std::string_view kSyntaxStore =
    "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA] [STORE "
    "destination]";
constexpr std::string_view kCost = "O(N+M*log(M)) with N elements and M returned";

// The keys that BY, GET and STORE name are not among the positions, as in Redis.
constexpr Command with_key(Command row) {
  row.keys = {1, 1, 1, false};
  return row;
}

constexpr std::array kSortCommands{
    with_key(growing_command<cmd::sort, sort_reply>(
        "sort", {"1.0.0", Group::kGeneric, kCost,
                 "Sorts a list, set or sorted set, and may store the result.", kSyntaxStore})),
    with_key(command<cmd::sort_ro>(
        "sort_ro", {"7.0.0", Group::kGeneric, kCost, "Sorts a list, set or sorted set.", kSyntax})),
};

}  // namespace

absl::Status Codec<SortArguments>::read(ArgReader& reader, SortArguments& value) {
  return read_options(kSortStoreKeywords, reader, value);
}
void Codec<SortArguments>::print(const SortArguments& value, ArgPrinter& out) {
  print_options(kSortStoreKeywords, value, out);
}
absl::Status Codec<SortReadArguments>::read(ArgReader& reader, SortReadArguments& value) {
  return read_options(kSortKeywords<SortReadArguments>, reader, value);
}
void Codec<SortReadArguments>::print(const SortReadArguments& value, ArgPrinter& out) {
  print_options(kSortKeywords<SortReadArguments>, value, out);
}

std::span<const Command> sort_rows() { return kSortCommands; }

}  // namespace inlay
