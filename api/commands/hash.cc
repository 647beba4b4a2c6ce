#include "api/commands/hash.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"
#include "engine/glob.h"
#include "inlay/datatypes/number.h"

namespace inlay {

HashLimits hash_limits(const Engine& engine) {
  const Engine::ContainerLimits& limits = engine.container_limits();
  return {
      .packed_entries = static_cast<size_t>(limits.hash_max_listpack_entries.load(std::memory_order_relaxed)),
      .packed_value_bytes =
          static_cast<size_t>(limits.hash_max_listpack_value.load(std::memory_order_relaxed))};
}

}  // namespace inlay

namespace inlay::cmd {
namespace {

// Calls visit(const Hash&) unless the key is absent.
template <class Visit>
absl::Status read_hash(ReadTx& tx, const KeyRef& key, Visit&& visit) {
  Result<ContainerView<Hash>> hash = tx.read<Hash>(key);
  if (!hash.ok()) return hash.status();
  if (*hash) visit(**hash);
  return absl::OkStatus();
}

// Writes back, and tells of memory that ran out.
template <class T>
Result<T> closed(Edit<Hash>& hash, std::string_view event, T result) {
  if (!hash.close(event)) return error(Error::kOutOfMemory);
  return result;
}

// Ends an edit that is refused before it changed anything.
absl::Status refused(Edit<Hash>& hash, absl::Status status) {
  hash.unchanged();
  return status;
}

// `count` pairs, each drawn from all, so that some may be the same.
void draw_with_repetitions(const Hash& hash, uint64_t count, bool with_values, Random& random,
                           FieldValues& out) {
  for (; count > 0; --count) {
    const std::optional<Hash::Pair> pair = hash.sample([&] { return random(); });
    out.emplace_back(pair->field.to_string(), with_values ? pair->value.to_string() : std::string());
  }
}

// `count` different pairs of a hash that has more, all choices as likely.
void draw_distinct(const Hash& hash, size_t count, bool with_values, Random& random, FieldValues& out) {
  const auto add = [&](const Element& field, const Element& value) {
    out.emplace_back(field.to_string(), with_values ? value.to_string() : std::string());
  };
  if (count <= hash.size() / 4) {
    std::unordered_set<std::string> drawn;
    while (drawn.size() < count) {
      const std::optional<Hash::Pair> pair = hash.sample([&] { return random(); });
      if (drawn.insert(pair->field.to_string()).second) add(pair->field, pair->value);
    }
    return;
  }
  // Selection sampling: each element is taken with the chance that so many are still wanted of those left.
  size_t left = hash.size();
  hash.for_each([&](const Element& field, const Element& value) {
    if (random.below(left--) >= count) return;
    --count;
    add(field, value);
  });
}

}  // namespace

Result<int64_t> hset(WriteTx& tx, const KeyRef& key, std::span<const FieldValueRef> pairs) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  const HashLimits limits = hash_limits(tx.engine());
  int64_t added = 0;
  for (const FieldValueRef& pair : pairs) {
    const Hash::Put put = (*hash)->put(pair.field, pair.value, limits);
    if (put == Hash::Put::kOutOfMemory) return hash->out_of_memory("hset");
    added += put == Hash::Put::kAdded;
  }
  return closed(*hash, "hset", added);
}

absl::Status hmset(WriteTx& tx, const KeyRef& key, std::span<const FieldValueRef> pairs) {
  return hset(tx, key, pairs).status();
}

Result<bool> hsetnx(WriteTx& tx, const KeyRef& key, Bytes field, Bytes value) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  if ((*hash)->contains(field)) {
    hash->unchanged();
    return false;
  }
  if ((*hash)->put(field, value, hash_limits(tx.engine())) == Hash::Put::kOutOfMemory)
    return refused(*hash, error(Error::kOutOfMemory));
  return closed(*hash, "hset", true);
}

Result<int64_t> hincrby(WriteTx& tx, const KeyRef& key, Bytes field, int64_t by) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  int64_t sum = 0;
  if (const std::optional<Element> old = (*hash)->find(field); old.has_value()) {
    if (!old->is_integer()) return refused(*hash, error(Error::kHashValueNotInteger));
    sum = old->integer();
  }
  if (__builtin_add_overflow(sum, by, &sum)) return refused(*hash, error(Error::kIncrOverflow));
  if ((*hash)->put(field, Element(sum), hash_limits(tx.engine()), true) == Hash::Put::kOutOfMemory)
    return refused(*hash, error(Error::kOutOfMemory));
  return closed(*hash, "hincrby", sum);
}

Result<std::string> hincrbyfloat(WriteTx& tx, const KeyRef& key, Bytes field, LateFloat by) {
  if (!by.valid) return error(Error::kNotFloat);
  if (!std::isfinite(by.value)) return error(Error::kNotFinite);
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  long double sum = 0;
  if (const std::optional<Element> old = (*hash)->find(field); old.has_value()) {
    const auto number =
        old->is_integer() ? static_cast<long double>(old->integer()) : parse_long_double(old->bytes());
    if (!number.has_value()) return refused(*hash, error(Error::kHashValueNotFloat));
    sum = *number;
  }
  sum += by.value;
  if (!std::isfinite(sum)) return refused(*hash, error(Error::kFloatIncrNaN));
  std::string text = format_long_double(sum);
  if ((*hash)->put(field, text, hash_limits(tx.engine()), true) == Hash::Put::kOutOfMemory)
    return refused(*hash, error(Error::kOutOfMemory));
  return closed(*hash, "hincrbyfloat", std::move(text));
}

Result<int64_t> hdel(LeanTx& tx, const KeyRef& key, std::span<const Bytes> fields) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  int64_t erased = 0;
  for (const Bytes field : fields) {
    const Hash::Erase result = (*hash)->erase(field);
    if (result == Hash::Erase::kOutOfMemory) return refused(*hash, error(Error::kOutOfMemory));
    erased += result == Hash::Erase::kErased;
  }
  if (erased == 0) hash->unchanged();
  return closed(*hash, "hdel", erased);
}

Nullable<std::string> hget(ReadTx& tx, const KeyRef& key, Bytes field) {
  std::optional<std::string> value;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    if (const auto found = hash.find(field); found.has_value()) value = found->to_string();
  });
  if (!status.ok()) return status;
  return value;
}

Result<std::vector<std::optional<std::string>>> hmget(ReadTx& tx, const KeyRef& key,
                                                      std::span<const Bytes> fields) {
  std::vector<std::optional<std::string>> values(fields.size());
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    hash.find_each(fields, [&](size_t index, const std::optional<Element>& value) {
      if (value.has_value()) values[index] = value->to_string();
    });
  });
  if (!status.ok()) return status;
  return values;
}

Result<FieldValues> hgetall(ReadTx& tx, const KeyRef& key) {
  FieldValues pairs;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    pairs.reserve(hash.size());
    hash.for_each([&](const Element& field, const Element& value) {
      pairs.emplace_back(field.to_string(), value.to_string());
    });
  });
  if (!status.ok()) return status;
  return pairs;
}

Result<std::vector<std::string>> hkeys(ReadTx& tx, const KeyRef& key) {
  std::vector<std::string> fields;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    fields.reserve(hash.size());
    hash.for_each([&](const Element& field, const Element&) { fields.push_back(field.to_string()); });
  });
  if (!status.ok()) return status;
  return fields;
}

Result<std::vector<std::string>> hvals(ReadTx& tx, const KeyRef& key) {
  std::vector<std::string> values;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    values.reserve(hash.size());
    hash.for_each([&](const Element&, const Element& value) { values.push_back(value.to_string()); });
  });
  if (!status.ok()) return status;
  return values;
}

Result<bool> hexists(ReadTx& tx, const KeyRef& key, Bytes field) {
  bool found = false;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) { found = hash.contains(field); });
  if (!status.ok()) return status;
  return found;
}

Result<int64_t> hlen(ReadTx& tx, const KeyRef& key) {
  int64_t fields = 0;
  absl::Status status =
      read_hash(tx, key, [&](const Hash& hash) { fields = static_cast<int64_t>(hash.size()); });
  if (!status.ok()) return status;
  return fields;
}

Result<int64_t> hstrlen(ReadTx& tx, const KeyRef& key, Bytes field) {
  int64_t length = 0;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    char scratch[kInt64TextMax];
    if (const auto found = hash.find(field); found.has_value())
      length = static_cast<int64_t>(found->text(scratch).size());
  });
  if (!status.ok()) return status;
  return length;
}

Result<FieldValues> hrandfield(ReadTx& tx, const KeyRef& key, const RandomFields& wanted) {
  FieldValues out;
  bool too_many = false;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    Random& random = tx.engine().shard_of(key).random();
    const int64_t count = wanted.count.value_or(1);
    if (count < -kDrawsMax) {
      too_many = true;
    } else if (count < 0) {
      draw_with_repetitions(hash, static_cast<uint64_t>(-count), wanted.with_values, random, out);
    } else if (static_cast<uint64_t>(count) < hash.size()) {
      draw_distinct(hash, static_cast<size_t>(count), wanted.with_values, random, out);
    } else {
      hash.for_each([&](const Element& field, const Element& value) {
        out.emplace_back(field.to_string(), wanted.with_values ? value.to_string() : std::string());
      });
    }
  });
  if (!status.ok()) return status;
  if (too_many) return error(Error::kOutOfMemory);
  return out;
}

Result<FieldScanPage> hscan(ReadTx& tx, const KeyRef& key, Cursor cursor,
                            const FieldScanArguments& arguments) {
  FieldScanPage page;
  absl::Status fault;
  absl::Status status = read_hash(tx, key, [&](const Hash& hash) {
    fault = arguments.fault;
    const ElementScanOptions& options = arguments.options;
    if (fault.ok() && options.count < 1) fault = error(Error::kSyntax);
    // A cursor that no scan gave ends the scan of a table; a packed hash is given whole for any.
    if (!fault.ok() || (cursor.value > UINT32_MAX && !hash.is_packed())) return;
    page.cursor = hash.scan(static_cast<uint32_t>(cursor.value), static_cast<size_t>(options.count),
                            [&](const Element& field, const Element& value) {
                              std::string name = field.to_string();
                              if (options.match != "*" && !glob_match(options.match, name)) return;
                              page.fields.emplace_back(
                                  std::move(name), arguments.no_values ? std::string() : value.to_string());
                            });
  });
  if (!status.ok()) return status;
  if (!fault.ok()) return fault;
  return page;
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

Reply flat(const FieldValues& pairs, bool with_values) {
  Reply::Items items;
  items.reserve(pairs.size() * (with_values ? 2 : 1));
  for (const auto& [field, value] : pairs) {
    items.push_back(Reply::bulk(field));
    if (with_values) items.push_back(Reply::bulk(value));
  }
  return Reply::array(std::move(items));
}

Reply hgetall_reply(const FieldValues& pairs, const Parsed<cmd::hgetall>&) {
  return Reply::map(flat(pairs, true).items());
}

Reply hrandfield_reply(const FieldValues& pairs, const Parsed<cmd::hrandfield>& arguments) {
  const auto& wanted = std::get<RandomFields>(arguments);
  if (wanted.count.has_value()) return flat(pairs, wanted.with_values);
  return pairs.empty() ? Reply::nil() : Reply::bulk(pairs[0].first);
}

Reply hscan_reply(const FieldScanPage& page, const Parsed<cmd::hscan>& arguments) {
  return Reply::array({Reply::bulk(std::to_string(page.cursor)),
                       flat(page.fields, !std::get<FieldScanArguments>(arguments).no_values)});
}

constexpr Group kHash = Group::kHash;
constexpr std::string_view kFields = "O(N) with N fields";

constexpr std::array kHashCommands{
    at_least(
        3, command<cmd::hdel>("hdel", {"2.0.0", kHash, kFields, "Removes fields.", "key field [field ...]"})),
    command<cmd::hexists>("hexists", {"2.0.0", kHash, "O(1)", "Tells whether a field exists.", "key field"}),
    command<cmd::hget>("hget", {"2.0.0", kHash, "O(1)", "Reads a field.", "key field"}),
    command<cmd::hgetall, hgetall_reply>("hgetall",
                                         {"2.0.0", kHash, kFields, "Reads all fields and values.", "key"}),
    command<cmd::hincrby>("hincrby",
                          {"2.0.0", kHash, "O(1)", "Adds to an integer in a field.", "key field increment"}),
    command<cmd::hincrbyfloat>(
        "hincrbyfloat", {"2.6.0", kHash, "O(1)", "Adds to a float in a field.", "key field increment"}),
    command<cmd::hkeys>("hkeys", {"2.0.0", kHash, kFields, "Reads all fields.", "key"}),
    command<cmd::hlen>("hlen", {"2.0.0", kHash, "O(1)", "Counts the fields.", "key"}),
    at_least(3, command<cmd::hmget>(
                    "hmget", {"2.0.0", kHash, kFields, "Reads many fields.", "key field [field ...]"})),
    command<cmd::hmset>("hmset",
                        {"2.0.0", kHash, kFields, "Sets many fields.", "key field value [field value ...]"}),
    command<cmd::hrandfield, hrandfield_reply>("hrandfield", {"6.2.0", kHash, "O(N) with N fields returned",
                                                              "Draws fields.", "key [count [WITHVALUES]]"}),
    command<cmd::hscan, hscan_reply>(
        "hscan",
        {"2.8.0", kHash, "O(1) per call, O(N) for a whole scan with N fields",
         "Goes through the fields in steps.", "key cursor [MATCH pattern] [COUNT count] [NOVALUES]"}),
    command<cmd::hset>("hset", {"2.0.0", kHash, kFields, "Sets fields and counts the new ones.",
                                "key field value [field value ...]"}),
    command<cmd::hsetnx>("hsetnx",
                         {"2.0.0", kHash, "O(1)", "Sets a field if it is absent.", "key field value"}),
    command<cmd::hstrlen>("hstrlen",
                          {"3.2.0", kHash, "O(1)", "Counts the bytes of a field's value.", "key field"}),
    command<cmd::hvals>("hvals", {"2.0.0", kHash, kFields, "Reads all values.", "key"}),
};

}  // namespace

std::span<const Command> hash_rows() { return kHashCommands; }

}  // namespace inlay
