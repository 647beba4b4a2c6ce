// KeyspaceModel: what a handful of keys hold and what each command makes of it, one call at a time.
//
// It shares no code with the engine: ordered maps, and time that only a tick moves. Small and slow on purpose, as it is
// copied at every step of a search.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "inlay/reply.h"
#include "tests/linearizability/call.h"

namespace inlay::test {

class KeyspaceModel {
 public:
  /// Runs a call and returns the answer that Redis gives.
  Reply apply(const Call& call);
  /// Equal for equal states, different for different ones; readable.
  std::string encoded() const;

 private:
  using List = std::deque<std::string>;
  using Hash = std::map<std::string, std::string>;
  struct Entry {
    std::variant<std::string, List, Hash> value;
    std::optional<int64_t> deadline_ms{};
  };

  Reply apply_string(const Call& call);
  Reply apply_key(const Call& call);
  Reply apply_list(const Call& call);
  Reply apply_hash(const Call& call);

  Reply set(const std::vector<std::string>& words);
  Reply add(std::string& number, const std::string& by);
  Reply rename(const std::vector<std::string>& words, bool only_if_absent);
  Reply pop(const std::string& key, bool left);
  void push(const std::string& key, bool left, const std::string& element);
  void tick(int64_t ms);

  bool holds(const std::string& key) const { return entries_.contains(key); }
  const std::string* find_string(const std::string& key) const;
  Reply read_string(const std::string& key) const;

  // No entry is dead: a tick removes what it kills.
  std::map<std::string, Entry> entries_;
  int64_t now_ms_ = 0;
};

/// The answer in the form in which the model gives it: RESP2, with the fields of a hash in order.
Reply canonical(const Call& call, const Reply& answer);

}  // namespace inlay::test
