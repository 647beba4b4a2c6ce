// Store: Redis's data structures inside your program.
//
//   auto store = inlay::Store::open().value();
//   store->set("session:1", "user_data", 30min);
//   auto v = store->get("session:1");   // error | nil | value
//
// Many stores may live in one process. A store is thread-safe: any method may be called from any thread at any
// time; each call is atomic, calls on many keys included. No exceptions are thrown.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "inlay/callback_executor.h"
#include "inlay/commands/blocking.h"
#include "inlay/commands/hash.h"
#include "inlay/commands/key.h"
#include "inlay/commands/list.h"
#include "inlay/commands/pubsub.h"
#include "inlay/commands/set.h"
#include "inlay/commands/sorted_set.h"
#include "inlay/commands/string.h"
#include "inlay/event.h"
#include "inlay/message.h"
#include "inlay/pipeline.h"
#include "inlay/reply.h"
#include "inlay/result.h"
#include "inlay/scan_range.h"
#include "inlay/subscriber.h"
#include "inlay/subscription.h"
#include "inlay/transaction.h"
#include "inlay/types.h"
#include "inlay/view.h"

namespace inlay {

enum class Background {
  kThread,  // One thread removes keys when their deadline comes.
  kManual,  // Nothing runs unless maintain() is called; dead keys are invisible all the same.
};

struct Options {
  /// A power of two up to 1024; 0 chooses from the number of cores.
  size_t shards = 0;
  /// Null: the system's clock.
  std::shared_ptr<Clock> clock{};
  /// Rules the hash and every random choice. Unset: a random one. Set it for determinism only: with a seed that
  /// an adversary knows, keys can be chosen to collide.
  std::optional<uint64_t> seed{};
  Background background = Background::kThread;
  /// 1 to 16.
  int databases = 16;

  // Limits; 0: none. Those that are set hold together. What is over them goes by `eviction`, a little at a time; a store
  // may be over them by one entry per shard while calls are under way. They can be changed with Store::set_limits().
  /// Bytes of all that the store holds, as stats().bytes counts them.
  uint64_t max_memory = 0;
  /// Keys in all databases.
  uint64_t max_entries = 0;
  /// Of the sum of what `weigher` gives for every key. It is called under a lock whenever a key was written to: it must be
  /// quick, must not call the store, and depend on nothing but its arguments: the key, and the bytes that key and value
  /// occupy.
  uint64_t max_weight = 0;
  std::function<uint64_t(Key key, uint64_t bytes)> weigher{};
  /// Which keys go: a value of Redis's maxmemory-policy, or another of eviction_policies(). "noeviction" refuses writes
  /// that need memory with ResourceExhausted. Empty: the default for caches where there is a limit, else "noeviction".
  std::string eviction{};
};

/// What Store::set_limits() sets; the fields are those of Options.
struct StoreLimits {
  uint64_t max_memory = 0;
  uint64_t max_entries = 0;
  std::string eviction{};
};

struct FunctionOptions {
  /// Only reads, so that FCALL_RO may call it. Its writes are refused.
  bool read_only = false;
};

struct Stats {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t expired = 0;
  /// Keys that went to make room.
  uint64_t evicted = 0;
  /// Keys in all databases, dead ones that nothing has touched yet included.
  uint64_t keys = 0;
  /// Bytes of all that the store holds: keys, values, indexes, timers, what eviction needs, tables of watched keys and of
  /// waiting calls, messages that wait, and what an empty store takes. Exact to what the allocator hands out.
  uint64_t bytes = 0;
  /// Calls that wait for a key at this moment.
  uint64_t blocked_waiters = 0;
  friend bool operator==(const Stats&, const Stats&) = default;
};

/// Where the bytes of a store are; all but `page_slack` are in Stats::bytes.
struct MemoryUse {
  struct PerType {
    std::string_view type;  // As TYPE names it.
    uint64_t keys = 0;
    uint64_t bytes = 0;  // Of keys and values.
  };
  std::vector<PerType> types;
  uint64_t index = 0;
  uint64_t timers = 0;
  /// Tables of watched keys and of waiting calls.
  uint64_t observers = 0;
  uint64_t eviction = 0;
  /// Messages that wait to be read.
  uint64_t messages = 0;
  /// What an empty store takes.
  uint64_t fixed = 0;
  /// What pages of small blocks hold beside live blocks: free ones, and their heads.
  uint64_t page_slack = 0;
};

/// The names of all eviction policies.
std::vector<std::string_view> eviction_policies();

class AsyncDatabase;
class CallbackExecutor;
class Database;
class Store;

namespace internal {
struct StoreCore;
struct FrontDoor;
}  // namespace internal

/// One of a store's databases: all the commands, none of the administration. A small value; the store must
/// outlive it.
class Database : public StringCommands<Database, Result>,
                 public ListCommands<Database, Result>,
                 public HashCommands<Database, Result>,
                 public SetCommands<Database, Result>,
                 public SortedSetCommands<Database, Result>,
                 public PubSubCommands<Database, Result>,
                 public BlockingCommands<Database, Result>,
                 public KeyCommands<Database, Result> {
 public:
  /// Calls `look` with the value's bytes while the key's shard is locked: no copy. Returns whether the key exists.
  /// `look` must be short and must not call the store. Errors: WRONGTYPE. O(1).
  Result<bool> visit(Key key, absl::FunctionRef<void(Bytes value)> look) const;
  /// Copies as much of the value as fits into `buffer` and returns the value's whole length; nil for an absent
  /// key. Allocates nothing. Errors: WRONGTYPE. O(copied).
  Nullable<size_t> get_into(Key key, std::span<char> buffer) const;

  using KeyCommands::scan;
  /// The keys as a range: for (const std::string& key : store->scan()) ...
  ScanRange<std::string> scan(ScanOptions options = {}) const;

  using HashCommands::hscan;
  /// The fields of a hash and their values as a range; none for an absent key and for one of another type.
  ScanRange<std::pair<std::string, std::string>> hscan(Key key, ElementScanOptions options = {}) const;
  using SetCommands::sscan;
  /// The members of a set as a range; none for an absent key or one of another type.
  ScanRange<std::string> sscan(Key key, ElementScanOptions options = {}) const;
  using SortedSetCommands::zscan;
  /// The elements of a sorted set as a range; an error ends it, as if the sorted set were empty.
  ScanRange<ScoredMember> zscan(Key key, ElementScanOptions options = {}) const;

  /// Calls to be queued and run together.
  Pipeline pipeline() const;

  /// Runs `body(Transaction&)`, which reads the keys and then commits what it wants changed with Transaction::multi(),
  /// again and again until it commits with none of the keys changed since it began, and returns what it returned: an
  /// absl::Status or a Result. It may run more than once, and holds no lock. If it calls no multi(), what it has read is
  /// checked all the same. Errors: those of `body`; Aborted (ErrorKind::kWatchFailed) after options.max_retries retries.
  template <class Body>
  auto watch(Keys keys, Body&& body, const TxOptions& options = {}) const
      -> std::invoke_result_t<Body&, Transaction&> {
    std::optional<std::invoke_result_t<Body&, Transaction&>> result;
    absl::Status status = run_watch(
        keys, [&](Transaction& transaction) { result.emplace(body(transaction)); }, options);
    if (!status.ok()) return status;
    return *std::move(result);
  }
  template <class Body>
  auto watch(std::initializer_list<Key> keys, Body&& body, const TxOptions& options = {}) const {
    return watch(Keys(keys.begin(), keys.size()), std::forward<Body>(body), options);
  }

  /// Runs `body(View&)` with the shards of these keys locked: what it does with them is one, for readers, watchers and
  /// waiters alike. Returns what it returns. See View for what it may do.
  template <class Body>
  auto atomically(Keys keys, Body&& body) const -> std::invoke_result_t<Body&, View&> {
    return result_of(body, [&](absl::FunctionRef<void(View&)> run) { run_atomically(keys, run); });
  }
  template <class Body>
  auto atomically(std::initializer_list<Key> keys, Body&& body) const {
    return atomically(Keys(keys.begin(), keys.size()), std::forward<Body>(body));
  }
  /// The same with the whole store locked, for bodies whose keys are not known beforehand. Everybody else waits.
  template <class Body>
  auto atomically_all(Body&& body) const -> std::invoke_result_t<Body&, View&> {
    return result_of(body, [&](absl::FunctionRef<void(View&)> run) { run_atomically_on_all(run); });
  }
  /// The blocking calls for a program with a loop of its own, see inlay/async.h: their outcomes become tasks of
  /// `executor`, which must outlive the calls.
  AsyncDatabase async(CallbackExecutor& executor) const;

  /// The time by which the store's keys expire: that of Options::clock, or the computer's.
  TimePoint now() const;
  int index() const { return index_; }

 protected:
  Database(internal::StoreCore* core, int index) : core_(core), index_(index) {}

 private:
  friend class Store;
  friend struct internal::FrontDoor;

  absl::Status run_watch(Keys keys, absl::FunctionRef<void(Transaction&)> body,
                         const TxOptions& options) const;
  void run_atomically(Keys keys, absl::FunctionRef<void(View&)> body) const;
  void run_atomically_on_all(absl::FunctionRef<void(View&)> body) const;

  // What `body` returns when `run` runs it.
  template <class Body, class Run>
  static auto result_of(Body& body, Run&& run) -> std::invoke_result_t<Body&, View&> {
    using Outcome = std::invoke_result_t<Body&, View&>;
    if constexpr (std::is_void_v<Outcome>) {
      run(body);
    } else {
      std::optional<Outcome> outcome;
      run([&](View& view) { outcome.emplace(body(view)); });
      return *std::move(outcome);
    }
  }

  internal::StoreCore* core_;
  int index_;
};

class Store : public Database {
 public:
  /// Errors: options out of range.
  static Result<std::unique_ptr<Store>> open(Options options = {});
  /// Closes the store first. No other thread may be inside a call, but for those that wait in one.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// The database with this number; the store itself is database 0. Errors: no such database.
  Result<Database> database(int index);
  /// Exchanges the contents of two databases at one instant. Errors: no such database.
  absl::Status swapdb(int a, int b);
  /// Empties every database at one instant. O(keys), the freeing in steps outside the instant.
  void flushall();

  /// A reader of messages, subscribed to nothing yet.
  std::unique_ptr<Subscriber> subscriber(const SubscribeOptions& options = {});
  using MessageCallback = absl::AnyInvocable<void(const Message&)>;
  /// Calls `callback` with every message of these channels, until the subscription is cancelled or the store ends. On
  /// return it is active. Each publisher's messages come in its order.
  ///   Null `executor`: within publish(), on the publisher's thread, after all locks: the callback may call the store.
  /// Publishers on several threads may be in it at once. What it publishes itself is delivered after the message at hand.
  ///   Otherwise: through the executor, one call at a time; `options` rule what waits for it.
  Subscription on_message(std::span<const Bytes> channels, MessageCallback callback,
                          CallbackExecutor* executor = nullptr, const SubscribeOptions& options = {});
  Subscription on_message(std::initializer_list<Bytes> channels, MessageCallback callback,
                          CallbackExecutor* executor = nullptr, const SubscribeOptions& options = {}) {
    return on_message(std::span(channels.begin(), channels.size()), std::move(callback), executor, options);
  }
  /// The same with glob patterns.
  Subscription on_pmessage(std::span<const Bytes> patterns, MessageCallback callback,
                           CallbackExecutor* executor = nullptr, const SubscribeOptions& options = {});
  Subscription on_pmessage(std::initializer_list<Bytes> patterns, MessageCallback callback,
                           CallbackExecutor* executor = nullptr, const SubscribeOptions& options = {}) {
    return on_pmessage(std::span(patterns.begin(), patterns.size()), std::move(callback), executor, options);
  }
  /// A function that FCALL and FCALL_RO call by this name. It runs under the locks of the keys that its caller names, and
  /// is bound by the rules of View; several threads may be in it at once. Errors: the name is taken.
  using NativeFunction =
      absl::AnyInvocable<Result<Reply>(View& view, Keys keys, std::span<const Bytes> args) const>;
  absl::Status register_function(std::string_view name, NativeFunction body,
                                 const FunctionOptions& options = {});
  /// False if there is none. Calls that are in it end undisturbed.
  bool unregister_function(std::string_view name);

  /// Ends all waits with Cancelled and returns when their threads have left the store. From then on a call that would
  /// have to wait fails so; all others work as before.
  void close();

  /// Calls `callback` for everything that happens to keys, with Redis's names, as long as the subscription lives: once
  /// each, those of one key in order, outside every lock; "expired" comes at the deadline where a background thread runs,
  /// else with maintain() or the next look at the key. It runs through `executor`, or where there is none on the thread
  /// of the call that caused it, or of one that runs meanwhile, and may call the store.
  Subscription on_key_event(std::function<void(const KeyEvent&)> callback,
                            CallbackExecutor* executor = nullptr);
  /// The same for values that go, with the cause.
  Subscription on_removal(std::function<void(const RemovalEvent&)> callback,
                          CallbackExecutor* executor = nullptr);

  /// Changes the limits, but for the weight. What is over new ones is evicted in steps, by later calls and by the background
  /// thread or maintain(). A change of `eviction` locks each shard in turn and looks at each key. Errors: no such policy.
  absl::Status set_limits(const StoreLimits& limits);

  /// Locks every shard in turn.
  Stats stats() const;
  /// O(keys), each shard locked in turn.
  MemoryUse memory_use() const;
  /// Whether at least `count` calls are blocked; waits for that, at most `patience` of real time. For tests.
  bool wait_for_blocked(size_t count, Duration patience = std::chrono::seconds(10)) const;
  /// Removes every key whose deadline has come, in steps that hold a shard briefly; returns how many. Evicts what is over
  /// the limits in such steps. Ends the waits, for
  /// keys and for messages, whose time is out by the store's own clock.
  size_t maintain();
  /// A hash over every live key, value and deadline: equal for stores with equal contents. O(keys).
  uint64_t digest() const;
  /// Internal error if a structure is not what it should be; for tests. O(keys), each shard locked in turn.
  absl::Status check_invariants() const;

 private:
  friend class Session;
  explicit Store(std::unique_ptr<internal::StoreCore> core);
  std::unique_ptr<internal::StoreCore> core_owner_;
};

extern template class StringCommands<Database, Result>;
extern template class ListCommands<Database, Result>;
extern template class HashCommands<Database, Result>;
extern template class SetCommands<Database, Result>;
extern template class SortedSetCommands<Database, Result>;
extern template class PubSubCommands<Database, Result>;
extern template class BlockingCommands<Database, Result>;
extern template class KeyCommands<Database, Result>;

}  // namespace inlay
