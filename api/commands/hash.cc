#include "api/commands/hash.h"

#include <array>

#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {}  // namespace inlay::cmd

namespace inlay {
namespace {

constexpr std::array<Command, 0> kHashCommands{};

}  // namespace

std::span<const Command> hash_rows() { return kHashCommands; }

}  // namespace inlay
