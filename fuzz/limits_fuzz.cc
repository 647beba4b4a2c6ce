// A script of commands on a store whose limit of memory and whose policy change on the way. Under a policy that may evict
// any key the limit holds as soon as maintain() has run; the invariants hold always. Directives: @limit bytes beyond
// those of an empty store, @policy name, @advance ms.
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/commands/command.h"
#include "fuzz/script.h"
#include "fuzz/script_store.h"

namespace {

using inlay::fuzz::Line;

class Bounded {
 public:
  Bounded() : empty_bytes_(store_->stats().bytes) {}

  void run(const Line& line) {
    if (line.size() > 1 && line[0].starts_with('@')) {
      obey(line);
    } else if (!line[0].starts_with('@') && !is_left_out(line)) {
      (void)side_.call(line);
      while (side_.session.next_push().has_value()) continue;
    }
    check(line);
  }

  void finish() { inlay::fuzz::require(store_->check_invariants().ok(), {}, "check_invariants"); }

 private:
  // The settings are the directives' business.
  static bool is_left_out(const Line& line) {
    return inlay::fuzz::is_too_heavy(line) || inlay::fuzz::lower(line[0]) == "config";
  }

  void obey(const Line& line) {
    constexpr int64_t kLimitMax = 1 << 20;
    const int64_t number = inlay::parse_int64(line[1]).value_or(0);
    side_.obey(line);
    inlay::StoreLimits limits = limits_;
    if (line[0] == "@limit" && number <= kLimitMax)
      limits.max_memory = number <= 0 ? 0 : empty_bytes_ + static_cast<uint64_t>(number);
    if (line[0] == "@policy") limits.eviction = line[1];
    if (store_->set_limits(limits).ok()) limits_ = limits;
  }

  // What is watched and what waits to be read does not count: no eviction makes it less.
  void check(const Line& line) {
    if (++checks_ % kChecksApart != 0) return;
    store_->maintain();
    const inlay::MemoryUse use = store_->memory_use();
    const inlay::Stats stats = store_->stats();
    if (limits_.max_memory == 0 || !limits_.eviction.starts_with("allkeys") || stats.keys == 0) return;
    const uint64_t bytes = stats.bytes - use.messages - use.observers;
    if (bytes > limits_.max_memory) {
      inlay::fuzz::require(false, line, absl::StrCat(bytes, " bytes, the limit is ", limits_.max_memory));
    }
  }

  static constexpr int kChecksApart = 4;

  inlay::fuzz::ScriptStore side_;
  inlay::Store* const store_ = side_.store.get();
  inlay::StoreLimits limits_{};
  uint64_t empty_bytes_;
  int checks_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bounded bounded;
  for (const Line& line : inlay::fuzz::read_script({reinterpret_cast<const char*>(data), size}))
    bounded.run(line);
  bounded.finish();
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  return inlay::fuzz::mutate_script(
      reinterpret_cast<char*>(data), size, size_max, seed, [](inlay::fuzz::Random& random) -> Line {
        static const auto policies = inlay::eviction_policies();
        constexpr int kLimits[] = {0, 1, 1000, 5000, 20'000, 100'000};
        switch (random() % 12) {
          case 0: return {"@limit", std::to_string(kLimits[random() % std::size(kLimits)])};
          case 1: return {"@policy", std::string(policies[random() % policies.size()])};
          case 2: return {"@advance", inlay::fuzz::argument_for("seconds", random)};
          case 3: return {"SETRANGE", inlay::fuzz::argument_for("key", random), "5000", "x"};
          default: return inlay::fuzz::any_call(random);
        }
      });
}
