// Session: Redis commands by name, as one client of a store.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>

#include "inlay/message.h"
#include "inlay/reply.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

class Store;

/// What a connection is to a Redis server: it has a selected database, a transaction with watches, and
/// subscriptions. Thread-compatible; any number of sessions may use one store at once. The store must outlive it.
///
/// A session that is subscribed is pushed messages, which wait until they are asked for, and runs no commands but those
/// that Redis allows a subscribed client of RESP2. What a call confirms is a push as well: SUBSCRIBE a b answers the
/// confirmation of a, and pushes that of b.
class Session {
 public:
  /// `pushes` says how many messages may wait for next_push(), and what happens to more.
  explicit Session(Store& store, const SubscribeOptions& pushes = {.capacity = 65536});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Runs one command: its name, then its arguments. Bad input gives an error reply with Redis's text. A command that
  /// has to wait parks the calling thread, until it is served, out of time, asked to end by `stop`, or the store closes.
  Reply execute(std::span<const std::string_view> argv, const std::stop_token& stop = {});
  Reply execute(std::initializer_list<std::string_view> argv, const std::stop_token& stop = {}) {
    return execute(std::span(argv.begin(), argv.size()), stop);
  }

  /// The oldest push that waits, if there is one.
  std::optional<Reply> next_push();
  /// The same, and waits for one: see Subscriber::next(). Nil also where none can come, as the session is subscribed to
  /// nothing. Errors: closed by its own overflow, or `stop` was asked for (Cancelled).
  Nullable<Reply> next_push(Duration timeout, std::stop_token stop = {});
  /// Messages that found no room among the pushes.
  uint64_t dropped_pushes() const;

  /// The selected database.
  int database() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inlay
