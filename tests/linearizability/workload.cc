#include "tests/linearizability/workload.h"

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace inlay::test {
namespace {

// Draws words for calls. One per thread.
class Dice {
 public:
  Dice(uint64_t seed, int thread) : random_(seed * 1000 + static_cast<uint64_t>(thread)), thread_(thread) {}

  uint64_t below(uint64_t bound) { return random_() % bound; }
  bool one_in(uint64_t count) { return below(count) == 0; }
  /// A number that no other call of the run gets.
  std::string unique() { return std::to_string((thread_ + 1) * 1'000'000 + ++drawn_); }
  /// One that a comparison may well meet again, or not.
  std::string value() { return one_in(2) ? unique() : small(); }
  std::string small() { return std::to_string(below(3)); }
  std::string key(std::string_view prefix, uint64_t count) {
    return std::string(prefix).append(std::to_string(below(count)));
  }

 private:
  std::mt19937_64 random_;
  const int thread_;
  int drawn_ = 0;
};

struct Round {
  Way way;
  std::vector<Call> calls;
};
using NextRound = std::function<Round(Dice& dice, int round)>;

// -------------------------------------------------------------------------------------------------- mixed calls

Call string_call(Dice& dice, const std::string& key) {
  switch (dice.below(12)) {
    case 0: return {Verb::kSet, {key, dice.value()}};
    case 1: return {Verb::kSet, {key, dice.value(), "NX"}};
    case 2: return {Verb::kSet, {key, dice.value(), "IFEQ", dice.small()}};
    case 3: return {Verb::kSetNx, {key, dice.value()}};
    case 4: return {Verb::kGetSet, {key, dice.value()}};
    case 5: return {Verb::kGetDel, {key}};
    case 6: return {Verb::kDelIfEqual, {key, dice.small()}};
    case 7: return {Verb::kIncrBy, {key, dice.small()}};
    case 8: return {Verb::kAppend, {key, dice.one_in(4) ? "x" : "1"}};
    case 9: return {Verb::kDel, {key}};
    default: return {Verb::kGet, {key}};
  }
}

Call group_call(Dice& dice) {
  const std::string a = dice.key("m:", 3), b = dice.key("m:", 3);
  switch (dice.below(9)) {
    case 0: return {Verb::kMSet, {a, dice.value(), b, dice.value()}};
    case 1: return {Verb::kMSetNx, {a, dice.value(), b, dice.value()}};
    case 2: return {Verb::kDel, a == b ? std::vector{a} : std::vector{a, b}};
    case 3: return {Verb::kRename, {a, b}};
    case 4: return {Verb::kRenameNx, {a, b}};
    case 5: return {Verb::kExists, {a, b}};
    case 6: return string_call(dice, a);
    default: return {Verb::kMGet, {"m:0", "m:1", "m:2"}};
  }
}

Call list_call(Dice& dice) {
  const std::string a = dice.key("l:", 2), b = dice.key("l:", 2);
  switch (dice.below(11)) {
    case 0: return {Verb::kLPush, {a, dice.unique()}};
    case 1: return {Verb::kRPush, {a, dice.unique()}};
    case 2: return {Verb::kRPush, {a, dice.unique(), dice.unique()}};
    case 3:
    case 4: return {Verb::kLPop, {a}};
    case 5: return {Verb::kRPop, {a}};
    case 6: return {Verb::kLLen, {a}};
    case 7:
      return {Verb::kLMove, {a, b, dice.one_in(2) ? "LEFT" : "RIGHT", dice.one_in(2) ? "LEFT" : "RIGHT"}};
    case 8: return {Verb::kRename, {a, b}};
    default: return {Verb::kLRange, {a, "0", "-1"}};
  }
}

Call hash_call(Dice& dice) {
  const std::string key = dice.key("h:", 2), field = dice.key("f", 3);
  switch (dice.below(7)) {
    case 0: return {Verb::kHSet, {key, field, dice.value()}};
    case 1:
    case 2: return {Verb::kHIncrBy, {key, field, dice.small()}};
    case 3: return {Verb::kHDel, {key, field}};
    case 4: return {Verb::kHGet, {key, field}};
    default: return {Verb::kHGetAll, {key}};
  }
}

Call dying_call(Dice& dice) {
  const std::string key = dice.key("e:", 2);
  const std::string ms = std::to_string(1 + dice.below(4));
  switch (dice.below(7)) {
    case 0: return {Verb::kSet, {key, dice.value(), "PX", ms}};
    case 1: return {Verb::kPExpire, {key, ms}};
    case 2: return {Verb::kPersist, {key}};
    case 3: return {Verb::kSetNx, {key, dice.value()}};
    case 4: return {Verb::kIncrBy, {key, "1"}};
    case 5: return {Verb::kExists, {key}};
    default: return {Verb::kGet, {key}};
  }
}

Way any_way(Dice& dice) { return static_cast<Way>(dice.below(dice.one_in(4) ? 8 : 7)); }

// Every round stays within one group of keys, so that the groups stay small.
Round mixed_round(Dice& dice, int) {
  Round round{any_way(dice), {}};
  const uint64_t kind = dice.below(6);
  if (kind == 5 && dice.one_in(2)) return {Way::kTyped, {{Verb::kTick, {std::to_string(1 + dice.below(2))}}}};
  const std::string key = dice.key("s:", 3), list = dice.key("l:", 2), hash = dice.key("h:", 2);
  const Call reads[] = {{Verb::kGet, {key}},
                        {Verb::kGet, {key}},
                        {Verb::kMGet, {"m:0", "m:1", "m:2"}},
                        {Verb::kLRange, {list, "0", "-1"}},
                        {Verb::kHGetAll, {hash}},
                        {Verb::kExists, {"e:0", "e:1"}}};
  // A transaction that watches begins with a read.
  const bool watches = round.way == Way::kWatch || round.way == Way::kWatchedExec;
  if (watches || dice.one_in(4)) round.calls.push_back(reads[kind]);
  const std::function<Call()> draw[] = {
      [&] { return string_call(dice, key); }, [&] { return string_call(dice, key); },
      [&] { return group_call(dice); },       [&] { return list_call(dice); },
      [&] { return hash_call(dice); },        [&] { return dying_call(dice); }};
  for (uint64_t count = 1 + dice.below(3); count > 0; --count) round.calls.push_back(draw[kind]());
  return round;
}

// ------------------------------------------------------------------------------------------------------ appends

constexpr uint64_t kWindow = 4;
constexpr int kRoundsPerWindow = 12;

// A few keys at a time, and new ones as time goes, so that lists stay short.
Round append_round(Dice& dice, int number) {
  Round round{any_way(dice), {}};
  const auto first = static_cast<uint64_t>(number / kRoundsPerWindow);
  const auto key = [&](std::string_view prefix) {
    return std::string(prefix).append(std::to_string(first + dice.below(kWindow)));
  };
  for (uint64_t count = 1 + dice.below(5); count > 0; --count) {
    switch (dice.below(8)) {
      case 0:
      case 1: round.calls.push_back({Verb::kLRange, {key("list:"), "0", "-1"}}); break;
      case 2: round.calls.push_back({Verb::kGet, {key("text:")}}); break;
      case 3: round.calls.push_back({Verb::kMGet, {key("text:"), key("text:")}}); break;
      case 4: round.calls.push_back({Verb::kRPush, {key("list:"), dice.unique(), dice.unique()}}); break;
      case 5: round.calls.push_back({Verb::kRPush, {key("list:"), dice.unique()}}); break;
      default: round.calls.push_back({Verb::kAppend, {key("text:"), dice.unique().append(",")}});
    }
  }
  return round;
}

std::vector<Call> reads_of_all_keys(const History& history) {
  std::set<std::string> keys;
  for (const Operation& operation : history)
    for (const Step& step : operation.steps)
      for (std::string_view key : keys_of(step.call)) keys.emplace(key);
  std::vector<Call> reads;
  for (const std::string& key : keys) {
    if (key.starts_with("list:")) {
      reads.push_back({Verb::kLRange, {key, "0", "-1"}});
    } else {
      reads.push_back({Verb::kGet, {key}});
    }
  }
  return reads;
}

// ------------------------------------------------------------------------------------------------------ threads

// Lets threads go on when all have come, again and again. Spins, so that they go on at the same moment.
class Gate {
 public:
  explicit Gate(int threads) : threads_(threads) {}
  void pass(int times) {
    ++arrived_;
    while (arrived_ < threads_ * times) std::this_thread::yield();
  }

 private:
  const int threads_;
  std::atomic<int> arrived_{0};
};

class Run {
 public:
  explicit Run(const WorkloadOptions& options)
      : options_(options), stamps_(options.stamps), gate_(options.threads) {}

  Store& store() { return *store_; }

  History threads(const NextRound& next_round) {
    std::vector<std::unique_ptr<Recorder>> recorders;
    std::vector<std::thread> threads;
    for (int i = 0; i < options_.threads; ++i) {
      recorders.push_back(std::make_unique<Recorder>(stamps_, i));
      threads.emplace_back(
          [this, &next_round, &recorder = *recorders.back()] { one_thread(recorder, next_round); });
    }
    for (std::thread& thread : threads) thread.join();
    History history;
    for (const auto& recorder : recorders)
      std::ranges::move(recorder->history(), std::back_inserter(history));
    return history;
  }

  // After all threads, by another one.
  void read_all(History& history) {
    Recorder recorder(stamps_, options_.threads);
    Client(*store_, recorder, {}).run(Way::kAtomicallyAll, reads_of_all_keys(history));
    history.push_back(std::move(recorder.history().front()));
  }

 private:
  void one_thread(Recorder& recorder, const NextRound& next_round) {
    Dice dice(options_.seed, recorder.thread());
    ClientOptions client_options{.seed = dice.below(UINT64_MAX), .fault = options_.fault, .clock = clock_};
    client_options.between = [&dice] {
      if (dice.one_in(4)) std::this_thread::yield();
    };
    Client client(*store_, recorder, std::move(client_options));
    for (int burst = 0; burst < options_.bursts; ++burst) {
      gate_.pass(burst + 1);
      for (int i = 0; i < options_.rounds; ++i) {
        const Round round = next_round(dice, burst * options_.rounds + i);
        client.run(round.way, round.calls);
        if (dice.one_in(16)) store_->maintain();
      }
    }
  }

  const WorkloadOptions options_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::unique_ptr<Store> store_ =
      Store::open({.shards = options_.shards,
                   .clock = clock_,
                   .seed = options_.seed,
                   .background = options_.seed % 2 == 0 ? Background::kThread : Background::kManual})
          .value();
  Stamps stamps_;
  Gate gate_;
};

}  // namespace

std::string to_string(const WorkloadOptions& options) {
  std::string text("seed ");
  text.append(std::to_string(options.seed))
      .append(", ")
      .append(std::to_string(options.threads))
      .append(" threads, ");
  text.append(std::to_string(options.shards)).append(" shards, stamps of ");
  return text.append(options.stamps == Stamps::Kind::kCounter ? "a counter" : "the clock");
}

WorkloadRun run_mixed_calls(const WorkloadOptions& options) {
  Run run(options);
  History history = run.threads(mixed_round);
  return {std::move(history), run.store().check_invariants()};
}

WorkloadRun run_appends(const WorkloadOptions& options) {
  Run run(options);
  History history = run.threads(append_round);
  run.read_all(history);
  return {std::move(history), run.store().check_invariants()};
}

}  // namespace inlay::test
