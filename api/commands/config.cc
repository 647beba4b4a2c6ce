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
  std::string_view (*set)(KeyspaceTx& tx, Bytes value, bool apply);
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

// A number of digits alone, or the largest where it is larger.
uint64_t saturated(Bytes digits) {
  uint64_t number = 0;
  for (const char digit : digits) {
    if (__builtin_mul_overflow(number, uint64_t{10}, &number) ||
        __builtin_add_overflow(number, static_cast<uint64_t>(digit - '0'), &number)) {
      return UINT64_MAX;
    }
  }
  return number;
}

template <int64_t least, int64_t most>
constexpr std::string_view kLimitRange = "argument must be between 0 and 9223372036854775807 inclusive";
template <>
constexpr std::string_view kLimitRange<INT_MIN, INT_MAX> =
    "argument must be between -2147483648 and 2147483647 inclusive";

std::string_view set_string_limit(KeyspaceTx& tx, Bytes value, bool apply) {
  constexpr uint64_t kLeast = 1 << 20;
  const std::optional<uint64_t> bytes = parse_memory(value);
  if (!bytes.has_value()) return "argument must be a memory value";
  // An entry's lengths have 32 bits.
  if (*bytes < kLeast || *bytes > UINT32_MAX)
    return "argument must be between 1048576 and 4294967295 inclusive";
  if (apply) tx.engine().set_string_bytes_max(*bytes);
  return {};
}

// As Redis reads it: nothing is 0, and what is too large is the largest.
std::string_view set_max_memory(KeyspaceTx& tx, Bytes value, bool apply) {
  const size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
  // A number alone may have any length.
  std::optional<uint64_t> bytes = digits == 0 && value.empty() ? 0 : parse_memory(value);
  if (!bytes.has_value() && digits == value.size() && digits > 0) bytes = saturated(value);
  if (!bytes.has_value()) return "argument must be a memory value";
  if (apply) tx.change_limits([bytes = *bytes](Limits& limits) { limits.max_memory = bytes; });
  return {};
}

std::string_view set_policy(KeyspaceTx& tx, Bytes value, bool apply) {
  const PolicyInfo* policy = find_policy(lower(value));
  if (policy == nullptr) {
    return "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
           "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction";
  }
  if (apply) tx.change_limits([policy](Limits& limits) { limits.policy = policy; });
  return {};
}

std::string_view set_notifications(KeyspaceTx& tx, Bytes value, bool apply) {
  if (!EventHub::are_notifications(value)) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
  if (apply) tx.engine().events().set_notifications(value);
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
          [](KeyspaceTx& tx, Bytes value, bool apply) -> std::string_view {
            const auto number = parse_int64(value);
            if (!number.has_value()) return "argument couldn't be parsed into an integer";
            if (*number < least || *number > most) return kLimitRange<least, most>;
            if (apply) (tx.engine().container_limits().*limit).store(*number, std::memory_order_relaxed);
            return {};
          }};
}

constexpr auto list_size = limit_setting<&Limits::list_max_listpack_size, INT_MIN, INT_MAX>;
constexpr auto hash_entries = limit_setting<&Limits::hash_max_listpack_entries, 0, INT64_MAX>;
constexpr auto hash_value = limit_setting<&Limits::hash_max_listpack_value, 0, INT64_MAX>;
constexpr auto set_entries = limit_setting<&Limits::set_max_intset_entries, 0, INT64_MAX>;
constexpr auto zset_entries = limit_setting<&Limits::zset_max_listpack_entries, 0, INT64_MAX>;
constexpr auto zset_value = limit_setting<&Limits::zset_max_listpack_value, 0, INT64_MAX>;

// Policies have their own number of entries to look at; the setting is kept for programs that set it.
constexpr Setting samples{"maxmemory-samples",
                          [](const Engine& engine) { return std::to_string(engine.memory().samples()); },
                          [](KeyspaceTx& tx, Bytes value, bool apply) -> std::string_view {
                            const auto number = parse_int64(value);
                            if (!number.has_value()) return "argument couldn't be parsed into an integer";
                            if (*number < 1 || *number > INT_MAX)
                              return "argument must be between 1 and 2147483647 inclusive";
                            if (apply) tx.engine().memory().set_samples(*number);
                            return {};
                          }};

// The names with "ziplist" are the old ones.
constexpr std::array kSettings{
    Setting{"databases", [](const Engine& engine) { return std::to_string(engine.databases()); }, nullptr},
    hash_entries("hash-max-listpack-entries"),
    hash_value("hash-max-listpack-value"),
    hash_entries("hash-max-ziplist-entries"),
    hash_value("hash-max-ziplist-value"),
    list_size("list-max-listpack-size"),
    list_size("list-max-ziplist-size"),
    Setting{"maxmemory",
            [](const Engine& engine) { return std::to_string(engine.memory().limits().max_memory); },
            set_max_memory},
    Setting{"maxmemory-policy",
            [](const Engine& engine) { return std::string(engine.memory().limits().policy->name); },
            set_policy},
    samples,
    Setting{"notify-keyspace-events", [](const Engine& engine) { return engine.events().notifications(); },
            set_notifications},
    Setting{"proto-max-bulk-len",
            [](const Engine& engine) { return std::to_string(engine.string_bytes_setting()); },
            set_string_limit},
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

absl::Status set_config(KeyspaceTx& tx, std::span<const Bytes> settings) {
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
      const std::string_view reason = setting->set(tx, settings[i + 1], apply);
      if (!reason.empty()) return failure(name, reason);
    }
  }
  return absl::OkStatus();
}

}  // namespace inlay
