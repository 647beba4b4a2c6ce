// Many writers, one file: a lock keeps them apart, and a fencing number keeps out who comes too late.
//
//   lock [STATUS_FILE]      default: /var/lib/dpkg/status
//
// Threads add up how many packages each section has, in a file that each of them reads, changes and writes back. Without
// a lock they would overwrite each other's sums. Now and then one ends while it holds the lock: its time runs out, and the
// others, asleep until then, go on.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/patterns/lock_manager.h"
#include "inlay/store.h"

namespace {

using namespace std::chrono_literals;
using Sums = std::map<std::string, int64_t>;

// What the lock protects. It remembers the greatest number that wrote to it, and refuses lower ones: a writer that was
// suspended between taking the lock and writing may have lost the lock meanwhile, and no lock can stop it.
class SumFile {
 public:
  explicit SumFile(std::string path) : path_(std::move(path)) {}
  ~SumFile() { std::filesystem::remove(path_); }

  Sums read() const {
    std::ifstream file(path_);
    int64_t fence = 0;
    file >> fence;
    Sums sums;
    std::string section;
    for (int64_t sum = 0; file >> section >> sum;) sums[section] = sum;
    return sums;
  }
  bool write(const Sums& sums, int64_t fencing_number) {
    if (fencing_number < fence()) return false;
    std::ofstream file(path_);
    file << fencing_number << '\n';
    for (const auto& [section, sum] : sums) file << section << ' ' << sum << '\n';
    return true;
  }

 private:
  int64_t fence() const {
    std::ifstream file(path_);
    int64_t fence = 0;
    file >> fence;
    return fence;
  }

  std::string path_;
};

std::string section_of(const std::string& record) {
  const std::string section = examples::field(record, "Section");
  return section.empty() ? "none" : section;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> sections;
  for (const auto& [name, record] : examples::packages_of(argc, argv)) sections.push_back(section_of(record));
  if (sections.empty()) return 1;
  examples::Checks checks;
  auto store = inlay::Store::open().value();
  const inlay::LockManager locks(*store);
  SumFile file(std::filesystem::temp_directory_path() / ("inlay_lock_" + std::to_string(::getpid())));

  constexpr size_t kThreads = 4;
  std::atomic<int> crashes{0};
  std::vector<std::jthread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < sections.size(); i += kThreads) {
        if (i % 97 == 0) {
          // Ends, so to speak, right after taking the lock: nobody releases it, and nothing is written.
          auto lock = locks.acquire("sums", 5ms, inlay::kForever).value();
          while (lock->is_held().value()) std::this_thread::yield();
          ++crashes;
        }
        auto lock = locks.acquire("sums", 1min, inlay::kForever).value();
        Sums sums = file.read();
        ++sums[sections[i]];
        checks.expect(file.write(sums, lock->fencing_number()), "the holder may write");
      }
    });
  }
  threads.clear();

  Sums expected;
  for (const std::string& section : sections) ++expected[section];
  checks.expect(file.read() == expected, "no sum was lost");
  std::printf("%zu packages in %zu sections, added up by %zu threads; %d ended with the lock in hands\n",
              sections.size(), expected.size(), kThreads, crashes.load());

  // A writer that is suspended for longer than its lock lasts.
  auto suspended = *std::move(locks.try_acquire("sums", 1ms)).value();
  auto next = locks.acquire("sums", 1min, inlay::kForever).value();
  Sums sums = file.read();
  sums["written by the next one"] = 1;
  checks.expect(file.write(file.read(), next->fencing_number()), "the next holder may write");
  checks.expect(!file.write(sums, suspended.fencing_number()), "the suspended one comes too late");
  checks.expect(!suspended.release().value(), "nor does it release what is another's");
  checks.expect(next->is_held().value(), "the next one still holds the lock");
  std::printf("number %lld came too late: %lld had written\n",
              static_cast<long long>(suspended.fencing_number()),
              static_cast<long long>(next->fencing_number()));
  return checks.exit_code();
}
