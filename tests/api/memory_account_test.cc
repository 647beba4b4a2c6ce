// The account of a store against what the allocator says.
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/commands/hash.h"
#include "api/commands/list.h"
#include "api/commands/set.h"
#include "api/commands/sorted_set.h"
#include "api/commands/string.h"
#include "api/store_core.h"

namespace inlay {
namespace {

// Bytes that the allocator has handed out.
uint64_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string numbered(std::string_view prefix, size_t number) {
  return std::string(prefix).append(std::to_string(number));
}

void expect_within(uint64_t account, uint64_t measured, double share) {
  const double ratio = static_cast<double>(account) / static_cast<double>(measured);
  EXPECT_GT(ratio, 1 - share) << account << " of " << measured;
  EXPECT_LT(ratio, 1 + share) << account << " of " << measured;
}

// A million keys: strings of all kinds, some with deadlines, and containers of all types, small and large.
void fill(internal::StoreCore& core) {
  const auto run = [&]<auto Fn>(const auto&... arguments) {
    ASSERT_TRUE(core.executor.run<Fn>(0, arguments...).ok());
  };
  for (size_t i = 0; i < 1'000'000; ++i) {
    const std::string key = numbered("key:", i);
    const std::string number = std::to_string(i);
    switch (i % 100) {
      case 0: {
        for (size_t j = 0; j < 5; ++j) {
          const Bytes element = number;
          run.operator()<cmd::rpush>(key, std::span(&element, 1));
        }
        break;
      }
      case 1: {
        const FieldValueRef pair{key, number};
        run.operator()<cmd::hset>(key, std::span(&pair, 1));
        break;
      }
      case 2: {
        const Bytes member = key;
        run.operator()<cmd::sadd>(key, std::span(&member, 1));
        break;
      }
      case 3: {
        // One large list in a thousand of these.
        const size_t length = i % 100'000 == 3 ? 20'000 : 1;
        for (size_t j = 0; j < length; ++j) {
          const std::string each = numbered("element:", j);
          const Bytes element = each;
          run.operator()<cmd::rpush>(key, std::span(&element, 1));
        }
        break;
      }
      case 4: {
        const size_t length = i % 100'000 == 4 ? 5'000 : 1;
        for (size_t j = 0; j < length; ++j) {
          const std::string field = numbered("field:", j);
          const FieldValueRef pair{field, number};
          run.operator()<cmd::hset>(key, std::span(&pair, 1));
        }
        break;
      }
      case 5: run.operator()<cmd::set_value>(key, std::string(700 + i % 3000, 'v')); break;
      case 6:
      case 7: run.operator()<cmd::setex>(key, Seconds{std::chrono::seconds(1000)}, number); break;
      default: run.operator()<cmd::set_value>(key, std::string(i % 60, 'v')); break;
    }
  }
}

TEST(MemoryAccount, agrees_with_the_allocator_on_a_million_mixed_keys) {
  const uint64_t malloc_before = allocated();
  internal::StoreCore core({.shards = 64, .databases = 16, .clock = nullptr, .seed = 1, .background = false});
  fill(core);
  ASSERT_FALSE(HasFatalFailure());
  const uint64_t malloc_bytes = allocated() - malloc_before;
  const PagePool& pages = core.engine.pages();
  const uint64_t measured =
      malloc_bytes + pages.pages_in_use() * PagePool::kPageSize + pages.table_bytes_in_use();
  KeyspaceTx tx(core.engine, 0);
  const MemoryReport report = tx.memory_report();
  EXPECT_EQ(report.total(), tx.bytes());
  // A sanitizer's malloc counts nothing.
  if (malloc_bytes > 0) expect_within(report.total() + report.page_slack, measured, 0.02);
  for (const Type type : {Type::kString, Type::kList, Type::kHash, Type::kSet})
    EXPECT_GT(report.types[static_cast<size_t>(type)].keys, 9'000u);
}

// What a policy keeps is in the account as well, and stays within its budget of 12 bytes an entry.
TEST(MemoryAccount, eviction_keeps_at_most_twelve_bytes_an_entry) {
  internal::StoreCore core({.shards = 4,
                            .databases = 1,
                            .clock = nullptr,
                            .seed = 1,
                            .background = false,
                            .limits = {.max_entries = 100'000, .policy = &default_cache_policy()}});
  for (size_t i = 0; i < 300'000; ++i)
    ASSERT_TRUE(core.executor.run<cmd::set_value>(0, numbered("key:", i), "value").ok());
  const MemoryReport report = KeyspaceTx(core.engine, 0).memory_report();
  EXPECT_EQ(report.types[static_cast<size_t>(Type::kString)].keys, 100'000u);
  EXPECT_LE(report.eviction, 12u * 100'000);
  EXPECT_GT(report.eviction, 4u * 100'000);
}

}  // namespace
}  // namespace inlay
