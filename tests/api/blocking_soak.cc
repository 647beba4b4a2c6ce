// blocking_soak: threads that push, move, wait, give up and are stopped, for as long as they are told, and an account of
// every element at the end: each one that was pushed has been taken exactly once, or is still there exactly once.
//
//   pushers ──> q0 .. q3 ──> movers (BLMOVE, BRPOPLPUSH) ──> r0, r1 ──> takers (BLPOP, BRPOP, BLMPOP, asynchronous BLPOP)
//          └──> z0, z1 ──> takers (BZPOPMIN, BZPOPMAX, BZMPOP)
//   killers stop some wait every few microseconds; waits time out after as little; keys stand in several shards.
//
//   blocking_soak [--seconds N] [--seed N]
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "inlay/async.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;
using Random = std::minstd_rand;

constexpr std::array<Key, 4> kQueues{"q0", "q1", "q2", "q3"};
constexpr std::array<Key, 2> kMoved{"r0", "r1"};
constexpr std::array<Key, 2> kSorted{"z0", "z1"};
// Pushers wait while so many elements are about, so that the takers mostly have to wait.
constexpr int64_t kAboutMax = 64;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "blocking_soak: %s\n", what.c_str());
  std::exit(1);
}

// The stop sources of the waits under way, one for each thread that waits.
class Targets {
 public:
  explicit Targets(size_t count) : sources_(count) {}
  std::stop_token renew(size_t place) {
    const std::lock_guard lock(mutex_);
    sources_[place] = std::stop_source();
    return sources_[place].get_token();
  }
  void shoot(size_t place) {
    std::stop_source source;
    {
      const std::lock_guard lock(mutex_);
      source = sources_[place];
    }
    source.request_stop();
  }

 private:
  std::mutex mutex_;
  std::vector<std::stop_source> sources_;
};

// Runs tasks at once on the thread that posts them.
class Inline final : public CallbackExecutor {
 public:
  void post(absl::AnyInvocable<void()> task) override { task(); }
};

class Soak {
 public:
  Soak(unsigned seed) : seed_(seed) {}

  void run(std::chrono::seconds duration) {
    std::vector<std::thread> workers, killers;
    for (unsigned i = 0; i < kPushers; ++i) workers.emplace_back([this, i] { push(i); });
    for (unsigned i = 0; i < kMovers; ++i) workers.emplace_back([this, i] { move(i); });
    for (unsigned i = 0; i < kTakers; ++i) workers.emplace_back([this, i] { take(kMovers + i); });
    for (unsigned i = 0; i < kAsync; ++i) start(kMovers + kTakers + i);
    for (unsigned i = 0; i < kKillers; ++i) killers.emplace_back([this, i] { kill(i); });
    std::this_thread::sleep_for(duration);
    is_over_ = true;
    // Wakes who still waits; their last answer is Cancelled.
    store_->close();
    for (std::thread& worker : workers) worker.join();
    for (std::thread& killer : killers) killer.join();
    account();
  }

 private:
  static constexpr unsigned kPushers = 3, kMovers = 3, kTakers = 5, kAsync = 3, kKillers = 1;

  Random random(unsigned place) const { return Random(seed_ * 1000 + place + 1); }
  static Duration timeout(Random& random) {
    return random() % 4 == 0 ? kForever : Duration((1 + random() % 300) * 1us);
  }

  void push(unsigned place) {
    Random random = this->random(100 + place);
    while (!is_over_) {
      if (about_ > kAboutMax) {
        std::this_thread::yield();
        continue;
      }
      std::vector<std::string> names;
      for (unsigned count = 1 + random() % 3; count > 0; --count) names.push_back(std::to_string(next_++));
      about_ += static_cast<int64_t>(names.size());
      const std::vector<Bytes> elements(names.begin(), names.end());
      const unsigned dice = random() % 8;
      if (dice < 6) {
        const Key key = kQueues[random() % kQueues.size()];
        if (!(dice < 3 ? store_->rpush(key, elements) : store_->lpush(key, elements)).ok())
          fail("a push failed");
      } else {
        for (const Bytes name : elements) {
          const double score = random() % 10;
          if (!store_->zadd(kSorted[random() % kSorted.size()], {{score, name}}).ok()) fail("a zadd failed");
        }
      }
    }
  }

  void move(unsigned place) {
    Random random = this->random(place);
    while (!is_over_) {
      const Key from = kQueues[random() % kQueues.size()], to = kMoved[random() % kMoved.size()];
      const std::stop_token stop = targets_.renew(place);
      const auto moved = random() % 2 == 0
                             ? store_->blmove(from, to, End::kLeft, End::kLeft, timeout(random), stop)
                             : store_->brpoplpush(from, to, timeout(random), stop);
      tell(moved);
    }
  }

  void take(unsigned place) {
    Random random = this->random(place);
    while (!is_over_) {
      const std::stop_token stop = targets_.renew(place);
      const Duration wait = timeout(random);
      switch (random() % 7) {
        case 0: took(store_->blpop({"r0", "r1", "q3"}, wait, stop)); break;
        case 1: took(store_->brpop({"r1", "r0"}, wait, stop)); break;
        case 2: took(store_->blpop({"q0", "r0", "q0"}, wait, stop)); break;
        case 3: took(store_->blmpop({"r0", "r1"}, End::kRight, 2, wait, stop)); break;
        case 4: took(store_->bzpopmin({"z0", "z1"}, wait, stop)); break;
        case 5: took(store_->bzpopmax({"z1", "z0"}, wait, stop)); break;
        default: took(store_->bzmpop({"z0", "z1"}, Extreme::kMin, 2, wait, stop));
      }
    }
  }

  // An asynchronous wait after which the next one begins, on the thread that ended it.
  void start(unsigned place) {
    const std::stop_token stop = targets_.renew(place);
    store_->async(inline_)
        .blpop({"r0", "q1", "r1"}, 1ms, stop)
        .then([this, place](Nullable<KeyElement> popped) {
          took(popped);
          if (!is_over_) later(place);
        });
  }
  // Not within the callback itself, whose chain might have no end; the killer begins it.
  void later(unsigned place) {
    const std::lock_guard lock(restarts_mutex_);
    restarts_.push_back(place);
  }

  void kill(unsigned place) {
    Random random = this->random(200 + place);
    while (!is_over_) {
      targets_.shoot(random() % (kMovers + kTakers + kAsync));
      std::vector<unsigned> restarts;
      {
        const std::lock_guard lock(restarts_mutex_);
        restarts.swap(restarts_);
      }
      for (const unsigned each : restarts) start(each);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
    }
  }

  template <class T>
  void tell(const Nullable<T>& outcome) {
    if (!outcome.ok()) {
      if (!absl::IsCancelled(outcome.status())) fail(redis_error_text(outcome.status()));
      ++cancelled_;
    } else if (!outcome->has_value()) {
      ++timed_out_;
    }
  }
  void took(const Nullable<KeyElement>& popped) {
    tell(popped);
    if (popped.ok() && popped->has_value()) count((*popped)->element);
  }
  void took(const Nullable<KeyElements>& popped) {
    tell(popped);
    if (!popped.ok() || !popped->has_value()) return;
    for (const std::string& element : (*popped)->elements) count(element);
  }
  void took(const Nullable<KeyMember>& popped) {
    tell(popped);
    if (popped.ok() && popped->has_value()) count((*popped)->member.member);
  }
  void took(const Nullable<PoppedMembers>& popped) {
    tell(popped);
    if (!popped.ok() || !popped->has_value()) return;
    for (const ScoredMember& member : (*popped)->members) count(member.member);
  }

  void count(const std::string& element) {
    --about_;
    const std::lock_guard lock(taken_mutex_);
    const auto number = static_cast<size_t>(std::stoull(element));
    if (taken_.size() <= number) taken_.resize(number * 2 + 1024);
    if (taken_[number]) fail("element " + element + " was handed over twice");
    taken_[number] = true;
    ++taken_count_;
  }

  void account() {
    if (store_->stats().blocked_waiters != 0) fail("somebody is still counted as blocked");
    if (!store_->check_invariants().ok()) fail("an invariant does not hold");
    uint64_t left = 0;
    const auto found = [&](const std::string& element) {
      count(element);
      ++left;
    };
    for (const Key key : {"q0", "q1", "q2", "q3", "r0", "r1"}) {
      const auto elements = store_->lrange(key).value();
      for (const std::string& element : elements) found(element);
    }
    for (const Key key : kSorted) {
      const auto members = store_->zpopmin(key, 1'000'000).value();
      for (const ScoredMember& member : members) found(member.member);
    }
    const uint64_t pushed = next_;
    std::printf("pushed %llu, taken %llu, left %llu; waits: %llu timed out, %llu cancelled\n",
                static_cast<unsigned long long>(pushed), static_cast<unsigned long long>(taken_count_ - left),
                static_cast<unsigned long long>(left), static_cast<unsigned long long>(timed_out_.load()),
                static_cast<unsigned long long>(cancelled_.load()));
    if (taken_count_ != pushed) fail("elements were lost");
  }

  const unsigned seed_;
  Inline inline_;
  std::atomic<bool> is_over_{false};
  std::atomic<uint64_t> next_{0}, timed_out_{0}, cancelled_{0};
  std::atomic<int64_t> about_{0};
  Targets targets_{kMovers + kTakers + kAsync};
  std::mutex taken_mutex_, restarts_mutex_;
  std::vector<bool> taken_;
  uint64_t taken_count_ = 0;
  std::vector<unsigned> restarts_;
  std::unique_ptr<Store> store_ = Store::open({.shards = 8}).value();
};

}  // namespace
}  // namespace inlay::test

int main(int argc, char** argv) {
  long seconds = 3, seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--seconds") seconds = std::atol(argv[i + 1]);
    if (flag == "--seed") seed = std::atol(argv[i + 1]);
  }
  if (argc % 2 == 0 || seconds < 1) {
    std::fputs("usage: blocking_soak [--seconds N] [--seed N]\n", stderr);
    return 2;
  }
  inlay::test::Soak(static_cast<unsigned>(seed)).run(std::chrono::seconds(seconds));
  return 0;
}
