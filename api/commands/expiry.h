// Deadlines from the expiries that commands take.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/transaction.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

/// The deadline in Unix milliseconds that an option such as EX or PXAT means: the number must be positive and
/// the deadline fit 64 bits. `command` is named in the error.
Result<int64_t> positive_deadline(ReadTx& tx, const Expiry& expiry, std::string_view command);

/// The same for the EXPIRE family, which takes instants in the past.
Result<int64_t> any_deadline(ReadTx& tx, const Expiry& expiry, std::string_view command);

/// Gives an existing key a deadline, or removes it where the deadline has come.
absl::Status expire_or_erase(WriteTx& tx, const KeyRef& key, Found& found, int64_t deadline_ms);

/// Whether EXPIRE's condition lets a present deadline, if there is one, be replaced.
bool condition_holds(ExpireIf condition, std::optional<int64_t> present, int64_t wanted);

}  // namespace inlay
