#include "api/shell/replay_curves.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/shell/figures.h"
#include "api/shell/options.h"
#include "api/shell/progress.h"

namespace inlay::shell {
namespace {

constexpr char kDefaultPolicies[] = "lru,a3";
constexpr char kDefaultFractions[] = "0.001,0.01,0.1,0.25";

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts = absl::StrSplit(list, ',', absl::SkipEmpty());
  return parts;
}

Replayed replay_one(const Workload& workload, CacheModel& model, Progress& progress, double done,
                    double share, const std::string& note) {
  constexpr size_t kTurn = 1 << 17;
  Replayed replayed;
  const auto start = std::chrono::steady_clock::now();
  for (size_t begin = 0; begin < workload.ids.size(); begin += kTurn) {
    const size_t end = std::min(begin + kTurn, workload.ids.size());
    for (size_t i = begin; i < end; ++i) {
      const uint32_t id = workload.ids[i];
      const bool hit = model.request(id);
      replayed.misses += !hit;
      replayed.bytes_requested += workload.weights[id];
      replayed.bytes_missed += hit ? 0 : workload.weights[id];
    }
    progress.show(done + share * static_cast<double>(end) / static_cast<double>(workload.ids.size()), note);
  }
  replayed.requests = workload.ids.size();
  replayed.metadata = model.metadata();
  replayed.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return replayed;
}

double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void print_csv_row(const std::string& policy, const CacheSize& size, const Replayed& replayed) {
  std::printf("%s,%s,%llu,%.6f,%.6f,%zu,%.1f\n", policy.c_str(), size.label.c_str(),
              static_cast<unsigned long long>(size.capacity), ratio(replayed.misses, replayed.requests),
              ratio(replayed.bytes_missed, replayed.bytes_requested), replayed.metadata,
              replayed.requests == 0 ? 0 : replayed.seconds * 1e9 / static_cast<double>(replayed.requests));
}

void print_head(const Workload& workload, const Trace& trace, const std::vector<CacheSize>& sizes,
                bool bytes) {
  std::printf("trace       %s requests, %s unique keys", grouped(trace.keys.size()).c_str(),
              grouped(trace.unique_keys).c_str());
  if (bytes) std::printf(" of %s", bytes_text(workload.total_weight).c_str());
  std::printf("\nmiss ratio  %%, by what the cache holds; compulsory %.2f %%\n\n%-16s",
              100 * ratio(trace.unique_keys, trace.keys.size()), "");
  for (const CacheSize& size : sizes) {
    std::printf(" %12s", bytes ? bytes_text(size.capacity).c_str() : grouped(size.capacity).c_str());
  }
  std::printf("\n");
}

}  // namespace

Result<std::vector<std::string>> chosen_policies(const CurveOptions& options) {
  const std::vector<std::string> known = model_names();
  if (options.policies == "all") return known;
  std::vector<std::string> names = split(options.policies.empty() ? kDefaultPolicies : options.policies);
  for (const std::string& name : names) {
    const bool is_known = std::any_of(known.begin(), known.end(), [&](const std::string& other) {
      return other == name || other == "allkeys-" + name;
    });
    if (is_known) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("no policy '", name, "'; there are ", absl::StrJoin(known, ", ")));
  }
  return names;
}

Result<std::vector<CacheSize>> chosen_sizes(const CurveOptions& options, const Workload& workload) {
  std::vector<CacheSize> sizes;
  const std::string& capacities = options.bytes.empty() ? options.entries : options.bytes;
  for (const std::string& text : split(capacities)) {
    const std::optional<uint64_t> capacity = parse_whole(text);
    if (!capacity || *capacity == 0) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no size"));
    }
    sizes.push_back({text, *capacity});
  }
  const bool use_default = options.fractions.empty() && capacities.empty();
  for (const std::string& text : split(use_default ? kDefaultFractions : options.fractions)) {
    double fraction = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fraction);
    if (error != std::errc() || end != text.data() + text.size() || !(fraction > 0 && fraction <= 1)) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no fraction between 0 and 1"));
    }
    // A hair more, so that 0.1 of 10 is 1.
    const auto capacity = static_cast<uint64_t>(fraction * static_cast<double>(workload.total_weight) + 1e-6);
    sizes.push_back({text, std::max<uint64_t>(capacity, 1)});
  }
  return sizes;
}

int print_curves(const CurveOptions& options, const Trace& trace) {
  const bool bytes = options.weigh_bytes || !options.bytes.empty();
  const Workload workload = make_workload(trace, {bytes, options.value_size});
  const Result<std::vector<std::string>> names = chosen_policies(options);
  const Result<std::vector<CacheSize>> sizes = chosen_sizes(options, workload);
  for (const absl::Status& status : {names.status(), sizes.status()}) {
    if (status.ok()) continue;
    std::fprintf(stderr, "inlay replay: %s\n", std::string(status.message()).c_str());
    return 2;
  }
  if (options.csv) {
    std::puts("policy,size,capacity,miss_ratio,byte_miss_ratio,metadata_bytes,ns_per_request");
  } else {
    print_head(workload, trace, *sizes, bytes);
  }
  Progress progress("replay");
  const double share = 1.0 / static_cast<double>(std::max<size_t>(1, names->size() * sizes->size()));
  double done = 0;
  for (const std::string& name : *names) {
    std::string row;
    for (const CacheSize& size : *sizes) {
      const ModelOptions model_options{size.capacity, options.shards, options.requests_per_second,
                                       options.seed};
      const auto model = make_model(name, workload, model_options);
      const Replayed replayed =
          replay_one(workload, *model, progress, done, share, absl::StrCat(name, " ", size.label));
      done += share;
      if (options.csv) {
        print_csv_row(name, size, replayed);
      } else {
        char cell[32];
        std::snprintf(cell, sizeof cell, " %12.2f", 100 * ratio(replayed.misses, replayed.requests));
        row += cell;
      }
    }
    if (!options.csv) std::printf("%-16s%s\n", name.c_str(), row.c_str());
  }
  return 0;
}

}  // namespace inlay::shell
