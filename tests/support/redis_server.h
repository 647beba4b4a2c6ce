// RedisServer: a redis-server process of a test's own, gone when the object is.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "inlay/result.h"
#include "tests/support/redis_client.h"

namespace inlay::test {

/// Listens on a Unix socket in a folder of its own, keeps nothing on disk, and dies with the process that
/// started it. Thread-compatible; any number may run at once.
class RedisServer {
 public:
  /// Returns once the server answers. `options` are further arguments of redis-server.
  /// Errors: redis-server is not installed or does not come up.
  static Result<std::unique_ptr<RedisServer>> start(const Argv& options = {});
  /// Stops the server and removes its folder.
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  Result<std::unique_ptr<RedisClient>> connect() const { return RedisClient::connect(socket_path()); }

 private:
  explicit RedisServer(std::string folder) : folder_(std::move(folder)) {}
  std::string socket_path() const { return folder_ + "/socket"; }
  absl::Status spawn(const Argv& options);
  absl::Status wait_until_it_answers();

  std::string folder_;
  pid_t pid_ = -1;
};

/// A client of a server that lives until the program ends. Ends the program with a message where there is none.
RedisClient& live_redis(const Argv& options = {});

}  // namespace inlay::test
