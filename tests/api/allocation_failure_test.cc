// Memory runs out, at each allocation of each command.
//
// The linker sends the library's calls of malloc and its like, and those for pages and tables of a store's pool, to the
// functions below, which fail the allocation that they are told to, or all from it on. Those are the allocations of what a store holds. What a call needs for itself (arguments, replies, what
// waits and watches) comes from operator new, which ends the program where there is no memory: see docs/guide.md.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <tuple>
#include <vector>

#include "inlay/datatypes/page_pool.h"
#include "inlay/session.h"
#include "inlay/store.h"
#include "tests/api/every_command.h"

namespace {

// How many allocations of this thread still succeed; negative: all.
thread_local int64_t allowed = -1;
// Whether all allocations fail from then on, rather than one.
thread_local bool lasting = false;
thread_local size_t failures_so_far = 0;

// Whether calls within the library arrive here at all.
bool pages_asked_for = false;
bool tables_asked_for = false;

bool fails() {
  if (allowed < 0) return false;
  if (allowed > 0) return --allowed, false;
  if (!lasting) allowed = -1;
  ++failures_so_far;
  return true;
}

}  // namespace

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* memory, size_t size);
int __real_posix_memalign(void** memory, size_t alignment, size_t size);
void* __real_mmap(void* place, size_t size, int protection, int flags, int file, off_t offset);
void* __real__ZnwmRKSt9nothrow_t(size_t size, const std::nothrow_t& tag);
void* __real__ZN5inlay8PagePool8allocateEv(inlay::PagePool* pool);
void* __real__ZN5inlay8PagePool14allocate_tableEm(inlay::PagePool* pool, size_t bytes);

void* __wrap_malloc(size_t size) { return fails() ? nullptr : __real_malloc(size); }
void* __wrap_calloc(size_t count, size_t size) { return fails() ? nullptr : __real_calloc(count, size); }
void* __wrap_realloc(void* memory, size_t size) { return fails() ? nullptr : __real_realloc(memory, size); }
int __wrap_posix_memalign(void** memory, size_t alignment, size_t size) {
  return fails() ? ENOMEM : __real_posix_memalign(memory, alignment, size);
}
void* __wrap_mmap(void* place, size_t size, int protection, int flags, int file, off_t offset) {
  return fails() ? MAP_FAILED : __real_mmap(place, size, protection, flags, file, offset);
}
void* __wrap__ZnwmRKSt9nothrow_t(size_t size, const std::nothrow_t& tag) {
  return fails() ? nullptr : __real__ZnwmRKSt9nothrow_t(size, tag);
}
void* __wrap__ZN5inlay8PagePool8allocateEv(inlay::PagePool* pool) {
  pages_asked_for = true;
  return fails() ? nullptr : __real__ZN5inlay8PagePool8allocateEv(pool);
}
void* __wrap__ZN5inlay8PagePool14allocate_tableEm(inlay::PagePool* pool, size_t bytes) {
  tables_asked_for = true;
  return fails() ? nullptr : __real__ZN5inlay8PagePool14allocate_tableEm(pool, bytes);
}
}

namespace inlay::test {
namespace {

// Lets `successes` allocations of this thread succeed and fails the next, or all others, while it lives.
class Shortage {
 public:
  Shortage(int64_t successes, bool lasts) {
    allowed = successes;
    lasting = lasts;
    failures_so_far = 0;
  }
  ~Shortage() { allowed = -1; }
  Shortage(const Shortage&) = delete;
  Shortage& operator=(const Shortage&) = delete;
  bool has_struck() const { return failures_so_far != 0; }
};

// A store that has run the calls before one of every_command(), on top of what `filled` puts there.
class World {
 public:
  World(bool filled, size_t calls) {
    add_functions(*store_);
    if (filled) fill();
    for (size_t i = 0; i < calls; ++i) call(i);
  }

  Reply call(size_t i) { return session_.execute(words_of(every_command()[i])); }
  uint64_t digest() const { return store_->digest(); }
  absl::Status check() const { return store_->check_invariants(); }

 private:
  // Containers beyond their packed form, under the names that the examples use.
  void fill() {
    for (int i = 0; i < 300; ++i) {
      const std::string text = std::string("an-element-").append(std::to_string(i));
      EXPECT_TRUE(store_->rpush("l", text).ok());
      EXPECT_TRUE(store_->hset("h", text, "v").ok());
      EXPECT_TRUE(store_->sadd("t", text).ok());
      EXPECT_TRUE(store_->sadd("i", std::to_string(i * 7)).ok());
      EXPECT_TRUE(store_->zadd("z", i, text).ok());
      EXPECT_TRUE(store_->set(text, text).ok());
    }
    for (int i = 300; i < 600; ++i) EXPECT_TRUE(store_->sadd("i", std::to_string(i * 7)).ok());
    EXPECT_TRUE(store_->set("s2", std::string(5000, 's')).ok());
  }

  std::unique_ptr<Store> store_ =
      Store::open({.shards = 1,
                   .clock = std::make_shared<ManualClock>(from_unix_ms(1'700'000'000'000)),
                   .seed = 5,
                   .background = Background::kManual})
          .value();
  Session session_{*store_};
};

TEST(EveryCommand, has_an_example_that_succeeds) {
  EXPECT_EQ(commands_without_example(), std::vector<std::string>{});
  World world(false, 0);
  for (size_t i = 0; i < every_command().size(); ++i) {
    const Reply reply = world.call(i);
    EXPECT_FALSE(reply.is_error()) << every_command()[i] << ": " << reply.to_string();
  }
}

// Calls that add several members to a large container keep those that they added before.
bool may_have_added_some(std::string_view call, bool large_containers) {
  constexpr std::string_view kAdders[] = {"HSET ", "HMSET ", "SADD ", "ZADD "};
  return large_containers &&
         std::ranges::any_of(kAdders, [&](std::string_view name) { return call.starts_with(name); });
}

// Moves between two keys whose first half could not be undone leave the element in both.
bool may_have_copied(std::string_view call, bool lasting) {
  constexpr std::string_view kMovers[] = {"LMOVE ", "RPOPLPUSH ", "BLMOVE ", "BRPOPLPUSH ", "SMOVE "};
  return lasting &&
         std::ranges::any_of(kMovers, [&](std::string_view name) { return call.starts_with(name); });
}

// What it does depends on the random numbers that calls have drawn before.
bool draws(std::string_view call) { return call.starts_with("SPOP "); }

// Whether the store is filled, and whether the shortage lasts.
class AllocationFailure : public testing::TestWithParam<std::tuple<bool, bool>> {};

TEST_P(AllocationFailure, of_any_command_leaves_the_store_as_before_or_after) {
  const auto [filled, lasts] = GetParam();
  size_t failures = 0;
  size_t refusals = 0;
  for (size_t i = 0; i < every_command().size(); ++i) {
    World reference(filled, i);
    const uint64_t before = reference.digest();
    const std::string outcome = reference.call(i).to_string();
    const uint64_t after = reference.digest();
    for (int64_t successes = 0;; ++successes) {
      SCOPED_TRACE(testing::Message() << every_command()[i] << ", after " << successes << " allocations");
      World world(filled, i);
      Reply reply;
      bool struck = false;
      {
        const Shortage shortage(successes, lasts);
        reply = world.call(i);
        struck = shortage.has_struck();
      }
      ASSERT_TRUE(world.check().ok()) << world.check();
      if (!struck) {
        EXPECT_EQ(world.digest(), after);
        break;
      }
      ++failures;
      if (every_command()[i] == "EXEC") {
        // Its other calls run, as Redis's do.
        EXPECT_NE(reply.to_string().find("OOM"), std::string::npos) << reply.to_string();
        continue;
      }
      if (!reply.is_error()) {
        EXPECT_EQ(world.digest(), after) << reply.to_string();
        EXPECT_EQ(reply.to_string(), outcome);
        continue;
      }
      ++refusals;
      EXPECT_TRUE(reply.to_string().find("OOM") != std::string::npos) << reply.to_string();
      if (may_have_added_some(every_command()[i], filled) || may_have_copied(every_command()[i], lasts))
        continue;
      EXPECT_EQ(world.digest(), before);
      const std::string second_outcome = world.call(i).to_string();
      if (draws(every_command()[i])) continue;
      EXPECT_EQ(second_outcome, outcome);
      EXPECT_EQ(world.digest(), after);
    }
  }
  EXPECT_GT(failures, 80u);
  EXPECT_GT(refusals, 40u);
  EXPECT_TRUE(pages_asked_for && tables_asked_for);
}

INSTANTIATE_TEST_SUITE_P(Stores, AllocationFailure, testing::Combine(testing::Bool(), testing::Bool()),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param) ? "filled" : "empty")
                               .append(std::get<1>(info.param) ? "_lasting" : "_once");
                         });

}  // namespace
}  // namespace inlay::test
