#include "inlay/datatypes/packed.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace inlay {
namespace {

using Strings = std::vector<std::string>;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

Strings contents(const Packed& packed) {
  Strings out;
  for (auto at = packed.begin(); at != packed.end(); at = packed.next(at)) {
    out.push_back(packed.at(at).to_string());
  }
  return out;
}

Packed packed_of(const Strings& strings) {
  Packed packed;
  for (const std::string& string : strings) EXPECT_TRUE(packed.push_back(Element::parse(string)));
  return packed;
}

// Texts of every form: short and long strings around each width of length, integers around each width, and near misses.
Strings texts_of_every_form() {
  Strings texts = {
      "", "a", "007", "+1", "-0", " 1", "1 ", "1.0", "-", "9223372036854775808", "-9223372036854775809"};
  for (const size_t length : {1, 62, 63, 64, 65, 72, 255, 256, 65'535, 65'536, 70'000})
    texts.emplace_back(length, 'x');
  for (const int64_t integer : {int64_t{0}, int64_t{127}, int64_t{128}, int64_t{-1}, kMin, kMax}) {
    texts.push_back(std::to_string(integer));
  }
  for (unsigned bits = 7; bits < 63; bits += 8) {
    for (const int64_t edge :
         {int64_t{1} << bits, (int64_t{1} << bits) - 1, -(int64_t{1} << bits), -(int64_t{1} << bits) - 1}) {
      texts.push_back(std::to_string(edge));
    }
  }
  return texts;
}

std::string random_text() {
  static const Strings kForms = texts_of_every_form();
  return *rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange<size_t>(0, kForms.size()), [](size_t i) { return kForms[i]; }),
      rc::gen::map(rc::gen::inRange(-300, 300), [](int i) { return std::to_string(i); }),
      rc::gen::container<std::string>(rc::gen::inRange<char>('0', '9')));
}

TEST(Element, every_form_is_read_back_and_takes_the_bytes_it_says) {
  for (const std::string& text : texts_of_every_form()) {
    const Element element = Element::parse(text);
    std::string form(element.encoded_bytes(), '\0');
    ASSERT_EQ(element.encode(form.data()), form.data() + form.size());
    const char* at = form.data();
    EXPECT_EQ(Element::encoded_bytes_at(at), form.size());
    EXPECT_EQ(Element::decode(at), element);
    EXPECT_EQ(at, form.data() + form.size());
    at = form.data();
    Element checked{int64_t{0}};
    ASSERT_TRUE(Element::decode_checked(at, form.data() + form.size(), checked));
    EXPECT_EQ(checked.to_string(), text);
  }
}

TEST(Element, only_canonical_integers_are_kept_as_integers) {
  for (const char* text : {"0", "-1", "127", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_TRUE(Element::parse(text).is_integer()) << text;
  }
  for (const char* text : {"", "-", "-0", "007", "+1", " 1", "1 ", "1.0", "9223372036854775808"}) {
    EXPECT_FALSE(Element::parse(text).is_integer()) << text;
  }
}

TEST(Element, integers_take_their_significant_bytes) {
  const std::pair<int64_t, size_t> sizes[] = {
      {0, 1},           {127, 1},    {128, 3},  {-1, 2},   {-128, 2},        {-129, 3},
      {32'767, 3},      {32'768, 4}, {kMin, 9}, {kMax, 9}, {(1LL << 47), 9}, {(1LL << 47) - 1, 7},
      {-(1LL << 47), 7}};
  for (const auto& [integer, bytes] : sizes) EXPECT_EQ(Element(integer).encoded_bytes(), bytes) << integer;
}

// Whatever the changes, the sequence holds what a vector of strings holds.
RC_GTEST_PROP(Packed, random_operations_agree_with_vector, ()) {
  Packed packed;
  Strings model;
  const int steps = *rc::gen::inRange(0, 60);
  for (int step = 0; step < steps; ++step) {
    const size_t index = *rc::gen::inRange<size_t>(0, model.size() + 1);
    const auto place = model.begin() + static_cast<std::ptrdiff_t>(index);
    const Packed::Position at = packed.nth(index);
    switch (*rc::gen::inRange(0, 6)) {
      case 0: {
        const std::string first = random_text();
        const std::string second = random_text();
        const Element both[] = {Element::parse(first), Element::parse(second)};
        RC_ASSERT(packed.insert(at, both));
        model.insert(place, {first, second});
        break;
      }
      case 1: {
        const std::string text = random_text();
        RC_ASSERT(packed.push_back(Element::parse(text)));
        model.push_back(text);
        break;
      }
      case 2: {
        if (index == model.size()) break;
        const std::string text = random_text();
        RC_ASSERT(packed.replace(at, Element::parse(text)));
        *place = text;
        break;
      }
      case 3: {
        const size_t count = *rc::gen::inRange<size_t>(0, model.size() - index + 1);
        RC_ASSERT(packed.erase(at, count));
        model.erase(place, place + static_cast<std::ptrdiff_t>(count));
        break;
      }
      case 4: {
        // The same sequence, its block another's from here on.
        const std::string block(packed.bytes());
        Packed borrower = Packed::borrow(block);
        RC_ASSERT(contents(borrower) == model);
        RC_ASSERT(borrower.own() && !borrower.borrowed());
        RC_ASSERT(std::string(packed.bytes()) == block);
        packed = std::move(borrower);
        break;
      }
      default: {
        const std::string text = random_text();
        const auto found = std::find(model.begin(), model.end(), text);
        RC_ASSERT(packed.find(Element::parse(text)) ==
                  packed.nth(static_cast<size_t>(found - model.begin())));
      }
    }
    RC_ASSERT(packed.size() == model.size());
    RC_ASSERT(packed.check_invariants());
    RC_ASSERT(contents(packed) == model);
  }
}

TEST(Packed, empty_sequence_holds_nothing_and_costs_nothing) {
  Packed packed;
  EXPECT_TRUE(packed.empty());
  EXPECT_EQ(packed.begin(), packed.end());
  EXPECT_EQ(packed.nth(0), packed.end());
  EXPECT_EQ(packed.find(Element("a")), packed.end());
  EXPECT_EQ(packed.memory_usage(), 0u);
  EXPECT_EQ(packed.bytes(), std::string_view("\0\0", 2));
  EXPECT_FALSE(packed.borrowed());
  EXPECT_TRUE(packed.erase(packed.begin(), 0));
  EXPECT_TRUE(packed.insert(packed.begin(), {}));
  EXPECT_TRUE(packed.check_invariants());
}

TEST(Packed, bytes_are_the_drawing) {
  const Packed packed = packed_of({"5", "ab", "-2"});
  EXPECT_EQ(packed.bytes(), std::string_view("\x03\x00\x05\x82"
                                             "ab\xd0\xfe",
                                             8));
}

TEST(Packed, find_with_stride_looks_at_every_other_element) {
  const Strings strings = {"a", "b", "b", "a", std::string(100, 'l'), "7"};
  const Packed packed = packed_of(strings);
  EXPECT_EQ(packed.find(Element("b"), 2), packed.nth(2));
  EXPECT_EQ(packed.find(Element("a"), 2), packed.nth(0));
  EXPECT_EQ(packed.find(Element(strings[4]), 2), packed.nth(4));
  EXPECT_EQ(packed.find(Element(int64_t{7}), 2), packed.end());
  EXPECT_EQ(packed.find(Element(int64_t{7})), packed.nth(5));
}

TEST(Packed, borrowed_block_is_copied_by_the_first_change_and_stays_as_it_was) {
  const std::string block(packed_of({"a", "12345", std::string(80, 'x')}).bytes());
  const std::string before = block;
  using Change = bool (*)(Packed&);
  const Change changes[] = {
      [](Packed& p) { return p.push_back(Element("b")); },
      [](Packed& p) { return p.replace(p.begin(), Element("b")); },
      [](Packed& p) { return p.replace(p.nth(2), Element(int64_t{1})); },
      [](Packed& p) { return p.erase(p.begin(), 3); },
      [](Packed& p) { return p.own(); },
  };
  for (const Change change : changes) {
    Packed packed = Packed::borrow(block);
    EXPECT_TRUE(packed.borrowed());
    EXPECT_EQ(packed.memory_usage(), 0u);
    EXPECT_EQ(packed.bytes().data(), block.data());
    ASSERT_TRUE(change(packed));
    EXPECT_FALSE(packed.borrowed());
    EXPECT_NE(packed.bytes().data(), block.data());
    EXPECT_GT(packed.memory_usage(), 0u);
    EXPECT_EQ(block, before);
    EXPECT_TRUE(packed.check_invariants());
  }
}

TEST(Packed, moved_from_sequence_is_empty) {
  Packed from = packed_of({"a", "b"});
  Packed to = std::move(from);
  EXPECT_EQ(contents(to), (Strings{"a", "b"}));
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move)
  to = packed_of({"c"});
  EXPECT_EQ(contents(to), (Strings{"c"}));
}

TEST(Packed, memory_usage_is_what_the_allocator_gave_and_keeps_its_budget) {
  Packed packed;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(packed.push_back(Element("twelve bytes")));
    ASSERT_EQ(packed.memory_usage(), malloc_usable_size(const_cast<char*>(packed.bytes().data())));
  // The allocator rounds up, and gives away a remainder too small to be a block of its own.
    ASSERT_LE(packed.memory_usage(), packed.bytes().size() * 5 / 4 + 48);
  }
  while (packed.size() > 1) {
    ASSERT_TRUE(packed.erase(packed.begin()));
    ASSERT_LE(packed.memory_usage(), std::max<size_t>(packed.bytes().size() * 2, 256) + 16);
  }
  EXPECT_EQ(contents(packed), (Strings{"twelve bytes"}));
}

TEST(Packed, insert_refuses_more_elements_than_the_count_can_say) {
  Packed packed;
  const std::vector<Element> elements(Packed::kElementsMax - 1, Element(int64_t{1}));
  ASSERT_TRUE(packed.insert(packed.begin(), elements));
  const Element two[] = {Element(int64_t{2}), Element(int64_t{3})};
  EXPECT_FALSE(packed.insert(packed.begin(), two));
  EXPECT_TRUE(packed.push_back(Element("last")));
  EXPECT_FALSE(packed.push_back(Element("more")));
  EXPECT_EQ(packed.size(), Packed::kElementsMax);
  EXPECT_TRUE(packed.replace(packed.nth(Packed::kElementsMax - 1), Element("changed")));
  EXPECT_TRUE(packed.check_invariants());
}

TEST(Packed, long_elements_are_kept_whole) {
  const std::string megabyte(1 << 20, 'm');
  Packed packed = packed_of({"a", megabyte, "b"});
  EXPECT_EQ(contents(packed), (Strings{"a", megabyte, "b"}));
  EXPECT_EQ(packed.find(Element(megabyte)), packed.nth(1));
  ASSERT_TRUE(packed.replace(packed.nth(1), Element("short")));
  EXPECT_EQ(contents(packed), (Strings{"a", "short", "b"}));
}

TEST(Packed, is_valid_refuses_every_truncation) {
  const Packed packed =
      packed_of({"a", "500", std::string(64, 'x'), std::string(300, 'y'), "-9000000000", "zz"});
  const std::string block(packed.bytes());
  EXPECT_TRUE(Packed::is_valid(block));
  EXPECT_TRUE(Packed::is_valid(""));
  for (size_t length = 1; length < block.size(); ++length) {
    // Exactly as long as it says, so that a read past the end is a sanitizer's error.
    EXPECT_FALSE(Packed::is_valid(std::string(block, 0, length))) << length;
  }
  EXPECT_FALSE(Packed::is_valid(block + "\x01"));
}

TEST(Packed, is_valid_refuses_forms_that_are_not_the_shortest) {
  const std::string refused[] = {
      std::string("\xd0\x05", 2),                                 // 5 fits the first byte.
      std::string("\xd1\x01\x00", 3),                             // 1 fits the first byte.
      std::string("\xd6\x00\x00\x00\x00\x00\x00\x01", 8),         // Seven bytes are never written.
      std::string("\xd7\x00\x01\x00\x00\x00\x00\x00\x00", 9),     // Two bytes are enough.
      std::string("\xc1\x01x", 3),                                // A short string.
      std::string("\xc2\x40\x00", 3) + std::string(64, 'x'),      // One byte of length is enough.
      std::string("\xc0", 1),                                     // No width.
      std::string("\xc3\x40\x00\x00", 4) + std::string(64, 'x'),  // No such width.
      std::string("\xc9\x40", 2) + std::string(64, 'x'),          // Spare heads.
      std::string("\xd8\xff", 2),
      std::string("\xff", 1),
  };
  for (const std::string& element : refused) {
    EXPECT_FALSE(Packed::is_valid(std::string("\x01\x00", 2) + element))
        << int(static_cast<uint8_t>(element[0]));
  }
  EXPECT_FALSE(Packed::is_valid(std::string("\x02\x00\x01", 3)));  // A count of two, one element.
}

// A block of which any byte was changed is refused, or is a sequence that can be walked and built again from its elements.
RC_GTEST_PROP(Packed, is_valid_block_can_be_walked_and_rebuilt, ()) {
  Strings strings;
  for (int i = *rc::gen::inRange(0, 12); i > 0; --i) strings.push_back(random_text());
  std::string block(packed_of(strings).bytes());
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    block[*rc::gen::inRange<size_t>(0, block.size())] = *rc::gen::arbitrary<char>();
  }
  if (!Packed::is_valid(block)) return;
  const Packed borrowed = Packed::borrow(block);
  Packed rebuilt;
  for (auto at = borrowed.begin(); at != borrowed.end(); at = borrowed.next(at)) {
    RC_ASSERT(rebuilt.push_back(borrowed.at(at)));
  }
  RC_ASSERT(rebuilt.bytes() == std::string_view(block));
}

}  // namespace
}  // namespace inlay
