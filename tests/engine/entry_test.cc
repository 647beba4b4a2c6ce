#include "engine/entry.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "inlay/datatypes/slab.h"

namespace inlay {
namespace {

Entry::Shape string_shape(size_t key_bytes, size_t value_bytes, bool has_timer = false) {
  return {.has_timer = has_timer,
          .key_bytes = static_cast<uint32_t>(key_bytes),
          .value_bytes = static_cast<uint32_t>(value_bytes)};
}

TEST(Entry, block_sizes_keep_the_budget) {
  EXPECT_EQ(string_shape(17, 32).block_bytes(), 56u);
  EXPECT_EQ(string_shape(17, 8).block_bytes(), 32u);  // An integer.
  EXPECT_EQ(string_shape(17, 32, true).block_bytes(), 60u);
  EXPECT_EQ(string_shape(0, 0).block_bytes(), 7u);
  EXPECT_EQ(string_shape(255, 255).block_bytes(), 7u + 510);
  EXPECT_EQ(string_shape(256, 0).block_bytes(), 13u + 256);
  EXPECT_EQ(string_shape(0, 256, true).block_bytes(), 17u + 256);
  EXPECT_EQ(Slab::rounded(string_shape(17, 32).block_bytes()), 56u);
}

// Whatever the shape, header, key, timer and value read back and do not overlap, and the block's size is known.
RC_GTEST_PROP(Entry, reads_back_what_it_was_made_of,
              (bool raw, bool has_timer, uint32_t timer, uint32_t seen_s)) {
  const auto length =
      rc::gen::oneOf(rc::gen::inRange(0, 20), rc::gen::inRange(250, 260), rc::gen::inRange(0, 1'000));
  const std::string key(static_cast<size_t>(*length), 'k');
  const std::string value(static_cast<size_t>(*length), 'v');
  Entry::Shape shape = string_shape(key.size(), value.size(), has_timer);
  shape.raw = raw;
  seen_s &= 0xffffff;

  std::vector<char> block(shape.block_bytes(), '\0');
  Entry* entry = Entry::create(block.data(), shape, key, seen_s);
  value.copy(entry->inline_data(), value.size());
  if (has_timer) entry->set_timer(timer);

  char scratch[kInt64TextMax];
  RC_ASSERT(entry->type() == Type::kString);
  RC_ASSERT(entry->encoding() == Encoding::kInline);
  RC_ASSERT(entry->raw() == raw);
  RC_ASSERT(entry->has_timer() == has_timer);
  if (has_timer) RC_ASSERT(entry->timer() == timer);
  RC_ASSERT(entry->key() == key);
  RC_ASSERT(entry->inline_value() == value);
  RC_ASSERT(entry->string_value(scratch) == value);
  RC_ASSERT(entry->seen_s() == seen_s);
  RC_ASSERT(entry->block_bytes() == block.size());
  RC_ASSERT(entry->shape().key_bytes == key.size());
  RC_ASSERT(entry->shape().value_bytes == value.size());
}

RC_GTEST_PROP(Entry, integer_reads_back_and_prints, (int64_t value, bool has_timer)) {
  Entry::Shape shape = string_shape(3, 8, has_timer);
  shape.encoding = Encoding::kInteger;
  std::vector<char> block(shape.block_bytes());
  Entry* entry = Entry::create(block.data(), shape, "key", 0);
  entry->set_integer(value);
  char scratch[kInt64TextMax];
  RC_ASSERT(entry->integer() == value);
  RC_ASSERT(entry->string_value(scratch) == std::to_string(value));
  RC_ASSERT(entry->key() == "key");
}

TEST(Entry, body_holds_a_large_string) {
  struct {
    StringBody head{{4}, 4};
    char bytes[4] = {'d', 'a', 't', 'a'};
  } body;
  Entry::Shape shape = string_shape(3, sizeof(void*));
  shape.encoding = Encoding::kBody;
  std::vector<char> block(shape.block_bytes());
  Entry* entry = Entry::create(block.data(), shape, "key", 0);
  entry->set_body(&body.head);
  char scratch[kInt64TextMax];
  EXPECT_EQ(entry->body<StringBody>(), &body.head);
  EXPECT_EQ(entry->string_value(scratch), "data");
}

TEST(Entry, flags_change_alone) {
  std::vector<char> block(string_shape(3, 2).block_bytes());
  Entry* entry = Entry::create(block.data(), string_shape(3, 2), "key", 7);
  entry->set_raw(true);
  entry->set_seen_s(0x123456);
  EXPECT_TRUE(entry->raw());
  EXPECT_EQ(entry->seen_s(), 0x123456u);
  EXPECT_EQ(entry->type(), Type::kString);
  EXPECT_FALSE(entry->has_timer());
  entry->set_raw(false);
  EXPECT_FALSE(entry->raw());
  EXPECT_EQ(entry->key(), "key");
}

TEST(Entry, every_type_and_encoding_fits_the_header) {
  for (int type = 0; type <= static_cast<int>(Type::kSortedSet); ++type) {
    for (int encoding = 0; encoding <= static_cast<int>(Encoding::kBody); ++encoding) {
      Entry::Shape shape = string_shape(1, 8, true);
      shape.type = static_cast<Type>(type);
      shape.encoding = static_cast<Encoding>(encoding);
      shape.raw = true;
      std::vector<char> block(shape.block_bytes());
      const Entry* entry = Entry::create(block.data(), shape, "k", 0);
      EXPECT_EQ(entry->type(), shape.type);
      EXPECT_EQ(entry->encoding(), shape.encoding);
      EXPECT_TRUE(entry->has_timer());
      EXPECT_TRUE(entry->raw());
    }
  }
}

}  // namespace
}  // namespace inlay
