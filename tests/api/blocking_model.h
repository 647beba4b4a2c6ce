// BlockingModel: what blocking calls do, in the simplest way: one thread, one list of waiters, no shards, no locks.
//
// A change of a key notes the key, once, where it came to hold a list or a sorted set. At the end of the call the keys
// are looked at in the order noted: the waiters that stand at one are served, oldest first, while it holds what they
// want. What serving changes is noted in its turn.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/api/blocking_world.h"

namespace inlay::test {

class BlockingModel final : public BlockingWorld {
 public:
  void block(int id, const Argv& argv, Duration timeout) override;
  Reply call(const Argv& argv) override;
  void stop(int id) override;
  void pass(Duration time) override;
  std::vector<Ending> endings() override { return std::exchange(endings_, {}); }
  size_t blocked() override { return waiters_.size(); }

 private:
  using List = std::deque<std::string>;
  using SortedSet = std::set<std::pair<int, std::string>>;
  using Value = std::variant<std::string, List, SortedSet>;

  struct Waiter {
    int id;
    Argv argv;
    std::vector<std::string> keys;
    bool wants_list;
    Duration deadline;
  };

  // One try with these keys; nullopt where the call would wait.
  std::optional<Reply> attempt(const Argv& argv, const std::vector<std::string>& keys);
  std::optional<Reply> pop_list(const std::string& key, bool left, size_t count, bool many);
  std::optional<Reply> pop_sorted_set(const std::string& key, bool min, size_t count, bool many);
  std::optional<Reply> move(const std::string& from, const std::string& to, bool from_left, bool to_left);
  Reply change(const Argv& argv);
  Reply push(const std::string& key, bool left, const std::vector<std::string>& elements);
  Reply zadd(const Argv& argv);
  void note(const std::string& key);
  void drop_if_empty(const std::string& key);
  void serve();
  void serve_key(const std::string& key);
  void end(size_t place, Reply reply);

  std::map<std::string, Value> values_;
  std::deque<std::string> noted_;
  std::vector<Waiter> waiters_;  // In order of arrival.
  std::vector<Ending> endings_;
  Duration now_{};
};

}  // namespace inlay::test
