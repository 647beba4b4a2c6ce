// Commands on keys of any type, and on the keyspace as a whole. Semantics: redis.io/commands, group generic.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/commands/arguments.h"
#include "engine/snapshot.h"
#include "engine/transaction.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay::cmd {

Result<int64_t> del(LeanTx& tx, std::span<const KeyRef> keys);
Result<int64_t> exists(SnapshotTx& tx, std::span<const KeyRef> keys);
Result<int64_t> touch(SnapshotTx& tx, std::span<const KeyRef> keys);
Result<std::string> type(ReadTx& tx, const KeyRef& key);

Result<bool> expire(LeanTx& tx, const KeyRef& key, Seconds ttl, ExpireIf condition);
Result<bool> pexpire(LeanTx& tx, const KeyRef& key, Milliseconds ttl, ExpireIf condition);
Result<bool> expireat(LeanTx& tx, const KeyRef& key, UnixSeconds when, ExpireIf condition);
Result<bool> pexpireat(LeanTx& tx, const KeyRef& key, UnixMilliseconds when, ExpireIf condition);
Result<bool> persist(LeanTx& tx, const KeyRef& key);
Nullable<Ttl> ttl(ReadTx& tx, const KeyRef& key);
Nullable<ExpireTime> expiretime(ReadTx& tx, const KeyRef& key);

absl::Status rename(LeanTx& tx, const KeyRef& from, const KeyRef& to);
Result<bool> renamenx(LeanTx& tx, const KeyRef& from, const KeyRef& to);
Result<bool> copy(WriteTx& tx, const KeyRef& from, const KeyRef& to, const CopyOptions& options);
Result<bool> move(LeanTx& tx, const KeyRef& key, DbNumber db);

Nullable<std::string> object_encoding(ReadTx& tx, const KeyRef& key);
Nullable<int64_t> object_freq(ReadTx& tx, const KeyRef& key);
/// In seconds.
Nullable<int64_t> object_idletime(ReadTx& tx, const KeyRef& key);
Nullable<int64_t> object_refcount(ReadTx& tx, const KeyRef& key);
Nullable<int64_t> memory_usage(ReadTx& tx, const KeyRef& key, const MemoryUsageOptions& options);

Result<std::vector<std::string>> keys(KeyspaceTx& tx, Bytes pattern);
Result<ScanPage> scan(KeyspaceTx& tx, Cursor cursor, const ScanOptions& options);
Nullable<std::string> randomkey(KeyspaceTx& tx);

}  // namespace inlay::cmd
