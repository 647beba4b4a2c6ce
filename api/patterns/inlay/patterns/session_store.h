// SessionStore: who is logged in, until they have been away for too long.
//
//   inlay::SessionStore sessions(*store, {.ttl = 30min, .life_max = 12h});
//   const std::string id = sessions.create({{"user", "ann"}}).value();     // the cookie
//   auto session = sessions.get(id);                                        // error | nil | SessionData; counts as a visit
//   sessions.update(id, {{"cart", "3"}});                                   // false once the session has ended
//
//   <prefix><id>   hash   the fields, and created_at, in milliseconds since the Unix epoch; dies with the session
//
// What it does that a hash with EXPIRE does not do by itself:
//   - An ended session stays ended. An update that comes too late changes nothing; HSET would bring the session back to
//     life, without its other fields and without a deadline.
//   - A session never lacks its deadline: fields and deadline are written in one step.
//   - Ids have 128 bits from the system's cryptographic source. What is no such id is nil without a look at the store, so
//     a forged cookie reaches no other key.
//   - Visits prolong a session, but not beyond life_max.
//   - renew() gives a session another id, for the moment of logging in: an id that somebody planted in a browser
//     beforehand is worthless then (session fixation).
//
// Thread-safe. The store must outlive it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay {

namespace patterns_internal {
class IdSource;
}

struct SessionOptions {
  std::string prefix = "session:";
  /// How long a session lives after its start, and if sliding after each visit. Rounded up to milliseconds.
  Duration ttl = std::chrono::minutes(30);
  /// Whether get() and update() are visits.
  bool sliding = true;
  /// No visit and no extend() lets a session grow older than this. Unset: no limit.
  std::optional<Duration> life_max{};
  /// For tests: ids from a fixed sequence. Never in production: whoever knows the seed knows the ids.
  std::optional<uint64_t> seed{};
};

struct SessionData {
  absl::flat_hash_map<std::string, std::string> fields;
  TimePoint created_at{};
  /// Unless there is another visit before.
  TimePoint ends_at{};
};

class SessionStore {
 public:
  /// The field that is not the user's to write.
  static constexpr Bytes kCreatedAt = "created_at";

  /// Options that make no sense (a ttl or life_max that is not positive) are errors of create().
  explicit SessionStore(Database db, SessionOptions options = {});

  /// Starts a session, with any number of fields, and returns its id: 32 hexadecimal digits. O(fields).
  /// Errors: InvalidArgument for bad options or a field named created_at; Unavailable without randomness.
  Result<std::string> create(std::span<const FieldValue> fields = {});
  Result<std::string> create(std::initializer_list<FieldValue> fields) {
    return create(std::span(fields.begin(), fields.size()));
  }

  /// The session; nil if it has ended, or never was. A visit. O(fields).
  Nullable<SessionData> get(std::string_view id);
  /// One field; nil also where the session does not have it. A visit. O(1).
  Nullable<std::string> get(std::string_view id, Bytes field);
  /// Sets fields of a session that is alive; false, with nothing changed, if it is not. A visit. O(fields).
  /// Errors: InvalidArgument for a field named created_at.
  Result<bool> update(std::string_view id, std::span<const FieldValue> fields);
  Result<bool> update(std::string_view id, std::initializer_list<FieldValue> fields) {
    return update(id, std::span(fields.begin(), fields.size()));
  }
  /// Removes fields of a session that is alive; false if it is not. A visit. O(fields).
  /// Errors: InvalidArgument for created_at.
  Result<bool> erase(std::string_view id, std::initializer_list<Bytes> fields);

  /// Lets a session live for `ttl` from now on, shorter or longer than before, but not beyond life_max; false if it has
  /// ended. O(1). Errors: InvalidArgument for a span that is not positive.
  Result<bool> extend(std::string_view id, Duration ttl);
  /// Gives the session a new id, and its end and fields with it, and returns that; nil if it has ended. The old id is
  /// dead. O(1).
  Nullable<std::string> renew(std::string_view id);
  /// Ends a session; false if it had ended. O(1), the freeing outside the lock.
  Result<bool> destroy(std::string_view id);

 private:
  std::string key_of(std::string_view id) const;
  TimePoint end_of(TimePoint now, int64_t created_ms, Duration ttl) const;
  Nullable<int64_t> visit(View& view, Key key) const;

  Database db_;
  SessionOptions options_;
  std::shared_ptr<patterns_internal::IdSource> ids_;
};

}  // namespace inlay
