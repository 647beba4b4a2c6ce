// InlayWorld: a script of waits on a store, by its asynchronous calls and a session, on one thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "inlay/async.h"
#include "inlay/expiry/clock.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/blocking_world.h"

namespace inlay::test {

/// Keeps tasks until run_all().
class TaskQueue final : public CallbackExecutor {
 public:
  void post(absl::AnyInvocable<void()> task) override { tasks_.push_back(std::move(task)); }
  void run_all() {
    for (; !tasks_.empty(); tasks_.pop_front()) tasks_.front()();
  }
  size_t size() const { return tasks_.size(); }

 private:
  std::deque<absl::AnyInvocable<void()>> tasks_;
};

class InlayWorld final : public BlockingWorld {
 public:
  InlayWorld(size_t shards, uint64_t seed);
  ~InlayWorld() override;

  void block(int id, const Argv& argv, Duration timeout) override;
  Reply call(const Argv& argv) override;
  void stop(int id) override { stops_[id].request_stop(); }
  void pass(Duration time) override;
  std::vector<Ending> endings() override;
  size_t blocked() override { return store_->stats().blocked_waiters; }
  Store& store() { return *store_; }

 private:
  template <class T>
  void start(int id, AsyncCall<std::optional<T>> call);

  TaskQueue tasks_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::unique_ptr<Store> store_;
  Session session_;
  std::map<int, std::stop_source> stops_;
  std::vector<Ending> endings_;
};

}  // namespace inlay::test
