#include "api/batch.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "engine/error.h"

namespace inlay::internal {
namespace {

// So many keys are fetched at a time: enough to hide their memory behind one another, few enough to stay in the first cache.
constexpr size_t kKeysAhead = 16;

}  // namespace

absl::Status not_executed() { return error(Error::kNotExecuted); }

// A call by name. Its row is looked up again when it runs, as a session would.
struct Batch::NamedCall final : QueuedCall {
  static void run_call(QueuedCall& call, Batch& batch, HeldLocks* held) {
    auto& self = static_cast<NamedCall&>(call);
    self.slot.fill([&]() -> Result<Reply> {
      return execute_command(batch.core_.executor, batch.session(), self.argv, held);
    });
  }

  std::span<const Bytes> argv;
  Slot<Reply> slot;
};

Deferred<Reply> Batch::queue_named(std::span<const Bytes> argv) {
  auto* const call = new (arena_.allocate(sizeof(NamedCall), alignof(NamedCall))) NamedCall;
  call->run = &NamedCall::run_call;
  call->destroy = [](QueuedCall& queued) { static_cast<NamedCall&>(queued).~NamedCall(); };
  call->argv = argv;
  keep(arena_, call->argv);

  const Command* const command = find_command(argv);
  const auto arity_is_open = [&] {
    return command->arity < 0 && argv.size() >= static_cast<size_t>(-command->arity);
  };
  const bool is_complete = command != nullptr && !command->is_container &&
                           (argv.size() == static_cast<size_t>(command->arity) || arity_is_open());
  call->reach = is_complete ? command->reach : Reach::kNothing;
  call->writes = is_complete && command->writes;
  absl::InlinedVector<uint64_t, 8> hashes;
  if (is_complete) {
    // One whose keys cannot be told apart from its other arguments will refuse them and touch none.
    (void)for_each_key(*command, call->argv,
                       [&](Bytes key) { hashes.push_back(core_.engine.key(key).hash); });
  }
  auto* const place = arena_.allocate_array<uint64_t>(hashes.size());
  std::copy(hashes.begin(), hashes.end(), place);
  call->hashes = {place, hashes.size()};
  append(*call);
  spend_reference();
  return Deferred<Reply>(this, &call->slot);
}

void Batch::destroy_calls() {
  for (QueuedCall* call = first_; call != nullptr;) {
    QueuedCall* const next = call->next;
    call->destroy(*call);
    call = next;
  }
}

Batch* Batch::renewed() {
  if (!is_unshared(1 + spare_references_)) {
    auto* const fresh = new Batch(core_, db_, is_transaction_);
    fresh->session_ = std::move(session_);
    abandon();
    return fresh;
  }
  destroy_calls();
  arena_.rewind();
  first_ = last_ = nullptr;
  size_ = 0;
  has_run_ = needs_keyspace_ = writes_ = false;
  return this;
}

SessionState& Batch::session() {
  if (session_ == nullptr) {
    session_ = std::make_unique<SessionState>();
    session_->db = db_;
    session_->functions = &core_.functions;
  }
  return *session_;
}

void Batch::exec() {
  for (QueuedCall* call = first_; call != nullptr;) {
    for (QueuedCall* const end = prefetch_from(call); call != end; call = call->next)
      call->run(*call, *this, nullptr);
  }
  has_run_ = true;
}

// Fetches the memory of the keys of calls from `first` on; returns the first call that it has not looked at.
QueuedCall* Batch::prefetch_from(QueuedCall* first) {
  std::array<uint64_t, kKeysAhead> hashes;
  size_t count = 0;
  QueuedCall* call = first;
  for (; call != nullptr && count < kKeysAhead; call = call->next) {
    // One of many keys does it for itself.
    if (call->hashes.size() == 1) hashes[count++] = call->hashes.front();
  }
  prefetch_keys(core_.engine, db_, std::span(hashes).first(count));
  return call;
}

void Batch::run_all(HeldLocks& held) {
  for (QueuedCall* call = first_; call != nullptr; call = call->next) call->run(*call, *this, &held);
  has_run_ = true;
}

}  // namespace inlay::internal
