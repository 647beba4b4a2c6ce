// Session: Redis commands by name, as one client of a store.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "inlay/reply.h"

namespace inlay {

class Store;

/// What a connection is to a Redis server: it has a selected database, a transaction and watches, and later subscriptions. Thread-compatible; any number of sessions may use one store at once. The store must outlive it.
class Session {
 public:
  explicit Session(Store& store);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Runs one command: its name, then its arguments. Bad input gives an error reply with Redis's text.
  Reply execute(std::span<const std::string_view> argv);
  Reply execute(std::initializer_list<std::string_view> argv) {
    return execute(std::span(argv.begin(), argv.size()));
  }

  /// The selected database.
  int database() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inlay
