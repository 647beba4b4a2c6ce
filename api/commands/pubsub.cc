#include "api/commands/pubsub.h"

#include <algorithm>
#include <array>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "api/commands/server.h"
#include "api/commands/session_pushes.h"
#include "engine/broker.h"
#include "engine/error.h"
#include "engine/held_locks.h"

namespace inlay::cmd {
namespace {

SessionPushes& pushes_of(const Call& call) {
  if (call.session.pushes == nullptr) {
    call.session.pushes =
        std::make_unique<SessionPushes>(call.executor.engine().shared_broker(), call.session.push_options);
  }
  return *call.session.pushes;
}

bool is_too_long(Engine& engine, Bytes channel, Bytes message) {
  return std::max(channel.size(), message.size()) > engine.string_bytes_setting();
}

}  // namespace

Result<int64_t> publish(KeyspaceTx& tx, Bytes channel, Bytes message) {
  if (is_too_long(tx.engine(), channel, message)) return error(Error::kStringTooLong);
  return tx.engine().broker().publish(channel, message);
}

Result<int64_t> publish_within(MessageTx& tx, Bytes channel, Bytes message) {
  if (is_too_long(tx.engine(), channel, message)) return error(Error::kStringTooLong);
  return tx.publish(channel, message);
}

Result<int64_t> publish_by_name(const Call& call, Bytes channel, Bytes message) {
  const int db = call.session.db;
  return call.held == nullptr ? call.executor.run<publish>(db, channel, message)
                              : call.held->run<publish_within>(db, channel, message);
}

Result<std::vector<std::string>> pubsub_channels(KeyspaceTx& tx, std::optional<Bytes> pattern) {
  return tx.engine().broker().channels(pattern);
}

Result<std::vector<int64_t>> pubsub_numsub(KeyspaceTx& tx, std::span<const Bytes> channels) {
  std::vector<int64_t> counts;
  counts.reserve(channels.size());
  for (const Bytes channel : channels) counts.push_back(tx.engine().broker().receivers(channel));
  return counts;
}

Result<int64_t> pubsub_numpat(KeyspaceTx& tx) { return tx.engine().broker().patterns(); }

Result<Reply> subscribe(const Call& call, std::span<const Bytes> channels) {
  return pushes_of(call).subscribe(channels);
}

Result<Reply> psubscribe(const Call& call, std::span<const Bytes> patterns) {
  return pushes_of(call).psubscribe(patterns);
}

Result<Reply> unsubscribe(const Call& call, std::span<const Bytes> channels) {
  return pushes_of(call).unsubscribe(channels);
}

Result<Reply> punsubscribe(const Call& call, std::span<const Bytes> patterns) {
  return pushes_of(call).punsubscribe(patterns);
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

constexpr Group kPubSub = Group::kPubSub;

// Names and counts in turn.
Reply numsub_reply(const std::vector<int64_t>& counts, const Parsed<cmd::pubsub_numsub>& arguments) {
  const std::span<const Bytes> channels = std::get<0>(arguments);
  Reply::Items items;
  for (size_t i = 0; i < counts.size(); ++i) {
    items.push_back(Reply::bulk(std::string(channels[i])));
    items.push_back(Reply::integer(counts[i]));
  }
  return Reply::array(std::move(items));
}

constexpr std::array kPubSubCommands{
    while_subscribed(at_least(
        2, command<cmd::psubscribe>("psubscribe", {"2.0.0", kPubSub, "O(1) a pattern",
                                                   "Subscribes to patterns.", "pattern [pattern ...]"}))),
    command<cmd::publish_by_name>("publish", {"2.0.0", kPubSub, "O(N) with N receivers",
                                              "Sends a message to a channel.", "channel message"}),
    container("pubsub", {"2.8.0", kPubSub, "", "Tells what is subscribed to.", "subcommand [arguments]"}),
    command<cmd::pubsub_channels>(
        "pubsub|channels", {"2.8.0", kPubSub, "O(N) with N channels", "Lists the channels.", "[pattern]"}),
    command<cmd::help>("pubsub|help", {"6.2.0", kPubSub, "O(1)", "Lists these subcommands."}),
    command<cmd::pubsub_numpat>("pubsub|numpat", {"2.8.0", kPubSub, "O(1)", "Counts the patterns."}),
    command<cmd::pubsub_numsub, numsub_reply>(
        "pubsub|numsub", {"2.8.0", kPubSub, "O(N) with N channels given",
                          "Counts the subscribers of channels.", "[channel [channel ...]]"}),
    while_subscribed(command<cmd::punsubscribe>(
        "punsubscribe", {"2.0.0", kPubSub, "O(1) a pattern",
                         "Ends subscriptions to patterns, or to all of them.", "[pattern [pattern ...]]"})),
    while_subscribed(at_least(
        2, command<cmd::subscribe>("subscribe", {"2.0.0", kPubSub, "O(1) a channel",
                                                 "Subscribes to channels.", "channel [channel ...]"}))),
    while_subscribed(command<cmd::unsubscribe>(
        "unsubscribe", {"2.0.0", kPubSub, "O(1) a channel",
                        "Ends subscriptions to channels, or to all of them.", "[channel [channel ...]]"})),
};

}  // namespace

std::span<const Command> pubsub_rows() { return kPubSubCommands; }

}  // namespace inlay
