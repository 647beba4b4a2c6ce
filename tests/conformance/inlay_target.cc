#include "tests/conformance/inlay_target.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::conformance {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// How long a call on another thread may take, in real time, before it counts as stuck.
constexpr std::chrono::seconds kPatience{10};
// How long a waiter that was woken may take to show itself.
constexpr milliseconds kGrace{20};
// Steps in which time passes while something is due.
constexpr milliseconds kClockStep{5};
// A message that no passing of this much time brings will not come.
constexpr milliseconds kMessageHorizon{2000};

class InlayTarget final : public Target {
 public:
  InlayTarget(std::shared_ptr<ManualClock> clock, std::unique_ptr<Store> store)
      : clock_(std::move(clock)), store_(std::move(store)) {}

  Result<std::unique_ptr<Client>> connect() override;
  void let_pass(milliseconds time) override {
    clock_->advance(time);
    store_->maintain();
  }

  Store& store() { return *store_; }
  void call_began() { ++calls_; }
  void call_ended() { --calls_; }
  /// Whether every call under way waits inside the store.
  bool all_calls_wait() const { return store_->stats().blocked_waiters >= calls_.load(); }

 private:
  std::shared_ptr<ManualClock> clock_;
  std::unique_ptr<Store> store_;
  std::atomic<uint64_t> calls_{0};
};

// Runs its session on a thread of its own, so that a call may wait while the others go on.
class InlayClient final : public Client {
 public:
  explicit InlayClient(InlayTarget& target)
      : target_(target), session_(target.store()), thread_([this] { run(); }) {}
  ~InlayClient() override {
    stop_.request_stop();
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void send(const std::vector<std::string>& argv) override {
    target_.call_began();
    {
      const std::lock_guard lock(mutex_);
      command_ = argv;
    }
    changed_.notify_all();
  }

  Nullable<Reply> receive(Wait wait) override {
    std::unique_lock lock(mutex_);
    if (!command_.has_value() && replies_.empty()) return receive_push(wait);
    bool answered = false;
    for (const SteadyTime start = std::chrono::steady_clock::now();
         !answered && std::chrono::steady_clock::now() - start < kPatience;) {
      answered = changed_.wait_for(lock, milliseconds(1), [this] { return !replies_.empty(); });
      if (answered || !target_.all_calls_wait()) continue;
      if (wait == Wait::kSilence) {
        answered = changed_.wait_for(lock, kGrace, [this] { return !replies_.empty(); });
        break;
      }
      // A waiter that was just woken has not counted itself out yet: time must not run ahead of it.
      if (wait == Wait::kReply || std::chrono::steady_clock::now() - start > kGrace)
        target_.let_pass(kClockStep);
    }
    if (!answered) return std::optional<Reply>();
    Reply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }

 private:
  Nullable<Reply> receive_push(Wait wait) {
    Nullable<Reply> push = take_push();
    if (wait == Wait::kSilence) return push;
    for (milliseconds passed{0}; is_nil(push) && passed < kMessageHorizon; passed += kClockStep) {
      target_.let_pass(kClockStep);
      push = take_push();
    }
    return push;
  }

  // No command is under way, so the session is nobody else's.
  Nullable<Reply> take_push() {
    const std::optional<Reply> push = session_.next_push();
    return push.has_value() ? std::optional(push->resp2()) : std::nullopt;
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return closing_ || command_.has_value(); });
      if (closing_) return;
      const std::vector<std::string_view> argv(command_->begin(), command_->end());
      lock.unlock();
      Reply reply = session_.execute(argv, stop_.get_token()).resp2();
      lock.lock();
      command_.reset();
      replies_.push_back(std::move(reply));
      target_.call_ended();
      changed_.notify_all();
    }
  }

  InlayTarget& target_;
  Session session_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::vector<std::string>> command_;  // Until its reply is there.
  std::deque<Reply> replies_;
  bool closing_ = false;
  std::stop_source stop_;  // Ends a call that waits still.
  std::thread thread_;     // Last: it uses the others.
};

Result<std::unique_ptr<Client>> InlayTarget::connect() { return std::make_unique<InlayClient>(*this); }

}  // namespace

Result<std::unique_ptr<Target>> open_inlay_target() {
  auto clock = std::make_shared<ManualClock>(SystemClock().now());
  auto store = Store::open({.clock = clock, .background = Background::kManual});
  if (!store.ok()) return store.status();
  return std::make_unique<InlayTarget>(std::move(clock), *std::move(store));
}

}  // namespace inlay::conformance
