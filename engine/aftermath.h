// Aftermath: what a call leaves to be done at its end, while its locks are still held and once they are not.
//
//   Aftermath  +-----------+-------------------------------------------------+------------------------+
//              | graveyard | rare: keys made ready, events, actions later    | shards with limits     |
//              +-----------+-------------------------------------------------+------------------------+
//
// A call makes one before it locks, so that it goes last: bodies are freed and actions run without any lock. Most calls
// leave nothing but a body now and then; what is rare lives behind one pointer.
//
// Thread safety: used by one thread, within one call.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "engine/container.h"
#include "engine/entry.h"
#include "engine/events.h"
#include "engine/key.h"

namespace inlay {

class Shard;

/// Value bodies taken out of the keyspace, freed when this goes: after the locks, if it is older than they are.
class Graveyard {
 public:
  Graveyard() = default;
  // Inlined by force, as the end of Aftermath: every call ends with it.
  [[gnu::always_inline]] ~Graveyard() {
    if (last_ != 0) [[unlikely]]
      free_all();
  }
  Graveyard(const Graveyard&) = delete;
  Graveyard& operator=(const Graveyard&) = delete;

  void bury(StringBody* body) { body->buried_before = std::exchange(last_, reinterpret_cast<Link>(body)); }
  void bury(Container* body) {
    body->buried_before = std::exchange(last_, reinterpret_cast<Link>(body) | kContainer);
  }

 private:
  using Link = uintptr_t;
  static constexpr Link kContainer = 1;

  void free_all();
  Link last_ = 0;  // A chain of both kinds: whoever looks whether there is any looks once.
};

/// A key that changed while somebody waits for it.
struct ReadyKey {
  int db;
  uint64_t hash;
  std::string bytes;
  KeyRef ref() const { return {bytes, hash}; }
};

class Aftermath {
 public:
  // The settlement is left as it is: it is read only where settles() says that there is one.
  Aftermath() : business_(0) {}  // NOLINT
  [[gnu::always_inline]] ~Aftermath() {
    if (business_ != 0) [[unlikely]]
      run_actions();
  }
  Aftermath(const Aftermath&) = delete;
  Aftermath& operator=(const Aftermath&) = delete;

  Graveyard& graveyard() { return graveyard_; }

  /// The instant of the call in Unix milliseconds, once it has asked for the time. Calls that share locks share it: what
  /// is one for everybody else must not see a key die in its midst.
  std::optional<int64_t>& now_ms() { return now_ms_; }

  /// Whether the end of the call has more to do than to free bodies.
  bool has_business() const { return business_ != 0; }

  /// Shards that are to be brought back within their limits at the end of the call, which wrote to keys with these
  /// hashes: one, or (null) all those that are locked. `written` must live until then.
  struct Settlement {
    Shard* shard;
    std::span<const uint64_t> written;
  };
  void settle_later(Shard* shard, std::span<const uint64_t> written) {
    business_ |= kSettles;
    shard_ = shard;
    written_ = written.data();
    written_count_ = written.size();
  }
  /// At most once gives what was last asked for.
  std::optional<Settlement> take_settlement() {
    if ((business_ & kSettles) == 0) return std::nullopt;
    business_ &= ~kSettles;
    return Settlement{shard_, {written_, written_count_}};
  }

  /// Notes that a key with waiters changed: they are looked at before the locks are released.
  void ready(int db, const KeyRef& key) { rare().ready.push_back({db, key.hash, std::string(key.bytes)}); }
  /// Takes the key that became ready first; false if there is none.
  bool take_ready(ReadyKey& key);

  /// Keeps an event for the end of the call.
  void event(QueuedEvent event) { rare().events.push_back(std::move(event)); }
  std::vector<QueuedEvent> take_events() {
    return rare_or_null() == nullptr ? std::vector<QueuedEvent>() : std::exchange(rare_or_null()->events, {});
  }

  /// Runs `action` once the locks are released, in order. It may call the store.
  void after_locks(absl::AnyInvocable<void()> action) { rare().actions.push_back(std::move(action)); }

 private:
  struct Rare {
    std::deque<ReadyKey> ready;
    std::vector<QueuedEvent> events;
    std::vector<absl::AnyInvocable<void()>> actions;
  };

  static constexpr uintptr_t kSettles = 1;

  Rare* rare_or_null() const { return reinterpret_cast<Rare*>(business_ & ~kSettles); }
  Rare& rare() {
    if (rare_or_null() == nullptr) business_ |= reinterpret_cast<uintptr_t>(new Rare);
    return *rare_or_null();
  }
  void run_actions();

  Graveyard graveyard_;
  std::optional<int64_t> now_ms_;
  uintptr_t
      business_;  // The address of what is rare, or null, and kSettles: one look tells that there is nothing.
  Shard* shard_;
  const uint64_t* written_;
  size_t written_count_;
};

}  // namespace inlay
