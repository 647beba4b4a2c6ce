// What the by-name door would make of the results of typed methods.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "inlay/reply.h"
#include "inlay/result.h"
#include "inlay/store.h"

namespace inlay::fuzz {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
Reply reply(const T& value);

/// The parts as one array. Those that are arrays themselves stay so.
template <class... Parts>
Reply array_of(const Parts&... parts) {
  return Reply::array({reply(parts)...});
}

/// Pairs, one after the other.
template <class Pairs, class First, class Second>
Reply flat(const Pairs& pairs, First first, Second second) {
  Reply::Items items;
  for (const auto& pair : pairs) {
    items.push_back(reply(first(pair)));
    items.push_back(reply(second(pair)));
  }
  return Reply::array(std::move(items));
}

inline Reply with_scores(const std::vector<ScoredMember>& members) {
  return flat(
      members, [](const auto& each) { return each.member; }, [](const auto& each) { return each.score; });
}

template <class T>
Reply reply_to_vector(const T& values) {
  if constexpr (std::is_same_v<T, std::vector<ScoredMember>>) {
    return with_scores(values);
  } else if constexpr (std::is_same_v<T, FieldValues>) {
    return flat(
        values, [](const auto& each) { return each.first; }, [](const auto& each) { return each.second; });
  } else {
    Reply::Items items;
    for (const auto& value : values) items.push_back(reply(value));
    return Reply::array(std::move(items));
  }
}

template <class T>
Reply reply_to_pair(const T& value) {
  if constexpr (std::is_same_v<T, ScoredMember>) return with_scores({value});
  if constexpr (std::is_same_v<T, RankAndScore>) return array_of(value.rank, value.score);
  if constexpr (std::is_same_v<T, KeyElements>) return array_of(value.key, value.elements);
  if constexpr (std::is_same_v<T, ScanPage>) return array_of(std::to_string(value.cursor), value.keys);
  if constexpr (std::is_same_v<T, FieldScanPage>) return array_of(std::to_string(value.cursor), value.fields);
  if constexpr (std::is_same_v<T, ScoredMemberPage>)
    return array_of(std::to_string(value.cursor), value.members);
  if constexpr (std::is_same_v<T, PoppedMembers>) {
    Reply::Items pairs;
    for (const ScoredMember& each : value.members) pairs.push_back(with_scores({each}));
    return Reply::array({reply(value.key), Reply::array(std::move(pairs))});
  }
}

template <class T>
Reply reply(const T& value) {
  constexpr bool kTime =
      std::is_same_v<T, std::optional<Ttl>> || std::is_same_v<T, std::optional<ExpireTime>>;
  if constexpr (std::is_same_v<T, absl::Status>) {
    return value.ok() ? Reply::ok() : Reply::error(redis_error_text(value));
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, int64_t>) {
    return Reply::integer(value);
  } else if constexpr (std::is_same_v<T, double>) {
    return Reply::real(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return Reply::bulk(value);
  } else if constexpr (std::is_same_v<T, Ttl>) {
    return Reply::integer(value.ms());
  } else if constexpr (std::is_same_v<T, ExpireTime>) {
    return Reply::integer(value.unix_ms());
  } else if constexpr (std::is_same_v<T, FieldOutcome>) {
    return Reply::integer(static_cast<int64_t>(value));
  } else if constexpr (std::is_same_v<T, SetOutcome>) {
    return value.applied ? Reply::ok() : Reply::nil();
  } else if constexpr (std::is_same_v<T, LcsResult>) {
    return Reply::bulk(value.text);
  } else if constexpr (IsOptional<T>::value) {
    if (!value.has_value()) return kTime ? Reply::integer(-2) : Reply::nil();
    return reply(*value);
  } else if constexpr (IsVector<T>::value) {
    return reply_to_vector(value);
  } else {
    return reply_to_pair(value);
  }
}

template <class T>
Reply reply(const absl::StatusOr<T>& result) {
  return result.ok() ? reply(*result) : reply(result.status());
}

}  // namespace inlay::fuzz
