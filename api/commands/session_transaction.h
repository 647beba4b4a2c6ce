// SessionTransaction: what a session keeps from MULTI to EXEC, and from WATCH on.
//
// Thread safety: thread-compatible, as its session.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/watch_set.h"
#include "inlay/reply.h"

namespace inlay {

struct Command;
class Executor;
struct SessionState;

class SessionTransaction {
 public:
  /// Between MULTI and EXEC or DISCARD.
  bool is_open() const { return is_open_; }
  void open() { is_open_ = true; }
  /// Forgets the queue and all watches.
  void close();

  /// Keeps a call for EXEC. Its arity must fit.
  Reply queue(const Command& command, std::span<const Bytes> argv);
  /// Notes that a call could not be queued: EXEC will run nothing.
  void refuse() { is_broken_ = is_open_; }

  void watch(Engine& engine, int db, const KeyRef& key);
  void unwatch() { watches_.reset(); }

  /// Runs the queue as one, unless a call was refused or a watched key has changed, and closes.
  Reply exec(const Executor& executor, SessionState& session);

 private:
  struct Queued {
    const Command* command;
    std::vector<std::string> argv;
  };
  struct Needs;

  static Needs needs_of(Engine& engine, std::span<const Queued> queue, const WatchSet* watches);

  bool is_open_ = false;
  bool is_broken_ = false;
  std::vector<Queued> queue_;
  std::unique_ptr<WatchSet> watches_;  // Null: none.
};

}  // namespace inlay
