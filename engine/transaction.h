// ReadTx, WriteTx, LeanTx, KeyspaceTx: what a command sees of the engine while its locks are held.
//
// A command never locks and never frees: the executor opens one of these over locked shards, and closing it does
// once what every command needs (watchers told, waiters served, bodies freed after the locks, background thread woken).
//
// Thread safety: used by one thread, within one call.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "engine/aftermath.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/error.h"
#include "inlay/datatypes/number.h"
#include "inlay/result.h"

namespace inlay {

/// What becomes of a key's deadline when its value is replaced; kReplace: set_deadline() is to follow at once, which then
/// cannot fail.
enum class OldDeadline { kDrop, kKeep, kReplace };

/// A container to read, or nothing where the key is absent. Good while the transaction lives and nothing changes.
template <class C>
class ContainerView {
 public:
  ContainerView() = default;
  explicit ContainerView(const C& container) : container_(&container) {}
  explicit ContainerView(C&& borrowed) : borrowed_(std::move(borrowed)) {}

  explicit operator bool() const { return container_ != nullptr || borrowed_.has_value(); }
  const C& operator*() const { return container_ != nullptr ? *container_ : *borrowed_; }
  const C* operator->() const { return &**this; }

 private:
  const C* container_ = nullptr;
  std::optional<C> borrowed_;  // Of the block in the entry.
};

class ReadTx {
 public:
  /// `only_shard` may say that all keys of the call are of this shard.
  ReadTx(Engine& engine, int db, Aftermath& aftermath, Shard* only_shard = nullptr)
      : engine_(engine), db_(db), aftermath_(aftermath), only_shard_(only_shard) {}
  ReadTx(const ReadTx&) = delete;
  ReadTx& operator=(const ReadTx&) = delete;

  /// The live entry of `key`, or null; counts a hit or a miss and stamps the access. A dead key is removed.
  // Inlined by force: every read begins here, and what it needs of shard and hash is already in registers.
  [[gnu::always_inline]] const Entry* find(const KeyRef& key) {
    Shard& shard = shard_of(key);
    Entry* entry = live_entry(shard, key);
    if (entry == nullptr) {
      ++shard.stats().misses;
      notify(EventClass::kKeyMiss, "keymiss", key);
      return nullptr;
    }
    ++shard.stats().hits;
    stamp(shard, entry);
    return entry;
  }
  /// The same without counting or stamping.
  const Entry* peek(const KeyRef& key) { return live_entry(shard_of(key), key); }

  /// Whether an entry met on a walk is dead, or perhaps: only peek() can tell, which removes it then.
  bool is_doubtful(const Shard& shard, const Entry* entry) {
    return (entry->has_timer() && shard.deadline(entry) <= now_ms()) || entry->has_field_deadlines();
  }

  /// The container of type C under `key`. Counts, stamps and removes the dead, fields included. Error: WRONGTYPE.
  template <class C>
  Result<ContainerView<C>> read(const KeyRef& key) {
    const Entry* entry = find(key);
    if (entry == nullptr) return ContainerView<C>();
    if (entry->type() != kTypeOf<C>) return error(Error::kWrongType);
    if (entry->encoding() == Encoding::kInline)
      return ContainerView<C>(borrow_container<C>(shard_of(key).container_context(), entry->inline_value()));
    return Result<ContainerView<C>>(absl::in_place,
                                    static_cast<const Held<C>*>(entry->body<Container>())->value);
  }

  /// The deadline in Unix milliseconds of an entry of `key`, if it has one.
  std::optional<int64_t> deadline_ms(const KeyRef& key, const Entry* entry) {
    if (!entry->has_timer()) return std::nullopt;
    return shard_of(key).deadline(entry);
  }

  /// The time, read once for all calls under the same locks.
  int64_t now_ms() {
    std::optional<int64_t>& now_ms = aftermath_.now_ms();
    if (!now_ms.has_value()) {
      now_ms = engine_.now_ms();
      engine_.refresh_seen_s(*now_ms);
    }
    return *now_ms;
  }

  int db() const { return db_; }
  Engine& engine() { return engine_; }

  /// Tells those who listen to keys that something happened to one. `event` must be of static storage.
  void notify(EventClass event_class, std::string_view event, const KeyRef& key) {
    notify(event_class, event, key, db_);
  }
  void notify(EventClass event_class, std::string_view event, const KeyRef& key, int db) {
    if (engine_.events().wants(event_class)) [[unlikely]]
      keep_event(event_class, event, key, db);
  }

 protected:
  /// Tells those who listen that a key's value goes.
  void notify_removal(const KeyRef& key, Type type, Cause cause, int db) {
    if (engine_.events().wants_removals()) [[unlikely]]
      keep_removal(key, type, cause, db);
  }

  int physical_db() const { return engine_.physical(db_); }
  Shard& shard_of(const KeyRef& key) const {
    if (only_shard_ == nullptr) return engine_.shard_of(key);
    assert(only_shard_ == &engine_.shard_of(key) && "only keys of the shard that is locked");
    return *only_shard_;
  }

  [[gnu::always_inline]] Entry* live_entry(Shard& shard, const KeyRef& key) {
    shard.assert_held();
    Entry* entry = shard.find_entry(physical_db(), key);
    if (entry != nullptr && entry->may_be_dead()) [[unlikely]]
      return unless_dead(shard, key, entry);
    return entry;
  }

  [[gnu::always_inline]] Found live(Shard& shard, int physical_db, const KeyRef& key) {
    shard.assert_held();
    const Found found = shard.find(physical_db, key);
    if (found && found.entry->may_be_dead() && reap(shard, physical_db, key, found)) [[unlikely]]
      return {};
    return found;
  }

  // Notes an access: its second and, with limits, what the policy counts.
  [[gnu::always_inline]] void stamp(Shard& shard, Entry* entry) {
    const uint32_t mark = engine_.access_mark();
    if (entry->is_marked(mark, engine_.access_ignored())) return;
    if (shard.is_bounded()) [[unlikely]]
      return note_hit(shard, entry);
    entry->set_seen_s(mark >> 8);
  }

  Engine& engine_;
  int db_;
  Aftermath& aftermath_;
  Shard* const only_shard_;  // Null: several.

 private:
  void note_hit(Shard& shard, Entry* entry);
  void keep_event(EventClass event_class, std::string_view event, const KeyRef& key, int db);
  void keep_removal(const KeyRef& key, Type type, Cause cause, int db);
  // The entry, or null after removing it.
  Entry* unless_dead(Shard& shard, const KeyRef& key, Entry* entry);
  // Removes the key if its time has come, else its dead fields, and the key if none was left; true if it went.
  bool reap(Shard& shard, int physical_db, const KeyRef& key, Found found);
};

template <class C>
class Edit;

/// The class of the events of containers.
template <class C>
inline constexpr EventClass kEventClassOf = kTypeOf<C> == Type::kList   ? EventClass::kList
                                            : kTypeOf<C> == Type::kHash ? EventClass::kHash
                                            : kTypeOf<C> == Type::kSet  ? EventClass::kSet
                                                                        : EventClass::kSortedSet;

class WriteTx : public ReadTx {
 public:
  using ReadTx::ReadTx;

  /// The live entry of `key` in this or another database, for changing it. A dead one is removed first.
  [[gnu::always_inline]] Found find_mutable(const KeyRef& key) {
    return live(shard_of(key), physical_db(), key);
  }
  Found find_mutable(const KeyRef& key, int db) { return live(shard_of(key), engine_.physical(db), key); }

  // The changes. `found` is what find_mutable() gave for `key` just before, and stays good afterwards. Those that
  // return false are out of memory and have changed nothing.

  /// Sets a string, creating the key or replacing a value of any type.
  [[nodiscard]] bool put_string(const KeyRef& key, Found& found, Bytes value, OldDeadline old) {
    if (value.size() <= kInt64TextMax) {
      if (const auto integer = parse_int64(value)) return put_integer(key, found, *integer, old);
    }
    return put_bytes(key, found, value, old);
  }
  [[nodiscard]] bool put_integer(const KeyRef& key, Found& found, int64_t value, OldDeadline old) {
    if (!found || found.entry->encoding() != Encoding::kInteger || !keeps_timer(found.entry, old))
        [[unlikely]]
      return replace_by_integer(key, found, value, old);
    found.entry->set_integer(value);
    stamp(shard_of(key), found.entry);
    changed(key, db_);
    return true;
  }
  /// Like put_string, but bytes that spell an integer stay bytes, as Redis keeps the results of some commands.
  [[nodiscard]] bool put_bytes(const KeyRef& key, Found& found, Bytes value, OldDeadline old) {
    if (!found || !found.entry->is_inline_of(value.size()) || !keeps_timer(found.entry, old)) [[unlikely]]
      return replace_by_bytes(key, found, value, old);
    std::copy(value.begin(), value.end(), found.entry->inline_data());
    found.entry->set_raw(false);
    stamp(shard_of(key), found.entry);
    changed(key, db_);
    return true;
  }
  /// Makes the string at least `size` bytes long, filling up with zero bytes and creating the key where needed, and
  /// returns its bytes for writing. Null out of memory.
  [[nodiscard]] char* grow_string(const KeyRef& key, Found& found, size_t size);
  /// Puts a whole container in the place of whatever is under `key`, deadline and all, and tells of it as `event`. An empty
  /// one leaves no key.
  template <class C>
  [[nodiscard]] bool put(const KeyRef& key, C value, std::string_view event);
  /// Opens the container of type C under `key` for changing. An absent key gives an empty one, which becomes the key's
  /// unless it is still empty at the end; one that the changes leave empty goes with its key. While it is open, the
  /// same key must not be reached by another way. Error: WRONGTYPE.
  template <class C>
  Result<Edit<C>> edit(const KeyRef& key);

  /// Removes an existing key.
  void erase(const KeyRef& key, Found& found, Cause cause = Cause::kDeleted) {
    erase(key, found, cause, db_);
  }
  void erase(const KeyRef& key, Found& found, Cause cause, int db);
  /// To be called before the value of an existing key is replaced as a whole by another one.
  void replacing(const KeyRef& key, const Found& found) {
    notify_removal(key, found.entry->type(), Cause::kReplaced, db_);
  }
  /// Sets the deadline of an existing key.
  [[nodiscard]] bool set_deadline(const KeyRef& key, Found& found, int64_t deadline_ms);
  /// Removes the deadline of an existing key that has one.
  [[nodiscard]] bool clear_deadline(const KeyRef& key, Found& found);
  /// Copies value and deadline of an existing key to a key of any database that must be absent.
  [[nodiscard]] bool copy(const KeyRef& from, const Found& source, const KeyRef& to, int to_db);
  /// Moves value and deadline of an existing key to another one, which must be absent.
  [[nodiscard]] bool move(const KeyRef& from, Found& source, const KeyRef& to, int to_db);

 private:
  template <class C>
  friend class Edit;

  // Whether an entry under a new value has a timer exactly if it has one now.
  static bool keeps_timer(const Entry* entry, OldDeadline old) {
    return old == OldDeadline::kKeep || entry->has_timer() == (old == OldDeadline::kReplace);
  }
  // put_integer and put_bytes where the value does not fit into the old one's place.
  bool replace_by_integer(const KeyRef& key, Found& found, int64_t value, OldDeadline old);
  bool replace_by_bytes(const KeyRef& key, Found& found, Bytes value, OldDeadline old);
  Entry* make_room(const KeyRef& key, Found& found, Entry::Shape shape, OldDeadline old);
  // A container under a key that is there or absent, as a block in the entry or apart.
  template <class C>
  bool put_container(const KeyRef& key, Found& found, C& value, OldDeadline old);
  bool replace_by_block(const KeyRef& key, Found& found, Type type, std::string_view block, OldDeadline old);
  bool replace_by_container(const KeyRef& key, Found& found, Type type, std::unique_ptr<Container> container,
                            OldDeadline old);
  // Writes a block where the old one has the room; else false.
  bool rewrite_block(const KeyRef& key, Entry* entry, std::string_view block);
  void start_timer(Shard& shard, int physical_db, Entry* entry, int64_t deadline_ms) {
    shard.start_timer(physical_db, entry, deadline_ms);
    engine_.timer_added();
  }
  void update_field_timer(const KeyRef& key, Entry* entry);
  void erase_entry(const KeyRef& key, Entry* entry);
  Found slot_of(const KeyRef& key, Entry* entry);
  bool place_container(const KeyRef& to, int to_db, const Entry* source,
                       std::unique_ptr<Container>& container, std::optional<int64_t> deadline);
  void changed(const KeyRef& key, int db) {
    Shard& shard = shard_of(key);
    shard.count_change();
    if (shard.is_observed()) [[unlikely]]
      tell_observers(shard, key, db);
  }
  void tell_observers(Shard& shard, const KeyRef& key, int db);
  bool take_place(const KeyRef& to, int to_db, const Entry* source, StringBody* body,
                  std::optional<int64_t> deadline);
};

/// For commands that take away, or change what needs no memory: they run where others are refused for lack of it.
class LeanTx : public WriteTx {
 public:
  using WriteTx::WriteTx;
};

/// A container that is open for changing. End it with close(). Of one that is dropped, as where memory ran out midway, a
/// small container stays as it was, and a large one, which is changed in its place, keeps the changes so far.
template <class C>
class [[nodiscard]] Edit {
 public:
  Edit(WriteTx& tx, const KeyRef& key, Entry* entry) : tx_(&tx), key_(key), entry_(entry) {
    const ContainerContext context = tx.shard_of(key).container_context();
    if (entry == nullptr) {
      local_.emplace(make_container<C>(context));
    } else if (entry->encoding() == Encoding::kInline) {
      local_.emplace(borrow_container<C>(context, entry->inline_value()));
    } else {
      held_ = static_cast<Held<C>*>(entry->body<Container>());
      heap_before_ = held_->value.memory_usage();
    }
  }
  Edit(Edit&& other) noexcept
      : tx_(std::exchange(other.tx_, nullptr)),
        key_(other.key_),
        entry_(other.entry_),
        held_(other.held_),
        heap_before_(other.heap_before_),
        changed_(other.changed_),
        local_(std::move(other.local_)) {}
  Edit& operator=(Edit&&) = delete;
  ~Edit() {
    if (tx_ != nullptr && held_ != nullptr) (void)close();
  }

  C& operator*() { return held_ != nullptr ? held_->value : *local_; }
  C* operator->() { return &**this; }
  /// Whether the key was there.
  bool existed() const { return entry_ != nullptr; }
  /// To be called if nothing was changed after all: nobody who watches the key is told.
  void unchanged() { changed_ = false; }

  /// Ends the changes of a call that ran out of memory midway, and is the error of it: a small container is as before, a
  /// large one keeps the changes so far, which are told as `event`.
  absl::Status out_of_memory(std::string_view event) {
    if (held_ != nullptr) (void)close(event);
    tx_ = nullptr;
    return error(Error::kOutOfMemory);
  }

  /// Ends the changes, and tells of them as `event`, then as `then`, if there are any. False out of memory, with the key as
  /// before them.
  [[nodiscard]] bool close(std::string_view event = {}, std::string_view then = {}) {
    if (tx_ == nullptr) return true;
    WriteTx& tx = *std::exchange(tx_, nullptr);
    // Also of one whose members are what they were: it may have made room for another.
    if (held_ != nullptr)
      tx.shard_of(key_).adjust_body_bytes(entry_, held_->value.memory_usage() - heap_before_);
    if (!changed_) return true;
    // Where the changes end the key, its end comes after them.
    const auto tell = [&] {
      for (const std::string_view each : {event, then}) {
        if (!each.empty()) tx.notify(kEventClassOf<C>, each, key_);
      }
    };
    if (held_ != nullptr) {
      tell();
      if constexpr (Held<C>::kExpires) tx.update_field_timer(key_, entry_);
      held_->value.empty() ? tx.erase_entry(key_, entry_) : tx.changed(key_, tx.db());
      return true;
    }
    if (local_->borrowed() || local_->empty()) {
      tell();
      if (!local_->borrowed() && entry_ != nullptr) tx.erase_entry(key_, entry_);
      return true;
    }
    if (!store_local(tx)) return false;
    tell();
    return true;
  }

 private:
  bool store_local(WriteTx& tx) {
    if (entry_ != nullptr && local_->is_packed() && tx.rewrite_block(key_, entry_, local_->packed_bytes()))
      return true;
    Found found = entry_ == nullptr ? Found() : tx.slot_of(key_, entry_);
    return tx.put_container(key_, found, *local_, OldDeadline::kKeep);
  }

  WriteTx* tx_;  // Null once closed.
  KeyRef key_;
  Entry* entry_;
  Held<C>* held_ = nullptr;
  size_t heap_before_ = 0;
  bool changed_ = true;
  std::optional<C> local_;  // Of the block in the entry, or for an absent key.
};

template <class C>
Result<Edit<C>> WriteTx::edit(const KeyRef& key) {
  Shard& shard = shard_of(key);
  Entry* entry = live_entry(shard, key);
  if (entry != nullptr) {
    if (entry->type() != kTypeOf<C>) return error(Error::kWrongType);
    stamp(shard, entry);
  }
  return Result<Edit<C>>(absl::in_place, *this, key, entry);
}

template <class C>
bool WriteTx::put_container(const KeyRef& key, Found& found, C& value, OldDeadline old) {
  if (value.is_packed()) {
    const std::string_view block = value.packed_bytes();
    if (Entry::fits_inline(key.bytes.size(), block.size()))
      return replace_by_block(key, found, kTypeOf<C>, block, old);
  }
  std::unique_ptr<Container> held(new (std::nothrow) Held<C>(std::move(value)));
  return held != nullptr && replace_by_container(key, found, kTypeOf<C>, std::move(held), old);
}

template <class C>
bool WriteTx::put(const KeyRef& key, C value, std::string_view event) {
  Found found = find_mutable(key);
  if (value.empty()) {
    if (!found) return true;
    notify(EventClass::kGeneric, "del", key);
    erase(key, found);
    return true;
  }
  const std::optional<Type> replaced = found ? std::optional(found.entry->type()) : std::nullopt;
  if (!put_container(key, found, value, OldDeadline::kDrop)) return false;
  if (replaced.has_value()) notify_removal(key, *replaced, Cause::kReplaced, db_);
  notify(kEventClassOf<C>, event, key);
  return true;
}

/// Where the bytes of a store are.
struct MemoryReport {
  struct PerType {
    uint64_t keys = 0;
    uint64_t bytes = 0;
  };
  std::array<PerType, 6> types{};  // By Type.
  uint64_t index = 0;
  uint64_t timers = 0;
  uint64_t observers = 0;  // Tables of watched keys and of waiting calls.
  uint64_t eviction = 0;
  uint64_t messages = 0;    // That wait in queues.
  uint64_t fixed = 0;       // What an empty store takes.
  uint64_t page_slack = 0;  // Beyond the bytes of the store: what its pages hold beside blocks.

  /// All but the slack.
  uint64_t total() const {
    uint64_t bytes = index + timers + observers + eviction + messages + fixed;
    for (const PerType& type : types) bytes += type.bytes;
    return bytes;
  }
};

/// The keyspace as a whole. Locks one shard at a time, or all of them for as long as a Lockout lives; nothing where the
/// caller holds all locks.
class KeyspaceTx {
 public:
  /// `held`: the aftermath of a caller who holds the locks of all shards; null where this has to lock for itself.
  KeyspaceTx(Engine& engine, int db, Aftermath* held = nullptr) : engine_(engine), db_(db), held_(held) {}
  KeyspaceTx(const KeyspaceTx&) = delete;
  KeyspaceTx& operator=(const KeyspaceTx&) = delete;

  Engine& engine() { return engine_; }
  int db() const { return db_; }

  /// Live keys and dead ones not yet removed, in one database.
  uint64_t size(int db);
  /// Visits the live keys of this database in one atomic view of it; dead ones are removed.
  void for_each(absl::FunctionRef<void(const KeyRef& key, const Entry* entry)> visit);
  /// Visits live keys from `cursor` on until `count` have been; returns the cursor to go on from, 0 at the end.
  uint64_t scan(uint64_t cursor, size_t count,
                absl::FunctionRef<void(std::string_view key, const Entry* entry)> visit);
  /// A live key drawn uniformly, or nothing. Dead ones met on the way are removed.
  std::optional<std::string> random_key();
  /// Runs `body` with the shards of these keys locked, or all shards: for commands whose keys follow from values. False,
  /// with nothing run, if it `grows` what the store holds and there is no memory for it.
  [[nodiscard]] bool locked(std::span<const KeyRef> keys, bool all, bool grows,
                            absl::FunctionRef<void(WriteTx& tx)> body);
  /// Changes the limits of memory: at once, or after the locks where the caller holds them.
  void change_limits(std::function<void(Limits& limits)> change);
  /// Empties one database, or all when `db` is negative, at one instant.
  void flush(int db);
  void swap(int a, int b);
  /// Sums over all shards.
  ShardStats stats();
  void reset_stats();
  uint64_t bytes();
  /// What the store occupies, by what it is for. O(keys), each shard locked in turn.
  MemoryReport memory_report();
  /// Keys of one database that have a deadline.
  uint64_t timers(int db);
  /// A hash of every live key, its value and its deadline, the same whatever the order of insertion.
  uint64_t digest();

 private:
  class Lockout;
  class ShardSection;

  Engine& engine_;
  int db_;
  Aftermath* held_;
};

}  // namespace inlay
