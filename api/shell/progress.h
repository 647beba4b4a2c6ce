// Progress: a bar on standard error while a long piece of work runs, if that is a terminal.
#pragma once

#include <string>
#include <string_view>

namespace inlay::shell {

/// Owned by one thread.
class Progress {
 public:
  /// `what` stands before the bar.
  explicit Progress(std::string_view what);
  /// Wipes the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws the bar at `fraction`, from 0 to 1, with `note` behind it. One write; call it some ten times a second.
  void show(double fraction, std::string_view note = "");

 private:
  const bool visible_;
  std::string what_;
};

}  // namespace inlay::shell
