// Which packages take the most room? A leaderboard of what is installed, with ties, pages and neighbours.
//
//   leaderboard [STATUS_FILE]      default: /var/lib/dpkg/status
#include "inlay/patterns/leaderboard.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>

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
int64_t rank_on_paper(const std::vector<Package>& packages, int64_t kib) {
  return 1 + std::count_if(packages.begin(), packages.end(), [&](const Package& p) { return p.kib > kib; });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Package> packages = read_packages(argc, argv);
  auto store = inlay::Store::open().value();
  inlay::Leaderboard board(*store, "size");
  inlay::Leaderboard sections(*store, "sections", {.ranking = inlay::Ranking::kDense});

  for (const Package& package : packages) {
    board.set(package.name, static_cast<double>(package.kib)).value();
    sections.add(package.section, static_cast<double>(package.kib)).value();
  }

  print("The largest packages:", board.top(5).value());
  print("\nThe largest sections:", sections.top(3).value());

  // The package in the middle and who stands beside it, from one instant.
  const int64_t count = board.count().value();
  const inlay::Standing middle = board.page(count / 2, 1).value().at(0);
  const auto near = board.around(middle.member, 2).value();
  print("\nIn the middle:", near);
  expect(std::find(near.begin(), near.end(), middle) != near.end(), "a member is on its own page");

  // Equal sizes share a rank; every rank is what one would count.
  std::set<int64_t> sizes;
  for (const Package& package : packages) {
    sizes.insert(package.kib);
    const auto standing = board.find(package.name).value();
    expect(standing && standing->rank == rank_on_paper(packages, package.kib), "ranks are counted right");
  }
  std::printf("\n%lld packages have %zu different sizes.\n", static_cast<long long>(count), sizes.size());

  // Upgrades move packages; removal closes the gap.
  const inlay::Standing first = board.top(1).value().at(0);
  board.add(middle.member, first.score).value();
  expect(board.find(middle.member).value()->rank == 1, "the one that grew most leads");
  expect(board.find(first.member).value()->rank == 2, "the one that led is second");
  board.remove(middle.member).value();
  expect(board.find(first.member).value()->rank == 1, "the leader is gone");
  expect(board.count().value() == count - 1, "one less");
  return 0;
}
