#include "engine/pattern_table.h"

namespace inlay {
namespace {

// What a text must begin with to match.
std::string_view literal_prefix(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*?[\\"));
}

}  // namespace

void PatternTable::add(std::string_view pattern, Receiver& receiver, Link& link) {
  const std::string_view prefix = literal_prefix(pattern);
  auto bucket = prefixes_.find(prefix);
  if (bucket == prefixes_.end()) {
    bucket = prefixes_.emplace(prefix, Bucket()).first;
    ++lengths_[prefix.size()];
  }
  auto found = bucket->second.find(pattern);
  if (found == bucket->second.end()) {
    auto fresh = std::make_unique<Pattern>(pattern);
    const std::string_view text = fresh->text->channel();
    found = bucket->second.emplace(text, std::move(fresh)).first;
    ++size_;
  }
  found->second->audience.add(receiver, link);
}

void PatternTable::remove(std::string_view pattern, const Link& link) {
  const auto bucket = prefixes_.find(literal_prefix(pattern));
  const auto found = bucket->second.find(pattern);
  found->second->audience.remove(link);
  if (!found->second->audience.empty()) return;
  bucket->second.erase(found);
  --size_;
  if (!bucket->second.empty()) return;
  const auto length = lengths_.find(bucket->first.size());
  if (--length->second == 0) lengths_.erase(length);
  prefixes_.erase(bucket);
}

bool PatternTable::check_invariants() const {
  size_t patterns = 0;
  std::map<size_t, size_t> lengths;
  for (const auto& [prefix, bucket] : prefixes_) {
    if (bucket.empty()) return false;
    ++lengths[prefix.size()];
    for (const auto& [text, pattern] : bucket) {
      if (literal_prefix(text) != prefix || pattern->audience.empty() ||
          !pattern->audience.check_invariants()) {
        return false;
      }
      ++patterns;
    }
  }
  return patterns == size_ && lengths == lengths_;
}

}  // namespace inlay
