// A tour of Inlay on real data: the package database of a Debian machine behind a cache.
//
//   tour [STATUS_FILE]      default: /var/lib/dpkg/status
//
// The status file is the slow store of record. Look-ups go through the cache-aside pattern: ask the store, on a
// miss read the record from the file and keep it for ten minutes. Resolving every package's dependencies makes
// many look-ups of few popular packages, which is what a cache is for.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/store.h"

namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// The store of record: knows where each package's paragraph stands in the file, and reads it from there.
class PackageFile {
 public:
  explicit PackageFile(const std::string& path) : file_(path) {
    std::string line, name;
    for (std::streampos at = 0, start = 0; std::getline(file_, line); at = file_.tellg()) {
      if (line.rfind("Package: ", 0) == 0) {
        name = line.substr(9);
        start = at;
      } else if (line.empty()) {
        name.clear();
      }
      if (!name.empty()) places_.emplace(name, start);
    }
    file_.clear();
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, place] : places_) names.push_back(name);
    return names;
  }

  // The paragraph of a package, or an empty string for one that is not installed.
  std::string read(const std::string& name) {
    ++reads_;
    const auto place = places_.find(name);
    if (place == places_.end()) return {};
    file_.seekg(place->second);
    std::string paragraph, line;
    while (std::getline(file_, line) && !line.empty()) paragraph += line + '\n';
    file_.clear();
    return paragraph;
  }

  size_t reads() const { return reads_; }

 private:
  std::ifstream file_;
  std::map<std::string, std::streampos> places_;
  size_t reads_ = 0;
};

std::string field(std::string_view record, std::string_view name) {
  const std::string start = std::string(name) + ": ";
  size_t at = record.rfind(start, 0) == 0 ? 0 : record.find("\n" + start);
  if (at == std::string_view::npos) return {};
  at = record.find(": ", at) + 2;
  return std::string(record.substr(at, record.find('\n', at) - at));
}

// "libc6 (>= 2.34), foo | bar" gives libc6, foo.
std::vector<std::string> dependencies(std::string_view record) {
  std::vector<std::string> names;
  std::istringstream list(field(record, "Depends"));
  for (std::string item; std::getline(list, item, ',');) {
    const size_t start = item.find_first_not_of(' ');
    if (start == std::string::npos) continue;
    names.push_back(item.substr(start, item.find_first_of(" (:|", start) - start));
  }
  return names;
}

// Cache-aside: a hit costs a look-up, a miss also reads the file and keeps what it read, absence included.
std::string package(inlay::Store& store, PackageFile& file, const std::string& name) {
  const std::string key = "package:" + name;
  if (auto cached = store.get(key).value()) return *cached;
  std::string record = file.read(name);
  store.set(key, record, 10min).IgnoreError();
  return record;
}

int run(const std::string& path) {
  PackageFile file(path);
  const std::vector<std::string> names = file.names();
  if (names.empty()) {
    std::cerr << "tour: no packages in " << path
              << "\nusage: tour [STATUS_FILE], a file in the format of dpkg's status\n";
    return 1;
  }
  std::printf("%zu packages in %s\n\n", names.size(), path.c_str());

  auto clock = std::make_shared<inlay::ManualClock>(std::chrono::system_clock::now());
  auto store = inlay::Store::open({.clock = clock, .background = inlay::Background::kManual}).value();

  // Every package, and the packages it depends on, through the cache; counters on the way.
  size_t lookups = 0;
  const auto started = SteadyClock::now();
  for (const std::string& name : names) {
    const std::string record = package(*store, file, name);
    ++lookups;
    store->incr("section:" + field(record, "Section")).value();
    for (const std::string& dependency : dependencies(record)) {
      package(*store, file, dependency);
      ++lookups;
      store->incr("wanted:" + dependency).value();
    }
  }
  const double ms = std::chrono::duration<double, std::milli>(SteadyClock::now() - started).count();
  std::printf("cache-aside   %zu look-ups, %zu read from the file: %.1f %% hits, %.1f ms\n", lookups,
              file.reads(),
              100.0 * static_cast<double>(lookups - file.reads()) / static_cast<double>(lookups), ms);

  // The counters are keys like all others: walk them, read them many at a time.
  std::vector<std::string> counters;
  for (const std::string& key : store->scan({.match = "wanted:*", .count = 100})) counters.push_back(key);
  const std::vector<inlay::Key> keys(counters.begin(), counters.end());
  const auto counts = store->mget(keys).value();
  std::vector<std::pair<int64_t, std::string>> ranking;
  for (size_t i = 0; i < counters.size(); ++i)
    ranking.emplace_back(-std::stoll(*counts[i]), counters[i].substr(7));
  std::sort(ranking.begin(), ranking.end());
  std::printf("most wanted  ");
  for (size_t i = 0; i < std::min<size_t>(5, ranking.size()); ++i) {
    std::printf(" %s (%lld)", ranking[i].second.c_str(), static_cast<long long>(-ranking[i].first));
  }

  // One record, without a copy.
  const std::string sample = "package:" + names.front();
  store
      ->visit(sample,
              [&](std::string_view record) {
                std::printf("\nvisit         %s has %zu bytes, version %s\n", sample.c_str(), record.size(),
                            field(record, "Version").c_str());
              })
      .value();

  const inlay::Stats full = store->stats();
  std::printf("memory        %llu keys in %.2f MiB\n", static_cast<unsigned long long>(full.keys),
              static_cast<double>(full.bytes) / (1 << 20));

  // Records expire, counters stay. The clock is ours, so nobody waits.
  store->expire(sample, 1h).value();
  clock->advance(11min);
  const size_t removed = store->maintain();
  std::printf(
      "expiry        11 minutes later %zu records are gone; %s lives on for %lld s; %lld keys remain\n",
      removed, sample.c_str(), static_cast<long long>(store->ttl(sample).value()->ms() / 1000),
      static_cast<long long>(store->dbsize().value()));

  // Nil, error and value are three things.
  const auto wrong = store->incr(sample);
  std::printf("errors        INCR of a record: %s\n", inlay::redis_error_text(wrong.status()).c_str());
  return wrong.ok() || removed == 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? argv[1] : "/var/lib/dpkg/status"); }
