// Exact policies to compare with, written for clarity: lists of numbered keys, no concern for memory.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <queue>
#include <span>
#include <string_view>
#include <vector>

#include "api/shell/replay_model.h"

namespace inlay::shell {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;

/// Lists over the same keys, each of which is in one list at most.
class Lists {
 public:
  Lists(const Workload& workload, size_t lists)
      : weights_(workload.weights), links_(workload.weights.size()), lists_(lists) {}

  static constexpr uint8_t kNone = UINT8_MAX;
  uint8_t list_of(uint32_t id) const { return links_[id].list; }
  uint64_t weight(uint8_t list) const { return lists_[list].weight; }
  uint32_t oldest(uint8_t list) const { return lists_[list].oldest; }

  void push(uint8_t list, uint32_t id) {
    Ends& ends = lists_[list];
    links_[id] = {ends.newest, kNobody, list};
    (ends.newest == kNobody ? ends.oldest : links_[ends.newest].newer) = id;
    ends.newest = id;
    ends.weight += weights_[id];
  }

  void remove(uint32_t id) {
    const Links links = links_[id];
    Ends& ends = lists_[links.list];
    (links.older == kNobody ? ends.oldest : links_[links.older].newer) = links.newer;
    (links.newer == kNobody ? ends.newest : links_[links.newer].older) = links.older;
    ends.weight -= weights_[id];
    links_[id].list = kNone;
  }

 private:
  struct Links {
    uint32_t older = kNobody;
    uint32_t newer = kNobody;
    uint8_t list = kNone;
  };
  struct Ends {
    uint32_t oldest = kNobody;
    uint32_t newest = kNobody;
    uint64_t weight = 0;
  };

  const std::vector<uint32_t>& weights_;
  std::vector<Links> links_;
  std::vector<Ends> lists_;
};

/// Exact LRU, and FIFO, which is LRU that does not notice hits.
class OneList final : public CacheModel {
 public:
  OneList(const Workload& workload, uint64_t capacity, bool notices_hits)
      : weights_(workload.weights), lists_(workload, 1), capacity_(capacity), notices_hits_(notices_hits) {}

  bool request(uint32_t id) override {
    if (lists_.list_of(id) == 0) {
      if (notices_hits_) {
        lists_.remove(id);
        lists_.push(0, id);
      }
      return true;
    }
    if (weights_[id] > capacity_) return false;
    while (lists_.weight(0) + weights_[id] > capacity_) lists_.remove(lists_.oldest(0));
    lists_.push(0, id);
    return false;
  }

 private:
  const std::vector<uint32_t>& weights_;
  Lists lists_;
  const uint64_t capacity_;
  const bool notices_hits_;
};

/// Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache" (FAST 2003), with weights for counts.
class Arc final : public CacheModel {
 public:
  Arc(const Workload& workload, uint64_t capacity)
      : weights_(workload.weights), lists_(workload, 4), capacity_(static_cast<double>(capacity)) {}

  bool request(uint32_t id) override {
    const uint8_t list = lists_.list_of(id);
    if (list == kRecent || list == kFrequent) {
      move(id, kFrequent);
      return true;
    }
    const double weight = weights_[id];
    if (weight > capacity_) return false;
    if (list == kRecentGhosts || list == kFrequentGhosts) {
      const double other =
          weight_of(list == kRecentGhosts ? kFrequentGhosts : kRecentGhosts) / weight_of(list);
      const double step = weight * std::max(1.0, other);
      target_ = std::clamp(target_ + (list == kRecentGhosts ? step : -step), 0.0, capacity_);
      lists_.remove(id);
      make_room(weight, list == kFrequentGhosts);
      lists_.push(kFrequent, id);
      return false;
    }
    forget_ghosts(weight);
    make_room(weight, false);
    lists_.push(kRecent, id);
    return false;
  }

 private:
  enum : uint8_t { kRecent, kFrequent, kRecentGhosts, kFrequentGhosts };

  double weight_of(uint8_t list) const { return static_cast<double>(lists_.weight(list)); }

  void move(uint32_t id, uint8_t list) {
    lists_.remove(id);
    lists_.push(list, id);
  }

  // REPLACE, until there is room.
  void make_room(double weight, bool was_frequent) {
    while (weight_of(kRecent) + weight_of(kFrequent) + weight > capacity_) {
      const double recent = weight_of(kRecent);
      const bool from_recent = recent > 0 && (recent > target_ || (was_frequent && recent == target_) ||
                                              weight_of(kFrequent) == 0);
      if (from_recent) {
        move(lists_.oldest(kRecent), kRecentGhosts);
      } else {
        move(lists_.oldest(kFrequent), kFrequentGhosts);
      }
    }
  }

  // Case IV: recent and its ghosts weigh at most the capacity, all together twice that.
  void forget_ghosts(double weight) {
    while (weight_of(kRecent) + weight_of(kRecentGhosts) + weight > capacity_) {
      if (weight_of(kRecentGhosts) > 0) {
        lists_.remove(lists_.oldest(kRecentGhosts));
      } else {
        lists_.remove(lists_.oldest(kRecent));
      }
    }
    while (weight_of(kRecent) + weight_of(kFrequent) + weight_of(kRecentGhosts) + weight_of(kFrequentGhosts) +
                   weight >
               2 * capacity_ &&
           weight_of(kFrequentGhosts) > 0) {
      lists_.remove(lists_.oldest(kFrequentGhosts));
    }
  }

  const std::vector<uint32_t>& weights_;
  Lists lists_;
  const double capacity_;
  double target_ = 0;
};

/// Belady's optimum: whatever is asked for last goes, a newcomer included only where weights differ. With weights it is
/// a good cache, not the best.
class Optimum final : public CacheModel {
 public:
  Optimum(const Workload& workload, uint64_t capacity)
      : workload_(workload), capacity_(capacity), next_of_id_(workload.weights.size(), 0) {
    std::vector<uint32_t> coming(workload.weights.size(), kNobody);
    next_.resize(workload.ids.size());
    for (size_t i = next_.size(); i-- > 0;) {
      next_[i] = coming[workload.ids[i]];
      coming[workload.ids[i]] = static_cast<uint32_t>(i);
    }
  }

  bool request(uint32_t id) override {
    const uint32_t next = next_[at_++];
    const bool hit = next_of_id_[id] != 0;
    const uint64_t weight = workload_.weights[id];
    if (!hit) {
      if (weight > capacity_) return false;
      while (used_ + weight > capacity_) evict();
      used_ += weight;
    }
    next_of_id_[id] = next;
    queue_.push({next, id});
    return hit;
  }

 private:
  struct Coming {
    uint32_t next;
    uint32_t id;
    bool operator<(const Coming& other) const { return next < other.next; }
  };

  void evict() {
    const Coming coming = queue_.top();
    queue_.pop();
    // Asked for since: it is queued again further on.
    if (next_of_id_[coming.id] != coming.next) return;
    next_of_id_[coming.id] = 0;
    used_ -= workload_.weights[coming.id];
  }

  const Workload& workload_;
  const uint64_t capacity_;
  uint64_t used_ = 0;
  size_t at_ = 0;
  std::vector<uint32_t> next_;        // Of each request: the next one for the same key.
  std::vector<uint32_t> next_of_id_;  // Of each resident; 0 if it is none.
  std::priority_queue<Coming> queue_;
};

constexpr std::array<std::string_view, 4> kNames = {"lru", "fifo", "arc", "opt"};

}  // namespace

std::span<const std::string_view> reference_names() { return kNames; }

std::unique_ptr<CacheModel> make_reference(std::string_view name, const Workload& workload,
                                           uint64_t capacity) {
  if (name == "lru") return std::make_unique<OneList>(workload, capacity, true);
  if (name == "fifo") return std::make_unique<OneList>(workload, capacity, false);
  if (name == "arc") return std::make_unique<Arc>(workload, capacity);
  if (name == "opt") return std::make_unique<Optimum>(workload, capacity);
  return nullptr;
}

}  // namespace inlay::shell
