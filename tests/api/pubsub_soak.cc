// pubsub_soak: threads that publish, subscribe, read and vanish at random, and an account of every message at the end.
//
//   pubsub_soak [--seconds S] [--messages N] [--seed N]
//
// Publishers number their messages by channel. Readers come and go, each with a policy of its own. What must hold:
//   - what publish() returned, summed up, is what all readers have read, dropped, and left when they closed;
//   - a reader meets the numbers of one publisher and channel in rising order, by name and by each pattern;
//   - and without a gap, as long as its publishers wait for it and it stays subscribed;
//   - a callback is never made once its subscription was cancelled.
// Before that, N messages each go to 1, 8 and 64 readers without loss, and through each dropping policy, counted exactly.
// Exit status: 0 if all held.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "inlay/store.h"

namespace inlay::test {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Random = std::mt19937_64;

struct Arguments {
  double seconds = 1;
  uint64_t messages = 20'000;
  uint64_t seed = std::random_device()();
};

std::atomic<int> failures{0};

void expect(bool holds, const char* what, uint64_t got, uint64_t wanted) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "FAILED: %s: got %llu, expected %llu\n", what, static_cast<unsigned long long>(got),
               static_cast<unsigned long long>(wanted));
}
void expect_equal(uint64_t got, uint64_t wanted, const char* what) {
  expect(got == wanted, what, got, wanted);
}

uint64_t number_of(const Message& message) {
  return std::strtoull(std::string(message.payload()).c_str(), nullptr, 10);
}

// --------------------------------------------------------------------------------------------- counted exactly

// Every reader reads every message, in order.
void lose_nothing(size_t readers, uint64_t messages) {
  const auto store = Store::open().value();
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < readers; ++i) {
    subscribers.push_back(store->subscriber({.capacity = 1024, .overflow = Overflow::kBlockPublisher}));
    expect(subscribers.back()->subscribe({"news"}).ok(), "subscribe", 0, 1);
    threads.emplace_back([subscriber = subscribers.back().get(), messages] {
      uint64_t read = 0;
      for (const Message& message : subscriber->messages()) expect_equal(number_of(message), read++, "order");
      expect_equal(read, messages, "messages read");
    });
  }
  const auto start = SteadyClock::now();
  for (uint64_t i = 0; i < messages; ++i)
    expect_equal(static_cast<uint64_t>(*store->publish("news", static_cast<int64_t>(i))), readers,
                 "receivers");
  for (const auto& subscriber : subscribers) subscriber->close();
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = SteadyClock::now() - start;
  for (const auto& subscriber : subscribers) expect_equal(subscriber->dropped(), 0, "dropped");
  std::printf("%llu messages to %zu readers, none lost: %.2f s, %.0f ns a delivery\n",
              static_cast<unsigned long long>(messages), readers, took.count(),
              took.count() * 1e9 / static_cast<double>(messages * readers));
}

// A reader that is slower than its publisher: read, dropped and left make up what was sent.
void count_losses(Overflow overflow, uint64_t messages) {
  const auto store = Store::open().value();
  const auto subscriber = store->subscriber({.capacity = 16, .overflow = overflow});
  expect(subscriber->subscribe({"news"}).ok(), "subscribe", 0, 1);
  uint64_t received = 0, read = 0;
  std::thread reader([&] {
    uint64_t last = 0;
    for (const Message& message : subscriber->messages()) {
      expect(number_of(message) > last, "order", number_of(message), last + 1);
      last = number_of(message);
      ++read;
    }
  });
  for (uint64_t i = 1; i <= messages; ++i)
    received += static_cast<uint64_t>(*store->publish("news", static_cast<int64_t>(i)));
  subscriber->close();
  reader.join();
  expect_equal(read + subscriber->dropped(), received, "read and dropped");
  if (overflow != Overflow::kCloseSubscriber) expect_equal(received, messages, "received");
}

// ------------------------------------------------------------------------------------------------ coming and going

constexpr std::array kChannels{"alpha", "alpine", "beta", "gamma"};
constexpr std::array kPatterns{"*a", "al*", "alp?a", "[bg]*"};  // None matches the channel of the callbacks.
constexpr size_t kPublishers = 2;

class Soak {
 public:
  Soak(double seconds, uint64_t seed)
      : seed_(seed),
        end_(SteadyClock::now() +
             std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds))) {}

  void run() {
    std::vector<std::thread> publishers, others;
    for (size_t i = 0; i < kPublishers; ++i) publishers.emplace_back([this, i] { publish(i); });
    for (uint64_t i = 0; i < 4; ++i)
      others.emplace_back([this, i] { read_and_vanish(Random(seed_ + 100 + i)); });
    others.emplace_back([this] { call_back_and_cancel(); });
    for (std::thread& publisher : publishers) publisher.join();
    publishing_ = false;
    for (std::thread& other : others) other.join();
    expect_equal(read_ + dropped_ + left_, received_, "read, dropped and left");
    expect(store_->check_invariants().ok(), "invariants", 0, 1);
    expect_equal(store_->pubsub_channels()->size() + static_cast<uint64_t>(*store_->pubsub_numpat()), 0,
                 "subscriptions at the end");
    std::printf(
        "%llu deliveries: %llu read, %llu dropped, %llu left by %llu readers; %llu callbacks\n",
        static_cast<unsigned long long>(received_.load()), static_cast<unsigned long long>(read_.load()),
        static_cast<unsigned long long>(dropped_.load()), static_cast<unsigned long long>(left_.load()),
        static_cast<unsigned long long>(readers_.load()), static_cast<unsigned long long>(callbacks_.load()));
  }

 private:
  // Payloads: "number publisher".
  void publish(size_t publisher) {
    Random random(seed_ + publisher);
    std::array<uint64_t, kChannels.size()> numbers{};
    while (SteadyClock::now() < end_) {
      const size_t channel = random() % kChannels.size();
      const std::string payload = std::to_string(++numbers[channel]) + " " + std::to_string(publisher);
      received_ += static_cast<uint64_t>(*store_->publish(kChannels[channel], payload));
      if (random() % 64 == 0) (void)store_->publish("callbacks", payload);
      if (random() % 64 == 0) (void)store_->set("key", payload);
    }
  }

  // One reader after the other, each for a while.
  void read_and_vanish(Random random) {
    while (publishing_) {
      ++readers_;
      const auto overflow = static_cast<Overflow>(random() % 4);
      auto subscriber = store_->subscriber({.capacity = 1 + random() % 64, .overflow = overflow});
      read_for_a_while(*subscriber, overflow, random);
      // A publisher may be waiting for room right now.
      subscriber->close();
      dropped_ += subscriber->dropped();
      left_ += subscriber->pending();
    }
  }

  void read_for_a_while(Subscriber& subscriber, Overflow overflow, Random& random) {
    std::map<std::string, uint64_t> last;  // Of each publisher, channel and pattern.
    bool gapless = overflow == Overflow::kBlockPublisher;
    for (uint64_t rounds = random() % 30; rounds > 0; --rounds) {
      const Bytes channel = kChannels[random() % kChannels.size()];
      const Bytes pattern = kPatterns[random() % kPatterns.size()];
      // It fails where the reader has overflown.
      if (random() % 2 == 0) (void)subscriber.subscribe({channel});
      if (random() % 4 == 0) (void)subscriber.psubscribe({pattern});
      if (random() % 16 == 0) {
        subscriber.unsubscribe({channel});
        subscriber.punsubscribe({pattern});
        gapless = false;
      }
      for (uint64_t reads = random() % 200; reads > 0; --reads) {
        const auto message = subscriber.next(std::chrono::milliseconds(1));
        if (!message.ok() || !message->has_value()) break;
        ++read_;
        check_order(**message, last, gapless);
      }
    }
  }

  static void check_order(const Message& message, std::map<std::string, uint64_t>& last, bool gapless) {
    const std::string payload(message.payload());
    const std::string publisher = payload.substr(payload.find(' '));
    const std::string pattern(message.pattern().value_or("-"));
    uint64_t& before = last[publisher + " " + std::string(message.channel()) + " " + pattern];
    const uint64_t number = number_of(message);
    expect(number > before, "order", number, before + 1);
    if (gapless && before != 0) expect_equal(number, before + 1, "no gap");
    before = number;
  }

  void call_back_and_cancel() {
    while (publishing_) {
      std::atomic<bool> alive{true};
      {
        const auto one = store_->on_message({"callbacks"}, [&](const Message&) {
          expect(alive, "a callback after cancel()", 1, 0);
          ++callbacks_;
        });
        std::this_thread::yield();
      }
      alive = false;
    }
  }

  const uint64_t seed_;
  const SteadyClock::time_point end_;
  std::unique_ptr<Store> store_ = Store::open().value();
  std::atomic<bool> publishing_{true};
  std::atomic<uint64_t> received_{0}, read_{0}, dropped_{0}, left_{0}, readers_{0}, callbacks_{0};
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) {
      arguments.seconds = std::atof(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--messages") == 0) {
      arguments.messages = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seed") == 0) {
      arguments.seed = std::strtoull(argv[i + 1], nullptr, 10);
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

}  // namespace
}  // namespace inlay::test

int main(int argc, char** argv) {
  using namespace inlay::test;
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs("usage: pubsub_soak [--seconds S] [--messages N] [--seed N]\n", stderr);
    return 2;
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(arguments.seed));
  for (const size_t readers : {1, 8, 64}) lose_nothing(readers, arguments.messages);
  for (const auto overflow :
       {inlay::Overflow::kDropOldest, inlay::Overflow::kDropNewest, inlay::Overflow::kCloseSubscriber}) {
    count_losses(overflow, arguments.messages);
  }
  Soak(arguments.seconds, arguments.seed).run();
  return failures == 0 ? 0 : 1;
}
