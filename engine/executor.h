// Executor: the one road by which a command reaches the engine.
//
//   run<Fn>(db, args...):  bind arguments (keys are hashed here, once) -> lock the keys' shards -> ask the memory gate,
//   where there are limits -> open the transaction that Fn's first parameter asks for -> call -> close -> serve who waits
//   for what changed -> evict -> unlock -> free what was taken out, wake who was served
//
// Lock order: a call locks all its shards before it touches any, by ascending shard index; nobody waits for a
// shard's lock while holding one of a higher index. A call that writes locks in addition the shards that serving the
// waiters of its shards may need; if it finds that out late, it lets go of all and begins anew. User code never runs under a shard's lock, but for the
// callback of Store::visit, whose contract forbids it to call the store.
//
// Fn's signature says what it needs: ReadTx&, WriteTx& or LeanTx& over the shards of its KeyRef, span<const KeyRef> and
// span<const KeyValueRef> parameters; SnapshotTx& to read many keys without holding their locks together; KeyspaceTx& to
// lock for itself.
//
// Thread safety: thread-safe.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "engine/transaction.h"

namespace inlay {

/// What a function pointer's type says.
template <class Fn>
struct Signature;
template <class R, class Tx, class... P>
struct Signature<R (*)(Tx, P...)> {
  using Result = R;
  using Transaction = std::remove_cvref_t<Tx>;
  using Parameters = std::tuple<std::remove_cvref_t<P>...>;
};
template <class R, class Tx, class... P>
struct Signature<R (*)(Tx, P...) noexcept> : Signature<R (*)(Tx, P...)> {};

/// How an argument is held between the caller and the command. The general case refers to the caller's object.
template <class Parameter>
struct Bound {
  template <class Argument>
  Bound(const Engine&, const Argument& argument) : value(argument) {}
  const Parameter& get() const { return value; }
  template <class Visit>
  void for_each_key(Visit&&) const {}
  // Converted by value where the caller's type differs: options and texts are small.
  const Parameter value;
};

template <>
struct Bound<KeyRef> {
  Bound(const Engine& engine, Bytes key) : value(engine.key(key)) {}
  const KeyRef& get() const { return value; }
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    visit(value);
  }
  const KeyRef value;
};

template <>
struct Bound<std::span<const KeyRef>> {
  /// From any range whose elements convert to Bytes.
  template <class Keys>
  Bound(const Engine& engine, const Keys& keys) {
    values.reserve(std::size(keys));
    for (const auto& key : keys) values.push_back(engine.key(Bytes(key)));
  }
  std::span<const KeyRef> get() const { return values; }
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    for (const KeyRef& key : values) visit(key);
  }
  absl::InlinedVector<KeyRef, 16> values;
};

template <>
struct Bound<std::span<const KeyValueRef>> {
  /// From any range of pairs with members key and value that convert to Bytes.
  template <class Pairs>
  Bound(const Engine& engine, const Pairs& pairs) {
    values.reserve(std::size(pairs));
    for (const auto& pair : pairs) values.push_back({engine.key(Bytes(pair.key)), Bytes(pair.value)});
  }
  std::span<const KeyValueRef> get() const { return values; }
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    for (const KeyValueRef& pair : values) visit(pair.key);
  }
  absl::InlinedVector<KeyValueRef, 8> values;
};

/// Types derived from CountedKeys only read their count in another way.
template <std::derived_from<CountedKeys> Keys>
struct Bound<Keys> : Bound<std::span<const KeyRef>> {
  using Bound<std::span<const KeyRef>>::Bound;
  Keys get() const { return {{values}}; }
};

template <>
struct Bound<CountedPairs> : Bound<std::span<const KeyValueRef>> {
  using Bound<std::span<const KeyValueRef>>::Bound;
  CountedPairs get() const { return {values}; }
};

/// Whether `holds(const KeyRef&)` is true of every key among bound arguments.
template <class Predicate, class... B>
bool all_keys(const Predicate& holds, const B&... bound) {
  bool all = true;
  (bound.for_each_key([&](const KeyRef& key) { all = all && holds(key); }), ...);
  return all;
}

/// What a call does to the shards that it locks.
enum class Access : uint8_t { kRead, kWrite };

/// Holds the locks of the shards of many keys, taken in index order, each once. For writing also those that serving the
/// waiters of these shards may need.
class ShardSetGuard {
 public:
  ShardSetGuard(Engine& engine, std::span<const uint64_t> hashes, Access access);
  /// Of all shards.
  explicit ShardSetGuard(Engine& engine);
  ~ShardSetGuard();
  ShardSetGuard(const ShardSetGuard&) = delete;
  ShardSetGuard& operator=(const ShardSetGuard&) = delete;

  /// Whether the shard of a key with this hash is locked.
  bool holds(uint64_t hash) const;
  /// Visits the locked shards in order.
  void for_each(absl::FunctionRef<void(Shard& shard)> visit) const;

 private:
  // A bit per shard, which sorts them with no branch that a processor could mispredict.
  static constexpr size_t kWordBits = 64;
  using ShardBits = std::array<uint64_t, kShardsMax / kWordBits>;

  template <class Visit>
  void for_each_shard(Visit&& visit) const;
  void add(size_t shard);
  void lock_all();
  void unlock_all();
  bool add_shards_of_waiters();

  Engine& engine_;
  ShardBits shards_{};
};

/// Looks after the waiters of every key that became ready. The call's locks must be held.
void serve_waiters(Engine& engine, Aftermath& aftermath);
/// Hands the call's events so far on, in the order in which they happened. The locks must be held.
void hand_on_events(Engine& engine, Aftermath& aftermath);
/// Serves waiters, brings what was written to back within its limits, and hands the call's events on. The locks, those of
/// `guard` where there is one, must be held.
void finish_call(Engine& engine, Aftermath& aftermath, const ShardSetGuard* guard = nullptr);

/// Ends a call, or a transaction of many, while its locks are still held.
class CommitScope {
 public:
  /// `guard` where several shards may be locked.
  CommitScope(Engine& engine, Aftermath& aftermath, const ShardSetGuard* guard = nullptr)
      : engine_(engine), aftermath_(aftermath), guard_(guard) {}
  ~CommitScope() {
    if (aftermath_.has_business()) [[unlikely]]
      finish_call(engine_, aftermath_, guard_);
  }
  CommitScope(const CommitScope&) = delete;
  CommitScope& operator=(const CommitScope&) = delete;

 private:
  Engine& engine_;
  Aftermath& aftermath_;
  const ShardSetGuard* const guard_;
};

/// Whether a command of this transaction may need memory, and is refused where there is none.
template <class Tx>
inline constexpr bool kGrows = std::is_same_v<Tx, WriteTx>;

/// Starts the memory reads that looking up these keys will wait for, if they are so many that it pays. Takes their locks
/// one at a time, each for a moment, so none may be held.
void prefetch_keys(Engine& engine, int db, std::span<const uint64_t> hashes);
void prefetch_keys(Engine& engine, int db, std::span<const KeyRef> keys);

class SnapshotTx;

class Executor {
 public:
  explicit Executor(Engine& engine) : engine_(engine) {}

  Engine& engine() const { return engine_; }

  /// Runs the command `Fn` in database `db` with arguments that its parameters can be made of.
  template <auto Fn, class... Arguments>
  auto run(int db, const Arguments&... arguments) const {
    using Sig = Signature<decltype(Fn)>;
    if constexpr (std::is_same_v<typename Sig::Transaction, KeyspaceTx>) {
      KeyspaceTx tx(engine_, db);
      return Fn(tx, arguments...);
    } else {
      return bind_and_run<Fn>(db, static_cast<typename Sig::Parameters*>(nullptr), arguments...);
    }
  }

  /// The same with arguments that were bound before, one per parameter: each has get() and for_each_key() as Bound does.
  template <auto Fn, class... B>
  [[gnu::always_inline]] auto run_bound(int db, const B&... bound) const {
    using Sig = Signature<decltype(Fn)>;
    using Tx = typename Sig::Transaction;
    if constexpr (std::is_same_v<Tx, SnapshotTx>) {
      Aftermath aftermath;
      Tx tx(engine_, db, aftermath, Tx::Locks::kTaken);
      return Fn(tx, bound.get()...);
    } else {
      return call<Fn, Tx, has_one_key(static_cast<typename Sig::Parameters*>(nullptr))>(db, bound...);
    }
  }

 private:
  template <class P>
  static constexpr bool kHoldsKeys =
      std::is_same_v<P, KeyRef> || std::is_same_v<P, std::span<const KeyRef>> ||
      std::is_same_v<P, std::span<const KeyValueRef>> || std::is_same_v<P, CountedPairs> ||
      std::derived_from<P, CountedKeys>;

  template <class... P>
  static constexpr bool has_one_key(std::tuple<P...>*) {
    return (std::is_same_v<P, KeyRef> + ...) == 1 && (kHoldsKeys<P> + ...) == 1;
  }

  template <auto Fn, class... P, class... Arguments>
  auto bind_and_run(int db, std::tuple<P...>*, const Arguments&... arguments) const {
    return run_bound<Fn>(db, Bound<P>(engine_, arguments)...);
  }

  template <class Tx>
  static constexpr Access kAccess = std::derived_from<Tx, WriteTx> ? Access::kWrite : Access::kRead;

  // The aftermath outlives the guard, so that it comes after the locks. Inlined by force: every call of one key goes here.
  template <auto Fn, class Tx, bool kOneKey, class... B>
  [[gnu::always_inline]] auto call(int db, const B&... bound) const ->
      typename Signature<decltype(Fn)>::Result {
    if constexpr (kOneKey) {
      Aftermath aftermath;
      // A local, as taking a lock would have the member read again. The key is the first parameter, by convention.
      Engine& engine = engine_;
      Shard& shard = engine.shard_of(std::get<0>(std::tie(bound...)).get());
      ShardLockGuard guard(shard.lock());
      if (kAccess<Tx> == Access::kRead || !shard.serving_needs_more_shards()) [[likely]] {
        CommitScope commit(engine, aftermath);
        if constexpr (kAccess<Tx> == Access::kWrite) {
          if (shard.is_bounded()) [[unlikely]] {
            const uint64_t& hash = std::get<0>(std::tie(bound...)).get().hash;
            if (kGrows<Tx>) shard.bound()->expect(engine.physical(db), hash);
            if (!engine.memory().admit(shard, aftermath, {&hash, 1}, kGrows<Tx>))
              return typename Signature<decltype(Fn)>::Result(error(Error::kOutOfMemory));
          }
        }
        Tx tx(engine, db, aftermath, &shard);
        return Fn(tx, bound.get()...);
      }
    }
    return call_on_many<Fn, Tx>(db, bound...);
  }

  template <auto Fn, class Tx, class... B>
  [[gnu::noinline]] auto call_on_many(int db, const B&... bound) const ->
      typename Signature<decltype(Fn)>::Result {
    const auto hashes = hashes_of(bound...);
    Aftermath aftermath;
    prefetch_keys(engine_, db, hashes);
    ShardSetGuard guard(engine_, hashes, kAccess<Tx>);
    CommitScope commit(engine_, aftermath, &guard);
    if constexpr (kAccess<Tx> == Access::kWrite) {
      if (engine_.memory().is_bounded() && !engine_.memory().admit(guard, aftermath, hashes, kGrows<Tx>))
          [[unlikely]]
        return typename Signature<decltype(Fn)>::Result(error(Error::kOutOfMemory));
    }
    Tx tx(engine_, db, aftermath);
    return Fn(tx, bound.get()...);
  }

  // Apart, since g++ 12 takes the elements to be uninitialized where it inlines this (-Wmaybe-uninitialized).
  template <class... B>
  [[gnu::noinline]] static absl::InlinedVector<uint64_t, 32> hashes_of(const B&... bound) {
    absl::InlinedVector<uint64_t, 32> hashes;
    (bound.for_each_key([&](const KeyRef& key) { hashes.push_back(key.hash); }), ...);
    return hashes;
  }

  Engine& engine_;
};

}  // namespace inlay
