#include "api/commands/set.h"

#include <array>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {}  // namespace inlay::cmd

namespace inlay {
namespace {

constexpr std::array<Command, 0> kSetCommands{};

}  // namespace

std::span<const Command> set_rows() { return kSetCommands; }

}  // namespace inlay
