// Session: Redis commands by name, as one client of a store.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>

#include "inlay/reply.h"

namespace inlay {

class Store;

/// What a connection is to a Redis server: it has a selected database, and later a transaction, watches and
/// subscriptions. Thread-compatible; any number of sessions may use one store at once. The store must outlive it.
class Session {
 public:
  explicit Session(Store& store);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Runs one command: its name, then its arguments. Bad input gives an error reply with Redis's text. A command that
  /// has to wait parks the calling thread, until it is served, out of time, asked to end by `stop`, or the store closes.
  Reply execute(std::span<const std::string_view> argv, const std::stop_token& stop = {});
  Reply execute(std::initializer_list<std::string_view> argv, const std::stop_token& stop = {}) {
    return execute(std::span(argv.begin(), argv.size()), stop);
  }

  /// The selected database.
  int database() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inlay
