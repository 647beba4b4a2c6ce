#include "engine/callback_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "inlay/subscription.h"

namespace inlay {
namespace {

TEST(CallbackGate, an_open_gate_makes_the_call_and_a_shut_one_does_not) {
  CallbackGate gate;
  int calls = 0;
  EXPECT_TRUE(gate.pass([&] { ++calls; }));
  gate.close();
  EXPECT_FALSE(gate.pass([&] { ++calls; }));
  gate.close();
  EXPECT_EQ(calls, 1);
}

TEST(CallbackGate, a_call_may_pass_again_and_close_from_within) {
  CallbackGate gate;
  std::vector<int> calls;
  gate.pass([&] {
    gate.pass([&] { calls.push_back(1); });
    CallbackGate other;
    other.pass([&] { gate.close(); });
    EXPECT_FALSE(gate.pass([&] { calls.push_back(2); }));
    calls.push_back(3);
  });
  EXPECT_EQ(calls, (std::vector{1, 3}));
}

// Whatever the calls use may go as soon as close() has returned.
TEST(CallbackGate, nobody_is_inside_once_close_has_returned) {
  constexpr int kRounds = 60;
  for (int round = 0; round < kRounds; ++round) {
    auto gate = std::make_shared<CallbackGate>();
    std::atomic<bool> alive{true}, started{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([gate, &alive, &started] {
        do started = true;
        while (gate->pass([&] { EXPECT_TRUE(alive); }));
      });
    }
    while (!started) std::this_thread::yield();
    gate->close();
    alive = false;
    for (std::thread& thread : threads) thread.join();
  }
}

// Two calls that close their own gate do not wait for each other.
TEST(CallbackGate, two_calls_may_close_at_once) {
  auto gate = std::make_shared<CallbackGate>();
  std::atomic<int> inside{0};
  const auto close_from_within = [&] {
    gate->pass([&] {
      ++inside;
      while (inside < 2) std::this_thread::yield();
      gate->close();
    });
  };
  std::thread other(close_from_within);
  close_from_within();
  other.join();
  EXPECT_FALSE(gate->pass([] {}));
}

class Counted final : public internal::Cancellable {
 public:
  explicit Counted(int& cancels) : cancels_(cancels) {}
  void cancel() override { ++cancels_; }

 private:
  int& cancels_;
};

TEST(Subscription, is_cancelled_once_by_whatever_ends_it) {
  int cancels = 0;
  {
    Subscription subscription(std::make_shared<Counted>(cancels));
    EXPECT_TRUE(subscription);
    Subscription moved = std::move(subscription);
    EXPECT_FALSE(subscription);  // NOLINT(bugprone-use-after-move): a moved-from handle is empty.
    EXPECT_TRUE(moved);
    EXPECT_EQ(cancels, 0);
  }
  EXPECT_EQ(cancels, 1);
  Subscription subscription(std::make_shared<Counted>(cancels));
  subscription = Subscription(std::make_shared<Counted>(cancels));
  EXPECT_EQ(cancels, 2);
  subscription.cancel();
  subscription.cancel();
  EXPECT_FALSE(subscription);
  EXPECT_EQ(cancels, 3);
}

}  // namespace
}  // namespace inlay
