// Pub/sub fan-out: every package is announced on its section's channel, and each subscriber gets what it asked for.
//
//   pubsub_fanout [STATUS_FILE]      default: /var/lib/dpkg/status
//
// Four readers: one of a single section; one of all, by a pattern; a callback; and one that is too slow for its small
// queue, loses the oldest, and can tell how many.

#include <atomic>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/store.h"

namespace {

using examples::Checks;
using Packages = std::map<std::string, std::string>;

// Reads until the subscriber is closed and empty.
std::vector<std::string> read_all(inlay::Subscriber& subscriber) {
  std::vector<std::string> payloads;
  for (const inlay::Message& message : subscriber.messages()) payloads.emplace_back(message.payload());
  return payloads;
}

std::string channel_of(const std::string& record) {
  return "installed:" + examples::field(record, "Section");
}

int run(const Packages& packages) {
  auto store = inlay::Store::open().value();
  const std::string one_channel = channel_of(packages.begin()->second);
  std::vector<std::string> all, of_one_channel;
  for (const auto& [name, record] : packages) {
    all.push_back(name);
    if (channel_of(record) == one_channel) of_one_channel.push_back(name);
  }

  // Publishers wait for these two where their queues are full, so that they miss nothing.
  const inlay::SubscribeOptions patient{.capacity = 16, .overflow = inlay::Overflow::kBlockPublisher};
  const auto section = store->subscriber(patient);
  const auto everything = store->subscriber(patient);
  const auto slow = store->subscriber({.capacity = 10, .overflow = inlay::Overflow::kDropOldest});
  section->subscribe({one_channel}).IgnoreError();
  everything->psubscribe({"installed:*"}).IgnoreError();
  slow->psubscribe({"installed:*"}).IgnoreError();
  std::atomic<size_t> called = 0;
  inlay::Subscription callback =
      store->on_pmessage({"installed:*"}, [&](const inlay::Message&) { ++called; });

  std::vector<std::string> section_got, everything_got;
  {
    std::jthread section_reader([&] { section_got = read_all(*section); });
    std::jthread everything_reader([&] { everything_got = read_all(*everything); });
    int64_t receivers = 0;
    for (const auto& [name, record] : packages) receivers += store->publish(channel_of(record), name).value();
    std::printf("%zu messages, %lld deliveries\n", packages.size(), static_cast<long long>(receivers));
    section->close();  // What waits is still read.
    everything->close();
  }
  const uint64_t dropped = slow->dropped();
  slow->close();
  const std::vector<std::string> slow_got = read_all(*slow);
  std::printf("%s: %zu; all: %zu; callback: %zu; slow: %zu and %llu lost\n", one_channel.c_str(),
              section_got.size(), everything_got.size(), called.load(), slow_got.size(),
              static_cast<unsigned long long>(dropped));

  Checks checks;
  checks.expect(section_got == of_one_channel,
                "a channel's subscriber gets that channel's messages, in order");
  checks.expect(everything_got == all, "a pattern's subscriber gets all, in order");
  checks.expect(called == all.size(), "a callback is called for each");
  checks.expect(slow_got.size() + dropped == all.size(), "what a slow subscriber loses is counted");
  checks.expect(slow_got.empty() || slow_got.back() == all.back(), "what it keeps is the newest");
  callback.cancel();
  store->publish(one_channel, "after").value();
  checks.expect(called == all.size(), "a cancelled callback is not called");
  return checks.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const Packages packages = examples::packages_of(argc, argv);
  return packages.empty() ? 1 : run(packages);
}
