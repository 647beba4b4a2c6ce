// The small types that commands take and give: keys, arguments, expiry, options.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "inlay/datatypes/number.h"
#include "inlay/expiry/clock.h"

namespace inlay {

/// A key: any bytes, the empty string included.
using Key = std::string_view;
using Keys = std::span<const Key>;
/// Binary-safe bytes.
using Bytes = std::string_view;

/// Waits without end where a call takes a time-out.
inline constexpr Duration kForever = Duration::max();

/// A command argument: bytes, or a number written as Redis would write it. Bytes are referred to, not copied.
class Arg {
 public:
  Arg(std::string_view text) : data_(text.data()), size_(text.size()) {}  // NOLINT: converts by design
  Arg(const char* text) : Arg(std::string_view(text)) {}                  // NOLINT
  Arg(const std::string& text) : Arg(std::string_view(text)) {}           // NOLINT
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>) Arg(Integer value)
      : data_(nullptr), size_(format_int64(static_cast<int64_t>(value), digits_)) {  // NOLINT
    static_assert(sizeof(Integer) < 8 || std::is_signed_v<Integer>,
                  "Redis integers are signed 64-bit numbers");
  }
  template <std::floating_point Float>
  Arg(Float value) : data_(nullptr) {  // NOLINT
    const std::string text = format_double(static_cast<double>(value));
    size_ = text.copy(digits_, sizeof digits_);
  }

  std::string_view view() const { return {data_ == nullptr ? digits_ : data_, size_}; }
  operator std::string_view() const { return view(); }  // NOLINT

 private:
  const char* data_;  // Null when the text stands in digits_.
  size_t size_;
  char digits_[32];
};

struct KeyValue {
  Key key;
  Arg value;
};

/// When a key dies: after a span of time or at an instant. Kept in whole milliseconds; spans round up.
class Expiry {
 public:
  enum class Kind : uint8_t { kAfter, kAt, kNotInteger, kOverflow };

  template <class Rep, class Period>
  Expiry(std::chrono::duration<Rep, Period> span)  // NOLINT: converts by design
      : Expiry(Kind::kAfter, std::chrono::ceil<std::chrono::milliseconds>(span).count()) {}
  template <class D>
  Expiry(std::chrono::time_point<std::chrono::system_clock, D> time)  // NOLINT
      : Expiry(Kind::kAt, std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count()) {}

  static Expiry after_ms(int64_t ms) { return {Kind::kAfter, ms}; }
  static Expiry at_unix_ms(int64_t ms) { return {Kind::kAt, ms}; }
  /// What stands for a text that is no number, or too large a one, until a command refuses it at its own moment.
  static Expiry fault(Kind kind) { return {kind, 0}; }

  Kind kind() const { return kind_; }
  int64_t ms() const { return ms_; }
  friend bool operator==(const Expiry&, const Expiry&) = default;

 private:
  Expiry(Kind kind, int64_t ms) : ms_(ms), kind_(kind) {}
  int64_t ms_;
  Kind kind_;
};

/// The remaining life of an existing key.
class Ttl {
 public:
  static Ttl persistent() { return Ttl(-1); }
  static Ttl of_ms(int64_t ms) { return Ttl(ms); }

  /// True when the key has no deadline.
  bool is_persistent() const { return ms_ < 0; }
  /// Time left; kForever for a persistent key and for what nanoseconds cannot hold.
  Duration remaining() const {
    constexpr int64_t kMsMax = INT64_MAX / 1'000'000;
    return is_persistent() || ms_ > kMsMax ? kForever : Duration(std::chrono::milliseconds(ms_));
  }
  /// Milliseconds left, -1 for a persistent key.
  int64_t ms() const { return ms_; }
  friend bool operator==(Ttl, Ttl) = default;

 private:
  explicit Ttl(int64_t ms) : ms_(ms) {}
  int64_t ms_;
};

/// The deadline of an existing key.
class ExpireTime {
 public:
  static ExpireTime never() { return ExpireTime(-1); }
  static ExpireTime at_unix_ms(int64_t ms) { return ExpireTime(ms); }

  /// True when the key has no deadline.
  bool is_never() const { return unix_ms_ < 0; }
  /// The instant; TimePoint::max() for never and for what nanoseconds cannot hold.
  TimePoint at() const { return is_never() ? TimePoint::max() : from_unix_ms(unix_ms_); }
  /// Unix milliseconds, -1 for never.
  int64_t unix_ms() const { return unix_ms_; }
  friend bool operator==(ExpireTime, ExpireTime) = default;

 private:
  explicit ExpireTime(int64_t unix_ms) : unix_ms_(unix_ms) {}
  int64_t unix_ms_;
};

enum class When : uint8_t { kAlways, kIfAbsent, kIfPresent };

struct SetOptions {
  /// A new deadline. Without one the old deadline goes, unless keep_ttl is set.
  std::optional<Expiry> ttl{};
  bool keep_ttl = false;
  When when = When::kAlways;
  /// Set only if the key exists and holds exactly these bytes.
  std::optional<Bytes> if_equal{};
  /// Also return the value from before.
  bool get_old = false;
  friend bool operator==(const SetOptions&, const SetOptions&) = default;
};

struct SetOutcome {
  bool applied = false;
  /// The value from before, if get_old asked for it and there was one.
  std::optional<std::string> old{};
  friend bool operator==(const SetOutcome&, const SetOutcome&) = default;
};

struct GetExOptions {
  std::optional<Expiry> ttl{};
  bool persist = false;
  friend bool operator==(const GetExOptions&, const GetExOptions&) = default;
};

struct MSetExOptions {
  std::optional<Expiry> ttl{};
  bool keep_ttl = false;
  When when = When::kAlways;
  friend bool operator==(const MSetExOptions&, const MSetExOptions&) = default;
};

/// When EXPIRE applies. A key without a deadline counts as one that lives forever.
enum class ExpireIf : uint8_t { kAlways, kNoTtl, kHasTtl, kGreater, kLess, kHasTtlAndLess };

struct CopyOptions {
  /// The destination's database; the source's own by default.
  std::optional<int> db{};
  bool replace = false;
  friend bool operator==(const CopyOptions&, const CopyOptions&) = default;
};

struct LcsOptions {
  bool length_only = false;
  bool matches = false;
  bool with_match_length = false;
  /// Matches shorter than this are left out.
  int64_t match_length_min = 0;
  friend bool operator==(const LcsOptions&, const LcsOptions&) = default;
};

/// A common run of two strings, by inclusive positions.
struct LcsMatch {
  int64_t a_first, a_last, b_first, b_last;
  int64_t length() const { return a_last - a_first + 1; }
  friend bool operator==(const LcsMatch&, const LcsMatch&) = default;
};

struct LcsResult {
  std::string text;  // Empty when only the length was asked for.
  int64_t length = 0;
  std::vector<LcsMatch> matches;  // From the end of the strings to their start, if asked for.
  friend bool operator==(const LcsResult&, const LcsResult&) = default;
};

struct ScanOptions {
  /// Only keys that match this glob.
  std::string match = "*";
  /// About how many keys each step looks at.
  int64_t count = 10;
  /// Only keys of this type: "string", "list", "set", "zset" or "hash".
  std::optional<std::string> type{};
  friend bool operator==(const ScanOptions&, const ScanOptions&) = default;
};

/// How SORT orders a list, set or sorted set, and what it returns.
struct SortOptions {
  /// Sort by the values under this pattern instead of the elements: its first '*' is replaced by the element, and what
  /// follows "->" names a field of a hash. A pattern without '*' means not to sort.
  std::optional<std::string> by{};
  /// What to return for each element: values under such patterns, or the element itself for "#". None: the element.
  std::vector<std::string> get{};
  int64_t offset = 0;
  /// Negative: all.
  int64_t count = -1;
  bool descending = false;
  /// By bytes, not by numbers.
  bool alpha = false;
  friend bool operator==(const SortOptions&, const SortOptions&) = default;
};

/// How the elements of one key are scanned.
struct ElementScanOptions {
  /// Only fields or members that match this glob.
  std::string match = "*";
  /// About how many elements each step looks at; a small collection is given whole.
  int64_t count = 10;
  friend bool operator==(const ElementScanOptions&, const ElementScanOptions&) = default;
};

/// One step of a scan. A cursor of 0 starts a scan, and ends it when returned.
struct ScanPage {
  uint64_t cursor = 0;
  std::vector<std::string> keys;
  friend bool operator==(const ScanPage&, const ScanPage&) = default;
};

}  // namespace inlay
