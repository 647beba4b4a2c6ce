#include "bench/redis_peer.h"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

extern char** environ;

namespace inlay::bench {
namespace {

constexpr size_t kBatch = 500;
constexpr auto kPatience = std::chrono::seconds(10);

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "redis peer: %s\n", what.c_str());
  std::exit(1);
}

pid_t start_server(const std::string& folder) {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    "0",
                                    "--unixsocket",
                                    folder + "/socket",
                                    "--dir",
                                    folder,
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--logfile",
                                    folder + "/log"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  if (posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0)
    fail("cannot start redis-server");
  return pid;
}

redisContext* connect_to(const std::string& socket) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    redisContext* connection = redisConnectUnix(socket.c_str());
    if (connection != nullptr && connection->err == 0) return connection;
    if (connection != nullptr) redisFree(connection);
    if (std::chrono::steady_clock::now() > deadline) fail("redis-server does not listen");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void append(redisContext* connection, const RedisPeer::Argv& argv) {
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  for (const std::string_view word : argv) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(connection, static_cast<int>(argv.size()), words.data(), sizes.data());
}

std::string take_reply(redisContext* connection) {
  void* raw = nullptr;
  if (redisGetReply(connection, &raw) != REDIS_OK) fail(connection->errstr);
  auto* reply = static_cast<redisReply*>(raw);
  const bool has_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
  if (reply->type == REDIS_REPLY_ERROR) fail(std::string(reply->str, reply->len));
  if (reply->type == REDIS_REPLY_NIL) fail("a key is missing");
  std::string text = has_text ? std::string(reply->str, reply->len) : std::string();
  freeReplyObject(reply);
  return text;
}

// The number after `name` in an INFO text.
double number_after(const std::string& info, const std::string& name) {
  const size_t at = info.find(name);
  if (at == std::string::npos) fail("INFO has no " + name);
  return std::strtod(info.c_str() + at + name.size(), nullptr);
}

}  // namespace

RedisPeer::RedisPeer() {
  std::string name = std::filesystem::temp_directory_path() / "inlay-bench-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) fail("cannot make a temporary folder");
  folder_ = name;
  pid_ = start_server(folder_);
  connection_ = connect_to(folder_ + "/socket");
}

RedisPeer::~RedisPeer() {
  for (redisContext* const subscriber : subscribers_) redisFree(subscriber);
  redisFree(connection_);
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string RedisPeer::call(const Argv& argv) {
  append(connection_, argv);
  return take_reply(connection_);
}

void RedisPeer::pipeline(size_t count, const std::function<Argv(size_t)>& make) {
  for (size_t sent = 0; sent < count;) {
    size_t batch = 0;
    for (; batch < kBatch && sent < count; ++batch) append(connection_, make(sent++));
    for (; batch > 0; --batch) take_reply(connection_);
  }
}

void RedisPeer::add_subscribers(size_t count, std::string_view channel) {
  for (; count > 0; --count) {
    subscribers_.push_back(connect_to(folder_ + "/socket"));
    append(subscribers_.back(), {"SUBSCRIBE", channel});
    take_reply(subscribers_.back());
  }
}

void RedisPeer::read_subscribers(size_t messages) {
  for (redisContext* const subscriber : subscribers_) {
    for (size_t left = messages; left > 0; --left) take_reply(subscriber);
  }
}

double RedisPeer::used_memory() { return number_after(call({"INFO", "memory"}), "used_memory:"); }

double RedisPeer::usec_per_call(const std::string& command, const std::function<void()>& work) {
  call({"CONFIG", "RESETSTAT"});
  work();
  const std::string stats = call({"INFO", "commandstats"});
  const size_t row = stats.find("cmdstat_" + command + ":");
  if (row == std::string::npos) fail("no commandstats of " + command);
  return number_after(stats.substr(row), "usec_per_call=");
}

}  // namespace inlay::bench
