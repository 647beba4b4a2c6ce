// Which slot of the wheel a deadline belongs to.
//
// A deadline is seen as a number of seven digits, of 8, 8, 6, 6, 6, 5 and 5 bits from the low end: 44 bits of
// milliseconds. Its level is the highest digit in which it differs from the wheel's current time, its slot
// within the level is that digit:
//
//     level      6        5        4        3        2        1        0
//     digit   5 bits   5 bits   6 bits   6 bits   6 bits   8 bits   8 bits
//     a slot  17.4 y   199 d    3.1 d    70 min   66 s     256 ms   1 ms        is that long
//
// Slots are numbered through all levels, level 0 first. Because the digits above a slot's level are those of
// the current time, a higher number is a later time: the earliest timer is in the lowest slot that is not
// empty.
//
// Two wide levels at the bottom cost 1.3 kB more than six-bit ones, and save each timer one of three moves on
// its way down.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace inlay {

struct TimerSlot {
  static constexpr uint32_t kCount = 768;
  static constexpr uint32_t kNone = kCount;
  /// Deadlines that differ from the current time above these bits have no slot.
  static constexpr int kDeadlineBits = 44;

  /// The slot of `deadline_ms`, which must not be before `now_ms` nor differ from it above kDeadlineBits.
  static TimerSlot of(int64_t deadline_ms, int64_t now_ms);
  /// The slot numbered `number`, as seen from `now_ms`.
  static TimerSlot at(uint32_t number, int64_t now_ms);

  uint32_t number;
  int64_t start_ms;  // No deadline in the slot is before it.

 private:
  struct Level {
    uint16_t first;
    uint8_t shift;
    uint8_t bits;
  };
  static constexpr std::array<uint8_t, 7> kDigits = {8, 8, 6, 6, 6, 5, 5};
  static constexpr uint32_t kGroup = 32;  // Each level is a multiple of so many slots.

  static constexpr auto kLevels = [] {
    std::array<Level, kDigits.size()> levels{};
    uint16_t first = 0;
    uint8_t shift = 0;
    for (size_t i = 0; i < levels.size(); ++i) {
      levels[i] = {first, shift, kDigits[i]};
      first = static_cast<uint16_t>(first + (1 << kDigits[i]));
      shift = static_cast<uint8_t>(shift + kDigits[i]);
    }
    return levels;
  }();
  static constexpr auto kLevelOfBit = [] {
    std::array<Level, kDeadlineBits> level_of_bit{};
    for (Level level : kLevels) {
      for (int i = 0; i < level.bits; ++i) level_of_bit[level.shift + i] = level;
    }
    return level_of_bit;
  }();
  static constexpr auto kLevelOfGroup = [] {
    std::array<Level, kCount / kGroup> level_of_group{};
    for (Level level : kLevels) {
      for (uint32_t i = 0; i < 1u << level.bits; i += kGroup)
        level_of_group[(level.first + i) / kGroup] = level;
    }
    return level_of_group;
  }();
  static_assert(kLevels.back().first + (1 << kLevels.back().bits) == kCount);
  static_assert(kLevels.back().shift + kLevels.back().bits == kDeadlineBits);
};

inline TimerSlot TimerSlot::of(int64_t deadline_ms, int64_t now_ms) {
  uint64_t differs = static_cast<uint64_t>(deadline_ms ^ now_ms) | 1;
  Level level = kLevelOfBit[63 - std::countl_zero(differs)];
  uint64_t digits = static_cast<uint64_t>(deadline_ms) >> level.shift;
  uint32_t digit = digits & ((1u << level.bits) - 1);
  return {level.first + digit, static_cast<int64_t>(digits << level.shift)};
}

inline TimerSlot TimerSlot::at(uint32_t number, int64_t now_ms) {
  Level level = kLevelOfGroup[number / kGroup];
  uint64_t above = static_cast<uint64_t>(now_ms) >> level.shift >> level.bits << level.bits;
  return {number, static_cast<int64_t>((above | (number - level.first)) << level.shift)};
}

/// The slots that have timers, and in which segments. It may lag behind: a slot stays until someone finds it
/// empty and says so.
class OccupiedSlots {
 public:
  /// Segments are told apart up to a multiple of 64.
  static constexpr uint32_t kGroups = 64;

  void insert(uint32_t slot, uint32_t segment) {
    words_[slot / 64] |= uint64_t{1} << slot % 64;
    non_zero_ |= 1u << slot / 64;
    if (segment > 0 && !groups_) [[unlikely]]
      tell_groups_apart();
    if (groups_) (*groups_)[slot] |= uint64_t{1} << segment % kGroups;
  }
  bool contains(uint32_t slot) const { return words_[slot / 64] >> slot % 64 & 1; }
  bool contains(uint32_t slot, uint32_t segment) const {
    return contains(slot) && (groups(slot) >> segment % kGroups & 1) != 0;
  }
  /// TimerSlot::kNone if no slot is occupied.
  uint32_t lowest() const {
    if (non_zero_ == 0) return TimerSlot::kNone;
    uint32_t word = std::countr_zero(non_zero_);
    return word * 64 + std::countr_zero(words_[word]);
  }
  /// Bit g stands for the segments g, g + 64, ... The slot must be in the set.
  uint64_t groups(uint32_t slot) const { return groups_ ? (*groups_)[slot] : 1; }
  /// Forgets one group, and the slot with its last group.
  void erase(uint32_t slot, uint32_t group) {
    if (groups_ && ((*groups_)[slot] &= ~(uint64_t{1} << group)) != 0) return;
    words_[slot / 64] &= ~(uint64_t{1} << slot % 64);
    if (words_[slot / 64] == 0) non_zero_ &= ~(1u << slot / 64);
  }
  size_t memory_usage() const { return groups_ ? sizeof(*groups_) : 0; }

 private:
  void tell_groups_apart() {
    groups_ = std::make_unique<std::array<uint64_t, TimerSlot::kCount>>();
    groups_->fill(1);
  }

  std::array<uint64_t, TimerSlot::kCount / 64> words_{};
  uint32_t non_zero_ = 0;  // Bit w is set if words_[w] is not 0.
  std::unique_ptr<std::array<uint64_t, TimerSlot::kCount>>
      groups_;  // Not needed as long as there is but one segment.
};

}  // namespace inlay
