// The list commands. Semantics: redis.io/commands, group list; differences in docs/differences.md.
#pragma once

#include "api/commands/arguments.h"
#include "engine/transaction.h"
#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay::cmd {}  // namespace inlay::cmd
