// The settings that CONFIG GET and CONFIG SET know.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "engine/key.h"
#include "engine/transaction.h"
#include "inlay/reply.h"

namespace inlay {

/// Names and values, in turn, of the settings that match one of the globs.
Reply::Items matching_config(Engine& engine, std::span<const Bytes> patterns);

/// Changes settings given as names and values in turn: all of them, or none and an error.
absl::Status set_config(KeyspaceTx& tx, std::span<const Bytes> settings);

}  // namespace inlay
