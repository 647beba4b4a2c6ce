#include "api/shell/replay_model.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "engine/eviction/policy.h"

namespace inlay::shell {

Workload make_workload(const Trace& trace, const Weighing& weighing) {
  Workload workload;
  workload.ids.reserve(trace.keys.size());
  absl::flat_hash_map<uint64_t, uint32_t> numbers;
  numbers.reserve(trace.unique_keys);
  for (size_t i = 0; i < trace.keys.size(); ++i) {
    const auto [at, is_new] = numbers.try_emplace(trace.keys[i], static_cast<uint32_t>(numbers.size()));
    workload.ids.push_back(at->second);
    if (!is_new) continue;
    const uint64_t size = trace.sizes.empty() ? weighing.value_size : trace.sizes[i];
    const uint64_t weight = weighing.bytes ? std::clamp<uint64_t>(size, 1, UINT32_MAX) : 1;
    workload.weights.push_back(static_cast<uint32_t>(weight));
    workload.total_weight += weight;
  }
  return workload;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names(reference_names().begin(), reference_names().end());
  for (const PolicyInfo& row : policies()) {
    if (row.make != nullptr) names.emplace_back(row.name);
  }
  return names;
}

std::unique_ptr<CacheModel> make_model(std::string_view name, const Workload& workload,
                                       const ModelOptions& options) {
  if (auto reference = make_reference(name, workload, options.capacity)) return reference;
  return make_policy_model(name, workload, options);
}

}  // namespace inlay::shell
