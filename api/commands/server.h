// Commands about the session, the databases, the engine and the command table itself.
#pragma once

#include <optional>
#include <span>

#include "api/commands/arguments.h"
#include "api/commands/command.h"
#include "engine/transaction.h"
#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay::cmd {

Result<Reply> ping(SessionState& session, std::optional<Bytes> message);
Result<std::string> echo(SessionState& session, Bytes message);
absl::Status select(SessionState& session, DbNumber db);
Result<Reply> reset(SessionState& session);

Result<int64_t> dbsize(KeyspaceTx& tx);
absl::Status flushdb(KeyspaceTx& tx, FlushMode mode);
absl::Status flushall(KeyspaceTx& tx, FlushMode mode);
absl::Status swapdb(KeyspaceTx& tx, FirstDb first, SecondDb second);

Result<Reply> time(KeyspaceTx& tx);
Result<std::string> info(KeyspaceTx& tx, std::span<const Bytes> sections);
Result<Reply> memory_stats(KeyspaceTx& tx);
Result<Reply> config_get(KeyspaceTx& tx, std::span<const Bytes> patterns);
absl::Status config_set(KeyspaceTx& tx, std::span<const Bytes> settings);
absl::Status config_resetstat(KeyspaceTx& tx);
Result<Reply> debug_digest(KeyspaceTx& tx);
absl::Status debug_set_active_expire(KeyspaceTx& tx, int64_t on);

Result<Reply> command_all(const Call& call);
Result<int64_t> command_count(const Call& call);
Result<Reply> command_docs(const Call& call, std::span<const Bytes> names);
Result<Reply> command_info(const Call& call, std::span<const Bytes> names);
Result<Reply> command_list(const Call& call, std::span<const Bytes> filter);
Result<Reply> command_getkeys(const Call& call, std::span<const Bytes> argv);
Result<Reply> command_getkeysandflags(const Call& call, std::span<const Bytes> argv);
/// The subcommands of the container that the call names.
Result<Reply> help(const Call& call);

}  // namespace inlay::cmd
