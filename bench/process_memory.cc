#include "bench/process_memory.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace inlay::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// Lines of "<name> <number>".
Figures read_figures(int pipe_end) {
  Figures figures;
  FILE* file = fdopen(pipe_end, "r");
  char name[64];
  double number = 0;
  while (std::fscanf(file, "%63s %lf", name, &number) == 2) figures[name] = number;
  std::fclose(file);
  return figures;
}

void write_figures(int pipe_end, const Figures& figures) {
  for (const auto& [name, number] : figures) dprintf(pipe_end, "%s %.17g\n", name.c_str(), number);
}

}  // namespace

int64_t resident_bytes() {
  FILE* file = std::fopen("/proc/self/statm", "r");
  long long total = 0;
  long long resident = 0;
  if (file == nullptr || std::fscanf(file, "%lld %lld", &total, &resident) != 2) fail("/proc/self/statm");
  std::fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

Figures in_child(const std::function<Figures()>& body) {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe");
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    close(ends[0]);
    malloc_trim(0);  // What the parent freed must not be had for nothing.
    write_figures(ends[1], body());
    _exit(0);
  }
  close(ends[1]);
  Figures figures = read_figures(ends[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) fail("the child that measures memory");
  return figures;
}

}  // namespace inlay::bench
