// Every command from eight threads at once, on the same keys, for some seconds: nothing breaks.
//
//   every_command_stress [--seconds N]     by default 3; ./dev stress runs it for minutes under ThreadSanitizer
//
// Each thread has a session and makes the calls of every_command() in orders of its own: first all of them, then at random,
// with transactions, pipelines and closures in between. The store is bounded, expires and evicts in the background. What a
// call answers depends on the others; what must hold is that the store is consistent at the end, and empty when emptied.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/every_command.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using Random = std::mt19937;  // Whose draws, unlike those of a short one, do not depend on the one before.

constexpr int kThreads = 8;
constexpr uint64_t kLimit = 2 << 20;
constexpr std::string_view kKeys[] = {"s", "n", "f", "s2", "l", "l2", "h", "t", "t2", "i", "z", "z2"};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "every_command_stress: %s\n", what.c_str());
  std::exit(1);
}

std::string_view any_key(Random& random) { return kKeys[random() % std::size(kKeys)]; }

void call_by_name(Session& session, size_t i) {
  (void)session.execute(words_of(every_command()[i]));
  // Pushes wait to be read.
  while (session.next_push().has_value()) {
  }
}

void call_typed(Store& store, Random& random) {
  const std::string_view a = any_key(random);
  const std::string_view b = any_key(random);
  switch (random() % 8) {
    case 0: (void)store.mget({a, b, any_key(random)}); break;
    case 1: {
      // So many and so large that some have to go.
      const std::string filler = std::string("filler:").append(std::to_string(random() % 20'000));
      (void)store.set(filler, std::string(random() % 4000, 'v'),
                      std::chrono::milliseconds(random() % 60'000));
      break;
    }
    case 2: (void)store.rename(a, b); break;
    case 3: (void)store.copy(a, b, {.replace = true}); break;
    case 4: {
      auto pipeline = store.pipeline();
      pipeline.incr("n");
      pipeline.rpush("l", "piped");
      pipeline.mget({a, b});
      (void)pipeline.exec();
      break;
    }
    case 5:
      (void)store.watch({a, b}, [&](Transaction& tx) {
        (void)tx.exists(a);
        return tx.multi([&](Pipeline& queue) { queue.expire(b, 5ms); });
      });
      break;
    case 6:
      (void)store.atomically({a, "n"}, [&](View& view) {
        (void)view.exists(a);
        return view.incr("n").ok();
      });
      break;
    default:
      for (const auto& key : store.scan()) {
        if (key.empty()) break;
      }
  }
}

void work(Store& store, int thread, SteadyClock::time_point end, std::vector<std::atomic<uint64_t>>& runs) {
  Random random(static_cast<unsigned>(thread + 1));
  Session session(store);
  const auto run = [&](size_t i) {
    call_by_name(session, i);
    runs[i].fetch_add(1, std::memory_order_relaxed);
  };
  std::vector<size_t> order(every_command().size());
  std::iota(order.begin(), order.end(), size_t{0});
  // The first thread keeps the order in which they succeed.
  if (thread != 0) std::shuffle(order.begin(), order.end(), random);
  for (const size_t i : order) run(i);
  while (SteadyClock::now() < end) {
    for (int call = 0; call < 50; ++call) {
      const size_t i = random() % every_command().size();
      const bool empties = every_command()[i].starts_with("FLUSH") && random() % 4000 != 0;
      if (!empties) run(i);
      if (random() % 4 == 0) call_typed(store, random);
    }
    // Out of transactions and subscriptions.
    (void)session.execute({"RESET"});
  }
}

void check(Store& store) {
  if (const absl::Status status = store.check_invariants(); !status.ok()) fail(std::string(status.message()));
  store.maintain();
  if (store.stats().bytes > kLimit) fail("over the limit of memory");
  (void)store.flushall();
  store.maintain();
  const Stats stats = store.stats();
  if (stats.keys != 0) fail("keys are left");
  if (stats.blocked_waiters != 0) fail("waiters are left");
  const MemoryUse use = store.memory_use();
  if (use.observers != 0 || use.messages != 0) fail("watches or messages are left");
  if (const absl::Status status = store.check_invariants(); !status.ok()) fail(std::string(status.message()));
}

void run(int seconds) {
  const auto store = Store::open({.shards = 4, .max_memory = kLimit, .eviction = "allkeys-a3"}).value();
  add_functions(*store);
  std::atomic<uint64_t> evicted{0};
  const auto subscription =
      store->on_removal([&](const RemovalEvent& removal) { evicted += removal.cause == Cause::kEvicted; });
  std::vector<std::atomic<uint64_t>> runs(every_command().size());
  const auto end = SteadyClock::now() + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] { work(*store, thread, end, runs); });
  for (std::thread& thread : threads) thread.join();
  uint64_t calls = 0;
  for (const auto& each : runs) calls += each;
  if (const auto missing = commands_without_example(); !missing.empty())
    fail("no example of " + missing.front());
  if (evicted == 0) fail("nothing was evicted");
  check(*store);
  std::printf("%llu calls by name of %zu kinds from %d threads: consistent\n",
              static_cast<unsigned long long>(calls), every_command().size(), kThreads);
}

}  // namespace
}  // namespace inlay::test

int main(int argc, char** argv) {
  int seconds = 3;
  if (argc == 3 && std::strcmp(argv[1], "--seconds") == 0) seconds = std::atoi(argv[2]);
  if (seconds <= 0 || (argc != 1 && argc != 3)) {
    std::fputs("usage: every_command_stress [--seconds N]\n", stderr);
    return 2;
  }
  inlay::test::run(seconds);
  return 0;
}
