#include "api/commands/session_transaction.h"

#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "api/commands/command.h"
#include "engine/error.h"
#include "engine/held_locks.h"

namespace inlay {

namespace {

// The answer to an EXEC of calls that need memory where there is none.
Reply without_memory() {
  return Reply::error(
      redis_error_text(error(Error::kExecAborted, ": " + redis_error_text(error(Error::kOutOfMemory)))));
}

}  // namespace

// What must be locked for a queue to run.
struct SessionTransaction::Needs {
  absl::InlinedVector<uint64_t, 32> hashes;
  Access access = Access::kRead;
  bool grows = false;
  bool whole_keyspace = false;
};

void SessionTransaction::close() { *this = SessionTransaction(); }

Reply SessionTransaction::queue(const Command& command, std::span<const Bytes> argv) {
  queue_.push_back({&command, std::vector<std::string>(argv.begin(), argv.end())});
  return Reply::simple("QUEUED");
}

void SessionTransaction::watch(Engine& engine, int db, const KeyRef& key) {
  if (watches_ == nullptr) watches_ = std::make_unique<WatchSet>(engine);
  watches_->add(db, key);
}

SessionTransaction::Needs SessionTransaction::needs_of(Engine& engine, std::span<const Queued> queue,
                                                       const WatchSet* watches) {
  Needs needs;
  const auto add = [&](uint64_t hash) { needs.hashes.push_back(hash); };
  if (watches != nullptr) watches->for_each_hash(add);
  for (const Queued& queued : queue) {
    const std::vector<Bytes> argv(queued.argv.begin(), queued.argv.end());
    // A call whose keys cannot be told apart from its other arguments will refuse them and touch none.
    (void)for_each_key(*queued.command, argv, [&](Bytes key) { add(engine.key(key).hash); });
    if (queued.command->writes) needs.access = Access::kWrite;
    if (queued.command->grows) needs.grows = true;
    if (queued.command->reach == Reach::kKeyspace) needs.whole_keyspace = true;
  }
  return needs;
}

Reply SessionTransaction::exec(const Executor& executor, SessionState& session) {
  // Whatever comes of it, nothing is queued or watched afterwards. Unwatching locks, so it comes after the locks.
  const SessionTransaction ended = std::exchange(*this, SessionTransaction());
  Engine& engine = executor.engine();
  const Needs needs = needs_of(engine, ended.queue_, ended.watches_.get());
  if (ended.is_broken_) {
    return needs.grows && engine.memory().refuses_growth()
               ? without_memory()
               : Reply::error(redis_error_text(error(Error::kExecAborted, " previous errors.")));
  }
  std::optional<HeldLocks> held;
  if (needs.whole_keyspace) {
    held.emplace(engine);
  } else {
    held.emplace(engine, needs.hashes, needs.access);
  }
  // Asked first, so that what is evicted for it fails the watches.
  if (needs.grows && !held->admit_growth()) return without_memory();
  if (ended.watches_ != nullptr && ended.watches_->changed(held->aftermath())) return Reply::nil_array();
  Reply::Items replies;
  replies.reserve(ended.queue_.size());
  for (const Queued& queued : ended.queue_) {
    const std::vector<Bytes> argv(queued.argv.begin(), queued.argv.end());
    replies.push_back(run_command(executor, session, *queued.command, argv, &*held));
  }
  return Reply::array(std::move(replies));
}

}  // namespace inlay
