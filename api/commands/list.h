// The list commands. Semantics: redis.io/commands, group list; differences in docs/differences.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/commands/arguments.h"
#include "api/commands/codec.h"
#include "engine/transaction.h"
#include "inlay/commands/list_types.h"
#include "inlay/reply.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// The same for LPOP, where one argument too many is a wrong number of them.
struct ListPopCount : PopCount {};
/// How many elements LMPOP removes, one if nothing is said.
struct ListMPopCount {
  std::optional<int64_t> value;
};
/// LPosOptions as read by name: with COUNT the reply is an array.
struct LPosArguments {
  LPosOptions options;
  std::optional<int64_t> count;
};

INLAY_DECLARE_CODEC(End, OneArgument);
INLAY_DECLARE_CODEC(InsertAt, OneArgument);
INLAY_DECLARE_CODEC(LateInteger, OneArgument);
INLAY_DECLARE_CODEC(ListPopCount, Tail);
INLAY_DECLARE_CODEC(ListMPopCount, Tail);
INLAY_DECLARE_CODEC(LPosArguments, Tail);

/// The reply of LMPOP.
Reply encode_popped(const std::optional<KeyElements>& popped);

}  // namespace inlay

namespace inlay::cmd {

Result<int64_t> lpush(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements);
Result<int64_t> lpushx(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements);
Result<int64_t> rpush(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements);
Result<int64_t> rpushx(WriteTx& tx, const KeyRef& key, std::span<const Bytes> elements);

Nullable<std::string> lpop(LeanTx& tx, const KeyRef& key);
Nullable<std::string> rpop(LeanTx& tx, const KeyRef& key);
/// Nil for an absent key.
Nullable<std::vector<std::string>> lpop_many(LeanTx& tx, const KeyRef& key, const ListPopCount& count);
Nullable<std::vector<std::string>> rpop_many(LeanTx& tx, const KeyRef& key, const ListPopCount& count);
Nullable<KeyElements> lmpop(LeanTx& tx, CountedKeys keys, End from, const ListMPopCount& count);
Nullable<std::string> lmove(WriteTx& tx, const KeyRef& source, const KeyRef& destination, End from, End to);
Nullable<std::string> rpoplpush(WriteTx& tx, const KeyRef& source, const KeyRef& destination);

Result<int64_t> llen(ReadTx& tx, const KeyRef& key);
Nullable<std::string> lindex(ReadTx& tx, const KeyRef& key, LateInteger index);
Result<std::vector<std::string>> lrange(ReadTx& tx, const KeyRef& key, int64_t start, int64_t stop);
Result<std::vector<int64_t>> lpos(ReadTx& tx, const KeyRef& key, Bytes element,
                                  const LPosArguments& arguments);

absl::Status lset(WriteTx& tx, const KeyRef& key, LateInteger index, Bytes element);
Result<int64_t> linsert(WriteTx& tx, const KeyRef& key, InsertAt at, Bytes pivot, Bytes element);
Result<int64_t> lrem(LeanTx& tx, const KeyRef& key, int64_t count, Bytes element);
absl::Status ltrim(LeanTx& tx, const KeyRef& key, int64_t start, int64_t stop);

}  // namespace inlay::cmd
