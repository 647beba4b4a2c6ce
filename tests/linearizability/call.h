// Call: one command of a recorded history, as the words that follow its name.
//
// The commands are those that both checkers know. Their arguments stand as Redis takes them, so that a call by name, a
// typed call and the model read the same words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inlay::test {

enum class Verb : uint8_t {
  kGet,
  kSet,  // "key value", and what SET's options add: "NX", "PX ms", "IFEQ old".
  kSetNx,
  kGetSet,
  kGetDel,
  kDelIfEqual,
  kIncrBy,
  kAppend,
  kDel,
  kExists,
  kMGet,
  kMSet,
  kMSetNx,
  kRename,
  kRenameNx,
  kPExpire,
  kPersist,
  kLPush,
  kRPush,
  kLPop,
  kRPop,
  kLLen,
  kLRange,  // Always "key 0 -1".
  kLMove,
  kHSet,
  kHGet,
  kHDel,
  kHIncrBy,
  kHGetAll,
  kTick,  // No command: moves the store's clock by so many milliseconds.
};

struct Call {
  Verb verb;
  std::vector<std::string> words;
};

/// What a tick is recorded under, and what a call that depends on the time shares with it.
inline constexpr std::string_view kClockKey = "(clock)";

std::string_view name_of(Verb verb);
/// Whether the verb only reads.
bool is_read(Verb verb);
/// The keys among the words.
std::vector<std::string_view> keys_of(const Call& call);
/// Whether it sets or takes away a deadline, or moves the clock.
bool concerns_time(const Call& call);
/// GET a
std::string to_string(const Call& call);

}  // namespace inlay::test
