// The keys and values of a load: made in place for each call, without allocation or printf, and checked when read.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace inlay::shell {

/// The key of a number: "user:000000000042". Owned by one thread.
class KeyMaker {
 public:
  KeyMaker() { std::memcpy(text_, kPrefix.data(), kPrefix.size()); }

  /// Twelve digits, more when the number has more. Valid until the next call.
  std::string_view operator()(uint64_t number) {
    char* const first_digit = text_ + kPrefix.size();
    const size_t digits = number < kTwelveDigits ? 12 : count_digits(number);
    for (char* digit = first_digit + digits; digit != first_digit; number /= 10) {
      *--digit = static_cast<char>('0' + number % 10);
    }
    return {text_, kPrefix.size() + digits};
  }

 private:
  static constexpr std::string_view kPrefix = "user:";
  static constexpr uint64_t kTwelveDigits = 1'000'000'000'000;

  static size_t count_digits(uint64_t number) {
    size_t digits = 0;
    for (; number != 0; number /= 10) ++digits;
    return digits;
  }

  char text_[kPrefix.size() + 20];
};

/// The value of a number: so many bytes, the number in the first eight if there are as many. Owned by one thread.
class ValueMaker {
 public:
  explicit ValueMaker(uint64_t size) : value_(size, 'v') {}

  /// Valid until the next call.
  std::string_view operator()(uint64_t number) {
    if (value_.size() >= sizeof number) std::memcpy(value_.data(), &number, sizeof number);
    return value_;
  }

  bool made(std::string_view value, uint64_t number) const {
    if (value.size() != value_.size()) return false;
    return value.size() < sizeof number || std::memcmp(value.data(), &number, sizeof number) == 0;
  }

 private:
  std::string value_;
};

}  // namespace inlay::shell
