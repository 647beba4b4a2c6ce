#include "tests/support/redis_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

namespace inlay::test {
namespace {

constexpr std::chrono::seconds kStartPatience{20};
// How a child tells that exec failed; a shell's "command not found".
constexpr int kExecFailed = 127;

// Between fork and exec only what is async-signal-safe.
[[noreturn]] void become_server(char* const* argv, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kExecFailed);
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(null, fd);
  ::execvp(argv[0], argv);
  ::_exit(kExecFailed);
}

}  // namespace

Result<std::unique_ptr<RedisServer>> RedisServer::start(const Argv& options) {
  // A Unix socket's path has room for about 100 characters, so the folder must have a short name.
  char folder[] = "/tmp/inlay-redis-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return absl::UnavailableError("no folder for redis-server under /tmp");
  std::unique_ptr<RedisServer> server(new RedisServer(folder));
  if (absl::Status status = server->spawn(options); !status.ok()) return status;
  if (absl::Status status = server->wait_until_it_answers(); !status.ok()) return status;
  return server;
}

absl::Status RedisServer::spawn(const Argv& options) {
  Argv words{"redis-server", "--port", "0", "--unixsocket", socket_path(), "--dir",
             folder_,        "--save", "",  "--appendonly", "no"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become_server(argv.data(), parent);
  return pid_ > 0 ? absl::OkStatus() : absl::UnavailableError("fork failed");
}

absl::Status RedisServer::wait_until_it_answers() {
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto client = connect(); client.ok() && (*client)->call({"PING"}) == Reply::simple("PONG")) {
      return absl::OkStatus();
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      const bool missing = WIFEXITED(status) && WEXITSTATUS(status) == kExecFailed;
      return absl::UnavailableError(missing ? "redis-server is not installed (Debian package redis-server)"
                                            : "redis-server ended before it answered");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // Another process: no clock of ours to move.
  }
  return absl::DeadlineExceededError("redis-server did not answer in time");
}

RedisServer::~RedisServer() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

RedisClient& live_redis(const Argv& options) {
  struct Live {
    std::unique_ptr<RedisServer> server;
    std::unique_ptr<RedisClient> client;
  };
  static std::vector<Live> lives;
  auto server = RedisServer::start(options);
  auto client = server.ok() ? (*server)->connect() : Result<std::unique_ptr<RedisClient>>(server.status());
  if (!client.ok()) {
    std::fprintf(stderr, "no redis-server: %s\n", redis_error_text(client.status()).c_str());
    std::exit(1);
  }
  lives.push_back({*std::move(server), *std::move(client)});
  return *lives.back().client;
}

}  // namespace inlay::test
