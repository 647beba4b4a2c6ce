// The typed blocking methods, of the front doors that wait and of those that call back.
#include <string>
#include <tuple>
#include <vector>

#include "api/commands/blocking.h"
#include "api/store_core.h"
#include "inlay/async.h"
#include "inlay/commands/blocking.h"

namespace inlay {

using cmd::ListWait;
using cmd::SortedSetWait;

namespace {

// An argument as a call that is made later holds it.
std::string kept(Key key) { return std::string(key); }
std::vector<std::string> kept(Keys keys) { return {keys.begin(), keys.end()}; }
template <class Value>
Value kept(Value value) {
  return value;
}

}  // namespace

namespace internal {

template <auto Fn, class... Arguments>
auto FrontDoor::block(const Database& door, const std::stop_token& stop, const Arguments&... arguments) {
  return run_blocking<Fn>(door.core_->engine, door.index_, stop, arguments...);
}

template <auto Fn, class... Arguments>
auto FrontDoor::block(const AsyncDatabase& door, std::stop_token stop, const Arguments&... arguments) {
  using T = typename Signature<decltype(Fn)>::Result::value_type;
  return AsyncCall<T>([door, stop = std::move(stop),
                       arguments = std::tuple(kept(arguments)...)](typename AsyncCall<T>::Callback done) {
    std::apply(
        [&](const auto&... each) {
          start_blocking<Fn>(door.core_->engine, door.index_, stop, *door.executor_, std::move(done),
                             each...);
        },
        arguments);
  });
}

}  // namespace internal

using internal::FrontDoor;

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

INLAY_METHOD Out<std::optional<KeyElement>> BlockingCommands<Self, Out>::blpop(Keys keys, Duration timeout,
                                                                               std::stop_token stop) {
  return FrontDoor::block<cmd::blpop>(INLAY_SELF, stop, keys, ListWait{timeout});
}
INLAY_METHOD Out<std::optional<KeyElement>> BlockingCommands<Self, Out>::brpop(Keys keys, Duration timeout,
                                                                               std::stop_token stop) {
  return FrontDoor::block<cmd::brpop>(INLAY_SELF, stop, keys, ListWait{timeout});
}
INLAY_METHOD Out<std::optional<KeyElements>> BlockingCommands<Self, Out>::blmpop(Keys keys, End from,
                                                                                 int64_t count,
                                                                                 Duration timeout,
                                                                                 std::stop_token stop) {
  return FrontDoor::block<cmd::blmpop>(INLAY_SELF, stop, ListWait{timeout}, keys, from, ListMPopCount{count});
}
INLAY_METHOD Out<std::optional<std::string>> BlockingCommands<Self, Out>::blmove(Key source, Key destination,
                                                                                 End from, End to,
                                                                                 Duration timeout,
                                                                                 std::stop_token stop) {
  return FrontDoor::block<cmd::blmove>(INLAY_SELF, stop, source, destination, from, to, ListWait{timeout});
}
INLAY_METHOD Out<std::optional<std::string>> BlockingCommands<Self, Out>::brpoplpush(Key source,
                                                                                     Key destination,
                                                                                     Duration timeout,
                                                                                     std::stop_token stop) {
  return FrontDoor::block<cmd::brpoplpush>(INLAY_SELF, stop, source, destination, ListWait{timeout});
}

INLAY_METHOD Out<std::optional<KeyMember>> BlockingCommands<Self, Out>::bzpopmin(Keys keys, Duration timeout,
                                                                                 std::stop_token stop) {
  return FrontDoor::block<cmd::bzpopmin>(INLAY_SELF, stop, keys, SortedSetWait{timeout});
}
INLAY_METHOD Out<std::optional<KeyMember>> BlockingCommands<Self, Out>::bzpopmax(Keys keys, Duration timeout,
                                                                                 std::stop_token stop) {
  return FrontDoor::block<cmd::bzpopmax>(INLAY_SELF, stop, keys, SortedSetWait{timeout});
}
INLAY_METHOD Out<std::optional<PoppedMembers>> BlockingCommands<Self, Out>::bzmpop(Keys keys, Extreme where,
                                                                                   int64_t count,
                                                                                   Duration timeout,
                                                                                   std::stop_token stop) {
  return FrontDoor::block<cmd::bzmpop>(INLAY_SELF, stop, SortedSetWait{timeout}, keys,
                                       ZMPopWords{where, count});
}

#undef INLAY_METHOD
#undef INLAY_SELF

template class BlockingCommands<Database, Result>;
template class BlockingCommands<AsyncDatabase, AsyncCall>;

}  // namespace inlay
