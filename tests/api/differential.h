// Random sequences of commands on Inlay and on a live redis-server: every reply and the state afterwards agree.
//
// Run more of them with RC_PARAMS, which RapidCheck reads and prints with each failure:
//   RC_PARAMS="max_success=2000" differential_test
#pragma once

#include <initializer_list>
#include <span>

#include "tests/api/command_grammar.h"
#include "tests/support/redis_client.h"

namespace inlay::test {

/// Runs one random sequence of up to 100 calls from `tables` on both sides, after the calls of `prologue`, and fails the
/// property where a reply or the state at the end differs. To be called from a RapidCheck property.
void compare_runs(CallMix mix, std::initializer_list<std::span<const Grammar>> tables,
                  const std::vector<Argv>& prologue = {});

}  // namespace inlay::test
