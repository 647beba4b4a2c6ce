#include "inlay/patterns/codec.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

namespace inlay {
namespace {

struct Point {
  int32_t x = 0;
  double y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

template <class V>
std::string bytes_of(const V& value) {
  std::string out;
  Codec<V>::encode(value, out);
  return out;
}

TEST(Codec, string_comes_back_with_every_byte) {
  const std::string binary("\0\xff zero and more\0", 18);
  EXPECT_EQ(bytes_of(binary), binary);
  EXPECT_EQ(*Codec<std::string>::decode(binary), binary);
  EXPECT_EQ(*Codec<std::string>::decode(""), "");
}

TEST(Codec, encode_appends) {
  std::string out = "header:";
  Codec<std::string>::encode("value", out);
  EXPECT_EQ(out, "header:value");
}

TEST(Codec, trivially_copyable_type_comes_back_equal) {
  const Point point{-7, 2.5};
  EXPECT_EQ(*Codec<Point>::decode(bytes_of(point)), point);
  EXPECT_EQ(*Codec<uint64_t>::decode(bytes_of(uint64_t{1} << 63)), uint64_t{1} << 63);
}

TEST(Codec, bytes_of_another_size_are_data_loss) {
  const auto decoded = Codec<Point>::decode("too short");
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
}

TEST(Codec, addresses_have_no_codec) {
  EXPECT_FALSE(internal::kStoredAsBytes<const char*>);
  EXPECT_FALSE(internal::kStoredAsBytes<std::string_view>);
  EXPECT_TRUE((internal::kStoredAsBytes<std::array<int, 3>>));
}

struct Silent {};
struct Quick {
  static constexpr bool kCheap = true;
};

TEST(Codec, what_does_not_say_that_it_is_cheap_is_not) {
  EXPECT_FALSE(internal::decodes_cheaply<Silent>());
  EXPECT_TRUE(internal::decodes_cheaply<Quick>());
  EXPECT_TRUE(internal::decodes_cheaply<Codec<std::string>>());
}

}  // namespace
}  // namespace inlay
