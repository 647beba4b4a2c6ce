// command<Fn>: makes a row of the command table from a function's signature.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "api/commands/codec.h"
#include "api/commands/command.h"
#include "api/commands/encode.h"
#include "engine/blocking.h"
#include "engine/executor.h"
#include "engine/held_locks.h"

namespace inlay {

namespace internal {

template <class... P>
constexpr int derived_arity(std::tuple<P...>*) {
  const int least = 1 + (Codec<P>::kMin + ... + 0);
  return (Codec<P>::kOpen || ... || false) ? -least : least;
}

// Key parameters come first in every signature, but for a timeout, so positions follow from types alone.
template <class... P>
constexpr KeySpec derived_keys(std::tuple<P...>*) {
  constexpr int single = (std::is_same_v<P, KeyRef> + ... + 0);
  if constexpr ((std::is_same_v<P, std::span<const KeyRef>> || ...)) return {1, -1, 1, false};
  if constexpr ((std::is_same_v<P, std::span<const KeyValueRef>> || ...)) return {1, -1, 2, false};
  if constexpr ((std::is_same_v<P, CountedPairs> || ...)) return {2, 0, 2, true};
  if constexpr ((std::is_same_v<P, LeadingKeys> || ...)) return {1, -2, 1, false};
  // A destination may stand before the count, or a timeout.
  constexpr int timeouts = (kIsWaitFor<P> + ... + 0);
  if constexpr ((std::derived_from<P, CountedKeys> || ...))
    return {2 + single + timeouts, 0, 1, true, single > 0};
  if constexpr (single > 0) return {1, single, 1, false};
  return {};
}

template <class Parameters>
struct Reading;
template <class... P>
struct Reading<std::tuple<P...>> {
  using Values = std::tuple<typename Codec<P>::Value...>;

  static absl::Status read(const Call& call, Values& values) {
    ArgReader reader(call.command.name, call.args, call.executor.engine().databases());
    absl::Status status;
    read_each(reader, values, status, std::index_sequence_for<P...>());
    return status;
  }
  static void print(const Values& values, ArgPrinter& out) {
    print_each(values, out, std::index_sequence_for<P...>());
  }

 private:
  template <size_t... i>
  static void read_each(ArgReader& reader, Values& values, absl::Status& status, std::index_sequence<i...>) {
    // Stops at the first failure.
    (void)((status = Codec<P>::read(reader, std::get<i>(values)), status.ok()) && ...);
  }
  template <size_t... i>
  static void print_each(const Values& values, ArgPrinter& out, std::index_sequence<i...>) {
    (Codec<P>::print(std::get<i>(values), out), ...);
  }
};

// Calls Fn with what was read: through the executor or under the locks that are held, or at once where it works on the
// session or the table.
template <auto Fn, class Values>
auto call_by_name(const Call& call, const Values& values) {
  using Tx = typename Signature<decltype(Fn)>::Transaction;
  return std::apply(
      [&](const auto&... value) {
        if constexpr (std::is_same_v<Tx, Call>) {
          return Fn(call, value...);
        } else if constexpr (std::is_same_v<Tx, SessionState>) {
          return Fn(call.session, value...);
        } else if (call.held != nullptr) {
          return call.held->run<Fn>(call.session.db, value...);
        } else {
          if constexpr (kBlocks<Fn>) {
            if (call.wait_until != nullptr)
              return run_blocking<Fn>(call.executor.engine(), call.session.db, *call.wait_until, value...);
          }
          return call.executor.run<Fn>(call.session.db, value...);
        }
      },
      values);
}

template <auto Fn, auto Encode>
Reply execute_by_name(const Call& call) {
  using R = Reading<typename Signature<decltype(Fn)>::Parameters>;
  typename R::Values values;
  if (const absl::Status status = R::read(call, values); !status.ok())
    return Reply::error(redis_error_text(status));
  const auto result = call_by_name<Fn>(call, values);
  if constexpr (kBlocks<Fn>) {
    // One nil for all commands that have waited in vain, whatever theirs is.
    if (call.wait_until != nullptr && is_nil(result)) return Reply::nil_array();
  }
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(result)>, absl::Status>) {
    return result.ok() ? Reply::ok() : Reply::error(redis_error_text(result));
  } else if constexpr (std::is_null_pointer_v<decltype(Encode)>) {
    if (!result.ok()) return Reply::error(redis_error_text(result.status()));
    return encode(*result);
  } else {
    if (!result.ok()) return Reply::error(redis_error_text(result.status()));
    return Encode(*result, values);
  }
}

template <auto Fn>
Result<std::vector<std::string>> reprint_by_name(const Call& call) {
  using R = Reading<typename Signature<decltype(Fn)>::Parameters>;
  typename R::Values values;
  if (absl::Status status = R::read(call, values); !status.ok()) return status;
  ArgPrinter out;
  R::print(values, out);
  return out.take();
}

// Subcommands count both names.
constexpr int with_names(std::string_view name, int arity) {
  const bool sub = name.find('|') != std::string_view::npos;
  return arity < 0 ? arity - sub : arity + sub;
}

constexpr KeySpec shifted(std::string_view name, KeySpec keys) {
  if (keys.first != 0 && name.find('|') != std::string_view::npos) {
    ++keys.first;
    if (keys.last > 0) ++keys.last;
  }
  return keys;
}

}  // namespace internal

/// The arguments of `Fn` as they are read by name.
template <auto Fn>
using Parsed = typename internal::Reading<typename Signature<decltype(Fn)>::Parameters>::Values;

/// The row of the command that `Fn` implements. `Encode(value, values)`, where the reply's shape depends on the
/// options, makes the reply from the result and the arguments as read.
template <auto Fn, auto Encode = nullptr>
constexpr Command command(std::string_view name, const CommandSpec& spec) {
  using Sig = Signature<decltype(Fn)>;
  auto* const parameters = static_cast<typename Sig::Parameters*>(nullptr);
  return {name,
          spec,
          internal::with_names(name, internal::derived_arity(parameters)),
          internal::shifted(name, internal::derived_keys(parameters)),
          std::derived_from<typename Sig::Transaction, WriteTx>,
          kBlocks<Fn>,
          false,
          &internal::execute_by_name<Fn, Encode>,
          &internal::reprint_by_name<Fn>,
          reach_of<typename Sig::Transaction>(),
          kGrows<typename Sig::Transaction>};
}

/// A row whose function sees the whole keyspace and changes it.
template <auto Fn, auto Encode = nullptr>
constexpr Command writing_command(std::string_view name, const CommandSpec& spec) {
  Command row = command<Fn, Encode>(name, spec);
  row.writes = true;
  return row;
}

/// A row whose function sees the whole keyspace and may need memory for what it changes.
template <auto Fn, auto Encode = nullptr>
constexpr Command growing_command(std::string_view name, const CommandSpec& spec) {
  Command row = writing_command<Fn, Encode>(name, spec);
  row.grows = true;
  return row;
}

/// A row that runs at once even after MULTI.
constexpr Command never_queued(Command row) {
  row.is_queued = false;
  return row;
}

/// A row that takes a list and insists on some of it: `arity` counts as Redis does, with the name or names.
constexpr Command at_least(int arity, Command row) {
  row.arity = -arity;
  return row;
}

/// A row that a subscribed session may still run.
constexpr Command while_subscribed(Command row) {
  row.while_subscribed = true;
  return row;
}

/// A name that only groups subcommands.
constexpr Command container(std::string_view name, const CommandSpec& spec) {
  return {name, spec, -2, {}, false, false, true, nullptr, nullptr};
}

}  // namespace inlay
