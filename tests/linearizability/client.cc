#include "tests/linearizability/client.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "tests/linearizability/keyspace_model.h"
#include "tests/linearizability/typed_calls.h"

namespace inlay::test {
namespace {

using Later = std::function<Reply()>;

constexpr auto kNow = [](const auto& result) -> Reply { return to_reply(result); };
constexpr auto kLater = [](auto deferred) -> Later {
  return [deferred] { return to_reply(deferred.result()); };
};

std::vector<std::string_view> argv_of(const Call& call) {
  std::vector<std::string_view> argv{name_of(call.verb)};
  argv.insert(argv.end(), call.words.begin(), call.words.end());
  return argv;
}

std::span<const Call> leading_reads(std::span<const Call> calls) {
  const auto end = std::ranges::find_if_not(calls, [](const Call& call) { return is_read(call.verb); });
  return calls.first(static_cast<size_t>(end - calls.begin()));
}

std::vector<std::string_view> keys_of_all(std::span<const Call> calls) {
  std::vector<std::string_view> keys;
  for (const Call& call : calls)
    for (std::string_view key : keys_of(call)) keys.push_back(key);
  return keys;
}

// The results of a pipeline that has run or never will.
void take_all(const std::vector<Later>& later, std::vector<Reply>& answers) {
  for (const Later& result : later) answers.push_back(result());
}

}  // namespace

Client::Client(Store& store, Recorder& recorder, ClientOptions options)
    : store_(store),
      recorder_(recorder),
      options_(std::move(options)),
      session_(store),
      random_(options_.seed) {}

void Client::run(Way way, Calls calls) {
  switch (way) {
    case Way::kTyped:
    case Way::kByName: return run_singly(way, calls);
    case Way::kPipeline: return run_pipeline(calls);
    case Way::kWatchedExec: return run_watched_exec(calls);
    case Way::kWatch: return run_watch(calls);
    case Way::kMultiExec:
    case Way::kAtomically:
    case Way::kAtomicallyAll: break;
  }
  if (options_.fault == Fault::kSplit && calls.size() > 1) return run_split(way, calls);
  recorder_.begin(way);
  record(calls, closure(way, calls));
  recorder_.end();
}

void Client::run_singly(Way way, Calls calls) {
  for (const Call& call : calls) {
    recorder_.begin(way);
    const Reply answer = single(way, call);
    record({&call, 1}, {answer});
    recorder_.end();
    options_.between();
  }
}

Reply Client::single(Way way, const Call& call) {
  if (call.verb == Verb::kTick) {
    options_.clock->advance(std::chrono::milliseconds(std::stoll(call.words[0])));
    return Reply::ok();
  }
  Reply fresh = way == Way::kTyped ? typed_call(store_, call, kNow) : by_name(call);
  return options_.fault == Fault::kCachedRead && call.verb == Verb::kGet ? cached(call, std::move(fresh))
                                                                         : fresh;
}

// Remembers a read for about eight more; forgets it when the client itself writes the key, as a careful cache would.
Reply Client::cached(const Call& call, Reply fresh) {
  const auto [entry, is_new] = cache_.try_emplace(call.words[0], fresh);
  if (is_new || random_() % 8 > 0) return entry->second;
  return entry->second = std::move(fresh);
}

void Client::run_pipeline(Calls calls) {
  Pipeline pipeline = store_.pipeline();
  std::vector<Later> later;
  recorder_.begin(Way::kPipeline);
  for (const Call& call : calls) {
    if (random_() % 4 == 0) {
      later.push_back([reply = pipeline.execute(argv_of(call))] { return *reply; });
    } else {
      later.push_back(typed_call(pipeline, call, kLater));
    }
  }
  (void)pipeline.exec();
  std::vector<Reply> answers;
  take_all(later, answers);
  record(calls, answers);
  recorder_.end_each();
}

void Client::run_watched_exec(Calls calls) {
  const Calls reads = leading_reads(calls);
  recorder_.begin(Way::kWatchedExec);
  std::vector<std::string_view> watch = keys_of_all(reads);
  watch.insert(watch.begin(), "WATCH");
  if (watch.size() > 1 && options_.fault != Fault::kUnwatched) session_.execute(watch);
  std::vector<Reply> answers;
  for (const Call& call : reads) answers.push_back(by_name(call));
  options_.between();
  const std::optional<Reply::Items> rest = exec(calls.subspan(reads.size()));
  if (rest.has_value()) answers.insert(answers.end(), rest->begin(), rest->end());
  record(calls, answers);
  recorder_.end(rest.has_value());
}

void Client::run_watch(Calls calls) {
  const Calls reads = leading_reads(calls);
  std::vector<std::string_view> watched = keys_of_all(reads);
  if (options_.fault == Fault::kUnwatched) watched.clear();
  std::vector<Reply> answers;
  std::vector<Later> later;
  const auto attempt = [&](Transaction& transaction) {
    // What commits has read everything since the attempt began, and no watched key has changed since.
    recorder_.begin(Way::kWatch);
    answers.clear();
    for (const Call& call : reads)
      answers.push_back(options_.fault == Fault::kUnwatched ? typed_call(store_, call, kNow)
                                                            : typed_call(transaction, call, kNow));
    options_.between();
    later.clear();
    if (reads.size() == calls.size()) return absl::OkStatus();
    return transaction.multi([&](Pipeline& pipeline) {
      for (const Call& call : calls.subspan(reads.size()))
        later.push_back(typed_call(pipeline, call, kLater));
    });
  };
  const TxOptions patience{.max_retries = random_() % 4 == 0 ? 0 : 1'000'000};
  const absl::Status status = store_.watch(Keys(watched), attempt, patience);
  if (status.ok()) take_all(later, answers);
  record(calls, answers);
  recorder_.end(status.ok());
}

void Client::run_split(Way way, Calls calls) {
  const size_t half = calls.size() / 2;
  recorder_.begin(way);
  record(calls.first(half), closure(way, calls.first(half)));
  options_.between();
  record(calls.subspan(half), closure(way, calls.subspan(half)));
  recorder_.end();
}

std::vector<Reply> Client::closure(Way way, Calls calls) {
  if (way == Way::kMultiExec) return exec(calls).value();
  const auto body = [&](View& view) {
    std::vector<Reply> answers;
    for (const Call& call : calls) {
      answers.push_back(random_() % 4 == 0 ? view.execute(argv_of(call)) : typed_call(view, call, kNow));
      if (random_() % 8 == 0) std::this_thread::yield();  // With the locks held: others pile up.
    }
    return answers;
  };
  if (way == Way::kAtomicallyAll) return store_.atomically_all(body);
  return store_.atomically(keys_of_all(calls), body);
}

std::optional<Reply::Items> Client::exec(Calls queue) {
  session_.execute({"MULTI"});
  for (const Call& call : queue) by_name(call);
  const Reply reply = session_.execute({"EXEC"});
  if (reply.is_nil()) return std::nullopt;
  return reply.items();
}

Reply Client::by_name(const Call& call) { return session_.execute(argv_of(call)); }

// A refused transaction has no answers for what it did not do.
void Client::record(Calls calls, const std::vector<Reply>& answers) {
  for (size_t i = 0; i < calls.size(); ++i) {
    const Reply answer = i < answers.size() ? canonical(calls[i], answers[i]) : Reply::nil();
    recorder_.add(calls[i], answer);
    if (is_read(calls[i].verb)) continue;
    for (std::string_view key : keys_of(calls[i])) cache_.erase(std::string(key));
  }
}

}  // namespace inlay::test
