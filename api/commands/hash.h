// The hash commands. Semantics: redis.io/commands, group hash; differences in docs/differences.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/commands/arguments.h"
#include "api/commands/hash_arguments.h"
#include "engine/transaction.h"
#include "inlay/commands/hash_types.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// The limits on packed hashes that hold now.
HashLimits hash_limits(const Engine& engine);

}  // namespace inlay

namespace inlay::cmd {

/// How many fields were new.
Result<int64_t> hset(WriteTx& tx, const KeyRef& key, std::span<const FieldValueRef> pairs);
absl::Status hmset(WriteTx& tx, const KeyRef& key, std::span<const FieldValueRef> pairs);
Result<bool> hsetnx(WriteTx& tx, const KeyRef& key, Bytes field, Bytes value);
Result<int64_t> hincrby(WriteTx& tx, const KeyRef& key, Bytes field, int64_t by);
/// The sum as the text that is stored.
Result<std::string> hincrbyfloat(WriteTx& tx, const KeyRef& key, Bytes field, LateFloat by);
Result<int64_t> hdel(LeanTx& tx, const KeyRef& key, std::span<const Bytes> fields);

Nullable<std::string> hget(ReadTx& tx, const KeyRef& key, Bytes field);
Result<std::vector<std::optional<std::string>>> hmget(ReadTx& tx, const KeyRef& key,
                                                      std::span<const Bytes> fields);
Result<FieldValues> hgetall(ReadTx& tx, const KeyRef& key);
Result<std::vector<std::string>> hkeys(ReadTx& tx, const KeyRef& key);
Result<std::vector<std::string>> hvals(ReadTx& tx, const KeyRef& key);
Result<bool> hexists(ReadTx& tx, const KeyRef& key, Bytes field);
Result<int64_t> hlen(ReadTx& tx, const KeyRef& key);
Result<int64_t> hstrlen(ReadTx& tx, const KeyRef& key, Bytes field);
/// One pair if no count is given; values are left empty unless they are asked for.
Result<FieldValues> hrandfield(ReadTx& tx, const KeyRef& key, const RandomFields& wanted);
Result<FieldScanPage> hscan(ReadTx& tx, const KeyRef& key, Cursor cursor,
                            const FieldScanArguments& arguments);

// Deadlines of fields: hash_deadlines.cc.
using FieldOutcomes = std::vector<FieldOutcome>;
Result<FieldOutcomes> hexpire(WriteTx& tx, const KeyRef& key, Seconds ttl, const ConditionalFields& fields);
Result<FieldOutcomes> hpexpire(WriteTx& tx, const KeyRef& key, Milliseconds ttl,
                               const ConditionalFields& fields);
Result<FieldOutcomes> hexpireat(WriteTx& tx, const KeyRef& key, UnixSeconds when,
                                const ConditionalFields& fields);
Result<FieldOutcomes> hpexpireat(WriteTx& tx, const KeyRef& key, UnixMilliseconds when,
                                 const ConditionalFields& fields);
Result<FieldOutcomes> hpersist(LeanTx& tx, const KeyRef& key, const FieldList& list);
/// Nothing for an absent field.
Result<std::vector<std::optional<Ttl>>> httl(ReadTx& tx, const KeyRef& key, const FieldList& list);
Result<std::vector<std::optional<ExpireTime>>> hexpiretime(ReadTx& tx, const KeyRef& key,
                                                           const FieldList& list);
Result<std::vector<std::optional<std::string>>> hgetdel(LeanTx& tx, const KeyRef& key, const FieldList& list);
Result<std::vector<std::optional<std::string>>> hgetex(LeanTx& tx, const KeyRef& key,
                                                       const HGetExArguments& arguments);
Result<bool> hsetex(WriteTx& tx, const KeyRef& key, const HSetExArguments& arguments);

}  // namespace inlay::cmd
