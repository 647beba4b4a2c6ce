#include "tests/conformance/redis_target.h"

#include <thread>
#include <utility>

#include "tests/support/redis_server.h"

namespace inlay::conformance {
namespace {

using std::chrono::milliseconds;

milliseconds patience(Wait wait) {
  switch (wait) {
    case Wait::kReply: return milliseconds(10000);
    case Wait::kMessage: return milliseconds(3000);
    case Wait::kSilence: return milliseconds(30);
  }
  return {};
}

class RedisTargetClient final : public Client {
 public:
  explicit RedisTargetClient(std::unique_ptr<test::RedisClient> client) : client_(std::move(client)) {}
  void send(const std::vector<std::string>& argv) override { client_->send(argv); }
  Nullable<Reply> receive(Wait wait) override { return client_->receive(patience(wait)); }

 private:
  std::unique_ptr<test::RedisClient> client_;
};

class RedisTarget final : public Target {
 public:
  explicit RedisTarget(std::unique_ptr<test::RedisServer> server) : server_(std::move(server)) {}
  Result<std::unique_ptr<Client>> connect() override {
    auto client = server_->connect();
    if (!client.ok()) return client.status();
    return std::make_unique<RedisTargetClient>(*std::move(client));
  }
  // Another process's clock cannot be moved.
  void let_pass(milliseconds time) override { std::this_thread::sleep_for(time); }

 private:
  std::unique_ptr<test::RedisServer> server_;
};

}  // namespace

Result<std::unique_ptr<Target>> open_redis_target() {
  // A server looks for the signal to end only so often a second.
  auto server = test::RedisServer::start({"--enable-debug-command", "yes", "--hz", "100"});
  if (!server.ok()) return server.status();
  return std::make_unique<RedisTarget>(*std::move(server));
}

}  // namespace inlay::conformance
