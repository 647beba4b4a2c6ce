// Random subscribing, publishing and reading by several subscribers, against a plain model: the same counts, the same
// messages in the same order, the same losses.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/glob.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

struct Delivery {
  std::string channel, payload;
  std::optional<std::string> pattern;
  friend bool operator==(const Delivery&, const Delivery&) = default;
};

// A pattern's place among those that a message matches: Redis promises none, Inlay has the shorter literal prefix first.
struct PatternOrder {
  static size_t prefix(const std::string& pattern) {
    return std::min(pattern.find_first_of("*?[\\"), pattern.size());
  }
  bool operator()(const std::string& a, const std::string& b) const {
    return std::pair(prefix(a), a) < std::pair(prefix(b), b);
  }
};

// One subscriber as the documents say it is.
class Model {
 public:
  explicit Model(const SubscribeOptions& options) : options_(options) {}

  void receive(const Delivery& delivery) {
    if (waiting.size() < options_.capacity) {
      waiting.push_back(delivery);
      return;
    }
    ++dropped;
    if (options_.overflow == Overflow::kDropOldest) {
      waiting.pop_front();
      waiting.push_back(delivery);
    }
    if (options_.overflow == Overflow::kCloseSubscriber) overflown = true;
  }
  void close() {
    closed = true;
    channels.clear();
    patterns.clear();
  }

  std::set<std::string> channels;
  std::set<std::string, PatternOrder> patterns;
  std::deque<Delivery> waiting;
  uint64_t dropped = 0;
  bool closed = false;
  bool overflown = false;  // Closed as soon as the message at hand has been offered to all.

 private:
  SubscribeOptions options_;
};

struct Pair {
  std::unique_ptr<Subscriber> real;
  Model model;
};

class World {
 public:
  void add() {
    const SubscribeOptions options{.capacity = *rc::gen::inRange<size_t>(1, 6),
                                   .overflow = *rc::gen::element(Overflow::kDropOldest, Overflow::kDropNewest,
                                                                 Overflow::kCloseSubscriber)};
    pairs_.push_back({store_->subscriber(options), Model(options)});
  }

  void change_subscription(bool by_pattern, bool begin, const std::string& name) {
    Pair& pair = any();
    if (begin) {
      const absl::Status status = by_pattern ? pair.real->psubscribe({name}) : pair.real->subscribe({name});
      RC_ASSERT(status.ok() == !pair.model.closed);
      if (!status.ok()) return;
      by_pattern ? (void)pair.model.patterns.insert(name) : (void)pair.model.channels.insert(name);
    } else {
      by_pattern ? pair.real->punsubscribe({name}) : pair.real->unsubscribe({name});
      by_pattern ? pair.model.patterns.erase(name) : pair.model.channels.erase(name);
    }
  }

  // A subscriber that overflows by one copy of a message is refused the others.
  void publish(const std::string& channel, const std::string& payload) {
    int64_t expected = 0;
    const auto offer = [&](Model& model, std::optional<std::string> pattern) {
      if (model.overflown) return;
      model.receive({channel, payload, std::move(pattern)});
      ++expected;
    };
    for (auto& [real, model] : pairs_) {
      if (model.channels.contains(channel)) offer(model, std::nullopt);
      for (const std::string& pattern : model.patterns) {
        if (glob_match(pattern, channel)) offer(model, pattern);
      }
      if (model.overflown) model.close();
    }
    RC_ASSERT(*store_->publish(channel, payload) == expected);
  }

  void read() {
    Pair& pair = any();
    const auto next = pair.real->next(0s);
    if (pair.model.waiting.empty()) {
      RC_ASSERT((pair.model.closed ? !next.ok() : is_nil(next)));
      return;
    }
    RC_ASSERT(next.ok() && next->has_value());
    const Message& message = **next;
    const Delivery delivery{
        std::string(message.channel()), std::string(message.payload()),
        message.pattern().has_value() ? std::optional<std::string>(*message.pattern()) : std::nullopt};
    RC_ASSERT(delivery == pair.model.waiting.front());
    pair.model.waiting.pop_front();
  }

  void close_one() {
    Pair& pair = any();
    pair.real->close();
    pair.model.close();
  }

  void destroy_one() {
    pairs_.erase(pairs_.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(pairs_)));
  }

  void check() {
    std::map<std::string, int64_t> subscribers;
    std::set<std::string> patterns;
    for (const auto& [real, model] : pairs_) {
      RC_ASSERT(real->is_closed() == model.closed);
      RC_ASSERT(real->pending() == model.waiting.size());
      RC_ASSERT(real->dropped() == model.dropped);
      RC_ASSERT(real->channels() == (std::vector<std::string>(model.channels.begin(), model.channels.end())));
      for (const std::string& channel : model.channels) ++subscribers[channel];
      patterns.insert(model.patterns.begin(), model.patterns.end());
    }
    std::vector<std::string> channels;
    for (const auto& [channel, count] : subscribers) {
      channels.push_back(channel);
      RC_ASSERT(*store_->pubsub_numsub({channel}) == std::vector<int64_t>{count});
    }
    RC_ASSERT(*store_->pubsub_channels() == channels);
    RC_ASSERT(*store_->pubsub_numpat() == std::ssize(patterns));
    RC_ASSERT(store_->check_invariants().ok());
  }

  bool empty() const { return pairs_.empty(); }

 private:
  Pair& any() { return pairs_[*rc::gen::inRange<size_t>(0, pairs_.size())]; }

  std::unique_ptr<Store> store_ =
      Store::open({.shards = 1, .background = Background::kManual, .databases = 1}).value();
  std::vector<Pair> pairs_;
};

RC_GTEST_PROP(PubSubModel, subscribers_get_what_the_model_gets, ()) {
  World world;
  const auto channels = rc::gen::element<std::string>("a", "ab", "abc", "b", "");
  const auto patterns = rc::gen::element<std::string>("*", "a*", "ab?", "[ab]", "abc", "a*c", "");
  const int steps = *rc::gen::inRange(1, 120);
  for (int step = 0; step < steps; ++step) {
    const int choice = world.empty() ? 0 : *rc::gen::inRange(0, 40);
    if (choice == 0) {
      world.add();
    } else if (choice < 10) {
      const bool by_pattern = choice % 2 == 0;
      world.change_subscription(by_pattern, choice < 7, by_pattern ? *patterns : *channels);
    } else if (choice < 25) {
      world.publish(*channels, std::to_string(step));
    } else if (choice < 38) {
      world.read();
    } else {
      choice == 38 ? world.close_one() : world.destroy_one();
    }
    world.check();
  }
}

}  // namespace
}  // namespace inlay::test
