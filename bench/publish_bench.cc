// Publishing, against a live redis-server with as many subscribers connected.
//
// Names: publish/<subscribers>/redis is the server's own time per PUBLISH (INFO commandstats: without network and
// parsing, and without sending to the subscribers), publish/<subscribers>/inlay the typed call in this process; the queues
// are emptied outside the timing, as Redis's sending is. Messages of 32 bytes on one channel.
// publish/nobody: others are subscribed to other channels. publish/1000_patterns: and to a thousand patterns that begin
// otherwise. publish_full/<subscribers>: every queue is full, so that each message also drops one.
// publish_read/<subscribers>: the call and the reading of every copy, on one thread.
// publish_wait/<subscribers>: a million messages, every subscriber read by a thread of its own, the publisher waiting for
// those whose queue is full (1024 messages). From the first call until every copy was read; an item is a message.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/redis_peer.h"
#include "bench/workload.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

using namespace std::chrono_literals;

constexpr size_t kBatch = 1000;  // Messages between two emptyings; below every queue's capacity.

void require(bool holds) {
  if (!holds) {
    std::fputs("publish_bench: a wrong answer\n", stderr);
    std::exit(1);
  }
}

void publish_redis(benchmark::State& state, size_t subscribers) {
  const size_t batches = subscribers > 10 ? 5 : 50;
  const Value payload(1);
  RedisPeer redis;
  redis.add_subscribers(subscribers, "news");
  for (auto _ : state) {
    const double usec = redis.usec_per_call("publish", [&] {
      for (size_t batch = 0; batch < batches; ++batch) {
        redis.pipeline(kBatch, [&](size_t) -> RedisPeer::Argv {
          return {"PUBLISH", "news", payload.view()};
        });
        redis.read_subscribers(kBatch);
      }
    });
    state.SetIterationTime(usec * 1e-6 * static_cast<double>(batches * kBatch));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches * kBatch));
}

class Audience {
 public:
  Audience(Store& store, size_t count, std::string_view channel) {
    for (size_t i = 0; i < count; ++i) {
      subscribers_.push_back(store.subscriber());
      require(subscribers_.back()->subscribe({channel}).ok());
    }
  }

  int64_t size() const { return static_cast<int64_t>(subscribers_.size()); }
  Subscriber& first() { return *subscribers_.front(); }
  // How many messages there were.
  size_t empty() {
    size_t read = 0;
    for (const auto& subscriber : subscribers_) {
      while (value_or(subscriber->next(0s), Message()).payload().size() == kValueBytes) ++read;
    }
    return read;
  }

 private:
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

enum class Reading { kUntimed, kNever, kTimed };

void publish_inlay(benchmark::State& state, size_t subscribers, Reading reading) {
  const auto store = Store::open().value();
  Audience audience(*store, subscribers, "news");
  const Value payload(1);
  const auto publish = [&] { require(*store->publish("news", payload.view()) == audience.size()); };
  if (reading == Reading::kNever) {
    while (audience.first().dropped() == 0) publish();
  }
  for (auto _ : state) {
    for (size_t i = 0; i < kBatch; ++i) publish();
    if (reading == Reading::kNever) continue;
    if (reading == Reading::kUntimed) state.PauseTiming();
    require(audience.empty() == kBatch * subscribers);
    if (reading == Reading::kUntimed) state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}

void publish_to_nobody(benchmark::State& state, int patterns) {
  const auto store = Store::open().value();
  const Audience audience(*store, 8, "weather");
  const auto subscriber = store->subscriber();
  for (int i = 0; i < patterns; ++i)
    require(subscriber->psubscribe({"topic" + std::to_string(i) + ".*"}).ok());
  const Value payload(1);
  for (auto _ : state) require(*store->publish("news", payload.view()) == 0);
  state.SetItemsProcessed(state.iterations());
}

void read_to_the_end(Subscriber& subscriber, uint32_t messages) {
  uint32_t read = 0;
  for (const Message& message : subscriber.messages()) require(Value::belongs_to(read++, message.payload()));
  require(read == messages);
}

void publish_and_wait(benchmark::State& state, size_t subscribers) {
  using SteadyClock = std::chrono::steady_clock;
  constexpr uint32_t kMessages = 1'000'000;
  for (auto _ : state) {
    const auto store = Store::open().value();
    std::vector<std::unique_ptr<Subscriber>> audience;
    std::vector<std::thread> readers;
    for (size_t i = 0; i < subscribers; ++i) {
      audience.push_back(store->subscriber({.capacity = 1024, .overflow = Overflow::kBlockPublisher}));
      require(audience.back()->subscribe({"news"}).ok());
      readers.emplace_back([&subscriber = *audience.back()] { read_to_the_end(subscriber, kMessages); });
    }
    const auto start = SteadyClock::now();
    for (uint32_t i = 0; i < kMessages; ++i)
      require(*store->publish("news", Value(i).view()) == static_cast<int64_t>(subscribers));
    // They read what is left first.
    for (const auto& subscriber : audience) subscriber->close();
    for (std::thread& reader : readers) reader.join();
    state.SetIterationTime(std::chrono::duration<double>(SteadyClock::now() - start).count());
    for (const auto& subscriber : audience) require(subscriber->dropped() == 0);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kMessages));
}

void register_all() {
  using State = benchmark::State;
  for (const size_t subscribers : {1, 8, 100}) {
    const std::string count = std::to_string(subscribers);
    benchmark::RegisterBenchmark(("publish/" + count + "/redis").c_str(),
                                 [subscribers](State& state) { publish_redis(state, subscribers); })
        ->Iterations(1)
        ->UseManualTime();
    const auto add = [&](const char* name, Reading reading) {
      benchmark::RegisterBenchmark((name + count + "/inlay").c_str(), [subscribers, reading](State& state) {
        publish_inlay(state, subscribers, reading);
      });
    };
    add("publish/", Reading::kUntimed);
    add("publish_full/", Reading::kNever);
    add("publish_read/", Reading::kTimed);
  }
  for (const size_t subscribers : {1, 8, 64}) {
    benchmark::RegisterBenchmark(("publish_wait/" + std::to_string(subscribers) + "/inlay").c_str(),
                                 [subscribers](State& state) { publish_and_wait(state, subscribers); })
        ->Iterations(1)
        ->UseManualTime();
  }
  benchmark::RegisterBenchmark("publish/nobody/inlay", [](State& state) { publish_to_nobody(state, 0); });
  benchmark::RegisterBenchmark("publish/1000_patterns/inlay",
                               [](State& state) { publish_to_nobody(state, 1000); });
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  inlay::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
