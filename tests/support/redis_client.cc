#include "tests/support/redis_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "inlay/datatypes/number.h"

namespace inlay::test {
namespace {

// A reply that takes longer than this from a live server on the same machine is a failure.
constexpr std::chrono::seconds kReplyPatience{30};

absl::Status system_error(std::string_view what) {
  return absl::UnavailableError(absl::StrCat(std::string(what), ": ", std::strerror(errno)));
}

// A reply that is not complete yet.
Nullable<Reply> incomplete() { return std::optional<Reply>(); }

}  // namespace

std::string encode_command(std::span<const std::string> argv) {
  std::string bytes = absl::StrCat("*", argv.size(), "\r\n");
  for (const std::string& argument : argv)
    absl::StrAppend(&bytes, "$", argument.size(), "\r\n", argument, "\r\n");
  return bytes;
}

Nullable<Reply> Resp2Reader::next() {
  size_t at = taken_;
  Nullable<Reply> reply = parse(at);
  if (!reply.ok() || !reply->has_value()) return reply;
  taken_ = at;
  if (taken_ == buffer_.size()) {
    buffer_.clear();
    taken_ = 0;
  }
  return reply;
}

Nullable<Reply> Resp2Reader::parse(size_t& at) const {
  const size_t end = buffer_.find("\r\n", at);
  if (end == std::string::npos) return incomplete();
  const char kind = buffer_[at];
  std::string line = buffer_.substr(at + 1, end - at - 1);
  at = end + 2;
  if (kind == '+') return Reply::simple(std::move(line));
  if (kind == '-') return Reply::error(std::move(line));
  const std::optional<int64_t> number = parse_int64(line);
  if (number.has_value()) {
    if (kind == ':') return Reply::integer(*number);
    if (kind == '$') return parse_bulk(*number, at);
    if (kind == '*') return parse_array(*number, at);
  }
  return absl::DataLossError(absl::StrCat("not RESP2: ", std::string(1, kind), line));
}

Nullable<Reply> Resp2Reader::parse_bulk(int64_t size, size_t& at) const {
  if (size < 0) return Reply::nil();
  if (buffer_.size() - at < static_cast<size_t>(size) + 2) return incomplete();
  Reply reply = Reply::bulk(buffer_.substr(at, static_cast<size_t>(size)));
  at += static_cast<size_t>(size) + 2;
  return reply;
}

Nullable<Reply> Resp2Reader::parse_array(int64_t size, size_t& at) const {
  if (size < 0) return Reply::nil_array();
  Reply::Items items;
  for (int64_t i = 0; i < size; ++i) {
    Nullable<Reply> item = parse(at);
    if (!item.ok() || !item->has_value()) return item;
    items.push_back(**std::move(item));
  }
  return Reply::array(std::move(items));
}

Result<std::unique_ptr<RedisClient>> RedisClient::connect(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path)
    return absl::InvalidArgumentError("the socket's path is too long");
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return system_error("socket");
  std::unique_ptr<RedisClient> client(new RedisClient(socket));
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("connect " + socket_path);
  }
  return client;
}

RedisClient::~RedisClient() { ::close(socket_); }

Reply RedisClient::call(const Argv& argv) { return pipeline(std::span(&argv, 1)).front(); }

std::vector<Reply> RedisClient::pipeline(std::span<const Argv> commands) {
  std::string bytes;
  for (const Argv& argv : commands) bytes += encode_command(argv);
  write_all(bytes);
  std::vector<Reply> replies;
  while (replies.size() < commands.size()) {
    std::optional<Reply> reply = receive(kReplyPatience);
    replies.push_back(reply.has_value() ? *std::move(reply) : Reply::error("LOST: no reply in time"));
  }
  return replies;
}

void RedisClient::send(const Argv& argv) { write_all(encode_command(argv)); }

std::optional<Reply> RedisClient::receive(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    Nullable<Reply> reply = reader_.next();
    if (!reply.ok()) return Reply::error(absl::StrCat("LOST: ", reply.status().ToString()));
    if (reply->has_value()) return *std::move(reply);
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&readable, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready == 0) return std::nullopt;
    if (ready < 0 && errno == EINTR) continue;
    char bytes[1 << 16];
    const ssize_t size = ::read(socket_, bytes, sizeof bytes);
    if (size <= 0) return Reply::error("LOST: the server closed the connection");
    reader_.feed({bytes, static_cast<size_t>(size)});
  }
}

// A server that is gone shows when the reply is read.
void RedisClient::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
}

}  // namespace inlay::test
