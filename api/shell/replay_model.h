// Models of caches that replay a trace without storing values: the engine's policies, and references beside them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/shell/trace.h"

namespace inlay::shell {

/// A trace whose keys are numbered from 0 in the order of their first request.
struct Workload {
  std::vector<uint32_t> ids;      // One a request.
  std::vector<uint32_t> weights;  // What each key weighs: 1, or bytes.
  uint64_t total_weight = 0;      // Of all keys.
};

/// How entries of a trace without sizes, or with them, are weighed.
struct Weighing {
  bool bytes = false;       // Else every key weighs 1.
  uint64_t value_size = 1;  // Of a key that the trace has no size for.
};
Workload make_workload(const Trace& trace, const Weighing& weighing);

/// A cache that is asked for keys and takes those that it does not hold. Thread-compatible.
class CacheModel {
 public:
  virtual ~CacheModel() = default;
  /// Whether it holds the key; if not, it takes it, unless the key weighs more than the cache holds.
  virtual bool request(uint32_t id) = 0;
  /// Bytes that the policy keeps beside its entries; 0 for references, whose bookkeeping nobody counts.
  virtual size_t metadata() const { return 0; }
};

struct ModelOptions {
  uint64_t capacity = 0;  // In units of weight.
  unsigned shards = 1;    // A power of two; references have one.
  double requests_per_second = 1000;
  uint64_t seed = 1;
};

/// Names that make_model() knows: references first, then rows of the engine's table, whose "allkeys-" may be left out
/// where no reference has the name.
std::vector<std::string> model_names();
/// Null if the name is unknown. The model keeps a reference to the workload.
std::unique_ptr<CacheModel> make_model(std::string_view name, const Workload& workload,
                                       const ModelOptions& options);

/// The two halves of it.
std::unique_ptr<CacheModel> make_reference(std::string_view name, const Workload& workload,
                                           uint64_t capacity);
std::span<const std::string_view> reference_names();
std::unique_ptr<CacheModel> make_policy_model(std::string_view name, const Workload& workload,
                                              const ModelOptions& options);

}  // namespace inlay::shell
