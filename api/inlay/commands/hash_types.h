// The small types that the hash commands take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inlay/types.h"

namespace inlay {

/// A field to set.
struct FieldValue {
  Arg field;
  Arg value;
};

/// Fields and their values as they were read.
using FieldValues = std::vector<std::pair<std::string, std::string>>;

/// What became of one field in a call that changes deadlines of fields.
enum class FieldOutcome : int8_t {
  kNoField = -2,  ///< There is no such field, or no such key.
  kNoTtl = -1,    ///< HPERSIST: the field has no deadline.
  kRefused = 0,   ///< The condition does not hold.
  kDone = 1,
  kDeleted = 2,  ///< The deadline has come already, and the field is gone.
};

struct HSetExOptions {
  /// A new deadline for the fields. Without one their old deadlines go, unless keep_ttl is set.
  std::optional<Expiry> ttl{};
  bool keep_ttl = false;
  /// kIfAbsent: set only if none of the fields exists; kIfPresent: only if all do.
  When when = When::kAlways;
  friend bool operator==(const HSetExOptions&, const HSetExOptions&) = default;
};

/// One step of a scan over a hash. A cursor of 0 starts a scan, and ends it when returned.
struct FieldScanPage {
  uint64_t cursor = 0;
  FieldValues fields;
  friend bool operator==(const FieldScanPage&, const FieldScanPage&) = default;
};

}  // namespace inlay
