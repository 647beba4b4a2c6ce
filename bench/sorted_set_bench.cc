// SortedSet against absl::btree_set of (score, member) beside a flat_hash_map from member to score: 1M members of 12 bytes,
// uniform scores, one thread. The peer has no ranks, so it has no rank rows, and walks a range from a score.
//
// Names: <call>/1M/<contestant>. The rows of loads also tell bytes per element and, of ours, the slowest single put.
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "bench/workload.h"
#include "inlay/datatypes/sorted_set.h"

namespace inlay::bench {
namespace {

void require(bool holds) {
  if (holds) return;
  std::fprintf(stderr, "wrong result\n");
  std::abort();
}

// "m:0000000042": 12 bytes.
class Member {
 public:
  std::string_view format(uint32_t id) {
    for (size_t i = text_.size(); i > 2; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return {text_.data(), text_.size()};
  }

 private:
  std::array<char, 12> text_ = {'m', ':'};
};

double score_of(uint32_t id) { return shuffled(id, kKeys); }

class Ours {
 public:
  static constexpr const char* kName = "sorted_set";
  void put(std::string_view member, double score) {
    require(set_.put(member, score, {}) != SortedSet::Put::kOutOfMemory);
  }
  double score(std::string_view member) const { return *set_.score(member); }
  void walk(double from, size_t count, SortedSet::Visit visit) const {
    const size_t first = set_.score_range({from}, {from}).first;
    set_.visit({first, std::min(first + count, set_.size())}, SortedSet::Order::kAscending, visit);
  }
  size_t size() const { return set_.size(); }
  const SortedSet& set() const { return set_; }
  /// What a store's background thread does.
  void make_memory_ready() { pages_.stock_spare(); }

 private:
  PagePool pages_;
  SortedSet set_{pages_, 1};
};

class Peer {
 public:
  static constexpr const char* kName = "btree_and_map";
  void put(std::string_view member, double score) {
    auto [it, added] = scores_.try_emplace(std::string(member), score);
    if (!added) {
      order_.erase({it->second, it->first});
      it->second = score;
    }
    order_.emplace(score, it->first);
  }
  double score(std::string_view member) const {
    return scores_.find(absl::string_view(member.data(), member.size()))->second;
  }
  void walk(double from, size_t count, SortedSet::Visit visit) const {
    for (auto it = order_.lower_bound({from, {}}); it != order_.end() && count > 0; ++it, --count)
      visit(it->second, it->first);
  }
  size_t size() const { return scores_.size(); }

 private:
  absl::flat_hash_map<std::string, double> scores_;
  absl::btree_set<std::pair<double, std::string>> order_;
};

// The time this thread has run, so that others on the machine do not count.
double busy_us() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <class Set>
Set& filled() {
  static const std::unique_ptr<Set> set = [] {
    auto fresh = std::make_unique<Set>();
    Member member;
    for (uint32_t id = 0; id < kKeys; ++id) fresh->put(member.format(id), score_of(id));
    return fresh;
  }();
  return *set;
}

template <class Set>
void load(benchmark::State& state, double (*score)(uint32_t)) {
  Member member;
  double slowest = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto set = std::make_unique<Set>();
    state.ResumeTiming();
    for (uint32_t id = 0; id < kKeys; ++id) set->put(member.format(id), score(id));
    state.PauseTiming();
    require(set->size() == kKeys);
    if constexpr (std::is_same_v<Set, Ours>) {
      state.counters["bytes_per_element"] = static_cast<double>(set->set().memory_usage()) / kKeys;
      Ours again;
      for (uint32_t id = 0; id < kKeys; ++id) {
        again.make_memory_ready();
        const double begin = busy_us();
        again.put(member.format(id), score(id));
        slowest = std::max(slowest, busy_us() - begin);
      }
      state.counters["slowest_put_us"] = slowest;
    }
    set.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}

template <class Set>
void load_shuffled(benchmark::State& state) {
  load<Set>(state, score_of);
}

template <class Set>
void load_ascending(benchmark::State& state) {
  load<Set>(state, [](uint32_t id) { return static_cast<double>(id); });
}

template <class Set>
void rescore(benchmark::State& state) {
  Set set;
  Member member;
  for (uint32_t id = 0; id < kKeys; ++id) set.put(member.format(id), score_of(id));
  Uniform random(3);
  for (auto _ : state) set.put(member.format(random.below(kKeys)), random.below(kKeys));
  require(set.size() == kKeys);
  state.SetItemsProcessed(state.iterations());
}

template <class Set>
void score(benchmark::State& state) {
  const Set& set = filled<Set>();
  Uniform random(4);
  Member member;
  for (auto _ : state) {
    const uint32_t id = random.below(kKeys);
    require(set.score(member.format(id)) == score_of(id));
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Set>
void walk_100(benchmark::State& state) {
  const Set& set = filled<Set>();
  Uniform random(5);
  for (auto _ : state) {
    const uint32_t from = random.below(kKeys - 100);
    size_t bytes = 0;
    double last = 0;
    set.walk(from, 100, [&](std::string_view member, double score) {
      bytes += static_cast<unsigned char>(member[0]);
      last = score;
    });
    require(bytes == 100 * 'm' && last == from + 99);
  }
  state.SetItemsProcessed(state.iterations());
}

void rank(benchmark::State& state) {
  const SortedSet& set = filled<Ours>().set();
  Uniform random(6);
  Member member;
  for (auto _ : state) {
    const uint32_t id = random.below(kKeys);
    require(static_cast<double>(*set.rank(member.format(id))) == score_of(id));
  }
  state.SetItemsProcessed(state.iterations());
}

void walk_100_by_rank_down(benchmark::State& state) {
  const SortedSet& set = filled<Ours>().set();
  Uniform random(7);
  for (auto _ : state) {
    const size_t from = random.below(kKeys - 100);
    double last = 0;
    set.visit({from, from + 100}, SortedSet::Order::kDescending,
              [&](std::string_view member, double score) { last = score + (member[0] - 'm'); });
    require(last == static_cast<double>(from));
  }
  state.SetItemsProcessed(state.iterations());
}

void pop_first(benchmark::State& state) {
  Ours ours;
  Member member;
  for (uint32_t id = 0; id < kKeys; ++id) ours.put(member.format(id), score_of(id));
  SortedSet& set = const_cast<SortedSet&>(ours.set());
  uint32_t next = 0;
  for (auto _ : state) {
    // As a queue by time: the first leaves, another comes last.
    require(set.erase(SortedSet::Range{0, 1}));
    require(set.put(member.format(kKeys + next), kKeys + next, {}) == SortedSet::Put::kAdded);
    ++next;
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Set>
void register_contestant() {
  const std::string contestant = std::string("/1M/") + Set::kName;
  const auto add = [&](const char* name, void (*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark((name + contestant).c_str(), run);
  };
  add("zset_load_shuffled", load_shuffled<Set>);
  add("zset_load_ascending", load_ascending<Set>);
  add("zset_rescore", rescore<Set>);
  add("zset_score", score<Set>);
  add("zset_walk_100", walk_100<Set>);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  register_contestant<Peer>();
  register_contestant<Ours>();
  benchmark::RegisterBenchmark("zset_rank/1M/sorted_set", rank);
  benchmark::RegisterBenchmark("zset_walk_100_by_rank_down/1M/sorted_set", walk_100_by_rank_down);
  benchmark::RegisterBenchmark("zset_pop_first_put_last/1M/sorted_set", pop_first);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
