// Keeping what was loaded or put, and removing it.
#include <algorithm>

#include "api/patterns/full_key.h"
#include "api/patterns/milliseconds.h"
#include "inlay/patterns/cache_core.h"

namespace inlay::internal {
namespace {

// What is far from being reached, and from overflowing.
constexpr int64_t kFarMs = int64_t{1} << 46;

// What stands under a key; none for an absent one. Errors: WRONGTYPE.
Result<EntryHeader> header_under(View& view, Key full) {
  const Result<std::string> bytes = view.getrange(full, 0, EntryHeader::kBytes - 1);
  if (!bytes.ok()) return bytes.status();
  EntryHeader header;
  header.read(*bytes);
  return header;
}

}  // namespace

void CacheCore::settle(Flight& flight, Nullable<std::string> encoded) {
  // Counted first, so that who has the value sees its load counted.
  loads_.fetch_add(1, std::memory_order_relaxed);
  if (!encoded.ok()) load_failures_.fetch_add(1, std::memory_order_relaxed);
  load_ns_.fetch_add((database_.now() - flight.began).count(), std::memory_order_relaxed);
  // The store before the table: whoever finds no flight finds the entry.
  if (!keep(flight, encoded)) loads_dropped_.fetch_add(1, std::memory_order_relaxed);
  flights_.land(flight, std::move(encoded));
}

// False if there was a result, and it lost.
bool CacheCore::keep(const Flight& flight, Nullable<std::string>& encoded) {
  const EntryKind kind = flight.basis.kind();
  const bool nothing_to_replace = kind == EntryKind::kNone || kind == EntryKind::kWriting;
  if (nothing_to_replace) return !encoded.ok();
  if (!encoded.ok()) {
    // Whatever the load was to replace stays, but for the lease.
    if (kind == EntryKind::kLease)
      replace(flight, [](View& view, Key full) { return view.del(full); }).IgnoreError();
    return true;
  }
  const Result<bool> kept = replace(flight, [&](View& view, Key full) -> Result<bool> {
    if (encoded->has_value()) return set_value(view, full, flight.key, **encoded, flight.began, policy_.ttl);
    if (policy_.negative_ttl > Duration::zero()) return set_negative(view, full, flight.key, flight.began);
    view.del(full).IgnoreError();
    return true;
  });
  return kept.ok() && *kept;
}

Result<bool> CacheCore::replace(const Flight& flight,
                                absl::FunctionRef<Result<bool>(View& view, Key full)> with) {
  const FullKey full(prefix_, flight.key);
  return database_.atomically({full.view()}, [&](View& view) -> Result<bool> {
    const Result<EntryHeader> there = header_under(view, full.view());
    if (!there.ok() || *there != flight.basis) return false;
    return with(view, full.view());
  });
}

CacheCore::Life CacheCore::life_from(TimePoint start, Duration ttl, Duration kept_on, Key key,
                                     uint32_t token) const {
  if (ttl == kForever) return {};
  // The entry's own share of the jitter: from the key and the token, so that it needs no source of chance.
  uint64_t mixed = std::hash<std::string_view>{}(key) + token * 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  const double share = static_cast<double>((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53;
  const auto cut = static_cast<int64_t>(static_cast<double>(ms_of(ttl)) * policy_.jitter * share);
  const int64_t start_ms = std::clamp<int64_t>(to_unix_ms(start), 0, kFarMs);
  const int64_t end = start_ms + std::clamp<int64_t>(ms_of(ttl) - cut, 1, kFarMs);
  const int64_t gone = end + ms_of(kept_on);
  return {.end = static_cast<uint64_t>(end),
          .expiry = Expiry::at_unix_ms(gone),
          .is_over = gone <= to_unix_ms(database_.now())};
}

// False if its end has come already. Then, and when there is no room for it, nothing is left under the key.
Result<bool> CacheCore::set_value(auto& door, std::string_view full, Key key, std::string& encoded,
                                  TimePoint start, Duration ttl) {
  const auto token = static_cast<uint32_t>(next_token()) & EntryHeader::kTokenMask;
  const Life life = life_from(start, ttl, kept_on_, key, token);
  const EntryKind kind = kept_on_ == Duration::zero() ? EntryKind::kTimely : EntryKind::kValue;
  encoded.replace(0, EntryHeader::kBytes, EntryHeader(kind, life.end, token).bytes());
  absl::Status status;
  if (!life.is_over)
    status = life.expiry.has_value() ? door.set(full, encoded, *life.expiry) : door.set(full, encoded);
  if (life.is_over || !status.ok()) door.del(full).IgnoreError();
  if (!status.ok()) return status;
  return !life.is_over;
}

Result<bool> CacheCore::set_negative(View& view, std::string_view full, Key key, TimePoint start) {
  const auto token = static_cast<uint32_t>(next_token()) & EntryHeader::kTokenMask;
  const Life life = life_from(start, policy_.negative_ttl, {}, key, token);
  const EntryHeader header(EntryKind::kNegative, life.end, token);
  if (!life.is_over && view.set(full, header.bytes(), *life.expiry).ok()) return true;
  view.del(full).IgnoreError();
  return false;
}

// Not inline: g++ 12 believes of a short string that it knows to reach past its end.
std::string CacheCore::header_space() { return std::string(EntryHeader::kBytes, '\0'); }

absl::Status CacheCore::put(Key key, std::string encoded, Duration ttl) {
  if (ttl <= Duration::zero()) return absl::InvalidArgumentError("a ttl that is not positive");
  return set_value(database_, FullKey(prefix_, key).view(), key, encoded, database_.now(), ttl).status();
}

absl::Status CacheCore::invalidate(Key key) {
  const FullKey full(prefix_, key);
  return database_.atomically({full.view()}, [&](View& view) -> absl::Status {
    const Result<EntryHeader> there = header_under(view, full.view());
    if (!there.ok()) return there.status();
    // A write that is under way will not be kept; its mark stays, for those that begin after it.
    if (there->kind() == EntryKind::kWriting)
      return view.set(full.view(), EntryHeader(EntryKind::kWriting, there->end(), 0).bytes());
    return view.del(full.view()).status();
  });
}

int64_t CacheCore::invalidate_prefix(std::string_view prefix) {
  std::string glob;
  for (const std::string_view part : {std::string_view(prefix_), prefix}) {
    for (const char c : part) {
      if (c == '*' || c == '?' || c == '[' || c == '\\') glob += '\\';
      glob += c;
    }
  }
  glob += '*';
  int64_t invalidated = 0;
  for (const std::string& full : database_.scan({.match = std::move(glob), .count = 1000})) {
    invalidated += invalidate(std::string_view(full).substr(prefix_.size())).ok();
  }
  return invalidated;
}

CacheCore::WriteMark CacheCore::begin_write(Key key) {
  const FullKey full(prefix_, key);
  // Never 0, which no single writer's mark is.
  const WriteMark mark{static_cast<uint32_t>(next_token() % EntryHeader::kTokenMask) + 1, database_.now()};
  database_.atomically({full.view()}, [&](View& view) {
    const Result<EntryHeader> there = header_under(view, full.view());
    const bool overlaps = there.ok() && there->kind() == EntryKind::kWriting;
    const EntryHeader writing = overlaps ? EntryHeader(EntryKind::kWriting, there->end() + 1, 0)
                                         : EntryHeader(EntryKind::kWriting, 1, mark.token);
    // Without memory for the mark nothing is left there, and end_write() removes what comes.
    if (!view.set(full.view(), writing.bytes()).ok()) view.del(full.view()).IgnoreError();
  });
  return mark;
}

absl::Status CacheCore::end_write(Key key, const WriteMark& mark, std::optional<std::string> encoded,
                                  Duration ttl) {
  const FullKey full(prefix_, key);
  return database_.atomically({full.view()}, [&](View& view) -> absl::Status {
    const Result<EntryHeader> there = header_under(view, full.view());
    const bool writing = there.ok() && there->kind() == EntryKind::kWriting;
    if (writing && there->end() > 1)
      return view.set(full.view(), EntryHeader(EntryKind::kWriting, there->end() - 1, 0).bytes());
    if (writing && there->token() == mark.token && encoded.has_value())
      return set_value(view, full.view(), key, *encoded, mark.began, ttl).status();
    // Somebody else wrote meanwhile, or what stands here is of a time when this write was under way.
    return view.del(full.view()).status();
  });
}

}  // namespace inlay::internal
