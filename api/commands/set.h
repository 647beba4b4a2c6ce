// The set commands. Semantics: redis.io/commands, group set; differences in docs/differences.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/commands/arguments.h"
#include "api/commands/set_arguments.h"
#include "engine/transaction.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay::cmd {

Result<int64_t> sadd(WriteTx& tx, const KeyRef& key, std::span<const Bytes> members);
Result<int64_t> srem(LeanTx& tx, const KeyRef& key, std::span<const Bytes> members);
Result<bool> smove(LeanTx& tx, const KeyRef& source, const KeyRef& destination, Bytes member);

Result<int64_t> scard(ReadTx& tx, const KeyRef& key);
Result<bool> sismember(ReadTx& tx, const KeyRef& key, Bytes member);
Result<std::vector<bool>> smismember(ReadTx& tx, const KeyRef& key, std::span<const Bytes> members);
Result<std::vector<std::string>> smembers(ReadTx& tx, const KeyRef& key);
Result<ScanPage> sscan(ReadTx& tx, const KeyRef& key, Cursor cursor, const ElementScanArguments& arguments);

/// One member without a count.
Result<std::vector<std::string>> spop(LeanTx& tx, const KeyRef& key, PopCount count);
/// One member without a count; a negative count draws with repetitions.
Result<std::vector<std::string>> srandmember(ReadTx& tx, const KeyRef& key, DrawCount count);

Result<std::vector<std::string>> sinter(ReadTx& tx, std::span<const KeyRef> keys);
Result<int64_t> sintercard(ReadTx& tx, InterCardKeys keys, InterCardLimit limit);
Result<std::vector<std::string>> sunion(ReadTx& tx, std::span<const KeyRef> keys);
Result<std::vector<std::string>> sdiff(ReadTx& tx, std::span<const KeyRef> keys);
Result<int64_t> sinterstore(WriteTx& tx, const KeyRef& destination, std::span<const KeyRef> keys);
Result<int64_t> sunionstore(WriteTx& tx, const KeyRef& destination, std::span<const KeyRef> keys);
Result<int64_t> sdiffstore(WriteTx& tx, const KeyRef& destination, std::span<const KeyRef> keys);

}  // namespace inlay::cmd
