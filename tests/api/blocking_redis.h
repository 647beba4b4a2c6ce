// RedisWorld: a script of waits on a live redis-server, a connection for each call that waits.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tests/api/blocking_world.h"
#include "tests/support/redis_server.h"

namespace inlay::test {

class RedisWorld final : public BlockingWorld {
 public:
  RedisWorld();

  /// Begins anew with an empty server.
  void reset();
  void block(int id, const Argv& argv, Duration timeout) override;
  Reply call(const Argv& argv) override { return caller_->call(argv); }
  void stop(int) override {}
  void pass(Duration) override {}
  std::vector<Ending> endings() override;
  size_t blocked() override;

 private:
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<RedisClient> caller_;
  std::map<int, std::unique_ptr<RedisClient>> waiting_;
};

}  // namespace inlay::test
