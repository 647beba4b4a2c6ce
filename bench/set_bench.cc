// Sets: the typed commands against a live redis-server, and the bare container against absl::flat_hash_set and std::set.
//
// Names: <command>/<set>/redis is the server's own time per call (INFO commandstats: without network and parsing),
// <command>/<set>/inlay the typed call in this process. Sets: strings_1M of 12-byte members, integers_1M of numbers below 10M;
// sinter and its store take two sets of 100k with two thirds in common, and the time is of the whole call.
// memory_<set>/<contestant> has a counter of bytes per member. container_<operation>/<set>/<contestant> times the structure
// alone, without keyspace and locks. std::set of integers is the sorted peer; it loses on all but the merge.
#include <absl/container/flat_hash_set.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bench/process_memory.h"
#include "bench/redis_peer.h"
#include "bench/workload.h"
#include "inlay/datatypes/set.h"
#include "inlay/store.h"

namespace inlay::bench {
namespace {

constexpr size_t kCalls = 200'000;  // Of the server, per repetition.
constexpr uint32_t kAlgebraIds = 150'000;

enum class Kind { kStrings, kIntegers };
constexpr Kind kKinds[] = {Kind::kStrings, Kind::kIntegers};

const char* name_of(Kind kind) { return kind == Kind::kStrings ? "strings_1M" : "integers_1M"; }

void require(bool holds) {
  if (holds) return;
  std::fprintf(stderr, "wrong results\n");
  std::abort();
}

// The member of an id, in a buffer of its own: "m" and 11 digits, or a number below ten times as many ids.
class Member {
 public:
  std::string_view format(Kind kind, uint32_t id) {
    if (kind == Kind::kIntegers) {
      return {text_, format_int64(int64_t{id} * 10 + id % 7, text_)};
    }
    for (size_t i = 12; i > 2; id /= 10) text_[--i] = static_cast<char>('0' + id % 10);
    return {text_, 12};
  }

 private:
  char text_[kInt64TextMax] = {'m', '0'};
};

// Which of two sets hold an id: each two thirds of them.
bool in_first(uint32_t id) { return id % 3 != 0; }
bool in_second(uint32_t id) { return id % 3 != 1 || id % 2 == 0; }

// Calls add(key, member) for every member of the big set and of the two for algebra.
template <class Add>
void for_each_member(Kind kind, const Add& add) {
  Member member;
  for (uint32_t i = 0; i < kKeys; ++i) add("set", member.format(kind, shuffled(i, kKeys)));
  for (uint32_t id = 0; id < kAlgebraIds; ++id) {
    if (in_first(id)) add("a", member.format(kind, id));
    if (in_second(id)) add("b", member.format(kind, id));
  }
}

RedisPeer& server(Kind kind) {
  static const auto make = [](Kind wanted) {
    auto redis = std::make_unique<RedisPeer>();
    std::vector<std::pair<std::string, std::string>> members;
    for_each_member(
        wanted, [&](std::string_view key, std::string_view member) { members.emplace_back(key, member); });
    redis->pipeline(members.size(), [&](size_t i) -> RedisPeer::Argv {
      return {"SADD", members[i].first, members[i].second};
    });
    return redis;
  };
  static const auto strings = make(Kind::kStrings);
  static const auto integers = make(Kind::kIntegers);
  return kind == Kind::kStrings ? *strings : *integers;
}

Store& store(Kind kind) {
  static const auto make = [](Kind wanted) {
    auto fresh = Store::open().value();
    for_each_member(
        wanted, [&](std::string_view key, std::string_view member) { require(*fresh->sadd(key, member)); });
    return fresh;
  };
  static const auto strings = make(Kind::kStrings);
  static const auto integers = make(Kind::kIntegers);
  return kind == Kind::kStrings ? *strings : *integers;
}

// Commands on one member of the big set. SADD adds to a set of its own, always a new member.
void member_redis(benchmark::State& state, const char* command, Kind kind) {
  RedisPeer& redis = server(kind);
  const bool adds = std::string_view(command) == "sadd";
  Uniform random(1);
  Member member;
  for (auto _ : state) {
    if (adds) redis.call({"DEL", "fresh"});
    const double usec = redis.usec_per_call(command, [&] {
      redis.pipeline(kCalls, [&](size_t i) -> RedisPeer::Argv {
        const uint32_t id = adds ? shuffled(static_cast<uint32_t>(i), kKeys) : random.below(kKeys);
        return {command, adds ? "fresh" : "set", member.format(kind, id)};
      });
    });
    state.SetIterationTime(usec * 1e-6 * kCalls);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kCalls));
}

void sismember_inlay(benchmark::State& state, Kind kind) {
  Store& s = store(kind);
  Uniform random(1);
  Member member;
  for (auto _ : state) require(*s.sismember("set", member.format(kind, random.below(kKeys))));
  state.SetItemsProcessed(state.iterations());
}

void sadd_inlay(benchmark::State& state, Kind kind) {
  Store& s = store(kind);
  Member member;
  uint32_t next = 0;
  for (auto _ : state) {
    if (next == kCalls) {
      state.PauseTiming();
      require(*s.del("fresh"));
      next = 0;
      state.ResumeTiming();
    }
    require(*s.sadd("fresh", member.format(kind, shuffled(next++, kKeys))));
  }
  (void)s.del("fresh");
  state.SetItemsProcessed(state.iterations());
}

void algebra_redis(benchmark::State& state, const char* command, Kind kind) {
  RedisPeer& redis = server(kind);
  const bool stores = std::string_view(command) == "sinterstore";
  for (auto _ : state) {
    const double usec = redis.usec_per_call(command, [&] {
      redis.pipeline(3, [&](size_t) -> RedisPeer::Argv {
        return stores ? RedisPeer::Argv{command, "to", "a", "b"} : RedisPeer::Argv{command, "a", "b"};
      });
    });
    state.SetIterationTime(usec * 1e-6);
  }
}

void sinter_inlay(benchmark::State& state, Kind kind) {
  Store& s = store(kind);
  const int64_t expected = *s.sintercard({"a", "b"});
  for (auto _ : state) require(static_cast<int64_t>(s.sinter({"a", "b"})->size()) == expected);
}

void sinterstore_inlay(benchmark::State& state, Kind kind) {
  Store& s = store(kind);
  const int64_t expected = *s.sintercard({"a", "b"});
  for (auto _ : state) require(*s.sinterstore("to", {"a", "b"}) == expected);
  (void)s.del("to");
}

void memory_redis(benchmark::State& state, Kind kind) {
  for (auto _ : state) {
    RedisPeer redis;
    const double before = redis.used_memory();
    Member member;
    redis.pipeline(kKeys, [&](size_t i) -> RedisPeer::Argv {
      return {"SADD", "set", member.format(kind, shuffled(static_cast<uint32_t>(i), kKeys))};
    });
    state.counters["account_bytes"] = (redis.used_memory() - before) / kKeys;
    state.SetIterationTime(1);
  }
}

void memory_inlay(benchmark::State& state, Kind kind) {
  const auto measure = [kind]() -> Figures {
    const int64_t before = resident_bytes();
    const auto fresh = Store::open().value();
    const uint64_t account_before = fresh->stats().bytes;
    Member member;
    for (uint32_t i = 0; i < kKeys; ++i) (void)fresh->sadd("set", member.format(kind, shuffled(i, kKeys)));
    return {{"account_bytes", static_cast<double>(fresh->stats().bytes - account_before) / kKeys},
            {"process_bytes", static_cast<double>(resident_bytes() - before) / kKeys}};
  };
  for (auto _ : state) {
    for (const auto& [name, bytes] : in_child(measure)) state.counters[name] = bytes;
    state.SetIterationTime(1);
  }
}

// The bare containers.

class Ours {
 public:
  static constexpr const char* kName = "inlay";
  void insert(std::string_view member) { (void)set.insert(member, {}); }
  bool contains(std::string_view member) const { return set.contains(member); }
  size_t common(const Ours& other) const {
    const Set* const sets[] = {&set, &other.set};
    size_t count = 0;
    Set::intersect(sets, [&](const Element&) { return ++count != 0; });
    return count;
  }

 private:
  static PagePool& pages() {
    static PagePool pool;
    return pool;
  }
  Set set{pages(), 1};
};

class FlatHashSet {
 public:
  static constexpr const char* kName = "flat_hash_set";
  void insert(std::string_view member) { set.emplace(member); }
  bool contains(std::string_view member) const { return set.contains(std::string(member)); }
  size_t common(const FlatHashSet& other) const {
    return static_cast<size_t>(std::count_if(
        set.begin(), set.end(), [&](const std::string& member) { return other.set.contains(member); }));
  }

 private:
  absl::flat_hash_set<std::string> set;
};

class StdSetOfIntegers {
 public:
  static constexpr const char* kName = "std_set";
  void insert(std::string_view member) { set.insert(*parse_int64(member)); }
  bool contains(std::string_view member) const { return set.contains(*parse_int64(member)); }
  size_t common(const StdSetOfIntegers& other) const {
    std::vector<int64_t> result;
    std::set_intersection(set.begin(), set.end(), other.set.begin(), other.set.end(),
                          std::back_inserter(result));
    return result.size();
  }

 private:
  std::set<int64_t> set;
};

template <class Container>
void container_insert(benchmark::State& state, Kind kind) {
  Member member;
  for (auto _ : state) {
    auto fresh = std::make_unique<Container>();
    for (uint32_t i = 0; i < kKeys; ++i) fresh->insert(member.format(kind, shuffled(i, kKeys)));
    state.PauseTiming();
    fresh.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}

template <class Container>
void container_contains(benchmark::State& state, Kind kind) {
  Member member;
  Container filled;
  for (uint32_t i = 0; i < kKeys; ++i) filled.insert(member.format(kind, shuffled(i, kKeys)));
  Uniform random(1);
  for (auto _ : state) require(filled.contains(member.format(kind, random.below(kKeys))));
  state.SetItemsProcessed(state.iterations());
}

template <class Container>
void container_intersect(benchmark::State& state, Kind kind) {
  Member member;
  Container a;
  Container b;
  size_t expected = 0;
  for (uint32_t id = 0; id < kAlgebraIds; ++id) {
    if (in_first(id)) a.insert(member.format(kind, id));
    if (in_second(id)) b.insert(member.format(kind, id));
    expected += in_first(id) && in_second(id);
  }
  for (auto _ : state) require(a.common(b) == expected);
}

template <class Container>
void register_container(Kind kind) {
  const auto add = [&](const char* operation, void (*run)(benchmark::State&, Kind)) {
    const std::string name =
        std::string("container_") + operation + "/" + name_of(kind) + "/" + Container::kName;
    benchmark::RegisterBenchmark(name.c_str(), run, kind)->Unit(benchmark::kNanosecond);
  };
  add("insert", container_insert<Container>);
  add("contains", container_contains<Container>);
  add("intersect_100k", container_intersect<Container>);
}

void register_all() {
  for (const Kind kind : kKinds) {
    const auto name = [kind](const char* command, const char* contestant) {
      return std::string(command) + "/" + name_of(kind) + "/" + contestant;
    };
    for (const char* command : {"sadd", "sismember"}) {
      benchmark::RegisterBenchmark(name(command, "redis").c_str(), member_redis, command, kind)
          ->Iterations(1)
          ->UseManualTime();
    }
    benchmark::RegisterBenchmark(name("sadd", "inlay").c_str(), sadd_inlay, kind);
    benchmark::RegisterBenchmark(name("sismember", "inlay").c_str(), sismember_inlay, kind);
    for (const char* command : {"sinter", "sinterstore"}) {
      benchmark::RegisterBenchmark(name(command, "redis").c_str(), algebra_redis, command, kind)
          ->Iterations(1)
          ->UseManualTime();
    }
    benchmark::RegisterBenchmark(name("sinter", "inlay").c_str(), sinter_inlay, kind);
    benchmark::RegisterBenchmark(name("sinterstore", "inlay").c_str(), sinterstore_inlay, kind);
    benchmark::RegisterBenchmark(name("memory", "redis").c_str(), memory_redis, kind)
        ->Iterations(1)
        ->UseManualTime();
    benchmark::RegisterBenchmark(name("memory", "inlay").c_str(), memory_inlay, kind)
        ->Iterations(1)
        ->UseManualTime();
    register_container<Ours>(kind);
    register_container<FlatHashSet>(kind);
  }
  register_container<StdSetOfIntegers>(Kind::kIntegers);
}

}  // namespace
}  // namespace inlay::bench

int main(int argc, char** argv) {
  inlay::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
