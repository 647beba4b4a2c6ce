// The string commands. Semantics: redis.io/commands, group string; differences in docs/differences.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/commands/arguments.h"
#include "engine/error.h"
#include "engine/snapshot.h"
#include "engine/transaction.h"
#include "inlay/datatypes/number.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay::cmd {

Result<SetOutcome> set(WriteTx& tx, const KeyRef& key, Bytes value, const SetOptions& options);
/// SET without options, as the other setters use it.
absl::Status set_value(WriteTx& tx, const KeyRef& key, Bytes value);
Result<bool> setnx(WriteTx& tx, const KeyRef& key, Bytes value);
absl::Status setex(WriteTx& tx, const KeyRef& key, Seconds ttl, Bytes value);
absl::Status psetex(WriteTx& tx, const KeyRef& key, Milliseconds ttl, Bytes value);
Nullable<std::string> getset(WriteTx& tx, const KeyRef& key, Bytes value);
Nullable<std::string> getdel(LeanTx& tx, const KeyRef& key);
Nullable<std::string> getex(LeanTx& tx, const KeyRef& key, const GetExOptions& options);

Result<int64_t> strlen(ReadTx& tx, const KeyRef& key);
Result<int64_t> append(WriteTx& tx, const KeyRef& key, Bytes value);
Result<std::string> getrange(ReadTx& tx, const KeyRef& key, int64_t start, int64_t end);
Result<int64_t> setrange(WriteTx& tx, const KeyRef& key, int64_t offset, Bytes value);

Result<int64_t> incr(WriteTx& tx, const KeyRef& key);
Result<int64_t> incrby(WriteTx& tx, const KeyRef& key, int64_t by);
Result<int64_t> decr(WriteTx& tx, const KeyRef& key);
Result<int64_t> decrby(WriteTx& tx, const KeyRef& key, int64_t by);
/// The sum as the text that is stored.
Result<std::string> incrbyfloat(WriteTx& tx, const KeyRef& key, LateFloat by);

Result<std::vector<std::optional<std::string>>> mget(SnapshotTx& tx, std::span<const KeyRef> keys);
absl::Status mset(WriteTx& tx, std::span<const KeyValueRef> pairs);
Result<bool> msetnx(WriteTx& tx, std::span<const KeyValueRef> pairs);
Result<bool> msetex(WriteTx& tx, CountedPairs pairs, const MSetExOptions& options);
Result<bool> delifeq(LeanTx& tx, const KeyRef& key, Bytes expected);
Result<LcsResult> lcs(ReadTx& tx, const KeyRef& a, const KeyRef& b, const LcsArguments& arguments);

/// Zero-copy reads of the typed door, as visit() below.
Nullable<size_t> get_into(ReadTx& tx, const KeyRef& key, std::span<char> buffer);

// The commands so short that calling them from the front door would show are inlined into it. They ask for a plain entry
// first, as string_value() does: one comparison then tells both.

inline bool is_string(const Entry* entry) { return entry->type() == Type::kString; }

[[gnu::always_inline]] inline Nullable<std::string> get(ReadTx& tx, const KeyRef& key) {
  const Entry* entry = tx.find(key);
  if (entry == nullptr) return std::nullopt;
  if (!entry->is_plain() && !is_string(entry)) [[unlikely]]
    return error(Error::kWrongType);
  char scratch[kInt64TextMax];
  // Built where it is returned.
  return Nullable<std::string>(absl::in_place, std::in_place, entry->string_value(scratch));
}

[[gnu::always_inline]] inline Result<bool> visit(ReadTx& tx, const KeyRef& key,
                                                 absl::FunctionRef<void(Bytes)> look) {
  const Entry* entry = tx.find(key);
  if (entry == nullptr) return false;
  if (!entry->is_plain() && !is_string(entry)) [[unlikely]]
    return error(Error::kWrongType);
  char scratch[kInt64TextMax];
  look(entry->string_value(scratch));
  return true;
}

}  // namespace inlay::cmd
