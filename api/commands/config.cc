#include "api/commands/config.h"

#include <algorithm>
#include <array>
#include <climits>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/commands/codec.h"
#include "engine/error.h"
#include "engine/glob.h"
#include "inlay/datatypes/number.h"

namespace inlay {
namespace {

struct Setting {
  std::string_view name;
  std::string (*get)(const Engine& engine);
  /// Null: fixed when the store is opened. With `apply` false only checks. An empty text means success.
  std::string_view (*set)(Engine& engine, Bytes value, bool apply);
};

std::string lower(Bytes text) {
  std::string result(text);
  absl::AsciiStrToLower(&result);
  return result;
}

// "512mb", "1gb", "100k", "42": the units of Redis's configuration.
std::optional<uint64_t> parse_memory(Bytes text) {
  const std::string value = lower(text);
  const size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
  const auto number = parse_int64(Bytes(value).substr(0, digits));
  if (!number.has_value()) return std::nullopt;
  struct Unit {
    std::string_view name;
    uint64_t bytes;
  };
  constexpr std::array kUnits{
      Unit{"", 1},          Unit{"b", 1},        Unit{"k", 1000},          Unit{"kb", 1024},
      Unit{"m", 1'000'000}, Unit{"mb", 1 << 20}, Unit{"g", 1'000'000'000}, Unit{"gb", 1 << 30}};
  for (const Unit& unit : kUnits) {
    uint64_t bytes;
    if (Bytes(value).substr(digits) != unit.name) continue;
    if (__builtin_mul_overflow(static_cast<uint64_t>(*number), unit.bytes, &bytes)) return std::nullopt;
    return bytes;
  }
  return std::nullopt;
}

template <int64_t least, int64_t most>
constexpr std::string_view kLimitRange = "argument must be between 0 and 9223372036854775807 inclusive";
template <>
constexpr std::string_view kLimitRange<INT_MIN, INT_MAX> =
    "argument must be between -2147483648 and 2147483647 inclusive";

std::string_view set_string_limit(Engine& engine, Bytes value, bool apply) {
  constexpr uint64_t kLeast = 1 << 20;
  const std::optional<uint64_t> bytes = parse_memory(value);
  if (!bytes.has_value()) return "argument must be a memory value";
  // An entry's lengths have 32 bits.
  if (*bytes < kLeast || *bytes > UINT32_MAX)
    return "argument must be between 1048576 and 4294967295 inclusive";
  if (apply) engine.set_string_bytes_max(*bytes);
  return {};
}

std::string_view set_notifications(Engine& engine, Bytes value, bool apply) {
  if (!EventHub::are_notifications(value)) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
  if (apply) engine.events().set_notifications(value);
  return {};
}

using Limits = Engine::ContainerLimits;

// The rows of a limit on small containers.
template <std::atomic<int64_t> Limits::*limit, int64_t least, int64_t most>
constexpr Setting limit_setting(std::string_view name) {
  return {name,
          [](const Engine& engine) {
            return std::to_string((engine.container_limits().*limit).load(std::memory_order_relaxed));
          },
          [](Engine& engine, Bytes value, bool apply) -> std::string_view {
            const auto number = parse_int64(value);
            if (!number.has_value()) return "argument couldn't be parsed into an integer";
            if (*number < least || *number > most) return kLimitRange<least, most>;
            if (apply) (engine.container_limits().*limit).store(*number, std::memory_order_relaxed);
            return {};
          }};
}

constexpr auto list_size = limit_setting<&Limits::list_max_listpack_size, INT_MIN, INT_MAX>;
constexpr auto hash_entries = limit_setting<&Limits::hash_max_listpack_entries, 0, INT64_MAX>;
constexpr auto hash_value = limit_setting<&Limits::hash_max_listpack_value, 0, INT64_MAX>;
constexpr auto set_entries = limit_setting<&Limits::set_max_intset_entries, 0, INT64_MAX>;
constexpr auto zset_entries = limit_setting<&Limits::zset_max_listpack_entries, 0, INT64_MAX>;
constexpr auto zset_value = limit_setting<&Limits::zset_max_listpack_value, 0, INT64_MAX>;

// The names with "ziplist" are the old ones.
constexpr std::array kSettings{
    Setting{"databases", [](const Engine& engine) { return std::to_string(engine.databases()); }, nullptr},
    hash_entries("hash-max-listpack-entries"),
    hash_value("hash-max-listpack-value"),
    hash_entries("hash-max-ziplist-entries"),
    hash_value("hash-max-ziplist-value"),
    list_size("list-max-listpack-size"),
    list_size("list-max-ziplist-size"),
    Setting{"maxmemory", [](const Engine&) { return std::string("0"); }, nullptr},
    Setting{"maxmemory-policy", [](const Engine&) { return std::string("noeviction"); }, nullptr},
    Setting{"notify-keyspace-events", [](const Engine& engine) { return engine.events().notifications(); },
            set_notifications},
    Setting{"proto-max-bulk-len",
            [](const Engine& engine) { return std::to_string(engine.string_bytes_max()); }, set_string_limit},
    set_entries("set-max-intset-entries"),
    zset_entries("zset-max-listpack-entries"),
    zset_value("zset-max-listpack-value"),
    zset_entries("zset-max-ziplist-entries"),
    zset_value("zset-max-ziplist-value"),
};

const Setting* find_setting(Bytes name) {
  const std::string wanted = lower(name);
  const auto* found =
      std::find_if(kSettings.begin(), kSettings.end(), [&](const Setting& s) { return s.name == wanted; });
  return found == kSettings.end() ? nullptr : found;
}

absl::Status failure(Bytes name, std::string_view reason) {
  return error(Error::kConfigSetFailed, absl::StrCat("'", std::string(name), "') - ", std::string(reason)));
}

}  // namespace

Reply::Items matching_config(Engine& engine, std::span<const Bytes> patterns) {
  Reply::Items items;
  for (const Setting& setting : kSettings) {
    const bool wanted = std::any_of(patterns.begin(), patterns.end(),
                                    [&](Bytes pattern) { return glob_match(lower(pattern), setting.name); });
    if (!wanted) continue;
    items.push_back(Reply::bulk(std::string(setting.name)));
    items.push_back(Reply::bulk(setting.get(engine)));
  }
  return items;
}

absl::Status set_config(Engine& engine, std::span<const Bytes> settings) {
  std::vector<const Setting*> seen;
  for (const bool apply : {false, true}) {
    for (size_t i = 0; i < settings.size(); i += 2) {
      const Bytes name = settings[i];
      const Setting* setting = find_setting(name);
      if (setting == nullptr) return error(Error::kUnknownConfigArgument, name);
      if (setting->set == nullptr) return failure(name, "can't set immutable config");
      if (!apply) {
        if (std::find(seen.begin(), seen.end(), setting) != seen.end())
          return failure(name, "duplicate parameter");
        seen.push_back(setting);
      }
      const std::string_view reason = setting->set(engine, settings[i + 1], apply);
      if (!reason.empty()) return failure(name, reason);
    }
  }
  return absl::OkStatus();
}

}  // namespace inlay
