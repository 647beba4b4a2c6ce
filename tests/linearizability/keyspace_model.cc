#include "tests/linearizability/keyspace_model.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>
#include <vector>

namespace inlay::test {
namespace {

// Only what Redis takes for an integer: no sign of plus, no zero in front.
std::optional<int64_t> parse(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (std::to_string(number) != text) return std::nullopt;
  return number;
}

}  // namespace

Reply KeyspaceModel::apply(const Call& call) {
  if (call.verb <= Verb::kAppend) return apply_string(call);
  if (call.verb <= Verb::kPersist) return apply_key(call);
  if (call.verb <= Verb::kLMove) return apply_list(call);
  if (call.verb <= Verb::kHGetAll) return apply_hash(call);
  tick(*parse(call.words[0]));
  return Reply::ok();
}

Reply KeyspaceModel::apply_string(const Call& call) {
  const std::vector<std::string>& words = call.words;
  const std::string& key = words[0];
  const std::string* held = find_string(key);
  switch (call.verb) {
    case Verb::kGet: return read_string(key);
    case Verb::kSet: return set(words);
    case Verb::kSetNx:
      if (held != nullptr) return Reply::integer(0);
      entries_[key] = {words[1]};
      return Reply::integer(1);
    case Verb::kGetSet: {
      Reply old = read_string(key);
      entries_[key] = {words[1]};
      return old;
    }
    case Verb::kGetDel: {
      Reply old = read_string(key);
      entries_.erase(key);
      return old;
    }
    case Verb::kDelIfEqual:
      if (held == nullptr || *held != words[1]) return Reply::integer(0);
      entries_.erase(key);
      return Reply::integer(1);
    case Verb::kIncrBy: {
      std::string number = held == nullptr ? "0" : *held;
      Reply sum = add(number, words[1]);
      if (!sum.is_error()) entries_[key].value = number;
      return sum;
    }
    case Verb::kAppend: {
      std::string longer = (held == nullptr ? "" : *held) + words[1];
      const auto size = static_cast<int64_t>(longer.size());
      entries_[key].value = std::move(longer);
      return Reply::integer(size);
    }
    default: std::abort();
  }
}

Reply KeyspaceModel::apply_key(const Call& call) {
  const std::vector<std::string>& words = call.words;
  const std::vector<std::string_view> keys = keys_of(call);
  const auto present =
      std::ranges::count_if(keys, [&](std::string_view key) { return holds(std::string(key)); });
  Reply::Items items;
  switch (call.verb) {
    case Verb::kDel:
      for (const std::string& key : words) entries_.erase(key);
      return Reply::integer(present);
    case Verb::kExists: return Reply::integer(present);
    case Verb::kMGet:
      for (const std::string& key : words) items.push_back(read_string(key));
      return Reply::array(std::move(items));
    case Verb::kMSetNx:
      if (present > 0) return Reply::integer(0);
      [[fallthrough]];
    case Verb::kMSet:
      for (size_t i = 0; i < words.size(); i += 2) entries_[words[i]] = {words[i + 1]};
      return call.verb == Verb::kMSet ? Reply::ok() : Reply::integer(1);
    case Verb::kRename: return rename(words, false);
    case Verb::kRenameNx: return rename(words, true);
    case Verb::kPExpire:
      if (present == 1) entries_[words[0]].deadline_ms = now_ms_ + *parse(words[1]);
      return Reply::integer(present);
    case Verb::kPersist: {
      const bool had_one = present == 1 && std::exchange(entries_[words[0]].deadline_ms, std::nullopt);
      return Reply::integer(had_one);
    }
    default: std::abort();
  }
}

Reply KeyspaceModel::apply_list(const Call& call) {
  const std::vector<std::string>& words = call.words;
  const std::string& key = words[0];
  switch (call.verb) {
    case Verb::kLPush:
    case Verb::kRPush:
      for (size_t i = 1; i < words.size(); ++i) push(key, call.verb == Verb::kLPush, words[i]);
      break;
    case Verb::kLPop: return pop(key, true);
    case Verb::kRPop: return pop(key, false);
    case Verb::kLMove: {
      Reply moved = pop(key, words[2] == "LEFT");
      if (!moved.is_nil()) push(words[1], words[3] == "LEFT", std::string(moved.text()));
      return moved;
    }
    default: break;  // Reads, below.
  }
  static const List kEmpty;
  const List& list = holds(key) ? std::get<List>(entries_[key].value) : kEmpty;
  if (call.verb != Verb::kLRange) return Reply::integer(static_cast<int64_t>(list.size()));
  Reply::Items items;
  for (const std::string& element : list) items.push_back(Reply::bulk(element));
  return Reply::array(std::move(items));
}

Reply KeyspaceModel::apply_hash(const Call& call) {
  const std::vector<std::string>& words = call.words;
  const std::string& key = words[0];
  Hash hash = holds(key) ? std::get<Hash>(entries_[key].value) : Hash();
  Reply answer;
  Reply::Items items;
  switch (call.verb) {
    case Verb::kHSet: answer = Reply::integer(hash.insert_or_assign(words[1], words[2]).second); break;
    case Verb::kHGet: return hash.contains(words[1]) ? Reply::bulk(hash[words[1]]) : Reply::nil();
    case Verb::kHDel: answer = Reply::integer(static_cast<int64_t>(hash.erase(words[1]))); break;
    case Verb::kHIncrBy: answer = add(hash.try_emplace(words[1], "0").first->second, words[2]); break;
    case Verb::kHGetAll:
      for (const auto& [field, value] : hash) {
        items.push_back(Reply::bulk(field));
        items.push_back(Reply::bulk(value));
      }
      return Reply::array(std::move(items));
    default: std::abort();
  }
  if (hash.empty()) {
    entries_.erase(key);
  } else {
    entries_[key].value = std::move(hash);
  }
  return answer;
}

// SET key value [NX | PX ms | IFEQ old]
Reply KeyspaceModel::set(const std::vector<std::string>& words) {
  const std::string* held = find_string(words[0]);
  Entry entry{words[1]};
  if (words.size() > 2) {
    if (words[2] == "NX" && held != nullptr) return Reply::nil();
    if (words[2] == "IFEQ" && (held == nullptr || *held != words[3])) return Reply::nil();
    if (words[2] == "PX") entry.deadline_ms = now_ms_ + *parse(words[3]);
  }
  entries_[words[0]] = std::move(entry);
  return Reply::ok();
}

// The values of a history are far from what 64 bits cannot hold.
Reply KeyspaceModel::add(std::string& number, const std::string& by) {
  const std::optional<int64_t> old = parse(number);
  if (!old.has_value()) return Reply::error("ERR value is not an integer or out of range");
  number = std::to_string(*old + *parse(by));
  return Reply::integer(*parse(number));
}

Reply KeyspaceModel::rename(const std::vector<std::string>& words, bool only_if_absent) {
  if (!holds(words[0])) return Reply::error("ERR no such key");
  if (only_if_absent && holds(words[1])) return Reply::integer(0);
  Entry entry = std::move(entries_[words[0]]);
  entries_.erase(words[0]);
  entries_[words[1]] = std::move(entry);
  return only_if_absent ? Reply::integer(1) : Reply::ok();
}

Reply KeyspaceModel::pop(const std::string& key, bool left) {
  if (!holds(key)) return Reply::nil();
  List& list = std::get<List>(entries_[key].value);
  std::string element = left ? list.front() : list.back();
  left ? list.pop_front() : list.pop_back();
  if (list.empty()) entries_.erase(key);
  return Reply::bulk(std::move(element));
}

void KeyspaceModel::push(const std::string& key, bool left, const std::string& element) {
  Entry& entry = entries_.try_emplace(key, Entry{List()}).first->second;
  List& list = std::get<List>(entry.value);
  left ? list.push_front(element) : list.push_back(element);
}

void KeyspaceModel::tick(int64_t ms) {
  now_ms_ += ms;
  std::erase_if(entries_, [&](const auto& item) {
    return item.second.deadline_ms.has_value() && *item.second.deadline_ms <= now_ms_;
  });
}

const std::string* KeyspaceModel::find_string(const std::string& key) const {
  const auto entry = entries_.find(key);
  return entry == entries_.end() ? nullptr : std::get_if<std::string>(&entry->second.value);
}

Reply KeyspaceModel::read_string(const std::string& key) const {
  const std::string* held = find_string(key);
  return held == nullptr ? Reply::nil() : Reply::bulk(*held);
}

std::string KeyspaceModel::encoded() const {
  std::string text;
  for (const auto& [key, entry] : entries_) {
    text.append(quoted(key)).append(" = ");
    if (const auto* string = std::get_if<std::string>(&entry.value)) {
      text.append(quoted(*string));
    } else if (const auto* list = std::get_if<List>(&entry.value)) {
      text.append("[");
      for (const std::string& element : *list) text.append(quoted(element)).append(" ");
      text.append("]");
    } else {
      text.append("{");
      for (const auto& [field, value] : std::get<Hash>(entry.value))
        text.append(quoted(field)).append(": ").append(quoted(value)).append(" ");
      text.append("}");
    }
    if (entry.deadline_ms.has_value()) text.append(" until ").append(std::to_string(*entry.deadline_ms));
    text.append("; ");
  }
  return text.append("at ").append(std::to_string(now_ms_)).append(" ms");
}

Reply canonical(const Call& call, const Reply& answer) {
  Reply plain = answer.resp2();
  if (call.verb != Verb::kHGetAll || plain.is_error()) return plain;
  std::map<std::string, Reply> fields;
  for (size_t i = 0; i + 1 < plain.items().size(); i += 2)
    fields[std::string(plain.items()[i].text())] = plain.items()[i + 1];
  Reply::Items items;
  for (const auto& [field, value] : fields) {
    items.push_back(Reply::bulk(field));
    items.push_back(value);
  }
  return Reply::array(std::move(items));
}

}  // namespace inlay::test
