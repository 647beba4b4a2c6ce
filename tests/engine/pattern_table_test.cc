#include "engine/pattern_table.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace inlay {
namespace {

class Nobody final : public Receiver {
 public:
  Offer offer(Message&&) override { return Offer::kDone; }
  void settle(Message&&) override {}
  void close() override {}
};

std::set<std::string> matches(const PatternTable& table, std::string_view channel) {
  std::set<std::string> found;
  table.for_each_match(channel, [&](const Audience&, const internal::MessageText& pattern) {
    EXPECT_TRUE(found.emplace(pattern.channel()).second) << "visited twice";
  });
  return found;
}

TEST(PatternTable, finds_patterns_by_prefix_and_glob) {
  PatternTable table;
  Nobody nobody;
  std::map<std::string, Link> links;
  for (const char* pattern : {"*", "news.*", "news.?", "news", "n[ae]ws", "\\news", "new*s.x", "", "old.*"})
    table.add(pattern, nobody, links[pattern]);
  EXPECT_EQ(matches(table, "news.x"), (std::set<std::string>{"*", "news.*", "news.?", "new*s.x"}));
  EXPECT_EQ(matches(table, "news"), (std::set<std::string>{"*", "news", "n[ae]ws", "\\news"}));
  EXPECT_EQ(matches(table, ""),
            (std::set<std::string>{""}));  // As in Redis: a star is for a byte at least here.
  EXPECT_EQ(table.size(), 9u);
  EXPECT_TRUE(table.check_invariants());
  for (auto& [pattern, link] : links) table.remove(pattern, link);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(matches(table, "news").empty());
  EXPECT_TRUE(table.check_invariants());
}

rc::Gen<std::string> texts(const std::string& letters) {
  return rc::gen::container<std::string>(rc::gen::elementOf(letters));
}

// Whatever was added and removed: those patterns are found that glob_match, tried on all, finds.
RC_GTEST_PROP(PatternTable, finds_what_a_walk_over_all_patterns_finds, ()) {
  PatternTable table;
  Nobody nobody;
  std::map<std::pair<std::string, int>, Link> links;  // Two subscribers each.
  const auto steps = *rc::gen::container<std::vector<std::pair<std::string, int>>>(
      rc::gen::pair(texts("ab*?[]\\"), rc::gen::inRange(0, 2)));
  for (const auto& step : steps) {
    const auto found = links.find(step);
    if (found == links.end()) {
      table.add(step.first, nobody, links[step]);
    } else {
      table.remove(step.first, found->second);
      links.erase(found);
    }
    RC_ASSERT(table.check_invariants());
    const std::string channel = *rc::gen::resize(6, texts("ab"));
    std::set<std::string> expected, all;
    for (const auto& [key, link] : links) {
      all.insert(key.first);
      if (glob_match(key.first, channel)) expected.insert(key.first);
    }
    RC_ASSERT(matches(table, channel) == expected);
    RC_ASSERT(table.size() == all.size());
  }
}

}  // namespace
}  // namespace inlay
