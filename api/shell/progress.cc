#include "api/shell/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace inlay::shell {

Progress::Progress(std::string_view what) : visible_(isatty(STDERR_FILENO) == 1), what_(what) {}

Progress::~Progress() {
  if (visible_) std::fputs("\r\033[K", stderr);
}

void Progress::show(double fraction, std::string_view note) {
  if (!visible_) return;
  constexpr int kWidth = 32;
  fraction = std::clamp(fraction, 0.0, 1.0);
  const auto full = static_cast<size_t>(std::lround(fraction * kWidth));
  const std::string bar = std::string(full, '#') + std::string(kWidth - full, '.');
  std::fprintf(stderr, "\r%s [%s] %3.0f %%  %.*s\033[K", what_.c_str(), bar.c_str(), fraction * 100,
               static_cast<int>(note.size()), note.data());
  std::fflush(stderr);
}

}  // namespace inlay::shell
