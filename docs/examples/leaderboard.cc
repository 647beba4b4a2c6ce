// Which packages take the most room? A leaderboard of what is installed, with ties, pages and neighbours.
//
//   leaderboard [STATUS_FILE]      default: /var/lib/dpkg/status
#include "inlay/patterns/leaderboard.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "docs/examples/packages.h"
#include "inlay/store.h"

namespace {

void print(const char* title, const std::vector<inlay::Standing>& standings) {
  std::printf("%s\n", title);
  for (const inlay::Standing& each : standings)
    std::printf("  %4lld. %-32s %8.0f KiB\n", static_cast<long long>(each.rank), each.member.c_str(),
                each.score);
}

// Ranks as anybody would count them on paper.
int64_t rank_on_paper(const std::map<std::string, int64_t>& sizes, int64_t kib) {
  return 1 + std::count_if(sizes.begin(), sizes.end(), [&](const auto& each) { return each.second > kib; });
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::string> packages = examples::packages_of(argc, argv);
  if (packages.empty()) return 1;
  examples::Checks checks;
  auto store = inlay::Store::open().value();
  inlay::Leaderboard board(*store, "size");
  inlay::Leaderboard sections(*store, "sections", {.ranking = inlay::Ranking::kDense});

  std::map<std::string, int64_t> sizes;
  for (const auto& [name, record] : packages) {
    const int64_t kib = std::atoll(examples::field(record, "Installed-Size").c_str());
    board.set(name, static_cast<double>(kib)).value();
    sections.add(examples::field(record, "Section"), static_cast<double>(kib)).value();
    sizes[name] = kib;
  }

  print("The largest packages:", board.top(5).value());
  print("\nThe largest sections:", sections.top(3).value());

  // The package in the middle and who stands beside it, from one instant.
  const int64_t count = board.count().value();
  const inlay::Standing middle = board.page(count / 2, 1).value().at(0);
  const auto near = board.around(middle.member, 2).value();
  print("\nIn the middle:", near);
  checks.expect(std::find(near.begin(), near.end(), middle) != near.end(), "a member is on its own page");

  // Equal sizes share a rank; every rank is what one would count.
  std::set<int64_t> distinct;
  for (const auto& [name, kib] : sizes) {
    distinct.insert(kib);
    const auto standing = board.find(name).value();
    checks.expect(standing && standing->rank == rank_on_paper(sizes, kib), "ranks are counted right");
  }
  std::printf("\n%lld packages have %zu different sizes.\n", static_cast<long long>(count), distinct.size());

  // Upgrades move packages; removal closes the gap.
  const inlay::Standing first = board.top(1).value().at(0);
  board.add(middle.member, first.score).value();
  checks.expect(board.find(middle.member).value()->rank == 1, "the one that grew most leads");
  checks.expect(board.find(first.member).value()->rank == 2, "the one that led is second");
  board.remove(middle.member).value();
  checks.expect(board.find(first.member).value()->rank == 1, "the leader is gone");
  checks.expect(board.count().value() == count - 1, "one less");
  return checks.exit_code();
}
