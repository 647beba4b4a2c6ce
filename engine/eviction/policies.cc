// The table of policies: a new one is a file and a row here.
#include <algorithm>
#include <array>

#include "engine/eviction/a3.h"
#include "engine/eviction/policy.h"
#include "engine/eviction/sampled.h"

namespace inlay {
namespace {

template <class P, auto... arguments>
std::unique_ptr<Policy> make(const PolicyContext& context) {
  return std::make_unique<P>(context, arguments...);
}

constexpr PolicyInfo kPolicies[] = {
    {"noeviction", "evicts nothing: writes that need room are refused", false, nullptr},
    {"allkeys-a3", "adaptive S3-FIFO: keeps what is asked for again, whatever passes by", false, make<A3>},
    {"allkeys-lru", "the longest unused of a sample", false, make<SampledLru, false>},
    {"allkeys-lfu", "the least often used of a sample", false, make<SampledLfu, false>},
    {"allkeys-random", "any key", false, make<RandomVictim, false>},
    {"volatile-lru", "allkeys-lru among keys with a deadline", true, make<SampledLru, true>},
    {"volatile-lfu", "allkeys-lfu among keys with a deadline", true, make<SampledLfu, true>},
    {"volatile-random", "any key with a deadline", true, make<RandomVictim, true>},
    {"volatile-ttl", "the nearest deadline of a sample", true, make<NearestDeadline>},
};

}  // namespace

std::span<const PolicyInfo> policies() { return kPolicies; }

const PolicyInfo* find_policy(std::string_view name) {
  const auto* found = std::find_if(std::begin(kPolicies), std::end(kPolicies),
                                   [&](const PolicyInfo& row) { return row.name == name; });
  return found == std::end(kPolicies) ? nullptr : found;
}

const PolicyInfo& default_cache_policy() { return kPolicies[1]; }

}  // namespace inlay
