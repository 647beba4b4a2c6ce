// The typed publishing methods of every front door.
#include <type_traits>

#include "api/commands/pubsub.h"
#include "api/front_doors.h"
#include "inlay/commands/pubsub.h"

namespace inlay {

using internal::FrontDoor;

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

INLAY_METHOD Out<int64_t> PubSubCommands<Self, Out>::publish(Bytes channel, Arg payload) {
  if constexpr (std::is_same_v<Self, Database>) {
    return FrontDoor::run<cmd::publish>(INLAY_SELF, channel, payload.view());
  } else {
    return FrontDoor::run<cmd::publish_within>(INLAY_SELF, channel, payload.view());
  }
}
INLAY_METHOD Out<std::vector<std::string>> PubSubCommands<Self, Out>::pubsub_channels(
    std::optional<Bytes> pattern) {
  return FrontDoor::run<cmd::pubsub_channels>(INLAY_SELF, pattern);
}
INLAY_METHOD Out<std::vector<int64_t>> PubSubCommands<Self, Out>::pubsub_numsub(
    std::span<const Bytes> channels) {
  return FrontDoor::run<cmd::pubsub_numsub>(INLAY_SELF, channels);
}
INLAY_METHOD Out<int64_t> PubSubCommands<Self, Out>::pubsub_numpat() {
  return FrontDoor::run<cmd::pubsub_numpat>(INLAY_SELF);
}

INLAY_INSTANTIATE_DOORS(PubSubCommands);

}  // namespace inlay
