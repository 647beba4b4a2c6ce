// run_blocking, start_blocking: how a command that may have to wait is run, parking its thread or calling back.
//
//   lock the shards of all keys ──> Fn ──> nil? join the queues of the keys ──> unlock ──> wait
//                                    │                                                      │
//                                    └──> a value or an error: done                         v
//                                   whoever changes a key calls Fn again with that key alone, under its own locks
//
// Fn is the command that tries once: it gives nil where it would have to wait, and its signature says the rest:
//   WaitFor<type>    how long to wait, and for keys of which type
//   CountedKeys      (or a type derived from it) the keys to wait for, any of them; or else
//   KeyRef, KeyRef   the key to wait for, and the one that serving it changes.
// All its other parameters are kept by value, so they must not refer to the caller's memory.
//
// Thread safety: thread-safe.
#pragma once

#include <concepts>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "engine/blocked_calls.h"
#include "engine/error.h"
#include "engine/executor.h"
#include "inlay/callback_executor.h"

namespace inlay {

/// How long a call waits for a key to hold a `type`: not at all for zero or less, without end for the greatest Duration.
template <Type type>
struct WaitFor {
  Duration timeout{};
};

template <class P>
inline constexpr bool kIsWaitFor = false;
template <Type type>
inline constexpr bool kIsWaitFor<WaitFor<type>> = true;

namespace internal {

template <class Parameters>
inline constexpr bool kHasWaitFor = false;
template <class... P>
inline constexpr bool kHasWaitFor<std::tuple<P...>> = (kIsWaitFor<P> || ...);

template <class... P>
struct TypeWaitedFor;
template <Type type, class... P>
struct TypeWaitedFor<WaitFor<type>, P...> {
  static constexpr Type value = type;
};
template <class First, class... P>
struct TypeWaitedFor<First, P...> : TypeWaitedFor<P...> {};

// A parameter as a waiting call keeps it, and as it hands it to Fn when `ready` is the key to take from.
template <class P>
struct WaitingArgument {
  explicit WaitingArgument(const Bound<P>& bound) : value(bound.get()) {}
  const P& get(const KeyRef&) const { return value; }
  P value;
};
template <>
struct WaitingArgument<KeyRef> {
  explicit WaitingArgument(const Bound<KeyRef>& bound) : bytes(bound.value.bytes), hash(bound.value.hash) {}
  KeyRef get(const KeyRef&) const { return {bytes, hash}; }
  std::string bytes;
  uint64_t hash;
};
template <std::derived_from<CountedKeys> Keys>
struct WaitingArgument<Keys> {
  explicit WaitingArgument(const Bound<Keys>&) {}
  Keys get(const KeyRef& ready) const { return {{std::span(&ready, 1)}}; }
};

// What the keys among the arguments are to a call that waits.
struct WaitKeys {
  std::span<const KeyRef> awaited;
  std::optional<uint64_t> destination;

  template <class P>
  void note(const Bound<P>& bound) {
    if constexpr (std::derived_from<P, CountedKeys>) {
      awaited = bound.get().keys;
    } else if constexpr (std::is_same_v<P, KeyRef>) {
      awaited.empty() ? void(awaited = std::span(&bound.value, 1)) : void(destination = bound.value.hash);
    }
  }
};

template <class... P>
WaitKeys wait_keys(const Bound<P>&... bound) {
  WaitKeys keys;
  (keys.note(bound), ...);
  return keys;
}

template <class... P>
Duration timeout_of(const Bound<P>&... bound) {
  Duration timeout{};
  const auto note = [&]<class Q>(const Bound<Q>& each) {
    if constexpr (kIsWaitFor<Q>) timeout = each.value.timeout;
  };
  (note(bound), ...);
  return timeout;
}

/// A call of Fn that waits.
template <auto Fn, class Parameters = typename Signature<decltype(Fn)>::Parameters>
class CallOf;
template <auto Fn, class... P>
class CallOf<Fn, std::tuple<P...>> : public BlockedCall {
 public:
  using Outcome = typename Signature<decltype(Fn)>::Result;

  CallOf(Engine& engine, int db, const Bound<P>&... bound)
      : CallOf(engine, db, wait_keys<P...>(bound...), bound...) {}

  void serve(LeanTx& tx, const KeyRef& key) final {
    outcome_ = std::apply([&](const WaitingArgument<P>&... kept) { return Fn(tx, kept.get(key)...); }, kept_);
  }

 protected:
  /// How the wait went. Once it has ended, and by whom it was ended has woken it.
  Outcome take_outcome() {
    if (state() == State::kCancelled)
      outcome_ = error(engine().blocked_calls().is_closed() ? Error::kStoreClosed : Error::kWaitStopped);
    return std::move(outcome_);
  }

 private:
  CallOf(Engine& engine, int db, const WaitKeys& keys, const Bound<P>&... bound)
      : BlockedCall(engine, db, TypeWaitedFor<P...>::value, keys.awaited, keys.destination),
        kept_(bound...) {}

  std::tuple<WaitingArgument<P>...> kept_;
  Outcome outcome_ = std::nullopt;
};

/// Where a thread sleeps until another wakes it. Thread-safe.
class Bed {
 public:
  void wake();
  /// Sleeps until woken, or until `deadline` on the monotonic clock; whether it was woken.
  bool sleep(std::optional<int64_t> deadline_ns);

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;
};

/// A call whose thread sleeps.
template <auto Fn>
class ParkedCall final : public CallOf<Fn> {
 public:
  using CallOf<Fn>::CallOf;

  void wake() override { bed_.wake(); }

  /// To be called after enter(), without locks.
  typename CallOf<Fn>::Outcome park(BlockedCalls::Deadline deadline, const std::stop_token& stop) {
    {
      const std::stop_callback cancel(stop, [&] { BlockedCalls::end(*this, Waiter::State::kCancelled); });
      if (this->engine().blocked_calls().fires_all_deadlines()) deadline.reset();
      // Who comes too late to time it out waits for whoever has ended it.
      if (!bed_.sleep(deadline) && !this->engine().end_wait(*this, Waiter::State::kTimedOut))
        bed_.sleep(std::nullopt);
    }
    auto outcome = this->take_outcome();
    this->leave();
    return outcome;
  }

 private:
  Bed bed_;
};

/// A call that ends with a task for an executor.
template <auto Fn>
class AsyncCallOf final : public CallOf<Fn> {
 public:
  using Outcome = typename CallOf<Fn>::Outcome;
  using Done = absl::AnyInvocable<void(Outcome)>;

  template <class... P>
  AsyncCallOf(CallbackExecutor& executor, Done done, Engine& engine, int db, const Bound<P>&... bound)
      : CallOf<Fn>(engine, db, bound...), executor_(executor), done_(std::move(done)) {}

  void wake() override {
    Outcome outcome = this->take_outcome();
    this->leave();
    finish(std::move(outcome));
  }
  /// To be called without locks.
  void finish(Outcome outcome) {
    executor_.post(
        [done = std::move(done_), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  }
  /// To be called after enter(), without locks: by then the wait may have ended.
  void cancel_on(const std::stop_token& stop) {
    // Weak, as a stop source may live longer than any call.
    const std::weak_ptr<BlockedCall> weak = this->weak_from_this();
    cancel_.emplace(stop, Cancel{weak});
  }

 private:
  struct Cancel {
    void operator()() const {
      if (const std::shared_ptr<BlockedCall> call = weak.lock())
        BlockedCalls::end(*call, Waiter::State::kCancelled);
    }
    std::weak_ptr<BlockedCall> weak;
  };

  CallbackExecutor& executor_;
  Done done_;
  std::optional<std::stop_callback<Cancel>> cancel_;
};

// Calls Fn. Where it gives nil and there is time to wait, `make()` gives the call that joins the queues: `entered` says
// whether it did. Locks are held only within.
template <auto Fn, class Make, class... P>
typename Signature<decltype(Fn)>::Result try_or_enter(Engine& engine, int db,
                                                      BlockedCalls::Deadline& deadline, bool& entered,
                                                      Make&& make, const Bound<P>&... bound) {
  absl::InlinedVector<uint64_t, 32> hashes;
  (bound.for_each_key([&](const KeyRef& key) { hashes.push_back(key.hash); }), ...);
  Aftermath aftermath;
  const ShardSetGuard guard(engine, hashes, Access::kWrite);
  const CommitScope commit(engine, aftermath, &guard);
  using Sig = Signature<decltype(Fn)>;
  constexpr bool grows = kGrows<typename Sig::Transaction>;
  if (engine.memory().is_bounded() && !engine.memory().admit(guard, aftermath, hashes, grows)) [[unlikely]]
    return typename Sig::Result(error(Error::kOutOfMemory));
  LeanTx tx(engine, db, aftermath);
  auto outcome = Fn(tx, bound.get()...);
  const Duration timeout = timeout_of(bound...);
  if (!is_nil(outcome) || timeout <= Duration::zero()) return outcome;
  deadline = engine.blocked_calls().deadline_after(timeout);
  entered = make();
  return entered ? std::move(outcome) : error(Error::kStoreClosed);
}

template <auto Fn, class... P>
auto run_bound_blocking(Engine& engine, int db, const std::stop_token& stop, const Bound<P>&... bound) {
  std::shared_ptr<ParkedCall<Fn>> call;
  BlockedCalls::Deadline deadline;
  bool entered = false;
  auto outcome = try_or_enter<Fn>(
      engine, db, deadline, entered,
      [&] {
        call = std::make_shared<ParkedCall<Fn>>(engine, db, bound...);
        return call->enter(engine.blocked_calls().fires_all_deadlines() ? deadline : std::nullopt);
      },
      bound...);
  return entered ? call->park(deadline, stop) : std::move(outcome);
}

template <auto Fn, class... P>
void start_bound_blocking(Engine& engine, int db, const std::stop_token& stop, CallbackExecutor& executor,
                          typename AsyncCallOf<Fn>::Done done, const Bound<P>&... bound) {
  // Made before the locks, as what it holds of the program is let go where it ends.
  const auto call = std::make_shared<AsyncCallOf<Fn>>(executor, std::move(done), engine, db, bound...);
  BlockedCalls::Deadline deadline;
  bool entered = false;
  auto outcome = try_or_enter<Fn>(
      engine, db, deadline, entered, [&] { return call->enter(deadline); }, bound...);
  entered ? call->cancel_on(stop) : call->finish(std::move(outcome));
}

}  // namespace internal

/// Whether a command may have to wait.
template <auto Fn>
inline constexpr bool kBlocks = internal::kHasWaitFor<typename Signature<decltype(Fn)>::Parameters>;

/// Runs `Fn` in database `db` and waits as long as its WaitFor allows while it gives nil. Nil where the time is out.
/// Errors: Fn's own; Cancelled where it would have to wait and `stop` was asked for, or the store closed.
template <auto Fn, class... Arguments>
auto run_blocking(Engine& engine, int db, const std::stop_token& stop, const Arguments&... arguments) {
  return [&]<class... P>(std::tuple<P...>*) {
    return internal::run_bound_blocking<Fn>(engine, db, stop, Bound<P>(engine, arguments)...);
  }(static_cast<typename Signature<decltype(Fn)>::Parameters*>(nullptr));
}

/// The same without waiting: what run_blocking would return becomes an argument of `done`, in a task for `executor`.
template <auto Fn, class... Arguments>
void start_blocking(Engine& engine, int db, const std::stop_token& stop, CallbackExecutor& executor,
                    typename internal::AsyncCallOf<Fn>::Done done, const Arguments&... arguments) {
  [&]<class... P>(std::tuple<P...>*) {
    internal::start_bound_blocking<Fn>(engine, db, stop, executor, std::move(done),
                                       Bound<P>(engine, arguments)...);
  }(static_cast<typename Signature<decltype(Fn)>::Parameters*>(nullptr));
}

}  // namespace inlay
