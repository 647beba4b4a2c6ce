// Batch: the calls of a pipeline, from the moment they are queued to the end of their results.
//
//   arena  | call: run, destroy, key hashes -> next | parameters | slot | bytes ... | call ...
//            ^ a TypedCall per method, a NamedCall per execute()
//
// A batch is shared by its pipeline and by the Deferreds that refer to its slots; whoever goes last frees it.
//
// Each call runs as if made alone, in the order in which they were queued, but the memory of the keys of some calls to come
// is fetched ahead of them. No lock is held from one call to the next: callers who hold the locks of a whole window wait
// for one another in chains, and 16 threads did a seventh of what they do so.
//
// Thread safety: thread-compatible, but for the references of SlotOwner.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "api/arena.h"
#include "api/commands/command.h"
#include "api/kept.h"
#include "api/store_core.h"
#include "engine/held_locks.h"
#include "inlay/deferred.h"

namespace inlay::internal {

class Batch;

/// A call in a batch.
struct QueuedCall {
  /// `held` covers the call's keys; null where the call is to lock for itself.
  void (*run)(QueuedCall& call, Batch& batch, HeldLocks* held);
  void (*destroy)(QueuedCall& call);
  QueuedCall* next = nullptr;
  std::span<const uint64_t> hashes;
  Reach reach;
  bool writes;
};

class Batch final : public SlotOwner {
 public:
  /// `is_transaction`: exec() is refused, as the transaction runs the batch.
  Batch(StoreCore& core, int db, bool is_transaction)
      : SlotOwner(1 + kMadeAtOnce), core_(core), db_(db), is_transaction_(is_transaction) {}
  ~Batch() override { destroy_calls(); }

  StoreCore& core() { return core_; }
  int db() const { return db_; }
  bool is_transaction() const { return is_transaction_; }
  size_t size() const { return has_run_ ? 0 : size_; }
  /// Whether its calls have run, so that the next one needs renewed().
  bool has_run() const { return has_run_; }
  /// The batch that the pipeline's next call goes to, in exchange for its reference to this one: itself where nobody else
  /// refers to it, else another one. The session of the by-name calls goes on.
  Batch* renewed();
  /// Ends the session, whose watches refer to the store, and gives up the pipeline's references: results may outlive it.
  void abandon() {
    session_.reset();
    release(1 + spare_references_);
  }

  template <auto Fn, auto Convert, class... Arguments>
  auto queue(const Arguments&... arguments);
  Deferred<Reply> queue_named(std::span<const Bytes> argv);

  /// Runs all calls, one after the other.
  void exec();

  /// What must be locked to run all calls as one.
  bool needs_keyspace() const { return needs_keyspace_; }
  bool writes() const { return writes_; }
  template <class Visit>
  void for_each_hash(Visit&& visit) const {
    for (const QueuedCall* call = first_; call != nullptr; call = call->next) {
      for (const uint64_t hash : call->hashes) visit(hash);
    }
  }
  /// Runs all calls under locks that cover them.
  void run_all(HeldLocks& held);

 private:
  template <auto Fn, auto Convert, class Parameters>
  struct TypedCall;
  struct NamedCall;

  void append(QueuedCall& call) {
    (last_ == nullptr ? first_ : last_->next) = &call;
    last_ = &call;
    ++size_;
    needs_keyspace_ = needs_keyspace_ || call.reach == Reach::kKeyspace;
    writes_ = writes_ || call.writes;
  }
  // A reference for a Deferred. Many are made at once, as each time takes an atomic operation.
  static constexpr uint32_t kMadeAtOnce = 64;
  void spend_reference() {
    if (spare_references_ == 0) add_references(spare_references_ = kMadeAtOnce);
    --spare_references_;
  }
  QueuedCall* prefetch_from(QueuedCall* first);
  void destroy_calls();
  SessionState& session();

  StoreCore& core_;
  const int db_;
  const bool is_transaction_;
  bool has_run_ = false;
  bool needs_keyspace_ = false;
  bool writes_ = false;
  uint32_t spare_references_ = kMadeAtOnce;  // Held beside the pipeline's own.
  size_t size_ = 0;
  QueuedCall* first_ = nullptr;
  QueuedCall* last_ = nullptr;
  std::unique_ptr<SessionState> session_;  // Of the by-name calls; null without any.
  Arena arena_;
};

template <class R>
struct ValueOfResult;
template <>
struct ValueOfResult<absl::Status> {
  using type = Ok;
};
template <class T>
struct ValueOfResult<absl::StatusOr<T>> {
  using type = T;
};

template <auto Fn, auto Convert, class... P>
struct Batch::TypedCall<Fn, Convert, std::tuple<P...>> final : QueuedCall {
  using Tx = typename Signature<decltype(Fn)>::Transaction;
  using R = decltype(converted<Convert>(std::declval<typename Signature<decltype(Fn)>::Result>()));
  using T = typename ValueOfResult<R>::type;

  template <class... Arguments>
  TypedCall(const Engine& engine, Arena& arena, const Arguments&... arguments)
      : parameters(Kept<P>(engine, arena, arguments)...) {
    run = &run_call;
    destroy = [](QueuedCall& call) { static_cast<TypedCall&>(call).~TypedCall(); };
    reach = reach_of<Tx>();
    writes = std::derived_from<Tx, WriteTx>;
    size_t count = 0;
    for_each_key([&](const KeyRef&) { ++count; });
    uint64_t* const place = count == 1 ? &only_hash : arena.allocate_array<uint64_t>(count);
    uint64_t* next_hash = place;
    for_each_key([&](const KeyRef& key) { *next_hash++ = key.hash; });
    hashes = {place, count};
  }

  template <class Visit>
  void for_each_key(Visit&& visit) const {
    std::apply([&](const auto&... kept) { (kept.for_each_key(visit), ...); }, parameters);
  }

  static void run_call(QueuedCall& call, Batch& batch, HeldLocks* held) {
    auto& self = static_cast<TypedCall&>(call);
    const auto call_fn = [&](const auto&... kept) {
      if constexpr (std::is_same_v<Tx, KeyspaceTx>) {
        if (held != nullptr) return held->run<Fn>(batch.db_, kept.get()...);
        return batch.core_.executor.run<Fn>(batch.db_, kept.get()...);
      } else {
        if (held != nullptr) return held->run_covered<Fn>(batch.db_, kept.get()...);
        return batch.core_.executor.run_bound<Fn>(batch.db_, kept...);
      }
    };
    self.slot.fill([&] { return converted<Convert>(std::apply(call_fn, self.parameters)); });
  }

  std::tuple<Kept<P>...> parameters;
  uint64_t only_hash;
  Slot<T> slot;
};

template <auto Fn, auto Convert, class... Arguments>
auto Batch::queue(const Arguments&... arguments) {
  using Call = TypedCall<Fn, Convert, typename Signature<decltype(Fn)>::Parameters>;
  void* const place = arena_.allocate(sizeof(Call), alignof(Call));
  auto* const call = new (place) Call(core_.engine, arena_, arguments...);
  append(*call);
  spend_reference();
  return Deferred<typename Call::T>(this, &call->slot);
}

}  // namespace inlay::internal
