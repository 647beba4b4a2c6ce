#include "api/commands/sorted_set.h"

#include <array>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {}  // namespace inlay::cmd

namespace inlay {
namespace {

constexpr std::array<Command, 0> kSortedSetCommands{};

}  // namespace

std::span<const Command> sorted_set_rows() { return kSortedSetCommands; }

}  // namespace inlay
