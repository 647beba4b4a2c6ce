// Pipeline: many calls queued, then run together.
//
//   inlay::Pipeline p = store->pipeline();
//   auto visits = p.incr("visits");            // Deferred<int64_t>
//   auto name = p.get("user:7");
//   p.exec().IgnoreError();                    // OK even if single calls fail
//   use(visits.value(), name.result());
#pragma once

#include <cstddef>
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
#include "inlay/deferred.h"
#include "inlay/reply.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

namespace internal {
class Batch;
struct FrontDoor;
}  // namespace internal

/// Calls queue their arguments, copied; exec() runs them all. Each call is atomic by itself, and each sees the ones
/// queued before it; other threads may come between them. For all or nothing see Store::watch() and Store::atomically().
///
/// It is faster than the same calls made singly: the locks of a run of calls are taken once, and the memory that they
/// will need is fetched ahead of them. It can be used again after exec(), also while results of before are kept.
/// Thread-compatible; holds no lock between calls. The store must outlive it.
class Pipeline : public StringCommands<Pipeline, Deferred>,
                 public ListCommands<Pipeline, Deferred>,
                 public HashCommands<Pipeline, Deferred>,
                 public SetCommands<Pipeline, Deferred>,
                 public SortedSetCommands<Pipeline, Deferred>,
                 public KeyCommands<Pipeline, Deferred>,
                 public PubSubCommands<Pipeline, Deferred> {
 public:
  /// Made by Store::pipeline().
  explicit Pipeline(internal::Batch* batch) : batch_(batch) {}
  ~Pipeline();
  Pipeline(Pipeline&& other) noexcept;
  Pipeline& operator=(Pipeline&& other) noexcept;

  /// Queues a call by name. A bad one gives an error reply when its turn comes. By-name calls share a session, so that
  /// SELECT, and MULTI with EXEC, mean what they mean there.
  Deferred<Reply> execute(std::span<const std::string_view> argv);
  Deferred<Reply> execute(std::initializer_list<std::string_view> argv) {
    return execute(std::span(argv.begin(), argv.size()));
  }

  /// Runs what is queued, in order. OK whatever single calls give: look at their results. Errors: inside
  /// Transaction::multi(), which executes its pipeline itself. O(calls) beyond the calls themselves.
  absl::Status exec();
  /// Forgets what is queued; its results never become ready.
  void clear();
  /// Calls queued since the last exec().
  size_t size() const;
  bool empty() const { return size() == 0; }

 private:
  friend struct internal::FrontDoor;
  internal::Batch* batch_;  // Null once moved from.
};

extern template class StringCommands<Pipeline, Deferred>;
extern template class ListCommands<Pipeline, Deferred>;
extern template class HashCommands<Pipeline, Deferred>;
extern template class SetCommands<Pipeline, Deferred>;
extern template class SortedSetCommands<Pipeline, Deferred>;
extern template class KeyCommands<Pipeline, Deferred>;
extern template class PubSubCommands<Pipeline, Deferred>;

}  // namespace inlay
