// RedisClient: a connection to a Redis server, for tests that compare Inlay with the real thing.
//
// It speaks RESP2 over a Unix socket and reads the protocol itself, because client libraries commonly show the
// two nils of RESP2 (of a bulk string and of an array) as one, and the tests must keep them apart.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay::test {

using Argv = std::vector<std::string>;

/// A command as a client sends it.
std::string encode_command(std::span<const std::string> argv);

/// Cuts a stream of RESP2 bytes into replies. Thread-compatible.
class Resp2Reader {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next reply, once all its bytes have been fed.
  /// Errors: what was fed is not RESP2.
  Nullable<Reply> next();

 private:
  Nullable<Reply> parse(size_t& at) const;
  Nullable<Reply> parse_bulk(int64_t size, size_t& at) const;
  Nullable<Reply> parse_array(int64_t size, size_t& at) const;

  std::string buffer_;
  size_t taken_ = 0;  // Bytes of buffer_ that have become replies.
};

/// Thread-compatible. A lost connection shows as an error reply that begins with "LOST".
class RedisClient {
 public:
  /// Errors: nobody listens at `socket_path`.
  static Result<std::unique_ptr<RedisClient>> connect(const std::string& socket_path);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  /// Sends a command and waits for its reply.
  Reply call(const Argv& argv);
  /// Sends all commands at once and waits for all replies, in order.
  std::vector<Reply> pipeline(std::span<const Argv> commands);

  /// Sends a command without waiting.
  void send(const Argv& argv);
  /// The next reply or pushed message; nullopt if none comes within `patience`.
  std::optional<Reply> receive(std::chrono::milliseconds patience);

 private:
  explicit RedisClient(int socket) : socket_(socket) {}
  void write_all(std::string_view bytes);

  int socket_;
  Resp2Reader reader_;
};

}  // namespace inlay::test
