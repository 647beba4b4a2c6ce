// Random histories of a cache over a record whose rows are versions, against what each answer is allowed to be.
//
// A property of every answer: it is a version that the record had, no older than the last change that was announced to the
// cache (by a put or an invalidation), and superseded, silently at most, for no longer than the policy allows: the ttl for
// what is fresh, negative_ttl for absence, and beyond these serve_stale or, where a load failed, stale_on_error.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "inlay/patterns/cache.h"
#include "tests/patterns/cache_world.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

// Every fifth version says that there is none.
bool says_absent(int64_t version) { return version % 5 == 4; }

struct Row {
  std::vector<TimePoint> began{TimePoint()};  // When each version came; the last one is current.
  int64_t announced = 0;

  int64_t current() const { return static_cast<int64_t>(began.size()) - 1; }
};

class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {
    policy_.ttl = milliseconds(1, 30);
    policy_.jitter = chance(2) ? 0 : 0.5;
    if (chance(2)) policy_.negative_ttl = milliseconds(1, 20);
    if (chance(3)) policy_.serve_stale = milliseconds(1, 20);
    if (chance(3)) policy_.stale_on_error = milliseconds(1, 40);
    if (chance(2)) policy_.executor = &world_.executor;
    if (chance(2)) policy_.refresh_ahead = milliseconds(1, 10);
    for (uint64_t i = 0; i < 2; ++i) {
      policy_.seed = seed + (i << 12);
      caches_.push_back(std::make_unique<Cache<int64_t>>(*world_.store, "row:", policy_));
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    RC_ASSERT(world_.store->check_invariants().ok());
  }

 private:
  uint64_t below(uint64_t bound) { return random_() % bound; }
  bool chance(uint64_t one_in) { return below(one_in) == 0; }
  Duration milliseconds(uint64_t from, uint64_t to) {
    return std::chrono::milliseconds(from + below(to - from + 1));
  }
  Row& any_row() {
    key_ = std::string(1, static_cast<char>('a' + below(2)));
    return rows_[key_];
  }
  Cache<int64_t>& any_cache() { return *caches_[below(2)]; }

  void step() {
    Row& row = any_row();
    switch (below(8)) {
      case 0: change(row); break;
      case 1: announce(row, key_); break;
      case 2: get(row); break;
      case 3: world_.clock->advance(milliseconds(0, 12)); break;
      case 4:
        if (chance(5)) {
          world_.executor.drop();
        } else {
          world_.executor.run();
        }
        break;
      default: get_or_load(row);
    }
  }

  void change(Row& row) { row.began.push_back(world_.store->now()); }

  // Changes the record and tells the cache.
  void announce(Row& row, const std::string& key) {
    change(row);
    if (says_absent(row.current()) || chance(2)) {
      RC_ASSERT(any_cache().invalidate(key).ok());
    } else {
      RC_ASSERT(any_cache().put(key, row.current()).ok());
    }
    row.announced = row.current();
  }

  void get(Row& row) {
    const Nullable<int64_t> answer = any_cache().get(key_);
    RC_ASSERT(answer.ok());
    if (answer->has_value()) check_version(row, **answer, policy_.ttl, world_.store->now());
  }

  // What a loader has done, as far as its caller can know: it may also run later, or never.
  struct Load {
    bool is_over = false;  // The call is; what happens now is in the background.
    bool ran = false;
    bool failed = false;
    bool was_disturbed = false;  // By a change or by time.
    int64_t version = -1;
  };

  Nullable<int64_t> load(const std::string& key, Load& load) {
    Row& row = rows_[key];
    const auto disturb = [&](bool by_time) {
      if (!chance(5)) return;
      if (by_time) {
        world_.clock->advance(milliseconds(0, 5));
      } else {
        announce(row, key);
      }
      if (!load.is_over) load.was_disturbed = true;
    };
    disturb(true);
    disturb(false);
    const int64_t version = row.current();
    disturb(false);
    disturb(true);
    const bool fails = chance(4);
    if (!load.is_over) load = {false, true, fails, load.was_disturbed, version};
    if (fails) return absl::UnavailableError("the record is down");
    if (says_absent(version)) return std::nullopt;
    return version;
  }

  void get_or_load(const Row& row) {
    const Row then = row;
    const TimePoint asked = world_.store->now();
    const auto made = std::make_shared<Load>();
    const auto loader = [this, key = key_, made] { return load(key, *made); };
    const Nullable<int64_t> answer = any_cache().get_or_load(key_, loader);
    made->is_over = true;
    if (made->ran && !made->failed) return check_loaded(answer, *made);
    RC_ASSERT(answer.ok() || made->failed);
    if (!answer.ok()) return;
    // Served from the cache as it was when asked; where a load failed, the value may have had to live on until now.
    if (!answer->has_value()) {
      RC_ASSERT(!made->failed);
      check_absence(then);
    } else if (made->failed) {
      check_version(then, **answer, policy_.ttl + std::max(policy_.serve_stale, policy_.stale_on_error),
                    world_.store->now());
    } else {
      check_version(then, **answer, policy_.ttl + policy_.serve_stale, asked);
    }
  }

  void check_loaded(const Nullable<int64_t>& answer, const Load& made) {
    const std::optional<int64_t> loaded =
        says_absent(made.version) ? std::nullopt : std::optional(made.version);
    RC_ASSERT(answer.ok());
    RC_ASSERT(*answer == loaded);
    // And it is kept: a cache that forgets everything would pass all the rest.
    if (made.was_disturbed || (!loaded.has_value() && policy_.negative_ttl == 0ns)) return;
    const auto must_not_load = [] { return Nullable<int64_t>(absl::InternalError("loaded")); };
    const Nullable<int64_t> again = any_cache().get_or_load(key_, must_not_load);
    RC_ASSERT(again.ok());
    RC_ASSERT(*again == loaded);
  }

  void check_version(const Row& row, int64_t version, Duration allowed, TimePoint now) {
    RC_ASSERT(version >= row.announced);
    RC_ASSERT(version <= row.current());
    RC_ASSERT(!says_absent(version));
    if (version < row.current()) RC_ASSERT(now - row.began[static_cast<size_t>(version) + 1] < allowed);
  }

  // Some version that says so may still be remembered.
  void check_absence(const Row& row) {
    bool may_be = false;
    for (int64_t version = row.announced; version <= row.current(); ++version) {
      const bool is_current = version == row.current();
      may_be |= says_absent(version) &&
                (is_current ||
                 world_.store->now() - row.began[static_cast<size_t>(version) + 1] < policy_.negative_ttl);
    }
    RC_ASSERT(may_be);
  }

  std::mt19937_64 random_;
  CacheWorld world_;
  CachePolicy policy_;
  std::map<std::string, Row> rows_;
  std::string key_;
  std::vector<std::unique_ptr<Cache<int64_t>>> caches_;
};

RC_GTEST_PROP(CacheModel, no_answer_is_older_than_allowed, (uint64_t seed)) { History(seed).run(300); }

}  // namespace
}  // namespace inlay
