// The shell on a terminal.
#pragma once

namespace inlay {
class Store;
}

namespace inlay::shell {

/// Reads commands from the terminal on standard input until quit or Ctrl-D: with line editing, a history that
/// ~/.inlay_history keeps (INLAY_HISTORY names another file), and Tab. Returns the exit status.
int run_prompt(Store& store);

}  // namespace inlay::shell
