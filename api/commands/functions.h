// Native functions of the program that FCALL calls by name: where a Redis user's scripts find a home.
//
// A function runs under the locks of the keys that its caller names, as one with all that it does.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "api/commands/command.h"
#include "engine/held_locks.h"
#include "inlay/reply.h"
#include "inlay/result.h"

namespace inlay {

struct FunctionRow {
  /// `keys` are the ones that `held` covers.
  absl::AnyInvocable<Result<Reply>(HeldLocks& held, int db, std::span<const Bytes> keys,
                                   std::span<const Bytes> args) const>
      body;
  bool read_only = false;
};

/// The functions of one store. Thread-safe: one that is removed ends with the calls that are in it.
class FunctionRegistry {
 public:
  /// Errors: the name is taken.
  absl::Status add(std::string_view name, FunctionRow row);
  /// False if there is none.
  bool remove(std::string_view name);
  /// Null if there is none.
  std::shared_ptr<const FunctionRow> find(std::string_view name) const;

 private:
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<const FunctionRow>> rows_;
};

}  // namespace inlay

namespace inlay::cmd {

/// `rest` is the number of keys, the keys, and the other arguments.
Result<Reply> fcall(const Call& call, Bytes name, std::span<const Bytes> rest);
/// The same for functions that only read.
Result<Reply> fcall_ro(const Call& call, Bytes name, std::span<const Bytes> rest);

}  // namespace inlay::cmd
