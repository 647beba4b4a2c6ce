// Pipeline: an index of all packages, built and read a thousand calls at a time.
//
//   pipeline [STATUS_FILE]      default: /var/lib/dpkg/status
//
// Calls are queued, run together, and their results read where they are needed. What one call does wrong is its own
// affair: the others run.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/store.h"

namespace {

using examples::Checks;
using Packages = std::map<std::string, std::string>;

constexpr size_t kBatch = 1000;

// A hash per package, a set per section, a sorted set by size, and a counter of dependants.
size_t build(inlay::Store& store, const Packages& packages) {
  inlay::Pipeline pipeline = store.pipeline();
  size_t calls = 0;
  const auto run = [&] {
    calls += pipeline.size();
    pipeline.exec().IgnoreError();
  };
  for (const auto& [name, record] : packages) {
    const std::string size = examples::field(record, "Installed-Size");
    pipeline.hset("package:" + name, {{"version", examples::field(record, "Version")}, {"size", size}});
    pipeline.sadd("section:" + examples::field(record, "Section"), {name});
    pipeline.zadd("by_size", {{std::strtod(size.c_str(), nullptr), name}});
    for (const std::string& needed : examples::dependencies(record)) pipeline.incr("needed_by:" + needed);
    if (pipeline.size() >= kBatch) run();
  }
  run();
  return calls;
}

// How often each package was counted as needed, read through one pipeline.
std::map<std::string, int64_t> dependants(inlay::Store& store, const Packages& packages) {
  inlay::Pipeline pipeline = store.pipeline();
  std::vector<std::pair<std::string, inlay::Deferred<std::optional<std::string>>>> counts;
  for (const auto& [name, record] : packages) counts.emplace_back(name, pipeline.get("needed_by:" + name));
  pipeline.exec().IgnoreError();
  std::map<std::string, int64_t> read;
  for (const auto& [name, count] : counts)
    if (count.ok() && count->has_value()) read[name] = std::stoll(**count);
  return read;
}

int run(const Packages& packages) {
  auto store = inlay::Store::open().value();
  const auto started = std::chrono::steady_clock::now();
  const size_t calls = build(*store, packages);
  const double us =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - started).count();
  std::printf("%zu packages: %zu calls in %.1f ms\n", packages.size(), calls, us / 1000);

  Checks checks;
  std::map<std::string, int64_t> expected;
  for (const auto& [name, record] : packages)
    for (const std::string& needed : examples::dependencies(record))
      if (packages.contains(needed)) ++expected[needed];
  checks.expect(dependants(*store, packages) == expected, "the counters say what the file says");
  checks.expect(store->zcard("by_size").value() == static_cast<int64_t>(packages.size()),
                "every package has a rank");
  for (const auto& [name, record] : packages)
    checks.expect(store->hget("package:" + name, "version").value() == examples::field(record, "Version"),
                  "every package has its version");

  // A call that fails in the middle.
  inlay::Pipeline pipeline = store->pipeline();
  const auto before = pipeline.incr("calls");
  const auto wrong = pipeline.incr("by_size");
  const auto after = pipeline.incr("calls");
  checks.expect(!after.ready(), "nothing has run yet");
  checks.expect(pipeline.exec().ok(), "exec() is OK though a call is not");
  checks.expect(*before == 1 && *after == 2, "the calls around the wrong one have run");
  checks.expect(inlay::kind_of(wrong.status()) == inlay::ErrorKind::kWrongType,
                "the wrong one has its own error");
  return checks.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const Packages packages = examples::packages_of(argc, argv);
  return packages.empty() ? 1 : run(packages);
}
