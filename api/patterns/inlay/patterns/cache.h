// Cache<V>: what a program looks up again and again, kept in a store.
//
//   inlay::Cache<std::string> pages(*store, "page:", {.ttl = 10min, .negative_ttl = 30s});
//   inlay::Nullable<std::string> page = pages.get_or_load(url, [&] { return fetch(url); });   // error | nil | value
//   pages.invalidate(url).IgnoreError();                                                      // once the page has changed
//
// Cache-aside, with what is usually forgotten: one load per key however many ask; a load that a put or an invalidation
// overtakes is not kept; errors are not kept; absence is, if you like; entries that were loaded together do not end
// together; and a value past its end can bridge a reload or an outage. docs/patterns/cache.md tells each from the mistake
// that it avoids. With a StoreOfRecord it reads and writes through.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "inlay/patterns/cache_core.h"
#include "inlay/patterns/cache_policy.h"
#include "inlay/patterns/codec.h"
#include "inlay/result.h"
#include "inlay/store.h"
#include "inlay/types.h"

namespace inlay {

/// Where the truth is: a database, a file, a service. All are called from any thread, outside every lock; one that is
/// missing is not needed by those who do not call what needs it.
template <class V>
struct StoreOfRecord {
  /// Nil where the record has no such key.
  std::function<Nullable<V>(Key key)> load{};
  std::function<absl::Status(Key key, const V& value)> store{};
  std::function<absl::Status(Key key)> erase{};
};

/// `V` is kept as `C` writes it, ten bytes before it. Thread-safe. The store must outlive the cache, and the cache all
/// calls of it; the destructor waits for reloads that the executor runs.
///
/// Any number of caches may share a store and a prefix, if they agree on V and C: what one puts or invalidates wins over
/// the loads of all. Single flight is per cache object. Keys may be removed by any other means, DEL and FLUSHDB included;
/// loads that are under way then are not kept. Errors of what reads: WRONGTYPE for a key that holds no string; DataLoss
/// for a string that no cache wrote. put() and erase() replace and remove such keys too.
template <class V, class C = Codec<V>>
class Cache {
 public:
  explicit Cache(const Database& database, std::string prefix, const CachePolicy& policy = {},
                 StoreOfRecord<V> record = {})
      : core_(std::make_shared<internal::CacheCore>(database, std::move(prefix), policy)),
        record_(std::make_shared<const StoreOfRecord<V>>(std::move(record))) {}
  ~Cache() { core_->flights().close(); }
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  /// The value, if it is cached and fresh; nil if not, and for a key that is known to be absent from the record. Loads
  /// nothing. Errors: what the codec refuses. O(value).
  Nullable<V> get(Key key) {
    Taken taken;
    const Result<Found> found = core_->find(key, [&](Bytes bytes) { taken(bytes); });
    if (!found.ok()) return found.status();
    if (*found == Found::kNothing) {
      core_->count_miss();
      return std::nullopt;
    }
    core_->count_hit();
    if (*found == Found::kAbsent) return std::nullopt;
    return taken.value();
  }

  /// The value, from the cache or else from `loader()`, which returns Nullable<V>, or what converts to it; nil says that
  /// there is no such value. Of all callers that miss a key, one calls its loader, on its own thread, and all get the
  /// outcome, nil and errors included. A cached value that the codec refuses is loaded anew.
  ///
  /// If the key is put or invalidated while the loader runs, the loaded value is not kept; those who were waiting get it
  /// all the same, those who come later do not. Errors are not kept: the next caller loads again.
  ///
  /// With an executor in the policy, `loader` is moved or copied, and may run when this call has returned: it must own
  /// what it uses.
  ///
  /// Errors: those of the loader; DeadlineExceeded after load_timeout; FailedPrecondition in a loader, if it asks for the
  /// key that it loads, or for one whose load waits for it (of this cache: of several caches, or of threads that the
  /// loader itself waits for, nobody can know). O(value) on a hit.
  template <class Loader>
  requires std::is_invocable_v<Loader&> Nullable<V> get_or_load(Key key, Loader&& loader) {
    return serve(key, loader, [&] { return std::decay_t<Loader>(std::forward<Loader>(loader)); });
  }
  /// Reads through: the same with the store of record's load. Errors: it has none.
  Nullable<V> get_or_load(Key key) {
    if (record_->load == nullptr) return no_record();
    const auto load = [&] { return record_->load(key); };
    return serve(key, load, [&] {
      return [record = record_, owned = std::string(key)] { return record->load(owned); };
    });
  }

  /// Puts `value`, fresh for the policy's ttl or the one given, less jitter.
  ///
  /// With a store of record that can store, it writes through: the record first. If that fails, its error is returned and
  /// the key is not cached, for the record may or may not have been changed. Of writes to one key that overlap, none is
  /// cached. That the cache has no room for what the record has stored is no error.
  /// Errors: a ttl that is not positive; no memory, and then the key is not cached. O(value).
  absl::Status put(Key key, const V& value) { return put(key, value, core_->policy().ttl); }
  absl::Status put(Key key, const V& value, Duration ttl) {
    if (ttl <= Duration::zero()) return absl::InvalidArgumentError("a ttl that is not positive");
    std::string encoded = internal::CacheCore::header_space();
    C::encode(value, encoded);
    if (record_->store == nullptr) return core_->put(key, std::move(encoded), ttl);
    return write(key, std::move(encoded), ttl, [&] { return record_->store(key, value); });
  }
  /// Erases the key from the store of record, and from the cache. As a put that writes through.
  /// Errors: the record's; it has no erase.
  absl::Status erase(Key key) {
    if (record_->erase == nullptr) return no_record();
    return write(key, std::nullopt, {}, [&] { return record_->erase(key); });
  }

  /// Forgets the key: to be called when the record has changed, after the change. Who asks from then on gets a value
  /// that was loaded or put later. OK if it was not cached. O(1). Errors: WRONGTYPE.
  absl::Status invalidate(Key key) { return core_->invalidate(key); }
  /// Forgets all keys that begin so, and returns how many there were. Scans the whole database, O(its keys), a thousand
  /// at a time with nothing locked between; keys that are added meanwhile may stay, those that hold no string do.
  int64_t invalidate_prefix(std::string_view prefix) { return core_->invalidate_prefix(prefix); }

  CacheStats stats() const { return core_->stats(); }

 private:
  using Found = internal::CacheCore::Found;
  using Act = internal::CacheCore::Plan::Act;

  // What a look at an entry has given.
  class Taken {
   public:
    void operator()(Bytes bytes) {
      if constexpr (internal::decodes_cheaply<C>()) {
        value_ = C::decode(bytes);
      } else {
        bytes_ = bytes;
      }
    }
    Nullable<V> value() {
      if constexpr (internal::decodes_cheaply<C>()) {
        return std::move(value_);
      } else {
        return C::decode(bytes_);
      }
    }

   private:
    Nullable<V> value_{std::nullopt};
    std::string bytes_;  // Where decoding is not cheap.
  };

  static absl::Status no_record() {
    return absl::FailedPreconditionError("the cache's store of record cannot do this");
  }

  // `own` makes a loader that may outlive the call.
  template <class Loader, class Own>
  Nullable<V> serve(Key key, Loader& loader, Own own) {
    // The way of most calls.
    Taken taken;
    const Result<Found> found = core_->find(key, [&](Bytes bytes) { taken(bytes); });
    if (found.ok() && *found == Found::kFresh) {
      Nullable<V> value = taken.value();
      if (value.ok()) {
        core_->count_hit();
        return value;
      }
    }
    return serve_as_planned(key, loader, own);
  }

  template <class Loader, class Own>
  Nullable<V> serve_as_planned(Key key, Loader& loader, Own& own) {
    internal::EntryHeader refused;
    for (bool is_first = true;; is_first = false) {
      Taken taken;
      auto plan = core_->plan(key, refused, is_first, [&](Bytes bytes) { taken(bytes); });
      if (!plan.ok()) return plan.status();
      std::optional<Nullable<V>> outcome;
      if (plan->act == Act::kLoad) {
        outcome = load(*core_, std::move(plan->flight), loader);
      } else if (plan->act == Act::kWait) {
        outcome = wait_for(*plan->flight);
      } else {
        outcome = plan->seen.has_value() ? taken.value() : Nullable<V>(std::nullopt);
        if (!outcome->ok()) {
          if (plan->flight != nullptr) core_->flights().drop_if_queued(*plan->flight);
          refused = plan->seen;
          continue;
        }
        if (plan->act == Act::kServeAndReload) load_later(std::move(plan->flight), own());
      }
      if (!outcome.has_value()) continue;
      if (!outcome->ok() && plan->seen != refused && core_->may_stand_in(plan->seen)) {
        if (Nullable<V> stale = taken.value(); stale.ok()) return stale;
      }
      return *std::move(outcome);
    }
  }

  // Static, for a task of the executor has the core but not the cache.
  template <class Loader>
  static Nullable<V> load(internal::CacheCore& core, std::shared_ptr<internal::Flight> flight,
                          Loader& loader) {
    internal::RunningLoad running(core, std::move(flight));
    Nullable<V> loaded = loader();
    if (!loaded.ok()) {
      running.finish(loaded.status());
    } else if (!loaded->has_value()) {
      running.finish(std::nullopt);
    } else {
      std::string encoded = internal::CacheCore::header_space();
      C::encode(**loaded, encoded);
      running.finish(std::move(encoded));
    }
    return loaded;
  }

  template <class Loader>
  void load_later(std::shared_ptr<internal::Flight> flight, Loader loader) {
    core_->post(
        [queued = internal::QueuedLoad(core_, std::move(flight)), loader = std::move(loader)]() mutable {
          if (auto claimed = queued.claim()) load(queued.core(), std::move(claimed), loader).IgnoreError();
        });
  }

  // None if the load was given up before it began.
  std::optional<Nullable<V>> wait_for(internal::Flight& flight) {
    if (absl::Status waited = core_->wait(flight); !waited.ok()) {
      // In place: g++ 12 takes a move of it for one of its value.
      return std::optional<Nullable<V>>(std::in_place, std::move(waited));
    }
    const std::optional<Nullable<std::string>>& outcome = flight.outcome();
    if (!outcome.has_value()) return std::nullopt;
    if (!outcome->ok()) return Nullable<V>(outcome->status());
    if (!(*outcome)->has_value()) return Nullable<V>(std::nullopt);
    return Nullable<V>(C::decode(std::string_view(***outcome).substr(internal::EntryHeader::kBytes)));
  }

  template <class Change>
  absl::Status write(Key key, std::optional<std::string> encoded, Duration ttl, Change change) {
    internal::RecordWrite write(*core_, key, core_->begin_write(key));
    absl::Status changed = change();
    if (changed.ok()) write.commit(std::move(encoded), ttl).IgnoreError();
    return changed;
  }

  const std::shared_ptr<internal::CacheCore> core_;
  const std::shared_ptr<const StoreOfRecord<V>> record_;
};

}  // namespace inlay
