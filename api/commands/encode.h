// encode(value): the reply that a command's result becomes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inlay/reply.h"
#include "inlay/types.h"

namespace inlay {

inline Reply encode(int64_t value) { return Reply::integer(value); }
inline Reply encode(bool value) { return Reply::integer(value); }
inline Reply encode(double value) { return Reply::real(value); }
inline Reply encode(std::string value) { return Reply::bulk(std::move(value)); }
inline Reply encode(Reply value) { return value; }

template <class T>
Reply encode(const std::optional<T>& value) {
  return value.has_value() ? encode(*value) : Reply::nil();
}

template <class T>
Reply encode(const std::vector<T>& values) {
  Reply::Items items;
  items.reserve(values.size());
  for (const T& value : values) items.push_back(encode(value));
  return Reply::array(std::move(items));
}

inline Reply encode(const ScanPage& page) {
  return Reply::array({Reply::bulk(std::to_string(page.cursor)), encode(page.keys)});
}

}  // namespace inlay
