#include "inlay/expiry/timer_wheel.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <utility>

#include "absl/status/status.h"
#include "expiry/outlier_heap.h"
#include "expiry/timer_segment.h"
#include "expiry/timer_slab.h"
#include "expiry/timer_slots.h"

namespace inlay {

static_assert(TimerWheel::kPayloadBits == TimerNode::kPayloadBits);
static_assert(sizeof(TimerWheel) == 32, "there is a wheel in every shard, whether it has timers or not");

// A reschedule or cancel that was asked for and is not made yet. The timer and its neighbours are seldom in
// the cache; put off until there are some more, the misses of all overlap, and none is waited for by the
// caller.
struct TimerWheel::Edit {
  int64_t deadline_ms;
  Handle timer;
  bool cancels;
};

struct TimerWheel::State {
  OccupiedSlots occupied;
  uint32_t draining = TimerSlot::kNone;  // The slot that advance() has begun to empty. It starts at now_ms_.
  uint32_t edit_count = 0;
  std::array<Edit, 64> edits;
  TimerSlab slab;
  OutlierHeap outliers;
};

TimerWheel::TimerWheel(int64_t now_ms) : now_ms_(now_ms) {}
TimerWheel::~TimerWheel() = default;

void TimerWheel::make_state() { state_ = std::make_unique<State>(); }

// Slots reach from now to the end of the 44-bit span that now lies in, less its last millisecond: those bits
// mark an outlier.
bool TimerWheel::has_slot(int64_t deadline_ms) const {
  uint64_t now = static_cast<uint64_t>(now_ms_);
  return static_cast<uint64_t>(deadline_ms) - now < (now | TimerNode::kDeadlineMask) - now;
}

int64_t TimerWheel::deadline_from_bits(uint64_t bits) const {
  return static_cast<int64_t>((static_cast<uint64_t>(now_ms_) & ~TimerNode::kDeadlineMask) | bits);
}

bool TimerWheel::is_pending(Handle timer) const {
  if (!state_ || !state_->slab.in_use(timer)) return false;
  for (uint32_t i = 0; i < state_->edit_count; ++i) {
    const Edit& edit = state_->edits[i];
    if (edit.timer == timer && edit.cancels) return false;
  }
  return true;
}

// Adds a timer to the slot of its deadline. Returns when the slot starts.
inline int64_t TimerWheel::link(Handle timer, int64_t deadline_ms) {
  State& s = *state_;
  TimerSlot slot = TimerSlot::of(deadline_ms, now_ms_);
  s.slab.segment_of(timer).push_back(slot.number, TimerSlab::index_of(timer));
  s.occupied.insert(slot.number, TimerSlab::segment_number(timer));
  return slot.start_ms;
}

inline void TimerWheel::enter(Handle timer, int64_t deadline_ms) {
  if (has_slot(deadline_ms)) [[likely]] {
    bound_ms_ = std::min(bound_ms_, link(timer, deadline_ms));
  } else {
    state_->outliers.insert(state_->slab, timer, deadline_ms);
    bound_ms_ = std::min(bound_ms_, deadline_ms);
  }
}

inline void TimerWheel::leave(Handle timer) {
  State& s = *state_;
  if (s.slab.node(timer).is_outlier()) [[unlikely]] {
    s.outliers.erase(s.slab, timer);
  } else {
    s.slab.segment_of(timer).unlink(TimerSlab::index_of(timer));
  }
}

TimerWheel::Handle TimerWheel::schedule(int64_t deadline_ms, uint64_t payload) {
  if (!state_) make_state();
  Handle timer = state_->slab.allocate();
  state_->slab.node(timer).set(static_cast<uint64_t>(deadline_ms), payload);
  ++size_;
  enter(timer, deadline_ms);
  return timer;
}

void TimerWheel::reschedule(Handle timer, int64_t deadline_ms) {
  bound_ms_ = std::min(bound_ms_, deadline_ms);
  postpone({deadline_ms, timer, false});
}

void TimerWheel::cancel(Handle timer) {
  postpone({0, timer, true});
  --size_;
}

inline void TimerWheel::postpone(const Edit& edit) {
  assert(is_pending(edit.timer));
  State& s = *state_;
  s.slab.segment_of(edit.timer).prefetch(TimerSlab::index_of(edit.timer));
  s.edits[s.edit_count++] = edit;
  if (s.edit_count == s.edits.size()) make_edits();
}

void TimerWheel::make_edits() {
  State& s = *state_;
  const uint32_t count = std::exchange(s.edit_count, 0);
  for (uint32_t i = 0; i < count; ++i) {
    const Edit& edit = s.edits[i];
    if (edit.cancels) {
      leave(edit.timer);
      s.slab.release(edit.timer);
    } else {
      move(edit.timer, edit.deadline_ms);
    }
  }
}

// Not inlined: beside it, the loop over the edits would run out of registers.
[[gnu::noinline]] void TimerWheel::move(Handle timer, int64_t deadline_ms) {
  TimerNode& node = state_->slab.node(timer);
  if (!node.is_outlier() && has_slot(deadline_ms)) [[likely]] {
    TimerSlot old = TimerSlot::of(deadline_from_bits(node.deadline_bits()), now_ms_);
    node.set_deadline_bits(static_cast<uint64_t>(deadline_ms));
    // A timer may wait in a slot that is too early: drain() will look at its deadline and link it further on.
    if (TimerSlot::of(deadline_ms, now_ms_).number >= old.number) return;
  }
  leave(timer);
  node.set_deadline_bits(static_cast<uint64_t>(deadline_ms));
  enter(timer, deadline_ms);
}

int64_t TimerWheel::deadline(Handle timer) const {
  assert(is_pending(timer));
  const State& s = *state_;
  for (uint32_t i = s.edit_count; i > 0; --i) {
    if (s.edits[i - 1].timer == timer) return s.edits[i - 1].deadline_ms;
  }
  const TimerNode& node = s.slab.node(timer);
  return node.is_outlier() ? s.outliers.deadline(node) : deadline_from_bits(node.deadline_bits());
}

uint64_t TimerWheel::payload(Handle timer) const {
  assert(is_pending(timer));
  return state_->slab.node(timer).payload();
}

void TimerWheel::set_payload(Handle timer, uint64_t payload) {
  assert(is_pending(timer));
  state_->slab.node(timer).set_payload(payload);
}

// Finds the next timer to fire and removes it. False if none is due or the pass has made its moves.
bool TimerWheel::next_due(Pass& pass) {
  if (!state_) return false;
  State& s = *state_;
  if (s.edit_count > 0) make_edits();
  do {
    if (!s.outliers.empty()) [[unlikely]] {
      auto [deadline_ms, timer] = s.outliers.earliest();
      if (deadline_ms <= std::min(next_slot_ms(), pass.now_ms)) {
        s.outliers.erase(s.slab, timer);
        take(timer, deadline_ms, pass);
        return true;
      }
    }
    if (!open_slot(pass.now_ms)) return false;
    if (drain(pass)) return true;
  } while (pass.moves_left > 0);
  return false;
}

int64_t TimerWheel::next_slot_ms() const {
  if (state_->draining != TimerSlot::kNone) return now_ms_;
  uint32_t slot = state_->occupied.lowest();
  return slot == TimerSlot::kNone ? INT64_MAX : TimerSlot::at(slot, now_ms_).start_ms;
}

// Makes the earliest slot the one to empty. If none has begun by `now_ms`, that is the wheel's time: false.
bool TimerWheel::open_slot(int64_t now_ms) {
  State& s = *state_;
  uint32_t slot = s.draining != TimerSlot::kNone ? s.draining : s.occupied.lowest();
  int64_t start_ms = next_slot_ms();
  if (slot == TimerSlot::kNone || start_ms > now_ms) {
    bound_ms_ = s.outliers.empty() ? start_ms : std::min(start_ms, s.outliers.earliest().deadline_ms);
    now_ms_ = std::max(now_ms_, now_ms);
    return false;
  }
  s.draining = slot;
  now_ms_ = start_ms;
  return true;
}

void TimerWheel::close_group(uint32_t group) {
  State& s = *state_;
  s.occupied.erase(s.draining, group);
  if (!s.occupied.contains(s.draining)) s.draining = TimerSlot::kNone;
}

// Empties the open slot, up to a timer that is to fire: true. Its lists, one in each segment, take turns:
// while the others are served, the next timer of a list comes into the cache.
bool TimerWheel::drain(Pass& pass) {
  State& s = *state_;
  const uint32_t slot = s.draining;
  while (s.draining != TimerSlot::kNone && pass.moves_left > 0) {
    uint64_t groups = s.occupied.groups(slot);
    uint64_t after = groups & (~uint64_t{1} << pass.group);
    pass.group = std::countr_zero(after != 0 ? after : groups);
    uint32_t number = s.slab.next_in_group(pass.group, slot);
    if (number >= s.slab.segments()) {
      close_group(pass.group);
      continue;
    }
    TimerSegment& segment = s.slab.segment(number);
    uint16_t index = segment.pop_front(slot);
    if (s.slab.next_in_group(number, slot) >= s.slab.segments()) close_group(pass.group);

    Handle timer = TimerSlab::handle(number, index);
    int64_t deadline_ms = deadline_from_bits(segment.node(index).deadline_bits());
    if (deadline_ms == now_ms_) {
      take(timer, deadline_ms, pass);
      return true;
    }
    link(timer, deadline_ms);
    --pass.moves_left;
  }
  return false;
}

inline void TimerWheel::take(Handle timer, int64_t deadline_ms, Pass& pass) {
  pass.deadline_ms = deadline_ms;
  pass.payload = state_->slab.node(timer).payload();
  state_->slab.release(timer);
  --size_;
}

size_t TimerWheel::sample(uint64_t draw, size_t looks, std::span<uint64_t> payloads) const {
  if (empty()) return 0;
  const TimerSlab& slab = state_->slab;
  uint32_t segment = static_cast<uint32_t>((draw >> 32) % slab.segments());
  uint32_t place = static_cast<uint32_t>((draw & UINT32_MAX) * slab.segment(segment).places() >> 32);
  size_t found = 0;
  for (; looks > 0 && found < payloads.size(); --looks) {
    if (place >= slab.segment(segment).places()) {
      segment = segment + 1 == slab.segments() ? 0 : segment + 1;
      place = 0;
      continue;
    }
    const Handle timer = TimerSlab::handle(segment, static_cast<uint16_t>(TimerSegment::kSlots + place++));
    if (is_pending(timer)) payloads[found++] = payload(timer);
  }
  return found;
}

size_t TimerWheel::memory_usage() const {
  if (!state_) return 0;
  const State& s = *state_;
  return sizeof(State) + s.occupied.memory_usage() + s.slab.memory_usage() + s.outliers.memory_usage();
}

absl::Status TimerWheel::check_invariants() const {
  if (!state_) return size_ == 0 ? absl::OkStatus() : absl::InternalError("timers without storage");
  const State& s = *state_;
  if (absl::Status status = s.slab.check_invariants(); !status.ok()) return status;
  if (absl::Status status = s.outliers.check_invariants(s.slab); !status.ok()) return status;
  size_t timers = s.outliers.size();
  for (uint32_t slot = 0; slot < TimerSlot::kCount; ++slot) {
    if (absl::Status status = check_slot(slot, timers); !status.ok()) return status;
  }
  if (timers != s.slab.used()) return absl::InternalError("timer neither in a slot nor an outlier");
  if (!s.outliers.empty() && s.outliers.earliest().deadline_ms < bound_ms_) {
    return absl::InternalError("outlier before the bound");
  }
  for (uint32_t i = 0; i < s.edit_count; ++i) {
    const Edit& edit = s.edits[i];
    if (!s.slab.in_use(edit.timer)) return absl::InternalError("edit of a timer that is gone");
    if (edit.cancels) --timers;
    if (!edit.cancels && edit.deadline_ms < bound_ms_) return absl::InternalError("edit before the bound");
  }
  return timers == size_ ? absl::OkStatus() : absl::InternalError("wheel with a wrong count of timers");
}

absl::Status TimerWheel::check_slot(uint32_t number, size_t& timers) const {
  const State& s = *state_;
  TimerSlot slot = TimerSlot::at(number, now_ms_);
  bool drains = number == s.draining;
  if (s.occupied.contains(number)) {
    if (slot.start_ms < bound_ms_) return absl::InternalError("slot before the bound");
    if (drains ? slot.start_ms != now_ms_ : slot.start_ms < now_ms_)
      return absl::InternalError("slot before now");
  } else if (drains) {
    return absl::InternalError("draining a slot that is not occupied");
  }
  for (uint32_t i = 0; i < s.slab.segments(); ++i) {
    const TimerSegment& segment = s.slab.segment(i);
    if (!segment.slot_empty(number) && !s.occupied.contains(number, i)) {
      return absl::InternalError("slot with timers that is not occupied");
    }
    for (uint16_t at = segment.front(number); at != number; at = segment.node(at).link.next) {
      const TimerNode& node = segment.node(at);
      if (node.is_outlier()) return absl::InternalError("outlier in a slot");
      if (deadline_from_bits(node.deadline_bits()) < slot.start_ms)
        return absl::InternalError("timer before its slot");
      ++timers;
    }
  }
  return absl::OkStatus();
}

}  // namespace inlay
