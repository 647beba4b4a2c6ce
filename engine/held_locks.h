// HeldLocks: locks that many calls share, so that together they are one.
//
//   HeldLocks held(engine, hashes, Access::kWrite);     all shards locked, in index order
//   held.run<cmd::incr>(db, "a");                       as Executor::run, without locking
//   held.run<cmd::get>(db, "z");                        an error if no lock covers "z"
//                                                       end: who waits is served, then the locks go, then the rest
//
// MULTI, transactions, atomic closures and registered functions run in one.
//
// Invariants
//   1. No call reads or writes a key whose shard is not locked.
//   2. With a declaration, no call does so with a key that was not declared, wherever it lives: what a program may touch
//      must not follow from how its keys happen to hash.
//   3. Locked for reading, nothing is written but the removal of dead keys.
//   4. Time stands still: the first call that needs it reads the clock for all.
//
// Complexity: O(shards locked) to make and to end; a call adds O(log shards), or O(keys declared), per key.
// Thread safety: used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/executor.h"
#include "engine/snapshot.h"

namespace inlay {

class HeldLocks {
 public:
  /// Locks the shards of keys with these hashes, which must live as long as this does.
  HeldLocks(Engine& engine, std::span<const uint64_t> hashes, Access access)
      : engine_(engine),
        access_(access),
        holds_all_(false),
        written_(hashes),
        guard_(engine, hashes, access),
        commit_(engine, aftermath_, &guard_) {}
  /// Locks all shards, for writing.
  explicit HeldLocks(Engine& engine)
      : engine_(engine),
        access_(Access::kWrite),
        holds_all_(true),
        guard_(engine),
        commit_(engine, aftermath_, &guard_) {}
  HeldLocks(const HeldLocks&) = delete;
  HeldLocks& operator=(const HeldLocks&) = delete;

  Engine& engine() { return engine_; }
  Aftermath& aftermath() { return aftermath_; }
  bool holds_all() const { return holds_all_; }

  /// For as long as this lives, calls may use `keys` alone, all of which must be covered, and write only if `access` and
  /// the locks allow it. `keys` must outlive it.
  class Narrowed {
   public:
    Narrowed(HeldLocks& held, std::span<const KeyRef> keys, Access access)
        : held_(held), declared_(std::exchange(held.declared_, keys)), access_(held.access_) {
      if (access == Access::kRead) held.access_ = access;
    }
    ~Narrowed() {
      held_.declared_ = declared_;
      held_.access_ = access_;
    }
    Narrowed(const Narrowed&) = delete;
    Narrowed& operator=(const Narrowed&) = delete;

   private:
    HeldLocks& held_;
    const std::optional<std::span<const KeyRef>> declared_;  // Before, as the access.
    const Access access_;
  };

  /// Whether calls may use this key.
  bool covers(const KeyRef& key) const {
    return declared_.has_value() ? is_declared(key) : holds_all_ || guard_.holds(key.hash);
  }

  /// Executor::run under these locks. Errors besides Fn's own: a key that is not covered; a command that looks at the
  /// whole keyspace while not all of it is locked; a write under locks for reading.
  template <auto Fn, class... Arguments>
  auto run(int db, const Arguments&... arguments) -> typename Signature<decltype(Fn)>::Result {
    using Sig = Signature<decltype(Fn)>;
    if constexpr (std::is_same_v<typename Sig::Transaction, KeyspaceTx>) {
      return run_on_keyspace<Fn>(db, arguments...);
    } else {
      return run_bound<Fn>(db, static_cast<typename Sig::Parameters*>(nullptr), arguments...);
    }
  }

  /// The same for parameters as Fn takes them, whose keys must be covered.
  template <auto Fn, class... Parameters>
  auto run_covered(int db, const Parameters&... parameters) -> typename Signature<decltype(Fn)>::Result {
    using Tx = typename Signature<decltype(Fn)>::Transaction;
    if constexpr (std::derived_from<Tx, WriteTx>) {
      if (engine_.memory().is_bounded() && !admit(kGrows<Tx>)) [[unlikely]]
        return error(Error::kOutOfMemory);
    }
    Tx tx(engine_, db, aftermath_);
    return Fn(tx, parameters...);
  }

  /// Asks whether calls that need memory may run. The first answer holds for all calls under these locks, so that none of
  /// them fails for what another one of them took.
  bool admit_growth() { return !engine_.memory().is_bounded() || admit(true); }

 private:
  template <auto Fn, class... Arguments>
  auto run_on_keyspace(int db, const Arguments&... arguments) -> typename Signature<decltype(Fn)>::Result {
    if (!holds_all_ || declared_.has_value()) return error(Error::kNeedsWholeKeyspace);
    KeyspaceTx tx(engine_, db, &aftermath_);
    return Fn(tx, arguments...);
  }

  template <auto Fn, class... P, class... Arguments>
  auto run_bound(int db, std::tuple<P...>*, const Arguments&... arguments) ->
      typename Signature<decltype(Fn)>::Result {
    return check_and_run<Fn>(db, Bound<P>(engine_, arguments)...);
  }

  template <auto Fn, class... B>
  auto check_and_run(int db, const B&... bound) -> typename Signature<decltype(Fn)>::Result {
    constexpr bool writes = std::derived_from<typename Signature<decltype(Fn)>::Transaction, WriteTx>;
    if (writes && access_ == Access::kRead) return error(Error::kReadOnly);
    if (!all_keys([this](const KeyRef& key) { return covers(key); }, bound...))
      return error(Error::kUndeclaredKey);
    if (writes && holds_all_ && engine_.memory().is_bounded()) [[unlikely]]
      (bound.for_each_key([&](const KeyRef& key) { note_written(key.hash); }), ...);
    return run_covered<Fn>(db, bound.get()...);
  }

  bool is_declared(const KeyRef& key) const;
  bool admit(bool grows);
  void note_written(uint64_t hash);

  Engine& engine_;
  Access access_;
  const bool holds_all_;
  std::optional<std::span<const KeyRef>> declared_;
  std::span<const uint64_t> written_;  // Hashes of keys that calls may write to;
  std::vector<uint64_t> noted_;        // with all locks, of those that they did.
  bool is_admitted_ = false;           // The shards will be settled at the end.
  std::optional<bool> may_grow_;       // What the memory gate has answered.
  // In this order: at the end waiters are served, locks released, and what is left done.
  Aftermath aftermath_;
  ShardSetGuard guard_;
  CommitScope commit_;
};

}  // namespace inlay
