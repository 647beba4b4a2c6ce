#include "api/commands/string.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "api/commands/expiry.h"
#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"
#include "inlay/datatypes/number.h"

namespace inlay::cmd {
namespace {

std::string copy_string(const Entry* entry) {
  char scratch[kInt64TextMax];
  return std::string(entry->string_value(scratch));
}

size_t string_length(const Entry* entry) {
  char scratch[kInt64TextMax];
  return entry->string_value(scratch).size();
}

// The error for a string that would be longer than the engine allows: of what it is told to allow, or of its memory.
[[gnu::cold]] absl::Status too_long(const Engine& engine, uint64_t offset, uint64_t added) {
  const uint64_t setting = engine.string_bytes_setting();
  const bool is_allowed = offset <= setting && added <= setting - offset;
  return error(is_allowed ? Error::kLargerThanMemory : Error::kStringTooLong);
}

// Inlined by force, as the status is nearly always OK and then costs nothing.
[[gnu::always_inline]] inline absl::Status check_length(WriteTx& tx, uint64_t offset, uint64_t added) {
  const uint64_t limit = tx.engine().string_bytes_max();
  return offset > limit || added > limit - offset ? too_long(tx.engine(), offset, added) : absl::OkStatus();
}

// Sets value and, where there is one, deadline. `found` may hold any type.
absl::Status store(WriteTx& tx, const KeyRef& key, Found& found, Bytes value, OldDeadline old,
                   std::optional<int64_t> deadline = std::nullopt, std::string_view event = "set") {
  if (absl::Status status = check_length(tx, 0, value.size()); !status.ok()) return status;
  if (found) tx.replacing(key, found);
  // With room for the deadline from the start: it cannot fail then.
  if (!tx.put_string(key, found, value, deadline.has_value() ? OldDeadline::kReplace : old))
    return error(Error::kOutOfMemory);
  tx.notify(EventClass::kString, event, key);
  if (!deadline.has_value()) return absl::OkStatus();
  if (!tx.set_deadline(key, found, *deadline)) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kGeneric, "expire", key);
  return absl::OkStatus();
}

// The deadline that options ask for, if any.
Result<std::optional<int64_t>> wanted_deadline(WriteTx& tx, const std::optional<Expiry>& ttl, bool keep_ttl,
                                               std::string_view command) {
  if (!ttl.has_value()) return std::nullopt;
  if (keep_ttl) return error(Error::kSyntax);
  const Result<int64_t> deadline = positive_deadline(tx, *ttl, command);
  if (!deadline.ok()) return deadline.status();
  return *deadline;
}

absl::Status set_with_ttl(WriteTx& tx, const KeyRef& key, Bytes value, const Expiry& ttl,
                          std::string_view command) {
  const Result<int64_t> deadline = positive_deadline(tx, ttl, command);
  if (!deadline.ok()) return deadline.status();
  Found found = tx.find_mutable(key);
  return store(tx, key, found, value, OldDeadline::kDrop, *deadline);
}

}  // namespace

absl::Status set_value(WriteTx& tx, const KeyRef& key, Bytes value) {
  Found found = tx.find_mutable(key);
  return store(tx, key, found, value, OldDeadline::kDrop);
}

Result<SetOutcome> set(WriteTx& tx, const KeyRef& key, Bytes value, const SetOptions& options) {
  const auto deadline = wanted_deadline(tx, options.ttl, options.keep_ttl, "set");
  if (!deadline.ok()) return deadline.status();
  Found found = tx.find_mutable(key);
  SetOutcome outcome;
  if (found && (options.get_old || options.if_equal.has_value())) {
    if (!is_string(found.entry)) return error(Error::kWrongType);
    if (options.get_old) outcome.old = copy_string(found.entry);
  }
  char scratch[kInt64TextMax];
  const bool refused =
      (options.when == When::kIfAbsent && found) || (options.when == When::kIfPresent && !found) ||
      (options.if_equal.has_value() && !(found && found.entry->string_value(scratch) == *options.if_equal));
  if (refused) return outcome;
  const OldDeadline old = options.keep_ttl ? OldDeadline::kKeep : OldDeadline::kDrop;
  if (absl::Status status = store(tx, key, found, value, old, *deadline); !status.ok()) return status;
  outcome.applied = true;
  return outcome;
}

Result<bool> setnx(WriteTx& tx, const KeyRef& key, Bytes value) {
  Found found = tx.find_mutable(key);
  if (found) return false;
  if (absl::Status status = store(tx, key, found, value, OldDeadline::kDrop); !status.ok()) return status;
  return true;
}

absl::Status setex(WriteTx& tx, const KeyRef& key, Seconds ttl, Bytes value) {
  return set_with_ttl(tx, key, value, ttl.expiry, "setex");
}

absl::Status psetex(WriteTx& tx, const KeyRef& key, Milliseconds ttl, Bytes value) {
  return set_with_ttl(tx, key, value, ttl.expiry, "psetex");
}

Nullable<std::string> getset(WriteTx& tx, const KeyRef& key, Bytes value) {
  Nullable<std::string> old = get(tx, key);
  if (!old.ok()) return old;
  if (absl::Status status = set_value(tx, key, value); !status.ok()) return status;
  return old;
}

Nullable<std::string> getdel(LeanTx& tx, const KeyRef& key) {
  Nullable<std::string> old = get(tx, key);
  if (old.ok() && old->has_value()) {
    Found found = tx.find_mutable(key);
    tx.notify(EventClass::kGeneric, "del", key);
    tx.erase(key, found);
  }
  return old;
}

Nullable<std::string> getex(LeanTx& tx, const KeyRef& key, const GetExOptions& options) {
  Nullable<std::string> value = get(tx, key);
  if (!value.ok() || !value->has_value()) return value;
  if (options.ttl.has_value() && options.persist) return error(Error::kSyntax);
  Found found = tx.find_mutable(key);
  if (options.ttl.has_value()) {
    const Result<int64_t> deadline = positive_deadline(tx, *options.ttl, "getex");
    if (!deadline.ok()) return deadline.status();
    if (absl::Status status = expire_or_erase(tx, key, found, *deadline); !status.ok()) return status;
  } else if (options.persist && found.entry->has_timer()) {
    if (!tx.clear_deadline(key, found)) return error(Error::kOutOfMemory);
    tx.notify(EventClass::kGeneric, "persist", key);
  }
  return value;
}

Result<int64_t> strlen(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.find(key);
  if (entry == nullptr) return 0;
  if (!is_string(entry)) return error(Error::kWrongType);
  return static_cast<int64_t>(string_length(entry));
}

Result<int64_t> append(WriteTx& tx, const KeyRef& key, Bytes value) {
  Found found = tx.find_mutable(key);
  if (!found) {
    absl::Status status = store(tx, key, found, value, OldDeadline::kDrop, std::nullopt, "append");
    if (!status.ok()) return status;
    return static_cast<int64_t>(value.size());
  }
  if (!is_string(found.entry)) return error(Error::kWrongType);
  const size_t length = string_length(found.entry);
  if (absl::Status status = check_length(tx, length, value.size()); !status.ok()) return status;
  char* bytes = tx.grow_string(key, found, length + value.size());
  if (bytes == nullptr) return error(Error::kOutOfMemory);
  std::copy(value.begin(), value.end(), bytes + length);
  tx.notify(EventClass::kString, "append", key);
  return static_cast<int64_t>(length + value.size());
}

Result<std::string> getrange(ReadTx& tx, const KeyRef& key, int64_t start, int64_t end) {
  const Entry* entry = tx.find(key);
  if (entry == nullptr) return std::string();
  if (!is_string(entry)) return error(Error::kWrongType);
  char scratch[kInt64TextMax];
  const std::string_view value = entry->string_value(scratch);
  const auto length = static_cast<int64_t>(value.size());
  if (start < 0 && end < 0 && start > end) return std::string();
  if (start < 0) start = std::max<int64_t>(start + length, 0);
  if (end < 0) end = std::max<int64_t>(end + length, 0);
  end = std::min(end, length - 1);
  if (start > end) return std::string();
  return std::string(value.substr(static_cast<size_t>(start), static_cast<size_t>(end - start + 1)));
}

Result<int64_t> setrange(WriteTx& tx, const KeyRef& key, int64_t offset, Bytes value) {
  if (offset < 0) return error(Error::kOffsetOutOfRange);
  Found found = tx.find_mutable(key);
  if (found && !is_string(found.entry)) return error(Error::kWrongType);
  const size_t length = found ? string_length(found.entry) : 0;
  if (value.empty()) return static_cast<int64_t>(length);
  const auto first = static_cast<size_t>(offset);
  if (absl::Status status = check_length(tx, first, value.size()); !status.ok()) return status;
  const size_t grown = std::max(length, first + value.size());
  char* bytes = tx.grow_string(key, found, grown);
  if (bytes == nullptr) return error(Error::kOutOfMemory);
  std::copy(value.begin(), value.end(), bytes + first);
  tx.notify(EventClass::kString, "setrange", key);
  return static_cast<int64_t>(grown);
}

Result<int64_t> incrby(WriteTx& tx, const KeyRef& key, int64_t by) {
  Found found = tx.find_mutable(key);
  int64_t sum = 0;
  if (found) {
    if (!is_string(found.entry)) return error(Error::kWrongType);
    if (found.entry->encoding() == Encoding::kInteger) {
      sum = found.entry->integer();
    } else {
      // Only strings that a command built in place can spell an integer and not be held as one.
      char scratch[kInt64TextMax];
      const auto parsed = parse_int64(found.entry->string_value(scratch));
      if (!parsed.has_value()) return error(Error::kNotInteger);
      sum = *parsed;
    }
  }
  if (__builtin_add_overflow(sum, by, &sum)) return error(Error::kIncrOverflow);
  if (!tx.put_integer(key, found, sum, OldDeadline::kKeep)) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kString, "incrby", key);
  return sum;
}

Result<int64_t> incr(WriteTx& tx, const KeyRef& key) { return incrby(tx, key, 1); }
Result<int64_t> decr(WriteTx& tx, const KeyRef& key) { return incrby(tx, key, -1); }

Result<int64_t> decrby(WriteTx& tx, const KeyRef& key, int64_t by) {
  if (by == INT64_MIN) return error(Error::kDecrOverflow);
  return incrby(tx, key, -by);
}

Result<std::string> incrbyfloat(WriteTx& tx, const KeyRef& key, LateFloat by) {
  Found found = tx.find_mutable(key);
  long double sum = 0;
  if (found) {
    if (!is_string(found.entry)) return error(Error::kWrongType);
    char scratch[kInt64TextMax];
    const auto parsed = parse_long_double(found.entry->string_value(scratch));
    if (!parsed.has_value()) return error(Error::kNotFloat);
    sum = *parsed;
  }
  if (!by.valid) return error(Error::kNotFloat);
  sum += by.value;
  if (!std::isfinite(sum)) return error(Error::kFloatIncrNaN);
  std::string text = format_long_double(sum);
  if (!tx.put_bytes(key, found, text, OldDeadline::kKeep)) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kString, "incrbyfloat", key);
  return text;
}

Result<std::vector<std::optional<std::string>>> mget(SnapshotTx& tx, std::span<const KeyRef> keys) {
  std::vector<std::optional<std::string>> values(keys.size());
  tx.find_each(keys, [&](size_t i, const Entry* entry) {
    if (entry != nullptr && is_string(entry)) {
      char scratch[kInt64TextMax];
      values[i].emplace(entry->string_value(scratch));
    } else {
      values[i].reset();
    }
  });
  return values;
}

absl::Status mset(WriteTx& tx, std::span<const KeyValueRef> pairs) {
  for (const auto& [key, value] : pairs) {
    if (absl::Status status = check_length(tx, 0, value.size()); !status.ok()) return status;
  }
  for (const auto& [key, value] : pairs) {
    if (absl::Status status = set_value(tx, key, value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

Result<bool> msetnx(WriteTx& tx, std::span<const KeyValueRef> pairs) {
  for (const KeyValueRef& pair : pairs) {
    if (tx.find_mutable(pair.key)) return false;
  }
  if (absl::Status status = mset(tx, pairs); !status.ok()) return status;
  return true;
}

Result<bool> msetex(WriteTx& tx, CountedPairs counted, const MSetExOptions& options) {
  const auto deadline = wanted_deadline(tx, options.ttl, options.keep_ttl, "msetex");
  if (!deadline.ok()) return deadline.status();
  for (const auto& [key, value] : counted.pairs) {
    const bool exists = static_cast<bool>(tx.find_mutable(key));
    if (options.when == When::kIfAbsent ? exists : options.when == When::kIfPresent && !exists) return false;
    if (absl::Status status = check_length(tx, 0, value.size()); !status.ok()) return status;
  }
  const OldDeadline old = options.keep_ttl ? OldDeadline::kKeep : OldDeadline::kDrop;
  for (const auto& [key, value] : counted.pairs) {
    Found found = tx.find_mutable(key);
    if (absl::Status status = store(tx, key, found, value, old, *deadline); !status.ok()) return status;
  }
  return true;
}

Result<bool> delifeq(LeanTx& tx, const KeyRef& key, Bytes expected) {
  Found found = tx.find_mutable(key);
  if (!found) return false;
  if (!is_string(found.entry)) return error(Error::kWrongType);
  char scratch[kInt64TextMax];
  if (found.entry->string_value(scratch) != expected) return false;
  tx.notify(EventClass::kGeneric, "del", key);
  tx.erase(key, found);
  return true;
}

Nullable<size_t> get_into(ReadTx& tx, const KeyRef& key, std::span<char> buffer) {
  size_t length = 0;
  const Result<bool> found = visit(tx, key, [&](Bytes value) {
    length = value.size();
    std::copy_n(value.begin(), std::min(length, buffer.size()), buffer.begin());
  });
  if (!found.ok()) return found.status();
  return *found ? Nullable<size_t>(length) : Nullable<size_t>(std::nullopt);
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

Reply set_reply(const SetOutcome& outcome, const Parsed<cmd::set>& arguments) {
  if (std::get<SetOptions>(arguments).get_old) return encode(outcome.old);
  return outcome.applied ? Reply::ok() : Reply::nil();
}

Reply lcs_reply(const LcsResult& result, const Parsed<cmd::lcs>& arguments) {
  const LcsOptions& options = std::get<LcsArguments>(arguments).options;
  if (options.length_only) return Reply::integer(result.length);
  if (!options.matches) return Reply::bulk(result.text);
  Reply::Items matches;
  for (const LcsMatch& match : result.matches) {
    Reply::Items item{Reply::array({encode(match.a_first), encode(match.a_last)}),
                      Reply::array({encode(match.b_first), encode(match.b_last)})};
    if (options.with_match_length) item.push_back(encode(match.length()));
    matches.push_back(Reply::array(std::move(item)));
  }
  return Reply::map({Reply::bulk("matches"), Reply::array(std::move(matches)), Reply::bulk("len"),
                     Reply::integer(result.length)});
}

constexpr Group kString = Group::kString;

constexpr std::array kStringCommands{
    command<cmd::append>("append", {"2.0.0", kString, "O(1)", "Appends bytes to a string.", "key value"}),
    command<cmd::decr>("decr", {"1.0.0", kString, "O(1)", "Subtracts one from an integer.", "key"}),
    command<cmd::decrby>("decrby", {"1.0.0", kString, "O(1)", "Subtracts from an integer.", "key decrement"}),
    command<cmd::delifeq>(
        "delifeq", {"9.0.0", kString, "O(1)", "Removes a key that holds a given string.", "key value"}),
    command<cmd::get>("get", {"1.0.0", kString, "O(1)", "Reads a string.", "key"}),
    command<cmd::getdel>("getdel", {"6.2.0", kString, "O(1)", "Reads a string and removes its key.", "key"}),
    command<cmd::getex>("getex",
                        {"6.2.0", kString, "O(1)", "Reads a string and sets or removes its deadline.",
                         "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|"
                         "PERSIST]"}),
    command<cmd::getrange>("getrange", {"2.4.0", kString, "O(N) with N bytes returned",
                                        "Reads a part of a string.", "key start end"}),
    command<cmd::getset>("getset",
                         {"1.0.0", kString, "O(1)", "Sets a string and returns the old one.", "key value"}),
    command<cmd::incr>("incr", {"1.0.0", kString, "O(1)", "Adds one to an integer.", "key"}),
    command<cmd::incrby>("incrby", {"1.0.0", kString, "O(1)", "Adds to an integer.", "key increment"}),
    command<cmd::incrbyfloat>("incrbyfloat", {"2.6.0", kString, "O(1)", "Adds to a float.", "key increment"}),
    command<cmd::lcs, lcs_reply>("lcs", {"7.0.0", kString, "O(N*M) with N and M the lengths of the strings",
                                         "Finds the longest common subsequence of two strings.",
                                         "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]"}),
    command<cmd::mget>("mget", {"1.0.0", kString, "O(N) with N keys", "Reads many strings at one instant.",
                                "key [key ...]"}),
    command<cmd::mset>("mset", {"1.0.1", kString, "O(N) with N keys", "Sets many strings at one instant.",
                                "key value [key value ...]"}),
    command<cmd::msetex>(
        "msetex", {"8.4.0", kString, "O(N) with N keys", "Sets many strings with one deadline, all or none.",
                   "numkeys key value [key value ...] [NX|XX] [EX seconds|PX milliseconds|"
                   "EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]"}),
    command<cmd::msetnx>("msetnx", {"1.0.1", kString, "O(N) with N keys",
                                    "Sets many absent keys, all or none.", "key value [key value ...]"}),
    command<cmd::psetex>("psetex", {"2.6.0", kString, "O(1)", "Sets a string with a life in milliseconds.",
                                    "key milliseconds value"}),
    command<cmd::set, set_reply>("set", {"1.0.0", kString, "O(1)", "Sets a string, whatever the key held.",
                                         "key value [NX|XX|IFEQ value] [GET] [EX seconds|PX milliseconds|"
                                         "EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]"}),
    command<cmd::setex>(
        "setex", {"2.0.0", kString, "O(1)", "Sets a string with a life in seconds.", "key seconds value"}),
    command<cmd::setnx>("setnx",
                        {"1.0.0", kString, "O(1)", "Sets a string if the key is absent.", "key value"}),
    command<cmd::setrange>(
        "setrange", {"2.2.0", kString, "O(N) with N bytes written",
                     "Overwrites a part of a string, making it longer as needed.", "key offset value"}),
    command<cmd::strlen>("strlen", {"2.2.0", kString, "O(1)", "Counts the bytes of a string.", "key"}),
    command<cmd::getrange>("substr",
                           {"1.0.0", kString, "O(N) with N bytes returned",
                            "Reads a part of a string: the old name of GETRANGE.", "key start end"}),
};

}  // namespace

std::span<const Command> string_rows() { return kStringCommands; }

}  // namespace inlay
