#include "inlay/patterns/cache_flights.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

namespace inlay::internal {
namespace {

// How often those who may time out look at the store's clock, which need not run as the computer's does.
constexpr auto kLookAtClock = std::chrono::milliseconds(5);

absl::Status recursion() {
  return absl::FailedPreconditionError("a loader asks for a key whose load waits for it");
}

}  // namespace

Result<Flights::Joined> Flights::join(std::string_view key, const EntryHeader& basis, Need need) {
  const std::lock_guard lock(mutex_);
  auto& of_key = flights_[std::string(key)];
  std::shared_ptr<Flight> flight;
  for (const auto& each : of_key) {
    if (each->state_ == Flight::State::kRunning && each->loader_ == std::this_thread::get_id())
      return recursion();
    if (each->basis == basis) flight = each;
  }
  const bool is_new = flight == nullptr;
  if (is_new) flight = of_key.emplace_back(std::make_shared<Flight>(std::string(key), basis));
  if (need == Need::kBackground) return Joined{std::move(flight), is_new};
  if (!is_new && (need == Need::kRun || flight->state_ == Flight::State::kRunning))
    return Joined{std::move(flight), false};
  flight->state_ = Flight::State::kRunning;
  flight->loader_ = std::this_thread::get_id();
  return Joined{std::move(flight), true};
}

bool Flights::claim(Flight& flight) {
  const std::lock_guard lock(mutex_);
  if (closing_ || flight.state_ != Flight::State::kQueued) return false;
  flight.state_ = Flight::State::kRunning;
  flight.loader_ = std::this_thread::get_id();
  flight.is_in_background_ = true;
  ++in_background_;
  return true;
}

bool Flights::depends_on_me(const Flight& flight) const {
  const std::thread::id me = std::this_thread::get_id();
  for (const Flight* on = &flight; on != nullptr;) {
    if (on->loader_ == me) return true;
    const auto wait = waits_.find(on->loader_);
    on = wait == waits_.end() ? nullptr : wait->second;
  }
  return false;
}

absl::Status Flights::wait(Flight& flight, absl::FunctionRef<bool()> timed_out, bool may_time_out) {
  const std::thread::id me = std::this_thread::get_id();
  {
    const std::lock_guard lock(mutex_);
    if (depends_on_me(flight)) return recursion();
    waits_.emplace(me, &flight);
  }
  bool landed = true;
  {
    std::unique_lock lock(flight.mutex_);
    while (!flight.done_ && landed) {
      if (!may_time_out) {
        flight.ended_.wait(lock);
      } else if (timed_out()) {
        landed = false;
      } else {
        flight.ended_.wait_for(lock, kLookAtClock);
      }
    }
  }
  const std::lock_guard lock(mutex_);
  waits_.erase(me);
  return landed ? absl::OkStatus() : absl::DeadlineExceededError("the load takes longer than load_timeout");
}

void Flights::remove(const Flight& flight) {
  const auto of_key = flights_.find(flight.key);
  assert(of_key != flights_.end() && "a flight is in the table until it lands");
  std::erase_if(of_key->second, [&](const auto& each) { return each.get() == &flight; });
  if (of_key->second.empty()) flights_.erase(of_key);
}

void Flights::publish(Flight& flight, std::optional<Nullable<std::string>> outcome) {
  {
    const std::lock_guard lock(flight.mutex_);
    flight.outcome_ = std::move(outcome);
    flight.done_ = true;
  }
  flight.ended_.notify_all();
}

void Flights::land(Flight& flight, std::optional<Nullable<std::string>> outcome) {
  bool was_in_background = false;
  {
    const std::lock_guard lock(mutex_);
    remove(flight);
    was_in_background = flight.is_in_background_;
    // Nobody's from here on: its thread may wait for other flights.
    flight.loader_ = {};
  }
  publish(flight, std::move(outcome));
  if (!was_in_background) return;
  const std::lock_guard lock(mutex_);
  --in_background_;
  background_ended_.notify_all();
}

void Flights::drop_if_queued(Flight& flight) {
  {
    const std::lock_guard lock(mutex_);
    if (flight.state_ != Flight::State::kQueued) return;
    flight.state_ = Flight::State::kRunning;  // So that it is dropped once.
    remove(flight);
  }
  publish(flight, std::nullopt);
}

void Flights::close() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  background_ended_.wait(lock, [this] { return in_background_ == 0; });
}

uint64_t Flights::waiting() const {
  const std::lock_guard lock(mutex_);
  return waits_.size();
}

}  // namespace inlay::internal
