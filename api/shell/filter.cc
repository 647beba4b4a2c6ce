#include "api/shell/filter.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "api/shell/interpreter.h"

namespace inlay::shell {
namespace {

// Collects output; after the first error it writes no more and remembers why.
class Output {
 public:
  explicit Output(int file) : file_(file) {}

  void add(std::string_view text) {
    constexpr size_t kBufferMax = 64 * 1024;
    buffer_ += text;
    if (buffer_.size() >= kBufferMax) flush();
  }

  void flush() {
    std::string_view rest = buffer_;
    while (!rest.empty() && error_ == 0) {
      const ssize_t written = write(file_, rest.data(), rest.size());
      if (written >= 0) {
        rest.remove_prefix(static_cast<size_t>(written));
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    buffer_.clear();
  }

  int error() const { return error_; }

 private:
  int file_;
  int error_ = 0;
  std::string buffer_;
};

// Cuts input into lines of any length; the last may lack its newline.
class LineReader {
 public:
  explicit LineReader(int file) : file_(file) {}

  /// False at the end of input and after an error. `before_wait` runs whenever the next line is not yet here.
  bool next(std::string* line, absl::FunctionRef<void()> before_wait) {
    line->clear();
    while (true) {
      const size_t end = unread_.find('\n');
      line->append(unread_.substr(0, end));
      if (end != std::string_view::npos) {
        unread_.remove_prefix(end + 1);
        return true;
      }
      unread_ = {};
      before_wait();
      if (!refill()) return !line->empty() && error_ == 0;
    }
  }

  int error() const { return error_; }

 private:
  bool refill() {
    ssize_t got = 0;
    do got = read(file_, buffer_.data(), buffer_.size());
    while (got < 0 && errno == EINTR);
    if (got < 0) error_ = errno;
    if (got <= 0) return false;
    unread_ = {buffer_.data(), static_cast<size_t>(got)};
    return true;
  }

  int file_;
  int error_ = 0;
  std::array<char, 64 * 1024> buffer_;
  std::string_view unread_;
};

bool complain(const char* what, int error) {
  if (error != 0) std::fprintf(stderr, "inlay: %s: %s\n", what, std::strerror(error));
  return error != 0;
}

int finish(Output& output, Interpreter::Outcome last) {
  output.flush();
  return complain("cannot write", output.error()) || last == Interpreter::Outcome::kRefused ? 1 : 0;
}

}  // namespace

int run_filter(Store& store, int input, int output_file) {
  Interpreter interpreter(store);
  LineReader reader(input);
  Output output(output_file);
  const auto print = [&output](std::string_view text) { output.add(text); };
  std::string line;
  while (output.error() == 0 && reader.next(&line, [&output] { output.flush(); })) {
    if (interpreter.run(line, print) == Interpreter::Outcome::kQuit) break;
  }
  output.flush();
  const bool unread = complain("cannot read", reader.error());
  return complain("cannot write", output.error()) || unread ? 1 : 0;
}

int run_lines(Store& store, std::span<const std::string> lines, int output_file) {
  Interpreter interpreter(store);
  Output output(output_file);
  Interpreter::Outcome last = Interpreter::Outcome::kDone;
  for (const std::string& line : lines) {
    last = interpreter.run(line, [&output](std::string_view text) { output.add(text); });
    if (last == Interpreter::Outcome::kQuit) break;
  }
  return finish(output, last);
}

int run_command(Store& store, std::span<const std::string> words, int output_file) {
  Interpreter interpreter(store);
  Output output(output_file);
  return finish(output, interpreter.run(words, [&output](std::string_view text) { output.add(text); }));
}

}  // namespace inlay::shell
