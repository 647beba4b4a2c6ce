#include "api/commands/functions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"
#include "inlay/datatypes/number.h"

namespace inlay {

absl::Status FunctionRegistry::add(std::string_view name, FunctionRow row) {
  const std::lock_guard lock(mutex_);
  const bool added =
      rows_.try_emplace(std::string(name), std::make_shared<const FunctionRow>(std::move(row))).second;
  return added ? absl::OkStatus() : error(Error::kFunctionExists);
}

bool FunctionRegistry::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return rows_.erase(std::string(name)) != 0;
}

std::shared_ptr<const FunctionRow> FunctionRegistry::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto row = rows_.find(std::string(name));
  return row == rows_.end() ? nullptr : row->second;
}

namespace cmd {
namespace {

// How many of the arguments after the count are keys.
Result<size_t> number_of_keys(std::span<const Bytes> rest) {
  const auto count = parse_int64(rest[0]);
  if (!count.has_value()) return error(Error::kBadNumberOfKeys);
  if (*count > static_cast<int64_t>(rest.size() - 1)) return error(Error::kTooManyKeys);
  if (*count < 0) return error(Error::kNegativeNumberOfKeys);
  return static_cast<size_t>(*count);
}

Result<Reply> run_function(const Call& call, Bytes name, std::span<const Bytes> rest, bool read_only) {
  const auto function = call.session.functions == nullptr ? nullptr : call.session.functions->find(name);
  if (function == nullptr) return error(Error::kFunctionNotFound);
  const Result<size_t> count = number_of_keys(rest);
  if (!count.ok()) return count.status();
  if (read_only && !function->read_only) return error(Error::kFunctionWrites);

  const std::span<const Bytes> keys = rest.subspan(1, *count);
  Engine& engine = call.executor.engine();
  absl::InlinedVector<KeyRef, 8> declared;
  for (const Bytes key : keys) declared.push_back(engine.key(key));
  const Access access = function->read_only ? Access::kRead : Access::kWrite;
  const auto run = [&](HeldLocks& held) {
    const HeldLocks::Narrowed narrowed(held, declared, access);
    return function->body(held, call.session.db, keys, rest.subspan(1 + *count));
  };
  if (call.held != nullptr) {
    const bool covered =
        std::ranges::all_of(declared, [&](const KeyRef& key) { return call.held->covers(key); });
    return covered ? run(*call.held) : error(Error::kUndeclaredKey);
  }
  absl::InlinedVector<uint64_t, 8> hashes;
  for (const KeyRef& key : declared) hashes.push_back(key.hash);
  HeldLocks held(engine, hashes, access);
  return run(held);
}

}  // namespace

Result<Reply> fcall(const Call& call, Bytes name, std::span<const Bytes> rest) {
  return run_function(call, name, rest, false);
}

Result<Reply> fcall_ro(const Call& call, Bytes name, std::span<const Bytes> rest) {
  return run_function(call, name, rest, true);
}

}  // namespace cmd

namespace {

constexpr Command on_counted_keys(Command row, bool writes) {
  row.keys = {.first = 3, .step = 1, .counted = true, .optional = true};
  row.reach = Reach::kKeys;
  row.writes = writes;
  return row;
}

constexpr std::string_view kSyntax = "function numkeys [key [key ...]] [arg [arg ...]]";

constexpr std::array kFunctionCommands{
    on_counted_keys(
        at_least(3, command<cmd::fcall>("fcall", {"7.0.0", Group::kScripting, "That of the function",
                                                  "Calls a function of the program.", kSyntax})),
        true),
    on_counted_keys(
        at_least(3, command<cmd::fcall_ro>("fcall_ro",
                                           {"7.0.0", Group::kScripting, "That of the function",
                                            "Calls a function of the program that only reads.", kSyntax})),
        false),
};

}  // namespace

std::span<const Command> function_rows() { return kFunctionCommands; }

}  // namespace inlay
