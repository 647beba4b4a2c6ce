// A redis-server of our own: started for a bench in a new folder, reached over a Unix socket, gone with the object.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;

namespace inlay::bench {

/// Thread-compatible. Anything unexpected ends the program with a message.
class RedisPeer {
 public:
  using Argv = std::vector<std::string_view>;

  RedisPeer();
  ~RedisPeer();
  RedisPeer(const RedisPeer&) = delete;
  RedisPeer& operator=(const RedisPeer&) = delete;

  /// Sends one command; an error reply ends the program. Returns the text of a string reply.
  std::string call(const Argv& argv);
  /// Sends `count` commands in batches; make(i) names the i-th, whose bytes stay valid until the next call of make.
  void pipeline(size_t count, const std::function<Argv(size_t i)>& make);

  /// Connects so many more clients, each subscribed to `channel`.
  void add_subscribers(size_t count, std::string_view channel);
  /// Reads `messages` messages of each of them: a server holds back what is not read.
  void read_subscribers(size_t messages);

  /// Bytes that the server has allocated.
  double used_memory();
  /// Runs `work` and returns the server's own microseconds per call of `command` in it, without the network.
  double usec_per_call(const std::string& command, const std::function<void()>& work);

 private:
  std::string folder_;
  pid_t pid_ = -1;
  redisContext* connection_ = nullptr;
  std::vector<redisContext*> subscribers_;
};

}  // namespace inlay::bench
