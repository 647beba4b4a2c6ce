// PatternTable: glob patterns and their audiences, found by a channel's name.
//
//   "news.*", "news.?", "a*c"   each stands under its literal prefix, the bytes before its first * ? [ or backslash:
//
//   prefixes   "news." -> [news.*, news.?]     "a" -> [a*c]        lengths in use: 1, 5
//
// A channel is looked for under its own prefixes of the lengths in use; only patterns found there are
// matched. So a pattern costs nothing to channels that do not begin as it does.
//
// Complexity: for_each_match O(lengths in use + patterns under the channel's prefixes), each of them as glob_match;
// O(log of the patterns under one prefix) otherwise. Thread safety: guarded by the broker's locks.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "engine/audience.h"
#include "engine/glob.h"
#include "engine/hash.h"
#include "engine/message_text.h"

namespace inlay {

class PatternTable {
 public:
  /// Adds a receiver to a pattern's audience.
  void add(std::string_view pattern, Receiver& receiver, Link& link);
  /// Removes what add() has added.
  void remove(std::string_view pattern, const Link& link);

  /// Calls visit(const Audience&, internal::MessageText& pattern) for every pattern that matches.
  template <class Visit>
  void for_each_match(std::string_view channel, Visit&& visit) const {
    for (const auto& [length, count] : lengths_) {
      if (length > channel.size()) return;
      const auto bucket = prefixes_.find(channel.substr(0, length));
      if (bucket == prefixes_.end()) continue;
      for (const auto& [text, pattern] : bucket->second) {
        if (glob_match(text, channel)) visit(pattern->audience, *pattern->text);
      }
    }
  }

  /// Distinct patterns.
  size_t size() const { return size_; }
  bool check_invariants() const;

 private:
  struct Pattern {
    explicit Pattern(std::string_view pattern) : text(internal::MessageText::make(pattern, {}, 1)) {}
    ~Pattern() { text->release(); }
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;

    internal::MessageText* text;  // Shared with the messages that came by way of it.
    Audience audience;
  };
  // By their text, so that a channel's patterns always come in the same order.
  using Bucket = std::map<std::string_view, std::unique_ptr<Pattern>>;
  struct PrefixHash {
    using is_transparent = void;
    size_t operator()(std::string_view prefix) const { return hash_bytes(prefix, 0); }
  };

  absl::flat_hash_map<std::string, Bucket, PrefixHash, std::equal_to<>> prefixes_;
  std::map<size_t, size_t> lengths_;  // Of prefixes, and how many prefixes have each.
  size_t size_ = 0;
};

}  // namespace inlay
