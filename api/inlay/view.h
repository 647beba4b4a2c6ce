// View: the commands within an atomic closure.
//
//   auto moved = store->atomically({"from", "to"}, [](inlay::View& v) -> inlay::Result<bool> {
//     auto job = v.lpop("from");
//     if (!job.ok() || !job->has_value()) return job.ok() ? inlay::Result<bool>(false) : job.status();
//     v.rpush("to", **job).IgnoreError();
//     return true;
//   });
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "inlay/commands/hash.h"
#include "inlay/commands/key.h"
#include "inlay/commands/list.h"
#include "inlay/commands/pubsub.h"
#include "inlay/commands/set.h"
#include "inlay/commands/sorted_set.h"
#include "inlay/commands/string.h"
#include "inlay/reply.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

namespace internal {
struct FrontDoor;
struct Scope;
}  // namespace internal

/// The typed commands on a set of keys that was declared beforehand. A key outside it, and a command that looks at the
/// keyspace as a whole (keys, scan, sort, dbsize ...), is a FailedPrecondition error and touches nothing.
class ScopedCommands : public StringCommands<ScopedCommands, Result>,
                       public ListCommands<ScopedCommands, Result>,
                       public HashCommands<ScopedCommands, Result>,
                       public SetCommands<ScopedCommands, Result>,
                       public SortedSetCommands<ScopedCommands, Result>,
                       public KeyCommands<ScopedCommands, Result>,
                       public PubSubCommands<ScopedCommands, Result> {
 public:
  ScopedCommands(const ScopedCommands&) = delete;
  ScopedCommands& operator=(const ScopedCommands&) = delete;

 protected:
  explicit ScopedCommands(internal::Scope& scope) : scope_(scope) {}
  ~ScopedCommands() = default;

  internal::Scope& scope_;

 private:
  friend struct internal::FrontDoor;
};

/// What a closure of Store::atomically() works with: the shards of the declared keys are locked, each call runs at once,
/// and everybody else sees all of them or none. In a closure of atomically_all() every key is declared. Not to be kept
/// beyond the closure, which must be short and must not call the store by another way.
class View : public ScopedCommands {
 public:
  explicit View(internal::Scope& scope) : ScopedCommands(scope) {}

  /// Runs a command by name under the same locks.
  Reply execute(std::span<const std::string_view> argv);
  Reply execute(std::initializer_list<std::string_view> argv) {
    return execute(std::span(argv.begin(), argv.size()));
  }

  /// The store's time. It goes on; for keys and their deadlines it stands still while the closure runs.
  TimePoint now() const;
};

extern template class StringCommands<ScopedCommands, Result>;
extern template class ListCommands<ScopedCommands, Result>;
extern template class HashCommands<ScopedCommands, Result>;
extern template class SetCommands<ScopedCommands, Result>;
extern template class SortedSetCommands<ScopedCommands, Result>;
extern template class KeyCommands<ScopedCommands, Result>;
extern template class PubSubCommands<ScopedCommands, Result>;

}  // namespace inlay
