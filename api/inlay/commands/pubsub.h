// Publishing, typed. Every front door (Store, Database, Pipeline, View) inherits these methods. To subscribe, see
// inlay/subscriber.h.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// `Self` is the front door; `Out<T>` is what its methods return for a T: Result<T> where calls run at once.
template <class Self, template <class> class Out>
class PubSubCommands {
 public:
  /// Sends `payload` to all who are subscribed to `channel` or to a pattern that matches it, whichever database they and
  /// this front door belong to; returns how many receive it. One that has it for the channel and for a pattern counts
  /// twice; one whose queue is full counts too. Takes no lock of the keyspace. Callbacks without an executor run within
  /// this call, and it waits for subscribers that ask for that: see Overflow. O(receivers + patterns that begin as the
  /// channel does). Errors: a channel or payload longer than proto-max-bulk-len.
  ///
  /// In a pipeline, a transaction's multi() or an atomic closure the message is in the queues at the call's turn; readers
  /// are woken, callbacks run and subscribers are waited for after the locks. Whoever gets the message and asks for the
  /// keys of a transaction sees what it left. A Transaction's closure, which may run more than once, publishes nothing
  /// but in multi(): FailedPrecondition.
  Out<int64_t> publish(Bytes channel, Arg payload);

  /// The channels that somebody is subscribed to by name, or those that match the glob, sorted. O(channels).
  Out<std::vector<std::string>> pubsub_channels(std::optional<Bytes> pattern = {});
  /// How many are subscribed to each of these channels by name. O(channels given).
  Out<std::vector<int64_t>> pubsub_numsub(std::span<const Bytes> channels);
  Out<std::vector<int64_t>> pubsub_numsub(std::initializer_list<Bytes> channels) {
    return pubsub_numsub(std::span(channels.begin(), channels.size()));
  }
  /// How many distinct patterns somebody is subscribed to. O(1).
  Out<int64_t> pubsub_numpat();
};

}  // namespace inlay
