// What the cases are replayed against: a store in this process, or a Redis server.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay::conformance {

/// What the caller of receive() knows about the next message.
enum class Wait : unsigned char {
  kReply,    // The reply to a command is due; let time pass if the command waits for that.
  kMessage,  // A reply that was held back, or a pushed message, is due.
  kSilence,  // Nothing is due.
};

/// One session. Replies and pushed messages arrive in one stream, as on a connection. Thread-compatible.
class Client {
 public:
  virtual ~Client() = default;
  virtual void send(const std::vector<std::string>& argv) = 0;
  /// Nil: nothing came. Errors: this target cannot do what was asked.
  virtual Nullable<Reply> receive(Wait wait) = 0;
};

/// Empty and with default configuration when made. Clients must not outlive it. Thread-compatible.
class Target {
 public:
  virtual ~Target() = default;
  /// Errors: no connection.
  virtual Result<std::unique_ptr<Client>> connect() = 0;
  virtual void let_pass(std::chrono::milliseconds time) = 0;
};

}  // namespace inlay::conformance
