#include "engine/eviction/a3.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace inlay {
namespace {

constexpr double kTargetMin = 0.05;
constexpr double kTargetStart = 0.1;
constexpr double kTargetMax = 0.9;
// Hits that let a newcomer into main.
constexpr uint8_t kPromotingHits = 3;
// Up to this share a newcomer gets another round in small for each hit. A longer queue gives time enough.
constexpr double kRoundsTargetMax = 0.5;
// A cache of fewer residents sees fewer ghosts, so each must teach it more, by the fourth root of how many times fewer.
constexpr double kGainResidents = 4000;
constexpr double kGainMax = 4;
// Ghosts a resident.
constexpr double kSmallGhosts = 0.7;
constexpr double kMainGhosts = 0.5;
// How far the number of residents may move before the ghosts are fitted to it: by this part.
constexpr uint64_t kFittingPart = 32;
// How many evictions ahead the index and the entry of a name are fetched.
constexpr size_t kPlaceAhead = 8;
constexpr size_t kRecordAhead = 4;
// Stale names that one eviction passes over: many stand in a row where a whole database has been flushed.
constexpr size_t kPassedMax = 256;
// A queue is swept while more than half of its names are stale, and some more.
constexpr size_t kStaleMin = 4 * NameQueue::kChunkNames;
constexpr unsigned kInsertsPerSweep = NameQueue::kChunkNames / 4;

}  // namespace

A3::A3(const PolicyContext& context) : context_(context) {
  small_.bit = 0;
  main_.bit = kMainBit;
  context_.mark = {HitMark::Rule::kCount, 0};
}

void A3::enqueue(Queue& queue, const Resident& resident, ResidentName name, uint8_t hits) {
  const uint8_t stamp = queue.names.push(name);
  *resident.access = static_cast<uint8_t>(stamp << kStampShift | queue.bit | hits);
}

void A3::on_insert(const Resident& resident, ResidentName name, uint64_t weight) {
  const bool was_small = small_.ghosts.take(name);
  const bool was_main = main_.ghosts.take(name);
  if (was_small) learn(small_, main_, weight);
  if (was_main) learn(main_, small_, weight);
  Queue& queue = was_small || was_main ? main_ : small_;
  queue.weight += weight;
  ++queue.residents;
  enqueue(queue, resident, name, 0);
  sweep_if_stale(queue);
}

void A3::learn(const Queue& missed, const Queue& other, uint64_t weight) {
  // As in ARC: ghosts of the shorter memory count for more, so that both pull alike.
  const double ratio =
      static_cast<double>(other.ghosts.size()) / static_cast<double>(missed.ghosts.size() + 1);
  const double step = gain_ * static_cast<double>(weight) * std::max(1.0, ratio);
  set_target(target_ + (&missed == &small_ ? step : -step));
}

void A3::set_target(double target) {
  const auto capacity = static_cast<double>(capacity_);
  target_ = std::max(1.0, std::clamp(target, kTargetMin * capacity, kTargetMax * capacity));
  whole_target_ = static_cast<uint64_t>(target_);
  small_has_rounds_ = target_ <= kRoundsTargetMax * capacity;
}

void A3::on_remove(ResidentName, uint8_t access, uint64_t weight) {
  Queue& queue = queue_of(access);
  assert(queue.residents > 0 && queue.weight >= weight);
  queue.weight -= weight;
  --queue.residents;
}

void A3::on_resize(uint8_t access, uint64_t before, uint64_t after) {
  queue_of(access).weight += after - before;
}

void A3::clear() {
  for (Queue* queue : {&small_, &main_}) {
    queue->names.clear();
    queue->ghosts.clear();
    queue->weight = queue->residents = 0;
  }
}

void A3::set_capacity(uint64_t weight) {
  const double share = capacity_ == 0 ? kTargetStart : target_ / static_cast<double>(capacity_);
  capacity_ = std::max<uint64_t>(weight, 1);
  set_target(share * static_cast<double>(capacity_));
}

void A3::fit_ghosts() {
  const uint64_t count = small_.residents + main_.residents;
  const auto residents = static_cast<double>(count);
  fitting_residents_ = count - count / kFittingPart;
  fitting_span_ = 2 * (count / kFittingPart);
  for (const auto& [ghosts, share] :
       {std::pair(&small_.ghosts, kSmallGhosts), std::pair(&main_.ghosts, kMainGhosts)}) {
    const auto wanted = static_cast<size_t>(residents * share);
    // Forgetting all is cheap and seldom: only where the number of residents has changed by a third.
    if (ghosts->capacity() >= wanted * 3 / 4 && ghosts->capacity() <= wanted * 4 / 3 + 16) continue;
    ghosts->resize(wanted);
    gain_ = std::clamp(std::pow(kGainResidents / residents, 0.25), 1.0, kGainMax);
  }
}

void A3::transfer(Queue& from, Queue& to, uint64_t weight) {
  from.weight -= weight;
  --from.residents;
  to.weight += weight;
  ++to.residents;
}

Resident A3::next(Queue& queue, ResidentName& name) {
  for (size_t passed = 0; passed < kPassedMax && !queue.names.empty(); ++passed) {
    context_.residents.prefetch_place(queue.names.peek(kPlaceAhead));
    const ResidentName soon = queue.names.peek(kRecordAhead);
    context_.residents.prefetch_record(soon);
    queue.ghosts.prefetch(soon);
    const NameQueue::Item item = queue.names.pop();
    const Resident resident = context_.residents.find(item.name);
    if (!resident || !is_of(queue, *resident.access, item.stamp)) continue;
    name = item.name;
    return resident;
  }
  return {};
}

Resident A3::victim() {
  fit_ghosts_if_due();
  bool other_queue = false;
  // Every look but those at pinned residents makes a step towards an eviction; they get a second budget.
  for (size_t looks = 0; looks < 2 * kLooksMax; ++looks) {
    const bool is_long = small_.weight > whole_target_;
    const bool from_small = main_.residents == 0 || (small_.residents != 0 && is_long != other_queue);
    Queue& queue = from_small ? small_ : main_;
    ResidentName name = 0;
    const Resident resident = next(queue, name);
    if (!resident) return stray();
    const uint8_t hits = *resident.access & kHits;
    const bool patient = looks < kLooksMax;
    const bool has_rounds = !from_small || small_has_rounds_;
    if (patient && from_small && hits >= kPromotingHits) {
      transfer(small_, main_, context_.residents.weight(resident));
      enqueue(main_, resident, name, 0);
    } else if (patient && hits > 0 && has_rounds) {
      enqueue(queue, resident, name, hits - 1);
    } else if (context_.residents.is_pinned(resident)) {
      enqueue(queue, resident, name, hits);
      // It may be all that its queue holds, and heavy.
      other_queue = !other_queue;
    } else {
      queue.weight -= context_.residents.weight(resident);
      --queue.residents;
      queue.ghosts.put(name);
      return resident;
    }
  }
  return {};
}

Resident A3::stray() {
  std::array<Resident, 4> some;
  const size_t seen = context_.residents.sample(context_.random(), some);
  for (size_t i = 0; i < seen; ++i) {
    if (context_.residents.is_pinned(some[i])) continue;
    // Its name, if it has one, goes stale.
    on_remove(0, *some[i].access, context_.residents.weight(some[i]));
    return some[i];
  }
  return {};
}

void A3::sweep_if_stale(Queue& queue) {
  if (queue.names.size() <= 2 * queue.residents + kStaleMin || ++queue.inserts_to_sweep < kInsertsPerSweep)
    return;
  queue.inserts_to_sweep = 0;
  queue.names.sweep_chunk(
      [&](const NameQueue::Item& item) {
        const Resident resident = context_.residents.find(item.name);
        return !resident || !is_of(queue, *resident.access, item.stamp);
      },
      [&](const NameQueue::Item& item) {
        const Resident resident = context_.residents.find(item.name);
        *resident.access =
            static_cast<uint8_t>(item.stamp << kStampShift | (*resident.access & (kMainBit | kHits)));
      });
}

size_t A3::memory_usage() const {
  size_t bytes = sizeof(*this);
  for (const Queue* queue : {&small_, &main_})
    bytes += queue->names.memory_usage() + queue->ghosts.memory_usage();
  return bytes;
}

bool A3::check_invariants() const {
  for (const Queue* queue : {&small_, &main_}) {
    if (!queue->names.check_invariants() || !queue->ghosts.check_invariants()) return false;
    if ((queue->residents == 0) != (queue->weight == 0)) return false;
  }
  const auto capacity = static_cast<double>(capacity_);
  return target_ == 1 ||
         (target_ > 1 && target_ >= kTargetMin * capacity && target_ <= kTargetMax * capacity);
}

}  // namespace inlay
