#include "inlay/patterns/session_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "api/patterns/id_source.h"
#include "api/patterns/try.h"
#include "api/patterns/wake_list.h"

namespace inlay {
namespace {

using patterns_internal::is_id;
using patterns_internal::time_after;
using patterns_internal::to_unix_ms_ceil;

absl::Status check(const SessionOptions& options) {
  if (options.ttl <= Duration::zero() || options.life_max.value_or(options.ttl) <= Duration::zero())
    return absl::InvalidArgumentError("a session's ttl and life_max are positive");
  return absl::OkStatus();
}

absl::Status check_fields(std::span<const FieldValue> fields) {
  for (const FieldValue& each : fields) {
    if (each.field.view() == SessionStore::kCreatedAt)
      return absl::InvalidArgumentError("created_at is the session store's own field");
  }
  return absl::OkStatus();
}

// Writes a new session: fields and deadline, or nothing. False if the key is taken.
Result<bool> start(View& view, Key key, std::span<const FieldValue> fields, TimePoint now, TimePoint end) {
  INLAY_ASSIGN(const bool is_taken, view.exists(key));
  if (is_taken) return false;
  std::vector<FieldValue> all(fields.begin(), fields.end());
  all.push_back({SessionStore::kCreatedAt, to_unix_ms(now)});
  INLAY_TRY(view.hset(key, all));
  const Result<bool> set = view.expireat(key, end);
  if (!set.ok()) view.del(key).IgnoreError();
  return set;
}

// Between two calls of a closure time goes on, and a session may have ended before it was written to. What was written
// then stands alone, without the field that every session has: it goes again, unseen by anybody.
Result<bool> survived(View& view, Key key) {
  INLAY_ASSIGN(const bool is_alive, view.hexists(key, SessionStore::kCreatedAt));
  if (!is_alive) INLAY_TRY(view.del(key));
  return is_alive;
}

}  // namespace

SessionStore::SessionStore(Database db, SessionOptions options)
    : db_(db),
      options_(std::move(options)),
      ids_(std::make_shared<patterns_internal::IdSource>(options_.seed)) {}

std::string SessionStore::key_of(std::string_view id) const {
  return std::string(options_.prefix).append(id);
}

TimePoint SessionStore::end_of(TimePoint now, int64_t created_ms, Duration ttl) const {
  TimePoint end = time_after(now, ttl);
  if (options_.life_max.has_value())
    end = std::min(end, time_after(from_unix_ms(created_ms), *options_.life_max));
  return from_unix_ms(to_unix_ms_ceil(end));
}

// Prolongs a session that is alive; returns when it began, nil for one that has ended.
Nullable<int64_t> SessionStore::visit(View& view, Key key) const {
  INLAY_ASSIGN(const auto text, view.hget(key, kCreatedAt));
  if (!text.has_value()) return std::nullopt;
  int64_t created_ms = 0;
  if (!absl::SimpleAtoi(*text, &created_ms)) return absl::FailedPreconditionError("the key holds no session");
  // Later only: a visit takes nothing away from what extend() gave.
  if (options_.sliding)
    INLAY_TRY(view.expireat(key, end_of(view.now(), created_ms, options_.ttl), ExpireIf::kGreater));
  return created_ms;
}

Result<std::string> SessionStore::create(std::span<const FieldValue> fields) {
  INLAY_TRY(check(options_));
  INLAY_TRY(check_fields(fields));
  for (;;) {
    INLAY_ASSIGN(std::string id, ids_->next());
    const std::string key = key_of(id);
    const Result<bool> started = db_.atomically({key}, [&](View& view) {
      const TimePoint now = view.now();
      return start(view, key, fields, now, end_of(now, to_unix_ms(now), options_.ttl));
    });
    INLAY_TRY(started);
    // Taken ids come from two stores with one seed, or from another use of the prefix.
    if (*started) return id;
  }
}

Nullable<SessionData> SessionStore::get(std::string_view id) {
  if (!is_id(id)) return std::nullopt;
  const std::string key = key_of(id);
  return db_.atomically({key}, [&](View& view) -> Nullable<SessionData> {
    INLAY_ASSIGN(const auto created_ms, visit(view, key));
    if (!created_ms.has_value()) return std::nullopt;
    INLAY_ASSIGN(const auto end, view.expiretime(key));
    INLAY_ASSIGN(FieldValues fields, view.hgetall(key));
    if (!end.has_value() || fields.empty()) return std::nullopt;
    SessionData session{.fields = {}, .created_at = from_unix_ms(*created_ms), .ends_at = end->at()};
    for (auto& [field, value] : fields) {
      if (field != kCreatedAt) session.fields.emplace(std::move(field), std::move(value));
    }
    return session;
  });
}

Nullable<std::string> SessionStore::get(std::string_view id, Bytes field) {
  if (!is_id(id)) return std::nullopt;
  const std::string key = key_of(id);
  return db_.atomically({key}, [&](View& view) -> Nullable<std::string> {
    INLAY_ASSIGN(const auto created_ms, visit(view, key));
    if (!created_ms.has_value()) return std::nullopt;
    return view.hget(key, field);
  });
}

Result<bool> SessionStore::update(std::string_view id, std::span<const FieldValue> fields) {
  INLAY_TRY(check_fields(fields));
  if (!is_id(id)) return false;
  const std::string key = key_of(id);
  return db_.atomically({key}, [&](View& view) -> Result<bool> {
    INLAY_ASSIGN(const auto created_ms, visit(view, key));
    if (!created_ms.has_value()) return false;
    if (!fields.empty()) INLAY_TRY(view.hset(key, fields));
    return survived(view, key);
  });
}

Result<bool> SessionStore::erase(std::string_view id, std::initializer_list<Bytes> fields) {
  if (std::find(fields.begin(), fields.end(), kCreatedAt) != fields.end())
    return absl::InvalidArgumentError("created_at is the session store's own field");
  if (!is_id(id)) return false;
  const std::string key = key_of(id);
  return db_.atomically({key}, [&](View& view) -> Result<bool> {
    INLAY_ASSIGN(const auto created_ms, visit(view, key));
    if (!created_ms.has_value()) return false;
    if (fields.size() > 0) INLAY_TRY(view.hdel(key, fields));
    return true;
  });
}

Result<bool> SessionStore::extend(std::string_view id, Duration ttl) {
  if (ttl <= Duration::zero()) return absl::InvalidArgumentError("a session is extended by a positive time");
  if (!is_id(id)) return false;
  const std::string key = key_of(id);
  return db_.atomically({key}, [&](View& view) -> Result<bool> {
    INLAY_ASSIGN(const auto created_ms, visit(view, key));
    if (!created_ms.has_value()) return false;
    return view.expireat(key, end_of(view.now(), *created_ms, ttl));
  });
}

Nullable<std::string> SessionStore::renew(std::string_view id) {
  if (!is_id(id)) return std::nullopt;
  const std::string old_key = key_of(id);
  for (;;) {
    INLAY_ASSIGN(std::string new_id, ids_->next());
    const std::string new_key = key_of(new_id);
    const Result<bool> moved = db_.renamenx(old_key, new_key);
    if (kind_of(moved.status()) == ErrorKind::kNoSuchKey) return std::nullopt;
    INLAY_TRY(moved);
    if (*moved) return new_id;
  }
}

Result<bool> SessionStore::destroy(std::string_view id) {
  if (!is_id(id)) return false;
  return db_.del(key_of(id));
}

}  // namespace inlay
