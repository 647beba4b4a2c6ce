// Scope: what stands behind a View or a Transaction: which keys may be used, and how calls reach them.
//
// Thread safety: used by one thread.
#pragma once

#include <concepts>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "api/batch.h"
#include "api/commands/command.h"
#include "api/store_core.h"
#include "engine/held_locks.h"
#include "engine/message_tx.h"
#include "engine/watch_set.h"

namespace inlay::internal {

/// The watched keys of a Transaction.
///
/// The first attempt only notes how often the shards of its keys have changed: which costs the others nothing and is
/// enough where nothing else happens in them. If they have changed, by that key or another, the next attempts watch the
/// keys themselves, as WATCH does, so that no traffic on other keys can hinder them.
class WatchedKeys {
 public:
  /// The bytes of `keys` must outlive it.
  WatchedKeys(StoreCore& core, int db, std::span<const Key> keys);

  /// Begins an attempt. Returns whether it counts: the first, which may fail for nothing, does not.
  bool begin();
  /// If no key has changed since begin(), runs the batch, if there is one, in the same instant. Else false.
  bool commit(Batch* batch);

  /// A read of watched keys.
  template <auto Fn, class... Arguments>
  auto read(const Arguments&... arguments) const -> typename Signature<decltype(Fn)>::Result {
    using Sig = Signature<decltype(Fn)>;
    using Tx = typename Sig::Transaction;
    if constexpr (std::derived_from<Tx, WriteTx> || std::is_same_v<Tx, MessageTx>) {
      return error(Error::kWriteOutsideMulti);
    } else if constexpr (std::is_same_v<Tx, KeyspaceTx>) {
      return error(Error::kNeedsWholeKeyspace);
    } else {
      return bind_and_read<Fn>(static_cast<typename Sig::Parameters*>(nullptr), arguments...);
    }
  }

 private:
  struct Mark {
    KeyRef key;
    uint64_t changes;  // Of its shard.
  };

  template <auto Fn, class... P, class... Arguments>
  auto bind_and_read(std::tuple<P...>*, const Arguments&... arguments) const {
    return check_and_read<Fn>(Bound<P>(core_.engine, arguments)...);
  }
  template <auto Fn, class... B>
  auto check_and_read(const B&... bound) const -> typename Signature<decltype(Fn)>::Result {
    if (!all_keys([this](const KeyRef& key) { return covers(key); }, bound...))
      return error(Error::kUndeclaredKey);
    return core_.executor.run_bound<Fn>(db_, bound...);
  }
  bool covers(const KeyRef& key) const;
  bool changed(Aftermath& aftermath);
  uint64_t changes_now(const KeyRef& key, Aftermath& aftermath);

  StoreCore& core_;
  const int db_;
  absl::InlinedVector<Mark, 4> marks_;
  std::optional<WatchSet> watches_;  // From the second attempt on.
  bool has_begun_ = false;
};

struct Scope {
  StoreCore& core;
  int db;
  /// One of the two.
  HeldLocks* held = nullptr;
  WatchedKeys* watched = nullptr;
  /// Of the calls by name.
  std::optional<SessionState> session{};

  template <auto Fn, class... Arguments>
  auto run(const Arguments&... arguments) -> typename Signature<decltype(Fn)>::Result {
    return held != nullptr ? held->run<Fn>(db, arguments...) : watched->read<Fn>(arguments...);
  }
};

}  // namespace inlay::internal
