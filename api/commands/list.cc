#include "api/commands/list.h"

#include <array>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {}  // namespace inlay::cmd

namespace inlay {
namespace {

constexpr std::array<Command, 0> kListCommands{};

}  // namespace

std::span<const Command> list_rows() { return kListCommands; }

}  // namespace inlay
