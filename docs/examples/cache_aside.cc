// Cache-aside: how much disk does each package need, with all that it depends on?
//
//   cache_aside [STATUS_FILE]      default: /var/lib/dpkg/status
//
// The answer takes many look-ups of few popular records. The records stand in a slow place, so they are read through a
// cache: once each, though four threads work at once; what does not exist is asked for once as well; a record that changes
// is invalidated; and when the slow place fails, the last known record bridges the gap.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/patterns/cache.h"

namespace {

using namespace std::chrono_literals;
using examples::Checks;
using Packages = std::map<std::string, std::string>;

// The slow place. It counts how often each record is read, and can be out of order.
class Archive {
 public:
  explicit Archive(Packages packages) : packages_(std::move(packages)) {}

  inlay::Nullable<std::string> read(inlay::Key name) {
    const std::lock_guard lock(mutex_);
    ++reads_[std::string(name)];
    if (is_down_) return absl::UnavailableError("the archive is down");
    const auto package = packages_.find(std::string(name));
    if (package == packages_.end()) return std::nullopt;
    return package->second;
  }
  void change(const std::string& name, std::string record) {
    const std::lock_guard lock(mutex_);
    packages_[name] = std::move(record);
  }
  void set_down(bool is_down) { is_down_ = is_down; }
  std::map<std::string, int> reads() {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

 private:
  std::mutex mutex_;
  Packages packages_;
  std::map<std::string, int> reads_;
  std::atomic<bool> is_down_ = false;
};

// Kibibytes of a package and of all that it needs.
int64_t size_with_dependencies(inlay::Cache<std::string>& cache, const std::string& name) {
  int64_t total = 0;
  std::set<std::string> seen = {name};
  for (std::vector<std::string> next = {name}; !next.empty();) {
    const std::string package = std::move(next.back());
    next.pop_back();
    const auto record = cache.get_or_load(package);
    if (!record.ok() || !record->has_value()) continue;  // A virtual package, or one that is not installed.
    total += std::strtoll(examples::field(**record, "Installed-Size").c_str(), nullptr, 10);
    for (std::string& needed : examples::dependencies(**record))
      if (seen.insert(needed).second) next.push_back(std::move(needed));
  }
  return total;
}

int run(const Packages& packages) {
  auto clock = std::make_shared<inlay::ManualClock>(std::chrono::system_clock::now());
  auto store = inlay::Store::open({.clock = clock, .background = inlay::Background::kManual}).value();
  Archive archive(packages);
  inlay::Cache<std::string> cache(*store,
                                  "package:", {.ttl = 10min, .stale_on_error = 1h, .negative_ttl = 1min},
                                  {.load = [&archive](inlay::Key name) { return archive.read(name); }});

  std::vector<std::jthread> workers;
  std::mutex mutex;
  std::map<int64_t, std::string> by_size;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&] {
      for (const auto& [name, record] : packages) {
        const int64_t size = size_with_dependencies(cache, name);
        const std::lock_guard lock(mutex);
        by_size[size] = name;
      }
    });
  }
  workers.clear();

  Checks checks;
  const inlay::CacheStats stats = cache.stats();
  std::printf("%zu packages, four times: %llu hits, %llu misses, %llu loads\n", packages.size(),
              static_cast<unsigned long long>(stats.hits), static_cast<unsigned long long>(stats.misses),
              static_cast<unsigned long long>(stats.loads));
  std::printf("the largest with its dependencies: %s, %lld KiB\n", by_size.rbegin()->second.c_str(),
              static_cast<long long>(by_size.rbegin()->first));
  for (const auto& [name, reads] : archive.reads()) checks.expect(reads == 1, "each record is read once");

  // A record changes: first the truth, then the cache.
  const std::string sample = packages.begin()->first;
  archive.change(sample, "Package: " + sample + "\nVersion: changed\n");
  checks.expect(cache.invalidate(sample).ok(), "a key can be invalidated");
  checks.expect(examples::field(cache.get_or_load(sample)->value(), "Version") == "changed",
                "after an invalidation the new record is read");

  // The archive fails when the records are past their end: they bridge the gap, but not for ever.
  archive.set_down(true);
  clock->advance(11min);
  const auto bridged = cache.get_or_load(sample);
  checks.expect(bridged.ok() && bridged->has_value(), "an old record stands in for a failed load");
  clock->advance(2h);
  const auto failed = cache.get_or_load(sample);
  checks.expect(failed.status().code() == absl::StatusCode::kUnavailable,
                "an old record stands in for an hour at most");
  archive.set_down(false);
  checks.expect(cache.get_or_load(sample).ok(), "an error is not remembered");
  return checks.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const Packages packages = examples::packages_of(argc, argv);
  return packages.empty() ? 1 : run(packages);
}
