#include "api/commands/key.h"

#include <algorithm>
#include <array>
#include <climits>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "api/commands/expiry.h"
#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"
#include "engine/glob.h"

namespace inlay::cmd {
namespace {

// Redis shares the objects of these integers, 0 to one below, among all keys.
constexpr int64_t kSharedIntegers = 10000;
// Longer strings are called raw.
constexpr size_t kEmbeddedStringMax = 44;

// What MEMORY USAGE adds for a deadline, and at most for a place in the index.
constexpr size_t kTimerShare = 16;
constexpr size_t kIndexShareMax = 64;

// Whether an LFU policy is chosen.
bool counts_frequency(ReadTx& tx, const KeyRef& key) {
  const ShardBound* bound = tx.engine().shard_of(key).bound();
  return bound != nullptr && bound->mark().rule == HitMark::Rule::kFrequency;
}

// The names that Redis 7.0 has for its own encodings.
std::string encoding_name(const List&) { return "quicklist"; }
std::string encoding_name(const Hash& hash) {
  switch (hash.encoding()) {
    case Hash::Encoding::kListpack: return "listpack";
    case Hash::Encoding::kListpackEx: return "listpackex";
    case Hash::Encoding::kHashtable: return "hashtable";
  }
  return "hashtable";
}
std::string encoding_name(const Set& set) {
  return set.encoding() == Set::Encoding::kIntset ? "intset" : "hashtable";
}
std::string encoding_name(const SortedSet& set) { return set.is_small() ? "listpack" : "skiplist"; }

Result<bool> expire_as(WriteTx& tx, const KeyRef& key, const Expiry& expiry, ExpireIf condition,
                       std::string_view command) {
  const Result<int64_t> deadline = any_deadline(tx, expiry, command);
  if (!deadline.ok()) return deadline.status();
  Found found = tx.find_mutable(key);
  if (!found || !condition_holds(condition, tx.deadline_ms(key, found.entry), *deadline)) return false;
  if (absl::Status status = expire_or_erase(tx, key, found, *deadline); !status.ok()) return status;
  return true;
}

// Moves a value over another key; false if `to` exists and may not be replaced.
Result<bool> rename_to(WriteTx& tx, const KeyRef& from, const KeyRef& to, bool replace) {
  Found source = tx.find_mutable(from);
  if (!source) return error(Error::kNoSuchKey);
  if (from.bytes == to.bytes) return replace;
  if (Found destination = tx.find_mutable(to)) {
    if (!replace) return false;
    tx.erase(to, destination, Cause::kReplaced);
    source = tx.find_mutable(from);
  }
  if (!tx.move(from, source, to, tx.db())) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kGeneric, "rename_from", from);
  tx.notify(EventClass::kGeneric, "rename_to", to);
  return true;
}

}  // namespace

Result<int64_t> del(LeanTx& tx, std::span<const KeyRef> keys) {
  int64_t removed = 0;
  for (const KeyRef& key : keys) {
    Found found = tx.find_mutable(key);
    if (!found) continue;
    tx.notify(EventClass::kGeneric, "del", key);
    tx.erase(key, found);
    ++removed;
  }
  return removed;
}

Result<int64_t> exists(SnapshotTx& tx, std::span<const KeyRef> keys) {
  absl::InlinedVector<bool, 32> there(keys.size());
  tx.peek_each(keys, [&](size_t i, const Entry* entry) { there[i] = entry != nullptr; });
  return std::ranges::count(there, true);
}

Result<int64_t> touch(SnapshotTx& tx, std::span<const KeyRef> keys) {
  absl::InlinedVector<bool, 32> there(keys.size());
  tx.find_each(keys, [&](size_t i, const Entry* entry) { there[i] = entry != nullptr; });
  return std::ranges::count(there, true);
}

Result<std::string> type(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.peek(key);
  return std::string(type_name(entry == nullptr ? Type::kNone : entry->type()));
}

Result<bool> expire(LeanTx& tx, const KeyRef& key, Seconds ttl, ExpireIf condition) {
  return expire_as(tx, key, ttl.expiry, condition, "expire");
}
Result<bool> pexpire(LeanTx& tx, const KeyRef& key, Milliseconds ttl, ExpireIf condition) {
  return expire_as(tx, key, ttl.expiry, condition, "pexpire");
}
Result<bool> expireat(LeanTx& tx, const KeyRef& key, UnixSeconds when, ExpireIf condition) {
  return expire_as(tx, key, when.expiry, condition, "expireat");
}
Result<bool> pexpireat(LeanTx& tx, const KeyRef& key, UnixMilliseconds when, ExpireIf condition) {
  return expire_as(tx, key, when.expiry, condition, "pexpireat");
}

Result<bool> persist(LeanTx& tx, const KeyRef& key) {
  Found found = tx.find_mutable(key);
  if (!found || !found.entry->has_timer()) return false;
  if (!tx.clear_deadline(key, found)) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kGeneric, "persist", key);
  return true;
}

Nullable<Ttl> ttl(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return std::nullopt;
  const std::optional<int64_t> deadline = tx.deadline_ms(key, entry);
  return deadline.has_value() ? Ttl::of_ms(*deadline - tx.now_ms()) : Ttl::persistent();
}

Nullable<ExpireTime> expiretime(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return std::nullopt;
  const std::optional<int64_t> deadline = tx.deadline_ms(key, entry);
  return deadline.has_value() ? ExpireTime::at_unix_ms(*deadline) : ExpireTime::never();
}

absl::Status rename(LeanTx& tx, const KeyRef& from, const KeyRef& to) {
  return rename_to(tx, from, to, true).status();
}

Result<bool> renamenx(LeanTx& tx, const KeyRef& from, const KeyRef& to) {
  return rename_to(tx, from, to, false);
}

Result<bool> copy(WriteTx& tx, const KeyRef& from, const KeyRef& to, const CopyOptions& options) {
  const int db = options.db.value_or(tx.db());
  if (db < 0 || db >= tx.engine().databases()) return error(Error::kDbOutOfRange);
  if (db == tx.db() && from.bytes == to.bytes) return error(Error::kSameObject);
  if (!tx.find_mutable(from)) return false;
  if (Found destination = tx.find_mutable(to, db)) {
    if (!options.replace) return false;
    tx.erase(to, destination, Cause::kReplaced, db);
  }
  if (!tx.copy(from, tx.find_mutable(from), to, db)) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kGeneric, "copy_to", to, db);
  return true;
}

Result<bool> move(LeanTx& tx, const KeyRef& key, DbNumber db) {
  if (db.value < 0 || db.value >= tx.engine().databases()) return error(Error::kDbOutOfRange);
  const int destination = static_cast<int>(db.value);
  if (destination == tx.db()) return error(Error::kSameObject);
  Found found = tx.find_mutable(key);
  if (!found || tx.find_mutable(key, destination)) return false;
  if (!tx.move(key, found, key, destination)) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kGeneric, "move_from", key);
  tx.notify(EventClass::kGeneric, "move_to", key, destination);
  return true;
}

Nullable<std::string> object_encoding(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return std::nullopt;
  if (entry->type() != Type::kString) {
    const ContainerContext context = tx.engine().shard_of(key).container_context();
    return visit_container(context, entry, [](const auto& container) { return encoding_name(container); });
  }
  if (entry->encoding() == Encoding::kInteger) return "int";
  const bool embedded = entry->encoding() == Encoding::kInline && !entry->raw() &&
                        entry->inline_value().size() <= kEmbeddedStringMax;
  return embedded ? "embstr" : "raw";
}

Nullable<int64_t> object_freq(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return std::nullopt;
  if (!counts_frequency(tx, key)) return error(Error::kNoFreq);
  return HitMark::faded(entry->access(), tx.engine().idle_s(entry->seen_s()) / 60);
}

Nullable<int64_t> object_idletime(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return std::nullopt;
  if (counts_frequency(tx, key)) return error(Error::kNoIdletime);
  return tx.engine().idle_s(entry->seen_s());
}

Nullable<int64_t> object_refcount(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return std::nullopt;
  const bool shared =
      entry->encoding() == Encoding::kInteger && entry->integer() >= 0 && entry->integer() < kSharedIntegers;
  return shared ? INT_MAX : 1;
}

Nullable<int64_t> memory_usage(ReadTx& tx, const KeyRef& key, const MemoryUsageOptions&) {
  const Entry* entry = tx.peek(key);
  if (entry == nullptr) return std::nullopt;
  Shard& shard = tx.engine().shard_of(key);
  const TagIndex& index = shard.index(tx.engine().physical(tx.db()));
  // An almost empty table is no single key's doing.
  const size_t index_share = std::min(index.memory_usage() / index.size(), kIndexShareMax);
  const size_t timer_share = entry->has_timer() ? kTimerShare : 0;
  return static_cast<int64_t>(shard.bytes_of(entry) + index_share + timer_share);
}

Result<std::vector<std::string>> keys(KeyspaceTx& tx, Bytes pattern) {
  std::vector<std::string> keys;
  tx.for_each([&](const KeyRef& key, const Entry*) {
    if (pattern == "*" || glob_match(pattern, key.bytes)) keys.emplace_back(key.bytes);
  });
  return keys;
}

Result<ScanPage> scan(KeyspaceTx& tx, Cursor cursor, const ScanOptions& options) {
  if (options.count < 1) return error(Error::kSyntax);
  std::string type = options.type.value_or("");
  absl::AsciiStrToLower(&type);
  ScanPage page;
  page.cursor = tx.scan(cursor.value, static_cast<size_t>(options.count), [&](Bytes key, const Entry* entry) {
    if (options.match != "*" && !glob_match(options.match, key)) return;
    if (options.type.has_value() && type != type_name(entry->type())) return;
    page.keys.emplace_back(key);
  });
  return page;
}

Nullable<std::string> randomkey(KeyspaceTx& tx) { return tx.random_key(); }

}  // namespace inlay::cmd

namespace inlay {
namespace {

// Redis answers look-ups of deadlines with plain integers: -2 for an absent key, -1 for a persistent one.
constexpr int64_t kAbsent = -2;

int64_t whole_seconds(int64_t ms) {
  return ms < 0 ? ms : static_cast<int64_t>((static_cast<uint64_t>(ms) + 500) / 1000);
}

Reply ttl_reply(const std::optional<Ttl>& ttl, const Parsed<cmd::ttl>&) {
  return Reply::integer(ttl.has_value() ? whole_seconds(ttl->ms()) : kAbsent);
}
Reply pttl_reply(const std::optional<Ttl>& ttl, const Parsed<cmd::ttl>&) {
  return Reply::integer(ttl.has_value() ? ttl->ms() : kAbsent);
}
Reply expiretime_reply(const std::optional<ExpireTime>& time, const Parsed<cmd::expiretime>&) {
  return Reply::integer(time.has_value() ? whole_seconds(time->unix_ms()) : kAbsent);
}
Reply pexpiretime_reply(const std::optional<ExpireTime>& time, const Parsed<cmd::expiretime>&) {
  return Reply::integer(time.has_value() ? time->unix_ms() : kAbsent);
}
Reply type_reply(const std::string& type, const Parsed<cmd::type>&) { return Reply::simple(type); }

constexpr Group kGeneric = Group::kGeneric;

constexpr std::array kKeyCommands{
    command<cmd::copy>("copy",
                       {"6.2.0", kGeneric, "O(N) with N bytes of value", "Copies a value to another key.",
                        "source destination [DB destination-db] [REPLACE]"}),
    command<cmd::del>("del", {"1.0.0", kGeneric, "O(N) with N keys", "Removes keys.", "key [key ...]"}),
    command<cmd::exists>(
        "exists", {"1.0.0", kGeneric, "O(N) with N keys", "Counts the keys that exist.", "key [key ...]"}),
    command<cmd::expire>("expire", {"1.0.0", kGeneric, "O(1)", "Lets a key die after some seconds.",
                                    "key seconds [NX|XX|GT|LT]"}),
    command<cmd::expireat>("expireat", {"1.2.0", kGeneric, "O(1)", "Lets a key die at a Unix time.",
                                        "key unix-time-seconds [NX|XX|GT|LT]"}),
    command<cmd::expiretime, expiretime_reply>(
        "expiretime", {"7.0.0", kGeneric, "O(1)", "Tells the Unix time at which a key dies.", "key"}),
    command<cmd::keys>("keys", {"1.0.0", kGeneric, "O(N) with N keys in the database",
                                "Lists the keys that match a glob.", "pattern"}),
    command<cmd::move>("move", {"1.0.0", kGeneric, "O(1)", "Moves a key to another database.", "key db"}),
    container("object", {"2.2.3", kGeneric, "", "Looks inside values.", "subcommand [arguments]"}),
    command<cmd::object_encoding>("object|encoding",
                                  {"2.2.3", kGeneric, "O(1)", "Names a value's encoding.", "key"}),
    command<cmd::object_freq>("object|freq",
                              {"4.0.0", kGeneric, "O(1)", "Tells how often a key is used.", "key"}),
    command<cmd::object_idletime>(
        "object|idletime",
        {"2.2.3", kGeneric, "O(1)", "Tells for how many seconds a key has not been used.", "key"}),
    command<cmd::object_refcount>("object|refcount",
                                  {"2.2.3", kGeneric, "O(1)", "Tells a value's reference count.", "key"}),
    command<cmd::persist>("persist", {"2.2.0", kGeneric, "O(1)", "Removes a key's deadline.", "key"}),
    command<cmd::pexpire>("pexpire", {"2.6.0", kGeneric, "O(1)", "Lets a key die after some milliseconds.",
                                      "key milliseconds [NX|XX|GT|LT]"}),
    command<cmd::pexpireat>("pexpireat",
                            {"2.6.0", kGeneric, "O(1)", "Lets a key die at a Unix time in milliseconds.",
                             "key unix-time-milliseconds [NX|XX|GT|LT]"}),
    command<cmd::expiretime, pexpiretime_reply>(
        "pexpiretime",
        {"7.0.0", kGeneric, "O(1)", "Tells the Unix time in milliseconds at which a key dies.", "key"}),
    command<cmd::ttl, pttl_reply>(
        "pttl", {"2.6.0", kGeneric, "O(1)", "Tells how many milliseconds a key has to live.", "key"}),
    command<cmd::randomkey>("randomkey", {"1.0.0", kGeneric, "O(1)", "Draws a key."}),
    command<cmd::rename>("rename", {"1.0.0", kGeneric, "O(1)",
                                    "Gives a value another key, replacing what it held.", "key newkey"}),
    command<cmd::renamenx>("renamenx", {"1.0.0", kGeneric, "O(1)",
                                        "Gives a value another key if that is absent.", "key newkey"}),
    command<cmd::scan>(
        "scan", {"2.8.0", kGeneric, "O(1) a call, O(N) for a whole scan", "Walks over the keys in steps.",
                 "cursor [MATCH pattern] [COUNT count] [TYPE type]"}),
    command<cmd::touch>(
        "touch", {"3.2.1", kGeneric, "O(N) with N keys", "Marks keys as used just now.", "key [key ...]"}),
    command<cmd::ttl, ttl_reply>(
        "ttl", {"1.0.0", kGeneric, "O(1)", "Tells how many seconds a key has to live.", "key"}),
    command<cmd::type, type_reply>("type",
                                   {"1.0.0", kGeneric, "O(1)", "Names the type of a key's value.", "key"}),
    command<cmd::del>(
        "unlink", {"4.0.0", kGeneric, "O(N) with N keys", "Removes keys; the same as DEL.", "key [key ...]"}),
};

}  // namespace

std::span<const Command> key_rows() { return kKeyCommands; }

}  // namespace inlay
