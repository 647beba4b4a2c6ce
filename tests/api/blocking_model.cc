#include "tests/api/blocking_model.h"

#include <algorithm>

namespace inlay::test {
namespace {

const Reply kWrongType = Reply::error("WRONGTYPE Operation against a key holding the wrong kind of value");

bool is_left(const std::string& word) { return word == "LEFT"; }

// The keys that a call waits for.
std::vector<std::string> awaited(const Argv& argv) {
  if (argv[0] == "BLMOVE" || argv[0] == "BRPOPLPUSH") return {argv[1]};
  if (argv[0] == "BLMPOP" || argv[0] == "BZMPOP")
    return {argv.begin() + 3, argv.begin() + 3 + std::stoi(argv[2])};
  return {argv.begin() + 1, argv.end() - 1};
}

}  // namespace

std::optional<Reply> BlockingModel::pop_list(const std::string& key, bool left, size_t count, bool many) {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  auto* list = std::get_if<List>(&found->second);
  if (list == nullptr) return kWrongType;
  Reply::Items popped;
  for (; count > 0 && !list->empty(); --count) {
    popped.push_back(Reply::bulk(left ? list->front() : list->back()));
    left ? list->pop_front() : list->pop_back();
  }
  drop_if_empty(key);
  return Reply::array({Reply::bulk(key), many ? Reply::array(popped) : popped[0]});
}

std::optional<Reply> BlockingModel::pop_sorted_set(const std::string& key, bool min, size_t count,
                                                   bool many) {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  auto* set = std::get_if<SortedSet>(&found->second);
  if (set == nullptr) return kWrongType;
  Reply::Items popped;
  for (; count > 0 && !set->empty(); --count) {
    const auto it = min ? set->begin() : std::prev(set->end());
    popped.push_back(Reply::array({Reply::bulk(it->second), Reply::bulk(std::to_string(it->first))}));
    set->erase(it);
  }
  drop_if_empty(key);
  if (many) return Reply::array({Reply::bulk(key), Reply::array(popped)});
  return Reply::array({Reply::bulk(key), popped[0].items()[0], popped[0].items()[1]});
}

std::optional<Reply> BlockingModel::move(const std::string& from, const std::string& to, bool from_left,
                                         bool to_left) {
  const auto source = values_.find(from);
  if (source == values_.end()) return std::nullopt;
  auto* list = std::get_if<List>(&source->second);
  if (list == nullptr) return kWrongType;
  const auto destination = values_.find(to);
  if (destination != values_.end() && !std::holds_alternative<List>(destination->second)) return kWrongType;
  const std::string element = from_left ? list->front() : list->back();
  from_left ? list->pop_front() : list->pop_back();
  auto& target = std::get<List>(values_.try_emplace(to, List()).first->second);
  to_left ? target.push_front(element) : target.push_back(element);
  if (destination == values_.end()) note(to);
  drop_if_empty(from);
  return Reply::bulk(element);
}

std::optional<Reply> BlockingModel::attempt(const Argv& argv, const std::vector<std::string>& keys) {
  const std::string& name = argv[0];
  if (name == "BLMOVE") return move(argv[1], argv[2], is_left(argv[3]), is_left(argv[4]));
  if (name == "BRPOPLPUSH") return move(argv[1], argv[2], false, true);
  for (const std::string& key : keys) {
    std::optional<Reply> reply;
    const std::string& where = argv[argv.size() - 3];
    if (name == "BLPOP" || name == "BRPOP") reply = pop_list(key, name == "BLPOP", 1, false);
    if (name == "BZPOPMIN" || name == "BZPOPMAX") reply = pop_sorted_set(key, name == "BZPOPMIN", 1, false);
    if (name == "BLMPOP") reply = pop_list(key, is_left(where), std::stoul(argv.back()), true);
    if (name == "BZMPOP") reply = pop_sorted_set(key, where == "MIN", std::stoul(argv.back()), true);
    if (reply.has_value()) return reply;
  }
  return std::nullopt;
}

void BlockingModel::block(int id, const Argv& argv, Duration timeout) {
  const std::vector<std::string> keys = awaited(argv);
  std::optional<Reply> reply = attempt(argv, keys);
  if (!reply.has_value() && timeout <= Duration::zero()) reply = Reply::nil_array();
  if (!reply.has_value())
    waiters_.push_back({id, argv, keys, argv[0][1] != 'Z', timeout == kForever ? kForever : now_ + timeout});
  serve();
  // A call that ends at once is told so when it returns, after those whom it has served.
  if (reply.has_value()) endings_.emplace_back(id, *reply);
}

Reply BlockingModel::call(const Argv& argv) {
  Reply reply = change(argv);
  serve();
  return reply;
}

Reply BlockingModel::push(const std::string& key, bool left, const std::vector<std::string>& elements) {
  const bool is_new = !values_.contains(key);
  auto* list = std::get_if<List>(&values_.try_emplace(key, List()).first->second);
  if (list == nullptr) return kWrongType;
  for (const std::string& element : elements) left ? list->push_front(element) : list->push_back(element);
  if (is_new) note(key);
  return Reply::integer(static_cast<int64_t>(list->size()));
}

Reply BlockingModel::zadd(const Argv& argv) {
  const bool is_new = !values_.contains(argv[1]);
  auto* set = std::get_if<SortedSet>(&values_.try_emplace(argv[1], SortedSet()).first->second);
  if (set == nullptr) return kWrongType;
  // Every member of a script is new.
  for (size_t i = 2; i < argv.size(); i += 2) set->emplace(std::stoi(argv[i]), argv[i + 1]);
  if (is_new) note(argv[1]);
  return Reply::integer(static_cast<int64_t>(argv.size() / 2 - 1));
}

Reply BlockingModel::change(const Argv& argv) {
  const std::string &name = argv[0], &key = argv[1];
  if (name == "RPUSH" || name == "LPUSH") return push(key, name == "LPUSH", {argv.begin() + 2, argv.end()});
  if (name == "ZADD") return zadd(argv);
  if (name == "DEL") return Reply::integer(static_cast<int64_t>(values_.erase(key)));
  if (name == "SET") return values_[key] = argv[2], Reply::ok();
  if (name == "LPOP") {
    const auto reply = pop_list(key, true, 1, false);
    return !reply.has_value() ? Reply::nil() : reply->is_error() ? *reply : reply->items()[1];
  }
  if (name == "ZPOPMIN") {
    const auto reply = pop_sorted_set(key, true, 1, false);
    if (!reply.has_value() || reply->is_error()) return reply.value_or(Reply::array({}));
    return Reply::array({reply->items()[1], reply->items()[2]});
  }
  if (name == "LMOVE") return move(key, argv[2], is_left(argv[3]), is_left(argv[4])).value_or(Reply::nil());
  // RENAME and COPY ... REPLACE.
  const bool copies = name == "COPY";
  if (copies && key == argv[2]) return Reply::error("ERR source and destination objects are the same");
  if (!values_.contains(key)) return copies ? Reply::integer(0) : Reply::error("ERR no such key");
  if (key != argv[2]) {
    values_[argv[2]] = values_[key];
    if (!copies) values_.erase(key);
    note(argv[2]);
  }
  return copies ? Reply::integer(1) : Reply::ok();
}

void BlockingModel::note(const std::string& key) {
  if (std::ranges::find(noted_, key) == noted_.end()) noted_.push_back(key);
}

void BlockingModel::drop_if_empty(const std::string& key) {
  const Value& value = values_.at(key);
  const auto* list = std::get_if<List>(&value);
  const auto* set = std::get_if<SortedSet>(&value);
  if ((list != nullptr && list->empty()) || (set != nullptr && set->empty())) values_.erase(key);
}

void BlockingModel::serve() {
  while (!noted_.empty()) {
    const std::string key = noted_.front();
    serve_key(key);
    noted_.pop_front();
  }
}

void BlockingModel::serve_key(const std::string& key) {
  for (size_t i = 0; i < waiters_.size();) {
    const auto value = values_.find(key);
    if (value == values_.end()) return;
    const Waiter& waiter = waiters_[i];
    const bool stands_here = std::ranges::find(waiter.keys, key) != waiter.keys.end();
    const bool fits = waiter.wants_list ? std::holds_alternative<List>(value->second)
                                        : std::holds_alternative<SortedSet>(value->second);
    if (stands_here && fits) {
      const Argv argv = waiter.argv;
      end(i, *attempt(argv, {key}));
    } else {
      ++i;
    }
  }
}

void BlockingModel::end(size_t place, Reply reply) {
  endings_.emplace_back(waiters_[place].id, std::move(reply));
  waiters_.erase(waiters_.begin() + static_cast<std::ptrdiff_t>(place));
}

void BlockingModel::stop(int id) {
  for (size_t i = 0; i < waiters_.size(); ++i) {
    if (waiters_[i].id == id) return end(i, Reply::error("ERR the wait was stopped"));
  }
}

void BlockingModel::pass(Duration time) {
  now_ += time;
  // Who is out of time first ends first; of those at the same time, who came first.
  for (;;) {
    const auto first = std::ranges::min_element(waiters_, {}, &Waiter::deadline);
    if (first == waiters_.end() || first->deadline > now_) return;
    end(static_cast<size_t>(first - waiters_.begin()), Reply::nil_array());
  }
}

}  // namespace inlay::test
