#include "engine/watch.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace inlay {
namespace {

TEST(WatchTable, version_grows_with_every_change_of_a_watched_key) {
  WatchTable table;
  const uint64_t before = table.watch(0, "k");
  EXPECT_EQ(table.version(0, "k"), before);
  table.changed(0, "k");
  const uint64_t after = table.version(0, "k");
  EXPECT_GT(after, before);
  table.changed(0, "k");
  EXPECT_GT(table.version(0, "k"), after);
}

TEST(WatchTable, change_of_another_key_or_database_is_not_seen) {
  WatchTable table;
  const uint64_t before = table.watch(1, "k");
  table.changed(0, "k");
  table.changed(2, "k");
  table.changed(1, "kk");
  table.changed(1, "");
  EXPECT_EQ(table.version(1, "k"), before);
}

TEST(WatchTable, row_lives_until_the_last_watcher_goes) {
  WatchTable table;
  table.watch(0, "k");
  table.changed(0, "k");
  const uint64_t version = table.version(0, "k");
  EXPECT_EQ(table.watch(0, "k"), version);
  table.unwatch(0, "k");
  EXPECT_FALSE(table.empty());
  EXPECT_EQ(table.version(0, "k"), version);
  table.unwatch(0, "k");
  EXPECT_TRUE(table.empty());
}

TEST(WatchTable, unwatching_what_nobody_watches_does_nothing) {
  WatchTable table;
  table.unwatch(0, "k");
  table.changed(0, "k");
  EXPECT_TRUE(table.empty());
}

TEST(WatchTable, for_each_names_every_watched_key) {
  WatchTable table;
  const std::set<std::pair<int, std::string>> watched = {
      {0, "a"}, {15, "a"}, {0, ""}, {3, std::string("\0\xff", 2)}};
  for (const auto& [db, key] : watched) table.watch(db, key);
  std::set<std::pair<int, std::string>> seen;
  table.for_each([&](int db, std::string_view key) { seen.emplace(db, key); });
  EXPECT_EQ(seen, watched);
}

// A watcher learns of a change between two looks at the version, and of nothing else, whoever else comes and goes.
RC_GTEST_PROP(WatchTable, watcher_sees_exactly_the_changes,
              (const std::vector<std::pair<uint8_t, bool>>& steps)) {
  WatchTable table;
  const std::string watched = "0";
  const uint64_t before = table.watch(0, watched);
  bool changed = false;
  std::map<std::string, int> others;
  for (const auto& [number, changes] : steps) {
    const std::string key = std::to_string(number % 3);
    if (changes) {
      table.changed(0, key);
      changed |= key == watched;
    } else if (others[key] > 0 && number % 2 == 0) {
      table.unwatch(0, key);
      --others[key];
    } else {
      table.watch(0, key);
      ++others[key];
    }
    RC_ASSERT((table.version(0, watched) != before) == changed);
  }
}

}  // namespace
}  // namespace inlay
