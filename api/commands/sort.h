// SORT: orders the elements of a list, set or sorted set, by themselves or by values under other keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/commands/arguments.h"
#include "engine/transaction.h"
#include "inlay/result.h"

namespace inlay::cmd {

/// What was asked for, element by element, or how many of them were stored.
struct SortOutcome {
  std::vector<std::optional<std::string>> values;
  std::optional<int64_t> stored;
};

Result<SortOutcome> sort(KeyspaceTx& tx, Bytes key, const SortArguments& arguments);
Result<std::vector<std::optional<std::string>>> sort_ro(KeyspaceTx& tx, Bytes key,
                                                        const SortReadArguments& arguments);

}  // namespace inlay::cmd
