#include "inlay/patterns/lock_manager.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/patterns/id_source.h"
#include "api/patterns/try.h"
#include "api/patterns/wake_list.h"

namespace inlay {

using patterns_internal::kNever;
using patterns_internal::time_after;
using patterns_internal::time_until;
using patterns_internal::WakeList;

namespace {

// A lock that was released while somebody waited: for whoever takes the baton from the list.
constexpr Bytes kReserved = "reserved";
constexpr Bytes kBaton = "baton";
// Nobody but a thread that was woken has to come in this time. If it does not, anybody may take the lock.
constexpr Duration kReservation = std::chrono::seconds(1);

absl::Status check_ttl(Duration ttl) {
  if (ttl <= Duration::zero() || ttl == kForever)
    return absl::InvalidArgumentError("a lock's time is positive and ends");
  return absl::OkStatus();
}

}  // namespace

// The keys of a resource.
struct Lock::Names {
  Names(const std::string& prefix, std::string_view resource)
      : held(absl::StrCat(prefix, "held:").append(resource)),
        fence(absl::StrCat(prefix, "fence:").append(resource)),
        waiters(absl::StrCat(prefix, "waiters:").append(resource)),
        wake(absl::StrCat(prefix, "wake:").append(resource)) {}

  WakeList wake_list() const { return WakeList(waiters, wake); }
  std::array<Key, 4> all() const { return {held, fence, waiters, wake}; }

  const std::string held, fence, waiters, wake;
};

namespace {

// What an attempt found.
struct Attempt {
  int64_t fencing_number = 0;  // 0: somebody holds the lock ...
  int64_t held_until_ms = 0;   // ... until then.
  TimePoint now{};
};

// Somebody who wants a lock: an attempt, or, once that has failed, a waiter from enter() until an attempt succeeds or it
// has given up. Each method is atomic with the closure around it.
class Candidate {
 public:
  template <class Names>
  Candidate(const Names& names, std::string token, Duration ttl)
      : held_(names.held),
        fence_(names.fence),
        wake_list_(names.wake_list()),
        token_(std::move(token)),
        ttl_(ttl) {}

  const std::string& token() const { return token_; }
  bool is_waiting() const { return is_waiting_; }
  void set_baton() { has_baton_ = true; }

  /// Takes the lock if it is free, or reserved for who has the baton.
  Result<Attempt> attempt(View& view) {
    INLAY_ASSIGN(const auto holder, view.get(held_));
    INLAY_ASSIGN(const auto deadline, view.expiretime(held_));
    Attempt attempt{.now = view.now()};
    if (!holder.has_value() || !deadline.has_value() || (has_baton_ && *holder == kReserved)) {
      INLAY_ASSIGN(attempt.fencing_number, take(view));
    } else {
      has_baton_ = false;  // The lock was not kept for so long.
      attempt.held_until_ms = deadline->is_never() ? kNever : deadline->unix_ms();
    }
    return attempt;
  }

  /// The same, and becomes a waiter, or stays one, if it fails.
  Result<Attempt> attempt_or_wait(View& view) {
    INLAY_ASSIGN(const Attempt result, attempt(view));
    if (result.fencing_number != 0) return result;
    if (!is_waiting_) INLAY_TRY(wake_list_.join(view));
    is_waiting_ = true;
    INLAY_TRY(wake_list_.sleep_until(view, result.held_until_ms));
    return result;
  }

  /// A last attempt, which may also take what is kept for somebody who is not awake yet.
  Result<Attempt> last_attempt(View& view) {
    if (!has_baton_) {
      INLAY_ASSIGN(has_baton_, wake_list_.take_back(view, kBaton));
    }
    INLAY_ASSIGN(const Attempt result, attempt(view));
    if (result.fencing_number == 0) INLAY_TRY(give_up(view));
    return result;
  }

  /// Stops waiting without the lock. What was kept for this one goes to the next, or becomes free.
  absl::Status give_up(View& view) {
    INLAY_ASSIGN(const int64_t remaining, wake_list_.leave(view));
    is_waiting_ = false;
    INLAY_ASSIGN(const auto holder, view.get(held_));
    if (holder != kReserved) return absl::OkStatus();
    if (remaining == 0) return view.del(held_).status();
    return has_baton_ ? wake_list_.hand_over(view, kBaton) : absl::OkStatus();
  }

 private:
  Result<int64_t> take(View& view) {
    INLAY_ASSIGN(const int64_t fencing_number, view.incr(fence_));
    INLAY_TRY(view.set(held_, token_, ttl_));
    if (is_waiting_) INLAY_TRY(wake_list_.leave(view));
    is_waiting_ = false;
    // Others may sleep until a later end.
    INLAY_ASSIGN(const auto deadline, view.expiretime(held_));
    if (deadline.has_value()) INLAY_TRY(wake_list_.event_at(view, deadline->unix_ms()));
    return fencing_number;
  }

  const Key held_, fence_;
  const WakeList wake_list_;
  const std::string token_;
  const Duration ttl_;
  bool is_waiting_ = false;
  bool has_baton_ = false;
};

absl::Status release_held(View& view, Key held, const WakeList& wake_list) {
  INLAY_ASSIGN(const int64_t waiters, wake_list.count(view));
  if (waiters == 0) return view.del(held).status();
  INLAY_TRY(wake_list.hand_over(view, kBaton));
  return view.set(held, kReserved, kReservation);
}

}  // namespace

Lock& Lock::operator=(Lock&& other) noexcept {
  if (this == &other) return *this;
  release().IgnoreError();
  db_ = std::move(other.db_);
  prefix_ = std::move(other.prefix_);
  resource_ = std::move(other.resource_);
  token_ = std::move(other.token_);
  fencing_number_ = other.fencing_number_;
  return *this;
}

Lock::~Lock() { release().IgnoreError(); }

Result<bool> Lock::is_held() const {
  if (db_ == nullptr) return false;
  INLAY_ASSIGN(const auto holder, db_->get(Names(prefix_, resource_).held));
  return holder == token_;
}

Result<bool> Lock::extend(Duration ttl) {
  INLAY_TRY(check_ttl(ttl));
  if (db_ == nullptr) return false;
  const Names names(prefix_, resource_);
  return db_->atomically({names.held, names.waiters, names.wake}, [&](View& view) -> Result<bool> {
    INLAY_ASSIGN(const SetOutcome set, view.set(names.held, token_, {.ttl = ttl, .if_equal = token_}));
    if (!set.applied) return false;
    INLAY_ASSIGN(const auto deadline, view.expiretime(names.held));
    if (deadline.has_value()) INLAY_TRY(names.wake_list().event_at(view, deadline->unix_ms()));
    return true;
  });
}

Result<bool> Lock::release() {
  const std::unique_ptr<Database> db = std::move(db_);
  if (db == nullptr) return false;
  const Names names(prefix_, resource_);
  return db->atomically({names.held, names.waiters, names.wake}, [&](View& view) -> Result<bool> {
    INLAY_ASSIGN(const auto holder, view.get(names.held));
    if (holder != token_) return false;
    // Better free and found late than held by nobody.
    if (!release_held(view, names.held, names.wake_list()).ok()) INLAY_TRY(view.del(names.held));
    return true;
  });
}

LockManager::LockManager(Database db, LockOptions options)
    : db_(db),
      prefix_(std::move(options.prefix)),
      id_(patterns_internal::IdSource(options.seed).next()),
      tokens_(std::make_shared<std::atomic<uint64_t>>(0)) {}

Result<std::string> LockManager::next_token() const {
  INLAY_TRY(id_);
  return absl::StrCat(*id_, ":", tokens_->fetch_add(1, std::memory_order_relaxed));
}

Nullable<Lock> LockManager::try_acquire(std::string_view resource, Duration ttl) const {
  return acquire(resource, ttl, Duration::zero());
}

Nullable<Lock> LockManager::acquire(std::string_view resource, Duration ttl, Duration wait,
                                    const std::stop_token& stop) const {
  INLAY_TRY(check_ttl(ttl));
  INLAY_ASSIGN(std::string token, next_token());
  const Lock::Names names(prefix_, resource);
  Candidate candidate(names, std::move(token), ttl);
  const auto with_keys = [&](Result<Attempt> (Candidate::*act)(View&)) {
    return db_.atomically(names.all(), [&](View& view) { return (candidate.*act)(view); });
  };
  const auto made = [&](int64_t fencing_number) {
    return Lock(db_, prefix_, std::string(resource), candidate.token(), fencing_number);
  };
  const auto failed = [&](absl::Status why) {
    if (candidate.is_waiting())
      db_.atomically(names.all(), [&](View& view) { return candidate.give_up(view); }).IgnoreError();
    return why;
  };

  if (wait <= Duration::zero()) {
    INLAY_ASSIGN(const Attempt only, with_keys(&Candidate::attempt));
    return only.fencing_number != 0 ? Nullable<Lock>(made(only.fencing_number)) : std::nullopt;
  }
  std::optional<TimePoint> deadline;
  for (;;) {
    const Result<Attempt> attempt = with_keys(&Candidate::attempt_or_wait);
    if (!attempt.ok()) return failed(attempt.status());
    if (attempt->fencing_number != 0) return made(attempt->fencing_number);
    if (!deadline.has_value()) deadline = time_after(attempt->now, wait);
    if (*deadline <= attempt->now) break;
    const Duration patience = *deadline == TimePoint::max() ? kForever : *deadline - attempt->now;
    const Duration held_for = time_until(attempt->now, attempt->held_until_ms);
    auto token_taken = names.wake_list().sleep(db_, std::min(patience, held_for), stop);
    if (!token_taken.ok()) return failed(token_taken.status());
    if (*token_taken == kBaton) candidate.set_baton();
  }
  const Result<Attempt> last = with_keys(&Candidate::last_attempt);
  if (!last.ok()) return failed(last.status());
  return last->fencing_number != 0 ? Nullable<Lock>(made(last->fencing_number)) : std::nullopt;
}

}  // namespace inlay
