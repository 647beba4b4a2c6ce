// List alone against std::deque<std::string>: 10-byte items, short and 1M long, one thread.
//
// The deque finds any index by two loads, and pays for it with 32 bytes per item and with O(n) for changes in the
// middle. Names: <call>/<elements>/<contestant>.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "bench/workload.h"
#include "inlay/datatypes/list.h"

namespace inlay::bench {
namespace {

constexpr uint32_t kItems = 1'000'000;

// "item000042", into its own buffer.
class Item {
 public:
  std::string_view format(uint32_t id) {
    for (size_t i = sizeof text_; i > 4; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return {text_, sizeof text_};
  }

 private:
  char text_[10] = {'i', 't', 'e', 'm'};
};

void require(bool holds) {
  if (!holds) {
    std::fputs("list_bench: a wrong answer\n", stderr);
    std::exit(1);
  }
}

class Inlay {
 public:
  static constexpr const char* kName = "list";

  void push_back(std::string_view text) { require(list_.push_back(text)); }
  void push_front(std::string_view text) { require(list_.push_front(text)); }
  size_t front_bytes() const { return list_.front().bytes().size(); }
  size_t back_bytes() const { return list_.back().bytes().size(); }
  void pop_front() { require(list_.pop_front()); }
  void pop_back() { require(list_.pop_back()); }
  size_t bytes_at(size_t index) const { return list_.at(index).bytes().size(); }
  size_t bytes_of_range(size_t from, size_t count) const {
    size_t bytes = 0;
    list_.visit(from, List::Direction::kForward, [&](const Element& element) {
      bytes += element.bytes().size();
      return --count != 0;
    });
    return bytes;
  }
  void insert(size_t index, std::string_view text) { require(list_.insert(index, text)); }
  void erase(size_t index) { require(list_.erase(index, 1)); }
  double bytes_held() const { return static_cast<double>(list_.memory_usage()); }

 private:
  List list_;
};

class Deque {
 public:
  static constexpr const char* kName = "deque";

  void push_back(std::string_view text) { items_.emplace_back(text); }
  void push_front(std::string_view text) { items_.emplace_front(text); }
  size_t front_bytes() const { return items_.front().size(); }
  size_t back_bytes() const { return items_.back().size(); }
  void pop_front() { items_.pop_front(); }
  void pop_back() { items_.pop_back(); }
  size_t bytes_at(size_t index) const { return items_[index].size(); }
  size_t bytes_of_range(size_t from, size_t count) const {
    size_t bytes = 0;
    for (size_t i = from; i < from + count; ++i) bytes += items_[i].size();
    return bytes;
  }
  void insert(size_t index, std::string_view text) {
    items_.emplace(items_.begin() + static_cast<ptrdiff_t>(index), text);
  }
  void erase(size_t index) { items_.erase(items_.begin() + static_cast<ptrdiff_t>(index)); }
  // Items of up to 15 bytes stand in the string itself.
  double bytes_held() const { return static_cast<double>(items_.size() * sizeof(std::string)); }

 private:
  std::deque<std::string> items_;
};

template <class Sequence>
std::unique_ptr<Sequence> filled(uint32_t items) {
  auto sequence = std::make_unique<Sequence>();
  Item item;
  for (uint32_t i = 0; i < items; ++i) sequence->push_back(item.format(i));
  return sequence;
}

template <class Sequence>
void push_back_all(benchmark::State& state) {
  double held = 0;
  for (auto _ : state) {
    auto sequence = filled<Sequence>(kItems);
    held = sequence->bytes_held();
    state.PauseTiming();
    sequence.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kItems);
  state.counters["bytes_per_item"] = held / kItems;
}

// A job goes in at one end and out at the other.
template <class Sequence>
void queue(benchmark::State& state, uint32_t items, bool from_left) {
  const auto sequence = filled<Sequence>(items);
  Item item;
  uint32_t id = 0;
  for (auto _ : state) {
    const std::string_view text = item.format(id++);
    if (from_left) {
      sequence->push_front(text);
      require(sequence->back_bytes() == text.size());
      sequence->pop_back();
    } else {
      sequence->push_back(text);
      require(sequence->front_bytes() == text.size());
      sequence->pop_front();
    }
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Sequence>
void at_random(benchmark::State& state, uint32_t items) {
  const auto sequence = filled<Sequence>(items);
  Uniform random(1);
  for (auto _ : state) require(sequence->bytes_at(random.below(items)) == 10);
  state.SetItemsProcessed(state.iterations());
}

template <class Sequence>
void range_100(benchmark::State& state, uint32_t items) {
  const auto sequence = filled<Sequence>(items);
  Uniform random(1);
  for (auto _ : state) {
    const size_t middle = items / 4 + random.below(items / 2);
    require(sequence->bytes_of_range(middle, 100) == 1000);
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Sequence>
void insert_and_erase(benchmark::State& state, uint32_t items) {
  const auto sequence = filled<Sequence>(items);
  Uniform random(1);
  Item item;
  for (auto _ : state) {
    sequence->insert(random.below(items), item.format(1));
    sequence->erase(random.below(items));
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Sequence>
void register_contestant() {
  const auto add = [&](const char* name, uint32_t items, auto run) {
    const std::string size = items < 1000 ? std::to_string(items) : std::to_string(items / 1'000'000) + "M";
    benchmark::RegisterBenchmark((std::string(name) + "/" + size + "/" + Sequence::kName).c_str(), run);
  };
  add("list_push_back", kItems, push_back_all<Sequence>);
  for (const uint32_t items : {20u, kItems}) {
    add("list_rpush_lpop", items, [=](benchmark::State& state) { queue<Sequence>(state, items, false); });
    add("list_lpush_rpop", items, [=](benchmark::State& state) { queue<Sequence>(state, items, true); });
    add("list_at", items, [=](benchmark::State& state) { at_random<Sequence>(state, items); });
  }
  add("list_range_100", kItems, [](benchmark::State& state) { range_100<Sequence>(state, kItems); });
  add("list_insert_erase", kItems,
      [](benchmark::State& state) { insert_and_erase<Sequence>(state, kItems); });
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  using namespace inlay::bench;
  register_contestant<Deque>();
  register_contestant<Inlay>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
