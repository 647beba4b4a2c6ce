#include "tests/api/blocking_redis.h"

#include <chrono>
#include <string>

namespace inlay::test {

using std::chrono::milliseconds;

RedisWorld::RedisWorld() : server_(RedisServer::start().value()), caller_(server_->connect().value()) {}

void RedisWorld::reset() {
  waiting_.clear();
  // The server notices closed connections in its own time.
  while (blocked() > 0) {
  }
  caller_->call({"FLUSHALL"});
}

void RedisWorld::block(int id, const Argv& argv, Duration) {
  waiting_[id] = server_->connect().value();
  // Whose first call is answered has been accepted.
  waiting_[id]->call({"PING"});
  waiting_[id]->send(argv);
  // A server that is asked again has seen by then what was sent before.
  for (int i = 0; i < 2; ++i) caller_->call({"PING"});
}

size_t RedisWorld::blocked() {
  const Reply info = caller_->call({"INFO", "clients"});
  const std::string text(info.text());
  const std::string name = "blocked_clients:";
  return std::stoul(text.substr(text.find(name) + name.size()));
}

std::vector<Ending> RedisWorld::endings() {
  std::vector<Ending> endings;
  // As many as are not blocked any more have an answer, which may be on its way still.
  for (const size_t blocked_now = blocked(); waiting_.size() > blocked_now;) {
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const std::optional<Reply> reply = it->second->receive(milliseconds(0));
      if (reply.has_value()) endings.emplace_back(it->first, *reply);
      it = reply.has_value() ? waiting_.erase(it) : std::next(it);
    }
  }
  return endings;
}

}  // namespace inlay::test
