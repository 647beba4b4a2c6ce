#include "tests/api/blocking_inlay.h"

#include "inlay/datatypes/number.h"

namespace inlay::test {
namespace {

Reply reply(const std::string& element) { return Reply::bulk(element); }
Reply reply(const KeyElement& popped) {
  return Reply::array({Reply::bulk(popped.key), Reply::bulk(popped.element)});
}
Reply reply(const KeyElements& popped) {
  Reply::Items elements;
  for (const std::string& element : popped.elements) elements.push_back(Reply::bulk(element));
  return Reply::array({Reply::bulk(popped.key), Reply::array(std::move(elements))});
}
Reply score(double value) { return Reply::bulk(format_double(value)); }
Reply reply(const KeyMember& popped) {
  return Reply::array(
      {Reply::bulk(popped.key), Reply::bulk(popped.member.member), score(popped.member.score)});
}
Reply reply(const PoppedMembers& popped) {
  Reply::Items members;
  for (const ScoredMember& each : popped.members)
    members.push_back(Reply::array({Reply::bulk(each.member), score(each.score)}));
  return Reply::array({Reply::bulk(popped.key), Reply::array(std::move(members))});
}
template <class T>
Reply reply(const Nullable<T>& outcome) {
  if (!outcome.ok()) return Reply::error(redis_error_text(outcome.status()));
  return outcome->has_value() ? reply(**outcome) : Reply::nil_array();
}

End end_of(const std::string& word) { return word == "LEFT" ? End::kLeft : End::kRight; }

}  // namespace

InlayWorld::InlayWorld(size_t shards, uint64_t seed)
    : store_(Store::open({.shards = shards, .clock = clock_, .seed = seed, .background = Background::kManual})
                 .value()),
      session_(*store_) {}

InlayWorld::~InlayWorld() {
  store_->close();
  tasks_.run_all();
}

template <class T>
void InlayWorld::start(int id, AsyncCall<std::optional<T>> call) {
  std::move(call).then([this, id](Nullable<T> outcome) { endings_.emplace_back(id, reply(outcome)); });
}

void InlayWorld::block(int id, const Argv& argv, Duration timeout) {
  const AsyncDatabase door = store_->async(tasks_);
  AsyncDatabase async = door;
  const std::string& name = argv[0];
  const std::stop_token stop = stops_[id].get_token();
  const bool counted = name == "BLMPOP" || name == "BZMPOP";
  std::vector<Key> keys(argv.begin() + (counted ? 3 : 1), argv.end() - 1);
  if (counted) keys.resize(std::stoul(argv[2]));
  const std::string& where = argv[argv.size() - 3];
  if (name == "BLPOP") start(id, async.blpop(keys, timeout, stop));
  if (name == "BRPOP") start(id, async.brpop(keys, timeout, stop));
  if (name == "BZPOPMIN") start(id, async.bzpopmin(keys, timeout, stop));
  if (name == "BZPOPMAX") start(id, async.bzpopmax(keys, timeout, stop));
  if (name == "BLMPOP") start(id, async.blmpop(keys, end_of(where), std::stol(argv.back()), timeout, stop));
  if (name == "BZMPOP") {
    const Extreme extreme = where == "MIN" ? Extreme::kMin : Extreme::kMax;
    start(id, async.bzmpop(keys, extreme, std::stol(argv.back()), timeout, stop));
  }
  if (name == "BLMOVE")
    start(id, async.blmove(argv[1], argv[2], end_of(argv[3]), end_of(argv[4]), timeout, stop));
  if (name == "BRPOPLPUSH") start(id, async.brpoplpush(argv[1], argv[2], timeout, stop));
}

Reply InlayWorld::call(const Argv& argv) {
  const std::vector<std::string_view> words(argv.begin(), argv.end());
  return session_.execute(words).resp2();
}

void InlayWorld::pass(Duration time) {
  clock_->advance(time);
  store_->maintain();
}

std::vector<Ending> InlayWorld::endings() {
  tasks_.run_all();
  return std::exchange(endings_, {});
}

}  // namespace inlay::test
