// The first byte chooses the limits; each further group of three bytes puts, erases, or asks for a range. The set must
// hold what std containers hold, in their order.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "inlay/datatypes/sorted_set.h"

namespace {

using inlay::SortedSet;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr SortedSet::Limits kLimits[] = {{0, 0}, {128, 64}, {8, 4}, {1 << 20, 1 << 20}};

std::string member_of(unsigned number) {
  std::string member(number % 7 == 0 ? number % 600 : 0, 'x');
  return member.append(std::to_string(number));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kSizeMax = 1200;  // Long inputs repeat themselves.
  if (size == 0 || size > kSizeMax) return 0;
  const SortedSet::Limits limits = kLimits[data[0] % std::size(kLimits)];
  inlay::PagePool pages;
  SortedSet set(pages, 1);
  std::map<std::string, double> scores;
  std::set<std::pair<double, std::string>> order;
  const auto forget = [&](const std::string& member) {
    order.erase({scores.at(member), member});
    scores.erase(member);
  };
  for (size_t i = 1; i + 2 < size; i += 3) {
    const unsigned operation = data[i] >> 5;
    const unsigned number = (data[i] & 31u) << 8 | data[i + 1];
    const double score = static_cast<int8_t>(data[i + 2]) / 4.0;
    if (operation < 4) {
      // One step handles a run, so that short inputs reach splits.
      for (unsigned n = number; n < number + (operation == 0 ? 1 : 24); ++n) {
        const std::string member = member_of(n);
        require(set.put(member, score + n % 3, limits) != SortedSet::Put::kOutOfMemory);
        if (scores.contains(member)) forget(member);
        scores[member] = score + n % 3;
        order.emplace(score + n % 3, member);
      }
    } else if (operation < 6) {
      for (unsigned n = number; n < number + 20; ++n) {
        const std::string member = member_of(n);
        require((set.erase(member) == SortedSet::Erased::kErased) == scores.contains(member));
        if (scores.contains(member)) forget(member);
      }
    } else if (operation == 6 && !order.empty()) {
      const size_t first = number % order.size();
      const size_t last = std::min(order.size(), first + data[i + 2] % 100);
      require(set.erase(SortedSet::Range{first, last}));
      const auto from = std::next(order.begin(), static_cast<ptrdiff_t>(first));
      const auto to = std::next(from, static_cast<ptrdiff_t>(last - first));
      for (auto it = from; it != to; ++it) scores.erase(it->second);
      order.erase(from, to);
    } else {
      const SortedSet::Range found = set.score_range({score}, {score + 1, true});
      const auto from = order.lower_bound({score, ""});
      require(found.size() == static_cast<size_t>(std::distance(from, order.lower_bound({score + 1, ""}))));
      const std::string member = member_of(number);
      require(set.rank(member).has_value() == scores.contains(member));
    }
  }
  require(set.check_invariants() && set.size() == order.size());
  auto it = order.begin();
  set.for_each([&](std::string_view member, double score) {
    require(it->first == score && it->second == member);
    ++it;
  });
  return 0;
}
