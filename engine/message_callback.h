// Callbacks of messages: a receiver that calls a user's function.
//
//   no executor     publisher's thread: offer() ──unlock──> settle(): the callback
//   executor        offer(): into a mailbox ──unlock──> post(drain) unless one is on its way
//                   executor's thread: drain: the callback, for one message after the other, until none is left
//
// Thread safety: thread-safe.
#pragma once

#include <memory>
#include <span>

#include "absl/functional/any_invocable.h"
#include "engine/broker.h"
#include "engine/key.h"
#include "inlay/callback_executor.h"
#include "inlay/message.h"
#include "inlay/subscription.h"

namespace inlay {

using MessageCallback = absl::AnyInvocable<void(const Message&)>;

/// Calls `callback` with the messages of these channels and patterns until the subscription ends. Null `executor`: on
/// the publishers' threads, several at once if several publish. Otherwise one call at a time, on the executor's threads,
/// with `options` for the messages that wait.
Subscription subscribe_callback(std::shared_ptr<Broker> broker, std::span<const Bytes> channels,
                                std::span<const Bytes> patterns, MessageCallback callback,
                                CallbackExecutor* executor, const SubscribeOptions& options);

}  // namespace inlay
