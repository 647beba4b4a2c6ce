// Time stands still within what is one: a key cannot die between two calls of a transaction or a closure, as in Redis.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

// A millisecond goes by whenever somebody looks.
class HastyClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(std::chrono::milliseconds(++ms_)); }

 private:
  mutable std::atomic<int64_t> ms_{0};
};

struct Fixture {
  std::unique_ptr<Store> store =
      Store::open({.clock = std::make_shared<HastyClock>(), .background = Background::kManual}).value();
  Session session{*store};
};

// What is set to live for two milliseconds is there at the fourth look, with all its time left.
const Reply kAlive = Reply::array({Reply::ok(), Reply::integer(1), Reply::integer(1), Reply::integer(2)});

std::vector<std::vector<std::string_view>> calls() {
  return {{"SET", "k", "v", "PX", "2"}, {"EXISTS", "k"}, {"EXISTS", "k"}, {"PTTL", "k"}};
}

Reply execute_all(View& view) {
  Reply::Items replies;
  for (const auto& call : calls()) replies.push_back(view.execute(call));
  return Reply::array(std::move(replies));
}

TEST(HeldTime, single_calls_see_time_pass) {
  Fixture f;
  std::vector<Reply> replies;
  for (const auto& call : calls()) replies.push_back(f.session.execute(call));
  EXPECT_EQ(replies.back(), Reply::integer(-2)) << "the clock of this test moves on";
}

TEST(HeldTime, exec) {
  Fixture f;
  f.session.execute({"MULTI"});
  for (const auto& call : calls()) f.session.execute(call);
  EXPECT_EQ(f.session.execute({"EXEC"}), kAlive);
  f.session.execute({"EXISTS", "k"});
  EXPECT_EQ(f.session.execute({"EXISTS", "k"}), Reply::integer(0)) << "it moves on afterwards";
}

TEST(HeldTime, closures) {
  Fixture f;
  EXPECT_EQ(f.store->atomically({"k"}, execute_all), kAlive);
  EXPECT_EQ(f.store->atomically_all(execute_all), kAlive);
}

TEST(HeldTime, functions) {
  Fixture f;
  const auto body = [](View& view, Keys, std::span<const Bytes>) -> Result<Reply> {
    return execute_all(view);
  };
  ASSERT_TRUE(f.store->register_function("f", body).ok());
  EXPECT_EQ(f.session.execute({"FCALL", "f", "1", "k"}), kAlive);
}

// The look whether the watched key still lives, and what follows it, are of one instant too.
TEST(HeldTime, multi_after_watch) {
  Fixture f;
  ASSERT_TRUE(f.store->set("k", "v", 8ms).ok());
  Deferred<bool> still_there;
  Deferred<std::optional<Ttl>> before, after;
  const absl::Status status = f.store->watch({"k"}, [&](Transaction& tx) {
    return tx.multi([&](Pipeline& p) {
      before = p.ttl("k");
      for (int i = 0; i < 8; ++i) still_there = p.exists("k");
      after = p.ttl("k");
    });
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(*still_there);
  EXPECT_EQ(*before, *after);
}

}  // namespace
}  // namespace inlay::test
