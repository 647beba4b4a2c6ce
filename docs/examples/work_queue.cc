// Work that gets done although workers crash: sizes of packages, added up by section, job by job.
//
//   work_queue [STATUS_FILE]      default: /var/lib/dpkg/status
//
// Every package is a job. Workers take jobs, now and then end with one in hands, and one job is such that no worker can do
// it. What the workers did is compared with the same sums made directly.
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/patterns/queue.h"
#include "inlay/store.h"

namespace {

using namespace std::chrono_literals;

struct Sum {
  int64_t packages = 0;
  int64_t kib = 0;
  friend bool operator==(const Sum&, const Sum&) = default;
};
using Sums = std::map<std::string, Sum>;

// A job may be done twice: by a worker that then ended, and again by another. So its result stands under the job's own
// name, where doing it again changes nothing, instead of being added to a sum at once.
class Results {
 public:
  void set(const std::string& id, const std::string& section, int64_t kib) {
    const std::lock_guard lock(mutex_);
    results_[id] = {section, kib};
  }
  Sums sums() const {
    const std::lock_guard lock(mutex_);
    Sums sums;
    for (const auto& [id, result] : results_) {
      ++sums[result.first].packages;
      sums[result.first].kib += result.second;
    }
    return sums;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::pair<std::string, int64_t>> results_;
};

// "section kib"; false for anything else.
bool parse(const std::string& payload, std::string& section, int64_t& kib) {
  const size_t space = payload.find(' ');
  if (space == std::string::npos || payload.size() == space + 1) return false;
  section = payload.substr(0, space);
  kib = std::strtoll(payload.c_str() + space + 1, nullptr, 10);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::string> packages = examples::packages_of(argc, argv);
  if (packages.empty()) return 1;
  examples::Checks checks;
  auto store = inlay::Store::open().value();
  inlay::Queue queue(*store, "sizes", {.visibility = 100ms, .attempts_max = 5});
  Results results;
  std::atomic<int> crashes{0};

  std::stop_source stop;
  std::vector<std::jthread> workers;
  for (int w = 0; w < 3; ++w) {
    workers.emplace_back([&] {
      for (;;) {
        const auto job = queue.reserve(inlay::kForever, stop.get_token());
        if (!job.ok()) return;  // Asked to stop.
        std::string section;
        int64_t kib = 0;
        if (!parse((*job)->payload, section, kib)) {
          queue.nack(**job, 5ms).value();
          continue;
        }
        results.set((*job)->id, section, kib);
        // One in ten is done, and its worker ends before it can say so. Nobody has to notice: the job comes back.
        if ((*job)->attempt == 1 && std::stoll((*job)->id) % 10 == 0) {
          ++crashes;
          continue;
        }
        queue.ack(**job).value();
      }
    });
  }

  Sums expected;
  for (const auto& [name, record] : packages) {
    std::string section = examples::field(record, "Section");
    if (section.empty()) section = "none";
    const int64_t kib = std::atoll(examples::field(record, "Installed-Size").c_str());
    queue.push(std::string(section).append(" ").append(std::to_string(kib))).value();
    ++expected[section].packages;
    expected[section].kib += kib;
  }
  queue.push("nonsense").value();

  const auto is_done = [&] {
    const inlay::QueueCounts counts = queue.counts().value();
    return counts.ready + counts.delayed + counts.reserved == 0;
  };
  while (!is_done()) std::this_thread::yield();
  stop.request_stop();
  workers.clear();

  std::printf("%zu packages in %zu sections; %d jobs were left by workers that ended, and done again\n",
              packages.size(), expected.size(), crashes.load());
  checks.expect(results.sums() == expected, "every job is done, and counts once");
  const auto dead = queue.dead_jobs().value();
  checks.expect(dead.size() == 1 && dead[0].payload == "nonsense" && dead[0].attempt == 5,
                "one job was put aside");
  std::printf("put aside after %lld attempts: \"%s\"\n", static_cast<long long>(dead[0].attempt),
              dead[0].payload.c_str());
  return checks.exit_code();
}
