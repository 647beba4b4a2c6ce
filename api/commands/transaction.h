// The commands of transactions by name: MULTI and what belongs to it. They work on the session; see SessionTransaction.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "api/commands/command.h"
#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay::cmd {

absl::Status multi(const Call& call);
Result<Reply> exec(const Call& call);
absl::Status discard(const Call& call);
absl::Status watch(const Call& call, std::span<const Bytes> keys);
absl::Status unwatch(const Call& call);

}  // namespace inlay::cmd
