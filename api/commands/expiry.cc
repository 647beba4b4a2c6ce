#include "api/commands/expiry.h"

#include "engine/error.h"

namespace inlay {

Result<int64_t> any_deadline(ReadTx& tx, const Expiry& expiry, std::string_view command) {
  int64_t deadline = expiry.ms();
  switch (expiry.kind()) {
    case Expiry::Kind::kNotInteger: return error(Error::kNotInteger);
    case Expiry::Kind::kOverflow: return error(Error::kInvalidExpire, command);
    case Expiry::Kind::kAt: return deadline;
    case Expiry::Kind::kAfter: break;
  }
  if (__builtin_add_overflow(deadline, tx.now_ms(), &deadline)) return error(Error::kInvalidExpire, command);
  return deadline;
}

Result<int64_t> positive_deadline(ReadTx& tx, const Expiry& expiry, std::string_view command) {
  const bool is_number = expiry.kind() == Expiry::Kind::kAt || expiry.kind() == Expiry::Kind::kAfter;
  if (is_number && expiry.ms() <= 0) return error(Error::kInvalidExpire, command);
  return any_deadline(tx, expiry, command);
}

absl::Status expire_or_erase(WriteTx& tx, const KeyRef& key, Found& found, int64_t deadline_ms) {
  if (deadline_ms <= tx.now_ms()) {
    tx.notify(EventClass::kGeneric, "del", key);
    tx.erase(key, found);
    return absl::OkStatus();
  }
  if (!tx.set_deadline(key, found, deadline_ms)) return error(Error::kOutOfMemory);
  tx.notify(EventClass::kGeneric, "expire", key);
  return absl::OkStatus();
}

bool condition_holds(ExpireIf condition, std::optional<int64_t> present, int64_t wanted) {
  switch (condition) {
    case ExpireIf::kAlways: return true;
    case ExpireIf::kNoTtl: return !present.has_value();
    case ExpireIf::kHasTtl: return present.has_value();
    case ExpireIf::kGreater: return present.has_value() && wanted > *present;
    case ExpireIf::kLess: return !present.has_value() || wanted < *present;
    case ExpireIf::kHasTtlAndLess: return present.has_value() && wanted < *present;
  }
  return false;
}

}  // namespace inlay
