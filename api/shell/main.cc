// inlay: the shell. Without arguments a prompt, or a filter when standard input or output is no terminal.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "api/shell/filter.h"
#include "api/shell/prompt.h"
#include "api/shell/subcommands.h"
#include "inlay/store.h"

namespace inlay::shell {
namespace {

constexpr char kUsage[] = R"(usage: inlay [-c LINE]...     run the lines, or read them from a prompt or a pipe
       inlay COMMAND [ARG]...   run one command
       inlay bench [options]    throughput and latency of a load; see inlay bench --help
       inlay replay TRACE       a recorded trace of cache requests; see inlay replay --help
       inlay --help | --version

The commands are Redis's, on a store inside this process that is gone when the process ends.
At the prompt, help tells more.
)";

int complain(const std::string& text) {
  std::fprintf(stderr, "inlay: %s\nTry 'inlay --help'.\n", text.c_str());
  return 2;
}

int run_shell(Store& store, const std::vector<std::string>& arguments) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    if (arguments[i] != "-c") {
      if (arguments[i].starts_with('-')) return complain("unknown option '" + arguments[i] + "'");
      if (!lines.empty()) return complain("unexpected argument '" + arguments[i] + "'");
      return run_command(store, arguments, STDOUT_FILENO);
    }
    if (i + 1 == arguments.size()) return complain("-c needs a line to run");
    lines.push_back(arguments[i + 1]);
  }
  if (!lines.empty()) return run_lines(store, lines, STDOUT_FILENO);
  const bool on_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  return on_terminal ? run_prompt(store) : run_filter(store, STDIN_FILENO, STDOUT_FILENO);
}

int run(const std::vector<std::string>& arguments) {
  const std::string first = arguments.empty() ? "" : arguments[0];
  if (first == "bench") return bench_main(std::span(arguments).subspan(1));
  if (first == "replay") return replay_main(std::span(arguments).subspan(1));
  if (first == "--help" || first == "-h") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (first == "--version") {
    std::puts("inlay " INLAY_VERSION);
    return 0;
  }
  const Result<std::unique_ptr<Store>> store = Store::open();
  if (!store.ok()) {
    std::fprintf(stderr, "inlay: %s\n", std::string(store.status().message()).c_str());
    return 1;
  }
  return run_shell(**store, arguments);
}

}  // namespace
}  // namespace inlay::shell

int main(int argc, char** argv) {
  const int status = inlay::shell::run(std::vector<std::string>(argv + 1, argv + argc));
  // What printf kept back may not fit on the disk.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::perror("inlay: cannot write");
  return 1;
}
