// Cache with a store of record: reading and writing through, and every way in which the two could come apart.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "inlay/patterns/cache.h"
#include "tests/patterns/cache_world.h"

namespace inlay {
namespace {

using namespace std::chrono_literals;

class CacheRecordTest : public testing::Test {
 protected:
  StoreOfRecord<std::string> record() {
    return {.load = [this](Key key) -> Nullable<std::string> {
              ++loads_;
              const auto row = rows_.find(std::string(key));
              return row == rows_.end() ? std::nullopt : std::optional(row->second);
            },
            .store = [this](Key key, const std::string& value) -> absl::Status {
              run_once(before_store_);
              if (is_down_) return absl::UnavailableError("the record is down");
              rows_[std::string(key)] = value;
              run_once(after_store_);
              return absl::OkStatus();
            },
            .erase = [this](Key key) -> absl::Status {
              if (is_down_) return absl::UnavailableError("the record is down");
              rows_.erase(std::string(key));
              return absl::OkStatus();
            }};
  }

  static void run_once(std::function<void()>& hook) {
    if (const auto taken = std::exchange(hook, nullptr)) taken();
  }

  CacheWorld world_;
  Store& store_ = *world_.store;
  std::map<std::string, std::string> rows_;
  std::function<void()> before_store_, after_store_;
  bool is_down_ = false;
  int loads_ = 0;
  Cache<std::string> users_{store_, "user:", {.ttl = 10s, .jitter = 0, .seed = 1}, record()};
};

TEST_F(CacheRecordTest, reads_through_and_remembers) {
  rows_["ann"] = "Ann";
  EXPECT_EQ(*users_.get_or_load("ann"), "Ann");
  EXPECT_EQ(*users_.get_or_load("ann"), "Ann");
  EXPECT_EQ(loads_, 1);
  EXPECT_TRUE(is_nil(users_.get_or_load("bob")));
}

TEST_F(CacheRecordTest, writes_through_and_serves_what_was_written) {
  ASSERT_TRUE(users_.put("ann", "Ann").ok());
  EXPECT_EQ(rows_["ann"], "Ann");
  EXPECT_EQ(*users_.get_or_load("ann"), "Ann");
  EXPECT_EQ(loads_, 0);
  world_.clock->advance(10s);
  EXPECT_TRUE(is_nil(users_.get("ann")));
}

TEST_F(CacheRecordTest, refused_ttl_does_not_reach_the_record) {
  EXPECT_EQ(users_.put("ann", "Ann", 0s).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(rows_.empty());
}

TEST_F(CacheRecordTest, failed_write_is_returned_and_leaves_no_entry) {
  ASSERT_TRUE(users_.put("ann", "Ann").ok());
  is_down_ = true;
  EXPECT_EQ(users_.put("ann", "Anna").code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(is_nil(users_.get("ann")));
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(*users_.get_or_load("ann"), "Ann");
}

TEST_F(CacheRecordTest, erases_from_both_and_a_failed_erase_leaves_no_entry) {
  ASSERT_TRUE(users_.put("ann", "Ann").ok());
  ASSERT_TRUE(users_.erase("ann").ok());
  EXPECT_TRUE(rows_.empty());
  EXPECT_TRUE(is_nil(users_.get_or_load("ann")));
  ASSERT_TRUE(users_.put("ann", "Ann").ok());
  is_down_ = true;
  EXPECT_EQ(users_.erase("ann").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(*users_.get_or_load("ann"), "Ann");
}

TEST_F(CacheRecordTest, write_that_throws_leaves_no_entry) {
  ASSERT_TRUE(users_.put("ann", "Ann").ok());
  before_store_ = [] { throw std::runtime_error("thrown"); };
  EXPECT_THROW(users_.put("ann", "Anna").IgnoreError(), std::runtime_error);
  EXPECT_EQ(*store_.dbsize(), 0);
}

// What is loaded while a write is under way may be of before it: it is not kept, whatever becomes of the write.
TEST_F(CacheRecordTest, load_within_a_write_is_not_kept) {
  rows_["ann"] = "old";
  for (const bool down : {false, true}) {
    is_down_ = down;
    rows_["ann"] = "old";
    before_store_ = [&] {
      EXPECT_TRUE(is_nil(users_.get("ann")));
      EXPECT_EQ(*users_.get_or_load("ann"), "old");
      EXPECT_TRUE(is_nil(users_.get("ann")));
    };
    EXPECT_EQ(users_.put("ann", "new").ok(), !down);
    EXPECT_EQ(*users_.get("ann"), down ? std::optional<std::string>() : "new");
  }
}

TEST_F(CacheRecordTest, load_that_began_before_a_write_is_not_kept) {
  const auto loader = [&]() -> Nullable<std::string> {
    const std::string read_before = "old";
    EXPECT_TRUE(users_.put("ann", "new").ok());
    return read_before;
  };
  EXPECT_EQ(*users_.get_or_load("ann", loader), "old");
  EXPECT_EQ(*users_.get("ann"), "new");
}

// Two writes that overlap: nobody can tell which one the record saw last, so neither is cached.
TEST_F(CacheRecordTest, writes_that_overlap_are_not_cached) {
  Cache<std::string> other(store_, "user:", {.seed = 2}, record());
  for (Cache<std::string>* second : {&users_, &other}) {
    for (const bool second_is_stored_first : {false, true}) {
      const auto write_second = [&] { EXPECT_TRUE(second->put("ann", "second").ok()); };
      (second_is_stored_first ? before_store_ : after_store_) = write_second;
      EXPECT_TRUE(users_.put("ann", "first").ok());
      EXPECT_EQ(rows_["ann"], second_is_stored_first ? "first" : "second");
      EXPECT_TRUE(is_nil(users_.get("ann")));
      EXPECT_EQ(*store_.dbsize(), 0);
      EXPECT_EQ(*users_.get_or_load("ann"), rows_["ann"]);
      ASSERT_TRUE(users_.invalidate("ann").ok());
    }
  }
  // The next one that is alone is cached again.
  ASSERT_TRUE(users_.put("ann", "third").ok());
  EXPECT_EQ(*users_.get("ann"), "third");
}

TEST_F(CacheRecordTest, write_that_is_invalidated_or_removed_meanwhile_is_not_cached) {
  before_store_ = [&] { EXPECT_TRUE(users_.invalidate("ann").ok()); };
  ASSERT_TRUE(users_.put("ann", "Ann").ok());
  EXPECT_EQ(*store_.dbsize(), 0);
  // A plain DEL, and then a write that begins and ends within the first.
  before_store_ = [&] {
    EXPECT_TRUE(*store_.del("user:ann"));
    EXPECT_TRUE(users_.put("ann", "second").ok());
    EXPECT_EQ(*users_.get("ann"), "second");
  };
  ASSERT_TRUE(users_.put("ann", "first").ok());
  EXPECT_EQ(*store_.dbsize(), 0);
  EXPECT_EQ(*users_.get_or_load("ann"), "first");
}

TEST_F(CacheRecordTest, writes_replace_what_no_cache_wrote) {
  ASSERT_TRUE(store_.rpush("user:ann", {"x"}).ok());
  ASSERT_TRUE(users_.put("ann", "Ann").ok());
  EXPECT_EQ(*users_.get("ann"), "Ann");
  ASSERT_TRUE(store_.rpush("user:bob", {"x"}).ok());
  ASSERT_TRUE(users_.erase("bob").ok());
  EXPECT_FALSE(*store_.exists("user:bob"));
}

TEST_F(CacheRecordTest, what_the_record_cannot_do_is_refused) {
  Cache<std::string> plain(store_, "plain:");
  EXPECT_EQ(plain.get_or_load("a").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(plain.erase("a").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(plain.put("a", "only cached").ok());
  EXPECT_EQ(*plain.get("a"), "only cached");
}

}  // namespace
}  // namespace inlay
