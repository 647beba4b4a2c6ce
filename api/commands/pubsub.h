// Publishing, subscribing by name, and what is subscribed to.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/commands/command.h"
#include "engine/message_tx.h"
#include "engine/transaction.h"
#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay::cmd {

/// Locks no shard. No lock may be held.
Result<int64_t> publish(KeyspaceTx& tx, Bytes channel, Bytes message);
/// The same as one of several calls that share locks.
Result<int64_t> publish_within(MessageTx& tx, Bytes channel, Bytes message);
/// Either, as the call comes.
Result<int64_t> publish_by_name(const Call& call, Bytes channel, Bytes message);
Result<std::vector<std::string>> pubsub_channels(KeyspaceTx& tx, std::optional<Bytes> pattern);
/// In the order of `channels`.
Result<std::vector<int64_t>> pubsub_numsub(KeyspaceTx& tx, std::span<const Bytes> channels);
Result<int64_t> pubsub_numpat(KeyspaceTx& tx);

/// The reply confirms the first name; the session is pushed the confirmations of the others.
Result<Reply> subscribe(const Call& call, std::span<const Bytes> channels);
Result<Reply> psubscribe(const Call& call, std::span<const Bytes> patterns);
/// No names: all that the session has.
Result<Reply> unsubscribe(const Call& call, std::span<const Bytes> channels);
Result<Reply> punsubscribe(const Call& call, std::span<const Bytes> patterns);

}  // namespace inlay::cmd
