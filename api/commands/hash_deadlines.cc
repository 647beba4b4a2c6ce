// The commands on deadlines of single fields, from Redis 7.4 and 8.0.
#include <algorithm>
#include <array>

#include "api/commands/expiry.h"
#include "api/commands/hash.h"
#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

// The latest deadline of a field, in the year 4199: Redis's limit.
constexpr int64_t kDeadlineMax = (int64_t{1} << 46) - 1;

Result<int64_t> field_deadline(ReadTx& tx, const Expiry& expiry, std::string_view command) {
  switch (expiry.kind()) {
    case Expiry::Kind::kNotInteger: return error(Error::kNotInteger);
    case Expiry::Kind::kOverflow: return error(Error::kInvalidExpire, command);
    case Expiry::Kind::kAt:
    case Expiry::Kind::kAfter: break;
  }
  if (expiry.ms() < 0) return error(Error::kNegativeExpire);
  const int64_t base = expiry.kind() == Expiry::Kind::kAfter ? tx.now_ms() : 0;
  if (expiry.ms() > kDeadlineMax - base) return error(Error::kInvalidExpire, command);
  return base + expiry.ms();
}

absl::Status refused(Edit<Hash>& hash, absl::Status status) {
  hash.unchanged();
  return status;
}

// Gives an existing field a deadline, or removes it if that has come; nothing when memory is exhausted.
std::optional<FieldOutcome> let_die(WriteTx& tx, Hash& hash, Bytes field, int64_t deadline) {
  if (deadline <= tx.now_ms()) {
    if (hash.erase(field) == Hash::Erase::kOutOfMemory) return std::nullopt;
    return FieldOutcome::kDeleted;
  }
  if (hash.set_deadline(field, deadline) == Hash::Deadline::kOutOfMemory) return std::nullopt;
  return FieldOutcome::kDone;
}

Result<FieldOutcomes> expire_fields(WriteTx& tx, const KeyRef& key, const Expiry& expiry,
                                    const ConditionalFields& fields, std::string_view command) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  const Result<int64_t> deadline = field_deadline(tx, expiry, command);
  if (!deadline.ok()) return refused(*hash, deadline.status());
  if (!fields.list.fault.ok()) return refused(*hash, fields.list.fault);
  FieldOutcomes outcomes;
  outcomes.reserve(fields.list.fields.size());
  bool changed = false;
  for (const Bytes field : fields.list.fields) {
    if (!(*hash)->contains(field)) {
      outcomes.push_back(FieldOutcome::kNoField);
    } else if (!condition_holds(fields.condition, (*hash)->deadline(field), *deadline)) {
      outcomes.push_back(FieldOutcome::kRefused);
    } else {
      const std::optional<FieldOutcome> outcome = let_die(tx, **hash, field, *deadline);
      if (!outcome.has_value()) {
        if (!changed) hash->unchanged();
        return hash->out_of_memory("hexpire");
      }
      outcomes.push_back(*outcome);
      changed = true;
    }
  }
  if (!changed) hash->unchanged();
  const auto event_of = [&](FieldOutcome outcome, std::string_view event) {
    return std::ranges::count(outcomes, outcome) != 0 ? event : std::string_view();
  };
  if (!hash->close(event_of(FieldOutcome::kDone, "hexpire"), event_of(FieldOutcome::kDeleted, "hdel")))
    return error(Error::kOutOfMemory);
  return outcomes;
}

// What `look` makes of the deadline of each field; nothing for an absent field.
template <class T, class Look>
Result<std::vector<std::optional<T>>> read_deadlines(ReadTx& tx, const KeyRef& key, const FieldList& list,
                                                     Look&& look) {
  Result<ContainerView<Hash>> hash = tx.read<Hash>(key);
  if (!hash.ok()) return hash.status();
  if (!list.fault.ok()) return list.fault;
  std::vector<std::optional<T>> out(list.fields.size());
  for (size_t i = 0; *hash && i < out.size(); ++i) {
    if ((**hash).contains(list.fields[i])) out[i] = look((**hash).deadline(list.fields[i]));
  }
  return out;
}

}  // namespace

Result<FieldOutcomes> hexpire(WriteTx& tx, const KeyRef& key, Seconds ttl, const ConditionalFields& fields) {
  return expire_fields(tx, key, ttl.expiry, fields, "hexpire");
}
Result<FieldOutcomes> hpexpire(WriteTx& tx, const KeyRef& key, Milliseconds ttl,
                               const ConditionalFields& fields) {
  return expire_fields(tx, key, ttl.expiry, fields, "hpexpire");
}
Result<FieldOutcomes> hexpireat(WriteTx& tx, const KeyRef& key, UnixSeconds when,
                                const ConditionalFields& fields) {
  return expire_fields(tx, key, when.expiry, fields, "hexpireat");
}
Result<FieldOutcomes> hpexpireat(WriteTx& tx, const KeyRef& key, UnixMilliseconds when,
                                 const ConditionalFields& fields) {
  return expire_fields(tx, key, when.expiry, fields, "hpexpireat");
}

Result<FieldOutcomes> hpersist(LeanTx& tx, const KeyRef& key, const FieldList& list) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  if (!list.fault.ok()) return refused(*hash, list.fault);
  FieldOutcomes outcomes;
  bool changed = false;
  for (const Bytes field : list.fields) {
    if (!(*hash)->contains(field)) {
      outcomes.push_back(FieldOutcome::kNoField);
    } else {
      const bool cleared = (*hash)->clear_deadline(field);
      outcomes.push_back(cleared ? FieldOutcome::kDone : FieldOutcome::kNoTtl);
      changed = changed || cleared;
    }
  }
  if (!changed) hash->unchanged();
  if (!hash->close("hpersist")) return error(Error::kOutOfMemory);
  return outcomes;
}

Result<std::vector<std::optional<Ttl>>> httl(ReadTx& tx, const KeyRef& key, const FieldList& list) {
  return read_deadlines<Ttl>(tx, key, list, [&](std::optional<int64_t> deadline) {
    return deadline.has_value() ? Ttl::of_ms(*deadline - tx.now_ms()) : Ttl::persistent();
  });
}

Result<std::vector<std::optional<ExpireTime>>> hexpiretime(ReadTx& tx, const KeyRef& key,
                                                           const FieldList& list) {
  return read_deadlines<ExpireTime>(tx, key, list, [](std::optional<int64_t> deadline) {
    return deadline.has_value() ? ExpireTime::at_unix_ms(*deadline) : ExpireTime::never();
  });
}

Result<std::vector<std::optional<std::string>>> hgetdel(LeanTx& tx, const KeyRef& key,
                                                        const FieldList& list) {
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  if (!list.fault.ok()) return refused(*hash, list.fault);
  std::vector<std::optional<std::string>> values(list.fields.size());
  bool changed = false;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<Element> value = (*hash)->find(list.fields[i]);
    if (!value.has_value()) continue;
    values[i] = value->to_string();
    if ((*hash)->erase(list.fields[i]) == Hash::Erase::kOutOfMemory)
      return refused(*hash, error(Error::kOutOfMemory));
    changed = true;
  }
  if (!changed) hash->unchanged();
  if (!hash->close("hdel")) return error(Error::kOutOfMemory);
  return values;
}

Result<std::vector<std::optional<std::string>>> hgetex(LeanTx& tx, const KeyRef& key,
                                                       const HGetExArguments& arguments) {
  const auto& [options, list] = arguments;
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  if (options.ttl.has_value() && options.persist) return refused(*hash, error(Error::kSyntax));
  std::optional<int64_t> deadline;
  if (options.ttl.has_value()) {
    const Result<int64_t> wanted = field_deadline(tx, *options.ttl, "hgetex");
    if (!wanted.ok()) return refused(*hash, wanted.status());
    deadline = *wanted;
  }
  if (!list.fault.ok()) return refused(*hash, list.fault);
  std::vector<std::optional<std::string>> values(list.fields.size());
  bool changed = false;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<Element> value = (*hash)->find(list.fields[i]);
    if (!value.has_value()) continue;
    values[i] = value->to_string();
    if (deadline.has_value()) {
      if (!let_die(tx, **hash, list.fields[i], *deadline).has_value()) return error(Error::kOutOfMemory);
      changed = true;
    } else if (options.persist) {
      changed = (*hash)->clear_deadline(list.fields[i]) || changed;
    }
  }
  if (!changed) hash->unchanged();
  const bool died = deadline.has_value() && *deadline <= tx.now_ms();
  if (!hash->close(options.persist ? "hpersist" : died ? "hdel" : "hexpire"))
    return error(Error::kOutOfMemory);
  return values;
}

Result<bool> hsetex(WriteTx& tx, const KeyRef& key, const HSetExArguments& arguments) {
  const auto& [options, pairs] = arguments;
  if (options.ttl.has_value() && options.keep_ttl) return error(Error::kHSetExTtl);
  std::optional<int64_t> deadline;
  if (options.ttl.has_value()) {
    const Result<int64_t> wanted = field_deadline(tx, *options.ttl, "hsetex");
    if (!wanted.ok()) return wanted.status();
    deadline = *wanted;
  }
  Result<Edit<Hash>> hash = tx.edit<Hash>(key);
  if (!hash.ok()) return hash.status();
  for (const FieldValueRef& pair : pairs) {
    if (options.when == When::kAlways) break;
    if ((*hash)->contains(pair.field) != (options.when == When::kIfPresent)) {
      hash->unchanged();
      return false;
    }
  }
  const HashLimits limits = hash_limits(tx.engine());
  const bool keeps = options.keep_ttl || deadline.has_value();
  for (const FieldValueRef& pair : pairs) {
    if ((*hash)->put(pair.field, pair.value, limits, keeps) == Hash::Put::kOutOfMemory)
      return hash->out_of_memory("hset");
    if (deadline.has_value() && !let_die(tx, **hash, pair.field, *deadline).has_value()) {
      // Rather gone than there for ever.
      (void)(*hash)->erase(pair.field);
      return hash->out_of_memory("hset");
    }
  }
  std::string_view then;
  if (deadline.has_value()) then = *deadline <= tx.now_ms() ? "hdel" : "hexpire";
  if (!hash->close("hset", then)) return error(Error::kOutOfMemory);
  return true;
}

}  // namespace inlay::cmd

namespace inlay {

inline Reply encode(FieldOutcome outcome) { return Reply::integer(static_cast<int64_t>(outcome)); }

namespace {

// Seconds are rounded up, so that 0 is never said of a field that lives.
int64_t up_to_seconds(int64_t ms) { return ms < 0 ? ms : ms / 1000 + (ms % 1000 != 0); }

template <class T>
Reply times(const std::vector<std::optional<T>>& deadlines, int64_t (*number)(const T&)) {
  Reply::Items items;
  for (const std::optional<T>& deadline : deadlines) {
    items.push_back(Reply::integer(deadline.has_value() ? number(*deadline)
                                                        : static_cast<int64_t>(FieldOutcome::kNoField)));
  }
  return Reply::array(std::move(items));
}

using Ttls = std::vector<std::optional<Ttl>>;
using ExpireTimes = std::vector<std::optional<ExpireTime>>;
Reply httl_reply(const Ttls& ttls, const Parsed<cmd::httl>&) {
  return times<Ttl>(ttls, [](const Ttl& ttl) { return up_to_seconds(ttl.ms()); });
}
Reply hpttl_reply(const Ttls& ttls, const Parsed<cmd::httl>&) {
  return times<Ttl>(ttls, [](const Ttl& ttl) { return ttl.ms(); });
}
Reply hexpiretime_reply(const ExpireTimes& deadlines, const Parsed<cmd::hexpiretime>&) {
  return times<ExpireTime>(deadlines, [](const ExpireTime& time) { return up_to_seconds(time.unix_ms()); });
}
Reply hpexpiretime_reply(const ExpireTimes& deadlines, const Parsed<cmd::hexpiretime>&) {
  return times<ExpireTime>(deadlines, [](const ExpireTime& time) { return time.unix_ms(); });
}

constexpr Group kHash = Group::kHash;
constexpr std::string_view kLogFields = "O(N log M) with N fields and M deadlines";
constexpr std::string_view kFields = "O(N) with N fields";

constexpr std::array kHashDeadlineCommands{
    command<cmd::hexpire>("hexpire", {"7.4.0", kHash, kLogFields, "Lets fields die after some seconds.",
                                      "key seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"}),
    command<cmd::hexpireat>("hexpireat",
                            {"7.4.0", kHash, kLogFields, "Lets fields die at a Unix time.",
                             "key unix-time-seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"}),
    command<cmd::hexpiretime, hexpiretime_reply>(
        "hexpiretime", {"7.4.0", kHash, kFields, "Tells the Unix times at which fields die.",
                        "key FIELDS numfields field [field ...]"}),
    command<cmd::hgetdel>("hgetdel", {"8.0.0", kHash, kLogFields, "Reads fields and removes them.",
                                      "key FIELDS numfields field [field ...]"}),
    command<cmd::hgetex>(
        "hgetex", {"8.0.0", kHash, kLogFields, "Reads fields and sets or removes their deadlines.",
                   "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|"
                   "PERSIST] FIELDS numfields field [field ...]"}),
    command<cmd::hpersist>("hpersist", {"7.4.0", kHash, kLogFields, "Removes the deadlines of fields.",
                                        "key FIELDS numfields field [field ...]"}),
    command<cmd::hpexpire>("hpexpire",
                           {"7.4.0", kHash, kLogFields, "Lets fields die after some milliseconds.",
                            "key milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"}),
    command<cmd::hpexpireat>("hpexpireat",
                             {"7.4.0", kHash, kLogFields, "Lets fields die at a Unix time in milliseconds.",
                              "key unix-time-milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"}),
    command<cmd::hexpiretime, hpexpiretime_reply>(
        "hpexpiretime", {"7.4.0", kHash, kFields, "Tells the Unix times in milliseconds at which fields die.",
                         "key FIELDS numfields field [field ...]"}),
    command<cmd::httl, hpttl_reply>(
        "hpttl", {"7.4.0", kHash, kFields, "Tells how many milliseconds fields have to live.",
                  "key FIELDS numfields field [field ...]"}),
    command<cmd::hsetex>("hsetex", {"8.0.0", kHash, kLogFields, "Sets fields with one deadline, all or none.",
                                    "key [FNX|FXX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|"
                                    "PXAT unix-time-milliseconds|KEEPTTL] FIELDS numfields field value "
                                    "[field value ...]"}),
    command<cmd::httl, httl_reply>("httl",
                                   {"7.4.0", kHash, kFields, "Tells how many seconds fields have to live.",
                                    "key FIELDS numfields field [field ...]"}),
};

}  // namespace

std::span<const Command> hash_deadline_rows() { return kHashDeadlineCommands; }

}  // namespace inlay
